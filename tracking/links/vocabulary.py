"""The organization's words for sources, media and campaigns, so that one thing is written in one way."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from difflib import get_close_matches

from django.db import IntegrityError, transaction

from chat33.orgs.models import Organization
from tracking.links import utm
from tracking.links.utm import UnableToBuild
from tracking.models import Link, Term

FIELDS = ("source", "medium", "campaign", "term", "content")
MOST = 500  # words a field
USED = 200  # latest links that are looked at for words already used
COMMON: Mapping[str, Sequence[str]] = {
    "source": ("instagram", "facebook", "tiktok", "youtube", "x", "whatsapp", "newsletter"),
    "medium": ("social", "dm", "email", "cpc", "qr", "influencer"),
}


def terms_of(organization: Organization) -> dict[str, list[Term]]:
    """The words by field, in order of the alphabet."""
    found: dict[str, list[Term]] = {name: [] for name in FIELDS}
    for term in Term.objects.filter(organization=organization).order_by("value"):
        found.setdefault(term.field, []).append(term)
    return found


def suggestions(organization: Organization) -> dict[str, list[str]]:
    """What to offer while a person writes, by field: the organization's words, or where it has none those it used lately
    and common ones.
    """
    offered = {name: [term.value for term in terms] for name, terms in terms_of(organization).items()}
    if all(offered[name] for name in FIELDS):
        return offered
    rows = Link.objects.filter(organization=organization).exclude(utm={}).order_by("-id")
    used = list(rows.values_list("utm", flat=True)[:USED])
    for name in FIELDS:
        if not offered[name]:
            offered[name] = list(dict.fromkeys([*(one[name] for one in used if name in one), *COMMON.get(name, ())]))[
                :50
            ]
    return offered


def strays(organization: Organization, values: Mapping[str, str]) -> list[str]:
    """What is not in the vocabulary, in words, with the word that was probably meant. Fields without words are free."""
    told = []
    for name, terms in terms_of(organization).items():
        known, value = [term.value for term in terms], values.get(name, "")
        if not known or not value or value in known:
            continue
        meant = get_close_matches(value, known, n=1)
        told.append(f"{value} is not among your words for {name}." + (f" Did you mean {meant[0]}?" if meant else ""))
    return told


def add_term(*, organization: Organization, field: str, value: str, now: datetime) -> Term:
    """A word more. Raises ``UnableToBuild``."""
    word = utm.clean(value.replace("\x00", ""))
    if field not in FIELDS:
        raise UnableToBuild({"field": f"Use one of {', '.join(FIELDS)}."})
    if not word or len(word) > utm.MAX_VALUE:
        raise UnableToBuild({"value": f"Write a word of at most {utm.MAX_VALUE} characters."})
    rows = Term.objects.filter(organization=organization, field=field)
    if rows.count() >= MOST:
        raise UnableToBuild({"value": f"There are {MOST} words already; take one away first."})
    try:
        with transaction.atomic():
            return Term.objects.create(organization=organization, field=field, value=word, created_at=now)
    except IntegrityError:
        raise UnableToBuild({"value": f"{word} is there already."}) from None


def remove_term(*, organization: Organization, public_id: str) -> bool:
    """Take a word away; links that have it keep it. Whether it was there."""
    deleted, _ = Term.objects.filter(organization=organization, public_id=public_id).delete()
    return bool(deleted)
