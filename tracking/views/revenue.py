"""What each campaign, flow, post, link, channel and influencer earned."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from chat33.lib.clock import utcnow
from chat33.lib.sheets import written
from chat33.orgs.roles import Permission
from chat33.pages.door import PageRequest, door
from tracking.attribution.recount import window_of
from tracking.models import Axis, Model
from tracking.results.figures import Row, by_axis
from tracking.results.sources import earned, has_events, links_by_number, store_aggregates
from tracking.templatetags.results import amount, counted
from tracking.views.periods import Chosen, chosen

AXES: Mapping[str, tuple[Axis, str, str]] = {
    "campaign": (Axis.CAMPAIGN, "Campaign", "Campaigns"),
    "link": (Axis.LINK, "Link", "Links"),
    "post": (Axis.POST, "Post", "Posts"),
    "flow": (Axis.FLOW, "Flow", "Flows"),
    "channel": (Axis.CHANNEL, "Account", "Accounts"),
    "influencer": (Axis.INFLUENCER, "Influencer", "Influencers"),
}
MODELS: Mapping[str, tuple[str, str]] = {
    Model.LAST: ("Last touch", "All of a purchase goes to the last thing that the person clicked before it."),
    Model.FIRST: ("First touch", "All of a purchase goes to the first thing that the person clicked."),
    Model.LINEAR: (
        "Shared equally",
        "A purchase is shared equally among everything that the person clicked before it.",
    ),
}
SORTS: Mapping[str, Callable[[Row], Any]] = {
    "label": lambda row: row.label.casefold(),
    "clicks": lambda row: row.clicks,
    "conversions": lambda row: row.conversions,
    "probable": lambda row: row.probable,
    "verified": lambda row: row.verified,
    "unverified": lambda row: row.unverified,
    "revenue": lambda row: row.total,
}
COLUMNS = (("clicks", "Clicks"), ("conversions", "Conversions"), ("probable", "Probable"),
           ("verified", "Verified"), ("unverified", "Unverified"), ("revenue", "Revenue"))  # fmt: skip
SHOWN = 200  # rows of the page; the file has all


@door(Permission.READ)
@require_safe
def revenue(request: PageRequest) -> HttpResponse:
    """``/tracking/revenue/``."""
    organization = request.here.organization
    period, by, model = _asked(request)
    axis, one, many = AXES[by]
    totals = earned(organization, period.period, model=Model(model))
    currency = request.GET.get("currency", "")
    total = next((found for found in totals if found.currency == currency), totals[0] if totals else None)
    currency = total.currency if total else ""
    sort, descending = _sort(request)
    rows = by_axis(organization, period.period, axis=axis, model=Model(model), currency=currency)
    rows.sort(key=SORTS[sort], reverse=descending)
    rows.sort(key=lambda row: not row.ref)  # what was earned by nothing is no winner: it stands last
    context = {
        "chosen": period,
        "empty": not rows and not has_events(organization),
        "by": by,
        "axes": [(key, words[2]) for key, words in AXES.items()],
        "one": one,
        "many": many,
        "model": model,
        "models": [(key, words[0]) for key, words in MODELS.items()],
        "meaning": MODELS[model][1],
        "window": window_of(organization),
        "totals": totals,
        "currency": currency,
        "columns": [(key, word, _next(key, sort, descending), _aria(key, sort, descending)) for key, word in COLUMNS],
        "label_sort": (_next("label", sort, descending), _aria("label", sort, descending)),
        "rows": rows[:SHOWN],
        "more": max(0, len(rows) - SHOWN),
        "links": links_by_number(organization, [row.ref for row in rows[:SHOWN]]) if by == "link" else {},
        "stores": store_aggregates(organization, period.period),
    }
    return render(request, "tracking/revenue.html", context)


@door(Permission.READ)
@require_safe
def revenue_csv(request: PageRequest) -> HttpResponseBase:
    """The same as a file, a row a thing and currency."""
    period, by, model = _asked(request)
    rows = by_axis(request.here.organization, period.period, axis=AXES[by][0], model=Model(model))
    response = StreamingHttpResponse(written(_rows(by, model, rows)), content_type="text/csv; charset=utf-8")
    days = f"{period.period.first}-{period.period.last}"
    response["Content-Disposition"] = f'attachment; filename="revenue-by-{by}-{days}.csv"'
    return response


def _asked(request: PageRequest) -> tuple[Chosen, str, str]:
    by, model = request.GET.get("by", ""), request.GET.get("model", "")
    return (
        chosen(request.GET, now=utcnow()),
        by if by in AXES else "campaign",
        model if model in MODELS else Model.LAST.value,
    )


def _sort(request: PageRequest) -> tuple[str, bool]:
    """By what, and whether the greatest comes first."""
    given = request.GET.get("sort", "")
    name = given.removeprefix("-")
    return (name, given.startswith("-")) if name in SORTS else ("revenue", True)


def _next(key: str, sort: str, descending: bool) -> str:
    """What a column's head asks for: numbers begin with the greatest, names with A."""
    if key == sort:
        return key if descending else f"-{key}"
    return key if key == "label" else f"-{key}"


def _aria(key: str, sort: str, descending: bool) -> str:
    return "" if key != sort else "descending" if descending else "ascending"


def _rows(by: str, model: str, rows: Sequence[Row]) -> Iterator[tuple[object, ...]]:
    yield (
        by, "id", "model", "clicks", "conversions", "certain", "probable", "currency", "verified", "unverified", "revenue",
    )  # fmt: skip
    for row in rows:
        yield (
            row.label, row.ref, model, row.clicks, counted(row.conversions), counted(row.certain), counted(row.probable),
            row.currency, *(_plain(value, row.currency) for value in (row.verified, row.unverified, row.total)),
        )  # fmt: skip


def _plain(value: Any, currency: str) -> str:
    return amount(value, currency).replace(",", "") if currency else ""
