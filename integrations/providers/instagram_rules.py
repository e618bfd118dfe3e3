"""What Instagram accepts.

Source: Meta, "IG User Media" and "Content Publishing" (Instagram Platform), read 2026-11. Widths are not limits:
pictures under 320 or over 1440 pixels are scaled there.
"""

from collections.abc import Mapping
from typing import Any

from integrations.providers.graph import own_text
from integrations.providers.rules import Draft, FileRule, Issue, PlatformRules, TextRule, TypeRule, check

_PICTURE = FileRule(content_types=("image/jpeg",), max_bytes=8_000_000, convertible=True, min_ratio=0.8, max_ratio=1.91)
_REEL = FileRule(
    content_types=("video/mp4", "video/quicktime"),
    max_bytes=300_000_000,
    max_width=1920,
    min_ratio=0.01,
    max_ratio=10.0,
    min_seconds=3.0,
    max_seconds=900.0,
)
_CAROUSEL_VIDEO = FileRule(
    content_types=("video/mp4", "video/quicktime"),
    max_bytes=100_000_000,
    max_width=1920,
    min_seconds=3.0,
    max_seconds=60.0,
)

_OPTIONS: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "text": {"type": "string", "description": "The caption on Instagram, instead of the post's text."},
        "firstComment": {
            "type": "string",
            "minLength": 1,
            "maxLength": 2200,
            "description": "A comment made under the post as soon as it is live.",
        },
        "collaborators": {
            "type": "array",
            "items": {"type": "string", "pattern": "^[A-Za-z0-9._]{1,30}$"},
            "maxItems": 3,
            "description": "User names, without @, of up to 3 accounts invited as co-authors.",
        },
        "locationId": {
            "type": "string",
            "pattern": "^[0-9]+$",
            "description": "Id of the Facebook page of a place to tag.",
        },
        "shareToFeed": {
            "type": "boolean",
            "default": True,
            "description": "Whether a reel shows in the feed too (default true). A video always does.",
        },
        "thumbOffset": {
            "type": "integer",
            "minimum": 0,
            "description": "The frame to use as cover, in milliseconds from the start; a cover image wins over it.",
        },
        "audioName": {"type": "string", "description": "The name of a reel's original sound."},
    },
    "additionalProperties": False,
}

RULES = PlatformRules(
    platform="instagram",
    text=TextRule(limit=2200, max_hashtags=30, max_mentions=20),
    text_only=False,
    types={
        "image": TypeRule(min_files=1, max_files=1, files={"image": _PICTURE}),
        "video": TypeRule(min_files=1, max_files=1, files={"video": _REEL}),
        "reel": TypeRule(min_files=1, max_files=1, files={"video": _REEL}),
        "carousel": TypeRule(min_files=2, max_files=10, files={"image": _PICTURE, "video": _CAROUSEL_VIDEO}),
    },
    cover=FileRule(content_types=("image/jpeg",), max_bytes=8_000_000, convertible=True),
    options=_OPTIONS,
    daily_limit=25,
    notes=(
        "A single video is published as a reel that also shows in the feed.",
        "Pictures of a carousel are cropped to the shape of the first one.",
        "Instagram fetches the files from their address, which must open from the internet.",
    ),
)

_REELS_ONLY = ("shareToFeed", "thumbOffset", "audioName")


def check_instagram(draft: Draft) -> tuple[Issue, ...]:
    """The generic rules on the text as it reads here, and the options that only a video knows."""
    issues = check(RULES, own_text(draft))
    if draft.media_type in ("video", "reel"):
        return issues
    ignored = [name for name in _REELS_ONLY if name in draft.options]
    return (
        *issues,
        *(
            Issue(
                code="OPTION_IGNORED",
                path=f"platformConfig.instagram.{name}",
                message=f"{name} is for a video or reel; it is ignored.",
                severity="warning",
            )
            for name in ignored
        ),
    )
