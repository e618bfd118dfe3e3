"""What needs a person, grouped by cause: one account, one kind of trouble, all the posts it stopped.

Everything here is bounded: the last ``WINDOW``, at most ``SEEN`` failures, counted from the index ``post_results`` alone.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import Count, Min

from chat33.orgs.models import Organization
from integrations.channels import RECONNECT
from integrations.models import Channel, Notice
from integrations.selectors import channels_for
from posts.models import DismissedCause, Post, PostStatus
from posts.outcomes import UNCONFIRMED

WINDOW = timedelta(days=30)
AHEAD = timedelta(days=7)  # of what is scheduled on a broken account
SEEN = 2000  # failures that are looked at, the newest
EXAMPLES = 3  # posts that are named for each cause
CAUSES = 20


class Kind(StrEnum):
    """A family of error codes with one way out, the most pressing first."""

    CONNECTION = "connection"
    ACCOUNT = "account"
    UNCONFIRMED = "unconfirmed"
    MISSED = "missed"
    NETWORK = "network"
    FETCH = "fetch"
    FILES = "files"
    CONTENT = "content"
    OTHER = "other"


class Remedy(StrEnum):
    """The one thing to do next."""

    RECONNECT = "reconnect"
    RETRY = "retry"
    RECONCILE = "reconcile"
    LOOK = "look"  # each post has to be changed by itself


_KINDS: Mapping[str, Kind] = {
    "AUTH_EXPIRED": Kind.CONNECTION,
    "PERMISSION": Kind.CONNECTION,
    "ACCOUNT": Kind.ACCOUNT,
    UNCONFIRMED: Kind.UNCONFIRMED,
    "MISSED": Kind.MISSED,
    "RATE_LIMIT": Kind.NETWORK,
    "QUOTA": Kind.NETWORK,
    "PLATFORM": Kind.NETWORK,
    "NETWORK": Kind.NETWORK,
    "MEDIA_FETCH": Kind.FETCH,
    "USER_CONTENT": Kind.CONTENT,
    "VALIDATION_ERROR": Kind.CONTENT,
    "DUPLICATE": Kind.CONTENT,
}
_REMEDIES: Mapping[Kind, Remedy] = {
    Kind.UNCONFIRMED: Remedy.RECONCILE,
    Kind.FILES: Remedy.LOOK,
    Kind.CONTENT: Remedy.LOOK,
}
_ORDER = list(Kind)


def kind_of(error_code: str) -> Kind:
    """The family of a post's error code."""
    if error_code in _KINDS:
        return _KINDS[error_code]
    return Kind.FILES if error_code.startswith("MEDIA") else Kind.OTHER


def handle(channel: Channel) -> str:
    """The account as people say it: ``Instagram @demo``."""
    name = f"@{channel.username}" if channel.username else channel.name
    return f"{channel.get_platform_display()} {name}"


@dataclass(frozen=True, kw_only=True)
class Cause:
    """One trouble of one account."""

    kind: Kind
    channel: Channel
    posts: int  # that failed for it; at most SEEN are counted
    since: datetime  # the newest of it
    examples: tuple[Post, ...] = ()  # the newest
    broken: bool = False  # the connection itself, until it is connected again
    ahead: int = 0  # posts of the next week that would fail too

    @property
    def key(self) -> str:
        """What names it to a door: the channel's id and the kind."""
        return f"{self.channel.public_id}:{self.kind}"

    @property
    def remedy(self) -> Remedy:
        """What to do first."""
        if self.kind == Kind.CONNECTION and self.broken:
            return Remedy.RECONNECT
        return _REMEDIES.get(self.kind, Remedy.RETRY)

    @property
    def title(self) -> str:
        """What is the matter, in one line."""
        who, one = handle(self.channel), self.posts == 1
        many = "1 post" if one else f"{self.posts} posts"
        if self.kind == Kind.CONNECTION:
            return f"{who} needs reconnecting" if self.broken else f"{who} is connected again"
        return {
            Kind.ACCOUNT: f"{self.channel.get_platform_display()} restricts {who}",
            Kind.UNCONFIRMED: f"{many} for {who} may or may not be out",
            Kind.MISSED: f"{many} for {who} {'was' if one else 'were'} missed",
            Kind.NETWORK: f"{many} for {who} did not get through",
            Kind.FETCH: f"The files of {many} for {who} could not be read",
            Kind.FILES: f"{many} for {who} {'needs' if one else 'need'} another file",
            Kind.CONTENT: f"{many} for {who} {'needs' if one else 'need'} changing",
        }.get(self.kind, f"{many} for {who} failed")

    @property
    def sentence(self) -> str:
        """What happened and what to do, in plain words."""
        if self.kind == Kind.CONNECTION:
            if not self.broken:
                count = "One post" if self.posts == 1 else f"{self.posts} posts"
                return f"{count} failed while it was not. Retry when you are ready."
            return self.channel.last_error or "The network no longer accepts the connection. Connect the account again."
        if self.kind == Kind.UNCONFIRMED:
            return (
                "The network did not say whether the post went out, and it is never sent twice by itself. Ask the network "
                "again, or open the post and say what you see there."
            )
        return next((post.error_message for post in self.examples if post.error_message), "")


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """Posts of an account that a limit holds; they go by themselves."""

    channel: Channel
    posts: int
    first: datetime  # when the first of them goes
    reason: str


@dataclass(frozen=True, kw_only=True)
class Attention:
    """Everything that needs, or could want, a look."""

    causes: tuple[Cause, ...] = ()
    notices: tuple[Notice, ...] = ()  # what is not about an account's connection
    waiting: tuple[Waiting, ...] = ()

    @property
    def newest(self) -> datetime | None:
        """When the last trouble came up."""
        return max((*(cause.since for cause in self.causes), *(one.created_at for one in self.notices)), default=None)

    def __bool__(self) -> bool:
        return bool(self.causes or self.notices)


@dataclass
class _Found:
    posts: int = 0
    since: datetime | None = None
    newest: list[int] = field(default_factory=list)


def attention(*, organization: Organization, now: datetime) -> Attention:
    """What needs a person now. Eight queries at most, whatever there is."""
    channels = {channel.pk: channel for channel in channels_for(organization)}
    dismissed = {
        (row.channel_id, row.kind): row.dismissed_at for row in DismissedCause.objects.filter(organization=organization)
    }
    found: dict[tuple[int, Kind], _Found] = {}
    for channel_id, code, pk, at in _failures(organization, now):
        kind = kind_of(code)
        if at <= dismissed.get((channel_id, kind), _never(at)):
            continue
        group = found.setdefault((channel_id, kind), _Found(since=at))
        group.posts += 1
        if len(group.newest) < EXAMPLES:
            group.newest.append(pk)
    notices = list(Notice.objects.filter(organization=organization, resolved_at=None).order_by("-id")[:CAUSES])
    for notice in notices:
        _with_notice(found, dismissed, notice)
    causes = _causes(found, channels)[:CAUSES]
    told = {notice.channel_id for notice in notices if notice.kind == RECONNECT}
    return Attention(
        causes=tuple(_with_ahead(_with_examples(causes, told), now)),
        notices=tuple(notice for notice in notices if not (notice.kind == RECONNECT and notice.channel_id)),
        waiting=tuple(_waiting(channels)),
    )


def failed_posts(*, organization: Organization, channel: Channel, kind: Kind, now: datetime, limit: int) -> list[Post]:
    """The posts of one cause, oldest first, for whoever mends them."""
    rows = [
        pk
        for owner, code, pk, _ in _failures(organization, now, channel)
        if owner == channel.pk and kind_of(code) == kind
    ]
    chosen = rows[-limit:]  # the newest come first, and the oldest have waited longest
    return list(Post.objects.filter(pk__in=chosen).select_related("channel").order_by("settled_at", "id"))


def _failures(
    organization: Organization, now: datetime, channel: Channel | None = None
) -> Iterator[tuple[int, str, int, datetime]]:
    rows = Post.objects.filter(organization=organization, status=PostStatus.FAILED, settled_at__gt=now - WINDOW)
    if channel is not None:
        rows = rows.filter(channel=channel)
    for channel_id, code, pk, at in rows.order_by("-settled_at", "-id").values_list(
        "channel_id", "error_code", "id", "settled_at"
    )[:SEEN]:
        if at is not None:
            yield channel_id, code, pk, at


def _never(at: datetime) -> datetime:
    return at - timedelta(microseconds=1)


def _with_notice(
    found: dict[tuple[int, Kind], _Found], dismissed: Mapping[tuple[int, str], datetime], notice: Notice
) -> None:
    """An account that lost its connection is a cause before any post has failed for it."""
    if notice.kind != RECONNECT or notice.channel_id is None:
        return
    at = notice.created_at
    if at > dismissed.get((notice.channel_id, Kind.CONNECTION), _never(at)):
        group = found.setdefault((notice.channel_id, Kind.CONNECTION), _Found(since=at))
        group.since = max(group.since or at, at)


def _causes(found: Mapping[tuple[int, Kind], _Found], channels: Mapping[int, Channel]) -> list[tuple[Cause, list[int]]]:
    causes = [
        (Cause(kind=kind, channel=channels[channel_id], posts=group.posts, since=group.since), group.newest)
        for (channel_id, kind), group in found.items()
        if group.since is not None and channel_id in channels
    ]
    return sorted(causes, key=lambda one: (_ORDER.index(one[0].kind), -one[0].since.timestamp()))


def _with_examples(causes: Sequence[tuple[Cause, list[int]]], told: Collection[int | None]) -> list[Cause]:
    wanted = [pk for _, newest in causes for pk in newest]
    posts = {post.pk: post for post in Post.objects.filter(pk__in=wanted).select_related("channel")}
    found = []
    for cause, newest in causes:
        examples = tuple(posts[pk] for pk in newest if pk in posts)
        broken = cause.kind == Kind.CONNECTION and _is_broken(cause.channel, examples, told)
        found.append(replace(cause, examples=examples, broken=broken))
    return found


def _is_broken(channel: Channel, examples: Sequence[Post], told: Collection[int | None]) -> bool:
    """Until it is connected again, which clears its last error: a missing permission leaves the account active."""
    if channel.pk in told or not channel.is_active:
        return True
    return bool(channel.last_error and examples and channel.last_error == examples[0].error_message)


def _with_ahead(causes: Sequence[Cause], now: datetime) -> list[Cause]:
    """How many scheduled posts would fail too, where the account is what is broken."""
    broken = [cause.channel.pk for cause in causes if cause.remedy == Remedy.RECONNECT]
    rows = Post.objects.filter(
        channel__in=broken, status=PostStatus.QUEUED, scheduled_at__gt=now, scheduled_at__lt=now + AHEAD
    )
    counted = dict(rows.values("channel").order_by().annotate(number=Count("id")).values_list("channel", "number"))
    return [replace(cause, ahead=counted.get(cause.channel.pk, 0)) for cause in causes]


def _waiting(channels: Mapping[int, Channel]) -> Iterator[Waiting]:
    held = Post.objects.filter(channel__in=list(channels), held_until__isnull=False, status=PostStatus.QUEUED)
    newest = held.order_by("held_until").values("pk")[:SEEN]
    rows = Post.objects.filter(pk__in=newest).values("channel", "held_reason").order_by()
    for row in rows.annotate(number=Count("id"), first=Min("held_until")).order_by("first")[:CAUSES]:
        yield Waiting(
            channel=channels[row["channel"]], posts=row["number"], first=row["first"], reason=row["held_reason"]
        )
