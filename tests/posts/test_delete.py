"""Deleting: a draft is gone, anything else is cancelled and keeps what it was, and nothing that was cancelled goes out."""

import threading
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import transaction

from chat33.lib.clock import utcnow
from integrations.models import Callback, Channel
from posts import publishing, queue
from posts.models import Post
from tests.crowd import together, until_somebody_waits
from tests.factories import make_post
from tests.people import Person
from tests.posts.flow import publish, queued, sandbox_channel
from tests.sandboxes import RunningSandbox

THEN = datetime(2026, 6, 1, 12, tzinfo=UTC)


def delete(person: Person, post: Post) -> Any:
    return person.api().send("DELETE", f"posts/{post.public_id}")


def test_a_draft_is_gone(owner: Person, channel: Channel) -> None:
    post = make_post(channel)

    reply = delete(owner, post)

    assert (reply.status_code, reply.json()) == (200, {"id": post.public_id, "deleted": True})
    assert owner.api().send("GET", f"posts/{post.public_id}").status_code == 404
    assert delete(owner, post).status_code == 404
    assert not Post.objects.exists()


@pytest.mark.parametrize("status", ["QUEUED", "FAILED", "PUBLISHED"])
def test_anything_else_is_cancelled_and_keeps_its_ids_and_times(owner: Person, channel: Channel, status: str) -> None:
    post = make_post(
        channel, status=status, published_at=THEN, external_post_id="17", external_post_url="https://example.com/17",
        scheduled_at=THEN, group_id="grp_1", callback_url="https://example.com/hook",
    )  # fmt: skip
    before = owner.api().send("GET", f"posts/{post.public_id}").json()

    reply = delete(owner, post)

    assert reply.status_code == 200
    assert reply.json() == {**before, "status": "CANCELLED", "updatedAt": reply.json()["updatedAt"]}
    assert owner.api().send("GET", f"posts/{post.public_id}").json() == reply.json()
    assert not Callback.objects.exists()


def test_cancelling_again_changes_nothing(owner: Person, channel: Channel) -> None:
    post = queued(channel)
    first = delete(owner, post)

    assert (delete(owner, post).status_code, delete(owner, post).json()) == (200, first.json())


def test_what_is_being_published_stays(owner: Person, channel: Channel) -> None:
    post = queued(channel)
    (claim,) = queue.claim_due_posts(limit=1)

    reply = delete(owner, post)

    assert (reply.status_code, reply.json()["error"]) == (409, "CONFLICT")
    queue.renew(claim)  # it is still the worker's


@pytest.mark.parametrize("way", ["DELETE", "PATCH"])
def test_nothing_cancelled_is_ever_taken_up(owner: Person, channel: Channel, way: str) -> None:
    waiting = queued(channel, held_until=utcnow(), held_reason="The day is full.")
    retrying = queued(channel, retry_count=2, error_code="PLATFORM")
    for post in (waiting, retrying):
        body = {"status": "CANCELLED"} if way == "PATCH" else None
        cancelled = owner.api().send(way, f"posts/{post.public_id}", body)
        assert (cancelled.json()["status"], cancelled.json()["heldUntil"]) == ("CANCELLED", None)

    assert queue.claim_due_posts(limit=10) == []
    assert queue.due_posts(10) == 0


def test_one_that_never_went_out_gives_its_place_back(owner: Person, channel: Channel) -> None:
    now = utcnow()
    retrying = queued(channel, slot_at=now, retry_count=1)
    gone_out = make_post(channel, status="PUBLISHED", slot_at=now, published_at=now)
    who_knows = make_post(channel, status="FAILED", error_code="UNCONFIRMED", slot_at=now)

    for post in (retrying, gone_out, who_knows):
        delete(owner, post)

    (account,) = owner.api().send("GET", "accounts").json()["items"]
    assert account["metadata"]["quota"]["used"] == 2


@pytest.mark.parametrize("post_id", ["post_nobody", "x", "%00", "post_%00", "chan_1", "..%2f", "💥"])
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_what_is_not_there_is_404(owner: Person, method: str, post_id: str) -> None:
    reply = owner.api().send(method, f"posts/{post_id}", {"text": "x"} if method == "PATCH" else None)

    assert (reply.status_code, reply.json()["error"]) == (404, "Not found")


def test_a_stranger_deletes_nothing(owner: Person, stranger: Person, channel: Channel) -> None:
    post = queued(channel)

    assert delete(stranger, post).status_code == 404
    assert Post.objects.get().status == "QUEUED"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("status", ["QUEUED", "DRAFT"])
def test_of_many_who_delete_and_a_worker_one_side_wins(owner: Person, channel: Channel, status: str) -> None:
    post = queued(channel, status=status)

    *replies, claims = together([*([lambda: delete(owner, post)] * 6), lambda: queue.claim_due_posts(limit=1)])

    codes = {reply.status_code for reply in replies}
    if claims and status == "QUEUED":
        assert 409 in codes
        assert Post.objects.get().status == "PUBLISHING"
    elif status == "DRAFT":
        assert sorted(reply.status_code for reply in replies) == [200, 404, 404, 404, 404, 404]
        assert not Post.objects.exists()
    else:
        assert codes == {200}
        assert Post.objects.get().status == "CANCELLED"


@pytest.mark.django_db(transaction=True)
def test_a_delete_that_comes_during_a_claim_waits_and_is_refused(owner: Person, channel: Channel) -> None:
    post = queued(channel)
    claimed = threading.Event()

    def claim() -> Any:
        with transaction.atomic():
            claims = queue.claim_due_posts(limit=1)
            claimed.set()
            until_somebody_waits()
        return claims

    def remove() -> Any:
        assert claimed.wait(60)
        return delete(owner, post).status_code

    claims, code = together([claim, remove])

    assert (len(claims), code) == (1, 409)


def test_the_network_sees_no_post_that_was_cancelled_and_keeps_the_one_it_has(
    owner: Person, sandboxed: RunningSandbox
) -> None:
    channel = sandbox_channel(owner.organization, sandboxed, "x")
    live = publish(queued(channel, text="Live"), sandboxed)
    cancelled = queued(channel, text="Never")
    draft = queued(channel, text="Never either", status="DRAFT")

    for post in (live, cancelled, draft):
        assert delete(owner, post).status_code == 200
    publishing.publish_due(seconds=60)

    assert [post["text"] for post in sandboxed.posts("x")] == ["Live"]
    seen = owner.api().send("GET", f"posts/{live.public_id}").json()
    assert (seen["status"], seen["externalPostId"]) == ("CANCELLED", live.external_post_id)
