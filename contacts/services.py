"""Writes about contacts."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from chat33.orgs.models import Organization
from contacts.labels import labels_named, put_labels, set_labels
from contacts.models import Contact, Kind
from contacts.signals import contact_appeared
from contacts.timeline import Told, tell

FIELDS = ("name", "email", "phone")
LONGEST: Mapping[str, int] = {"name": 200, "email": 254, "phone": 32}

_PHONE = re.compile(r"[0-9 ()+./-]+", re.ASCII)


class Unfit(Exception):
    """A field holds what it cannot hold, or nothing is known of the contact; ``field`` may be empty."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@transaction.atomic
def create_contact(
    *,
    organization: Organization,
    by: str,
    now: datetime,
    name: str = "",
    email: str = "",
    phone: str = "",
    source: str = "",
    labels: Iterable[str] = (),
) -> Contact:
    """A new contact with these labels, which are made where they are missing. Raises ``Unfit`` and ``UnableToLabel``."""
    known = checked({"name": name, "email": email, "phone": phone})
    contact = Contact.objects.create(organization=organization, source=source[:40], created_at=now, **known)
    _note(contact, "Became a contact", "created", by=by, now=now, data={"source": source} if source else {})
    put_labels(contacts=[contact.pk], labels=labels_named(organization=organization, names=labels), by=by, now=now)
    contact_appeared.send(Contact, contact=contact, now=now)
    return contact


@transaction.atomic
def update_contact(
    *, contact: Contact, changes: Mapping[str, str], by: str, now: datetime, labels: Iterable[str] | None = None
) -> Contact:
    """Change what is known of a contact: ``changes`` by field, empty to forget it; with ``labels`` it has those and no
    others. Raises ``Unfit`` and ``UnableToLabel``.
    """
    row = Contact.objects.select_for_update(no_key=True).get(pk=contact.pk)
    row.organization = contact.organization
    before = {name: getattr(row, name) for name in FIELDS}
    after = checked({**before, **changes})
    changed = [name for name in FIELDS if after[name] != before[name]]
    for name in changed:
        setattr(row, name, after[name])
    if changed:
        row.save(update_fields=[*changed, "updated_at"])
        _note(row, f"Changed: {', '.join(changed)}", f"changed:{now.isoformat()}", by=by, now=now)
    if labels is not None:
        set_labels(contact=row, names=labels, by=by, now=now)
    return row


@transaction.atomic
def delete_contact(*, contact: Contact, by: str, now: datetime) -> bool:
    """Let the contact be found no more; what is stored of them stays until it is restored. False if it was so already."""
    gone = Contact.objects.filter(pk=contact.pk, deleted_at=None).update(deleted_at=now)
    if gone:
        _note(contact, "Deleted", f"deleted:{now.isoformat()}", by=by, now=now)
    return bool(gone)


@transaction.atomic
def restore_contact(*, contact: Contact, by: str, now: datetime) -> bool:
    """Bring a deleted contact back. False if it was not deleted."""
    back = Contact.objects.filter(pk=contact.pk, deleted_at__isnull=False).update(deleted_at=None)
    if back:
        contact.deleted_at = None
        _note(contact, "Restored", f"restored:{now.isoformat()}", by=by, now=now)
        contact_appeared.send(Contact, contact=contact, now=now)
    return bool(back)


def checked(given: Mapping[str, str]) -> dict[str, str]:
    """The fields without blanks around them. Raises ``Unfit``: a contact has a name, an e-mail address or a phone."""
    clean = {name: " ".join(given.get(name, "").split()) for name in FIELDS}
    for name, value in clean.items():
        if len(value) > LONGEST[name] or not value.isprintable():
            raise Unfit(name, f"Use at most {LONGEST[name]} characters, all of them visible.")
    if clean["email"]:
        try:
            validate_email(clean["email"])
        except ValidationError:
            raise Unfit("email", "This is not an e-mail address.") from None
    if clean["phone"] and not (_PHONE.fullmatch(clean["phone"]) and any(sign.isdigit() for sign in clean["phone"])):
        raise Unfit("phone", "Use digits, with blanks and signs between them if you like.")
    if not any(clean.values()):
        raise Unfit("", "A contact needs a name, an e-mail address or a phone number.")
    return clean


def _note(
    contact: Contact, title: str, key: str, *, by: str, now: datetime, data: Mapping[str, str] | None = None
) -> None:
    tell(
        [
            Told(
                contact=contact.pk, organization=contact.organization_id, at=now, kind=Kind.CONTACT, title=title,
                key=f"contact:{key}", data={"by": by, **(data or {})},
            )
        ]
    )  # fmt: skip
