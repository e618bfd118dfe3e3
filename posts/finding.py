"""Finding posts and files by a few letters, for the command bar: bounded, so that it is as quick among 100,000 of them."""

from django.db.models import Q, QuerySet

from chat33.lib.ids import is_id
from chat33.orgs.models import Organization
from posts.models import Media, Post
from posts.selectors import posts_for

NEWEST = 5_000  # rows that are looked through; a post's whole id finds any


def posts_found(organization: Organization, text: str, *, limit: int) -> list[Post]:
    """The newest posts whose text holds it, or the one of this id, with their channels."""
    rows = posts_for(organization)
    if is_id(text, "post"):
        return list(rows.filter(public_id=text))
    floor = rows.values_list("pk", flat=True)[NEWEST - 1 : NEWEST].first()
    return list(_from(rows, floor).filter(Q(text__icontains=text) | Q(public_id__startswith=text))[:limit])


def media_found(organization: Organization, text: str, *, limit: int) -> list[Media]:
    """The newest files whose name holds it, without the variants that were made of them."""
    rows = Media.objects.filter(organization=organization).order_by("-id")
    floor = rows.values_list("pk", flat=True)[NEWEST - 1 : NEWEST].first()
    return list(_from(rows, floor).filter(name__icontains=text, variant_of=None)[:limit])


def _from(rows: QuerySet, floor: int | None) -> QuerySet:  # type: ignore[type-arg]  # of either model
    return rows if floor is None else rows.filter(pk__gte=floor)
