"""Publishing: the engine's promises, on the sandbox over real HTTP."""

import requests

from integrations.models import Callback
from posts.models import Attempt
from tests.people import Person
from tests.posts.flow import publish, queued, sandbox_channel
from tests.sandboxes import RunningSandbox


def test_a_due_post_becomes_visible_and_says_so(owner: Person, sandboxed: RunningSandbox) -> None:
    channel = sandbox_channel(owner.organization, sandboxed, "x")

    post = publish(queued(channel, text="Good morning", callback_url="https://example.com/hook"), sandboxed)

    assert post.status == "PUBLISHED", post.error_message
    [visible] = sandboxed.posts("x")
    assert visible["text"] == "Good morning"
    assert post.external_post_url is not None
    assert "Good morning" in requests.get(post.external_post_url, timeout=30).text
    assert post.published_at is not None
    callback = Callback.objects.get(subject=post.public_id)
    assert callback.body == {
        "postId": post.public_id,
        "status": "PUBLISHED",
        "externalPostId": post.external_post_id,
        "externalPostUrl": post.external_post_url,
        "error": None,
    }


def test_a_lost_reply_is_settled_by_reading(owner: Person, sandboxed: RunningSandbox) -> None:
    channel = sandbox_channel(owner.organization, sandboxed, "x")
    sandboxed.rule("x", "commit", "drop_after")

    post = publish(queued(channel, text="Once only"), sandboxed)

    assert post.status == "PUBLISHED", post.error_message
    assert len(sandboxed.posts("x")) == 1
    assert "publish_doubt" in Attempt.objects.filter(post=post).values_list("event", flat=True)


def test_what_cannot_be_known_is_unconfirmed_and_not_sent_again(owner: Person, sandboxed: RunningSandbox) -> None:
    channel = sandbox_channel(owner.organization, sandboxed, "x")
    sandboxed.rule("x", "commit", "hang", seconds=0.2)

    post = publish(queued(channel, text="Perhaps"), sandboxed)

    assert (post.status, post.error_code) == ("FAILED", "UNCONFIRMED")
    assert sandboxed.posts("x") == []
