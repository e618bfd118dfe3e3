"""A post as a page of many shows it: its time on the workspace's clock, the start of its text, a picture, what clashes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, DateTimeField, Exists, Func, OuterRef, Subquery, Value
from django.db.models.expressions import Combinable

from chat33.orgs.models import Organization
from posts.allowance import DAY, daily_limit
from posts.media import own_token
from posts.models import WHEN, Media, Post, PostStatus, Review
from posts.outcomes import UNCONFIRMED
from posts.preflight import RECENT, settled_text
from posts.schedule import clock, zone
from posts.shelf import shown

LIVE = (PostStatus.DRAFT, PostStatus.QUEUED, PostStatus.PUBLISHING, PostStatus.PUBLISHED)


@dataclass(frozen=True)
class Clash:
    """Something to look at before a post goes out: a word or two, and the sentence."""

    word: str
    sentence: str


@dataclass(frozen=True)
class Mark:
    """A state as a page shows it: a word, a shape (a Heroicon), and how good it is (a pill's kind)."""

    word: str
    icon: str
    kind: str = ""


MARKS: Mapping[str, Mark] = {
    "DRAFT": Mark("Draft", "pencil"),
    "ASKED": Mark("Waiting for approval", "clipboard-document-check", "warn"),
    "QUEUED": Mark("Scheduled", "clock", "accent"),
    "WAITING": Mark("Waiting", "pause-circle", "warn"),
    "AGAIN": Mark("Trying again", "arrow-path", "warn"),
    "PUBLISHING": Mark("Publishing", "arrow-up-circle", "info"),
    "PUBLISHED": Mark("Published", "check-circle", "good"),
    "FAILED": Mark("Failed", "exclamation-circle", "bad"),
    "UNCONFIRMED": Mark("Not sure", "question-mark-circle", "bad"),
    "CANCELLED": Mark("Cancelled", "x-circle"),
}


def mark_of(post: Post) -> Mark:
    """How the post stands."""
    if post.status == PostStatus.QUEUED and post.held_until:
        return MARKS["WAITING"]
    if post.status == PostStatus.QUEUED and post.retry_count:
        return MARKS["AGAIN"]
    if post.status == PostStatus.FAILED and post.error_code == UNCONFIRMED:
        return MARKS["UNCONFIRMED"]
    return MARKS[post.status]


@dataclass(frozen=True)
class Card:
    """A post among others. ``local`` is what the workspace's clocks show at ``at``."""

    post: Post
    at: datetime
    local: datetime
    text: str
    thumbnail: str
    clashes: tuple[Clash, ...]
    is_asked: bool = False  # a draft that waits for approval

    @property
    def can_move(self) -> bool:
        """Whether it has a time that may still change."""
        return self.post.is_editable() and self.post.scheduled_at is not None

    @property
    def mark(self) -> Mark:
        """How it stands."""
        return MARKS["ASKED"] if self.is_asked else mark_of(self.post)


def cards_of(*, organization: Organization, keys: Sequence[int], now: datetime) -> dict[int, Card]:
    """The cards of the organization's posts with these keys. A fixed number of queries."""
    if not keys:
        return {}
    rows = Post.objects.filter(organization=organization, pk__in=keys).select_related("channel")
    asked = Review.objects.filter(post=OuterRef("pk"), decided_at=None)
    posts: list[Any] = list(rows.annotate(when=WHEN, is_asked=Exists(asked), **_neighbours()))
    pictures = _pictures(organization, posts)
    where, limits = zone(organization.timezone), _limits(organization, posts, now)
    return {
        post.pk: Card(
            post=post,
            at=post.when,
            local=clock(post.when, where),
            text=settled_text(post.platform_config, post.channel.platform, post.text or ""),
            thumbnail=next((pictures[token] for token in _tokens(post) if token in pictures), ""),
            clashes=tuple(_clashes(post, limits[post.channel_id], now)),
            is_asked=post.is_asked and post.status == PostStatus.DRAFT,
        )
        for post in posts
    }


def _neighbours() -> dict[str, Combinable]:
    """What stands near each post on its channel. Each reads a stretch of one index."""
    mine: Any = OuterRef("scheduled_at")
    others = Post.objects.filter(channel=OuterRef("channel"), status__in=LIVE).exclude(pk=OuterRef("pk")).order_by()
    minute = Func(Value("minute"), mine, function="date_trunc", output_field=DateTimeField())
    near = others.filter(scheduled_at__gt=mine - RECENT, scheduled_at__lt=mine + RECENT)
    before = others.filter(scheduled_at__gt=mine - DAY, scheduled_at__lte=mine)
    return {
        "same_minute": Exists(others.filter(scheduled_at__gte=minute, scheduled_at__lt=minute + timedelta(minutes=1))),
        "same_text": Exists(near.filter(text=OuterRef("text")).exclude(text="")),
        "in_a_day": Subquery(before.values("channel").annotate(number=Count("id")).values("number")),
    }


def _clashes(post: Any, limit: int | None, now: datetime) -> Iterator[Clash]:
    """What a person should look at before the post goes out, in words."""
    if not post.is_editable() or post.scheduled_at is None or post.scheduled_at < now:
        return
    if post.same_minute:
        yield Clash("Same minute", "This account has another post in the same minute.")
    said = settled_text(post.platform_config, post.channel.platform, post.text or "")
    if post.same_text and said == post.text:
        yield Clash("Same text", "This account has a post with the same text within 24 hours.")
    if limit is not None and (post.in_a_day or 0) >= limit:
        told = f"This account publishes {limit} posts in 24 hours. This one will wait for a place."
        yield Clash("Full day", told)


def _limits(organization: Organization, posts: Sequence[Post], now: datetime) -> dict[int, int | None]:
    """How many posts each channel may publish in 24 hours, by its key."""
    overrides = organization.limits(now)
    channels = {post.channel_id: post.channel for post in posts}
    return {
        key: daily_limit(platform=channel.platform, overrides=overrides, quota=channel.quota)
        for key, channel in channels.items()
    }


def _pictures(organization: Organization, posts: Sequence[Post]) -> Mapping[str, str]:
    """Where the small pictures of our own files are, by the files' tokens: a page shows nothing of others'."""
    tokens = {token for post in posts for token in _tokens(post)}
    files = Media.objects.filter(organization=organization, token__in=tokens, kind="image")
    return {one.media.token: one.preview for one in shown(list(files)) if one.preview}


def _tokens(post: Post) -> list[str]:
    """The tokens of those of its files that are ours."""
    return [token for url in post.media_urls if isinstance(url, str) and (token := own_token(url)) is not None]
