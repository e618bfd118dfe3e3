"""The states that pages are looked at in."""

from datetime import timedelta
from typing import Any

from chat33.lib.clock import utcnow
from integrations.channels import disconnect_channel
from integrations.models import Channel, Notice
from posts.models import Attempt, Post, PostStatus
from posts.outcomes import UNCONFIRMED, UNCONFIRMED_MESSAGE
from tests.factories import make_callback, make_channel, make_post
from tests.media_files import jpeg
from tests.people import Person
from tests.posts.flow import stored


def busy_day(owner: Person) -> None:
    """Everything that home can show at once."""
    now = utcnow()
    lost = make_channel(owner.organization, "instagram", name="Demo Coffee")
    disconnect_channel(
        channel=lost, reason="Instagram no longer accepts the connection. Reconnect the account.", now=now
    )
    page, x = (
        make_channel(owner.organization, "facebook"),
        make_channel(owner.organization, "x", name="Demo Coffee " * 4),
    )
    for number in range(5):
        _failed(
            lost, "AUTH_EXPIRED", "It is disconnected. Connect it again, then retry the post.", text=f"Post {number}"
        )
    _failed(page, "USER_CONTENT", "Facebook does not take this link. Check that it opens without logging in.")
    _failed(x, UNCONFIRMED, UNCONFIRMED_MESSAGE, intent_at=now)
    picture = stored(owner, "cup.jpg", jpeg(320, 320))
    for hours in (1, 1, 5, 20):
        at = now + timedelta(hours=hours)
        fields = {"scheduled_at": at, "due_at": at, "group_id": f"grp_{hours}", "media_urls": [picture]}
        make_post(
            page if hours > 1 else x, status=PostStatus.QUEUED, text="Sunday Morning, on a Sunday morning.", **fields
        )
    make_post(x, status=PostStatus.PUBLISHING, step="poll", text="On its way " * 20)
    make_post(page, status=PostStatus.QUEUED, held_until=now + timedelta(hours=9), held_reason="The day is full.")
    address = "https://example.com/posts/1"
    for _ in range(3):
        make_post(page, status=PostStatus.PUBLISHED, published_at=now, external_post_url=address, media_urls=[picture])
    Notice.objects.create(organization=owner.organization, kind="k", text="Something that is not about an account.")


def failed_post(owner: Person) -> str:
    """A post that was refused after a few tries, with siblings, callbacks and a long log."""
    channel = make_channel(owner.organization, "x", name="Demo Coffee")
    sentence = "X had a problem of its own. It was tried 6 times and is not tried again by itself."
    picture = stored(owner, "cup.jpg", jpeg(320, 320))
    post = _failed(
        channel, "PLATFORM", sentence, text="Fresh beans are in.\n\nhttps://example.com #coffee", group_id="grp_1",
        media_urls=[picture, "https://example.com/elsewhere.jpg"], scheduled_at=utcnow(),
        platform_config={"altTexts": ["A cup"], "x": {"firstComment": "Order here", "replySettings": "following"}},
    )  # fmt: skip
    make_post(make_channel(owner.organization, "facebook"), group_id="grp_1")
    make_callback(owner.organization, subject=post.public_id, last_error="The receiver answered 500; 2xx is expected.")
    facts: dict[str, Any] = {
        "http_status": 503, "provider_code": "http-503", "category": "platform", "source": "platform",
        "message": "Service Unavailable", "trace_id": "0af7651916cd43dd8448eb211c80319c", "step": "commit",
    }  # fmt: skip
    for event in ("publish_attempt", "publish_intent", "publish_retry", "publish_retry", "publish_failure"):
        told = {"next_action": sentence} if event == "publish_failure" else {}
        Attempt.objects.create(
            post=post, organization=owner.organization, event=event, created_at=utcnow(), **facts, **told
        )
    return _address(post)


def published_post(owner: Person) -> str:
    """A post that is out."""
    channel = make_channel(owner.organization, "facebook", name="Demo Coffee")
    files = {"media_urls": [stored(owner, "cup.jpg", jpeg(320, 320))], "media_type": "image"}
    address = "https://example.com/1"
    post = make_post(channel, status=PostStatus.PUBLISHED, published_at=utcnow(), external_post_url=address, **files)
    return _address(post)


def unsure_post(owner: Person) -> str:
    """A post that nobody knows of whether it is out."""
    channel = make_channel(owner.organization, "facebook", name="Demo Coffee")
    return _address(_failed(channel, UNCONFIRMED, UNCONFIRMED_MESSAGE, intent_at=utcnow()))


def draft(owner: Person) -> str:
    """A draft."""
    return _address(make_post(make_channel(owner.organization, "x"), text="An idea"))


def _failed(channel: Channel, code: str, sentence: str, **given: Any) -> Post:
    return make_post(channel, status=PostStatus.FAILED, error_code=code, error_message=sentence, **given)


def _address(post: Post) -> str:
    return f"/posts/{post.public_id}/"
