"""Workers that die while they read postbacks: each install is stored and told once, none is lost."""

from collections import Counter
from pathlib import Path

import pytest

from chat33.lib.clock import utcnow
from contacts.models import Contact, Kind, TimelineEntry
from tests.factories import make_contact, make_organization
from tests.faults.test_settling import worker
from tests.tracking.postbacks import keep
from tracking.models import Event, Ledger, Postback, Rollup
from tracking.settling import settle_due

pytestmark = [pytest.mark.fault, pytest.mark.django_db(transaction=True)]

WORKER = "from tracking.postbacks.reading import read_due; read_due(seconds=30)"
PEOPLE, EACH = 20, 15  # installs and a repetition of each: more than two batches


@pytest.fixture
def people(transactional_db: None) -> list[Contact]:
    """Contacts of an organization, and installs of theirs, each reported twice."""
    here = make_organization()
    people = [make_contact(here) for _ in range(PEOPLE)]
    for number in range(PEOPLE * EACH):
        query = {"activity_kind": "install", "adid": f"a{number}", "label": people[number % PEOPLE].public_id}
        keep(here, query)
        keep(here, query)
    return people


@pytest.mark.parametrize("point", ["postbacks.claimed", "postbacks.stored", "postbacks.ended"])
def test_a_worker_killed_while_it_reads_stores_each_install_once(
    people: list[Contact], tmp_path: Path, point: str
) -> None:
    (tmp_path / point).touch()
    died = worker(tmp_path, WORKER)
    assert died.wait(120) == -9
    assert Postback.objects.filter(status="PENDING").count() == 2 * PEOPLE * EACH
    Postback.objects.update(due_at=utcnow())
    both = [worker(tmp_path, WORKER), worker(tmp_path, WORKER)]
    assert [one.wait(120) for one in both] == [0, 0]
    settle_due(seconds=30)

    statuses = Counter(Postback.objects.values_list("status", flat=True))
    assert statuses == {"MATCHED": PEOPLE * EACH, "DUPLICATE": PEOPLE * EACH}
    assert Event.objects.count() == PEOPLE * EACH
    assert Rollup.objects.get(axis=0, name="install").events == PEOPLE * EACH
    ledger = Ledger.objects.get()
    assert (ledger.received, ledger.stored, ledger.duplicates) == (2 * PEOPLE * EACH, PEOPLE * EACH, PEOPLE * EACH)
    told = Counter(TimelineEntry.objects.filter(kind=Kind.INSTALL).values_list("contact", flat=True))
    assert told == {one.pk: EACH for one in people}
