"""What YouTube accepts of a video and its words, as data and as pure checks.

Sources: YouTube Data API, "Videos" (property limits), "Thumbnails: set"; YouTube Help, "Supported file formats",
"Upload videos longer than 15 minutes", "Get started creating Shorts", "Add video thumbnails" (read 2026-11).
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from integrations.providers.rules import Draft, FileRule, Issue, PlatformRules, TextRule, TypeRule, check

TITLE_LIMIT = 100  # characters
TAGS_LIMIT = 500  # characters, as ``tags_length`` counts
COVER_BYTES = 8_388_608  # YouTube takes 50 MiB; one request of ours carries at most 8
UNVERIFIED_SECONDS = 900  # a channel that is not verified uploads at most this
SHORT_SECONDS = 180

_FORMATS = (
    "video/mp4",
    "video/quicktime",
    "video/webm",
    "video/mpeg",
    "video/3gpp",
    "video/x-msvideo",
    "video/x-ms-wmv",
    "video/x-flv",
)
_MAX_BYTES = 274_877_906_944  # 256 GiB
_OPTIONS: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "text": {
            "type": "string",
            "description": "The description on YouTube, in place of the post's text. At most 5,000 bytes, no < or >.",
        },
        "title": {
            "type": "string",
            "minLength": 1,
            "maxLength": TITLE_LIMIT,
            "description": "The video's title, no < or >. Default: the first line of the text, cut to 100 characters.",
        },
        "privacy": {
            "type": "string",
            "enum": ["public", "unlisted", "private"],
            "default": "public",
            "description": "Who may see the video.",
        },
        "tags": {
            "type": "array",
            "items": {"type": "string", "minLength": 1, "pattern": "^[^<>]*$"},
            "description": "Keywords. Together at most 500 characters: commas between them count, and a tag with a "
            "space counts two more.",
        },
        "categoryId": {
            "type": "string",
            "pattern": "^[0-9]{1,3}$",
            "default": "22",
            "description": "YouTube's category: 1 Film, 2 Autos, 10 Music, 15 Pets, 17 Sports, 19 Travel, 20 Gaming, "
            "22 People and blogs, 23 Comedy, 24 Entertainment, 25 News, 26 How-to, 27 Education, 28 Science and "
            "technology, 29 Nonprofits.",
        },
        "madeForKids": {
            "type": "boolean",
            "default": False,
            "description": "Your own declaration that the video is made for children; comments are then off.",
        },
        "containsSyntheticMedia": {
            "type": "boolean",
            "description": "The video shows realistic altered or generated material.",
        },
        "publishAt": {
            "type": "string",
            "format": "date-time",
            "description": "Upload now as private, and let YouTube make it public at this time (ISO 8601 with offset).",
        },
        "firstComment": {
            "type": "string",
            "minLength": 1,
            "maxLength": 10_000,
            "description": "A comment of the channel under the video, written once it is processed.",
        },
    },
}

RULES = PlatformRules(
    platform="youtube",
    text=TextRule(limit=5000, unit="bytes", forbidden="<>"),
    text_only=False,
    types={
        "video": TypeRule(
            min_files=1,
            max_files=1,
            files={"video": FileRule(content_types=_FORMATS, max_bytes=_MAX_BYTES, max_seconds=43_200)},
        ),
        "reel": TypeRule(
            min_files=1,
            max_files=1,
            files={
                "video": FileRule(
                    content_types=_FORMATS, max_bytes=_MAX_BYTES, max_ratio=1.0, max_seconds=SHORT_SECONDS
                )
            },
        ),
    },
    cover=FileRule(content_types=("image/jpeg", "image/png"), max_bytes=COVER_BYTES, convertible=True),
    options=_OPTIONS,
    daily_limit=6,
    notes=(
        "A reel is a Short: square or vertical, at most 3 minutes. YouTube makes every such video a Short.",
        "Videos of more than 15 minutes need a verified channel, and so do custom thumbnails.",
        "YouTube locks videos as private when they come from an app that Google has not audited.",
    ),
)


def description_of(text: str, options: Mapping[str, Any]) -> str:
    """The description: YouTube's own text where one is given, else the post's."""
    given = options.get("text")
    return given if isinstance(given, str) else text


def title_of(text: str, options: Mapping[str, Any]) -> str:
    """The title: the one given, else the first line of the description, then of the post's text, cut to 100."""
    given = options.get("title")
    if isinstance(given, str) and given.strip():
        return given.strip()
    for words in (description_of(text, options), text):
        for line in words.splitlines():
            if line.strip():
                return line.strip()[:TITLE_LIMIT].strip()
    return ""


def tags_length(tags: list[str]) -> int:
    """Characters of a tag list as YouTube counts them: commas between, and two quotes around a tag with a space."""
    return sum(len(tag) + (2 if " " in tag else 0) for tag in tags) + max(0, len(tags) - 1)


def publish_at(options: Mapping[str, Any]) -> datetime | None:
    """When YouTube shall make the video public, in UTC; None when not asked, or not readable as a time with offset."""
    try:
        at = datetime.fromisoformat(str(options.get("publishAt", "")))
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo else None


def privacy_of(options: Mapping[str, Any]) -> str:
    """The privacy asked for. YouTube schedules private videos alone and makes them public then."""
    return "private" if publish_at(options) else str(options.get("privacy", "public"))


def resource_of(text: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The video's details as ``videos.insert`` takes them."""
    snippet: dict[str, Any] = {
        "title": title_of(text, options),
        "description": description_of(text, options),
        "categoryId": str(options.get("categoryId", "22")),
    }
    if options.get("tags"):
        snippet["tags"] = list(options["tags"])
    status: dict[str, Any] = {
        "privacyStatus": privacy_of(options),
        "selfDeclaredMadeForKids": bool(options.get("madeForKids", False)),
    }
    at = publish_at(options)
    if at is not None:
        status["publishAt"] = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    if "containsSyntheticMedia" in options:
        status["containsSyntheticMedia"] = bool(options["containsSyntheticMedia"])
    return {"snippet": snippet, "status": status}


def check_draft(draft: Draft) -> tuple[Issue, ...]:
    """The generic rules on what YouTube would get, and YouTube's own."""
    spoken = replace(draft, text=description_of(draft.text, draft.options))
    return (*check(RULES, spoken), *_title(draft), *_tags(draft), *_timing(draft), *_video(draft), *_comment(draft))


def _path(option: str) -> str:
    return f"platformConfig.youtube.{option}"


def _title(draft: Draft) -> Iterator[Issue]:
    title = title_of(draft.text, draft.options)
    if not title:
        yield Issue(
            code="TITLE_REQUIRED",
            path=_path("title"),
            message="A video on YouTube needs a title: give one, or a text whose first line becomes it.",
        )
    elif draft.options.get("title") and ("<" in title or ">" in title):
        yield Issue(code="TEXT_FORBIDDEN", path=_path("title"), message="The title may not contain < or >.")


def _tags(draft: Draft) -> Iterator[Issue]:
    tags = draft.options.get("tags")
    if isinstance(tags, list) and all(isinstance(tag, str) for tag in tags) and tags_length(tags) > TAGS_LIMIT:
        yield Issue(
            code="TAGS_TOO_LONG",
            path=_path("tags"),
            message=f"The tags are {tags_length(tags)} characters long with their commas; {TAGS_LIMIT} are allowed.",
        )


def _timing(draft: Draft) -> Iterator[Issue]:
    if "publishAt" not in draft.options:
        return
    if publish_at(draft.options) is None:
        yield Issue(
            code="OPTION_INVALID",
            path=_path("publishAt"),
            message="publishAt must be an ISO 8601 time with an offset, like 2027-01-31T09:00:00+01:00.",
        )
    if draft.options.get("privacy") == "unlisted":
        yield Issue(
            code="OPTION_CONFLICT",
            path=_path("privacy"),
            message="YouTube can make a video public at a time, not unlisted; leave out privacy or publishAt.",
        )


def _video(draft: Draft) -> Iterator[Issue]:
    facts = draft.media[0] if len(draft.media) == 1 else None
    if facts is None or facts.kind != "video" or draft.media_type not in RULES.types:
        return
    if facts.duration is not None and facts.duration > UNVERIFIED_SECONDS:
        yield Issue(
            code="MEDIA_DURATION",
            path="mediaUrls.0",
            message="YouTube takes videos of more than 15 minutes from verified channels only.",
            severity="warning",
        )
    upright = facts.width is not None and facts.height is not None and facts.width <= facts.height
    if draft.media_type == "video" and upright and (facts.duration or SHORT_SECONDS + 1) <= SHORT_SECONDS:
        yield Issue(
            code="MEDIA_SHORT",
            path="mediaType",
            message="YouTube shows a square or vertical video of at most 3 minutes as a Short.",
            severity="warning",
        )


def _comment(draft: Draft) -> Iterator[Issue]:
    if not draft.options.get("firstComment"):
        return
    hidden = draft.options.get("privacy") == "private" or "publishAt" in draft.options
    if hidden or draft.options.get("madeForKids") is True:
        reason = "a private video" if hidden else "a video made for kids"
        yield Issue(
            code="COMMENT_IGNORED",
            path=_path("firstComment"),
            message=f"YouTube takes no comment on {reason}; it will be left out.",
            severity="warning",
        )
