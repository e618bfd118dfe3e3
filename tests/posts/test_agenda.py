"""What the calendar shows: the right posts on the right days of the workspace, bounded, and what clashes."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from chat33.orgs.models import Organization
from integrations.models import Channel
from posts.agenda import COUNTED, PAGE, Day, agenda, listed
from posts.dates import day_named, page
from posts.models import Post, PostStatus
from posts.selectors import Filters
from tests.factories import make_channel, make_organization, make_post

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
EVERYTHING = Filters()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.fixture
def organization(db: None) -> Organization:
    return make_organization(timezone="America/New_York")


@pytest.fixture
def account(organization: Organization) -> Channel:
    return make_channel(organization, "x", name="Demo Coffee")


def shown(organization: Organization, *days: date, filters: Filters = EVERYTHING, cap: int = 10) -> list[Day]:
    return agenda(organization=organization, days=days, filters=filters, cap=cap, now=NOW)


def scheduled(channel: Channel, when: str, **given: Any) -> Post:
    return make_post(channel, **{"status": PostStatus.QUEUED, "scheduled_at": at(when), **given})


def test_days_are_the_workspace_s_also_when_its_clocks_change(organization: Organization, account: Channel) -> None:
    for when in (
        "2026-03-08T04:59Z",  # 23:59 on the 7th
        "2026-03-08T05:00Z",  # midnight
        "2026-03-09T03:59Z",  # 23:59, an hour short
        "2026-03-09T04:00Z",
    ):
        scheduled(account, when, text=when)

    days = shown(organization, date(2026, 3, 7), date(2026, 3, 8), date(2026, 3, 9))

    assert [[f"{card.local:%d %H:%M}" for card in day.cards] for day in days] == [
        ["07 23:59"],
        ["08 00:00", "08 23:59"],
        ["09 00:00"],
    ]


def test_a_post_stands_where_it_went_out_else_where_it_is_planned(organization: Organization, account: Channel) -> None:
    held = scheduled(account, "2026-03-02T15:00Z", status="PUBLISHED", published_at=at("2026-03-03T15:00Z"))
    at_once = make_post(account, status="FAILED", created_at=at("2026-03-03T16:00Z"))
    make_post(account, created_at=at("2026-03-03T17:00Z"))  # a draft without a time has no place

    days = shown(organization, date(2026, 3, 2), date(2026, 3, 3))

    assert [[card.post for card in day.cards] for day in days] == [[], [held, at_once]]


def test_a_crowded_day_shows_some_and_says_how_many_more(organization: Organization, account: Channel) -> None:
    for minute in range(7):
        scheduled(account, f"2026-03-02T15:{minute:02}Z")

    (day,) = shown(organization, date(2026, 3, 2), cap=4)

    assert [f"{card.local:%H:%M}" for card in day.cards] == ["10:00", "10:01", "10:02", "10:03"]
    assert (day.total, day.more, day.is_counted) == (7, 3, True)


def test_nobody_sees_another_organization_s_posts(organization: Organization, account: Channel) -> None:
    scheduled(make_channel(make_organization()), "2026-03-02T15:00Z")

    assert shown(organization, date(2026, 3, 2))[0].total == 0
    assert listed(organization=organization, which="upcoming", filters=EVERYTHING, after="", now=NOW).days == ()


def test_filters_narrow_by_account_network_status_and_words(organization: Organization, account: Channel) -> None:
    other = make_channel(organization, "facebook")
    first = scheduled(account, "2026-03-02T15:00Z", text="Fresh beans today")
    second = scheduled(other, "2026-03-02T16:00Z", status="DRAFT", platform_config={"facebook": {"text": "BEANS!"}})

    def found(**filters: str) -> list[Post]:
        (day,) = shown(organization, date(2026, 3, 2), filters=Filters(**filters))
        return [card.post for card in day.cards]

    assert found(channel=account.public_id) == [first]
    assert found(platform="facebook") == [second]
    assert found(status="QUEUED") == [first]
    assert found(text="beans") == [first, second]
    assert found(text="100%") == found(channel="chan_of_nobody") == []


def clashes(post: Post, organization: Organization) -> str:
    (day,) = shown(organization, date(2026, 3, 2))
    return ", ".join(clash.word for card in day.cards if card.post == post for clash in card.clashes)


def test_clashes_are_told_where_they_are(organization: Organization, account: Channel, settings: Settings) -> None:
    settings.DAILY_LIMITS = {**settings.DAILY_LIMITS, "x": "3"}
    first = scheduled(account, "2026-03-02T15:00Z", text="Same words")
    same_minute = scheduled(account, "2026-03-02T15:00:30Z")
    same_text = scheduled(account, "2026-03-02T16:00Z", text="Same words")
    fourth = scheduled(account, "2026-03-02T17:00Z")
    elsewhere = scheduled(make_channel(organization), "2026-03-02T15:00Z", text="Same words")
    gone = scheduled(account, "2026-03-02T17:00Z", status="PUBLISHED", published_at=at("2026-03-02T17:00Z"))

    assert "Same minute" in clashes(first, organization)
    assert "Same text" in clashes(first, organization)
    assert "Same text" not in clashes(same_minute, organization)
    assert "Same minute" not in clashes(same_text, organization)
    assert "Full day" in clashes(fourth, organization)
    assert "Full day" not in clashes(same_text, organization)
    assert clashes(elsewhere, organization) == clashes(gone, organization) == ""


def test_the_list_is_read_in_pages_without_a_gap(organization: Organization, account: Channel) -> None:
    rows = [
        Post(organization=organization, channel=account, status="QUEUED", created_by="nobody",
             scheduled_at=NOW + timedelta(minutes=number // 3))
        for number in range(1, 2 * PAGE + 10)
    ]  # fmt: skip
    Post.objects.bulk_create(rows)
    for which, order in (("upcoming", 1), ("past", -1)):
        now = NOW if order == 1 else NOW + timedelta(days=1)
        seen: list[int] = []
        mark = ""
        for _ in range(3):
            part = listed(organization=organization, which=which, filters=EVERYTHING, after=mark, now=now)  # type: ignore[arg-type]  # both are words of Which
            seen += [card.post.pk for day in part.days for card in day.cards]
            mark = part.after
        assert (seen, mark) == ([row.pk for row in rows][::order], "")


def test_drafts_without_a_time_have_a_list(organization: Organization, account: Channel) -> None:
    drafts = [make_post(account) for _ in range(2)]
    scheduled(account, "2026-03-02T15:00Z")

    found = listed(organization=organization, which="unplanned", filters=EVERYTHING, after="", now=NOW)

    assert [card.post for day in found.days for card in day.cards] == drafts[::-1]


@pytest.mark.parametrize("mark", ["nonsense", "2026-01-01~1", "2026-01-01T00:00+00:00~x", "~", "9" * 50])
def test_a_mark_that_nobody_gave_out_is_the_beginning(organization: Organization, account: Channel, mark: str) -> None:
    scheduled(account, "2026-03-02T15:00Z")

    assert len(listed(organization=organization, which="upcoming", filters=EVERYTHING, after=mark, now=NOW).days) == 1


def test_a_hundred_thousand_posts_cost_what_ten_do(organization: Organization, account: Channel) -> None:
    month = page("month", date(2026, 3, 15)).days

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            shown(organization, *month, cap=4)
            listed(organization=organization, which="past", filters=EVERYTHING, after="", now=NOW + timedelta(days=3))
        return len(queries)

    scheduled(account, "2026-03-02T15:00Z")
    few = cost()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute(
            """
            INSERT INTO posts_post (public_id, organization_id, channel_id, status, text, media_urls, cover_image_url,
                platform_config, callback_url, scheduled_at, timezone, created_by, created_at, updated_at, request_id,
                error_code, retry_count, held_reason, fence, crashes, step, state, reads)
            SELECT 'post_' || n, %s, %s, 'QUEUED', 'Text ' || n, '[]', '', '{}', '',
                timestamptz '2025-01-01' + n * interval '10 minutes', 'UTC', 'nobody', now(), now(), '',
                '', 0, '', 0, 0, 'fetch', '{}', 0
            FROM generate_series(1, 100000) n
            """,
            [organization.pk, account.pk],
        )
        cursor.execute("ANALYZE posts_post")
    many = cost()

    with CaptureQueriesContext(connection) as queries:
        days = shown(organization, *month, cap=4)
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {queries.captured_queries[0]['sql']}")
        plan = cursor.fetchone()[0][0]["Plan"]
    assert many == few
    assert {day.total for day in days} == {COUNTED}
    assert read(plan) <= len(month) * COUNTED
    assert "Seq Scan" not in str(plan)


def read(plan: dict[str, Any]) -> int:
    """How many rows the plan's scans gave, and threw away."""
    below = sum(read(part) for part in plan.get("Plans", ()))
    mine = plan["Actual Rows"] * plan["Actual Loops"] + plan.get("Rows Removed by Filter", 0)
    return below + (int(mine) if "Index" in plan["Node Type"] else 0)


def test_a_month_begins_on_monday_and_turns_to_its_neighbours() -> None:
    found = page("month", date(2026, 1, 31))

    assert (found.days[0], found.days[-1]) == (date(2025, 12, 29), date(2026, 2, 1))
    assert (found.previous, found.next, found.title) == (date(2025, 12, 1), date(2026, 2, 1), "January 2026")
    assert not found.is_of(date(2026, 2, 1))


@pytest.mark.parametrize(
    ("day", "title"),
    [
        (date(2026, 4, 15), "13 – 19 April 2026"),
        (date(2026, 4, 30), "27 April – 3 May 2026"),
        (date(2026, 12, 31), "28 December 2026 – 3 January 2027"),
    ],
)
def test_a_week_is_named_by_its_ends(day: date, title: str) -> None:
    assert page("week", day).title == title


@time_machine.travel(NOW)
@pytest.mark.parametrize(
    ("text", "day"),
    [("2026-04-01", date(2026, 4, 1)), ("", NOW.date()), ("x", NOW.date()), ("9999-12-31", date(2100, 12, 31))],
)
def test_a_date_that_is_none_is_today(text: str, day: date) -> None:
    assert day_named(text, today=NOW.date()) == day
