"""Checking a post before it exists, on the real bytes where they can be had: what ``validate`` says and creating enforces.

The rules themselves are the adapters' and pure; here their inputs are gathered and what only our own rows know is added:
a channel that is disconnected, a day that is full, the same text or the same minute twice.
"""

import mimetypes
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Coalesce

from chat33.lib.http import Refused
from chat33.orgs.models import Organization
from integrations.channels import http_client, known_account
from integrations.models import Channel
from integrations.providers.registry import PROVIDERS
from integrations.providers.rules import Draft, Issue, MediaFacts
from posts.allowance import DAY, allowances
from posts.media import ALT_TEXTS, GONE, GONE_SENTENCE, UnableToFetch, facts_of, inspect_url, is_gone, own_files
from posts.models import Media, MediaType, Post, PostStatus

LOOK = 8.0  # seconds that looking at files elsewhere may take in all
RECENT = timedelta(hours=24)
RECENT_POSTS = 500  # of a channel that are looked through for the same text
EMPTY = "EMPTY"


@dataclass(frozen=True, kw_only=True)
class Content:
    """What a person wants to publish, the same for every channel."""

    text: str | None = None
    media_urls: tuple[str, ...] = ()
    media_type: str | None = None
    cover_image_url: str = ""
    platform_config: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Inspected:
    """A content with what its files turned out to be."""

    content: Content
    media: tuple[MediaFacts, ...]
    cover: MediaFacts | None
    issues: tuple[Issue, ...]  # the same for every channel


@dataclass(frozen=True)
class Result:
    """One channel's verdict."""

    channel: Channel
    issues: tuple[Issue, ...]

    @property
    def errors(self) -> tuple[Issue, ...]:
        """What stands in the way."""
        return tuple(issue for issue in self.issues if issue.severity == "error")

    @property
    def warnings(self) -> tuple[Issue, ...]:
        """What a person should know."""
        return tuple(issue for issue in self.issues if issue.severity == "warning")


def inspect(
    *, organization: Organization, content: Content, look: bool = True, files: Mapping[str, Media] | None = None
) -> Inspected:
    """Look at the files: ours from their rows (``files``, by address, where they have been read), others by fetching them
    within ``LOOK`` seconds in all, if ``look``.
    """
    files = own_files(organization, [*content.media_urls, content.cover_image_url]) if files is None else files
    deadline = time.monotonic() + LOOK if look else 0.0
    issues: list[Issue] = []
    facts: list[MediaFacts] = []
    seen: dict[str, MediaFacts] = {}
    for index, url in enumerate(content.media_urls):
        if url not in seen or not seen[url].checked:
            seen[url] = _facts(files, url, f"mediaUrls.{index}", deadline, issues)
        facts.append(seen[url])
    cover = (
        _facts(files, content.cover_image_url, "coverImageUrl", deadline, issues) if content.cover_image_url else None
    )
    if facts and content.media_type is None:
        content = replace(content, media_type=infer_type(facts))
    return Inspected(content, tuple(facts), cover, (*issues, *_config_issues(content.platform_config)))


def unseen(content: Content) -> Inspected:
    """The content with its files taken on trust."""
    media = tuple(MediaFacts(url=url, checked=False) for url in content.media_urls)
    return Inspected(content, media, None, ())


def examine(
    *,
    inspected: Inspected,
    channels: Sequence[Channel],
    now: datetime,
    planned: datetime | None = None,
    own: Collection[str] = (),
) -> list[Result]:
    """Every channel's verdict on an inspected content. ``planned`` is when it would go out: then what a person should
    know of that day is told too (a full day, the same text, the same minute). ``own`` are the ids of the posts that say
    it already: they do not stand in their own way.
    """
    content = inspected.content
    full = _full_days(channels, max(planned, now), own) if planned else {}
    return [
        Result(
            channel,
            (
                *inspected.issues,
                *_channel_issues(channel),
                *_rules(channel, content, inspected.media, inspected.cover),
                *full.get(channel.pk, ()),
                *(_clashes(channel, content, planned, own) if planned else ()),
            ),
        )
        for channel in channels
    ]


def problems(*, post: Post, media: tuple[MediaFacts, ...], cover: MediaFacts | None) -> tuple[Issue, ...]:
    """The same rules on a post that is about to go out, on the files it goes out with."""
    content = Content(
        text=post.text,
        media_type=post.media_type,
        platform_config=post.platform_config,
        media_urls=tuple(post.media_urls),
    )
    return _rules(post.channel, content, media, cover)


def settled_text(config: Mapping[str, Any], platform: str, text: str) -> str:
    """The text for this platform: its override in platformConfig, else the common one."""
    override = _section(config, platform).get("text")
    return override if isinstance(override, str) else text


def settled_options(config: Mapping[str, Any], platform: str) -> dict[str, Any]:
    """This platform's options that its schema knows, without the text override."""
    known = PROVIDERS[platform].rules.options.get("properties", {})
    return {key: value for key, value in _section(config, platform).items() if key in known and key != "text"}


def infer_type(facts: Sequence[MediaFacts]) -> str:
    """The MediaType that the files themselves suggest."""
    if len(facts) > 1:
        return str(MediaType.CAROUSEL)
    kind = facts[0].kind or (mimetypes.guess_type(urlsplit(facts[0].url).path)[0] or "").partition("/")[0]
    return str(MediaType.VIDEO if kind == "video" else MediaType.IMAGE)


def _section(config: Mapping[str, Any], platform: str) -> Mapping[str, Any]:
    section = config.get(platform)
    return section if isinstance(section, Mapping) else {}


def _config_issues(config: Mapping[str, Any]) -> Iterator[Issue]:
    """What is wrong around the platforms' sections; inside them their own schemas speak."""
    for key, value in config.items():
        path = f"platformConfig.{key}"
        if key in PROVIDERS:
            continue
        if key != ALT_TEXTS:
            message = f"platformConfig is nested by platform; {key[:60]} is none of them and is ignored."
            yield Issue(code="OPTION_UNKNOWN", path=path, message=message, severity="warning")
        elif not isinstance(value, list) or not all(isinstance(text, str) for text in value):
            yield Issue(code="OPTION_INVALID", path=path, message="Alternative texts are a list of strings.")


def _facts(files: Mapping[str, Media], url: str, path: str, deadline: float, issues: list[Issue]) -> MediaFacts:
    unknown = MediaFacts(url=url, checked=False)
    if url in files:
        return facts_of(files[url], url)
    if is_gone(url):
        issues.append(Issue(code=GONE, path=path, message=GONE_SENTENCE))
        return unknown
    try:
        if time.monotonic() > deadline:
            return unknown
        return inspect_url(url, http=http_client(), wall=max(1.0, deadline - time.monotonic()))
    except Refused as error:
        issues.append(Issue(code="MEDIA_URL", path=path, message=str(error)))
    except UnableToFetch as error:
        if not error.unreachable:
            issues.append(Issue(code=error.code, path=path, message=str(error)))
    return unknown


def _rules(
    channel: Channel, content: Content, media: tuple[MediaFacts, ...], cover: MediaFacts | None
) -> tuple[Issue, ...]:
    text = settled_text(content.platform_config, channel.platform, content.text or "")
    if not text.strip() and not media:
        return (Issue(code=EMPTY, path="text", message="A post needs text or media."),)
    draft = Draft(
        text=text,
        media=media,
        media_type=content.media_type,
        cover=cover,
        options=_section(content.platform_config, channel.platform),
    )
    return PROVIDERS[channel.platform].check(draft, known_account(channel))


def _channel_issues(channel: Channel) -> Iterator[Issue]:
    if not channel.is_active:
        message = f"{channel} is disconnected. Connect it again first."
        yield Issue(code="ACCOUNT_DISCONNECTED", path="accountIds", message=message)


def _full_days(channels: Sequence[Channel], at: datetime, own: Collection[str]) -> dict[int, tuple[Issue, ...]]:
    """A warning for each channel whose allowance is used up, or will be by what is planned, at the time; by its key."""
    stands = allowances(channels=channels, now=at)
    waiting = Post.objects.filter(channel__in=channels, status=PostStatus.QUEUED, slot_at=None)
    waiting = _without(own, waiting)
    ahead = waiting.filter(scheduled_at__gt=at - DAY, scheduled_at__lte=at).values("channel").order_by()
    planned = dict(ahead.annotate(number=Count("id")).values_list("channel", "number"))
    full: dict[int, tuple[Issue, ...]] = {}
    for channel in channels:
        state = stands[channel.pk]
        taken = state.used + planned.get(channel.pk, 0)
        if state.limit is not None and taken >= state.limit:
            message = (
                f"{channel} publishes {state.limit} posts in 24 hours, and {taken} are published or planned by then. "
                "This one would wait for a free place."
            )
            full[channel.pk] = (Issue(code="DAILY_LIMIT", path="accountIds", message=message, severity="warning"),)
    return full


def _clashes(channel: Channel, content: Content, planned: datetime, own: Collection[str]) -> Iterator[Issue]:
    """The same words within a day, or another post in the same minute."""
    live = (PostStatus.QUEUED, PostStatus.PUBLISHING, PostStatus.PUBLISHED)
    text = settled_text(content.platform_config, channel.platform, content.text or "")
    if text.strip():
        newest = Post.objects.filter(channel=channel).order_by("-id").values("pk")[:RECENT_POSTS]
        same = Q(text=text) | Q(**{f"platform_config__{channel.platform}__text": text})
        when = Coalesce("published_at", "scheduled_at", "created_at")
        alike = _without(own, Post.objects.filter(same, pk__in=newest, status__in=live)).annotate(when=when)
        if alike.filter(when__gt=planned - RECENT, when__lt=planned + RECENT).exists():
            message = f"{channel} has a post with the same text within 24 hours of this one."
            yield Issue(code="DUPLICATE_TEXT", path="text", message=message, severity="warning")
    minute = planned.replace(second=0, microsecond=0)
    others = _without(own, Post.objects.filter(channel=channel, status__in=live))
    if others.filter(scheduled_at__gte=minute, scheduled_at__lt=minute + timedelta(minutes=1)).exists():
        message = f"{channel} has another post in the same minute."
        yield Issue(code="SAME_MINUTE", path="scheduledAt", message=message, severity="warning")


def _without(own: Collection[str], posts: QuerySet[Post]) -> QuerySet[Post]:
    return posts.exclude(public_id__in=own) if own else posts
