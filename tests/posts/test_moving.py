"""Moving posts in the plan, cancelling them, and taking it back."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
import time_machine

from chat33.lib.clock import utcnow
from chat33.orgs.models import Organization
from integrations.models import Channel
from posts import moving, queue
from posts.models import Post, PostStatus
from posts.moving import Mover, NothingToUndo, Outcome, wall_time
from posts.services import ChangedMeanwhile, UnableToChange
from posts.slots import set_slots
from tests.factories import make_channel, make_organization, make_post
from tests.people import Person

NOW = datetime(2026, 4, 13, 12, 0, tzinfo=UTC)
TOMORROW = NOW + timedelta(days=1)
EDITOR = Mover("usr_editor", may_publish=True)
CONTRIBUTOR = Mover("usr_contributor", may_publish=False)


@pytest.fixture(autouse=True)
def _now() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def queued(channel: Channel, at: datetime = TOMORROW, **given: Any) -> Post:
    return make_post(channel, **{"status": PostStatus.QUEUED, "scheduled_at": at, "due_at": at, **given})


def plan(post: Post) -> dict[str, Any]:
    """Every column but those that only count changes."""
    post = Post.objects.get(pk=post.pk)
    names = [field.attname for field in post._meta.concrete_fields]
    return {name: getattr(post, name) for name in names if name not in ("fence", "updated_at")}


def move(post: Post, at: datetime, mover: Mover = EDITOR, fence: int | None = None) -> Outcome:
    return moving.move_post(post=post, scheduled_at=at, now=utcnow(), mover=mover, fence=fence)


def undo(outcome: Outcome, organization: Organization, mover: Mover = EDITOR) -> Outcome:
    return moving.undo(token=outcome.undo, organization=organization, mover=mover)


@pytest.mark.parametrize(
    ("zone", "at", "how", "after"),
    [
        ("America/New_York", "2026-03-07T14:00Z", {"shift": 1}, "2026-03-08T13:00Z"),  # nine o'clock stays nine
        ("America/New_York", "2026-03-07T07:30Z", {"shift": 1}, "2026-03-08T07:30Z"),  # 2:30 is skipped: 3:30
        ("America/New_York", "2026-10-31T05:30Z", {"shift": 1}, "2026-11-01T05:30Z"),  # 1:30 comes twice: the first
        ("America/New_York", "2026-03-07T14:20Z", {"shift": 1, "hour": 2}, "2026-03-08T07:20Z"),
        ("Asia/Kolkata", "2026-04-13T03:30Z", {"clock_time": time(18, 45)}, "2026-04-13T13:15Z"),
        ("Asia/Kolkata", "2026-04-13T20:30Z", {"shift": -1}, "2026-04-12T20:30Z"),  # the 14th there
        ("UTC", "2026-04-13T10:05Z", {"hour": 23}, "2026-04-13T23:05Z"),
    ],
)
def test_a_move_keeps_the_wall_clock_of_the_workspace(zone: str, at: str, how: dict[str, Any], after: str) -> None:
    organization = Organization(timezone=zone)

    assert wall_time(organization=organization, at=datetime.fromisoformat(at), **how) == datetime.fromisoformat(after)


def test_no_day_lies_beyond_the_calendar() -> None:
    with pytest.raises(UnableToChange, match="no such day"):
        wall_time(organization=Organization(timezone="UTC"), at=NOW, shift=10**7)


def test_a_queued_post_goes_out_at_its_new_time(channel: Channel) -> None:
    post = queued(channel)

    move(post, TOMORROW + timedelta(days=2))

    post.refresh_from_db()
    assert (post.scheduled_at, post.due_at) == (TOMORROW + timedelta(days=2),) * 2


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (PostStatus.PUBLISHED, "Duplicate it"),
        (PostStatus.FAILED, "Retry it, or duplicate it"),
        (PostStatus.PUBLISHING, "when publishing has ended"),
        (PostStatus.CANCELLED, "Duplicate it"),
    ],
)
def test_what_has_had_its_turn_does_not_move(channel: Channel, status: PostStatus, says: str) -> None:
    post = make_post(channel, status=status, scheduled_at=NOW)

    with pytest.raises(UnableToChange, match=says):
        move(post, TOMORROW)


@pytest.mark.parametrize("at", [NOW, NOW - timedelta(minutes=1), NOW + timedelta(days=1200)])
def test_the_past_and_the_far_future_are_refused(channel: Channel, at: datetime) -> None:
    post = queued(channel)

    with pytest.raises(UnableToChange, match=r"past|three years"):
        move(post, at)


def test_what_another_changed_meanwhile_is_not_moved_by_who_saw_it_before(channel: Channel) -> None:
    seen = queued(channel)
    move(Post.objects.get(pk=seen.pk), TOMORROW + timedelta(hours=1))

    with pytest.raises(ChangedMeanwhile):
        move(seen, TOMORROW + timedelta(hours=2))
    with pytest.raises(ChangedMeanwhile):
        move(Post.objects.get(pk=seen.pk), TOMORROW + timedelta(hours=2), fence=seen.fence)


def test_who_may_not_publish_moves_drafts_alone(channel: Channel) -> None:
    draft = make_post(channel, scheduled_at=TOMORROW)
    move(draft, TOMORROW + timedelta(hours=1), CONTRIBUTOR)

    for change in (
        lambda post: moving.shift_posts(posts=[post], days=1, clock_time=None, now=NOW, mover=CONTRIBUTOR),
        lambda post: moving.cancel_posts(posts=[post], now=NOW, mover=CONTRIBUTOR),
    ):
        post = queued(channel)
        before = plan(post)
        outcome = change(post)
        assert "may publish" in outcome.refused[0].reason
        assert plan(post) == before


def test_undo_puts_a_move_back_exactly(channel: Channel) -> None:
    post = queued(
        channel, retry_count=2, error_code="NETWORK", error_message="Try", due_at=TOMORROW + timedelta(minutes=5),
        held_until=TOMORROW + timedelta(minutes=5), held_reason="The day is full.",
    )  # fmt: skip
    before = plan(post)

    outcome = move(post, TOMORROW + timedelta(days=3))
    assert plan(post) != before
    undo(outcome, channel.organization)

    assert plan(post) == before


def test_undo_brings_back_what_was_cancelled(channel: Channel) -> None:
    post = queued(channel)
    before = plan(post)

    outcome = moving.cancel_posts(posts=[post], now=NOW, mover=EDITOR)
    assert plan(post)["status"] == PostStatus.CANCELLED
    undo(outcome, channel.organization)

    assert plan(post) == before


def test_a_cancelled_post_that_had_been_begun_does_not_come_back(channel: Channel) -> None:
    post = queued(channel, step="poll", retry_count=1)
    outcome = moving.cancel_posts(posts=[post], now=NOW, mover=EDITOR)

    back = undo(outcome, channel.organization)

    assert "begun" in back.refused[0].reason
    assert plan(post)["status"] == PostStatus.CANCELLED


def test_undo_is_refused_when_something_has_followed(channel: Channel) -> None:
    post = queued(channel, at=NOW + timedelta(hours=1))
    outcome = move(post, NOW + timedelta(hours=2))
    move(Post.objects.get(pk=post.pk), NOW + timedelta(hours=3))

    back = undo(outcome, channel.organization)

    assert "changed by somebody else" in back.refused[0].reason
    assert plan(post)["scheduled_at"] == NOW + timedelta(hours=3)


def test_undo_is_refused_once_a_worker_has_the_post(channel: Channel) -> None:
    post = queued(channel)
    outcome = move(post, TOMORROW + timedelta(hours=1))
    Post.objects.update(due_at=queue.in_seconds(-1))
    assert queue.claim_due_posts(limit=1)

    assert undo(outcome, channel.organization).refused
    assert plan(post)["status"] == PostStatus.PUBLISHING


def test_undo_works_once(channel: Channel) -> None:
    outcome = move(queued(channel), TOMORROW + timedelta(hours=1))

    assert undo(outcome, channel.organization).done
    assert undo(outcome, channel.organization).refused


def test_undo_is_for_who_did_it_for_half_a_minute(channel: Channel) -> None:
    post = queued(channel)
    outcome = move(post, TOMORROW + timedelta(hours=1))
    before = plan(post)

    with pytest.raises(NothingToUndo):
        undo(outcome, channel.organization, CONTRIBUTOR)
    with pytest.raises(NothingToUndo):
        undo(outcome, make_organization())
    with pytest.raises(NothingToUndo):
        moving.undo(token=outcome.undo[:-1], organization=channel.organization, mover=EDITOR)
    with time_machine.travel(NOW + timedelta(seconds=31)), pytest.raises(NothingToUndo, match="too late"):
        undo(outcome, channel.organization)
    assert plan(post) == before


def test_a_cancelled_post_keeps_its_fence_moving_so_that_an_old_view_of_it_cannot_undo(channel: Channel) -> None:
    post = queued(channel)
    stale = Post.objects.get(pk=post.pk)
    move(post, TOMORROW + timedelta(hours=1))

    outcome = moving.cancel_posts(posts=[stale], now=NOW, mover=EDITOR)

    assert "changed by somebody else" in outcome.refused[0].reason


def test_many_move_and_those_that_cannot_say_why(channel: Channel) -> None:
    posts = [queued(channel, at=TOMORROW + timedelta(hours=number)) for number in range(3)]
    published = make_post(channel, status=PostStatus.PUBLISHED, scheduled_at=NOW)
    timeless = make_post(channel)

    outcome = moving.shift_posts(posts=[*posts, published, timeless], days=7, clock_time=None, now=NOW, mover=EDITOR)

    assert [post.scheduled_at for post in outcome.done] == [
        TOMORROW + timedelta(days=7, hours=number) for number in range(3)
    ]
    assert [(refusal.post, "Duplicate" in refusal.reason) for refusal in outcome.refused] == [
        (published, True),
        (timeless, False),
    ]
    assert len(undo(outcome, channel.organization).done) == 3
    assert plan(posts[2])["scheduled_at"] == TOMORROW + timedelta(hours=2)


def test_many_go_to_the_next_free_queue_times(channel: Channel) -> None:
    set_slots(channel=channel, times=[(1, 540), (3, 540)])
    posts = [queued(channel, at=NOW + timedelta(days=20, hours=number)) for number in range(3)]
    without = queued(make_channel(channel.organization))

    outcome = moving.queue_posts(posts=[*posts, without], now=NOW, mover=EDITOR)

    assert [f"{post.scheduled_at:%a %d %H:%M}" for post in outcome.done] == [
        "Tue 14 09:00", "Thu 16 09:00", "Tue 21 09:00",
    ]  # fmt: skip
    assert "no queue times" in outcome.refused[0].reason


def test_cancelling_many_answers_for_each(channel: Channel) -> None:
    posts = [make_post(channel, status=status, scheduled_at=TOMORROW) for status in PostStatus]

    outcome = moving.cancel_posts(posts=posts, now=NOW, mover=EDITOR)

    assert {post.public_id for post in outcome.done} == {posts[1].public_id, posts[4].public_id}
    assert [refusal.post.status for refusal in outcome.refused] == ["DRAFT", "PUBLISHING", "PUBLISHED", "CANCELLED"]
    assert [post.status for post in undo(outcome, channel.organization).done] == ["QUEUED"]  # a failure stays cancelled


def test_failed_posts_are_retried_together(channel: Channel) -> None:
    failed = [make_post(channel, status=PostStatus.FAILED, error_code="MEDIA") for _ in range(2)]
    unknown = make_post(channel, status=PostStatus.FAILED, error_code="UNCONFIRMED")

    outcome = moving.retry_posts(posts=[*failed, unknown], now=NOW, mover=EDITOR)

    assert {post.status for post in outcome.done} == {"QUEUED"}
    assert ("not known" in outcome.refused[0].reason, outcome.undo) == (True, "")


def test_copies_are_drafts_without_a_time(channel: Channel) -> None:
    post = make_post(channel, status=PostStatus.PUBLISHED, text="Again", scheduled_at=NOW, timezone="Asia/Kolkata")

    (copy,) = moving.copy_posts(posts=[post], now=NOW, mover=CONTRIBUTOR).done

    assert (copy.status, copy.scheduled_at, copy.text, copy.timezone) == ("DRAFT", None, "Again", "Asia/Kolkata")
    assert copy.created_by == CONTRIBUTOR.public_id


def test_only_drafts_are_deleted(channel: Channel) -> None:
    draft, other = make_post(channel), queued(channel)

    outcome = moving.delete_drafts(posts=[draft, other], mover=CONTRIBUTOR)

    assert list(Post.objects.all()) == [other]
    assert "Only drafts" in outcome.refused[0].reason


def test_a_draft_that_was_queued_a_moment_ago_is_neither_deleted_nor_cancelled(channel: Channel) -> None:
    seen = make_post(channel)
    Post.objects.update(status=PostStatus.QUEUED, scheduled_at=TOMORROW)

    assert moving.delete_drafts(posts=[seen], mover=EDITOR).refused
    assert Post.objects.get().status == PostStatus.QUEUED


def test_two_hundred_at_a_time(owner: Person, channel: Channel) -> None:
    posts = [make_post(channel) for _ in range(201)]

    assert len(moving.delete_drafts(posts=posts, mover=EDITOR).done) == 200
