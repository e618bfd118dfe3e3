"""News from organizations for the rooms above, sent inside the transaction that made it so."""

from django.dispatch import Signal

member_changed = Signal()
"""A member has another role, or none any more: ``organization``, ``user``, ``role`` (None when they left), ``now``."""
