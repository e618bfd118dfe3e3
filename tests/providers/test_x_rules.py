"""X's rules on drafts."""

from typing import Any

from integrations.providers.base import Account, Credentials
from integrations.providers.rules import Draft, MediaFacts
from integrations.providers.x import X


def facts(content_type: str = "image/jpeg", **more: Any) -> MediaFacts:
    kind: Any = content_type.split("/")[0]
    given = {"size": 1_000_000, "width": 1280, "height": 720, **more}
    return MediaFacts(url="https://example.com/a", checked=True, kind=kind, content_type=content_type, **given)


def codes(draft: Draft, account: Account | None = None) -> list[tuple[str, str, str]]:
    return [(issue.severity, issue.code, issue.path) for issue in X.check(draft, account)]


def test_length_is_weighted_as_x_weighs_it() -> None:
    assert codes(Draft(text="😀" * 140)) == []
    assert codes(Draft(text="😀" * 141)) == [("error", "TEXT_TOO_LONG", "text")]
    assert codes(Draft(text="https://example.com/" + "a" * 400)) == []
    override = Draft(text="short", options={"text": "a" * 281, "firstComment": "b" * 281})
    assert codes(override) == [
        ("error", "TEXT_TOO_LONG", "platformConfig.x.text"),
        ("error", "TEXT_TOO_LONG", "platformConfig.x.firstComment"),
    ]
    assert codes(Draft(text=" ")) == [("error", "TEXT_REQUIRED", "text")]


def test_premium_accounts_write_and_film_longer() -> None:
    owner, premium = (
        Account(remote_id="1", username="a", credentials=Credentials(access_token=""), metadata=metadata)
        for metadata in ({}, {"premium": True})
    )
    long_text = Draft(text="a" * 25_000)
    long_film = Draft(text="", media=(facts("video/mp4", duration=7000.0),), media_type="video")
    assert codes(long_text, premium) == codes(long_film, premium) == []
    assert codes(long_text, owner) == [("error", "TEXT_TOO_LONG", "text")]
    assert codes(long_film, owner) == [("error", "MEDIA_DURATION", "mediaUrls.0")]


def test_pictures_up_to_four_a_gif_alone_and_larger_than_a_picture() -> None:
    assert codes(Draft(text="", media=(facts(),) * 4, media_type="image")) == []
    assert codes(Draft(text="", media=(facts(),) * 5, media_type="carousel")) == [("error", "MEDIA_COUNT", "mediaUrls")]
    gif = facts("image/gif", size=9_000_000)
    assert codes(Draft(text="", media=(gif,), media_type="image")) == []
    assert codes(Draft(text="", media=(facts(), gif), media_type="carousel")) == [
        ("error", "MEDIA_MIXED", "mediaUrls.1")
    ]
    large = facts(size=9_000_000)
    assert codes(Draft(text="", media=(large,), media_type="image")) == [("warning", "MEDIA_TOO_LARGE", "mediaUrls.0")]


def test_a_cover_is_left_out_and_a_wrong_option_is_told() -> None:
    draft = Draft(
        text="", media=(facts("video/mp4", duration=3.0),), media_type="reel", cover=facts(),
        options={"replySettings": "nobody"},
    )  # fmt: skip
    assert codes(draft) == [
        ("warning", "COVER_IGNORED", "coverImageUrl"),
        ("error", "OPTION_INVALID", "platformConfig.x.replySettings"),
    ]
