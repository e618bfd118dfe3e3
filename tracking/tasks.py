"""Clock and queue: three lines each."""

from celery import shared_task

from chat33.lib.clock import utcnow
from tracking import retention, settling
from tracking.attribution import recount
from tracking.links import domains
from tracking.postbacks import reading

SETTLERS = 2
READERS = 2
RECOUNTERS = 1


@shared_task(name="tracking.wake_settlers", queue="default", soft_time_limit=20, time_limit=30)
def wake_settlers() -> None:
    """Beat: ring for as many settlers as there is work."""
    for _ in range(settling.QUEUE.due(SETTLERS)):
        settle_events.apply_async(expires=5)


@shared_task(name="tracking.settle_events", queue="default", soft_time_limit=120, time_limit=150)
def settle_events() -> None:
    """Settle what is due until there is nothing, or for a minute."""
    settling.settle_due(seconds=60)


@shared_task(name="tracking.wake_recounters", queue="default", soft_time_limit=20, time_limit=30)
def wake_recounters() -> None:
    """Beat: ring for a worker when a recount waits."""
    for _ in range(recount.QUEUE.due(RECOUNTERS)):
        recount_credits.apply_async(expires=5)


@shared_task(name="tracking.recount_credits", queue="default", soft_time_limit=120, time_limit=150)
def recount_credits() -> None:
    """Carry recounts until there is none, or for a minute."""
    recount.recount_due(seconds=60)


@shared_task(name="tracking.make_months", queue="default", soft_time_limit=60, time_limit=90)
def make_months() -> None:
    """Beat: partitions for the months to come."""
    retention.make_months(now=utcnow())


@shared_task(name="tracking.prune", queue="default", soft_time_limit=800, time_limit=850)
def prune() -> None:
    """Beat: let go of what is older than promised."""
    retention.prune(now=utcnow())


@shared_task(name="tracking.recheck_domains", queue="default", soft_time_limit=400, time_limit=430)
def recheck_domains() -> None:
    """Beat: look again whether hosts are still their organizations'."""
    domains.recheck_domains(now=utcnow())


@shared_task(name="tracking.wake_readers", queue="default", soft_time_limit=20, time_limit=30)
def wake_readers() -> None:
    """Beat: ring for as many readers of postbacks as there is work."""
    for _ in range(reading.QUEUE.due(READERS)):
        read_postbacks.apply_async(expires=5)


@shared_task(name="tracking.read_postbacks", queue="default", soft_time_limit=120, time_limit=150)
def read_postbacks() -> None:
    """Carry MMPs' postbacks that are due until there are none, or for a minute."""
    reading.read_due(seconds=60)


@shared_task(name="tracking.prune_postbacks", queue="default", soft_time_limit=120, time_limit=150)
def prune_postbacks() -> None:
    """Beat: forget what MMPs sent, once it has been kept for as long as promised."""
    reading.prune(now=utcnow(), seconds=60)
