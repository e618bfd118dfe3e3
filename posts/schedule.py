"""When a post goes out: ISO 8601 text and a zone in, a moment out. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

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


def _in_zone(naive: datetime, where: ZoneInfo) -> tuple[datetime, str]:
    first, second = naive.replace(tzinfo=where, fold=0), naive.replace(tzinfo=where, fold=1)
    before, after = first.utcoffset(), second.utcoffset()
    if before == after:
        return first, ""
    # In a gap the first reading uses the offset before the change, which lands after it: moved forward (PEP 495).
    return first, "gap" if before is not None and after is not None and before < after else "fold"
