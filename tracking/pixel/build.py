"""Makes what websites load from the readable source, by the minifier of requirements-dev.txt (Linux has it ready)."""

import minify

from tracking.pixel.script import SOURCE


def built() -> str:
    """The script without comments, spaces and long names: the same for the same source and minifier."""
    return f"{minify.string('application/javascript', SOURCE.read_text())}\n"
