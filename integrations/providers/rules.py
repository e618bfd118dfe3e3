"""What each network accepts, as data, and the pure check of a draft against it.

``GET /api/v1/platforms`` publishes these, ``validate`` and creating a post apply them, and the worker applies them
again before it publishes.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Literal

from jsonschema import Draft202012Validator
from twitter_text import parse_tweet

MediaKind = Literal["image", "video"]
Severity = Literal["error", "warning"]
CountUnit = Literal["characters", "utf16", "weighted", "bytes"]

_UNITS = {
    "characters": "characters",
    "utf16": "UTF-16 units",
    "weighted": "weighted characters",
    "bytes": "bytes",
}
SHOWN = 3  # of all that is wrong with one option
_HASHTAG = re.compile(r"(?<!\w)#\w+")
_MENTION = re.compile(r"(?<!\w)@\w+")


@dataclass(frozen=True, kw_only=True)
class Issue:
    """One thing wrong (error) or doubtful (warning) with a draft; ``path`` is the request's field."""

    code: str
    path: str
    message: str
    severity: Severity = "error"


@dataclass(frozen=True, kw_only=True)
class TextRule:
    """A text field's limit, in the unit its network counts."""

    limit: int
    unit: CountUnit = "characters"
    required: bool = False
    max_hashtags: int | None = None
    max_mentions: int | None = None
    forbidden: str = ""  # characters the network refuses


@dataclass(frozen=True, kw_only=True)
class FileRule:
    """What one file may be. Sizes in bytes, lengths in seconds, edges in pixels, ratio = width / height."""

    content_types: tuple[str, ...]
    max_bytes: int
    convertible: bool = False  # an image outside content_types or max_bytes is sent as a JPEG we make of it
    max_bytes_by_type: Mapping[str, int] = field(default_factory=dict)  # where one content type has a limit of its own
    min_width: int | None = None
    max_width: int | None = None
    min_height: int | None = None
    max_height: int | None = None
    min_ratio: float | None = None
    max_ratio: float | None = None
    min_seconds: float | None = None
    max_seconds: float | None = None

    def limit(self, content_type: str) -> int:
        """The most bytes a file of this content type may have."""
        return self.max_bytes_by_type.get(content_type, self.max_bytes)


@dataclass(frozen=True, kw_only=True)
class TypeRule:
    """One MediaType on one network: how many files, of which kinds, each within which rule."""

    min_files: int
    max_files: int
    files: Mapping[MediaKind, FileRule]
    mixed: bool = True  # images and videos together


@dataclass(frozen=True, kw_only=True)
class PlatformRules:
    """Everything a network asks of a post."""

    platform: str
    text: TextRule
    text_only: bool  # a post without media is allowed
    types: Mapping[str, TypeRule]  # by MediaType; a missing one is not supported
    cover: FileRule | None  # None: the network takes no cover image
    options: Mapping[str, Any]  # JSON Schema of this platform's part of platformConfig
    daily_limit: int  # posts in a rolling 24 h, before settings and live quota
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The network's name as people write it."""
        return {"tiktok": "TikTok", "youtube": "YouTube"}.get(self.platform, self.platform.capitalize())


@dataclass(frozen=True, kw_only=True)
class MediaFacts:
    """What is known of one of the draft's files; ``checked`` False when its bytes could not be had."""

    url: str
    checked: bool
    kind: MediaKind | None = None
    content_type: str = ""
    size: int | None = None
    width: int | None = None
    height: int | None = None
    duration: float | None = None


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A post before it exists, for one platform."""

    text: str
    media: tuple[MediaFacts, ...] = ()
    media_type: str | None = None
    cover: MediaFacts | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


def count(text: str, unit: CountUnit) -> int:
    """The text's length as the network counts it. ``weighted`` is X's: a URL is 23, an emoji or CJK character 2."""
    if unit == "utf16":
        return len(text.encode("utf-16-le")) // 2
    if unit == "bytes":
        return len(text.encode())
    if unit == "weighted":
        return int(parse_tweet(text).weightedLength)
    return len(unicodedata.normalize("NFC", text))


def check(rules: PlatformRules, draft: Draft) -> tuple[Issue, ...]:
    """Every generic rule on a draft: text, number and kind of files, each file, cover, unknown options."""
    return (*_text(rules, draft), *_files(rules, draft), *_cover(rules, draft), *_options(rules, draft))


def check_text(rule: TextRule, text: str, *, path: str, name: str) -> Iterator[Issue]:
    """One text field against its rule; ``name`` is the field's name in the message."""
    if rule.required and not text.strip():
        yield Issue(code="TEXT_REQUIRED", path=path, message=f"{name} is required.")
    length = count(text, rule.unit)
    if length > rule.limit:
        yield Issue(
            code="TEXT_TOO_LONG",
            path=path,
            message=f"{name} is {length} {_UNITS[rule.unit]} long; at most {rule.limit} are allowed.",
        )
    found = sorted({character for character in rule.forbidden if character in text})
    if found:
        yield Issue(code="TEXT_FORBIDDEN", path=path, message=f"{name} may not contain {' '.join(found)}.")
    for what, pattern, limit in (
        ("hashtags", _HASHTAG, rule.max_hashtags),
        ("mentions", _MENTION, rule.max_mentions),
    ):
        number = len(pattern.findall(text))
        if limit is not None and number > limit:
            yield Issue(
                code=f"TOO_MANY_{what.upper()}",
                path=path,
                message=f"{number} {what}; at most {limit} are allowed.",
            )


def check_file(rule: FileRule, facts: MediaFacts, *, path: str) -> Iterator[Issue]:
    """One file against its rule. A convertible image gets a warning where a JPEG made of it will do."""
    severity: Severity = "warning" if rule.convertible and facts.kind == "image" else "error"
    tail = " It will be sent as a JPEG made of it." if severity == "warning" else ""
    if facts.content_type not in rule.content_types:
        allowed = ", ".join(rule.content_types)
        yield Issue(
            code="MEDIA_FORMAT",
            path=path,
            message=f"{facts.content_type} is not accepted; use {allowed}.{tail}",
            severity=severity,
        )
    limit = rule.limit(facts.content_type)
    if facts.size is not None and facts.size > limit:
        yield Issue(
            code="MEDIA_TOO_LARGE",
            path=path,
            message=f"{facts.size / 1e6:.1f} MB is over the {limit / 1e6:g} MB allowed.{tail}",
            severity=severity,
        )
    yield from _measures(rule, facts, path)


def _measures(rule: FileRule, facts: MediaFacts, path: str) -> Iterator[Issue]:
    ratio = facts.width / facts.height if facts.width and facts.height else None
    shrinkable = rule.convertible and facts.kind == "image"
    measured = (
        (
            "MEDIA_WIDTH",
            "width",
            facts.width,
            rule.min_width,
            None if shrinkable else rule.max_width,
            "pixels",
        ),
        (
            "MEDIA_HEIGHT",
            "height",
            facts.height,
            rule.min_height,
            None if shrinkable else rule.max_height,
            "pixels",
        ),
        ("MEDIA_RATIO", "aspect ratio", ratio, rule.min_ratio, rule.max_ratio, "(width / height)"),
        ("MEDIA_DURATION", "length", facts.duration, rule.min_seconds, rule.max_seconds, "seconds"),
    )
    for code, name, value, low, high, unit in measured:
        if value is None:
            continue
        if low is not None and value < low:
            yield Issue(code=code, path=path, message=f"The {name} is {value:g} {unit}; at least {low:g} is needed.")
        if high is not None and value > high:
            yield Issue(code=code, path=path, message=f"The {name} is {value:g} {unit}; at most {high:g} is allowed.")


def _text(rules: PlatformRules, draft: Draft) -> Iterator[Issue]:
    yield from check_text(rules.text, draft.text, path="text", name="The text")
    if not draft.media and not rules.text_only:
        yield Issue(code="MEDIA_REQUIRED", path="mediaUrls", message=f"{rules.name} takes no post without media.")


def _files(rules: PlatformRules, draft: Draft) -> Iterator[Issue]:
    if not draft.media:
        return
    rule = rules.types.get(draft.media_type or "")
    if rule is None:
        supported = ", ".join(rules.types)
        yield Issue(
            code="MEDIA_TYPE",
            path="mediaType",
            message=f"{rules.name} has no {draft.media_type} posts; use {supported}.",
        )
        return
    if not rule.min_files <= len(draft.media) <= rule.max_files:
        yield Issue(
            code="MEDIA_COUNT",
            path="mediaUrls",
            message=f"{draft.media_type} on {rules.name} takes {rule.min_files} to {rule.max_files} files, "
            f"not {len(draft.media)}.",
        )
    kinds = {facts.kind for facts in draft.media if facts.kind}
    if len(kinds) > 1 and not rule.mixed:
        yield Issue(
            code="MEDIA_MIXED",
            path="mediaUrls",
            message=f"{rules.name} takes images or videos, not both together.",
        )
    for index, facts in enumerate(draft.media):
        yield from _file(rule, facts, draft.media_type or "", f"mediaUrls.{index}")


def _file(rule: TypeRule, facts: MediaFacts, media_type: str, path: str) -> Iterator[Issue]:
    if not facts.checked or facts.kind is None:
        yield Issue(
            code="MEDIA_UNCHECKED",
            path=path,
            message="The file could not be read now, so it was not checked; that happens when the post is published.",
            severity="warning",
        )
    elif facts.kind not in rule.files:
        yield Issue(
            code="MEDIA_KIND",
            path=path,
            message=f"This is {facts.content_type}, which does not fit mediaType {media_type}.",
        )
    else:
        yield from check_file(rule.files[facts.kind], facts, path=path)


def _cover(rules: PlatformRules, draft: Draft) -> Iterator[Issue]:
    if draft.cover is None:
        return
    if rules.cover is None or (draft.media_type not in ("video", "reel")):
        yield Issue(
            code="COVER_IGNORED",
            path="coverImageUrl",
            message=f"{rules.name} takes no cover image for this post; it will be left out.",
            severity="warning",
        )
    elif draft.cover.checked and draft.cover.kind != "image":
        yield Issue(code="COVER_KIND", path="coverImageUrl", message="The cover must be an image.")
    elif draft.cover.checked:
        yield from check_file(rules.cover, draft.cover, path="coverImageUrl")


def _options(rules: PlatformRules, draft: Draft) -> Iterator[Issue]:
    """Unknown keys are a warning and ignored; known ones must fit their published schema."""
    known = rules.options.get("properties", {})
    for key, value in draft.options.items():
        path = f"platformConfig.{rules.platform}.{key}"
        if key not in known:
            yield Issue(
                code="OPTION_UNKNOWN",
                path=path,
                message=f"{rules.name} has no option {key}; it is ignored.",
                severity="warning",
            )
            continue
        for error in islice(Draft202012Validator(known[key]).iter_errors(value), SHOWN):
            yield Issue(code="OPTION_INVALID", path=path, message=error.message[:300])
