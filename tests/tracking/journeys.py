"""A marketer's day as the doors see it: links are clicked, pages viewed, things bought; then the workers come by."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.db.models import F, Sum

from chat33.lib.clock import utcnow
from chat33.orgs.models import Organization
from tests.tracking.edges import RunningEdge, make_token
from tests.tracking.links import make_link
from tracking import settling
from tracking.models import Axis, Credit, CreditRollup, Event, EventKey, EventWork, Ledger, Link, Model, Rollup, Touch

SITE = "https://shop.example"


@dataclass
class Shop:
    """An organization with its doors."""

    edge: RunningEdge
    organization: Organization
    browser: str = field(init=False)
    server: str = field(init=False)

    def __post_init__(self) -> None:
        self.browser = make_token(self.organization, "pixel")
        self.server = make_token(self.organization, "server")

    def link(self, **given: Any) -> Link:
        """A link of the shop's."""
        return make_link(self.organization, **{"url": f"{SITE}/", **given})

    def click(self, link: Link) -> dict[str, str]:
        """Click it. What the address it leads to carries."""
        reply = self.edge.get(f"/l/{link.code}")
        assert reply.status_code == 302, reply.text
        return {name: values[0] for name, values in parse_qs(urlsplit(reply.headers["location"]).query).items()}

    def page(self, visitor: str = "", *, tags: dict[str, str] | None = None, **given: Any) -> None:
        """View a page whose address has these tags."""
        query = "&".join(f"{name}={value}" for name, value in (tags or {}).items())
        self.pixel("page_view", visitor, url=f"{SITE}/?{query}", **given)

    def pixel(self, name: str, visitor: str = "", **given: Any) -> None:
        """What a browser tells."""
        event = {"event": name, "visitor": visitor, "url": f"{SITE}/", **given}
        reply = self.edge.pixel({"token": self.browser, "events": [event]})
        assert reply.json()["events"][0]["status"] == "accepted", reply.text

    def tell(self, name: str, **given: Any) -> None:
        """What the server tells."""
        assert self.edge.send({"event": name, **given}, self.server).status_code == 202

    def settle(self) -> int:
        """The workers come by, and again when everything that waited is due."""
        carried = settling.settle_due(seconds=60)
        while EventWork.objects.exists():
            EventWork.objects.update(due_at=utcnow() - timedelta(seconds=1))
            carried += settling.settle_due(seconds=60)
        return carried

    def credits(self, model: str = "last", name: str = "purchase") -> list[tuple[str, str, Decimal]]:
        """Campaign, certainty and share of each credit."""
        rows = Credit.objects.filter(organization=self.organization, model=model, name=name).order_by(
            "campaign", "share"
        )
        return [(row.campaign, row.certainty, row.share.normalize()) for row in rows]

    def money(self) -> dict[str, tuple[Decimal, Decimal]]:
        """Verified and unverified by currency, as the pages read it."""
        rows = Rollup.objects.filter(
            organization=self.organization, axis=Axis.TOTAL, ref="", by__in=("person", "server")
        )
        sums = rows.values_list("currency").annotate(Sum("verified"), Sum("unverified")).order_by()
        return {code: (verified, unverified) for code, verified, unverified in sums if verified or unverified}


def assert_sound(organization: Organization) -> None:
    """Everything that must hold whatever happened: rollups are the sums of their rows, and nothing is counted twice."""
    assert_whole_shares(organization)
    _assert_rollups_are_sums(organization)
    stored = Rollup.objects.filter(organization=organization, axis=Axis.TOTAL).exclude(name="click.confirmed")
    events = Event.objects.filter(organization=organization).count()
    assert sum(stored.values_list("events", flat=True)) == events == EventKey.objects.filter(
        organization=organization
    ).count()  # fmt: skip
    for line in Ledger.objects.filter(organization=organization):
        assert line.received == line.stored + line.duplicates + line.rejected
    _assert_money_agrees(organization)


def assert_whole_shares(organization: Organization) -> None:
    """Shares of a conversion sum to exactly 1, whatever the model."""
    sums = Credit.objects.filter(organization=organization).values_list("event_key", "model")
    wholes = list(sums.annotate(whole=Sum("share")).order_by())
    assert {whole for *_, whole in wholes} <= {Decimal(1)}
    keys = {key for key, *_ in wholes}
    assert len(wholes) == 3 * len(keys)


def _assert_rollups_are_sums(organization: Organization) -> None:
    refs = {
        Axis.TOTAL: None, Axis.LINK: "link_id", Axis.CAMPAIGN: "campaign", Axis.FLOW: "flow", Axis.CHANNEL: "channel",
        Axis.POST: "post", Axis.INFLUENCER: "influencer",
    }  # fmt: skip
    wanted: dict[tuple[Any, ...], list[Decimal]] = {}
    for row in Credit.objects.filter(organization=organization):
        for axis, column in refs.items():
            ref = str(getattr(row, column) or "") if column else ""
            key = (row.model, int(axis), ref, row.name, row.certainty, row.currency, row.day)
            sums = wanted.setdefault(key, [Decimal(0)] * 3)
            value = row.value or Decimal(0)
            for number, part in enumerate((row.share, value * row.verified, value * (not row.verified))):
                sums[number] += part
    kept = {
        (row.model, row.axis, row.ref, row.name, row.certainty, row.currency, row.day): [
            row.share, row.verified, row.unverified,
        ]
        for row in CreditRollup.objects.filter(organization=organization)
    }  # fmt: skip
    assert kept == wanted


def _assert_money_agrees(organization: Organization) -> None:
    """What events earned is what is credited, in each currency and by each model."""
    rows = Rollup.objects.filter(organization=organization, axis=Axis.TOTAL, by__in=("person", "server"))
    earned = _sums(rows.values_list("currency", "verified", "unverified"))
    for model in Model:
        total = CreditRollup.objects.filter(organization=organization, axis=Axis.TOTAL, model=model)
        assert _sums(total.values_list("currency", "verified", "unverified")) == earned, model


def _sums(rows: Iterable[tuple[str, Decimal, Decimal]]) -> dict[str, tuple[Decimal, Decimal]]:
    found: dict[str, tuple[Decimal, Decimal]] = {}
    for currency, verified, unverified in rows:
        before = found.get(currency, (Decimal(0), Decimal(0)))
        found[currency] = (before[0] + verified, before[1] + unverified)
    return {currency: sums for currency, sums in found.items() if any(sums)}


def pass_days(organization: Organization, days: int) -> None:
    """So many days pass: what has happened lies further back. Events and their months stay where they are."""
    Touch.objects.filter(organization=organization).update(at=F("at") - timedelta(days=days))
