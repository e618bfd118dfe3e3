"""YouTube's rules on a draft."""

from typing import Any

import pytest

from integrations.providers.rules import Draft, MediaFacts
from integrations.providers.youtube import YouTube

# Rules


def video_facts(**more: Any) -> MediaFacts:
    facts = {"kind": "video", "content_type": "video/mp4", "size": 10**6, "width": 1920, "height": 1080, "duration": 60}
    return MediaFacts(url="u", checked=True, **{**facts, **more})


def issues(text: str = "Hello", *, media_type: str | None = "video", **more: Any) -> set[tuple[str, str]]:
    given: dict[str, Any] = {"media": (video_facts(),), **more}
    found = YouTube.check(Draft(text=text, media_type=media_type, **given))
    return {(issue.code, issue.severity) for issue in found}


def test_a_sound_draft_has_no_issue() -> None:
    assert issues() == set()
    assert issues(options={"title": "T", "tags": ["a"], "publishAt": "2040-01-01T00:00:00Z", "text": "x"}) == set()
    assert issues(media_type="reel", media=(video_facts(width=1080, height=1920),)) == set()


@pytest.mark.parametrize(
    ("draft", "found"),
    [
        ({"text": "a < b"}, ("TEXT_FORBIDDEN", "error")),
        ({"text": "é" * 2501}, ("TEXT_TOO_LONG", "error")),
        ({"text": "fine", "options": {"text": "é" * 2501}}, ("TEXT_TOO_LONG", "error")),
        ({"text": ""}, ("TITLE_REQUIRED", "error")),
        ({"media": (), "media_type": None}, ("MEDIA_REQUIRED", "error")),
        ({"media_type": "carousel"}, ("MEDIA_TYPE", "error")),
        ({"media_type": "image"}, ("MEDIA_TYPE", "error")),
        ({"media": (video_facts(), video_facts())}, ("MEDIA_COUNT", "error")),
        ({"media": (video_facts(kind="image", content_type="image/png"),)}, ("MEDIA_KIND", "error")),
        ({"media_type": "reel"}, ("MEDIA_RATIO", "error")),
        (
            {"media_type": "reel", "media": (video_facts(width=9, height=16, duration=181),)},
            ("MEDIA_DURATION", "error"),
        ),
        ({"media": (video_facts(duration=901),)}, ("MEDIA_DURATION", "warning")),
        ({"media": (video_facts(width=9, height=16),)}, ("MEDIA_SHORT", "warning")),
        ({"options": {"title": "x" * 101}}, ("OPTION_INVALID", "error")),
        ({"options": {"title": "a>b"}}, ("TEXT_FORBIDDEN", "error")),
        ({"options": {"privacy": "friends"}}, ("OPTION_INVALID", "error")),
        ({"options": {"tags": ["a b"] * 83 + ["abc"]}}, ("TAGS_TOO_LONG", "error")),
        ({"options": {"tags": "one,two"}}, ("OPTION_INVALID", "error")),
        ({"options": {"publishAt": "2040-01-01T00:00:00"}}, ("OPTION_INVALID", "error")),
        ({"options": {"publishAt": "2040-01-01T00:00:00Z", "privacy": "unlisted"}}, ("OPTION_CONFLICT", "error")),
        ({"options": {"privacy": "private", "firstComment": "x"}}, ("COMMENT_IGNORED", "warning")),
        ({"options": {"madeForKids": True, "firstComment": "x"}}, ("COMMENT_IGNORED", "warning")),
        ({"options": {"colour": "red"}}, ("OPTION_UNKNOWN", "warning")),
    ],
)
def test_a_draft_against_the_rules(draft: dict[str, Any], found: tuple[str, str]) -> None:
    assert issues(**draft) == {found}


def test_an_override_makes_a_text_that_is_too_long_elsewhere_fine_here() -> None:
    assert issues("é" * 2501, options={"text": "short"}) == set()


def test_tags_are_counted_as_youtube_counts_them() -> None:
    assert issues(options={"tags": ["a b"] * 83 + ["ab"]}) == set()  # 83 * (3 + 2) + 2 + 83 commas = 500
