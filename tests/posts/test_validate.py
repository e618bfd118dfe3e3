"""The dry run: every channel's verdict by its network's rules, on the real bytes, with nothing made."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from pytest_django.fixtures import Settings

from chat33.api.models import LimitUse
from chat33.lib.clock import utcnow
from integrations.models import Channel
from posts import preflight
from posts.models import Media, Post
from tests import media_files
from tests.factories import make_channel, make_post
from tests.lib.misbehaving import Peer, Server, answer, serving
from tests.people import Person
from tests.posts.flow import stored


def ask(person: Person, channels: Channel | list[Channel], **said: Any) -> dict[str, Any]:
    """What ``validate`` answers."""
    channels = channels if isinstance(channels, list) else [channels]
    given = {"accountIds": [channel.public_id for channel in channels], **said}
    reply = person.api().send("POST", "posts/validate", given)
    assert reply.status_code == 200, reply.json()
    return dict(reply.json())


def errors(answer: dict[str, Any], at: int = 0) -> list[tuple[str, str]]:
    return [(issue["code"], issue["path"]) for issue in answer["results"][at]["errors"]]


def warnings(answer: dict[str, Any], at: int = 0) -> list[tuple[str, str]]:
    return [(issue["code"], issue["path"]) for issue in answer["results"][at]["warnings"]]


@pytest.fixture
def on(owner: Person) -> Any:
    """A channel of the owner's on a platform."""
    return lambda platform: make_channel(owner.organization, platform)


def test_the_answer_has_one_shape_and_nothing_is_made(owner: Person, channel: Channel) -> None:
    answer = ask(owner, channel, text="Hello", scheduledAt=(utcnow() + timedelta(days=1)).isoformat())

    result = {"accountId": channel.public_id, "platform": "x", "ok": True, "errors": [], "warnings": []}
    assert answer == {"ok": True, "results": [result]}
    assert not Post.objects.exists()
    assert not LimitUse.objects.exists()


def test_each_channel_has_its_own_verdict(owner: Person, channel: Channel, on: Any) -> None:
    answer = ask(owner, [on("instagram"), channel, on("facebook")], text="Words alone, and " + "many " * 60)

    assert not answer["ok"]
    assert [(one["platform"], one["ok"]) for one in answer["results"]] == [
        ("instagram", False), ("x", False), ("facebook", True),
    ]  # fmt: skip
    assert errors(answer, 0) == [("MEDIA_REQUIRED", "mediaUrls")]
    assert errors(answer, 1) == [("TEXT_TOO_LONG", "text")]
    assert all(set(issue) == {"code", "path", "message"} for issue in answer["results"][0]["errors"])


@pytest.mark.parametrize(
    "body",
    [{}, {"accountIds": []}, {"text": 1, "accountIds": "x"}, {"accountIds": ["chan_nobody"]}, {"scheduledAt": "soon"},
     {"mediaUrls": ["nonsense"]}, {"timezone": "Mars"}, {"platformConfig": {"x": "text"}}, {"platformConfig": {"x": None}}],
)  # fmt: skip
def test_a_malformed_body_is_400(owner: Person, channel: Channel, body: dict[str, Any]) -> None:
    if body and "accountIds" not in body:
        body = {"accountIds": [channel.public_id], **body}

    reply = owner.api().send("POST", "posts/validate", body)

    assert (reply.status_code, reply.json()["error"]) == (400, "VALIDATION_ERROR")


CAPTIONS = [
    # X: weighted; an address is 23, an emoji (even of many code points) and a CJK character 2
    ("x", "a" * 280, "a" * 281),
    ("x", "😀" * 140, "😀" * 140 + "a"),
    ("x", "👩‍👩‍👧‍👦" * 140, "👩‍👩‍👧‍👦" * 141),
    ("x", "漢" * 140, "漢" * 140 + "a"),
    ("x", "é" * 280, "e\u0301" * 281),
    ("x", f"https://example.com/{'a' * 300} " + "b" * 256, f"https://example.com/ {'b' * 257}"),
    # TikTok: UTF-16 units
    ("tiktok", "a" * 2200, "a" * 2201),
    ("tiktok", "😀" * 1100, "😀" * 1100 + "a"),
    # Instagram: characters
    ("instagram", "😀" * 2200, "😀" * 2201),
    ("instagram", "漢" * 2200, "漢" * 2200 + "\n"),
    ("facebook", "a" * 63_206, "a" * 63_207),
    # YouTube: bytes
    ("youtube", "é" * 2500, "é" * 2500 + "a"),
    ("youtube", "😀" * 1250, "😀" * 1251),
]


@pytest.mark.parametrize(("platform", "fits", "too_long"), CAPTIONS)
def test_a_caption_is_counted_as_its_network_does(
    owner: Person, on: Any, platform: str, fits: str, too_long: str
) -> None:
    channel, said = on(platform), dict[str, Any]()
    if platform in ("tiktok", "youtube", "instagram"):
        said = {"mediaUrls": [stored(owner, "clip.mp4", media_files.mp4(720, 1280, seconds=5))]}
    if platform == "youtube":
        said = {**said, "platformConfig": {"youtube": {"title": "Title"}}}

    assert ask(owner, channel, text=fits, **said)["ok"]
    assert errors(ask(owner, channel, text=too_long, **said)) == [("TEXT_TOO_LONG", "text")]


def test_a_caption_of_its_own_replaces_the_common_one(owner: Person, channel: Channel, on: Any) -> None:
    page = on("facebook")
    said = {"text": "a" * 400, "platformConfig": {"x": {"text": "Short"}}}

    assert ask(owner, [channel, page], **said)["ok"]
    said["platformConfig"] = {"x": {"text": "a" * 281}}
    answer = ask(owner, [channel, page], **said)
    assert [one["ok"] for one in answer["results"]] == [False, True]
    assert errors(answer) == [("TEXT_TOO_LONG", "platformConfig.x.text")]


def test_a_post_for_which_a_channel_has_no_words_is_empty_there(owner: Person, channel: Channel, on: Any) -> None:
    answer = ask(owner, [channel, on("facebook")], platformConfig={"x": {"text": "Only here"}})

    assert [one["ok"] for one in answer["results"]] == [True, False]
    assert errors(answer, 1) == [("EMPTY", "text")]


class TestOptions:
    """``platformConfig``."""

    def test_unknown_keys_are_a_warning(self, owner: Person, channel: Channel) -> None:
        config = {"x": {"replySetings": "following"}, "myspace": {"a": 1}, "title": "Flat", "tiktok": {"whatever": 1}}

        answer = ask(owner, channel, text="Hello", platformConfig=config)

        assert answer["ok"]
        assert sorted(warnings(answer)) == [
            ("OPTION_UNKNOWN", "platformConfig.myspace"),
            ("OPTION_UNKNOWN", "platformConfig.title"),
            ("OPTION_UNKNOWN", "platformConfig.x.replySetings"),
        ]

    @pytest.mark.parametrize("value", ["nobody", 7, None, ["following"]])
    def test_known_keys_have_to_fit_their_schema(self, owner: Person, channel: Channel, value: Any) -> None:
        answer = ask(owner, channel, text="Hello", platformConfig={"x": {"replySettings": value}})

        assert set(errors(answer)) == {("OPTION_INVALID", "platformConfig.x.replySettings")}

    def test_alternative_texts_are_shared_by_all(self, owner: Person, channel: Channel) -> None:
        assert warnings(ask(owner, channel, text="Hello", platformConfig={"altTexts": ["A cup"]})) == []
        assert errors(ask(owner, channel, text="Hello", platformConfig={"altTexts": "A cup"})) == [
            ("OPTION_INVALID", "platformConfig.altTexts")
        ]


class TestFiles:
    """What a file is, its bytes say."""

    @pytest.fixture
    def web(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Server, dict[str, bytes]]]:
        """A server of files elsewhere, by path, looked at for as long as it takes."""
        monkeypatch.setattr(preflight, "LOOK", 120.0)
        files: dict[str, bytes] = {}

        def give(peer: Peer) -> None:
            path = peer.read().split(b" ")[1].decode()
            body = files.get(path)
            peer.write(
                answer("404 Not Found") if body is None else answer("200 OK", "Content-Type: text/html", body=body)
            )

        with serving(give) as server:
            yield server, files

    def test_neither_its_name_nor_what_its_server_claims(self, owner: Person, channel: Channel, web: Any) -> None:
        server, files = web
        files["/movie.mp4"] = media_files.jpeg(640, 480)
        files["/picture.jpg"] = media_files.mp4(640, 360, seconds=2)
        files["/page.png"] = b"<html>not found</html>"

        for path, kind, verdict in [
            ("movie.mp4", "image", []),
            ("movie.mp4", "video", [("MEDIA_KIND", "mediaUrls.0")]),
            ("picture.jpg", "video", []),
            ("picture.jpg", "image", [("MEDIA_KIND", "mediaUrls.0")]),
            ("page.png", "image", [("MEDIA_UNSUPPORTED", "mediaUrls.0")]),
        ]:
            said = ask(owner, channel, text="Look", mediaUrls=[server.url + path], mediaType=kind)
            assert errors(said) == verdict, path

    def test_without_a_type_it_is_inferred(self, owner: Person, channel: Channel, web: Any) -> None:
        server, files = web
        files["/a"], files["/b"] = media_files.jpeg(640, 480), media_files.mp4(640, 360, seconds=2)
        for urls, kind in [(["a"], "image"), (["b"], "video"), (["a", "a"], "carousel")]:
            body = {
                "accountIds": [channel.public_id],
                "text": str(urls),
                "mediaUrls": [server.url + url for url in urls],
            }
            (made,) = owner.api().send("POST", "posts", body).json()["posts"]
            assert owner.api().send("GET", f"posts/{made['id']}").json()["mediaType"] == kind

    def test_its_measures(self, owner: Person, on: Any, web: Any) -> None:
        server, files = web
        files["/wide"], files["/short"] = media_files.jpeg(900, 300), media_files.mp4(640, 360, seconds=1)
        files["/png"], files["/good"] = media_files.png(640, 640), media_files.jpeg(640, 640)
        account = on("instagram")

        assert errors(ask(owner, account, mediaUrls=[server.url + "wide"])) == [("MEDIA_RATIO", "mediaUrls.0")]
        assert errors(ask(owner, account, mediaUrls=[server.url + "short"])) == [("MEDIA_DURATION", "mediaUrls.0")]
        converted = ask(owner, account, mediaUrls=[server.url + "png"])
        assert (converted["ok"], warnings(converted)) == (True, [("MEDIA_FORMAT", "mediaUrls.0")])
        assert errors(ask(owner, account, mediaUrls=[server.url + "good"] * 11)) == [("MEDIA_COUNT", "mediaUrls")]
        one = ask(owner, account, mediaUrls=[server.url + "good"], mediaType="carousel")
        assert errors(one) == [("MEDIA_COUNT", "mediaUrls")]
        mixed = ask(owner, account, mediaUrls=[server.url + "good", server.url + "wide"])
        assert errors(mixed) == [("MEDIA_RATIO", "mediaUrls.1")]

    def test_a_cover_is_a_picture(self, owner: Person, on: Any, web: Any) -> None:
        server, files = web
        files["/clip"], files["/cover"] = media_files.mp4(720, 1280, seconds=5), media_files.jpeg(720, 1280)
        said = {"text": "Watch", "mediaUrls": [server.url + "clip"], "mediaType": "reel"}

        assert ask(owner, on("instagram"), **said, coverImageUrl=server.url + "cover")["ok"]
        wrong = ask(owner, on("instagram"), **said, coverImageUrl=server.url + "clip")
        assert errors(wrong) == [("COVER_KIND", "coverImageUrl")]
        assert warnings(ask(owner, on("x"), **said, coverImageUrl=server.url + "cover")) == [
            ("COVER_IGNORED", "coverImageUrl")
        ]

    def test_a_file_of_ours_is_known_without_asking_anybody(
        self, owner: Person, channel: Channel, settings: Settings
    ) -> None:
        settings.BASE_URL = "http://127.0.0.1:1"  # where nobody listens
        url = stored(owner, "clip.mp4", media_files.mp4(640, 360, seconds=2))

        said = ask(owner, channel, text="Look", mediaUrls=[url], mediaType="image")

        assert errors(said) == [("MEDIA_KIND", "mediaUrls.0")]

    def test_a_file_of_another_company_is_like_any_address(
        self, owner: Person, stranger: Person, on: Any, settings: Settings
    ) -> None:
        settings.BASE_URL = "http://127.0.0.1:1"
        theirs = stored(stranger, "wide.jpg", media_files.jpeg(900, 300))

        said = ask(owner, on("instagram"), mediaUrls=[theirs], mediaType="image")

        assert said["ok"]
        assert warnings(said) == [("MEDIA_UNCHECKED", "mediaUrls.0")]
        unknown = ask(owner, on("instagram"), mediaUrls=[theirs.replace("/media/", "/media/x")], mediaType="image")
        assert said["results"][0]["warnings"] == unknown["results"][0]["warnings"]

    def test_one_that_cannot_be_had_now_is_a_warning(self, owner: Person, channel: Channel, web: Any) -> None:
        server, _ = web
        for url in (server.url + "gone", "http://127.0.0.1:1/refused"):
            said = ask(owner, channel, text="Look", mediaUrls=[url], mediaType="image")
            assert (said["ok"], warnings(said)) == (True, [("MEDIA_UNCHECKED", "mediaUrls.0")])

    def test_one_that_leads_inside_is_an_error(self, owner: Person, channel: Channel, settings: Settings) -> None:
        def lead(peer: Peer) -> None:
            peer.read()
            peer.write(answer("302 Found", f"Location: http://127.0.0.1:{inside.port}/secret"))

        with serving(lambda peer: peer.write(answer("200 OK"))) as inside, serving(lead) as server:
            settings.ALLOW_PRIVATE_HOSTS = [f"127.0.0.1:{server.port}"]
            said = ask(owner, channel, text="Look", mediaUrls=[server.url], mediaType="image")

        assert errors(said) == [("MEDIA_URL", "mediaUrls.0")]
        assert inside.connections == 0

    def test_slow_servers_take_no_longer_than_they_may(
        self, owner: Person, channel: Channel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(preflight, "LOOK", 0.4)

        def drip(peer: Peer) -> None:
            peer.read()
            peer.drip(answer("200 OK", body=media_files.jpeg(64, 48)), every=0.1)

        with serving(drip) as server:
            started = time.monotonic()
            said = ask(owner, channel, text="Look", mediaUrls=[server.url + str(number) for number in range(4)])
            seconds = time.monotonic() - started

        assert seconds < 20  # one of them alone would drip for longer
        assert warnings(said) == [("MEDIA_UNCHECKED", f"mediaUrls.{number}") for number in range(4)]

    def test_the_same_address_is_looked_at_once(self, owner: Person, channel: Channel, web: Any) -> None:
        server, files = web
        files["/a"] = media_files.jpeg(640, 480)

        ask(owner, channel, text="Look", mediaUrls=[server.url + "a"] * 4)

        assert len(server.requests) == 1

    def test_nothing_is_stored_for_looking(self, owner: Person, channel: Channel, web: Any, settings: Settings) -> None:
        server, files = web
        files["/a"] = media_files.jpeg(640, 480)

        ask(owner, channel, text="Look", mediaUrls=[server.url + "a"])

        assert not Media.objects.exists()
        assert list(settings.SCRATCH_DIR.glob("*")) == []


class TestAdvice:
    """What a person should know, though nothing forbids it."""

    AT = "2026-06-02T12:00:30Z"

    @pytest.fixture(autouse=True)
    def _june(self) -> Iterator[None]:
        with time_machine.travel("2026-06-01T12:00:00Z", tick=False):
            yield

    @pytest.mark.parametrize("status", ["QUEUED", "PUBLISHING", "PUBLISHED"])
    def test_the_same_words_within_a_day(self, owner: Person, channel: Channel, on: Any, status: str) -> None:
        make_post(channel, status=status, text="Twice", scheduled_at=utcnow() + timedelta(hours=3))

        assert warnings(ask(owner, [channel, on("x")], text="Twice")) == [("DUPLICATE_TEXT", "text")]
        assert warnings(ask(owner, [channel, on("x")], text="Twice"), 1) == []
        assert warnings(ask(owner, channel, text="Once")) == []
        assert warnings(ask(owner, channel, text="Twice", scheduledAt="2026-06-02T14:00Z")) == [
            ("DUPLICATE_TEXT", "text")
        ]
        assert warnings(ask(owner, channel, text="Twice", scheduledAt="2026-06-02T16:00Z")) == []

    @pytest.mark.parametrize("status", ["DRAFT", "FAILED", "CANCELLED"])
    def test_words_that_are_not_out_there_may_be_said(self, owner: Person, channel: Channel, status: str) -> None:
        make_post(channel, status=status, text="Twice", scheduled_at=utcnow())

        assert warnings(ask(owner, channel, text="Twice", scheduledAt="2026-06-01T12:00:10Z")) == []

    def test_words_of_the_platforms_own_are_compared_too(self, owner: Person, channel: Channel) -> None:
        make_post(
            channel, status="PUBLISHED", text="Common", platform_config={"x": {"text": "For X"}}, published_at=utcnow()
        )

        assert warnings(ask(owner, channel, text="For X")) == [("DUPLICATE_TEXT", "text")]
        config = {"x": {"text": "Something new"}}
        assert warnings(ask(owner, channel, text="Common", platformConfig=config)) == []

    def test_another_post_in_the_same_minute(self, owner: Person, channel: Channel) -> None:
        make_post(channel, status="QUEUED", scheduled_at=utcnow() + timedelta(days=1))

        assert warnings(ask(owner, channel, text="Hello", scheduledAt=self.AT)) == [("SAME_MINUTE", "scheduledAt")]
        assert warnings(ask(owner, channel, text="Hello", scheduledAt="2026-06-02T12:01:00Z")) == []

    def test_a_day_that_is_full(self, owner: Person, on: Any, settings: Settings) -> None:
        settings.DAILY_LIMITS = {**settings.DAILY_LIMITS, "facebook": "2"}
        page = on("facebook")
        for hours in (1, 2):
            make_post(page, status="PUBLISHED", slot_at=utcnow() - timedelta(hours=hours))

        said = ask(owner, page, text="One more")
        assert (said["ok"], warnings(said)) == (True, [("DAILY_LIMIT", "accountIds")])
        assert warnings(ask(owner, page, text="Then", scheduledAt="2026-06-02T10:30Z")) == []

    def test_a_day_that_will_be_full(self, owner: Person, on: Any, settings: Settings) -> None:
        settings.DAILY_LIMITS = {**settings.DAILY_LIMITS, "facebook": "2"}
        page = on("facebook")
        for hours in (100, 110):
            make_post(page, status="QUEUED", scheduled_at=utcnow() + timedelta(hours=hours))

        for hours, full in [(109, False), (111, True), (123, True), (125, False)]:
            at = (utcnow() + timedelta(hours=hours)).isoformat()
            assert warnings(ask(owner, page, text="More", scheduledAt=at)) == (
                [("DAILY_LIMIT", "accountIds")] if full else []
            ), hours

    def test_a_disconnected_account_is_an_error(self, owner: Person, channel: Channel) -> None:
        channel.is_active = False
        channel.save()

        assert errors(ask(owner, channel, text="Hello")) == [("ACCOUNT_DISCONNECTED", "accountIds")]


@pytest.mark.parametrize(
    "said",
    [{"text": "Hello"}, {"text": "x" * 281}, {}, {"text": " "}, {"platformConfig": {"x": {"text": "Mine"}}},
     {"text": "Hello", "platformConfig": {"x": {"replySettings": "nobody"}}}, {"text": "Hello", "mediaType": "story"},
     {"text": "Hello", "platformConfig": {"nowhere": 1}}, {"text": "Hello", "scheduledAt": "2020-01-01T00:00:00Z"},
     {"text": "Hello", "coverImageUrl": "http://127.0.0.1:1/cover.jpg"}],
)  # fmt: skip
def test_creating_accepts_what_the_dry_run_accepts_and_nothing_else(
    owner: Person, channel: Channel, said: dict[str, Any]
) -> None:
    body = {"accountIds": [channel.public_id], **said}

    dry, real = owner.api().send("POST", "posts/validate", body), owner.api().send("POST", "posts", body)

    assert (real.status_code == 201) == (dry.status_code == 200 and dry.json()["ok"])
    if dry.status_code == 200 and not dry.json()["ok"]:
        told = [{name: issue[name] for name in ("path", "message")} for issue in dry.json()["results"][0]["errors"]]
        assert real.json()["details"] == told
