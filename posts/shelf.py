"""Reads about the media library, always from one organization. Copies made for networks are never shown."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Count, Exists, F, Func, Max, OuterRef, Q, QuerySet, Sum, TextField
from django.db.models.functions import Cast

from chat33.orgs.models import Membership, Organization
from posts.media import media_path, media_url
from posts.models import Media, MediaUse, Post, PostStatus
from posts.outcomes import UNCONFIRMED

PAGE = 48  # files; a number that fills rows of 2, 3, 4 and 6
SHOWN = 12  # posts named where a file's posts are told
WORDS = 6  # of a search that are looked for
TAGS = 60  # offered as filters
THUMBNAIL = "thumbnail"  # the variant_key of the small picture
SHAPES = ("landscape", "portrait", "square")
SMALL = 150_000  # bytes of a picture that needs no smaller one to be shown small

BUSY = Q(status=PostStatus.PUBLISHING) | Q(status=PostStatus.FAILED, error_code=UNCONFIRMED)
WAITING = Q(status__in=(PostStatus.DRAFT, PostStatus.QUEUED)) | Q(status=PostStatus.FAILED) & ~Q(error_code=UNCONFIRMED)


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a person looks for; all of it must hold."""

    search: str = ""
    kind: str = ""
    shape: str = ""
    tag: str = ""
    unused: bool = False


@dataclass(frozen=True)
class Shown:
    """A file as a list shows it. ``url`` is for posts, ``path`` for our own pages, as is ``preview``, the path of a small
    picture, empty where there is none.
    """

    media: Media
    url: str
    path: str
    preview: str


@dataclass(frozen=True)
class Storage:
    """What the organization keeps here: pictures, videos, and their bytes."""

    pictures: int
    videos: int
    size: int


@dataclass(frozen=True)
class Uses:
    """Which posts show some files: those on their way right now, those that have not gone out, and the rest. ``newest``
    is the latest of these facts, so that whoever confirms them says which they saw.
    """

    busy: tuple[Post, ...] = ()
    waiting: tuple[Post, ...] = ()
    others: tuple[Post, ...] = ()
    drafts: int = 0
    planned: int = 0
    failed: int = 0
    gone_out: int = 0
    newest: int = 0
    number: int = 0

    @property
    def stands_in_the_way(self) -> bool:
        """Whether a post would no longer go out as it is."""
        return bool(self.busy or self.waiting)


def media_for(organization: Organization) -> QuerySet[Media]:
    """The organization's files, newest first."""
    return Media.objects.filter(organization=organization, variant_of=None).order_by("-id")


def media_like(organization: Organization, wish: Wish) -> QuerySet[Media]:
    """Those that fit the wish."""
    rows = media_for(organization)
    for word in wish.search.replace("\x00", " ").split()[:WORDS]:
        rows = rows.alias(words=Cast("tags", TextField())).filter(
            Q(name__icontains=word) | Q(alt_text__icontains=word) | Q(words__icontains=word)
        )
    if wish.kind:
        rows = rows.filter(kind=wish.kind)
    if wish.shape:
        shapes = {
            "landscape": Q(width__gt=F("height")),
            "portrait": Q(width__lt=F("height")),
            "square": Q(width=F("height")),
        }
        rows = rows.filter(shapes[wish.shape])
    if wish.tag:
        rows = rows.filter(tags__contains=[wish.tag.replace("\x00", "")])
    if wish.unused:
        rows = rows.filter(~Exists(MediaUse.objects.filter(media=OuterRef("pk"))))
    return rows


def shown(files: Sequence[Media]) -> tuple[Shown, ...]:
    """The files with their small pictures, all by one query."""
    made = Media.objects.filter(variant_of__in=[media.pk for media in files], variant_key=THUMBNAIL)
    small = {copy.variant_of_id: copy for copy in made}
    return tuple(
        Shown(media, media_url(media), media_path(media), _preview(media, small.get(media.pk))) for media in files
    )


def media_named(organization: Organization, ids: Iterable[str]) -> list[Media]:
    """The organization's files of these public ids; others are left out."""
    return list(media_for(organization).filter(public_id__in=[name for name in ids if "\x00" not in name]))


def who_added(media: Media) -> str:
    """The name of the person who added it; empty when it was a key, or somebody who has left."""
    rows = Membership.objects.filter(organization=media.organization_id, user__public_id=media.created_by)
    found = rows.select_related("user").first()
    return found.user.get_short_name() if found else ""


def tags_of(organization: Organization) -> list[str]:
    """The tags in use, in order of the alphabet; the most used ones where there are very many."""
    tagged = media_for(organization).exclude(tags=[]).order_by()
    counted = tagged.annotate(tag=Func(F("tags"), function="unnest")).values("tag").annotate(number=Count("pk"))
    return sorted(counted.order_by("-number", "tag").values_list("tag", flat=True)[:TAGS])


def storage(organization: Organization) -> Storage:
    """What is kept; copies that were made of it are not counted, as they are ours."""
    rows = media_for(organization).order_by().values_list("kind").annotate(Count("pk"), Sum("size"))
    found = {kind: (number, size) for kind, number, size in rows}
    pictures, videos = found.get("image", (0, 0)), found.get("video", (0, 0))
    return Storage(pictures[0], videos[0], pictures[1] + videos[1])


def uses_of(media: Sequence[Media]) -> Uses:
    """Which posts show any of the files: the first of each sort by name, and how many."""
    uses = MediaUse.objects.filter(media__in=media)
    posts = Post.objects.filter(pk__in=uses.values("post"))
    counts = posts.order_by().aggregate(
        busy=Count("pk", filter=BUSY),
        drafts=Count("pk", filter=Q(status=PostStatus.DRAFT)),
        planned=Count("pk", filter=Q(status=PostStatus.QUEUED)),
        failed=Count("pk", filter=WAITING & Q(status=PostStatus.FAILED)),
        gone_out=Count("pk", filter=Q(status=PostStatus.PUBLISHED)),
        number=Count("pk"),
    )
    newest = uses.aggregate(newest=Max("pk"))["newest"] or 0
    named = posts.select_related("channel").order_by("-pk")
    busy = tuple(named.filter(BUSY)[:SHOWN]) if counts.pop("busy") else ()
    waiting = tuple(named.filter(WAITING)[:SHOWN]) if counts["drafts"] + counts["planned"] + counts["failed"] else ()
    others = tuple(named.exclude(BUSY | WAITING)[:SHOWN]) if counts["number"] else ()
    return Uses(busy, waiting, others, newest=newest, **counts)


def _preview(media: Media, small: Media | None) -> str:
    if small is not None:
        return media_path(small)
    return media_path(media) if media.kind == "image" and media.size <= SMALL else ""
