"""Clock and queue: three lines each."""

from celery import shared_task

from chat33.lib.clock import utcnow
from chat33.orgs import outbox


@shared_task(name="orgs.wake_senders", queue="default", soft_time_limit=20, time_limit=30)
def wake_senders() -> None:
    """Beat: ring for as many senders as there is work."""
    for _ in range(outbox.due_emails(outbox.AT_ONCE)):
        send_emails.apply_async(expires=5)


@shared_task(name="orgs.send_emails", queue="default", soft_time_limit=60, time_limit=75)
def send_emails() -> None:
    """Send due e-mails until there are none, or for half a minute."""
    outbox.send_due(seconds=30)


@shared_task(name="orgs.prune", queue="default", soft_time_limit=300, time_limit=330)
def prune() -> None:
    """Beat: forget what has been kept as long as promised."""
    outbox.prune(now=utcnow())
