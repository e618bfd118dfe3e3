"""Figures of days that are over are kept ready-made, and are never older than what happened on these days."""

import uuid
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from chat33.lib.clock import utcnow
from chat33.orgs.models import Organization
from tests.factories import make_contact, make_organization
from tests.tracking.came_back import store
from tracking.attribution import recount
from tracking.attribution.crediting import credit, hold
from tracking.models import Axis, Conversion, CreditDay, Digest, Model, Touch
from tracking.results import keeping
from tracking.results.figures import by_axis, headline
from tracking.results.keeping import kept
from tracking.results.period import Period
from tracking.results.sources import leaders
from tracking.results.visitors import Sketch, visitors_by_day

DAY = timedelta(days=1)
HASHES = st.lists(st.integers(-(2**63), 2**63 - 1), unique=True, max_size=30).map(sorted)


@pytest.fixture
def here(db: None) -> Organization:
    return make_organization()


def week() -> Period:
    today = utcnow().date()
    return Period(today - 6 * DAY, today)


def look(here: Organization) -> tuple[int, list[int], list[tuple[str, int]]]:
    """Visitors, those of each day, and the clicks of each campaign."""
    best = leaders(here, week(), axis=Axis.CAMPAIGN, model=Model.LAST, currency="EUR", most=5)
    days = [count.number for _, count in visitors_by_day(here, week())]
    return headline(here, week()).visitors, days, [(one.ref, one.clicks) for one in best]


def click(here: Organization, visitor: str, campaign: str, days: int) -> None:
    store(here, "click", source="link", visitor=visitor, campaign=campaign, ago=days * DAY)


def test_what_comes_in_on_a_day_that_was_looked_at_is_in_the_next_look(here: Organization) -> None:
    click(here, "a", "spring", 3)
    click(here, "a", "spring", 0)
    assert look(here) == (1, [0, 0, 0, 1, 0, 0, 1], [("spring", 2)])
    click(here, "b", "autumn", 3)
    assert look(here) == (2, [0, 0, 0, 2, 0, 0, 1], [("spring", 2), ("autumn", 1)])
    click(here, "c", "autumn", 0)
    click(here, "c", "autumn", 6)
    assert look(here) == (3, [1, 0, 0, 2, 0, 0, 2], [("autumn", 3), ("spring", 2)])


def test_days_that_are_over_are_read_once_and_the_last_one_anew(here: Organization) -> None:
    def writes() -> int:
        with CaptureQueriesContext(connection) as captured:
            look(here)
        return sum("INSERT INTO tracking_digest" in query["sql"] for query in captured)

    click(here, "a", "spring", 3)
    assert writes() == 4
    assert writes() == 0
    click(here, "b", "spring", 0)
    assert writes() == 0
    assert look(here)[0] == 2
    click(here, "c", "spring", 3)
    assert writes() == 4


def test_what_happens_while_a_figure_is_made_is_not_missed(here: Organization) -> None:
    made: list[str] = []
    days = Period(week().first, week().last - DAY)

    def make(period: Period) -> bytes:
        made.append(f"{period.days} days, for the {len(made) + 1}. time")
        if len(made) == 1:
            store(here, ago=3 * DAY)
        return made[-1].encode()

    assert [kept(here, days, figure="x", make=make) for _ in range(3)] == [
        b"6 days, for the 1. time", b"6 days, for the 2. time", b"6 days, for the 2. time",
    ]  # fmt: skip


def test_an_organization_s_figures_are_its_own(here: Organization) -> None:
    there = make_organization()
    click(here, "a", "spring", 3)
    click(there, "b", "autumn", 3)
    assert (look(here)[2], look(there)[2]) == ([("spring", 1)], [("autumn", 1)])


@pytest.mark.django_db(transaction=True)
def test_credits_that_come_out_differently_later_are_in_the_next_look(here: Organization) -> None:
    noon = datetime.combine(week().last - 3 * DAY, time(12), UTC)
    ada = make_contact(here)
    Touch.objects.create(organization=here, key=uuid.uuid4(), at=noon - 10 * DAY, campaign="spring", contact=ada)
    bought = Conversion.objects.create(
        organization=here, key=uuid.uuid4(), event=1, received_at=noon, at=noon, day=noon.date(), name="purchase",
        value=Decimal(10), currency="EUR", verified=True, counted_verified=True, contact=ada,
    )  # fmt: skip
    with transaction.atomic():
        hold([here.pk])
        credit([bought])

    def earned() -> list[tuple[str, Decimal]]:
        rows = by_axis(here, week(), axis=Axis.CAMPAIGN, model=Model.LAST, currency="EUR")
        return [(row.ref, row.total) for row in rows]

    assert earned() == [("spring", Decimal(10))]
    recount.set_window(organization=here, days=5, now=utcnow())
    recount.start_recount(organization=here, first=noon.date(), last=noon.date(), by="usr_1", now=utcnow())
    recount.recount_due(seconds=20)
    assert earned() == [("", Decimal(10))]
    changes = CreditDay.objects.get(organization=here).changes
    recount.start_recount(organization=here, first=noon.date(), last=noon.date(), by="usr_1", now=utcnow())
    recount.recount_due(seconds=20)
    assert CreditDay.objects.get(organization=here).changes == changes  # what comes out the same is no change


def test_what_nobody_asks_for_any_more_goes(here: Organization) -> None:
    there = make_organization()
    for one in (here, there):
        visitors_by_day(one, Period(week().first - 2 * DAY, week().last - 2 * DAY))
    Digest.objects.update(made_at=utcnow() - 3 * DAY)
    visitors_by_day(here, week())
    assert Digest.objects.get(organization=here).last == week().last - DAY
    assert Digest.objects.filter(organization=there).count() == 1


@given(ours=HASHES, theirs=HASHES, our=st.none() | st.integers(1, 2**62), their=st.none() | st.integers(1, 2**62))
def test_two_sketches_count_each_visitor_once(
    ours: list[int], theirs: list[int], our: int | None, their: int | None
) -> None:
    one, other = Sketch(our, ours), Sketch.unpacked(Sketch(their, theirs).packed())
    bounds = [bound for bound in (our, their) if bound is not None]
    below = {each for each in (*ours, *theirs) if not bounds or each < min(bounds)}
    wanted = len(below) if not bounds else round(len(below) * 2**64 / (min(bounds) + 2**63))
    assert one.count_with(other) == other.count_with(one) == (wanted, not bounds)


def test_whoever_looks_at_every_period_there_is_fills_nothing(
    here: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "MOST", 3)
    for number in range(8):
        kept(here, Period(week().first - number * DAY, week().last), figure="any", make=lambda _: b"")
        Digest.objects.update(made_at=F("made_at") - timedelta(minutes=1))
    assert Digest.objects.count() == 5
