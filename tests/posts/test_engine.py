"""What the engine promises beside the networks: fences, crashes, lateness, clocks, tokens, and a person's way out."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.db.models.functions import Now
from pytest_django.fixtures import Settings

from chat33.lib.clock import utcnow
from integrations.models import Callback, Channel, Notice
from posts import outcomes, publishing, services
from posts.models import Attempt, Post
from posts.queue import LostClaim, claim_due_posts, in_seconds, renew
from tests.people import Person
from tests.posts.flow import expire_leases, make_due, publish, queued, sandbox_channel
from tests.sandboxes import RunningSandbox


@pytest.fixture
def x(owner: Person, sandboxed: RunningSandbox) -> Channel:
    """An X account at the sandbox."""
    return sandbox_channel(owner.organization, sandboxed, "x")


def events(post: Post) -> list[str]:
    return list(Attempt.objects.filter(post=post).values_list("event", flat=True))


def test_a_worker_that_slept_through_its_lease_writes_nothing(x: Channel, sandboxed: RunningSandbox) -> None:
    post = queued(x)
    [slow] = claim_due_posts(limit=1)
    expire_leases()
    [quick] = claim_due_posts(limit=1)

    with pytest.raises(LostClaim):
        renew(slow)
    failure = outcomes.Failure(code="NETWORK", message="Too late.")
    with pytest.raises(LostClaim):
        outcomes.failed(post=post, claim=slow, failure=failure, now=utcnow())
    publishing.carry(claim=slow)
    post.refresh_from_db()
    assert (post.status, post.fence, events(post)) == ("PUBLISHING", quick.fence, [])
    assert sandboxed.posts("x") == []


def test_each_stored_step_leases_the_post_for_the_next(x: Channel, sandboxed: RunningSandbox) -> None:
    post = queued(x)
    [claim] = claim_due_posts(limit=1)
    Post.objects.filter(pk=post.pk).update(due_at=in_seconds(1), leased_until=in_seconds(1))

    before = utcnow()
    outcomes.intended(post=post, claim=claim, now=before)

    row = Post.objects.get(pk=post.pk)
    assert row.leased_until is not None
    assert row.leased_until == row.due_at
    assert row.leased_until > before + timedelta(seconds=20)


def test_an_intent_without_an_outcome_is_read_and_not_sent_again(x: Channel, sandboxed: RunningSandbox) -> None:
    post = queued(x, text="Sent or not?")
    Post.objects.filter(pk=post.pk).update(
        status="PUBLISHING", step="commit", intent_at=utcnow(), slot_at=utcnow(), leased_until=Now(), due_at=Now()
    )

    post = publish(post, sandboxed)

    assert (post.status, post.error_code) == ("FAILED", "UNCONFIRMED")
    assert sandboxed.posts("x") == []
    assert events(post).count("publish_read") == len(outcomes.READS) - 1


def test_a_post_that_stops_the_worker_again_and_again_is_set_aside(x: Channel, sandboxed: RunningSandbox) -> None:
    post = queued(x)
    for _ in range(publishing.MAX_CRASHES):
        assert claim_due_posts(limit=1)
        expire_leases()

    post = publish(post, sandboxed)

    assert (post.status, post.error_code) == ("FAILED", "QUARANTINED")
    assert sandboxed.posts("x") == []


def test_what_is_a_little_late_goes_out_and_what_is_too_late_says_so(x: Channel, sandboxed: RunningSandbox) -> None:
    late, missed = queued(x, text="A little late"), queued(x, text="Too late")
    Post.objects.filter(pk=late.pk).update(due_at=in_seconds(-23 * 3600))
    Post.objects.filter(pk=missed.pk).update(due_at=in_seconds(-25 * 3600))

    late, missed = publish(late, sandboxed), publish(missed, sandboxed)

    assert late.status == "PUBLISHED"
    assert (missed.status, missed.error_code) == ("FAILED", "MISSED")
    assert "24 hours late" in (missed.error_message or "")


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_worker_with_a_wrong_clock_publishes_nothing_early(x: Channel, sandboxed: RunningSandbox, hours: int) -> None:
    soon = queued(x, text="In half an hour")
    Post.objects.filter(pk=soon.pk).update(due_at=in_seconds(1800))
    due = queued(x, text="Now")

    with time_machine.travel(utcnow() + timedelta(hours=hours), tick=True):
        due = publish(due, sandboxed)

    assert [post["text"] for post in sandboxed.posts("x")] == ["Now"]
    assert due.status == "PUBLISHED"


@pytest.mark.parametrize("change", [services.delete_post])
def test_a_cancelled_post_is_never_published(
    x: Channel, sandboxed: RunningSandbox, change: Callable[..., Post | None]
) -> None:
    post = queued(x)
    change(post=post)

    publishing.publish_due(seconds=60)

    post.refresh_from_db()
    assert post.status == "CANCELLED"
    assert sandboxed.posts("x") == []


def test_a_token_that_ends_soon_is_renewed_before_it_is_used(x: Channel, sandboxed: RunningSandbox) -> None:
    Channel.objects.filter(pk=x.pk).update(token_expires_at=utcnow() + timedelta(seconds=20))
    sealed = Channel.objects.get(pk=x.pk).credentials

    post = publish(queued(x), sandboxed)

    renewed = Channel.objects.get(pk=x.pk)
    assert post.status == "PUBLISHED"
    assert renewed.credentials != sealed
    assert renewed.token_expires_at is not None
    assert renewed.token_expires_at > utcnow() + timedelta(hours=1)


def test_a_refused_token_is_renewed_once_and_the_post_goes_on(x: Channel, sandboxed: RunningSandbox) -> None:
    sandboxed.advance_clock(3 * 3600)  # X's tokens live two hours; our row does not know yet

    post = publish(queued(x), sandboxed)

    assert post.status == "PUBLISHED", post.error_message
    assert len(sandboxed.posts("x")) == 1


def test_a_channel_is_disconnected_by_a_refusal_alone_and_told_once(x: Channel, sandboxed: RunningSandbox) -> None:
    sandboxed.rule("x", "refresh", "error", status=503, times=1)
    sandboxed.advance_clock(3 * 3600)
    first = publish(queued(x, text="One"), sandboxed)
    assert first.status == "PUBLISHED"
    assert Channel.objects.get(pk=x.pk).is_active

    sandboxed.sandbox.store._kinds["refresh"].clear()  # the person took our access away
    sandboxed.advance_clock(3 * 3600)
    posts = [publish(queued(x, text=f"Post {number}"), sandboxed) for number in range(2)]

    x.refresh_from_db()
    assert not x.is_active
    assert [(post.status, post.error_code) for post in posts] == [("FAILED", "AUTH_EXPIRED")] * 2
    assert Notice.objects.filter(channel=x, resolved_at=None).count() == 1
    assert x.last_error.endswith(".")


def test_a_person_retries_a_failed_post(x: Channel, sandboxed: RunningSandbox, owner: Person) -> None:
    sandboxed.rule("x", "commit", "error", status=403)
    post = publish(queued(x, callback_url="https://example.com/hook"), sandboxed)
    assert post.status == "FAILED"

    reply = owner.api().send("POST", f"posts/{post.public_id}/retry")
    post = publish(post, sandboxed)

    assert reply.json()["status"] == "QUEUED"
    assert post.status == "PUBLISHED"
    assert post.error_message is None
    assert [row.body["status"] for row in Callback.objects.order_by("id")] == ["FAILED", "PUBLISHED"]


def test_an_unconfirmed_post_is_reconciled_or_settled_by_a_person(
    x: Channel, sandboxed: RunningSandbox, owner: Person
) -> None:
    sandboxed.rule("x", "commit", "hang", seconds=0.1)
    post = publish(queued(x), sandboxed)
    assert post.error_code == "UNCONFIRMED"
    api = owner.api()

    assert api.send("POST", f"posts/{post.public_id}/retry").status_code == 409
    assert api.send("POST", f"posts/{post.public_id}/reconcile").json()["status"] == "PUBLISHING"
    post = publish(post, sandboxed)
    assert post.error_code == "UNCONFIRMED"
    reply = api.send("POST", f"posts/{post.public_id}/resolve", {"as": "failed"})
    assert (reply.json()["status"], reply.json()["errorCode"]) == ("FAILED", "RESOLVED_FAILED")
    assert api.send("POST", f"posts/{post.public_id}/retry").json()["status"] == "QUEUED"
    assert publish(post, sandboxed).status == "PUBLISHED"
    assert len(sandboxed.posts("x")) == 1


def test_the_first_comment_follows_and_its_failure_does_not_fail_the_post(
    x: Channel, sandboxed: RunningSandbox
) -> None:
    config = {"x": {"firstComment": "More in the shop"}}
    with_comment = publish(queued(x, text="One", platform_config=config), sandboxed)
    sandboxed.rule("x", "comment", "error", status=403)
    without = publish(queued(x, text="Two", platform_config=config), sandboxed)

    assert (with_comment.status, without.status) == ("PUBLISHED", "PUBLISHED"), events(without)
    assert [len(post["comments"]) for post in sandboxed.posts("x")] == [1, 0]
    assert "publish_warning" in events(without)


def test_a_post_over_the_days_allowance_waits_visibly(
    x: Channel, sandboxed: RunningSandbox, settings: Settings
) -> None:
    settings.DAILY_LIMITS = {**settings.DAILY_LIMITS, "x": "1"}
    first, second = queued(x, text="First"), queued(x, text="Second")

    first, second = publish(first, sandboxed), publish(second, sandboxed)

    assert first.status == "PUBLISHED"
    assert second.status == "QUEUED"
    assert second.held_until is not None
    assert timedelta(hours=23) < second.held_until - utcnow() < timedelta(hours=25)
    assert "24 hours" in second.held_reason
    assert make_due() == 0


def test_posts_of_a_dead_worker_come_back_one_at_a_time(x: Channel, sandboxed: RunningSandbox) -> None:
    posts = [queued(x, text=f"Orphan {number}") for number in range(3)]
    assert len(claim_due_posts(limit=3)) == 3
    expire_leases()

    [alone] = claim_due_posts(limit=3)
    assert claim_due_posts(limit=3) == []
    fresh = queued(x, text="Fresh")
    assert [claim.post_id for claim in claim_due_posts(limit=3)] == [fresh.pk]
    publishing.carry(claim=alone)
    assert len(claim_due_posts(limit=3)) == 1
    assert alone.post_id in [post.pk for post in posts]
