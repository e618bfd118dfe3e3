"""Queue slots: the week of a channel, the next free time of it whatever clocks do, and never the same for two people."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction

from chat33.lib.clock import utcnow
from chat33.orgs.models import Organization
from integrations.models import Channel
from posts.models import Post, PostStatus, Slot
from posts.schedule import weekly
from posts.slots import (
    NoSlots,
    UnableToSet,
    add_slots,
    copy_slots,
    next_free_slots,
    remove_slot,
    set_slots,
    slots_of,
    take_free_slot,
)
from tests.crowd import together
from tests.factories import make_channel, make_organization, make_post

NEW_YORK = ZoneInfo("America/New_York")
SUNDAY = 6


def local(moments: list[datetime], where: ZoneInfo) -> list[str]:
    return [f"{at.astimezone(where):%m-%d %H:%M %z}" for at in moments]


def test_a_weekly_plan_keeps_its_wall_clock_time_when_the_clocks_change() -> None:
    found = list(weekly([(SUNDAY, 9 * 60)], NEW_YORK, first=date(2026, 3, 1), days=15))

    assert local(found, NEW_YORK) == ["03-01 09:00 -0500", "03-08 09:00 -0400", "03-15 09:00 -0400"]


def test_a_time_that_the_clocks_skip_moves_forward_and_one_that_comes_twice_is_the_first() -> None:
    plan = [(SUNDAY, 90), (SUNDAY, 150)]

    gap = list(weekly(plan, NEW_YORK, first=date(2026, 3, 8), days=1))
    fold = list(weekly(plan, NEW_YORK, first=date(2026, 11, 1), days=1))

    assert local(gap, NEW_YORK) == ["03-08 01:30 -0500", "03-08 03:30 -0400"]
    assert local(fold, NEW_YORK) == ["11-01 01:30 -0400", "11-01 02:30 -0500"]


def test_two_times_that_the_clocks_push_together_are_one() -> None:
    found = list(weekly([(SUNDAY, 150), (SUNDAY, 210)], NEW_YORK, first=date(2026, 3, 8), days=1))

    assert local(found, NEW_YORK) == ["03-08 03:30 -0400"]


def test_a_zone_of_half_hours() -> None:
    found = list(weekly([(0, 9 * 60)], ZoneInfo("Asia/Kolkata"), first=date(2026, 4, 13), days=1))

    assert found == [datetime(2026, 4, 13, 3, 30, tzinfo=UTC)]


@pytest.fixture
def kolkata(db: None) -> Organization:
    return make_organization(timezone="Asia/Kolkata")


@pytest.fixture
def monday(kolkata: Organization) -> Channel:
    """Publishes on Mondays at nine and at five, in Kolkata."""
    channel = make_channel(kolkata)
    set_slots(channel=channel, times=[(0, 540), (0, 1020)])
    return channel


NOW = datetime(2026, 4, 13, 3, 0, tzinfo=UTC)  # a Monday, 8:30 in Kolkata
NINE, FIVE = datetime(2026, 4, 13, 3, 30, tzinfo=UTC), datetime(2026, 4, 13, 11, 30, tzinfo=UTC)


def take(channel: Channel, *, now: datetime = NOW, after: datetime | None = None) -> datetime:
    with transaction.atomic():
        return take_free_slot(channel=channel, now=now, after=after)


def test_the_next_free_slot_passes_over_what_is_taken(monday: Channel) -> None:
    assert take(monday) == NINE

    make_post(monday, status=PostStatus.QUEUED, scheduled_at=NINE + timedelta(seconds=20))
    assert take(monday) == FIVE

    make_post(monday, status=PostStatus.DRAFT, scheduled_at=FIVE)
    assert take(monday) == NINE + timedelta(days=7)


@pytest.mark.parametrize("status", [PostStatus.CANCELLED, PostStatus.FAILED])
def test_what_will_not_go_out_takes_no_slot(monday: Channel, status: PostStatus) -> None:
    make_post(monday, status=status, scheduled_at=NINE)

    assert take(monday) == NINE


def test_another_channel_s_post_takes_no_slot_of_this_one(monday: Channel) -> None:
    make_post(make_channel(monday.organization), status=PostStatus.QUEUED, scheduled_at=NINE)

    assert take(monday) == NINE


def test_a_slot_is_after_now_and_after_what_was_asked(monday: Channel) -> None:
    assert take(monday, now=NINE) == FIVE
    assert take(monday, after=FIVE) == NINE + timedelta(days=7)
    assert take(monday, after=NOW - timedelta(days=400)) == NINE


def test_a_queue_that_is_full_for_months_goes_on_after_them(monday: Channel) -> None:
    weeks = [at + timedelta(days=7 * week) for week in range(20) for at in (NINE, FIVE)]
    Post.objects.bulk_create(
        Post(organization=monday.organization, channel=monday, status="QUEUED", scheduled_at=at, created_by="nobody")
        for at in weeks
    )

    assert take(monday) == NINE + timedelta(days=140)


def test_a_channel_without_slots_says_what_to_do(kolkata: Organization) -> None:
    channel = make_channel(kolkata)

    with pytest.raises(NoSlots, match="Add some"):
        take(channel)
    assert next_free_slots(channels=[channel], now=NOW) == {channel.pk: None}


def test_many_channels_are_looked_up_with_as_many_queries_as_one(
    kolkata: Organization, monday: Channel, django_assert_num_queries: object
) -> None:
    channels = [monday, *(make_channel(kolkata) for _ in range(5))]
    copy_slots(source=monday, targets=channels)
    channels = list(Channel.objects.filter(organization=kolkata).select_related("organization"))

    with django_assert_num_queries(2):  # type: ignore[operator]  # pytest-django's fixture has no public type
        found = next_free_slots(channels=channels, now=NOW)

    assert set(found.values()) == {NINE}


def test_times_are_added_to_days_and_taken_away_and_copied(monday: Channel) -> None:
    add_slots(channel=monday, weekdays=[0, 2], minute=600)
    assert slots_of(monday) == [(0, 540), (0, 600), (0, 1020), (2, 600)]

    remove_slot(channel=monday, weekday=0, minute=1020)
    remove_slot(channel=monday, weekday=5, minute=1)
    other = make_channel(monday.organization)
    add_slots(channel=other, weekdays=[6], minute=0)

    assert copy_slots(source=monday, targets=[other, monday]) == 1
    assert slots_of(other) == slots_of(monday) == [(0, 540), (0, 600), (2, 600)]


def test_a_week_has_its_bounds(monday: Channel) -> None:
    with pytest.raises(UnableToSet, match="200"):
        set_slots(channel=monday, times=[(0, minute) for minute in range(201)])
    with pytest.raises(UnableToSet, match="weekday"):
        set_slots(channel=monday, times=[(7, 0)])
    assert Slot.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_people_who_queue_at_the_same_moment_never_get_the_same_slot(owner: object, channel: Channel) -> None:
    set_slots(channel=channel, times=[(weekday, 600) for weekday in range(7)])

    def queue() -> datetime:
        with transaction.atomic():
            at = take_free_slot(channel=channel, now=utcnow())
            make_post(channel, status=PostStatus.QUEUED, scheduled_at=at)
            return at

    taken = together([queue] * 8)

    assert len(set(taken)) == 8
