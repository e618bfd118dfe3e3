"""What follows from an event: its contact's labels, timeline and last visit, once; for what is nobody's, nothing."""

import uuid
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from chat33.lib.clock import utcnow
from chat33.orgs.models import Organization
from contacts.models import Contact, Kind, Labelling, TimelineEntry
from contacts.selectors import labels_of
from contacts.services import delete_contact, restore_contact
from tests.factories import make_contact, make_organization
from tracking import settling
from tracking.events.partitions import ensure_months
from tracking.models import Event, EventWork
from tracking.rules import add_rule
from tracking.signals import event_settled

pytestmark = pytest.mark.django_db

BLANK: dict[str, Any] = {
    "source": "server", "by": "server", "visitor": "", "flow": "", "channel": "", "campaign": "", "post": "",
    "influencer": "", "url": "", "referrer": "", "agent": "", "currency": "", "order_ref": "", "verified": True,
}  # fmt: skip


def make_event(organization: Organization, ref: str, name: str = "purchase", **given: Any) -> Event:
    """A stored event with the work that the edge leaves with it."""
    now = utcnow()
    key = uuid.uuid4()
    event = Event.objects.create(
        **{
            **BLANK, "organization": organization, "key": key, "event_id": str(key), "name": name, "occurred_at": now,
            "received_at": now, "contact_ref": ref, **given,
        }
    )  # fmt: skip
    EventWork.objects.create(organization=organization, event=event.pk, received_at=event.received_at, due_at=now)
    return event


@pytest.fixture(autouse=True)
def _months(db: None) -> None:
    ensure_months(now=utcnow())


@pytest.fixture
def here(db: None) -> Organization:
    return make_organization()


@pytest.fixture
def ada(here: Organization) -> Contact:
    return make_contact(here, name="Ada")


@pytest.fixture
def news() -> Iterator[list[tuple[str, Contact | None]]]:
    """What was said of settled events."""
    heard: list[tuple[str, Contact | None]] = []

    def hear(sender: Any, *, event: Event, contact: Contact | None, **_: Any) -> None:
        heard.append((event.name, contact))

    event_settled.connect(hear)
    yield heard
    event_settled.disconnect(hear)


def again() -> None:
    """Time passes until whatever waits is due."""
    EventWork.objects.update(due_at=utcnow() - timedelta(seconds=1))


def settled() -> int:
    return settling.settle_due(seconds=60)


def labels(contact: Contact) -> list[str]:
    return [label.name for label in labels_of([contact])[contact.pk]]


def story(contact: Contact) -> list[tuple[str, str]]:
    rows = TimelineEntry.objects.filter(contact=contact).exclude(kind=Kind.CONTACT).order_by("id")
    return [(entry.kind, entry.title) for entry in rows]


def test_a_purchase_labels_its_contact_and_is_on_the_timeline(here: Organization, ada: Contact) -> None:
    at = utcnow() - timedelta(hours=2)
    make_event(
        here, ada.public_id, value=Decimal("49.99"), currency="USD", order_ref="o-1", campaign="spring", occurred_at=at
    )
    assert settled() == 1
    ada.refresh_from_db()

    assert labels(ada) == ["Purchased"]
    assert story(ada) == [("purchase", "purchase, 49.99 USD"), ("label", "Labelled Purchased")]
    assert ada.last_seen_at == at
    entry = TimelineEntry.objects.get(contact=ada, kind="purchase")
    assert entry.at == at
    assert entry.data | {"value": "49.9900", "currency": "USD", "verified": True, "campaign": "spring"} == entry.data
    assert not EventWork.objects.exists()


@pytest.mark.parametrize(
    ("name", "given", "kind", "title", "label"),
    [
        ("signup", {}, "event", "signup", ["Signed up"]),
        ("LEAD", {}, "event", "LEAD", ["Lead"]),
        ("Purchase", {"verified": False}, "purchase", "Purchase", ["Purchased"]),
        ("tutorial_complete", {}, "event", "tutorial_complete", []),
        ("renewal", {"value": Decimal(5), "currency": "EUR"}, "purchase", "renewal, 5.00 EUR", []),
        ("page_view", {"url": "https://shop.example/a?email=ada@example.com"}, "page", "Viewed shop.example/a", []),
        ("click", {"url": "https://shop.example/", "by": "person"}, "click", "Clicked a link to shop.example", []),
        ("install", {"source": "mmp"}, "install", "Installed the app", []),
        ("page_view", {"url": "http://[half"}, "page", "Viewed a page", []),
    ],
)
def test_each_sort_of_event_is_told_in_its_words(
    here: Organization, ada: Contact, name: str, given: dict[str, Any], kind: str, title: str, label: list[str]
) -> None:
    make_event(here, ada.public_id, name, **given)
    settled()

    assert story(ada)[0] == (kind, title)
    assert labels(ada) == label
    assert "email" not in str(TimelineEntry.objects.filter(contact=ada).values_list("data", flat=True))


def test_rules_of_the_marketer_s_own(here: Organization, ada: Contact) -> None:
    add_rule(organization=here, event=" Tutorial_Complete ", label="Learner")
    add_rule(organization=here, event="tutorial_complete", label="Active")
    make_event(here, ada.public_id, "TUTORIAL_complete")
    make_event(here, ada.public_id, "tutorial_complete")
    settled()

    assert labels(ada) == ["Active", "Learner"]
    assert {row.by.partition("_")[0] for row in Labelling.objects.filter(contact=ada)} == {"rule"}
    assert [kind for kind, _ in story(ada)].count("label") == 2


def test_an_event_that_is_carried_twice_is_told_once(here: Organization, ada: Contact) -> None:
    event = make_event(here, ada.public_id)
    EventWork.objects.create(organization=here, event=event.pk, received_at=event.received_at, due_at=utcnow())
    settled()
    EventWork.objects.create(organization=here, event=event.pk, received_at=event.received_at, due_at=utcnow())
    settled()

    assert story(ada) == [("purchase", "purchase"), ("label", "Labelled Purchased")]


@pytest.mark.parametrize("ref", ["", "nobody", "cm1", "cm01jd0000000000000000000000", "'; --", "cm" + "9" * 26])
def test_an_id_that_nobody_has_leaves_nothing_with_anybody(
    here: Organization, ada: Contact, ref: str, news: list[tuple[str, Contact | None]]
) -> None:
    make_event(here, ref, value=Decimal(10), currency="USD")
    for _ in range(4):
        settled()
        again()

    assert (story(ada), labels(ada)) == ([], [])
    assert not EventWork.objects.exists()
    assert news == [("purchase", None)]  # its money counts, though it is nobody's


def test_another_organization_s_contact_is_nobody_here(here: Organization, ada: Contact) -> None:
    other = make_organization()
    make_event(other, ada.public_id)
    for _ in range(4):
        settled()
        again()

    ada.refresh_from_db()
    assert (story(ada), labels(ada), ada.last_seen_at) == ([], [], None)


def test_a_contact_that_appears_soon_after_its_event_gets_it(here: Organization, ada: Contact) -> None:
    delete_contact(contact=ada, by="usr_1", now=utcnow())
    make_event(here, ada.public_id)
    settled()
    assert story(ada) == []
    Contact.objects.update(deleted_at=None)  # as by a transaction that was slower than its event
    again()
    settled()

    assert labels(ada) == ["Purchased"]


def test_a_contact_that_appears_long_after_its_events_gets_them_once(here: Organization, ada: Contact) -> None:
    delete_contact(contact=ada, by="usr_1", now=utcnow())
    make_event(here, ada.public_id)
    make_event(here, ada.public_id, "click", by="bot")
    for _ in range(4):
        settled()
        again()
    assert not EventWork.objects.exists()
    restore_contact(contact=ada, by="usr_1", now=utcnow())
    assert settled() == 1

    assert story(ada) == [("purchase", "purchase"), ("label", "Labelled Purchased")]


def test_what_cannot_be_settled_does_not_keep_the_others(here: Organization, ada: Contact) -> None:
    for number in range(4):
        make_event(here, ada.public_id, f"event {number}")

    def follow(sender: Any, *, event: Event, **_: Any) -> None:
        if event.name == "event 2":
            raise ValueError("No.")

    event_settled.connect(follow)
    began = utcnow()
    try:
        settled()
    finally:
        event_settled.disconnect(follow)

    assert [title for _, title in story(ada)] == ["event 0", "event 1", "event 3"]
    left = EventWork.objects.get()
    assert left.due_at >= began + timedelta(seconds=2)
    again()
    settled()
    assert [title for _, title in story(ada)][-1] == "event 2"
    assert not EventWork.objects.exists()


def test_who_has_lost_a_claim_does_nothing(here: Organization, ada: Contact) -> None:
    make_event(here, ada.public_id)
    claims = settling.QUEUE.claim(limit=10)
    assert settling.QUEUE.claim(limit=10) == []
    again()
    taken = settling.QUEUE.claim(limit=10)
    settling.settle(claims, now=utcnow())
    assert story(ada) == []
    settling.settle(taken, now=utcnow())

    assert labels(ada) == ["Purchased"]


def test_an_event_of_a_month_that_is_gone_ends_quietly(here: Organization, ada: Contact) -> None:
    make_event(here, ada.public_id)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM tracking_event")
    settled()

    assert not EventWork.objects.exists()
    assert story(ada) == []


def test_a_clock_that_is_ahead_never_makes_a_contact_seen_in_the_future(here: Organization, ada: Contact) -> None:
    make_event(here, ada.public_id, occurred_at=utcnow() + timedelta(minutes=50))
    settled()
    ada.refresh_from_db()

    assert ada.last_seen_at is not None
    assert ada.last_seen_at <= utcnow()


def test_as_many_queries_for_two_hundred_events_as_for_two(
    here: Organization, django_assert_max_num_queries: Any
) -> None:
    people = [make_contact(here) for _ in range(100)]
    for one in people:
        make_event(here, one.public_id)
        make_event(here, one.public_id, "signup")

    with django_assert_max_num_queries(26):
        assert settled() == 200
    assert [labels(one) for one in people] == [["Purchased", "Signed up"]] * 100
