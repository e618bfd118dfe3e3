"""Members hear of what went wrong: once, grouped by its cause, when and as often as they want."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chat33.dashboard import incidents, notifications
from chat33.dashboard.models import Incident
from chat33.lib.clock import utcnow
from chat33.orgs.models import Membership, Often, OutgoingEmail, Role
from chat33.orgs.preferences import Preference, next_digest, set_preference
from integrations.channels import disconnect_channel
from integrations.models import Channel, Notice
from posts import queue
from posts.models import Post, PostStatus
from posts.outcomes import Failure, failed
from tests.factories import make_channel, make_member, make_post
from tests.people import Person

SOON = timedelta(minutes=1)


def clock(now: datetime) -> int:
    """One round of the clock; how many e-mails it queued."""
    incidents.note_notices()
    incidents.spread(now=now)
    return notifications.tell(now=now)


def told(now: datetime | None = None) -> list[OutgoingEmail]:
    """What is queued after a round now and one a little later."""
    now = now or utcnow()
    clock(now)
    clock(now + SOON)
    return list(OutgoingEmail.objects.order_by("id"))


def fail(channel: Channel, code: str = "AUTH_EXPIRED", **given: Any) -> Post:
    """A post that came due and failed for good."""
    make_post(channel, status=PostStatus.QUEUED, due_at=utcnow() - SOON, **given)
    (claim,) = queue.claim_due_posts(limit=1)
    post = Post.objects.select_related("channel", "organization").get(pk=claim.post_id)
    failed(post=post, claim=claim, failure=Failure(code=code, message="Reconnect it, then retry."), now=utcnow())
    return post


def prefer(person: Person, **given: Any) -> None:
    place = Membership.objects.get(user=person.user, organization=person.organization)
    set_preference(membership=place, preference=Preference(**{"posts": Often.NOW, "accounts": Often.NOW, **given}))


def test_fourteen_posts_of_one_expired_token_are_one_email(owner: Person, channel: Channel) -> None:
    for number in range(14):
        fail(channel, text=f"Number {number}")
    disconnect_channel(channel=channel, reason="The login has expired.", now=utcnow())

    (email,) = told()

    assert email.to == "owner@example.com"
    assert email.subject == "14 posts failed, an account needs care (Demo Coffee)"
    assert "These 14 posts did not go out" in email.text
    assert "and 9 more" in email.text
    assert "The login has expired." in email.text
    assert f"/channels/{channel.public_id}/" in email.text
    assert told() == [email]


def test_two_causes_are_two_parts_of_one_email(owner: Person, channel: Channel) -> None:
    first, second = fail(channel), fail(make_channel(owner.organization, "facebook", name="Page"), "MEDIA")

    (email,) = told()

    assert email.subject.startswith("2 posts failed")
    assert email.text.count("This post did not go out") == 2
    assert all(f"/posts/{post.public_id}/" in email.text for post in (first, second))


def test_the_same_cause_is_told_again_when_its_window_has_passed(owner: Person, channel: Channel) -> None:
    fail(channel, "MEDIA")
    assert len(told()) == 1
    fail(channel, "MEDIA")
    fail(channel, "MEDIA")

    assert len(told(utcnow() + timedelta(minutes=30))) == 1
    _, later = told(utcnow() + timedelta(minutes=62))
    assert later.subject.startswith("2 posts failed")


def test_what_was_dealt_with_meanwhile_is_left_out(owner: Person, channel: Channel) -> None:
    retried, still = fail(channel, "MEDIA"), fail(channel, "MEDIA")
    Post.objects.filter(pk=retried.pk).update(status=PostStatus.QUEUED)
    disconnect_channel(channel=channel, reason="Expired.", now=utcnow())
    Notice.objects.update(resolved_at=utcnow())

    (email,) = told()

    assert email.subject == "A post failed (Demo Coffee)"
    assert still.public_id in email.text


def test_nobody_elsewhere_is_told(owner: Person, stranger: Person, channel: Channel) -> None:
    fail(channel)

    assert [email.to for email in told()] == ["owner@example.com"]


def test_until_they_choose_those_who_can_mend_it_are_told(owner: Person, teammate: Person, channel: Channel) -> None:
    make_member(owner.organization, Role.VIEWER)
    make_member(owner.organization, Role.CONTRIBUTOR)
    fail(channel)
    disconnect_channel(channel=channel, reason="Expired.", now=utcnow())

    emails = {email.to: email.subject for email in told()}

    assert emails == {
        "owner@example.com": "A post failed, an account needs care (Demo Coffee)",
        "teammate@example.com": "A post failed (Demo Coffee)",
    }


def test_who_wants_nothing_gets_nothing(owner: Person, channel: Channel) -> None:
    prefer(owner, posts=Often.OFF, accounts=Often.OFF)
    fail(channel)
    disconnect_channel(channel=channel, reason="Expired.", now=utcnow())

    assert told() == []


def test_who_stopped_after_it_failed_gets_nothing(owner: Person, channel: Channel) -> None:
    fail(channel)
    clock(utcnow())
    prefer(owner, posts=Often.OFF)

    assert told() == []


def test_a_digest_gathers_a_day_and_comes_at_its_hour(owner: Person, channel: Channel) -> None:
    owner.organization.timezone = "America/New_York"
    owner.organization.save()
    prefer(owner, posts=Often.DAILY, digest_hour=9)
    fail(channel, "MEDIA")
    fail(channel, "DUPLICATE")
    now = utcnow()
    clock(now)
    due = next_digest(zone="America/New_York", hour=9, after=now)

    assert clock(due - SOON) == 0
    assert clock(due) == 1
    assert clock(due + SOON) == 0
    assert OutgoingEmail.objects.get().subject.startswith("2 posts failed")


def test_two_clocks_at_once_and_a_clock_that_repeats_tell_once(owner: Person, channel: Channel) -> None:
    fail(channel)
    now = utcnow()
    for _ in range(3):
        clock(now)
        clock(now + SOON)

    assert OutgoingEmail.objects.count() == 1


def test_a_failure_that_is_rolled_back_is_not_told(owner: Person, channel: Channel) -> None:
    post = make_post(channel, status=PostStatus.PUBLISHING)
    stale = queue.Claim(post_id=post.pk, fence=99, was_due=utcnow(), was_queued=True)
    with pytest.raises(queue.LostClaim):
        failed(post=post, claim=stale, failure=Failure(code="MEDIA", message="Broken."), now=utcnow())

    assert not Incident.objects.exists()


def test_the_email_can_be_stopped_by_its_own_header(owner: Person, channel: Channel) -> None:
    fail(channel)
    (email,) = told()

    assert email.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = email.headers["List-Unsubscribe"].strip("<>")
    assert link in email.text
    found = notifications.stopping_member(link.rstrip("/").rpartition("/")[2])
    assert found is not None
    assert found.user == owner.user
    assert notifications.stopping_member("1:forged:token") is None


@pytest.mark.parametrize(
    ("zone", "hour", "after", "expected"),
    [
        ("America/New_York", 9, datetime(2026, 3, 7, 14, 0, tzinfo=UTC), datetime(2026, 3, 8, 13, 0, tzinfo=UTC)),
        ("America/New_York", 9, datetime(2026, 3, 8, 13, 0, tzinfo=UTC), datetime(2026, 3, 9, 13, 0, tzinfo=UTC)),
        ("America/New_York", 9, datetime(2026, 10, 31, 13, 0, tzinfo=UTC), datetime(2026, 11, 1, 14, 0, tzinfo=UTC)),
        ("America/New_York", 2, datetime(2026, 3, 8, 0, 0, tzinfo=UTC), datetime(2026, 3, 8, 7, 0, tzinfo=UTC)),
        ("America/New_York", 1, datetime(2026, 11, 1, 0, 0, tzinfo=UTC), datetime(2026, 11, 1, 5, 0, tzinfo=UTC)),
        ("America/New_York", 1, datetime(2026, 11, 1, 5, 0, tzinfo=UTC), datetime(2026, 11, 2, 6, 0, tzinfo=UTC)),
        ("Pacific/Auckland", 8, datetime(2026, 11, 21, 12, 0, tzinfo=UTC), datetime(2026, 11, 21, 19, 0, tzinfo=UTC)),
    ],
)
def test_a_digest_s_hour_is_right_across_the_clock_s_changes(
    zone: str, hour: int, after: datetime, expected: datetime
) -> None:
    assert next_digest(zone=zone, hour=hour, after=after) == expected


def test_two_months_later_it_is_forgotten(owner: Person, channel: Channel) -> None:
    fail(channel)
    incidents.prune(now=utcnow() + timedelta(days=59))
    assert Incident.objects.count() == 1
    incidents.prune(now=utcnow() + timedelta(days=61))
    assert Incident.objects.count() == 0
