"""Walking posts through the engine in the test's own process: real rows, the real sandbox over HTTP, no waiting."""

from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models.functions import Now

from chat33.orgs.models import Organization
from integrations.models import Channel
from posts import publishing
from posts.media import media_url, store_upload
from posts.models import Post
from posts.queue import in_seconds
from tests.factories import make_channel, make_post
from tests.media_files import jpeg, mp4
from tests.people import Person
from tests.sandboxes import RunningSandbox


def sandbox_channel(
    organization: Organization, sandbox: RunningSandbox, platform: str, username: str = "demo"
) -> Channel:
    """A channel connected to an account of the sandbox."""
    return make_channel(organization, platform, account=sandbox.account(platform, username))


def queued(channel: Channel, **given: Any) -> Post:
    """A post that is due now."""
    post = make_post(channel, **{"status": "QUEUED", **given})
    Post.objects.filter(pk=post.pk).update(due_at=Now())
    return post


def make_due() -> int:
    """Let the time pass that posts in work wait for: retries, polls, proof reads. Held ones stay held. How many go on,
    those among them whose time has passed by itself meanwhile.
    """
    waiting = Post.objects.filter(due_at__isnull=False, leased_until=None, held_until=None)
    return waiting.exclude(scheduled_at__gt=Now() + timedelta(seconds=1)).update(due_at=Now())


def expire_leases() -> int:
    """Let the leases of dead workers end."""
    return Post.objects.filter(leased_until__isnull=False).update(due_at=Now(), leased_until=in_seconds(-1))


def publish(post: Post, sandbox: RunningSandbox, *, rounds: int = 40) -> Post:
    """Carry the post until it is finished or waits for something that time does not bring; at the sandbox time flies."""
    for _ in range(rounds):
        publishing.publish_due(seconds=60)
        post.refresh_from_db()
        if post.due_at is None or not make_due():
            return post
        sandbox.sandbox.offset += timedelta(seconds=3)
    return post


def with_media(person: Person, platform: str) -> dict[str, Any]:
    """The least a platform asks for, as a post's columns."""
    if platform in ("x", "facebook"):
        return {}
    if platform == "instagram":
        return {"media_urls": [stored(person, "picture.jpg", jpeg(640, 640))], "media_type": "image"}
    return {"media_urls": [stored(person, "clip.mp4", mp4(width=720, height=1280, seconds=5))], "media_type": "video"}


def stored(person: Person, name: str, body: bytes) -> str:
    """A file of the organization's, by its address."""
    upload = SimpleUploadedFile(name, body)
    return media_url(store_upload(organization=person.organization, upload=upload, by=person.user.public_id))
