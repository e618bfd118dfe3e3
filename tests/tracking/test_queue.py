"""Rows as work: each is one worker's at a time, and one that cannot be carried comes back later and later."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction

from chat33.lib.clock import utcnow
from chat33.orgs.models import Organization
from tests.factories import make_organization
from tracking.models import EventWork
from tracking.queue import ALONE, Claim, Queue

pytestmark = pytest.mark.django_db(transaction=True)
QUEUE = Queue(EventWork, name="events", batch=5)


@pytest.fixture
def here(db: None) -> Organization:
    return make_organization()


def due(here: Organization, number: int, fence: int = 0) -> list[int]:
    """So many rows that are due; their keys."""
    rows = [
        EventWork(organization=here, event=n, received_at=utcnow(), due_at=utcnow(), fence=fence) for n in range(number)
    ]
    return [row.pk for row in EventWork.objects.bulk_create(rows)]


def test_who_claims_beside_another_gets_other_rows_and_does_not_wait(here: Organization) -> None:
    keys = due(here, 8)

    def claim() -> list[Claim]:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '2s'")
            return QUEUE.claim()
        finally:
            connections.close_all()

    with transaction.atomic(), ThreadPoolExecutor(1) as elsewhere:
        mine = QUEUE.claim()
        theirs = elsewhere.submit(claim).result(20)

    assert (len(mine), len(theirs)) == (5, 3)
    assert sorted(one.pk for one in (*mine, *theirs)) == keys
    assert QUEUE.claim() == []


def test_batches_are_counted_as_far_as_asked(here: Organization) -> None:
    assert QUEUE.due(3) == 0
    due(here, 6)
    assert (QUEUE.due(1), QUEUE.due(3)) == (1, 2)
    due(here, 20)
    assert QUEUE.due(3) == 3


def test_one_that_fails_again_and_again_waits_longer_and_keeps_nobody_company(here: Organization) -> None:
    (bad,) = due(here, 1, fence=ALONE)
    good = due(here, 2)
    worked: list[list[int]] = []

    def work(claims: Sequence[Claim]) -> None:
        worked.append([one.pk for one in claims])
        if bad in worked[-1]:
            raise ValueError("a fault of ours")

    assert QUEUE.drain(work, seconds=60) == 3
    assert worked == [good, [bad]]
    waits = EventWork.objects.get(pk=bad).due_at - utcnow()
    assert timedelta(seconds=20) < waits <= timedelta(seconds=2 ** (ALONE + 1))
