"""When a post goes out: ISO 8601 text and a zone in, a moment out; and how wall clocks move. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from integrations.providers.rules import Issue

HORIZON = timedelta(days=3 * 366)


class NotATime(ValueError):
    """The text is no moment that can be scheduled; the message says why."""


@dataclass(frozen=True)
class Moment:
    """A moment in UTC, and what a person should know about how their wall clock led there."""

    at: datetime
    note: str = ""  # "gap" or "fold" when the naive time did not exist or existed twice


def zone(name: str) -> ZoneInfo:
    """An IANA zone. Raises ``NotATime``."""
    try:
        if not name or name.startswith((".", "/")):
            raise ValueError(name)
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise NotATime(f"{name[:64]!r} is not an IANA time zone such as America/New_York.") from None


def on_clock(naive: datetime, where: ZoneInfo) -> Moment:
    """The moment that a wall clock there shows the time; see ``moment`` for gaps and folds."""
    given, note = _in_zone(naive, where)
    return Moment(given.astimezone(UTC), note)


def clock(at: datetime, where: ZoneInfo) -> datetime:
    """What a wall clock there shows at the moment; naive."""
    return at.astimezone(where).replace(tzinfo=None)


def midnight(day: date, where: ZoneInfo) -> datetime:
    """When the day begins there, in UTC. Where clocks skip midnight it begins after the gap."""
    return on_clock(datetime.combine(day, time.min), where).at


def weekly(times: Iterable[tuple[int, int]], where: ZoneInfo, *, first: date, days: int) -> Iterator[datetime]:
    """The moments of a weekly plan of (weekday from Monday 0, minute of the day) on that many days from the first, in
    order, each once: two times that a gap in the clocks pushes together are one.
    """
    plan = sorted(set(times))
    moments = set()
    for number in range(days):
        day = first + timedelta(days=number)
        for weekday, minute in plan:
            if weekday == day.weekday():
                moments.add(on_clock(datetime.combine(day, time(minute // 60, minute % 60)), where).at)
    yield from sorted(moments)


def moment(text: str, zone_name: str, *, now: datetime) -> Moment:
    """The moment that ``text`` names. An offset in it wins; a naive time is read in the zone.

    A naive time that a daylight-saving change skips moves forward by the gap (02:30 becomes 03:30); one that happens twice
    is the first of the two. Raises ``NotATime``.
    """
    try:
        given = datetime.fromisoformat(text.strip())
    except ValueError:
        raise NotATime("Use an ISO 8601 date and time, such as 2026-04-15T14:00:00Z.") from None
    note = ""
    if given.tzinfo is None:
        given, note = _in_zone(given, zone(zone_name))
    try:
        at = given.astimezone(UTC)
    except (OverflowError, ValueError):
        raise NotATime("The time is out of range.") from None
    if at > now + HORIZON:
        raise NotATime("The time is more than three years away.")
    return Moment(at, note)


def schedule_warnings(found: Moment | None, timezone: str) -> tuple[Issue, ...]:
    """What a daylight-saving change did to the time, in words."""
    said = {
        "gap": f"Clocks skip this time in {timezone}; the post goes out after the gap, at {{at}} UTC.",
        "fold": f"This time happens twice in {timezone}; the post goes out the first time, at {{at}} UTC.",
    }
    if found is None or not found.note:
        return ()
    message = said[found.note].format(at=f"{found.at:%Y-%m-%d %H:%M}")
    return (Issue(code=f"DST_{found.note.upper()}", path="scheduledAt", message=message, severity="warning"),)


def _in_zone(naive: datetime, where: ZoneInfo) -> tuple[datetime, str]:
    first, second = naive.replace(tzinfo=where, fold=0), naive.replace(tzinfo=where, fold=1)
    before, after = first.utcoffset(), second.utcoffset()
    if before == after:
        return first, ""
    # In a gap the first reading uses the offset before the change, which lands after it: moved forward (PEP 495).
    return first, "gap" if before is not None and after is not None and before < after else "fold"
