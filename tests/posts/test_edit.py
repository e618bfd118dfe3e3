"""Changing a post: what may change when, what a change touches, and who wins against a worker that takes the post up."""

import threading
import time
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from django.db import transaction
from pytest_django.fixtures import Settings

from chat33.lib.clock import utcnow
from integrations.models import Channel
from posts import queue
from posts.models import Attempt, Post, PostStatus
from tests.crowd import together, until_somebody_waits
from tests.factories import make_post
from tests.people import Person
from tests.posts.flow import queued


def patch(person: Person, post: Post, body: dict[str, Any]) -> Any:
    return person.api().send("PATCH", f"posts/{post.public_id}", body)


def row(post: Post) -> dict[str, Any]:
    """The post's row, every column."""
    return dict(Post.objects.filter(pk=post.pk).values().get())


def ahead(**delta: float) -> str:
    return (utcnow() + timedelta(**delta)).isoformat()


def test_a_queued_post_says_something_else_and_goes_at_another_time(owner: Person, channel: Channel) -> None:
    post = queued(channel, text="Before")
    at = ahead(days=2)

    reply = patch(owner, post, {"text": "After", "scheduledAt": at, "callbackUrl": "https://example.com/hook"})

    assert reply.status_code == 200
    changed = reply.json()
    assert (changed["text"], changed["callbackUrl"], changed["status"]) == (
        "After",
        "https://example.com/hook",
        "QUEUED",
    )
    assert owner.api().send("GET", f"posts/{post.public_id}").json() == changed
    post.refresh_from_db()
    assert post.due_at == post.scheduled_at
    assert queue.claim_due_posts(limit=10) == []


def test_what_is_not_named_stays(owner: Person, channel: Channel) -> None:
    post = make_post(
        channel, text="Text", platform_config={"x": {"replySettings": "following"}}, callback_url="https://example.com/",
        scheduled_at=utcnow() + timedelta(days=1), timezone="Europe/Berlin",
    )  # fmt: skip
    before = owner.api().send("GET", f"posts/{post.public_id}").json()

    after = patch(owner, post, {"text": "Other"}).json()

    assert {**before, "text": "Other", "updatedAt": ""} == {**after, "updatedAt": ""}


@pytest.mark.parametrize("status", ["PUBLISHING", "PUBLISHED", "FAILED", "CANCELLED"])
@pytest.mark.parametrize("body", [{"text": "Other"}, {"status": "QUEUED"}, {"status": "DRAFT"}, {"scheduledAt": None}])
def test_what_has_left_the_queue_cannot_change(
    owner: Person, channel: Channel, status: str, body: dict[str, Any]
) -> None:
    post = make_post(channel, status=status)
    before = row(post)

    reply = patch(owner, post, body)

    assert (reply.status_code, reply.json()["error"]) == (409, "CONFLICT")
    assert status in reply.json()["message"]
    assert row(post) == before


@pytest.mark.parametrize("status", ["DRAFT", "QUEUED"])
def test_a_draft_and_a_queued_post_can_be_cancelled(owner: Person, channel: Channel, status: str) -> None:
    post = queued(channel, status=status)

    assert patch(owner, post, {"status": "CANCELLED"}).json()["status"] == "CANCELLED"
    assert queue.claim_due_posts(limit=10) == []


def test_a_post_moves_between_draft_and_queue(owner: Person, channel: Channel) -> None:
    post = queued(channel)

    assert patch(owner, post, {"status": "DRAFT"}).json()["status"] == "DRAFT"
    assert queue.claim_due_posts(limit=10) == []
    assert patch(owner, post, {"status": "QUEUED"}).json()["status"] == "QUEUED"
    assert [claim.post_id for claim in queue.claim_due_posts(limit=10)] == [post.pk]


def test_only_the_queue_asks_for_the_networks_rules(owner: Person, channel: Channel) -> None:
    post, long = make_post(channel), "x" * 281

    assert patch(owner, post, {"text": long}).status_code == 200
    refused = patch(owner, post, {"status": "QUEUED"})
    assert (refused.status_code, refused.json()["details"][0]["path"]) == (400, "text")
    assert Post.objects.get().status == "DRAFT"
    assert patch(owner, post, {"status": "QUEUED", "text": "Short"}).status_code == 200
    before = row(post)
    assert patch(owner, post, {"text": long}).status_code == 400
    assert row(post) == before


@pytest.mark.parametrize("status", ["DRAFT", "QUEUED"])
@pytest.mark.parametrize("text", [None, "", "  \n"])
def test_a_post_always_says_something(owner: Person, channel: Channel, status: str, text: str | None) -> None:
    post = make_post(channel, status=status)

    reply = patch(owner, post, {"text": text})

    assert reply.json()["details"] == [{"path": "text", "message": "A post needs text or media."}]


@pytest.mark.parametrize(
    "body",
    [
        {"status": "PUBLISHED"}, {"status": "FAILED"}, {"status": None}, {"scheduledAt": "tomorrow"}, {"timezone": "Mars"},
        {"scheduledAt": "2020-01-01T00:00:00Z"}, {"mediaUrls": "one"}, {"mediaUrls": ["ftp://example.com/a"]},
        {"mediaType": "story"}, {"platformConfig": []}, {"callbackUrl": "http://10.0.0.1/"}, {"text": {"a": 1}},
        {"mediaUrls": ["http://example.com:22/"]}, {"platformConfig": {"x": "text"}},
    ],
)  # fmt: skip
def test_nonsense_is_refused_and_changes_nothing(
    owner: Person, channel: Channel, body: dict[str, Any], settings: Any
) -> None:
    settings.ALLOW_PRIVATE_HOSTS = []
    post = queued(channel)
    before = row(post)

    reply = patch(owner, post, {"text": "Changed", **body})

    assert (reply.status_code, reply.json()["error"]) == (400, "VALIDATION_ERROR")
    assert reply.json()["details"][0]["path"].split(".")[0] == next(iter(body))
    assert row(post) == before


def test_ids_and_outcomes_are_not_for_clients_to_write(owner: Person, channel: Channel) -> None:
    post = make_post(channel)
    before = row(post)

    body = {"id": "post_x", "channelId": "chan_x", "externalPostId": "1", "publishedAt": None, "createdBy": "me"}
    assert patch(owner, post, body).status_code == 200
    assert row(post) == before


def test_the_timezone_alone_changes_nothing(owner: Person, channel: Channel) -> None:
    post = queued(channel, scheduled_at=utcnow() + timedelta(days=1), timezone="Europe/Berlin", retry_count=2)
    Post.objects.filter(pk=post.pk).update(due_at=utcnow() + timedelta(minutes=5))
    before = row(post)

    reply = patch(owner, post, {"timezone": "Asia/Tokyo"})

    assert (reply.status_code, reply.json()["timezone"]) == (200, "Europe/Berlin")
    assert row(post) == before


def test_a_naive_time_is_read_in_the_zone_given_with_it(owner: Person, channel: Channel) -> None:
    post = make_post(channel, timezone="Europe/Berlin")

    with time_machine.travel("2026-06-01T12:00:00Z"):
        reply = patch(owner, post, {"scheduledAt": "2026-07-01T09:00", "timezone": "America/New_York"})
        assert reply.json()["scheduledAt"] == "2026-07-01T13:00:00.000Z"
        reply = patch(owner, post, {"scheduledAt": "2026-07-02T09:00"})
        assert reply.json()["scheduledAt"] == "2026-07-02T13:00:00.000Z"


def test_null_publishes_now(owner: Person, channel: Channel) -> None:
    post = queued(channel, scheduled_at=utcnow() + timedelta(days=1))
    Post.objects.filter(pk=post.pk).update(due_at=post.scheduled_at)

    assert patch(owner, post, {"scheduledAt": None}).json()["scheduledAt"] is None
    assert [claim.post_id for claim in queue.claim_due_posts(limit=10)] == [post.pk]


def test_null_ends_the_wait_for_a_retry(owner: Person, channel: Channel) -> None:
    post = queued(channel, retry_count=3)
    Post.objects.filter(pk=post.pk).update(due_at=utcnow() + timedelta(minutes=30))

    patch(owner, post, {"scheduledAt": None})

    assert len(queue.claim_due_posts(limit=10)) == 1


def test_what_was_prepared_for_other_words_is_thrown_away(owner: Person, channel: Channel) -> None:
    post = queued(
        channel, step="poll", state={"container": "17"}, retry_count=4, error_code="PLATFORM", error_message="Trouble",
        slot_at=utcnow(),
    )  # fmt: skip

    changed = patch(owner, post, {"text": "Other"}).json()

    post.refresh_from_db()
    assert (post.step, post.state, post.slot_at) == ("fetch", {}, None)
    assert (changed["retryCount"], changed["errorCode"], changed["errorMessage"]) == (0, None, None)


def test_a_new_callback_address_leaves_the_wait_for_a_place_alone(owner: Person, channel: Channel) -> None:
    until = utcnow() + timedelta(hours=5)
    post = queued(channel, held_until=until, held_reason="The day is full.")
    Post.objects.filter(pk=post.pk).update(due_at=until)

    changed = patch(owner, post, {"callbackUrl": "https://example.com/hook"}).json()

    assert changed["heldReason"] == "The day is full."
    assert changed["heldUntil"] is not None
    assert row(post)["due_at"] == until


def test_a_post_that_waited_long_for_a_place_is_not_late_when_it_is_changed(owner: Person, channel: Channel) -> None:
    post = queued(channel, scheduled_at=utcnow() - timedelta(hours=40))

    assert patch(owner, post, {"text": "Other"}).status_code == 200

    (claim,) = queue.claim_due_posts(limit=10)
    assert claim.was_due > utcnow() - timedelta(minutes=1)


def test_a_draft_whose_time_went_by_long_ago_needs_a_new_one(owner: Person, channel: Channel) -> None:
    post = make_post(channel, scheduled_at=utcnow() - timedelta(hours=25))

    refused = patch(owner, post, {"status": "QUEUED"})
    assert (refused.status_code, refused.json()["details"][0]["path"]) == (400, "scheduledAt")
    assert patch(owner, post, {"status": "QUEUED", "scheduledAt": None}).status_code == 200


def test_a_stranger_finds_nothing_to_change(owner: Person, stranger: Person, channel: Channel) -> None:
    post = make_post(channel)
    before = row(post)

    reply = patch(stranger, post, {"text": "Mine now"})

    assert reply.status_code == 404
    assert reply.json() == stranger.api().send("PATCH", "posts/post_nobody", {"text": "x"}).json()
    assert row(post) == before


class TestTheWayOutOfAFailure:
    """Retry, reconcile, resolve."""

    def failed(self, channel: Channel, code: str = "MEDIA", **given: Any) -> Post:
        return make_post(
            channel, status="FAILED", error_code=code, error_message="It did not work.", retry_count=5, step="commit",
            state={"a": 1}, **given,
        )  # fmt: skip

    def test_a_failed_post_goes_back_only_by_retry(self, owner: Person, channel: Channel) -> None:
        post = self.failed(channel)

        assert patch(owner, post, {"status": "QUEUED"}).status_code == 409
        back = owner.api().send("POST", f"posts/{post.public_id}/retry").json()

        assert (back["status"], back["retryCount"], back["errorCode"], back["errorMessage"]) == (
            "QUEUED",
            0,
            None,
            None,
        )
        assert [claim.post_id for claim in queue.claim_due_posts(limit=10)] == [post.pk]
        logs = owner.api().send("GET", f"posts/{post.public_id}/logs").json()["logs"]
        assert [entry["event"] for entry in logs] == ["retry_requested"]

    @pytest.mark.parametrize("status", ["DRAFT", "QUEUED", "PUBLISHING", "PUBLISHED", "CANCELLED"])
    @pytest.mark.parametrize("way", ["retry", "reconcile", "resolve"])
    def test_there_is_no_other_way_in(self, owner: Person, channel: Channel, status: str, way: str) -> None:
        post = make_post(channel, status=status)
        before = row(post)

        reply = owner.api().send("POST", f"posts/{post.public_id}/{way}", {"as": "failed"})

        assert (reply.status_code, reply.json()["error"]) == (409, "CONFLICT")
        assert row(post) == before

    def test_what_may_have_gone_out_is_not_sent_again_by_retry(self, owner: Person, channel: Channel) -> None:
        post = self.failed(channel, "UNCONFIRMED", intent_at=utcnow(), slot_at=utcnow())

        assert owner.api().send("POST", f"posts/{post.public_id}/retry").status_code == 409
        assert owner.api().send("POST", f"posts/{post.public_id}/reconcile").json()["status"] == "PUBLISHING"
        (claim,) = queue.claim_due_posts(limit=10)
        assert not claim.was_queued

    def test_a_person_has_seen_it(self, owner: Person, channel: Channel) -> None:
        post = self.failed(
            channel, "UNCONFIRMED", intent_at=utcnow(), slot_at=utcnow(), callback_url="https://example.com/"
        )

        reply = owner.api().send("POST", f"posts/{post.public_id}/resolve", {"as": "published"})

        assert (reply.json()["status"], reply.json()["errorMessage"]) == ("PUBLISHED", None)
        assert reply.json()["publishedAt"] is not None
        callbacks = owner.api().send("GET", "callbacks").json()["items"]
        assert [callback["body"]["status"] for callback in callbacks] == ["PUBLISHED"]

    def test_a_person_has_seen_that_it_is_not_there(self, owner: Person, channel: Channel) -> None:
        post = self.failed(channel, "UNCONFIRMED", intent_at=utcnow(), slot_at=utcnow())

        reply = owner.api().send("POST", f"posts/{post.public_id}/resolve", {"as": "failed"})

        assert (reply.json()["status"], reply.json()["errorCode"]) == ("FAILED", "RESOLVED_FAILED")
        assert owner.api().send("POST", f"posts/{post.public_id}/retry").json()["status"] == "QUEUED"

    @pytest.mark.parametrize("body", [{}, {"as": "maybe"}, {"as": None}, {"as": ["failed"]}])
    def test_a_word_has_to_be_one_of_two(self, owner: Person, channel: Channel, body: dict[str, Any]) -> None:
        post = self.failed(channel, "UNCONFIRMED", intent_at=utcnow())

        reply = owner.api().send("POST", f"posts/{post.public_id}/resolve", body)

        assert (reply.status_code, reply.json()["details"][0]["path"]) == (400, "as")


@pytest.mark.django_db(transaction=True)
class TestAgainstAWorker:
    """An edit and a claim take the same lock."""

    def test_an_edit_waits_for_a_claim_and_comes_too_late(self, owner: Person, channel: Channel) -> None:
        post = queued(channel, text="Before")
        claimed = threading.Event()

        def claim() -> Any:
            with transaction.atomic():
                claims = queue.claim_due_posts(limit=1)
                claimed.set()
                until_somebody_waits()
            return claims

        def edit() -> Any:
            assert claimed.wait(60)
            return patch(owner, post, {"text": "After"})

        claims, reply = together([claim, edit])

        assert len(claims) == 1
        assert (reply.status_code, reply.json()["error"]) == (409, "CONFLICT")
        assert Post.objects.get().text == "Before"

    def test_a_worker_passes_by_a_post_that_is_being_edited(self, channel: Channel) -> None:
        post = queued(channel, text="Before")
        editing, passed = threading.Event(), threading.Event()

        def edit() -> Any:
            with transaction.atomic():
                Post.objects.select_for_update().get(pk=post.pk)
                editing.set()
                assert passed.wait(60)
                Post.objects.filter(pk=post.pk).update(text="After")

        def claim() -> Any:
            assert editing.wait(60)
            try:
                return queue.claim_due_posts(limit=10)
            finally:
                passed.set()

        _, claims = together([edit, claim])

        assert claims == []
        assert [claim.post_id for claim in queue.claim_due_posts(limit=10)] == [post.pk]
        assert Post.objects.get().text == "After"

    def test_two_edits_at_once_are_both_there(self, owner: Person, channel: Channel) -> None:
        for number in range(3):
            post = make_post(channel)
            bodies: list[dict[str, Any]] = [
                {"text": f"New {number}"}, {"callbackUrl": "https://example.com/new"}, {"platformConfig": {"x": {}}},
            ]  # fmt: skip
            replies = together([partial(patch, owner, post, body) for body in bodies])

            assert [reply.status_code for reply in replies] == [200, 200, 200]
            post.refresh_from_db()
            assert (post.text, post.callback_url) == (f"New {number}", "https://example.com/new")
            assert post.platform_config == {"x": {}}

    def test_in_a_storm_each_post_is_either_changed_or_taken(
        self, owner: Person, channel: Channel, settings: Settings
    ) -> None:
        settings.LEASE = timedelta(hours=1)  # however long the storm lasts, nobody's lease ends
        posts = [queued(channel, text="Before") for _ in range(24)]

        def worker() -> Any:
            taken = []
            while claims := queue.claim_due_posts(limit=1):
                taken += [claim.post_id for claim in claims]
                time.sleep(0.01)
            return taken

        def change(post: Post, number: int) -> Any:
            if number % 3 == 0:
                return patch(owner, post, {"text": "After", "scheduledAt": ahead(days=3)}).status_code
            if number % 3 == 1:
                return patch(owner, post, {"status": "CANCELLED"}).status_code
            return owner.api().send("DELETE", f"posts/{post.public_id}").status_code

        changes = [partial(change, post, number) for number, post in enumerate(posts)]
        *codes, first, second = together([*changes, worker, worker])

        taken = first + second
        assert len(set(taken)) == len(taken)
        assert set(codes) <= {200, 409}
        for post, code in zip(posts, codes, strict=True):
            post.refresh_from_db()
            assert (post.status == PostStatus.PUBLISHING) == (post.pk in taken) == (code == 409)
        assert not Attempt.objects.exists()
