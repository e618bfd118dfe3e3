"""The calendar of posts: a month, a week, a day, or a list, narrowed by filters; all of it in the address."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from chat33.lib.clock import utcnow
from chat33.orgs.roles import Permission
from chat33.pages.door import PageRequest, door
from integrations.selectors import channels_for
from posts.agenda import CAPS, Day, Listed, Which, agenda, listed
from posts.cards import MARKS, Card
from posts.dates import VIEWS, Page, View, day_named, page
from posts.models import PostStatus
from posts.moving import MAX_SELECTED, Outcome
from posts.schedule import clock
from posts.selectors import SEARCHED, Filters

LISTS: Mapping[Which, str] = {"upcoming": "Upcoming", "past": "Past", "unplanned": "No time"}
STATES = {status: MARKS[status].word for status in PostStatus.values}


@dataclass(frozen=True)
class Asked:
    """What an address asks for."""

    view: View
    day: date
    which: Which
    filters: Filters
    after: str

    def query(self, **changed: str) -> str:
        """The address' parameters with some changed, those that say nothing left out."""
        given = {
            "view": self.view, "date": self.day.isoformat(), "list": self.which if self.view == "list" else "",
            "account": self.filters.channel, "status": self.filters.status, "q": self.filters.text, **changed,
        }  # fmt: skip
        return urlencode({name: value for name, value in given.items() if value})


@dataclass(frozen=True)
class Cell:
    """An hour of a day, or the whole day, where a post can be put."""

    day: date
    hour: int | None
    cards: tuple[Card, ...]


@dataclass(frozen=True)
class Column:
    """A day of the calendar as the page shows it."""

    day: Day
    cells: tuple[Cell, ...]
    is_today: bool
    is_past: bool
    is_of_page: bool
    link: str


@door(Permission.READ)
@require_safe
def posts(request: PageRequest) -> HttpResponse:
    """The page, or what htmx swaps of it."""
    template = "posts/_calendar.html" if request.htmx else "posts/posts.html"
    return render(request, template, shown(request, request.GET))


def shown(request: PageRequest, given: QueryDict, outcome: Outcome | None = None) -> dict[str, Any]:
    """What the calendar's templates show for an address' parameters, and what came of the last action."""
    here, now = request.here, utcnow()
    today = clock(now, here.zone).date()
    asked = read(given, today)
    about: dict[str, Any] = {"organization": here.organization, "filters": asked.filters, "now": now}
    turned = page(asked.view, asked.day)
    days: Sequence[Day] = ()
    found: Listed | None = None
    if asked.view == "list":
        found = listed(which=asked.which, after=asked.after, **about)
    else:
        days = agenda(days=turned.days, cap=CAPS[asked.view], **about)
    all_days = found.days if found else days
    root = reverse("posts")
    return {
        "asked": asked,
        "page": turned,
        "columns": [_column(day, asked, turned, today) for day in days],
        "found": found,
        "lists": [(word, label, asked.query(list=word)) for word, label in LISTS.items()],
        "hours": range(24) if asked.view in ("week", "day") else (),
        "views": [(view, view.capitalize(), asked.query(view=view)) for view in VIEWS],
        "previous": asked.query(date=turned.previous.isoformat()),
        "next": asked.query(date=turned.next.isoformat()),
        "today": asked.query(date=today.isoformat()),
        "is_now": today in turned.days,
        "more": f"{asked.query()}&{urlencode({'after': found.after})}" if found and found.after else "",
        "channels": channels_for(here.organization).only("public_id", "name", "platform"),
        "states": STATES,
        "legend": MARKS.values(),
        "is_busy": any(card.post.status == PostStatus.PUBLISHING for day in all_days for card in day.cards),
        "is_empty": not any(day.total for day in all_days),
        "root": root,
        "here_url": f"{root}?{asked.query()}",
        "back": asked.query(),
        "export": f"{reverse('export_posts')}?{asked.query(view='', date='', list='')}",
        "may_write": here.may(Permission.WRITE),
        "may_publish": here.may(Permission.PUBLISH),
        "outcome": outcome,
        "most": MAX_SELECTED,
        "zone": here.zone.key,
    }


def read(given: QueryDict, today: date) -> Asked:
    """The address' parameters; nonsense is what a page without any shows."""
    view: View = next((view for view in VIEWS if view == given.get("view")), "month")
    which: Which = next((which for which in LISTS if which == given.get("list")), "upcoming")
    return Asked(
        view, day_named(given.get("date", ""), today=today), which, filters_of(given), given.get("after", "")[:80]
    )


def filters_of(given: QueryDict) -> Filters:
    """The filters in the address."""
    status = given.get("status", "")
    return Filters(
        channel=given.get("account", "").replace("\x00", "")[:60],
        status=status if status in PostStatus.values else "",
        text=given.get("q", "").replace("\x00", "").strip()[:SEARCHED],
    )


def _column(day: Day, asked: Asked, turned: Page, today: date) -> Column:
    if asked.view == "month":
        cells = [Cell(day.date, None, day.cards)]
    else:
        cells = [
            Cell(day.date, hour, tuple(card for card in day.cards if card.local.hour == hour)) for hour in range(24)
        ]
    link = asked.query(view="day", date=day.date.isoformat())
    return Column(day, tuple(cells), day.date == today, day.date < today, turned.is_of(day.date), link)
