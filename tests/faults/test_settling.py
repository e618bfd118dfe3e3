"""Workers that die while events are settled: each event is told, and each label put on, exactly once."""

import os
import subprocess
import sys
import uuid
from collections import Counter
from pathlib import Path

import pytest
from django.db import connection
from django.db.models import Sum

from chat33.lib.clock import utcnow
from chat33.orgs.models import Organization
from chat33.runtime.layout import ROOT
from contacts.models import Contact, Kind, TimelineEntry
from tests.factories import make_contact, make_organization
from tracking.events.partitions import ensure_months
from tracking.models import Axis, Conversion, Credit, CreditRollup, Event, EventWork

pytestmark = [pytest.mark.fault, pytest.mark.django_db(transaction=True)]

WORKER = "from tracking.settling import settle_due; settle_due(seconds=30)"
EVENTS = 1_200  # more than two batches


@pytest.fixture
def people(transactional_db: None) -> list[Contact]:
    """Contacts of an organization, and events of theirs that nobody has looked at."""
    ensure_months(now=utcnow())
    here = make_organization()
    people = [make_contact(here) for _ in range(20)]
    store(here, people)
    return people


def store(here: Organization, people: list[Contact]) -> None:
    now = utcnow()
    texts = "visitor flow channel campaign post influencer url referrer agent currency order_ref"
    blank = dict.fromkeys(texts.split(), "")
    events = Event.objects.bulk_create(
        Event(
            organization=here, key=(key := uuid.uuid4()), event_id=str(key), name="purchase", source="server", by="server",
            occurred_at=now, received_at=now, contact_ref=people[number % len(people)].public_id, verified=True, **blank,
        )
        for number in range(EVENTS)
    )  # fmt: skip
    EventWork.objects.bulk_create(
        EventWork(organization=here, event=event.pk, received_at=now, due_at=now) for event in events
    )


def worker(failpoints: Path, work: str = WORKER) -> "subprocess.Popen[bytes]":
    """A process that does what is due in the test's database: settling, unless told otherwise."""
    found = connection.get_connection_params()
    address = f"postgresql://{found.get('user', '')}@/{found['dbname']}?host={found.get('host', '')}"
    environ = {
        **os.environ,
        "DATABASE_URL": address,
        "CHAT33_FAILPOINTS": str(failpoints),
        "DJANGO_SETTINGS_MODULE": "chat33.settings",
    }
    code = f"import django; django.setup(); {work}"
    return subprocess.Popen([sys.executable, "-W", "ignore", "-c", code], cwd=ROOT, env=environ)


def leases_end() -> None:
    EventWork.objects.update(due_at=utcnow())


@pytest.mark.parametrize("point", ["events.claimed", "events.followed", "events.ended"])
def test_a_worker_killed_while_it_settles_does_each_event_once(
    people: list[Contact], tmp_path: Path, point: str
) -> None:
    (tmp_path / point).touch()
    died = worker(tmp_path)
    assert died.wait(60) == -9
    assert EventWork.objects.count() == EVENTS
    leases_end()
    both = [worker(tmp_path), worker(tmp_path)]
    assert [one.wait(60) for one in both] == [0, 0]

    assert not EventWork.objects.exists()
    told = Counter(TimelineEntry.objects.filter(kind=Kind.PURCHASE).values_list("contact", flat=True))
    assert told == {one.pk: EVENTS // len(people) for one in people}
    labelled = Counter(TimelineEntry.objects.filter(kind=Kind.LABEL).values_list("contact", flat=True))
    assert labelled == {one.pk: 1 for one in people}
    assert Conversion.objects.count() == EVENTS
    credited = Counter(Credit.objects.values_list("event_key", "model"))
    assert set(credited.values()) == {1}
    assert len(credited) == 3 * EVENTS
    sums = CreditRollup.objects.filter(axis=Axis.TOTAL).values_list("model").annotate(Sum("share")).order_by("model")
    assert list(sums) == [("first", EVENTS), ("last", EVENTS), ("linear", EVENTS)]
