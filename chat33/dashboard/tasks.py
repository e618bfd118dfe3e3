"""Clock and queue: three lines each."""

from celery import shared_task

from chat33.dashboard import incidents, notifications
from chat33.lib.clock import utcnow


@shared_task(name="dashboard.notify", queue="default", soft_time_limit=50, time_limit=55)
def notify() -> None:
    """Beat: tell members of what went wrong."""
    incidents.note_notices()
    incidents.spread(now=utcnow())
    notifications.tell(now=utcnow())


@shared_task(name="dashboard.prune", queue="default", soft_time_limit=300, time_limit=330)
def prune() -> None:
    """Beat: forget what has been kept as long as promised."""
    incidents.prune(now=utcnow())
