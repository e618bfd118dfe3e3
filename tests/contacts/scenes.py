"""Contacts as they look after a good month, for who looks at the pages."""

from datetime import timedelta
from typing import Any

from chat33.lib.clock import utcnow
from contacts.models import Contact, Kind
from contacts.timeline import Told, tell
from tests.factories import make_contact
from tests.people import Person

PEOPLE = [
    ("Ada Byron", "ada@example.com", "+44 20 7946 0018", ["Purchased", "Signed up", "VIP"]),
    ("Grace Hopper", "grace.hopper@navy.example", "+1 555 0100", ["Lead"]),
    ("", "someone.with.a.very.long.address@a-long-company-name.example", "", []),
    ("Änne Öztürk", "", "+49 170 1234567", ["Signed up", "Newsletter", "Autumn 2026", "Barista course", "Wholesale"]),
    ("مريم الإدريسي", "maryam@example.com", "", ["VIP"]),
    ("Johannes Maximilian von und zu Hohenlohe-Langenburg", "j@example.com", "", ["Lead"]),
]

STORY: list[tuple[int, Kind, str, dict[str, Any]]] = [
    (200, Kind.CLICK, "Clicked a link to coffee.example/beans", {"campaign": "autumn", "flow": "welcome"}),
    (195, Kind.PAGE, "Viewed coffee.example/beans", {}),
    (180, Kind.EVENT, "signup", {}),
    (90, Kind.PURCHASE, "purchase, 49.99 USD", {"verified": False, "order_ref": "1042", "campaign": "autumn"}),
    (89, Kind.PURCHASE, "purchase, 49.99 USD", {"verified": True, "order_ref": "1042"}),
    (30, Kind.INSTALL, "Installed the app", {"influencer": "mia"}),
    (4, Kind.EVENT, "tutorial_complete_" + "and_much_more_" * 8, {}),
]


def crowd(owner: Person) -> None:
    """Some people with everything that makes a row long or short, and one with a story."""
    now = utcnow()
    people = [
        make_contact(owner.organization, name=name, email=email, phone=phone, labels=labels, source="api")
        for name, email, phone, labels in reversed(PEOPLE)
    ]
    made = people[-1]
    Contact.objects.filter(pk=made.pk).update(last_seen_at=now - timedelta(minutes=4))
    tell(
        Told(
            contact=made.pk, organization=owner.organization.pk, at=now - timedelta(minutes=minutes), kind=kind,
            title=title, key=f"event:{minutes}", data=data,
        )
        for minutes, kind, title, data in STORY
    )  # fmt: skip


def one(owner: Person) -> str:
    """The address of the one with a story."""
    return f"/contacts/{Contact.objects.get(organization=owner.organization, name='Ada Byron').public_id}/"
