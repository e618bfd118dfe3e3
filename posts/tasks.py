"""Clock and queue: three lines each."""

from celery import shared_task

from chat33.api import idempotency, limits
from chat33.lib.clock import utcnow
from posts import imports, media, publishing, queue, thumbnails

PUBLISHERS = 16
IMPORTERS = 2


@shared_task(name="posts.wake_publishers", queue="publish", soft_time_limit=20, time_limit=30)
def wake_publishers() -> None:
    """Beat: ring for as many publishers as there is work."""
    for _ in range(queue.due_posts(PUBLISHERS)):
        publish_due_posts.apply_async(expires=5)


@shared_task(name="posts.publish_due_posts", queue="publish", soft_time_limit=120, time_limit=150)
def publish_due_posts() -> None:
    """Publish due posts until there are none, or for a minute."""
    publishing.publish_due(seconds=60)


@shared_task(name="posts.wake_importers", queue="default", soft_time_limit=20, time_limit=30)
def wake_importers() -> None:
    """Beat: ring for a worker while a file of posts waits."""
    for _ in range(imports.due_imports(IMPORTERS)):
        run_imports.apply_async(expires=5)


@shared_task(name="posts.run_imports", queue="default", soft_time_limit=120, time_limit=150)
def run_imports() -> None:
    """Check files of posts and make posts of them until there are none, or for a minute."""
    imports.run_imports(seconds=60)


@shared_task(name="posts.prune_imports", queue="default", soft_time_limit=120, time_limit=150)
def prune_imports() -> None:
    """Beat: forget old files of posts."""
    imports.prune(now=utcnow())


@shared_task(name="posts.prune", queue="default", soft_time_limit=300, time_limit=330)
def prune() -> None:
    """Beat: forget what has been kept as long as promised."""
    idempotency.prune(now=utcnow())
    limits.prune(now=utcnow())
    media.prune_scratch(now=utcnow())


@shared_task(name="posts.make_thumbnails", queue="default", soft_time_limit=60, time_limit=90)
def make_thumbnails() -> None:
    """Beat: small pictures of what came in by other doors than the library's."""
    thumbnails.make_missing(seconds=10)
