"""A composition and the posts it becomes: nothing is lost on the way there and back."""

from typing import Any

import pytest

from chat33.lib.clock import utcnow
from posts import options
from posts.composing import Composition, Piece, composition_of, content_of
from posts.verdicts import findings
from tests.factories import make_channel
from tests.media_files import jpeg
from tests.people import Person
from tests.posts.flow import stored


@pytest.fixture
def three(owner: Person) -> Any:
    return tuple(make_channel(owner.organization, platform) for platform in ("instagram", "facebook", "x"))


def test_what_the_composer_writes_comes_back_as_it_was(three: Any) -> None:
    composition = Composition(
        channels=three,
        text="Good morning",
        texts={"x": "gm"},
        media=(Piece(url="https://example.com/a.jpg", alt="A cup"), Piece(url="https://example.com/b.jpg")),
        media_type="carousel",
        first_comment="Recipe below",
        options={"instagram": {"collaborators": ["tea"]}, "facebook": {"firstComment": "Only here"}},
        rest={"note": "kept"},
    )

    content = content_of(composition)

    assert content.platform_config == {
        "note": "kept",
        "altTexts": ["A cup", ""],
        "instagram": {"collaborators": ["tea"], "firstComment": "Recipe below"},
        "facebook": {"firstComment": "Only here"},
        "x": {"text": "gm", "firstComment": "Recipe below"},
    }
    again = composition_of(content, three)
    assert content_of(again) == content
    assert (again.text, again.texts, again.media, again.rest) == (
        "Good morning", {"x": "gm"}, composition.media, {"note": "kept"},
    )  # fmt: skip


def test_a_first_comment_that_all_share_is_shown_once(three: Any) -> None:
    again = composition_of(content_of(Composition(channels=three, text="Hi", first_comment="Recipe")), three)

    assert (again.first_comment, again.options) == ("Recipe", {})


def test_a_media_type_that_the_files_suggest_was_not_chosen(three: Any) -> None:
    content = content_of(
        Composition(channels=three, media=(Piece(url="https://example.com/a.mp4"),), media_type="video")
    )

    assert composition_of(content, three, inferred="video").media_type is None
    assert composition_of(content, three, inferred="image").media_type == "video"


def test_the_options_form_is_the_network_s_own_schema() -> None:
    fields = {field.key: field for field in options.fields_of("tiktok")}

    assert (fields["privacyLevel"].kind, fields["privacyLevel"].choices[-1]) == ("choice", ("SELF_ONLY", "Only me"))
    assert (fields["disableDuet"].kind, fields["coverTimestampMs"].kind) == ("flag", "number")
    assert "text" not in fields
    assert {field.kind for field in options.fields_of("youtube")} >= {
        "line",
        "choice",
        "list",
        "flag",
        "moment",
        "words",
    }


def test_options_say_what_the_form_says_and_leave_out_what_is_the_default() -> None:
    given = {
        "option.youtube.title": " Latte art ",
        "option.youtube.privacy": "public",
        "option.youtube.tags": "coffee, latte art\nmilk",
        "option.youtube.publishAt": "2026-12-24T18:00",
        "option.youtube.madeForKids": "",
    }

    read = options.read("youtube", given, zone="America/New_York", kept={"future": 1, "title": "Old"})

    assert read == {
        "future": 1, "title": "Latte art", "tags": ["coffee", "latte art", "milk"],
        "publishAt": "2026-12-24T23:00:00+00:00",
    }  # fmt: skip
    shown = {field.key: field.value for field in options.filled("youtube", read, zone="America/New_York")}
    assert (shown["publishAt"], shown["tags"], shown["privacy"]) == (
        "2026-12-24T18:00", "coffee, latte art, milk", "public",
    )  # fmt: skip


def test_a_flag_that_is_on_unless_said_otherwise_can_be_said_otherwise() -> None:
    off = options.read("instagram", {}, zone="UTC", kept={})
    on = options.read("instagram", {"option.instagram.shareToFeed": "on"}, zone="UTC", kept={})

    assert (off, on) == ({"shareToFeed": False}, {})


def test_an_option_shows_where_the_files_have_a_use_for_it(owner: Person) -> None:
    def shown(media_type: str | None) -> set[str]:
        return {
            field.key for field in options.filled("instagram", {}, zone="UTC", media_type=media_type) if field.applies
        }

    assert shown("reel") - shown("image") == {"shareToFeed", "thumbOffset", "audioName"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello", {"instagram": 5, "facebook": 5, "x": 5}),
        ("☕ https://example.com/a/very/long/address?with=much", {"instagram": 51, "facebook": 51, "x": 26}),
        ("日本語", {"instagram": 3, "facebook": 3, "x": 6}),
        ("e\u0301", {"instagram": 1, "facebook": 1, "x": 1}),
    ],
)
def test_a_text_is_counted_as_each_network_counts(
    owner: Person, three: Any, text: str, expected: dict[str, int]
) -> None:
    found = findings(
        organization=owner.organization, composition=Composition(channels=three, text=text), now=utcnow(), planned=None
    )

    assert {counter.platform: counter.length for counter in found.counters} == expected


def test_a_premium_account_may_write_more_and_the_strictest_account_counts(owner: Person) -> None:
    premium = make_channel(owner.organization, "x", account={"metadata": {"premium": True}, "remote_id": "p"})
    plain = make_channel(owner.organization, "x")

    def limit(*channels: Any) -> int:
        composition = Composition(channels=channels, text="Hi")
        found = findings(organization=owner.organization, composition=composition, now=utcnow(), planned=None)
        return found.counters[0].limit

    assert (limit(premium), limit(premium, plain)) == (25_000, 280)


def test_what_is_wrong_for_all_is_said_once_and_the_rest_by_account_at_its_field(owner: Person, three: Any) -> None:
    instagram, facebook, x = three
    picture = Piece(url=stored(owner, "wide.jpg", jpeg(1600, 400)))
    composition = Composition(channels=three, text="a" * 281, texts={"instagram": "#a " * 31}, media=(picture,))

    found = findings(organization=owner.organization, composition=composition, now=utcnow(), planned=None)

    said = {(group.channel, issue.code, issue.path) for group in found.groups for issue in group.issues}
    assert (x, "TEXT_TOO_LONG", "text") in said
    assert (instagram, "TOO_MANY_HASHTAGS", "platformConfig.instagram.text") in said
    assert (instagram, "MEDIA_RATIO", "mediaUrls.0") in said
    assert facebook not in {group.channel for group in found.groups}
    assert not found.ok

    nothing = findings(
        organization=owner.organization, composition=Composition(channels=three), now=utcnow(), planned=None
    )
    assert [(group.channel, group.issues[0].code) for group in nothing.groups] == [(None, "EMPTY")]
