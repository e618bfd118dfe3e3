"""Duplicating: the words again, for the same account or others, as a draft unless asked otherwise."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from chat33.lib.clock import utcnow
from integrations.models import Channel
from posts.models import Post
from tests.factories import make_channel, make_post
from tests.people import Person


def duplicate(person: Person, post: Post, body: dict[str, Any] | None = None) -> Any:
    return person.api().send("POST", f"posts/{post.public_id}/duplicate", body or {})


def test_a_published_post_becomes_a_draft_of_the_same_words(owner: Person, channel: Channel) -> None:
    post = make_post(
        channel, status="PUBLISHED", text="Again", platform_config={"x": {"replySettings": "following"}},
        callback_url="https://example.com/hook", scheduled_at=utcnow() - timedelta(days=3), timezone="Europe/Berlin",
        published_at=utcnow(), external_post_id="17", retry_count=2, slot_at=utcnow(), intent_at=utcnow(), step="confirm",
    )  # fmt: skip

    reply = duplicate(owner, post)

    assert reply.status_code == 201
    assert reply.json()["duplicatedFrom"] == post.public_id
    assert reply.json()["groupId"] is None
    (summary,) = reply.json()["posts"]
    assert (summary["accountId"], summary["status"], summary["scheduledAt"]) == (channel.public_id, "DRAFT", None)
    copy = owner.api().send("GET", f"posts/{summary['id']}").json()
    said = {name: copy[name] for name in ("text", "platformConfig", "callbackUrl", "timezone")}
    assert said == {
        "text": "Again",
        "platformConfig": {"x": {"replySettings": "following"}},
        "callbackUrl": "https://example.com/hook",
        "timezone": "Europe/Berlin",
    }
    outcome = ("publishedAt", "externalPostId", "externalPostUrl", "errorMessage", "retryCount")
    assert [copy[name] for name in outcome] == [None, None, None, None, 0]
    row = Post.objects.get(public_id=copy["id"])
    assert (row.slot_at, row.intent_at, row.step, row.due_at) == (None, None, "fetch", None)


@pytest.mark.parametrize("status", ["DRAFT", "QUEUED", "PUBLISHING", "PUBLISHED", "FAILED", "CANCELLED"])
def test_any_post_can_be_duplicated_and_stays_as_it_is(owner: Person, channel: Channel, status: str) -> None:
    post = make_post(channel, status=status)
    before = Post.objects.filter(pk=post.pk).values().get()

    assert duplicate(owner, post).status_code == 201
    assert Post.objects.filter(pk=post.pk).values().get() == before


def test_for_other_accounts_it_is_one_post_each_in_a_group(owner: Person, channel: Channel) -> None:
    others = [make_channel(owner.organization, "facebook"), make_channel(owner.organization, "x")]
    post = make_post(channel)

    reply = duplicate(owner, post, {"accountIds": [other.public_id for other in others], "status": "QUEUED"}).json()

    assert [made["accountId"] for made in reply["posts"]] == [other.public_id for other in others]
    assert {made["status"] for made in reply["posts"]} == {"QUEUED"}
    assert reply["groupId"].startswith("grp_")
    assert Post.objects.filter(group_id=reply["groupId"], due_at__isnull=False).count() == 2


def test_a_naive_time_is_read_in_the_originals_zone(owner: Person, channel: Channel) -> None:
    post = make_post(channel, timezone="Asia/Tokyo")

    with time_machine.travel("2026-06-01T12:00:00Z"):
        body = {"status": "QUEUED", "scheduledAt": "2026-07-01T09:00"}
        (made,) = duplicate(owner, post, body).json()["posts"]
        assert made["scheduledAt"] == "2026-07-01T00:00:00.000Z"
        (made,) = duplicate(owner, post, {**body, "timezone": "UTC"}).json()["posts"]
        assert made["scheduledAt"] == "2026-07-01T09:00:00.000Z"


def test_only_a_queued_copy_has_to_fit_its_network(owner: Person, channel: Channel) -> None:
    post = make_post(channel, text="x" * 281)

    assert duplicate(owner, post).status_code == 201
    refused = duplicate(owner, post, {"status": "QUEUED"})
    assert (refused.status_code, refused.json()["details"][0]["path"]) == (400, "text")
    assert Post.objects.count() == 2


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"accountIds": []}, "accountIds"), ({"accountIds": ["chan_x"]}, "accountIds.0"), ({"status": "FAILED"}, "status"),
        ({"scheduledAt": "soon"}, "scheduledAt"), ({"scheduledAt": "2020-01-01T00:00:00Z"}, "scheduledAt"),
        ({"timezone": "Mars"}, "timezone"), ({"accountIds": "one"}, "accountIds"),
    ],
)  # fmt: skip
def test_nonsense_is_refused(owner: Person, channel: Channel, body: dict[str, Any], path: str) -> None:
    reply = duplicate(owner, make_post(channel), body)

    assert (reply.status_code, reply.json()["details"][0]["path"]) == (400, path)
    assert Post.objects.count() == 1


def test_a_stranger_can_neither_copy_nor_copy_to_us(owner: Person, stranger: Person, channel: Channel) -> None:
    post = make_post(channel)
    theirs = make_post(make_channel(stranger.organization))

    assert duplicate(stranger, post).status_code == 404
    reply = duplicate(stranger, theirs, {"accountIds": [channel.public_id]})
    assert reply.json()["details"] == [{"path": "accountIds.0", "message": "There is no such account."}]
    assert Post.objects.count() == 2
