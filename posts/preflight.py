"""Checking a post before it exists, on the real bytes where they can be had: what ``validate`` says and creating enforces.

The rules themselves are the adapters' and pure; here their inputs are gathered and what only our own rows know is added:
a channel that is disconnected, a day that is full, the same text or the same minute twice.
"""

import mimetypes
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from chat33.lib.http import Refused
from chat33.orgs.models import Organization
from integrations.channels import http_client, known_account
from integrations.models import Channel
from integrations.providers.registry import PROVIDERS
from integrations.providers.rules import Draft, Issue, MediaFacts
from posts.allowance import allowance
from posts.media import UnableToFetch, facts_of, inspect_url, own_media
from posts.models import MediaType, Post, PostStatus

LOOK = 8.0  # seconds that looking at files elsewhere may take in all
RECENT = timedelta(hours=24)


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


def inspect(*, organization: Organization, content: Content) -> Inspected:
    """Look at the files: ours from their rows, others by fetching them within ``LOOK`` seconds in all."""
    deadline = time.monotonic() + LOOK
    issues: list[Issue] = []
    facts = [
        _facts(organization, url, f"mediaUrls.{index}", deadline, issues)
        for index, url in enumerate(content.media_urls)
    ]
    cover = (
        _facts(organization, content.cover_image_url, "coverImageUrl", deadline, issues)
        if content.cover_image_url
        else None
    )
    if facts and content.media_type is None:
        content = replace(content, media_type=infer_type(facts))
    if not facts and not (content.text or "").strip() and not _has_override(content.platform_config):
        issues.append(Issue(code="EMPTY", path="text", message="A post needs text or media."))
    return Inspected(content, tuple(facts), cover, tuple(issues))


def examine(
    *,
    inspected: Inspected,
    channels: Sequence[Channel],
    scheduled_at: datetime | None,
    now: datetime,
    ignore: int | None = None,
) -> list[Result]:
    """Every channel's verdict on an inspected content. ``ignore`` is the post being edited."""
    content = inspected.content
    return [
        Result(
            channel,
            (
                *inspected.issues,
                *_channel_issues(channel, now),
                *_rules(channel, content, inspected.media, inspected.cover),
                *_clashes(channel, content, scheduled_at, now, ignore),
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


def _has_override(config: Mapping[str, Any]) -> bool:
    return any(_section(config, platform).get("text") for platform in PROVIDERS)


def _facts(organization: Organization, url: str, path: str, deadline: float, issues: list[Issue]) -> MediaFacts:
    unknown = MediaFacts(url=url, checked=False)
    mine = own_media(organization, url)
    if mine is not None:
        return facts_of(mine, url)
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
    draft = Draft(
        text=settled_text(content.platform_config, channel.platform, content.text or ""),
        media=media,
        media_type=content.media_type,
        cover=cover,
        options=_section(content.platform_config, channel.platform),
    )
    return PROVIDERS[channel.platform].check(draft, known_account(channel))


def _channel_issues(channel: Channel, now: datetime) -> list[Issue]:
    if not channel.is_active:
        message = f"{channel} is disconnected. Connect it again first."
        return [Issue(code="ACCOUNT_DISCONNECTED", path="accountIds", message=message)]
    state = allowance(channel=channel, now=now)
    if state.remaining == 0:
        when = f" It would wait until about {state.frees_at:%Y-%m-%d %H:%M} UTC." if state.frees_at else ""
        message = f"{channel} has used its {state.limit} posts of the last 24 hours.{when}"
        return [Issue(code="DAILY_LIMIT", path="accountIds", message=message, severity="warning")]
    return []


def _clashes(
    channel: Channel, content: Content, scheduled_at: datetime | None, now: datetime, ignore: int | None
) -> list[Issue]:
    issues = []
    live = (PostStatus.QUEUED, PostStatus.PUBLISHING, PostStatus.PUBLISHED)
    others = Post.objects.filter(channel=channel, status__in=live).exclude(pk=ignore or 0)
    text = (content.text or "").strip()
    if text and others.filter(created_at__gt=now - RECENT, text=content.text).exists():
        message = f"{channel} has a post with the same text from the last 24 hours."
        issues.append(Issue(code="DUPLICATE_TEXT", path="text", message=message, severity="warning"))
    if scheduled_at is not None:
        minute = scheduled_at.replace(second=0, microsecond=0)
        if others.filter(scheduled_at__gte=minute, scheduled_at__lt=minute + timedelta(minutes=1)).exists():
            message = f"{channel} has another post in the same minute."
            issues.append(Issue(code="SAME_MINUTE", path="scheduledAt", message=message, severity="warning"))
    return issues
