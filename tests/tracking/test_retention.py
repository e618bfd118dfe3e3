"""Months of events come and go while events are written; what only told of them goes along, and figures stay."""

import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import psycopg
import pytest
from django.db import IntegrityError, connection, connections
from pytest_django.fixtures import Settings

from chat33.orgs.models import Organization
from contacts import timeline
from contacts.models import TimelineEntry
from tests.factories import make_contact, make_organization
from tracking import retention
from tracking.edge.config import conninfo
from tracking.events import partitions
from tracking.events.partitions import Month, drop_months, ensure_month, months
from tracking.models import (
    Axis,
    Conversion,
    Credit,
    CreditRollup,
    Event,
    EventKey,
    Recognition,
    Rollup,
    StoreAggregate,
    Touch,
    Visitor,
)
from tracking.telling import told

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 4, 15, 12, tzinfo=UTC)
OLD = datetime(2024, 1, 20, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _no_months(transactional_db: None) -> Iterator[None]:
    before = months()
    yield
    for month in set(months()) - set(before):
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE {month.table}")


@pytest.fixture
def here(db: None) -> Organization:
    return make_organization()


def store(here: Organization, at: datetime) -> Event:
    """An event of that moment, as far as months are concerned."""
    key = uuid.uuid4()
    EventKey.objects.create(organization=here, key=key, received_at=at)
    return Event.objects.create(
        organization=here, key=key, event_id=str(key), name="x", source="pixel", by="person", occurred_at=at, received_at=at,
        contact_ref="", visitor="", flow="", channel="", campaign="", post="", influencer="", url="", referrer="", agent="",
        currency="", order_ref="", verified=False,
    )  # fmt: skip


def test_months_are_made_ahead_once() -> None:
    made = retention.make_months(now=NOW)
    assert {month for month in months() if month >= Month(2026, 4)} >= {
        Month(2026, 4).plus(number) for number in range(4)
    }
    assert set(made) <= {Month(2026, 4).plus(number) for number in range(4)}
    assert retention.make_months(now=NOW) == []


@pytest.mark.parametrize(
    ("kept", "oldest"), [(0, None), (1, Month(2026, 3)), (25, Month(2024, 3)), (4, Month(2025, 12))]
)
def test_whole_months_are_kept_beside_this_one(kept: int, oldest: Month | None) -> None:
    assert retention.oldest(NOW, kept) == (oldest.first if oldest else None)


def test_old_months_go_and_with_them_what_told_of_them(here: Organization, settings: Settings) -> None:
    settings.EVENTS_MONTHS = 25
    for at in (OLD, NOW):
        ensure_month(Month.of(at))
        store(here, at)
        Visitor.objects.create(organization=here, day=at.date(), visitor="v1")
        Rollup.objects.create(
            organization=here, axis=Axis.TOTAL, ref="", name="x", by="person", currency="", day=at.date(), events=1,
            verified=0, unverified=0,
        )  # fmt: skip
    gone = retention.prune(now=NOW)

    assert (gone["months"], gone["keys"], gone["visitors"]) == (1, 1, 1)
    assert (Event.objects.count(), EventKey.objects.count(), Visitor.objects.count()) == (1, 1, 1)
    assert Rollup.objects.count() == 2
    assert Month.of(OLD) not in months()
    assert retention.prune(now=NOW) == {"months": 0, "keys": 0, "visitors": 0, "installs": 0, "timeline": 0}


def test_what_a_timeline_tells_of_old_events_goes_and_all_else_of_it_stays(
    here: Organization, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.EVENTS_MONTHS = 25
    monkeypatch.setattr(timeline, "AT_ONCE", 2)
    contacts = [make_contact(here, name=f"Ada {number}", now=OLD) for number in range(3)]
    for at in (OLD, NOW):
        ensure_month(Month.of(at))
        event = store(here, at)
        timeline.tell(told(event, contact) for contact in contacts)

    assert retention.prune(now=NOW)["timeline"] == 3
    for contact in contacts:
        kept = TimelineEntry.objects.filter(contact=contact).values_list("at", "title")
        assert list(kept) == [(NOW, "x"), (OLD, "Became a contact")]
    assert retention.prune(now=NOW)["timeline"] == 0


def test_installs_that_stores_told_of_go_with_the_events_of_their_time(here: Organization, settings: Settings) -> None:
    settings.EVENTS_MONTHS, settings.CREDITS_MONTHS = 25, 12
    there = make_organization()
    begins = retention.oldest(NOW, 25)
    assert begins
    for of in (here, there):
        for day in (OLD.date(), begins.date() - timedelta(days=1), begins.date(), NOW.date()):
            StoreAggregate.objects.create(organization=of, key=f"{day}", day=day, framework="SKAN", network="net")

    assert retention.prune(now=NOW)["installs"] == 4
    for of in (here, there):
        kept = StoreAggregate.objects.filter(organization=of).order_by("day").values_list("day", flat=True)
        assert list(kept) == [begins.date(), NOW.date()]
    settings.EVENTS_MONTHS = 0
    retention.prune(now=NOW.replace(year=2040))
    assert StoreAggregate.objects.count() == 4


def test_everything_stays_where_nothing_is_to_go(here: Organization, settings: Settings) -> None:
    settings.EVENTS_MONTHS = 0
    ensure_month(Month.of(OLD))
    store(here, OLD)
    assert retention.prune(now=NOW) == {}
    assert Event.objects.count() == 1
    settings.EVENTS_MONTHS = 1
    retention.prune(now=NOW)


def test_credits_go_by_a_setting_of_their_own_and_figures_stay(here: Organization, settings: Settings) -> None:
    settings.EVENTS_MONTHS, settings.CREDITS_MONTHS = 0, 12
    for at in (OLD, NOW):
        one = Conversion.objects.create(
            organization=here, key=uuid.uuid4(), event=1, received_at=at, at=at, day=at.date(), name="purchase",
            value=Decimal(1), currency="EUR", verified=True, counted_verified=True,
        )  # fmt: skip
        Touch.objects.create(organization=here, key=uuid.uuid4(), at=at, campaign="spring")
        for model in ("first", "last", "linear"):
            Credit.objects.create(
                organization=here, event_key=one.key, day=one.day, name="purchase", model=model, certainty="none", share=1,
                value=1, currency="EUR", verified=True,
            )  # fmt: skip
    CreditRollup.objects.create(
        organization=here, model="last", axis=0, name="purchase", certainty="none", currency="EUR", day=OLD.date(), share=1,
        verified=1, unverified=0,
    )  # fmt: skip
    assert retention.prune(now=NOW) == {"credits": 1, "touches": 1, "recognitions": 0}
    assert (Conversion.objects.count(), Credit.objects.count(), Touch.objects.count()) == (1, 3, 1)
    assert CreditRollup.objects.count() == 1


def test_who_a_visitor_is_goes_when_nothing_is_kept_of_them(here: Organization, settings: Settings) -> None:
    settings.EVENTS_MONTHS, settings.CREDITS_MONTHS = 0, 12
    ada = make_contact(here)
    for visitor, at in (("gone", OLD), ("touched", OLD), ("earned", OLD), ("new", NOW)):
        Recognition.objects.create(organization=here, visitor=visitor, contact=ada, at=at)
    Touch.objects.create(organization=here, key=uuid.uuid4(), at=NOW, campaign="spring", visitor="touched")
    Conversion.objects.create(
        organization=here, key=uuid.uuid4(), event=1, received_at=NOW, at=NOW, day=NOW.date(), name="signup",
        verified=False, counted_verified=False, visitor="earned",
    )  # fmt: skip

    assert retention.prune(now=NOW)["recognitions"] == 1
    assert set(Recognition.objects.values_list("visitor", flat=True)) == {"touched", "earned", "new"}


def test_nobody_who_writes_waits(here: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    """Events are stored all the while, and none fails or waits for a lock."""
    monkeypatch.setattr(partitions, "PATIENCE", 20)  # the writer is no reader that stays, however busy the machine
    for month in (Month(2023, 11), Month(2023, 12), Month(2024, 1), Month(2026, 4)):
        ensure_month(month)
    for month in (Month(2023, 11), Month(2023, 12), Month(2024, 1)):
        store(here, month.first)
    stop, written, wrong, stored = threading.Event(), threading.Semaphore(0), [], []

    def write() -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '1s'")
            while not stop.is_set():
                stored.append(store(here, NOW))
                written.release()
        except Exception as error:
            wrong.append(error)
        finally:
            connections.close_all()

    writer = threading.Thread(target=write)
    writer.start()
    assert written.acquire(timeout=20)
    dropped = drop_months(before=Month(2024, 2).first)
    for number in range(1, 9):
        ensure_month(Month(2026, 4).plus(number))
    so_far = len(stored)
    while len(stored) < so_far + 5:
        assert written.acquire(timeout=20)
    stop.set()
    writer.join(20)

    assert {Month(2023, 11), Month(2023, 12), Month(2024, 1)} <= set(dropped)
    assert wrong == []
    assert Event.objects.count() == len(stored) > 5


def test_what_somebody_reads_is_left_for_the_next_time_and_finished_then(
    here: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partitions, "PATIENCE", 1)
    ensure_month(Month(2024, 1))
    ensure_month(Month.of(NOW))
    store(here, OLD)
    with psycopg.connect(conninfo(connection.settings_dict), connect_timeout=20) as reader:
        reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        reader.execute("SELECT count(*) FROM tracking_event")
        assert Month(2024, 1) not in drop_months(before=Month(2024, 2).first)
        store(here, NOW)  # nobody who writes is stopped by what waits
        reader.rollback()
    monkeypatch.setattr(partitions, "PATIENCE", 20)
    assert drop_months(before=Month(2024, 2).first) == [Month(2024, 1)]
    with pytest.raises(IntegrityError):
        store(here, OLD)


def test_one_that_was_detached_and_then_forgotten_is_dropped(here: Organization) -> None:
    ensure_month(Month(2024, 1))
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE tracking_event DETACH PARTITION tracking_event_2024_01 CONCURRENTLY")
    assert drop_months(before=Month(2024, 2).first) == [Month(2024, 1)]
    assert drop_months(before=Month(2024, 2).first) == []


def test_two_who_drop_at_once_do_it_once(here: Organization) -> None:
    ensure_month(Month(2024, 1))
    found: list[list[Month]] = []

    def drop() -> None:
        found.append(drop_months(before=Month(2024, 2).first))
        connections.close_all()

    workers = [threading.Thread(target=drop) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(20)
    assert sorted(found, key=len)[-1] == [Month(2024, 1)]
    assert sum(map(len, found)) == 1


def test_months_are_counted_from_their_first_moment() -> None:
    assert retention.oldest(datetime(2026, 1, 1, tzinfo=UTC) - timedelta(microseconds=1), 1) == Month(2025, 11).first
    assert retention.oldest(datetime(2026, 1, 1, tzinfo=UTC), 1) == Month(2025, 12).first
