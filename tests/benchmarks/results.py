"""What came back, at ten million events: are the figures as quick as at a hundred thousand?

Two organizations in one database, alike but for the number of their events, which PostgreSQL makes. Their rollups and
credits are summed up from the rows, so that they agree. Naive: the same figure counted from the events by GROUP BY.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal
from functools import partial

from django.db import connection
from django.urls import Resolver404, resolve

from chat33.lib.clock import utcnow
from chat33.orgs.models import Organization, Role
from chat33.runtime.layout import Layout
from tests.benchmarks import events
from tests.benchmarks.figures import Report, median, milliseconds, percentile
from tests.factories import make_member, make_organization
from tests.people import Client, Person
from tracking.models import Axis, Digest, Event, Model, Rollup
from tracking.results import figures
from tracking.results.period import Period
from tracking.results.visitors import visitors

FEW, MANY = 100_000, 10_000_000
P95, FLAT = 150, 1.5  # ms; times that among few
REPEAT = 25
DAYS = (28, 90)
PAGES = {
    "overview": "/tracking/",
    "funnel": "/tracking/funnel/",
    "revenue by campaign": "/tracking/revenue/?by=campaign&model=last",
    "revenue by link": "/tracking/revenue/?by=link&model=linear",
    "live": "/tracking/live/",
    "events": "/tracking/events/",
    "purchases of a campaign": "/tracking/events/?name=purchase&campaign=campaign-7",
}
FIRST = ("overview", "revenue by link")  # looked at with less kept as well
Ask = Callable[[], object]


def measure(layout: Layout) -> Report:
    """Needs PostgreSQL alone."""
    report = Report(f"What came back: {FEW:,} events and {MANY:,}")
    began = time.monotonic()
    people = {size: _person(size) for size in (FEW, MANY)}
    events.fill({person.organization: size for size, person in people.items()}, days=DAYS[-1])
    report.add("making them took", time.monotonic() - began, "s")
    report.add("the database has", events.gigabytes(), "GB")
    last = utcnow().date()
    for name, ask in _selectors(last).items():
        few, many = (_took(partial(ask, person.organization)) for person in people.values())
        _tell(report, name, few, many)
    for name, path in PAGES.items():
        if _is_there(path):
            few, many = (_took(partial(_page, person.browser(), path)) for person in people.values())
            _tell(report, f"page: {name}", few, many)
    for name in FIRST:
        few, many = (_took(partial(_first_today, person.browser(), PAGES[name])) for person in people.values())
        _tell(report, f"page: {name}, first look of a day", few, many)
        few, many = (_took(partial(_first_ever, person.browser(), PAGES[name])) for person in people.values())
        report.add(f"page: {name}, with nothing kept, p95", percentile(many, 0.95), "ms")
        report.add("  the middle one", median(many), "ms", (f"among {FEW:,}", median(few)))
    _naive(report, people[MANY].organization, Period(last - timedelta(days=DAYS[0] - 1), last))
    _agree(report, people[MANY].organization)
    return report


def _person(size: int) -> Person:
    organization = make_organization(name=f"Company of {size:,} events")
    return Person(make_member(organization, Role.OWNER), organization, "")


def _selectors(last: date) -> dict[str, Callable[[Organization], object]]:
    """The figures that pages read."""
    found: dict[str, Callable[[Organization], object]] = {}
    for days in DAYS:
        period = Period(last - timedelta(days=days - 1), last)
        found[f"headline, {days} days"] = partial(figures.headline, period=period)
        found[f"purchases by day, {days} days"] = partial(figures.daily, period=period, name="purchase")
        found[f"funnel, {days} days"] = partial(figures.funnel, period=period)
    month = Period(last - timedelta(days=DAYS[0] - 1), last)
    for axis in (Axis.CAMPAIGN, Axis.FLOW, Axis.POST, Axis.LINK, Axis.CHANNEL, Axis.INFLUENCER):
        named = f"revenue by {axis.label.lower()}, {DAYS[0]} days"
        found[named] = partial(figures.by_axis, period=month, axis=axis, model=Model.LINEAR, currency="EUR")
    found["ledger"] = partial(figures.ledger, period=month)
    return found


def _took(work: Ask) -> list[float]:
    return milliseconds(work, repeat=REPEAT)


def _tell(report: Report, name: str, few: list[float], many: list[float]) -> None:
    slow = percentile(many, 0.95)
    report.goal(f"{name}, p95", slow, "ms", goal=f"{P95} ms or less", met=slow <= P95)
    here, there = median(many), median(few)
    report.goal(
        "  the middle one", here, "ms", (f"among {FEW:,}", there), goal=f"{FLAT} × or less", met=here <= FLAT * there
    )


def _is_there(path: str) -> bool:
    with suppress(Resolver404):
        resolve(path.partition("?")[0])
        return True
    return False


def _page(browser: Client, path: str) -> None:
    reply = browser.get(path)
    if reply.status_code != 200:
        raise RuntimeError(f"{path} answered {reply.status_code}")


def _first_today(browser: Client, path: str) -> None:
    """Nobody has looked at what ended yesterday, nor at the days before it that it is compared with."""
    yesterday = utcnow().date() - timedelta(days=1)
    Digest.objects.filter(last__in=(yesterday, yesterday - timedelta(days=DAYS[0]))).delete()
    _page(browser, path)


def _first_ever(browser: Client, path: str) -> None:
    Digest.objects.all().delete()
    _page(browser, path)


def _naive(report: Report, organization: Organization, period: Period) -> None:
    """The same figures counted from the events."""
    start, end = figures.moments(organization, period)
    of = (organization.pk, start, end)
    asked: dict[str, tuple[str, Ask]] = {
        "events by name": (
            "SELECT name, by, currency, count(*), sum(value) FROM tracking_event WHERE organization_id = %s "
            "AND received_at >= %s AND received_at < %s GROUP BY name, by, currency",
            lambda: figures.headline(organization, period),
        ),
        "visitors": (
            "SELECT count(DISTINCT visitor) FROM tracking_event WHERE organization_id = %s AND received_at >= %s "
            "AND received_at < %s",
            lambda: visitors(organization, period),
        ),
        "money by campaign": (
            "SELECT campaign, currency, count(*), sum(value) FROM tracking_event WHERE organization_id = %s "
            "AND received_at >= %s AND received_at < %s AND value IS NOT NULL GROUP BY campaign, currency",
            lambda: figures.by_axis(organization, period, axis=Axis.CAMPAIGN, model=Model.LAST),
        ),
    }
    for name, (query, ask) in asked.items():
        ours = median(_took(ask))
        began = time.perf_counter()
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
            cursor.execute(query, of)
            cursor.fetchall()
            cursor.execute("RESET statement_timeout")
        taken = (time.perf_counter() - began) * 1000
        report.add(f"{name}, {period.days} days", ours, "ms", ("GROUP BY over the events", taken))


def _agree(report: Report, organization: Organization) -> None:
    """What was measured is right: rollups hold every event, and credits all the money."""
    rolled = sum(Rollup.objects.filter(organization=organization, axis=Axis.TOTAL).values_list("events", flat=True))
    stored = Event.objects.filter(organization=organization).count()
    report.goal("events that no rollup has", stored - rolled, "", goal="0", met=stored == rolled, promise=True)
    last = utcnow().date()
    period = Period(last - timedelta(days=DAYS[-1] + 1), last)
    earned = {one.currency: one.total for one in figures.headline(organization, period).revenue}
    for model in Model:
        credited = [
            row.total
            for currency in earned
            for row in figures.by_axis(organization, period, axis=Axis.LINK, model=model, currency=currency)
        ]
        lost = sum(earned.values(), Decimal(0)) - sum(credited, Decimal(0))
        report.goal(f"money that {model} gives nobody", float(lost), "", goal="0", met=lost == 0, promise=True)
