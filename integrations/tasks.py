"""Clock and queue: three lines each."""

from celery import shared_task

from chat33.lib.clock import utcnow
from integrations import callbacks, channels, connecting, requestlog

SENDERS = 4


@shared_task(name="integrations.wake_callbacks", queue="callbacks", soft_time_limit=20, time_limit=30)
def wake_callbacks() -> None:
    """Beat: ring for as many senders as there is work."""
    for _ in range(callbacks.due_callbacks(SENDERS)):
        send_callbacks.apply_async(expires=5)


@shared_task(name="integrations.send_callbacks", queue="callbacks", soft_time_limit=60, time_limit=75)
def send_callbacks() -> None:
    """Send due callbacks until there are none, or for half a minute."""
    callbacks.send_due(seconds=30)


@shared_task(name="integrations.refresh_quotas", queue="default", soft_time_limit=250, time_limit=280)
def refresh_quotas() -> None:
    """Beat: ask the networks what their accounts may still publish today."""
    channels.refresh_quotas(now=utcnow())


@shared_task(name="integrations.refresh_tokens", queue="default", soft_time_limit=50, time_limit=60)
def refresh_tokens() -> None:
    """Beat: renew the tokens that end soon."""
    channels.refresh_tokens(now=utcnow())


@shared_task(name="integrations.prune", queue="default", soft_time_limit=50, time_limit=60)
def prune() -> None:
    """Beat: forget the ways to the networks that ended yesterday."""
    connecting.prune_attempts(now=utcnow())


@shared_task(name="integrations.prune_requests", queue="default", soft_time_limit=100, time_limit=120)
def prune_requests() -> None:
    """Beat: forget API requests that have been kept as long as promised."""
    requestlog.prune(now=utcnow(), seconds=60)
