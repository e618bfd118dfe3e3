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
