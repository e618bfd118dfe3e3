"""Finding posts and files by a few letters, for the command bar: bounded, so that it is as quick among 100,000 of them."""

from typing import TypeVar

from django.db.models import BigIntegerField, Model, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from chat33.lib.ids import is_id
from chat33.orgs.models import Organization
from posts.models import Media, Post
from posts.selectors import posts_for
from posts.shelf import media_for

NEWEST = 5_000  # rows that are looked through; a post's whole id finds any

Row = TypeVar("Row", bound=Model)


def posts_found(organization: Organization, text: str, *, limit: int) -> list[Post]:
    """The newest posts whose text holds it, or the one of this id, with their channels."""
    rows = posts_for(organization)
    if is_id(text, "post"):
        return list(rows.filter(public_id=text))
    return list(_newest(rows).filter(Q(text__icontains=text) | Q(public_id__startswith=text))[:limit])


def media_found(organization: Organization, text: str, *, limit: int) -> list[Media]:
    """The newest files whose name holds it, without the variants that were made of them."""
    return list(_newest(media_for(organization)).filter(name__icontains=text)[:limit])


def _newest(rows: "QuerySet[Row]") -> "QuerySet[Row]":
    """The newest rows of a list that begins with them: those from the last one that is looked at."""
    last = Subquery(rows.values("pk")[NEWEST - 1 : NEWEST], output_field=BigIntegerField())
    return rows.filter(pk__gte=Coalesce(last, Value(0), output_field=BigIntegerField()))
