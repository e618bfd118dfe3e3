"""What came back, at a glance, and the way from a message to money."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from chat33.lib.clock import utcnow
from chat33.orgs.models import Organization
from chat33.orgs.roles import Permission
from chat33.pages.door import PageRequest, door
from tracking.models import Axis, Model
from tracking.results.comparing import Change, change
from tracking.results.figures import (
    Headline,
    LedgerLine,
    Revenue,
    Step,
    daily,
    funnel,
    headline,
    ledger,
)
from tracking.results.period import Period
from tracking.results.sources import Leader, has_events, leaders, links_by_number
from tracking.results.visitors import visitors_by_day
from tracking.views.lines import SOURCES
from tracking.views.periods import chosen

TOP = 5
FIGURES: Mapping[str, str] = {
    "visitors": "Visitors", "clicks": "Clicks", "signups": "Signups", "purchases": "Purchases",
}  # fmt: skip
EVENTS = {"clicks": "click", "signups": "signup", "purchases": "purchase"}
REVENUE = "revenue"
ZERO = Decimal(0)


@dataclass(frozen=True)
class Figure:
    """One number of the top row, beside the days before."""

    key: str
    title: str
    value: int
    change: Change
    exact: bool = True


@dataclass(frozen=True)
class Money:
    """Revenue of one currency, beside the days before."""

    revenue: Revenue
    change: Change


@dataclass(frozen=True)
class Drawn:
    """A day of the chart, with the day as many days before."""

    day: date
    value: int | Decimal
    before: int | Decimal
    exact: bool = True
    exact_before: bool = True


@dataclass(frozen=True)
class Rung:
    """A step of the funnel: its part of the fullest step, and what went on from the step before."""

    step: Step
    most: int
    before: Step | None

    @property
    def rate(self) -> float | None:
        """How many went on, as a part of the step before; None without one."""
        return self.step.count / self.before.count if self.before and self.before.count else None

    @property
    def lost(self) -> int:
        """How many did not."""
        return max(0, self.before.count - self.step.count) if self.before else 0


@door(Permission.READ)
@require_safe
def results(request: PageRequest) -> HttpResponse:
    """``/tracking/``."""
    organization = request.here.organization
    period = chosen(request.GET, now=utcnow())
    if not has_events(organization):
        return render(request, "tracking/overview.html", {"chosen": period, "empty": True})
    now, before = headline(organization, period.period), headline(organization, period.period.before())
    money = _money(now, before)
    currencies = [one.revenue.currency for one in money]
    currency = request.GET.get("currency", "")
    currency = currency if currency in currencies else (currencies[0] if currencies else "")
    shown = request.GET.get("chart", "")
    shown = shown if shown in FIGURES or (shown == REVENUE and currency) else "visitors"
    tops = [
        ("Campaigns", "campaign", _top(organization, period.period, Axis.CAMPAIGN, currency)),
        ("Links", "link", _top(organization, period.period, Axis.LINK, currency)),
        ("Posts", "post", _top(organization, period.period, Axis.POST, currency)),
    ]
    doors = ledger(organization, period.period)
    context = {
        "chosen": period,
        "figures": _figures(now, before),
        "money": money,
        "currency": currency,
        "shown": shown,
        "shown_title": FIGURES.get(shown, f"Revenue in {currency}"),
        "days": _drawn(organization, period.period, shown, currency),
        "tops": tops,
        "links": links_by_number(organization, [row.ref for _, kind, rows in tops if kind == "link" for row in rows]),
        "ledger": _sum(doors),
        "doors": [(SOURCES.get(line.source, line.source), line) for line in doors],
    }
    return render(request, "tracking/overview.html", context)


@door(Permission.READ)
@require_safe
def funnel_page(request: PageRequest) -> HttpResponse:
    """``/tracking/funnel/``."""
    organization = request.here.organization
    period = chosen(request.GET, now=utcnow())
    steps = funnel(organization, period.period)
    before = {step.name: step.count for step in funnel(organization, period.period.before())}
    rungs = [Rung(step, max(1, *(one.count for one in steps)), previous) for previous, step in _pairs(steps)]
    context = {
        "chosen": period,
        "empty": not any(step.count for step in steps),
        "rungs": [(rung, change(rung.step.count, before.get(rung.step.name, 0))) for rung in rungs],
    }
    return render(request, "tracking/funnel.html", context)


def _pairs(steps: Sequence[Step]) -> list[tuple[Step | None, Step]]:
    return list(zip([None, *steps[:-1]], steps, strict=True))


def _figures(now: Headline, before: Headline) -> list[Figure]:
    return [
        Figure(
            key,
            title,
            getattr(now, key),
            change(getattr(now, key), getattr(before, key)),
            exact=now.visitors_exact or key != "visitors",
        )
        for key, title in FIGURES.items()
    ]


def _money(now: Headline, before: Headline) -> list[Money]:
    earlier = {one.currency: one.total for one in before.revenue}
    return [Money(one, change(one.total, earlier.get(one.currency, ZERO))) for one in now.revenue]


def _drawn(organization: Organization, period: Period, shown: str, currency: str) -> list[Drawn]:
    if shown == "visitors":
        pairs = zip(visitors_by_day(organization, period), visitors_by_day(organization, period.before()), strict=True)
        return [Drawn(day, one.number, old.number, one.exact, old.exact) for (day, one), (_, old) in pairs]
    now = _by_day(organization, period, shown, currency)
    before = _by_day(organization, period.before(), shown, currency)
    return [Drawn(day, value, old) for (day, value), (_, old) in zip(now, before, strict=True)]


def _by_day(
    organization: Organization, period: Period, shown: str, currency: str
) -> Sequence[tuple[date, int | Decimal]]:
    if shown != REVENUE:
        return [(day, events) for day, events, _ in daily(organization, period, name=EVENTS[shown])]
    return [
        (day, sum((one.total for one in money if one.currency == currency), ZERO))
        for day, _, money in daily(organization, period, name="")
    ]


def _top(organization: Organization, period: Period, axis: Axis, currency: str) -> list[Leader]:
    return leaders(organization, period, axis=axis, model=Model.LAST, currency=currency, most=TOP)


def _sum(doors: Sequence[LedgerLine]) -> LedgerLine:
    return LedgerLine(
        source="",
        received=sum(line.received for line in doors),
        stored=sum(line.stored for line in doors),
        duplicates=sum(line.duplicates for line in doors),
        rejected=sum(line.rejected for line in doors),
    )
