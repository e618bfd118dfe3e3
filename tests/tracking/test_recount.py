"""A period's credits worked out anew: after the window has changed, in batches, and to what it would always have been."""

import threading
import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from chat33.lib.clock import utcnow
from chat33.orgs.models import Organization
from contacts.models import Contact
from tests.factories import make_contact, make_organization
from tracking.attribution import recount
from tracking.attribution.attributing import follow
from tracking.attribution.crediting import credit, hold
from tracking.attribution.recount import UnableToRecount
from tracking.attribution.verification import roll
from tracking.events.partitions import ensure_months
from tracking.models import Conversion, Credit, CreditRollup, Event, Recount, Touch

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 4, 15, 12, tzinfo=UTC)
DAY = NOW.date()


@pytest.fixture
def here(db: None) -> Organization:
    return make_organization()


@pytest.fixture
def ada(here: Organization) -> Contact:
    return make_contact(here, name="Ada")


def touch(here: Organization, days: float, campaign: str, **who: Any) -> Touch:
    """A touch so many days before."""
    return Touch.objects.create(
        organization=here, key=uuid.uuid4(), at=NOW - timedelta(days=days), campaign=campaign, **who
    )


def conversion(here: Organization, **given: Any) -> Conversion:
    """A conversion now."""
    return Conversion.objects.create(
        **{
            "organization": here, "key": uuid.uuid4(), "event": 1, "received_at": NOW, "at": NOW, "day": DAY,
            "name": "purchase", "value": Decimal(10), "currency": "EUR", "verified": True, "counted_verified": True, **given,
        }
    )  # fmt: skip


def credited(conversions: list[Conversion]) -> int:
    with transaction.atomic():
        hold([conversions[0].organization_id])
        return credit(conversions)


def kept(here: Organization) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """All credits and their sums."""
    of = {"organization": here}
    rows = Credit.objects.filter(**of).values_list("event_key", "model", "campaign", "certainty", "share", "value")
    sums = CreditRollup.objects.filter(**of).values_list(
        "model", "axis", "ref", "certainty", "day", "share", "verified"
    )
    return sorted(rows), sorted(sums)


def run(here: Organization, first: date = DAY, last: date = DAY) -> Recount:
    started = recount.start_recount(organization=here, first=first, last=last, by="usr_1", now=utcnow())
    assert recount.QUEUE.due(5) == 1
    recount.recount_due(seconds=60)
    started.refresh_from_db()
    return started


def test_another_window_counts_after_a_recount(here: Organization, ada: Contact) -> None:
    touch(here, 20, "spring", contact=ada)
    conversions = [conversion(here, contact=ada) for _ in range(3)]
    credited(conversions)
    assert {row.campaign for row in Credit.objects.all()} == {"spring"}
    recount.set_window(organization=here, days=7, now=utcnow())
    assert {row.campaign for row in Credit.objects.all()} == {"spring"}
    done = run(here)

    assert {row.campaign for row in Credit.objects.all()} == {""}
    assert (done.total, done.done, done.changed, done.percent) == (3, 3, 3, 100)
    again = run(here)
    assert (again.done, again.changed) == (3, 0)
    assert recount.latest_recount(here) == again
    assert not recount.QUEUE.due(5)


def test_only_the_period_is_recounted_and_only_one_s_own(here: Organization, ada: Contact) -> None:
    other = make_organization()
    touch(here, 20, "spring", contact=ada)
    inside, outside = conversion(here, contact=ada), conversion(here, contact=ada, day=DAY - timedelta(days=1))
    theirs = conversion(other)
    for one in (inside, outside, theirs):
        credited([one])
    before = kept(other)
    recount.set_window(organization=here, days=1, now=utcnow())
    recount.set_window(organization=other, days=1, now=utcnow())
    assert run(here).changed == 1
    assert {row.campaign for row in Credit.objects.filter(event_key=outside.key)} == {"spring"}
    assert kept(other) == before


def test_one_at_a_time(here: Organization) -> None:
    recount.start_recount(organization=here, first=DAY, last=DAY, by="usr_1", now=utcnow())
    with pytest.raises(UnableToRecount, match="under way"):
        recount.start_recount(organization=here, first=DAY, last=DAY, by="usr_1", now=utcnow())
    with pytest.raises(UnableToRecount, match="before"):
        recount.start_recount(organization=here, first=DAY, last=date(2020, 1, 1), by="usr_1", now=utcnow())
    for days in (0, -1, 366):
        with pytest.raises(UnableToRecount):
            recount.set_window(organization=here, days=days, now=utcnow())
    assert recount.window_of(here) == 30


def test_a_worker_that_lost_its_claim_writes_nothing(here: Organization, ada: Contact) -> None:
    credited([conversion(here, contact=ada)])
    recount.set_window(organization=here, days=1, now=utcnow())
    recount.start_recount(organization=here, first=DAY, last=DAY, by="usr_1", now=utcnow())
    (claim,) = recount.QUEUE.claim()
    assert recount.QUEUE.claim() == []
    Recount.objects.update(due_at=utcnow() - timedelta(seconds=1))
    assert recount.QUEUE.claim() != []
    with pytest.raises(recount.Lost):
        recount.carry(claim)


def test_a_worker_that_fails_goes_on_where_it_was(
    here: Organization, ada: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch(here, 20, "spring", contact=ada)
    credited([conversion(here, contact=ada) for _ in range(25)])
    recount.set_window(organization=here, days=1, now=utcnow())
    monkeypatch.setattr(recount, "BATCH", 10)
    started = recount.start_recount(organization=here, first=DAY, last=DAY, by="usr_1", now=utcnow())
    (claim,) = recount.QUEUE.claim()
    assert recount.carry(claim) == 10

    def die(name: str) -> None:
        raise RuntimeError(name)

    with monkeypatch.context() as patched:
        patched.setattr(recount, "reach", die)
        with pytest.raises(RuntimeError):
            recount.carry(claim)
    started.refresh_from_db()
    assert (started.done, started.percent) == (10, 40)
    Recount.objects.update(due_at=utcnow() - timedelta(seconds=1))
    recount.recount_due(seconds=60)
    started.refresh_from_db()
    assert (started.done, started.changed) == (25, 25)
    assert started.finished_at is not None


def test_reads_agree_while_it_runs(here: Organization, ada: Contact, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(here, 20, "spring", contact=ada)
    credited([conversion(here, contact=ada) for _ in range(200)])
    recount.set_window(organization=here, days=1, now=utcnow())
    monkeypatch.setattr(recount, "BATCH", 5)
    recount.start_recount(organization=here, first=DAY, last=DAY, by="usr_1", now=utcnow())
    totals: set[Decimal] = set()
    done = threading.Event()

    def read() -> None:
        try:
            while True:
                over = done.is_set()
                rows = CreditRollup.objects.filter(organization=here, model="last", axis=3)
                totals.add(sum((row.verified for row in rows), Decimal(0)))
                if over:  # the last look is after the end, however late the first one was
                    return
        finally:
            connections.close_all()

    reader = threading.Thread(target=read)
    reader.start()
    recount.recount_due(seconds=60)
    done.set()
    reader.join(20)
    assert totals == {Decimal(2000)}


CAMPAIGNS = st.sampled_from(["", "spring", "summer", "autumn"])
WAYS = st.lists(
    st.tuples(
        st.sampled_from(["touch", "touch", "purchase", "purchase", "lead", "known"]), st.sampled_from([0, 0.5, 5, 29, 31]),
        st.integers(0, 1), CAMPAIGNS, st.integers(0, 10**6), st.sampled_from(["EUR", "JPY"]),
        st.sampled_from(["", "", "o1", "o2"]), st.booleans(),
    ),
    min_size=4, max_size=12,
)  # fmt: skip


@pytest.fixture
def _events(transactional_db: None) -> None:
    ensure_months(now=utcnow())


def event_of(here: Organization, step: tuple[Any, ...], people: list[Contact]) -> tuple[Event, Contact | None]:
    """The event that a step of a way is."""
    kind, days, person, campaign, cents, currency, order, verified = step
    now = utcnow()
    contact = people[person] if person < len(people) else None
    server = kind == "purchase" and verified
    name = {"touch": "page_view", "known": "page_view"}.get(kind, kind)
    key = uuid.uuid4()
    event = Event(
        organization=here, key=key, event_id=str(key), name=name, source="server" if server else "pixel",
        by="server" if server else "person", occurred_at=now - timedelta(days=days), received_at=now,
        contact_ref="", visitor="" if server else f"v{person}", flow="", channel="", campaign="", post="", influencer="",
        url=f"https://shop.example/?utm_campaign={campaign}" if kind == "touch" else "https://shop.example/", referrer="",
        agent="", value=Decimal(cents) / 100 if kind == "purchase" else None,
        currency=currency if kind == "purchase" else "", order_ref=order, verified=server, data={},
    )  # fmt: skip
    event.save()
    return event, contact if kind in ("known", "purchase") else None


@pytest.mark.usefixtures("_events")
@settings(
    max_examples=25,
    deadline=None,
    phases=set(Phase) - {Phase.explain},  # which follows each line of Django's while it runs
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(way=WAYS, size=st.sampled_from([1, 1, 3, 12]), seed=st.randoms(use_true_random=False))
def test_it_does_not_matter_in_which_order_it_became_known(way: list[tuple[Any, ...]], size: int, seed: Any) -> None:
    """The same events, settled in any order and any batches, come to the same credits; a recount changes nothing."""
    here = make_organization()
    people = [make_contact(here)]
    pairs = [event_of(here, step, people) for step in way]
    seed.shuffle(pairs)
    for start in range(0, len(pairs), size):
        with transaction.atomic():
            roll(follow(pairs[start : start + size]))
    before = kept(here)
    whole = {key: value for key, value in _sums(here).items() if value}
    expected = {(one.currency): Decimal(0) for one in Conversion.objects.filter(organization=here, earns=True)}
    for one in Conversion.objects.filter(organization=here, earns=True):
        expected[one.currency] += one.value or 0
    assert whole == {key: value for key, value in expected.items() if value}
    if Conversion.objects.filter(organization=here).exists():
        today = Conversion.objects.filter(organization=here).latest("day").day
        assert run(here, today - timedelta(days=90), today).changed == 0
    assert kept(here) == before
    _assert_from_scratch(here, before)


def _assert_from_scratch(here: Organization, before: tuple[Any, Any]) -> None:
    """Without any credits, a recount makes the same ones."""
    Credit.objects.filter(organization=here).delete()
    CreditRollup.objects.filter(organization=here).delete()
    conversions = list(Conversion.objects.filter(organization=here))
    if conversions:
        credited(conversions)
    assert kept(here) == before


def _sums(here: Organization) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for row in CreditRollup.objects.filter(organization=here, axis=0, model="linear"):
        found[row.currency] = found.get(row.currency, Decimal(0)) + row.verified + row.unverified
    return found
