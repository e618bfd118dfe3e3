"""What stops a start, told in one line."""


class StartupError(Exception):
    """Chat33 cannot start; the message is one line that ends with what to do about it."""
