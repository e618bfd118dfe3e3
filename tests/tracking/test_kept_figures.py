"""Figures of days that are over are kept ready-made, and are never older than what happened on these days."""

import uuid
from collections.abc import Sequence
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
from tracking.results.keeping import Figure, kept
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


def nothing(periods: Sequence[Period]) -> list[bytes]:
    """A figure that says nothing."""
    return [b""] * len(periods)


def click(here: Organization, visitor: str, campaign: str, days: int) -> None:
    store(here, "click", source="link", visitor=visitor, campaign=campaign, ago=days * DAY)


def sell(here: Organization, campaign: str, at: datetime) -> None:
    """Ten euros, ten days after the campaign was clicked."""
    ada = make_contact(here)
    Touch.objects.create(organization=here, key=uuid.uuid4(), at=at - 10 * DAY, campaign=campaign, contact=ada)
    bought = Conversion.objects.create(
        organization=here, key=uuid.uuid4(), event=1, received_at=at, at=at, day=at.date(), name="purchase",
        value=Decimal(10), currency="EUR", verified=True, counted_verified=True, contact=ada,
    )  # fmt: skip
    with transaction.atomic():
        hold([here.pk])
        credit([bought])


@pytest.fixture(params=[keeping.PIECEMEAL, 0], ids=["at once", "in pieces"])
def _read_both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "PIECEMEAL", request.param)


@pytest.mark.usefixtures("_read_both_ways")
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

    def make(periods: Sequence[Period]) -> list[bytes]:
        made.append(f"{periods[0].days} days, for the {len(made) + 1}. time")
        if len(made) == 1:
            store(here, ago=3 * DAY)
        return [made[-1].encode()]

    assert [kept(here, days, Figure("x", make, b"".join)) for _ in range(3)] == [
        b"6 days, for the 1. time", b"6 days, for the 2. time", b"6 days, for the 2. time",
    ]  # fmt: skip


def test_pieces_are_all_the_days_and_the_next_day_has_one_of_its_own(
    here: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "PIECEMEAL", 0)
    made: list[Period] = []

    def make(periods: Sequence[Period]) -> list[bytes]:
        made.extend(periods)
        return [
            b"".join(b"%d " % (one.first + number * DAY).toordinal() for number in range(one.days)) for one in periods
        ]

    def look(period: Period) -> list[int]:
        """How long the days are that were read for it."""
        made.clear()
        told = [int(one) for one in kept(here, period, Figure("days", make, b"".join)).split()]
        assert told == list(range(period.first.toordinal(), period.last.toordinal() + 1))
        return [one.days for one in made]

    today = utcnow().date()
    wednesday = today - ((today.weekday() - 2) % 7 + 7) * DAY
    days = Period(wednesday - 26 * DAY, wednesday)
    assert look(days) == [1, 1, 1, 7, 7, 7, 1, 1, 1]
    assert look(days) == []
    assert look(Period(days.first + DAY, days.last + DAY)) == [1]
    store(here, ago=today - (wednesday - 7 * DAY))
    assert look(days) == [7]


def test_what_was_put_together_is_what_is_read_at_once(here: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    today = utcnow().date()
    month = Period(today - 27 * DAY, today)
    for number in range(40):
        click(here, f"visitor {number % 7}", f"campaign {number % 5}", number % 28)
        sell(here, f"campaign {number % 3}", datetime.combine(today - number % 26 * DAY, time(12), UTC))

    def figures() -> tuple[object, ...]:
        Digest.objects.all().delete()
        rows = by_axis(here, month, axis=Axis.CAMPAIGN, model=Model.LINEAR, currency="EUR")
        return headline(here, month), visitors_by_day(here, month), rows

    at_once = figures()
    monkeypatch.setattr(keeping, "PIECEMEAL", 0)
    assert figures() == at_once
    assert Digest.objects.filter(last=F("first")).exists()


def test_an_organization_s_figures_are_its_own(here: Organization) -> None:
    there = make_organization()
    click(here, "a", "spring", 3)
    click(there, "b", "autumn", 3)
    assert (look(here)[2], look(there)[2]) == ([("spring", 1)], [("autumn", 1)])


@pytest.mark.usefixtures("_read_both_ways")
@pytest.mark.django_db(transaction=True)
def test_credits_that_come_out_differently_later_are_in_the_next_look(here: Organization) -> None:
    noon = datetime.combine(week().last - 3 * DAY, time(12), UTC)
    sell(here, "spring", noon)

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
    pieces = [Period(week().first, week().first + number * DAY) for number in (0, 6)]
    for piece in pieces:
        kept(here, piece, Figure("piece", nothing, b"".join))
    Digest.objects.update(made_at=utcnow() - 3 * DAY)
    visitors_by_day(here, week())
    left = Digest.objects.filter(organization=here).order_by("made_at", "last")
    assert [(one.first, one.last) for one in left] == [*pieces, week().earlier()]
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


@given(one=HASHES, other=HASHES, bounds=st.lists(st.none() | st.integers(-(2**62), 2**62), min_size=2, max_size=2))
def test_sketches_are_joined_below_the_least_of_their_bounds(
    one: list[int], other: list[int], bounds: list[int | None]
) -> None:
    joined = Sketch.joined([Sketch(bound, hashes).packed() for bound, hashes in zip(bounds, (one, other), strict=True)])
    least = min((bound for bound in bounds if bound is not None), default=None)
    assert joined.bound == least
    assert joined.hashes == sorted({each for each in (*one, *other) if least is None or each < least})


def test_whoever_looks_at_every_period_there_is_fills_nothing(
    here: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "MOST", 3)
    for number in range(8):
        kept(here, Period(week().first - number * DAY, week().last), Figure("any", nothing, b"".join))
        Digest.objects.update(made_at=F("made_at") - timedelta(minutes=1))
    assert Digest.objects.count() == 5
