"""Reads about links, always from one organization."""

from dataclasses import dataclass

from django.db.models import Count, F, Func, Q, QuerySet

from chat33.orgs.models import Organization
from contacts.models import Contact
from contacts.selectors import contacts_named
from integrations.models import Channel
from integrations.selectors import channels_for
from tracking.models import Link

WORDS = 6  # of a search that are looked for
FOLDERS = 200  # offered as filters, as are
TAGS = 60


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a person looks for; all of it must hold."""

    search: str = ""
    kind: str = ""
    folder: str = ""
    tag: str = ""
    archived: bool = False


def links_for(organization: Organization) -> QuerySet[Link]:
    """The organization's links, newest first, with whom and what they name."""
    return Link.objects.filter(organization=organization).select_related("contact", "channel").order_by("-id")


def links_like(organization: Organization, wish: Wish) -> QuerySet[Link]:
    """Those that fit the wish."""
    rows = links_for(organization).filter(archived_at__isnull=not wish.archived)
    for word in wish.search.replace("\x00", " ").split()[:WORDS]:
        rows = rows.filter(
            Q(title__icontains=word)
            | Q(url__icontains=word)
            | Q(code=word.rpartition("/")[2])
            | Q(campaign__icontains=word)
        )
    if wish.kind:
        rows = rows.filter(kind=wish.kind)
    if wish.folder:
        rows = rows.filter(folder=wish.folder.replace("\x00", ""))
    if wish.tag:
        rows = rows.filter(tags__contains=[wish.tag.replace("\x00", "")])
    return rows


def link_named(organization: Organization, public_id: str) -> Link | None:
    """The link of this id, if it is the organization's."""
    return links_for(organization).filter(public_id=public_id.replace("\x00", "")).first()


def contact_named(organization: Organization, public_id: str) -> Contact | None:
    """The contact of this id, if it is the organization's."""
    return contacts_named(organization, [public_id]).first()


def channel_named(organization: Organization, public_id: str) -> Channel | None:
    """The channel of this id, if it is the organization's."""
    return channels_for(organization).filter(public_id=public_id.replace("\x00", "")).first()


def folders_of(organization: Organization) -> list[str]:
    """The folders in use, in order of the alphabet."""
    rows = Link.objects.filter(organization=organization, archived_at=None).exclude(folder="").order_by("folder")
    return list(rows.values_list("folder", flat=True).distinct()[:FOLDERS])


def tags_of(organization: Organization) -> list[str]:
    """The tags in use, in order of the alphabet; the most used ones where there are very many."""
    tagged = Link.objects.filter(organization=organization, archived_at=None).exclude(tags=[]).order_by()
    counted = tagged.annotate(tag=Func(F("tags"), function="unnest")).values("tag").annotate(number=Count("pk"))
    return sorted(counted.order_by("-number", "tag").values_list("tag", flat=True)[:TAGS])
