"""The days that figures are of."""

from datetime import date, timedelta
from typing import NamedTuple


class Period(NamedTuple):
    """Days, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many."""
        return (self.last - self.first).days + 1

    def before(self) -> "Period":
        """As many days just before."""
        return Period(self.first - timedelta(days=self.days), self.first - timedelta(days=1))

    def latest(self) -> "Period":
        """Its last day alone."""
        return Period(self.last, self.last)

    def earlier(self) -> "Period | None":
        """All its days but the last; None where it has one day."""
        return Period(self.first, self.last - timedelta(days=1)) if self.last > self.first else None

    def pieces(self) -> list["Period"]:
        """Its weeks from Monday to Sunday, and each of its days before and after these: what it shares with the period that
        begins and ends a day later.
        """
        found, first = [], self.first
        while first <= self.last:
            sunday = first + timedelta(days=6)
            end = sunday if first.weekday() == 0 and sunday <= self.last else first
            found.append(Period(first, end))
            first = end + timedelta(days=1)
        return found
