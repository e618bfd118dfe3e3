"""News of events, sent inside the transaction that made it so."""

from django.dispatch import Signal

event_settled = Signal()
"""It is known whose an event is: ``event`` (``tracking.models.Event``), ``contact`` (None when nobody's or unknown),
``now``. Sent once an event, and once more for one whose contact appeared later.
"""
