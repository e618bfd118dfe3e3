"""The figures that pages read: periods, sums by currency, days filled with zeros, and what each thing earned."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from tests.people import Person
from tests.tracking.links import make_link
from tracking.models import Axis, CreditRollup, Ledger, Model, Rollup, Visitor
from tracking.results import figures
from tracking.results.figures import Revenue
from tracking.results.period import Period
from tracking.results.sources import leaders
from tracking.results.visitors import visitors

pytestmark = pytest.mark.django_db
DAY = date(2026, 4, 10)
WEEK = Period(DAY - timedelta(days=6), DAY)


def rolled(owner: Person, name: str, events: int, **given: Any) -> None:
    """A row as the edge keeps it."""
    Rollup.objects.create(
        **{
            "organization": owner.organization, "axis": Axis.TOTAL, "ref": "", "name": name, "by": "person", "currency": "",
            "day": DAY, "events": events, "verified": 0, "unverified": 0, **given,
        }
    )  # fmt: skip


def credited(owner: Person, ref: str, share: str, **given: Any) -> None:
    """A row as attribution keeps it."""
    CreditRollup.objects.create(
        **{
            "organization": owner.organization, "model": Model.LAST, "axis": Axis.CAMPAIGN, "ref": ref, "name": "purchase",
            "certainty": "certain", "currency": "", "day": DAY, "share": share, "verified": 0, "unverified": 0, **given,
        }
    )  # fmt: skip


def test_the_period_before_is_as_long() -> None:
    assert WEEK.days == 7
    assert WEEK.before() == Period(date(2026, 3, 28), date(2026, 4, 3))
    assert Period(DAY, DAY).before() == Period(DAY - timedelta(days=1), DAY - timedelta(days=1))


def test_the_headline_leaves_out_robots_and_never_mixes_currencies(owner: Person, stranger: Person) -> None:
    rolled(owner, "page_view", 40)
    rolled(owner, "page_view", 900, by="bot")
    rolled(owner, "click", 7)
    rolled(owner, "click", 50, by="preview")
    rolled(owner, "click.confirmed", 5)
    rolled(owner, "Signup", 2)
    rolled(owner, "signup", 1, by="server")
    rolled(owner, "purchase", 3, currency="EUR", unverified="30")
    rolled(owner, "purchase", 1, currency="EUR", by="server", verified="5.5")
    rolled(owner, "purchase", 1, currency="JPY", by="server", verified="4000")
    rolled(owner, "purchase", 9, day=DAY - timedelta(days=7), currency="EUR", verified="900")
    rolled(stranger, "purchase", 9, currency="EUR", verified="900")
    for visitor, day in (("a", DAY), ("a", DAY - timedelta(days=1)), ("b", DAY), ("c", DAY - timedelta(days=8))):
        Visitor.objects.create(organization=owner.organization, day=day, visitor=visitor)

    found = figures.headline(owner.organization, WEEK)
    assert (found.visitors, found.clicks, found.signups, found.purchases, found.events) == (2, 7, 3, 5, 55)
    assert found.revenue == (
        Revenue("JPY", Decimal(4000), Decimal(0)), Revenue("EUR", Decimal("5.5"), Decimal(30)),
    )  # fmt: skip
    before = figures.headline(owner.organization, WEEK.before())
    assert (before.purchases, before.visitors) == (9, 1)
    assert figures.headline(owner.organization, Period(date(2020, 1, 1), date(2020, 1, 2))).revenue == ()


def test_many_visitors_are_estimated_and_few_are_counted(owner: Person) -> None:
    organization = owner.organization
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO tracking_visitor (organization_id, day, visitor)
            SELECT %s, %s::date - day, 'v' || number + day * 2500 FROM generate_series(0, 6) AS day,
                generate_series(1, CASE WHEN day = 0 THEN 10000 ELSE 5000 END) AS number
            """,
            [organization.pk, DAY],
        )
    found = visitors(organization, WEEK)  # each day half of the day's before: 1 to 10,000, …, 15,001 to 20,000
    assert not found.exact
    assert 18_000 < found.number < 22_000
    Visitor.objects.filter(visitor__gt="v1999").delete()
    Visitor.objects.filter(visitor__lt="v1900").delete()
    Ledger.objects.create(organization=organization, day=WEEK.first, source="pixel", received=1, stored=1)
    rows = Visitor.objects.filter(organization=organization)
    assert visitors(organization, WEEK) == (rows.values("visitor").distinct().count(), True)


def test_days_without_events_are_there_too(owner: Person) -> None:
    rolled(owner, "purchase", 3, currency="EUR", unverified="30")
    rolled(owner, "purchase", 1, day=DAY - timedelta(days=2))

    found = figures.daily(owner.organization, WEEK, name="purchase")
    assert [day.events for day in found] == [0, 0, 0, 0, 1, 0, 3]
    assert [day.day for day in found] == [WEEK.first + timedelta(days=number) for number in range(7)]
    assert found[-1].revenue == (Revenue("EUR", Decimal(0), Decimal(30)),)


def test_what_campaigns_earned_adds_up_to_all(owner: Person) -> None:
    credited(owner, "spring", "1.5", currency="EUR", verified="10", unverified="2")
    credited(owner, "spring", "1", currency="USD", verified="99")
    credited(owner, "spring", "2", name="signup", certainty="probable")
    credited(owner, "autumn", "0.5", currency="EUR", verified="4")
    credited(owner, "", "1", currency="EUR", verified="4", certainty="none")
    credited(owner, "winter", "1", model=Model.FIRST)
    rolled(owner, "click", 12, axis=Axis.CAMPAIGN, ref="spring")
    rolled(owner, "click", 3, axis=Axis.CAMPAIGN, ref="summer")

    rows = figures.by_axis(owner.organization, WEEK, axis=Axis.CAMPAIGN, model=Model.LAST, currency="EUR")
    assert [(row.label, row.clicks, row.conversions, row.total) for row in rows] == [
        ("spring", 12, Decimal("4.5"), Decimal(12)), ("Not attributed", 0, Decimal(1), Decimal(4)),
        ("autumn", 0, Decimal("0.5"), Decimal(4)), ("summer", 3, Decimal(0), Decimal(0)),
    ]  # fmt: skip
    assert (rows[0].certain, rows[0].probable, rows[0].share) == (Decimal("2.5"), Decimal(2), Decimal("0.6"))
    for most in (1, 2, 3, 9):
        best = leaders(owner.organization, WEEK, axis=Axis.CAMPAIGN, model=Model.LAST, currency="EUR", most=most)
        assert best == [(row.ref, row.label, row.clicks, row.conversions, row.total) for row in rows if row.ref][:most]
    each = figures.by_axis(owner.organization, WEEK, axis=Axis.CAMPAIGN, model=Model.LAST)
    assert [(row.ref, row.currency, row.conversions) for row in each if row.ref == "spring"] == [
        ("spring", "USD", 1), ("spring", "EUR", Decimal("1.5")), ("spring", "", 2),
    ]  # fmt: skip


def test_links_are_called_by_their_titles_in_one_query(owner: Person, django_assert_num_queries: Any) -> None:
    for number in range(20):
        link = make_link(owner.organization, title=f"Link {number}")
        credited(owner, str(link.pk), "1", axis=Axis.LINK)
    credited(owner, "999999999", "1", axis=Axis.LINK)
    with django_assert_num_queries(3):
        rows = figures.by_axis(owner.organization, WEEK, axis=Axis.LINK, model=Model.LAST)
    assert {row.label for row in rows} == {"999999999", *(f"Link {number}" for number in range(20))}


def test_the_funnel_narrows(owner: Person) -> None:
    rolled(owner, "click", 9)
    rolled(owner, "click", 90, by="preview")
    rolled(owner, "click.confirmed", 8)
    credited(owner, "", "3", axis=Axis.TOTAL, name="signup")
    credited(owner, "", "2", axis=Axis.TOTAL, currency="EUR", verified="2")
    steps = figures.funnel(owner.organization, WEEK)
    assert [step.count for step in steps] == [0, 9, 8, 5, 2]


def test_the_ledger_adds_up(owner: Person, stranger: Person) -> None:
    for number in range(3):
        Ledger.objects.create(
            organization=owner.organization, day=DAY - timedelta(days=number), source="pixel", received=10, stored=7,
            duplicates=2, rejected=1,
        )  # fmt: skip
    Ledger.objects.create(organization=stranger.organization, day=DAY, source="link", received=1, stored=0)
    (line,) = figures.ledger(owner.organization, WEEK)
    assert tuple(line) == ("pixel", 30, 21, 6, 3)
    assert line.adds_up
    assert not figures.ledger(stranger.organization, WEEK)[0].adds_up
