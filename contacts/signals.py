"""News of contacts for the rooms above, sent inside the transaction that made it so."""

from django.dispatch import Signal

contact_appeared = Signal()
"""A contact can be found by its id from now on: ``contact``, ``now``."""
