"""What Facebook Pages accept.

Sources: Meta, "Page Feed", "Page Photos", "Page Videos" (Graph API) and "Reels Publishing" (Video API), read 2026-11.
Meta's pages name 10 MB and 4 MB for a picture; its error 1366046 says 4 MB, so that is what we keep to.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from integrations.providers.graph import own_text
from integrations.providers.rules import Draft, FileRule, Issue, PlatformRules, TextRule, TypeRule, check

_PICTURE = FileRule(
    content_types=("image/jpeg", "image/png", "image/gif", "image/bmp", "image/tiff"),
    max_bytes=4_000_000,
    convertible=True,
)
_VIDEO = FileRule(
    content_types=("video/mp4", "video/quicktime"), max_bytes=2_000_000_000, min_seconds=1.0, max_seconds=14_400.0
)
# Just under 9:16, as encoders round an upright video's edges to even numbers.
_REEL = FileRule(
    content_types=("video/mp4", "video/quicktime"),
    max_bytes=2_000_000_000,
    min_width=540,
    min_height=960,
    min_ratio=0.55,
    max_ratio=1.79,
    min_seconds=3.0,
    max_seconds=90.0,
)

_OPTIONS: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "text": {"type": "string", "description": "The text on Facebook, instead of the post's text."},
        "firstComment": {
            "type": "string",
            "minLength": 1,
            "maxLength": 8000,
            "description": "A comment made by the page under the post as soon as it is live.",
        },
        "link": {
            "type": "string",
            "pattern": "^https?://[^\\s]+$",
            "maxLength": 2000,
            "description": "The address shown as a preview card; for posts without media.",
        },
        "title": {"type": "string", "maxLength": 255, "description": "The title of a video or reel."},
    },
    "additionalProperties": False,
}

RULES = PlatformRules(
    platform="facebook",
    text=TextRule(limit=63_206),
    text_only=True,
    types={
        "image": TypeRule(min_files=1, max_files=1, files={"image": _PICTURE}),
        "video": TypeRule(min_files=1, max_files=1, files={"video": _VIDEO}),
        "reel": TypeRule(min_files=1, max_files=1, files={"video": _REEL}),
        "carousel": TypeRule(min_files=2, max_files=10, files={"image": _PICTURE}, mixed=False),
    },
    cover=FileRule(content_types=("image/jpeg", "image/png"), max_bytes=10_000_000, convertible=True),
    options=_OPTIONS,
    daily_limit=50,
    notes=(
        "A carousel is a post with several pictures.",
        "Facebook takes 30 reels in 24 hours from all apps together.",
        "A reel's cover is set after it is live, and left out where Facebook does not take one.",
    ),
)

_UPRIGHT = 9 / 16


def check_facebook(draft: Draft) -> tuple[Issue, ...]:
    """The generic rules on the text as it reads here, and what hangs on several fields."""
    own = own_text(draft)
    return (*check(RULES, own), *_empty(own), *_ignored(own), *_shape(own))


def _empty(draft: Draft) -> Iterator[Issue]:
    if not draft.media and not draft.text.strip() and not draft.options.get("link"):
        yield Issue(code="TEXT_REQUIRED", path="text", message="A post without media or link needs a text.")


def _ignored(draft: Draft) -> Iterator[Issue]:
    videos = draft.media_type in ("video", "reel")
    for name, useless, meant in (
        ("link", bool(draft.media), "posts without media"),
        ("title", not videos, "a video or reel"),
    ):
        if name in draft.options and useless:
            yield Issue(
                code="OPTION_IGNORED",
                path=f"platformConfig.facebook.{name}",
                message=f"{name} is for {meant}; it is ignored.",
                severity="warning",
            )


def _shape(draft: Draft) -> Iterator[Issue]:
    for index, facts in enumerate(draft.media if draft.media_type == "reel" else ()):
        if facts.width and facts.height and facts.width / facts.height > _UPRIGHT * 1.02:
            yield Issue(
                code="MEDIA_RATIO",
                path=f"mediaUrls.{index}",
                message="A reel is best upright (9:16); this one is shown with borders.",
                severity="warning",
            )
