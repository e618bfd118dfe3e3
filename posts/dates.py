"""The calendar's pages as dates: which days a month, a week or a day shows, and where one turns to from there. Pure."""

from calendar import Calendar
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

View = Literal["month", "week", "day", "list"]
VIEWS: tuple[View, ...] = ("month", "week", "day", "list")
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 12, 31)


@dataclass(frozen=True)
class Page:
    """The days of one page of the calendar, the page before and the page after."""

    view: View
    day: date  # what it was asked for
    days: tuple[date, ...]
    previous: date
    next: date

    @property
    def title(self) -> str:
        """April 2026; the first and last day of a week; Wednesday 15 April 2026."""
        if self.view == "month":
            return f"{self.day:%B %Y}"
        if self.view == "day":
            return f"{self.day:%A} {self.day.day} {self.day:%B %Y}"
        first, last = self.days[0], self.days[-1]
        beginning = str(first.day)
        if first.month != last.month:
            beginning = f"{first.day} {first:%B}" + (f" {first.year}" if first.year != last.year else "")
        return f"{beginning} \N{EN DASH} {last.day} {last:%B %Y}"

    def is_of(self, day: date) -> bool:
        """Whether the day belongs to the page, or fills up its first or last week."""
        return self.view != "month" or day.month == self.day.month


def day_named(text: str, *, today: date) -> date:
    """The date in ISO 8601, today when there is none, kept to this century."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return today
    return min(max(found, EARLIEST), LATEST)


def page(view: View, day: date) -> Page:
    """The page that shows the day. Weeks begin on Monday."""
    if view == "month":
        days = tuple(Calendar(firstweekday=0).itermonthdates(day.year, day.month))
        first = day.replace(day=1)
        return Page(
            view, day, days, (first - timedelta(days=1)).replace(day=1), (first + timedelta(days=31)).replace(day=1)
        )
    if view == "week":
        monday = day - timedelta(days=day.weekday())
        days = tuple(monday + timedelta(days=number) for number in range(7))
        return Page(view, day, days, day - timedelta(days=7), day + timedelta(days=7))
    return Page(view, day, (day,), day - timedelta(days=1), day + timedelta(days=1))
