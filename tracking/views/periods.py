"""Which days a page of results is about, as its address says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_date

from tracking.results.period import Period

LONGEST = 366  # days
CHOICES: Sequence[tuple[str, str]] = (("7", "7 days"), ("28", "28 days"), ("90", "90 days"), ("month", "This month"))
USUAL = "28"


@dataclass(frozen=True)
class Chosen:
    """A period and how it was asked for: a key of ``CHOICES``, or ``custom``. Its days are the organization's."""

    period: Period
    key: str
    today: date

    @property
    def choices(self) -> Sequence[tuple[str, str]]:
        """What else may be chosen."""
        return CHOICES

    @property
    def query(self) -> str:
        """The part of an address that asks for it again."""
        if self.key != "custom":
            return f"period={self.key}"
        return f"period=custom&first={self.period.first}&last={self.period.last}"


def chosen(given: Mapping[str, Any], *, now: Any) -> Chosen:
    """What ``period``, or ``first`` and ``last`` in ``given``, name; nonsense is the usual one. The active zone is the
    organization's, as behind the door.
    """
    today = timezone.localtime(now).date()
    key = str(given.get("period", ""))
    if key == "custom" or (not key and given.get("first")):
        first, last = _day(given.get("first")), _day(given.get("last")) or today
        if first is not None:
            last = min(max(first, last), today)
            first = min(first, last)
            return Chosen(Period(max(first, last - timedelta(days=LONGEST - 1)), last), "custom", today)
    if key == "month":
        return Chosen(Period(today.replace(day=1), today), key, today)
    key = key if key in dict(CHOICES) else USUAL
    return Chosen(Period(today - timedelta(days=int(key) - 1), today), key, today)


def _day(text: Any) -> date | None:
    """A day of an address; None for nonsense and for days that no figure can be of."""
    try:
        found = parse_date(str(text or ""))
    except ValueError:
        return None
    return found if found is not None and 2000 <= found.year <= 2200 else None
