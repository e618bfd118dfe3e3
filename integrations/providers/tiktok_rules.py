"""What TikTok accepts, and what a post's options become (TikTok for Developers, Content Posting API: Media Transfer
Guide, Direct Post, Photo, read 2026-11).
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from integrations.providers.base import Work
from integrations.providers.rules import Draft, FileRule, Issue, PlatformRules, TextRule, TypeRule, check, check_text

_VIDEO = FileRule(
    content_types=("video/mp4", "video/quicktime", "video/webm"),
    max_bytes=4_000_000_000,
    min_width=360,
    max_width=4096,
    min_height=360,
    max_height=4096,
    max_seconds=600.0,
)
# "Maximum 1080p": a portrait of 1080 x 1920 is sure to pass.
_PHOTO = FileRule(
    content_types=("image/jpeg", "image/webp"),
    max_bytes=20_000_000,
    convertible=True,
    max_width=1080,
    max_height=1920,
)
_CLIP = TypeRule(min_files=1, max_files=1, files={"video": _VIDEO})
_PHOTOS = TypeRule(min_files=1, max_files=35, files={"image": _PHOTO})
_TITLE = TextRule(limit=90, unit="utf16")
_DESCRIPTION = TextRule(limit=4000, unit="utf16")
_VIDEOS_ONLY = ("disableDuet", "disableStitch", "isAigc", "coverTimestampMs")
_PHOTOS_ONLY = ("title", "autoAddMusic")

_OPTIONS: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "text": {"type": "string", "description": "Caption for TikTok in place of the post's own text."},
        "title": {"type": "string", "description": "Title of a photo post, at most 90 UTF-16 units."},
        "privacyLevel": {
            "type": "string",
            "enum": ["PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "FOLLOWER_OF_CREATOR", "SELF_ONLY"],
            "description": "Who sees the post. Left out: everyone where the account allows it, else its widest.",
        },
        "disableComment": {"type": "boolean", "description": "Closes comments."},
        "disableDuet": {"type": "boolean", "description": "Closes duets with a video."},
        "disableStitch": {"type": "boolean", "description": "Closes stitches of a video."},
        "brandContent": {"type": "boolean", "description": "Discloses a paid partnership with another business."},
        "brandOrganic": {"type": "boolean", "description": "Discloses that the post promotes the account's business."},
        "isAigc": {"type": "boolean", "description": "Labels a video as AI-generated."},
        "autoAddMusic": {"type": "boolean", "description": "Lets TikTok add music to photos."},
        "coverTimestampMs": {
            "type": "integer",
            "minimum": 0,
            "maximum": 2**31 - 1,
            "description": "The frame of a video to show as its cover, in milliseconds from its start.",
        },
    },
}

RULES = PlatformRules(
    platform="tiktok",
    text=TextRule(limit=2200, unit="utf16"),
    text_only=False,
    types={"image": _PHOTOS, "video": _CLIP, "reel": _CLIP, "carousel": replace(_PHOTOS, min_files=2)},
    cover=None,
    options=_OPTIONS,
    daily_limit=20,
    notes=(
        "A video's caption may have 2,200 UTF-16 units, a photo post's description 4,000 and its title 90.",
        "TikTok takes a frame of the video as its cover (coverTimestampMs), no picture.",
        "Videos of 23 to 60 frames a second; how long they may be differs by account, at most 10 minutes.",
        "TikTok itself allows an account about 15 posts in 24 hours, counting every app.",
        "Until TikTok has audited this installation, posts are private.",
    ),
)
_PHOTO_RULES = replace(RULES, text=_DESCRIPTION)


def is_photo_post(draft: Draft) -> bool:
    """Whether it would be a photo post, by its media type."""
    return draft.media_type in ("image", "carousel")


def rules_for(draft: Draft) -> PlatformRules:
    """A photo post's text may be longer than a video's."""
    return _PHOTO_RULES if is_photo_post(draft) else RULES


def check_draft(draft: Draft) -> tuple[Issue, ...]:
    """TikTok's rules on a draft. Pure."""
    photo = is_photo_post(draft)
    override = draft.options.get("text")
    path = "text"
    if isinstance(override, str):
        draft, path = replace(draft, text=override), "platformConfig.tiktok.text"
    found = check(rules_for(draft), draft)
    issues = [replace(issue, path=path) if issue.path == "text" else issue for issue in found]
    if photo and isinstance(draft.options.get("title"), str):
        issues += check_text(_TITLE, draft.options["title"], path="platformConfig.tiktok.title", name="The title")
    return (*issues, *_conflicts(draft, photo=photo))


def _conflicts(draft: Draft, *, photo: bool) -> Iterator[Issue]:
    options = draft.options
    if options.get("brandContent") and options.get("privacyLevel") == "SELF_ONLY":
        yield Issue(
            code="OPTION_CONFLICT",
            path="platformConfig.tiktok.brandContent",
            message="A paid partnership can't be private; choose another privacyLevel.",
        )
    for name in _VIDEOS_ONLY if photo else _PHOTOS_ONLY:
        if draft.media and options.get(name):
            kind = "videos" if photo else "photos"
            yield Issue(
                code="OPTION_IGNORED",
                path=f"platformConfig.tiktok.{name}",
                message=f"TikTok has {name} for {kind} alone; it is left out here.",
                severity="warning",
            )
    moment = options.get("coverTimestampMs")
    length = draft.media[0].duration if len(draft.media) == 1 else None
    if isinstance(moment, int) and length is not None and moment > length * 1000:
        yield Issue(
            code="OPTION_INVALID",
            path="platformConfig.tiktok.coverTimestampMs",
            message=f"The video ends after {length:g} s; TikTok would show its first frame.",
            severity="warning",
        )


def is_photo(work: Work) -> bool:
    """Whether this is a photo post, by its files."""
    return all(file.kind == "image" for file in work.media)


def video_info(work: Work, *, privacy: str, closed: Collection[str]) -> dict[str, Any]:
    """``post_info`` of a video. What the creator has closed is closed here too: TikTok refuses the opposite."""
    options = work.options
    info: dict[str, Any] = {
        "title": _caption(work),
        "privacy_level": privacy,
        "disable_comment": _closed("comment", "disableComment", options, closed),
        "disable_duet": _closed("duet", "disableDuet", options, closed),
        "disable_stitch": _closed("stitch", "disableStitch", options, closed),
        **_disclosed(options),
        "is_aigc": bool(options.get("isAigc")),
    }
    if options.get("coverTimestampMs") is not None:
        info["video_cover_timestamp_ms"] = int(options["coverTimestampMs"])
    return info


def photo_info(work: Work, *, privacy: str, closed: Collection[str]) -> dict[str, Any]:
    """``post_info`` of a photo post."""
    options = work.options
    info = {
        "description": _caption(work),
        "privacy_level": privacy,
        "disable_comment": _closed("comment", "disableComment", options, closed),
        "auto_add_music": bool(options.get("autoAddMusic")),
        **_disclosed(options),
    }
    return {**info, "title": str(options["title"])} if options.get("title") else info


def _caption(work: Work) -> str:
    return str(work.options.get("text", work.text))


def _closed(name: str, option: str, options: Mapping[str, Any], closed: Collection[str]) -> bool:
    return name in closed or bool(options.get(option))


def _disclosed(options: Mapping[str, Any]) -> dict[str, bool]:
    return {
        "brand_content_toggle": bool(options.get("brandContent")),
        "brand_organic_toggle": bool(options.get("brandOrganic")),
    }
