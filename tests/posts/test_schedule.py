"""When a post goes out: what the time in a request means, wherever its writer's clock hangs."""

import contextlib
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from hypothesis import given
from hypothesis import settings as runs
from hypothesis import strategies as some
from pytest_django.fixtures import Settings

from chat33.lib.clock import utcnow
from integrations.models import Channel
from posts import queue
from posts.models import Post
from posts.schedule import NotATime, moment
from tests.people import Person

NOW = "2026-02-01T12:00:00Z"


def create(person: Person, channel: Channel, **when: Any) -> Any:
    body = {"accountIds": [channel.public_id], "text": "On time", **when}
    return person.api().send("POST", "posts", body)


@pytest.mark.parametrize(
    ("when", "at"),
    [
        ({"scheduledAt": "2026-04-15T14:00:00Z"}, "2026-04-15T14:00:00.000Z"),
        ({"scheduledAt": "2026-04-15T14:00:00+02:00"}, "2026-04-15T12:00:00.000Z"),
        ({"scheduledAt": "2026-04-15T14:00:00+02:00", "timezone": "Asia/Tokyo"}, "2026-04-15T12:00:00.000Z"),
        ({"scheduledAt": "2026-04-15T14:00:00"}, "2026-04-15T14:00:00.000Z"),
        ({"scheduledAt": "2026-04-15T14:00"}, "2026-04-15T14:00:00.000Z"),
        ({"scheduledAt": "2026-04-15T14:00:00.123456"}, "2026-04-15T14:00:00.123Z"),
        ({"scheduledAt": "2026-04-15T14:00:00", "timezone": "America/New_York"}, "2026-04-15T18:00:00.000Z"),
        ({"scheduledAt": "2026-12-15T14:00:00", "timezone": "America/New_York"}, "2026-12-15T19:00:00.000Z"),
        ({"scheduledAt": "2026-04-15T14:00:00", "timezone": "Asia/Kolkata"}, "2026-04-15T08:30:00.000Z"),
        ({"scheduledAt": "2026-04-15", "timezone": "UTC"}, "2026-04-15T00:00:00.000Z"),
    ],
)
def test_an_offset_wins_and_a_naive_time_is_read_in_the_zone(
    owner: Person, channel: Channel, when: dict[str, str], at: str
) -> None:
    with time_machine.travel(NOW):
        reply = create(owner, channel, **when)

    assert (reply.status_code, reply.json()["posts"][0]["scheduledAt"]) == (201, at)
    post = Post.objects.get()
    assert post.due_at == post.scheduled_at


@pytest.mark.parametrize(
    ("naive", "zone", "code", "at"),
    [
        ("2026-03-08T02:30:00", "America/New_York", "DST_GAP", "2026-03-08T07:30:00.000Z"),  # 03:30 EDT
        ("2026-11-01T01:30:00", "America/New_York", "DST_FOLD", "2026-11-01T05:30:00.000Z"),  # the first, EDT
        ("2026-03-29T02:30:00", "Europe/Berlin", "DST_GAP", "2026-03-29T01:30:00.000Z"),
        ("2026-10-25T02:30:00", "Europe/Berlin", "DST_FOLD", "2026-10-25T00:30:00.000Z"),
        ("2026-10-04T02:15:00", "Australia/Lord_Howe", "DST_GAP", "2026-10-03T15:45:00.000Z"),  # half an hour
        ("2026-04-05T01:45:00", "Australia/Lord_Howe", "DST_FOLD", "2026-04-04T14:45:00.000Z"),
        ("2026-03-08T01:59:59", "America/New_York", None, "2026-03-08T06:59:59.000Z"),
        ("2026-03-08T03:00:00", "America/New_York", None, "2026-03-08T07:00:00.000Z"),
        ("2026-11-01T02:00:00", "America/New_York", None, "2026-11-01T07:00:00.000Z"),
    ],
)
def test_a_time_that_clocks_skip_moves_forward_and_one_that_comes_twice_is_the_first(
    owner: Person, channel: Channel, naive: str, zone: str, code: str | None, at: str
) -> None:
    with time_machine.travel(NOW):
        body = {"accountIds": [channel.public_id], "text": "On time", "scheduledAt": naive, "timezone": zone}
        made = owner.api().send("POST", "posts", body).json()
        (verdict,) = owner.api().send("POST", "posts/validate", {**body, "text": "Other"}).json()["results"]

    assert made["posts"][0]["scheduledAt"] == at
    assert verdict["ok"]
    told = [warning for warning in verdict["warnings"] if warning["code"].startswith("DST")]
    assert [warning["code"] for warning in told] == ([code] if code else [])
    assert all(zone in warning["message"] and warning["path"] == "scheduledAt" for warning in told)


@pytest.mark.parametrize("late", [timedelta(seconds=1), timedelta(hours=23, minutes=59)])
def test_a_time_just_past_is_now(owner: Person, channel: Channel, late: timedelta) -> None:
    at = utcnow() - late

    reply = create(owner, channel, scheduledAt=at.isoformat())

    assert reply.status_code == 201
    assert Post.objects.get().scheduled_at == at
    (claim,) = queue.claim_due_posts(limit=1)
    assert utcnow() - claim.was_due < timedelta(minutes=1)  # asked for now, so not late


def test_a_time_long_past_is_refused(owner: Person, channel: Channel, settings: Settings) -> None:
    for limit, late in ((24, 25), (1, 2)):
        settings.LATE_LIMIT = timedelta(hours=limit)
        reply = create(owner, channel, scheduledAt=(utcnow() - timedelta(hours=late)).isoformat())
        assert (reply.status_code, reply.json()["details"][0]["path"]) == (400, "scheduledAt")
    assert not Post.objects.exists()


@pytest.mark.parametrize("when", [{}, {"scheduledAt": None}, {"scheduledAt": None, "timezone": "Asia/Tokyo"}])
def test_without_a_time_it_is_now(owner: Person, channel: Channel, when: dict[str, Any]) -> None:
    assert create(owner, channel, **when).json()["posts"][0]["scheduledAt"] is None
    assert len(queue.claim_due_posts(limit=1)) == 1


@pytest.mark.parametrize(
    "text",
    ["", "tomorrow", "2026-13-01T00:00", "2026-02-30T00:00", "14:00", "2026-04-15T25:00", "1776261600", "9999-12-31T23:59Z",
     "0001-01-01T00:00+14:00", "2026-04-15T14:00:00+99:00", "2031-01-01T00:00Z", "2026-04-15T14:00:00Z; DROP", 1776261600,
     True, {}, ["2026-04-15"], "２０２６-04-15", "x" * 10_000],
)  # fmt: skip
def test_what_is_no_time_is_refused(owner: Person, channel: Channel, text: Any) -> None:
    with time_machine.travel(NOW):
        reply = create(owner, channel, scheduledAt=text)

    assert (reply.status_code, reply.json()["details"][0]["path"]) == (400, "scheduledAt")
    assert not Post.objects.exists()


@pytest.mark.parametrize(
    "zone",
    [
        "",
        "Mars/Phobos",
        "../../etc/passwd",
        "/etc/localtime",
        "America",
        "EST5EDT4",
        "+02:00",
        None,
        1,
        "x" * 99,
    ],
)
def test_what_is_no_zone_is_refused(owner: Person, channel: Channel, zone: Any) -> None:
    reply = create(owner, channel, timezone=zone)

    assert (reply.status_code, reply.json()["details"][0]["path"]) == (400, "timezone")


def test_a_worker_finds_it_when_its_time_has_come_and_not_before(owner: Person, channel: Channel) -> None:
    create(owner, channel, scheduledAt=(utcnow() + timedelta(hours=1)).isoformat())

    assert queue.claim_due_posts(limit=1) == []
    Post.objects.update(due_at=utcnow())  # an hour later
    assert len(queue.claim_due_posts(limit=1)) == 1


@runs(max_examples=60, deadline=None)
@given(
    text=some.text(max_size=40) | some.datetimes().map(str),
    zone=some.sampled_from(["UTC", "Asia/Gaza", "", "\0", "a/b"]),
)
def test_whatever_is_written_is_a_moment_or_refused(text: str, zone: str) -> None:
    with contextlib.suppress(NotATime):
        assert moment(text, zone, now=datetime(2026, 2, 1, tzinfo=UTC)).at.utcoffset() == timedelta()


ZONES = ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca", "UTC"]


@runs(max_examples=100, deadline=None)
@given(
    minutes=some.integers(0, 2 * 365 * 24 * 60),
    zone=some.sampled_from(ZONES),
)
def test_a_wall_clock_reads_what_was_asked_for_unless_it_is_skipped(minutes: int, zone: str) -> None:
    start = datetime(2026, 1, 2, tzinfo=UTC)
    naive = (start + timedelta(minutes=minutes)).replace(tzinfo=None)

    found = moment(naive.isoformat(), zone, now=start)

    wall = found.at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    assert wall > naive if found.note == "gap" else wall == naive
