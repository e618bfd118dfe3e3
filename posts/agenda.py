"""The calendar and the list: which posts a page shows, bounded.

A day reads at most ``COUNTED`` entries of one index, however many posts there are.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any, Literal
from zoneinfo import ZoneInfo

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from chat33.orgs.models import Organization
from posts.cards import Card, cards_of
from posts.models import Post, PostStatus
from posts.schedule import midnight, zone
from posts.selectors import Filters, planned, posts_for, posts_matching

COUNTED = 100  # posts of a day that are counted; from there on it is "over 99"
CAPS: Mapping[str, int] = {"month": 4, "week": 25, "day": COUNTED}  # cards shown of a day
PAGE = 50
SEARCHED = 20_000  # posts, the newest, that the list looks through for a text
Which = Literal["upcoming", "past", "unplanned"]


@dataclass(frozen=True)
class Day:
    """A day's first cards, in the order of their time; ``total`` counts up to ``COUNTED``."""

    date: date
    cards: tuple[Card, ...]
    total: int

    @property
    def more(self) -> int:
        """How many are not shown."""
        return self.total - len(self.cards)

    @property
    def is_counted(self) -> bool:
        """Whether the total is exact."""
        return self.total < COUNTED


@dataclass(frozen=True)
class Listed:
    """A page of the list by days, and what asks for the next one; "" at the end."""

    days: tuple[Day, ...]
    after: str


def agenda(*, organization: Organization, days: Sequence[date], filters: Filters, cap: int, now: datetime) -> list[Day]:
    """Each day's first ``cap`` posts, and how many there are. A fixed number of queries."""
    found: dict[int, list[int]] = {}
    for number, key in _keys_by_day(planned(posts_matching(organization, filters)), days, zone(organization.timezone)):
        found.setdefault(number, []).append(key)
    shown = [key for keys in found.values() for key in keys[:cap]]
    cards = cards_of(organization=organization, keys=shown, now=now)
    return [
        Day(day, tuple(_present(cards, found.get(number, [])[:cap])), len(found.get(number, ())))
        for number, day in enumerate(days)
    ]


def listed(*, organization: Organization, which: Which, filters: Filters, after: str, now: datetime) -> Listed:
    """A page of what is to come (soonest first), of what was (latest first), or of drafts without a time (newest first).
    A mark that nobody gave out is the beginning.
    """
    rows: Any = posts_matching(organization, filters).select_related(None)
    if filters.text:
        rows = rows.filter(pk__gte=_oldest_searched(organization))
    mark = _read(after)
    if which == "unplanned":
        rows = rows.filter(status=PostStatus.DRAFT, scheduled_at=None).order_by("-id")
        rows = rows.filter(pk__lt=mark[1]) if mark else rows
    elif which == "past":
        rows = planned(rows).filter(when__lt=now).order_by("-when", "-id")
        rows = rows.filter(when__lte=mark[0]).exclude(when=mark[0], pk__gte=mark[1]) if mark else rows
    else:
        rows = planned(rows).filter(when__gte=now).order_by("when", "id")
        rows = rows.filter(when__gte=mark[0]).exclude(when=mark[0], pk__lte=mark[1]) if mark else rows
    keys = list(rows.values_list("pk", flat=True)[: PAGE + 1])
    cards = list(_present(cards_of(organization=organization, keys=keys[:PAGE], now=now), keys[:PAGE]))
    days = [(day, tuple(group)) for day, group in groupby(cards, key=lambda card: card.local.date())]
    last = f"{cards[-1].at.isoformat()}~{cards[-1].post.pk}" if cards and len(keys) > PAGE else ""
    return Listed(tuple(Day(day, of_day, len(of_day)) for day, of_day in days), last)


def _keys_by_day(rows: Any, days: Sequence[date], where: ZoneInfo) -> list[tuple[int, int]]:
    """(number of the day, key) of each day's first posts, a stretch of the index for each day."""
    begins = [midnight(day, where) for day in days]
    ends = [midnight(day + timedelta(days=1), where) for day in days]
    of_day = rows.filter(when__gte=RawSQL("day.begins", []), when__lt=RawSQL("day.ends", []))
    of_day = of_day.select_related(None).order_by("when", "id").values("pk", "when")[:COUNTED]
    try:
        sql, params = of_day.query.sql_with_params()
    except EmptyResultSet:  # filters that nothing can pass
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT day.number - 1, found.pk
            FROM unnest(%s::timestamptz[], %s::timestamptz[]) WITH ORDINALITY AS day (begins, ends, number)
            CROSS JOIN LATERAL ({sql}) AS found (pk, at)
            ORDER BY day.number, found.at, found.pk
            """,  # noqa: S608  # the ORM's own, with its parameters
            [begins, ends, *params],
        )
        return list(cursor.fetchall())


def _present(cards: Mapping[int, Card], keys: Sequence[int]) -> Iterator[Card]:
    """The cards in that order; a post that was deleted since has none."""
    return (cards[key] for key in keys if key in cards)


def _oldest_searched(organization: Organization) -> int:
    """The key where a search for a text ends."""
    newest: QuerySet[Post, int] = posts_for(organization).select_related(None).values_list("pk", flat=True)
    return next(iter(newest[SEARCHED : SEARCHED + 1]), 0)


def _read(mark: str) -> tuple[datetime, int] | None:
    """Where a page begins, as the page before said."""
    moment, _, key = mark.partition("~")
    try:
        at = datetime.fromisoformat(moment)
        return (at, int(key[:18])) if at.tzinfo is not None else None
    except ValueError:
        return None
