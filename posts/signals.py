"""News from posts for the rooms above, sent inside the transaction that made it so."""

from django.dispatch import Signal

post_failed = Signal()
"""A post has come to the end of its road without being published, as far as we know: ``post``, ``now``."""
