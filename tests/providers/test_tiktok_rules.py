"""TikTok's rules on drafts."""

from typing import Any

from integrations.providers.rules import Draft, MediaFacts
from integrations.providers.tiktok import TikTok


def facts(content_type: str = "video/mp4", **more: Any) -> MediaFacts:
    kind: Any = content_type.split("/")[0]
    given = {"size": 1_000_000, "width": 720, "height": 1280, **more}
    return MediaFacts(url="https://example.com/a", checked=True, kind=kind, content_type=content_type, **given)


def codes(draft: Draft) -> list[tuple[str, str, str]]:
    return [(issue.severity, issue.code, issue.path) for issue in TikTok.check(draft)]


def test_text_alone_is_refused() -> None:
    assert codes(Draft(text="Hello")) == [("error", "MEDIA_REQUIRED", "mediaUrls")]


def test_captions_are_counted_in_utf16_by_kind_of_post() -> None:
    film, photo = (facts(),), (facts("image/jpeg", height=900),)
    assert codes(Draft(text="😀" * 1100, media=film, media_type="video")) == []
    assert codes(Draft(text="😀" * 1101, media=film, media_type="video")) == [("error", "TEXT_TOO_LONG", "text")]
    assert codes(Draft(text="😀" * 2000, media=photo, media_type="image")) == []
    assert codes(Draft(text="😀" * 2001, media=photo, media_type="image")) == [("error", "TEXT_TOO_LONG", "text")]
    long_title = Draft(text="", media=photo, media_type="image", options={"title": "😀" * 46})
    assert codes(long_title) == [("error", "TEXT_TOO_LONG", "platformConfig.tiktok.title")]
    override = Draft(text="short", media=film, media_type="video", options={"text": "x" * 2201})
    assert codes(override) == [("error", "TEXT_TOO_LONG", "platformConfig.tiktok.text")]


def test_a_png_is_sent_as_a_jpeg_and_a_small_video_is_refused() -> None:
    assert codes(Draft(text="", media=(facts("image/png"),), media_type="image")) == [
        ("warning", "MEDIA_FORMAT", "mediaUrls.0")
    ]
    assert ("error", "MEDIA_WIDTH", "mediaUrls.0") in codes(
        Draft(text="", media=(facts(width=240),), media_type="reel")
    )


def test_a_cover_picture_is_left_out_with_a_warning() -> None:
    draft = Draft(text="", media=(facts(),), media_type="video", cover=facts("image/jpeg"))
    assert codes(draft) == [("warning", "COVER_IGNORED", "coverImageUrl")]


def test_options_that_cannot_be_together_are_told() -> None:
    path = "platformConfig.tiktok"
    paid = {"brandContent": True, "privacyLevel": "SELF_ONLY"}
    assert codes(Draft(text="", media=(facts(),), media_type="video", options=paid)) == [
        ("error", "OPTION_CONFLICT", f"{path}.brandContent")
    ]
    labelled = Draft(text="", media=(facts("image/jpeg"),), media_type="image", options={"isAigc": True})
    assert codes(labelled) == [("warning", "OPTION_IGNORED", f"{path}.isAigc")]
    late = Draft(text="", media=(facts(duration=5.0),), media_type="video", options={"coverTimestampMs": 5001})
    assert codes(late) == [("warning", "OPTION_INVALID", f"{path}.coverTimestampMs")]
    unknown = Draft(text="", media=(facts(),), media_type="video", options={"firstComment": "Hi", "isAigc": "yes"})
    assert codes(unknown) == [
        ("warning", "OPTION_UNKNOWN", f"{path}.firstComment"),
        ("error", "OPTION_INVALID", f"{path}.isAigc"),
    ]
