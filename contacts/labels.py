"""Writes about labels: making, renaming and deleting them, and putting them on contacts and taking them off."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import IntegrityError, connection, transaction

from chat33.lib.ids import new_id
from chat33.orgs.models import Organization
from contacts.models import Contact, Kind, Label, Labelling
from contacts.selectors import labels_called
from contacts.timeline import Told, tell

NAME = 80  # characters
MOST = 1_000  # labels of an organization


class UnableToLabel(Exception):
    """It cannot be done; the message says why."""


def label_names(names: Iterable[str]) -> list[str]:
    """The names without blanks around them, each once. Raises ``UnableToLabel`` for one that is too long."""
    found: dict[str, str] = {}
    for name in names:
        clean = " ".join(name.split())
        if len(clean) > NAME or not clean.isprintable():
            raise UnableToLabel(f"A label has at most {NAME} characters, all of them visible.")
        if clean:
            found.setdefault(clean.casefold(), clean)
    return list(found.values())


@transaction.atomic
def labels_named(*, organization: Organization, names: Iterable[str]) -> list[Label]:
    """The labels of these names, those that are missing made. Raises ``UnableToLabel``."""
    wanted = label_names(names)
    found = labels_called(organization, wanted)
    if len(found) < len(wanted):
        Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)  # so that the count holds
        if Label.objects.filter(organization=organization).count() + len(wanted) - len(found) > MOST:
            raise UnableToLabel(f"There are {MOST} labels already. Delete some that nobody needs.")
        Label.objects.bulk_create(
            [Label(organization=organization, name=name) for name in wanted], ignore_conflicts=True
        )
        found = labels_called(organization, wanted)
    return found


def rename_label(*, label: Label, name: str) -> None:
    """Call it something else; it stays on its contacts and in its rules. Raises ``UnableToLabel``."""
    names = label_names([name])
    if not names:
        raise UnableToLabel("A label needs a name.")
    for other in labels_called(label.organization, names):
        if other.pk != label.pk:
            raise UnableToLabel(f"There is a label {other.name} already.")
    label.name = names[0]
    try:
        with transaction.atomic():
            label.save(update_fields=["name"])
    except IntegrityError:
        raise UnableToLabel(f"There is a label {names[0]} already.") from None


@transaction.atomic
def delete_label(*, label: Label) -> None:
    """Take it off everybody and forget it."""
    # Held first: who is putting it on somebody waits, and finds it gone.
    if Label.objects.select_for_update().filter(pk=label.pk).exists():
        label.delete()


@transaction.atomic
def put_labels(*, contacts: Iterable[int], labels: Sequence[Label], by: str, now: datetime) -> int:
    """Put each of the labels on each of the contacts (primary keys, of the labels' organization) and tell their
    timelines. Returns how many were not there yet. Labels that have been deleted since are left out.
    """
    held = _hold(contacts)
    return len(put_pairs(pairs=[(contact, label.pk) for contact in held for label in labels], by=by, now=now))


def _hold(contacts: Iterable[int]) -> list[int]:
    """The contacts that are there, held in one order for all who label, so that no two wait for each other."""
    rows = Contact.objects.select_for_update(no_key=True).filter(pk__in=list(contacts), deleted_at=None)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def put_pairs(*, pairs: Sequence[tuple[int, int]], by: str, now: datetime) -> list[tuple[int, int]]:
    """Put labels on contacts: pairs of their primary keys. Returns the new ones. Call it in a transaction that holds the
    contacts.
    """
    if not pairs:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH label AS MATERIALIZED (
                SELECT id, organization_id, name FROM contacts_label WHERE id = ANY(%(all)s) ORDER BY id FOR KEY SHARE
            ), new AS (
                INSERT INTO contacts_labelling (organization_id, contact_id, label_id, by, added_at)
                SELECT label.organization_id, contact.id, label.id, %(by)s, %(now)s
                FROM unnest(%(contacts)s::bigint[], %(labels)s::bigint[]) AS pair(contact, label)
                JOIN label ON label.id = pair.label
                JOIN contacts_contact AS contact ON contact.id = pair.contact
                    AND contact.organization_id = label.organization_id AND contact.deleted_at IS NULL
                ORDER BY contact.id, label.id
                ON CONFLICT (contact_id, label_id) DO NOTHING
                RETURNING organization_id, contact_id, label_id
            )
            SELECT new.contact_id, new.label_id, new.organization_id, label.name FROM new
            JOIN label ON label.id = new.label_id
            """,
            {
                "all": sorted({label for _, label in pairs}), "by": by, "now": now,
                "contacts": [contact for contact, _ in pairs], "labels": [label for _, label in pairs],
            },
        )  # fmt: skip
        new = cursor.fetchall()
    tell(
        Told(
            contact=contact, organization=organization, at=now, kind=Kind.LABEL, title=f"Labelled {name}",
            key=new_id("labelled"), data={"label": name, "by": by, "change": "added"},
        )
        for contact, _, organization, name in new
    )  # fmt: skip
    return [(contact, label) for contact, label, _, _ in new]


@transaction.atomic
def take_labels(*, contacts: Iterable[int], labels: Sequence[Label], by: str, now: datetime) -> int:
    """Take each of the labels off each of the contacts and tell their timelines. Returns how many there were."""
    names = {label.pk: label for label in labels}
    rows = Labelling.objects.select_for_update().filter(contact__in=_hold(contacts), label__in=labels).order_by("pk")
    gone = list(rows.values_list("pk", "contact", "label"))
    Labelling.objects.filter(pk__in=[pk for pk, _, _ in gone]).delete()
    tell(
        Told(
            contact=contact, organization=names[label].organization_id, at=now, kind=Kind.LABEL,
            title=f"Label {names[label].name} removed", key=new_id("labelled"),
            data={"label": names[label].name, "by": by, "change": "removed"},
        )
        for _, contact, label in gone
    )  # fmt: skip
    return len(gone)


def set_labels(*, contact: Contact, names: Iterable[str], by: str, now: datetime) -> None:
    """Let the contact have these labels and no others. Raises ``UnableToLabel``."""
    wanted = labels_named(organization=contact.organization, names=names)
    keep = {label.pk for label in wanted}
    now_on = Label.objects.filter(labellings__contact=contact)
    take_labels(contacts=[contact.pk], labels=[one for one in now_on if one.pk not in keep], by=by, now=now)
    put_labels(contacts=[contact.pk], labels=wanted, by=by, now=now)
