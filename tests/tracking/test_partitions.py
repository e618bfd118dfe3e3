"""Months of events are made ahead and dropped while events come in."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from pytest_django.fixtures import Settings

from chat33.lib.clock import utcnow
from tests.people import Person
from tests.tracking.edges import RunningEdge, make_token, running_edge
from tests.tracking.pixel.places import until
from tracking.events import partitions
from tracking.events.partitions import AHEAD, Month, drop_months, ensure_month, ensure_months, months
from tracking.models import Event


@pytest.fixture
def edge(transactional_db: None, settings: Settings) -> Iterator[RunningEdge]:
    """A running edge that does not count."""
    settings.LIMITS = {**settings.LIMITS, "EVENTS": "off"}
    with running_edge() as running:
        yield running


def test_the_months_ahead_are_made_once(transactional_db: None) -> None:
    now = utcnow()
    this = Month.of(now)
    ensure_months(now=now)
    drop(*(month for month in months() if month > this.plus(AHEAD)))  # which other tests made
    assert {this.plus(number) for number in range(AHEAD + 1)} <= set(months())
    assert ensure_months(now=now) == []
    assert ensure_months(now=now, ahead=AHEAD + 2) == [this.plus(AHEAD + 1), this.plus(AHEAD + 2)]
    drop(this.plus(AHEAD + 1), this.plus(AHEAD + 2))


def test_a_month_is_made_and_an_old_one_dropped_while_events_come_in(
    owner: Person, edge: RunningEdge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partitions, "PATIENCE", 20)  # who writes stays for no longer than this machine makes them
    token = make_token(owner.organization)
    now = utcnow()
    old, ahead = Month.of(now).plus(-14), Month.of(now).plus(6)
    said: Counter[int] = Counter()
    slowest, over = [0.0], threading.Event()

    def report() -> None:
        while not over.is_set():
            began = time.monotonic()
            said[edge.send({"event": "signup"}, token).status_code] += 1
            slowest[0] = max(slowest[0], time.monotonic() - began)

    def goes_on() -> None:
        before = said[202]
        until(lambda: said[202] >= before + 20)

    threads = [threading.Thread(target=report) for _ in range(6)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(5):
            ensure_month(old)
            ensure_months(now=now, ahead=6)
            assert {old, ahead} <= set(months())
            assert old in drop_months(before=now - timedelta(days=365))
            drop(*(Month.of(now).plus(number) for number in range(3, 7)))
            goes_on()
    finally:
        over.set()
        for thread in threads:
            thread.join(30)
    assert set(said) == {202}
    assert Event.objects.count() == said[202]
    assert slowest[0] < 5  # nobody waited for a lock; what else this machine does is not counted
    assert old not in months()


def drop(*these: Month) -> None:
    """As retention does, whatever their age."""
    for month in these:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE tracking_event DETACH PARTITION {month.table} CONCURRENTLY")
            cursor.execute(f"DROP TABLE {month.table}")
