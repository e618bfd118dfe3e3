"""Reads about contacts and labels, always from one organization; deleted contacts are not there."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.contrib.postgres.search import SearchQuery
from django.db import connection
from django.db.models import QuerySet, Value
from django.db.models.functions import Lower

from chat33.lib.ids import is_id
from chat33.orgs.models import Organization
from contacts.models import WORDS, Contact, Label, Labelling

SEARCHED = 100  # characters of a search
LONGEST_WORDS = 8  # of a search that are looked for
COUNTED = 10_000  # contacts with a label, beyond which it is said to be "more than"

_WORD = re.compile(r"[^\W_]+")
_PHONE = re.compile(r"[\d ()+./-]*\d[\d ()+./-]*")


@dataclass(frozen=True, kw_only=True)
class Wish:
    """Which contacts are looked for; all of it must hold, and what is empty does not matter."""

    search: str = ""
    label: str = ""  # its public id
    email: str = ""  # the whole of it
    phone: str = ""  # as it was written

    def __bool__(self) -> bool:
        return bool(self.search or self.label or self.email or self.phone)


def is_contact_id(value: object) -> bool:
    """Whether a value has the form of a contact's id; not whether anybody has it."""
    return is_id(value, "cm", separator="")


def contacts_for(organization: Organization) -> QuerySet[Contact]:
    """The organization's contacts, newest first."""
    return Contact.objects.filter(organization=organization, deleted_at=None).order_by("-id")


def contacts_like(organization: Organization, wish: Wish) -> QuerySet[Contact]:
    """Those that are wished for. Words of the search match the beginnings of words."""
    rows = contacts_for(organization)
    if wish.search:
        query = _query(wish.search)
        if not query:
            return rows.none()
        rows = rows.annotate(words=WORDS).filter(words=SearchQuery(query, config="simple", search_type="raw"))
    if wish.label:
        label = labels_for(organization).filter(public_id=wish.label).first()
        if label is None:
            return rows.none()
        rows = rows.filter(labellings__label=label)  # each has it once, so nobody comes twice
    if wish.email:
        rows = rows.alias(address=Lower("email")).filter(address=Lower(Value(wish.email))).exclude(email="")
    return rows.filter(phone=wish.phone).exclude(phone="") if wish.phone else rows


def _query(text: str) -> str:
    """The search in PostgreSQL's words (12.3.2); empty when there is no word in it."""
    text = text[:SEARCHED]
    words = _WORD.findall(text)[:LONGEST_WORDS]
    every = " & ".join(f"'{word}':*" for word in words)
    if words and _PHONE.fullmatch(text):
        return f"'{''.join(re.findall('[0-9]+', text)) or words[0]}':* | ({every})"
    return every


def contacts_found(organization: Organization, text: str, *, limit: int) -> list[Contact]:
    """A few that the text leads to: the beginnings of words, or a whole id."""
    if is_contact_id(text):
        return list(contacts_for(organization).filter(public_id=text))
    return list(contacts_like(organization, Wish(search=text))[:limit])


def contacts_named(organization: Organization, ids: Iterable[str]) -> QuerySet[Contact]:
    """The organization's contacts of these public ids; others are left out."""
    return contacts_for(organization).filter(public_id__in=[name for name in ids if is_contact_id(name)])


def labels_for(organization: Organization) -> QuerySet[Label]:
    """The organization's labels, by name."""
    return Label.objects.filter(organization=organization).order_by(Lower("name"), "id")


def labels_called(organization: Organization, names: Iterable[str]) -> list[Label]:
    """The labels of these names, however they are capitalized."""
    # Both sides are PostgreSQL's small letters: Python's differ from them for some languages.
    rows = Label.objects.filter(organization=organization).alias(low=Lower("name"))
    return list(rows.filter(low__in=[Lower(Value(name)) for name in names]))


def labels_of(contacts: Sequence[Contact]) -> Mapping[int, list[Label]]:
    """Each contact's labels by name, all by one query."""
    found: dict[int, list[Label]] = {contact.pk: [] for contact in contacts}
    rows = Labelling.objects.filter(contact__in=contacts).select_related("label")
    for row in rows.order_by(Lower("label__name"), "id"):
        found[row.contact_id].append(row.label)
    return found


def label_uses(labels: Sequence[Label]) -> Mapping[int, int]:
    """How many contacts have each label, counted up to one more than ``COUNTED``."""
    if not labels:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT label.id, used.number FROM unnest(%s::bigint[]) AS label(id) CROSS JOIN LATERAL (
                SELECT count(*) AS number FROM (
                    SELECT FROM contacts_labelling WHERE label_id = label.id LIMIT %s
                ) AS first
            ) AS used
            """,
            [[label.pk for label in labels], COUNTED + 1],
        )
        return dict(cursor.fetchall())
