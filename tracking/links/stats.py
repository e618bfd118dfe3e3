"""What came of a link: by day from rollups, and where its latest clicks came from."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit

from tracking.models import Axis, Event, Link, Rollup

PERIODS = (7, 30, 90, 365)  # days
MOST_DAYS = 366
LATEST = 2_000  # clicks that are looked at for where they came from
NAMED = 10  # hosts told
_COLUMNS = {
    ("click", "person"): "people",
    ("click.confirmed", "person"): "confirmed",
    ("click", "preview"): "previews",
    ("click", "prefetch"): "prefetches",
    ("click", "bot"): "bots",
    ("click.expired", "person"): "expired",
}


@dataclass(kw_only=True)
class Count:
    """Clicks of a day, or of all days. ``people`` include the ``confirmed``, whose arrival the pixel saw; ``expired`` came
    when the link had ended.
    """

    people: int = 0
    confirmed: int = 0
    previews: int = 0
    prefetches: int = 0
    bots: int = 0
    expired: int = 0


@dataclass(frozen=True)
class Stats:
    """A link's figures, each day of the period in order, in the organization's zone."""

    first: date
    last: date
    total: Count
    days: Sequence[tuple[date, Count]]


@dataclass(frozen=True)
class Sources:
    """Where the latest clicks came from: hosts, devices of people, and who drew previews, the most frequent first. ``of`` is
    how many clicks were looked at.
    """

    referrers: Sequence[tuple[str, int]]
    devices: Sequence[tuple[str, int]]
    previews: Sequence[tuple[str, int]]
    of: int


def stats_of(link: Link, *, last: date, days: int) -> Stats:
    """The link's figures of so many days up to ``last``."""
    first = last - timedelta(days=days - 1)
    found = {first + timedelta(days=number): Count() for number in range(days)}
    total = Count()
    rows = Rollup.objects.filter(
        organization=link.organization_id, axis=Axis.LINK, ref=str(link.pk), day__gte=first, day__lte=last
    ).values_list("name", "by", "day", "events")
    for name, by, day, events in rows:
        column = _COLUMNS.get((name, by))
        if column:
            for count in (found[day], total):
                setattr(count, column, getattr(count, column) + events)
    return Stats(first, last, total, tuple(found.items()))


def trends_of(links: Sequence[Link], *, last: date, days: int) -> Mapping[int, Sequence[int]]:
    """Clicks by people of each of one organization's links, day by day up to ``last``, all by one query."""
    first = last - timedelta(days=days - 1)
    found = {link.pk: [0] * days for link in links}
    rows = Rollup.objects.filter(
        organization__in={link.organization_id for link in links}, axis=Axis.LINK, ref__in=[str(pk) for pk in found],
        name="click", by="person", day__gte=first, day__lte=last,
    ).values_list("ref", "day", "events")  # fmt: skip
    for ref, day, events in rows:
        found[int(ref)][(day - first).days] += events
    return found


def sources_of(link: Link, *, since: datetime) -> Sources:
    """Where the link's latest clicks came from."""
    rows = Event.objects.filter(link=link.pk, organization=link.organization_id, received_at__gte=since, name="click")
    clicks = list(rows.order_by("-received_at", "-id").values_list("by", "referrer", "agent")[:LATEST])
    people = [(referrer, agent) for by, referrer, agent in clicks if by == "person"]
    return Sources(
        referrers=_most(urlsplit(referrer).hostname or "" for referrer, _ in people),
        devices=_most(agent for _, agent in people),
        previews=_most(agent for by, _, agent in clicks if by == "preview"),
        of=len(clicks),
    )


def _most(names: Iterable[str]) -> tuple[tuple[str, int], ...]:
    return tuple(Counter(names).most_common(NAMED))
