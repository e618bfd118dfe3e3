"""The sandbox's public pages: what a newcomer sees, what hostile words cannot do, how the files are served."""

import io
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image
from playwright.sync_api import Browser, ConsoleMessage, sync_playwright

from chat33.runtime.processes import wait_until
from integrations.sandbox.pages import PER_PAGE
from tests import chromium
from tests.media_bytes import JPEG, PNG, mp4
from tests.sandboxes import RunningSandbox, running_sandbox

NETWORKS = ("instagram", "facebook", "tiktok", "youtube", "x")


class Document(HTMLParser):
    """A page's elements and its text."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def addresses(self) -> list[str]:
        return [attributes["href"] or "" for attributes in self.all("a") if "href" in attributes]


def get(sandbox: RunningSandbox, path: str, **more: Any) -> requests.Response:
    return requests.get(f"{sandbox.url}{path}", timeout=60, **more)


def read(sandbox: RunningSandbox, path: str) -> Document:
    reply = get(sandbox, path)
    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
    return Document(reply.text)


def keep(sandbox: RunningSandbox, body: bytes) -> str:
    """A file in the sandbox as a network keeps it; its name."""

    async def pieces() -> AsyncIterator[bytes]:
        yield body

    # Nothing in keeping one piece waits, so that one step carries the coroutine to its end.
    with closing(sandbox.sandbox.keep(pieces(), "text/html")) as keeping, pytest.raises(StopIteration) as done:
        keeping.send(None)
    return str(done.value.value["name"])


def put(sandbox: RunningSandbox, platform: str = "instagram", post_id: str = "1", **more: Any) -> None:
    username = more.pop("account", "demo")
    account = sandbox.sandbox.create_account(platform, username=username, name=more.pop("name", username))
    fields = {"text": "Hello", "media": [], **more}
    sandbox.sandbox.publish(platform, account, post_id=post_id, url=f"/posts/{platform}/{post_id}", **fields)


# The front page


def test_an_empty_sandbox_says_what_to_do(sandbox: RunningSandbox) -> None:
    assert "Nothing is published yet" in read(sandbox, "/").text


def test_the_front_page_lists_every_network_newest_first(sandbox: RunningSandbox) -> None:
    for number, platform in enumerate(NETWORKS):
        put(sandbox, platform, f"p{number}", text=f"words {number}")

    document = read(sandbox, "/")

    assert [link for link in document.addresses() if link.startswith("/posts/")] == [
        f"/posts/{platform}/p{number}" for number, platform in reversed(list(enumerate(NETWORKS)))
    ]
    assert all(f"words {number}" in document.text for number in range(5))


def test_one_network_is_shown_alone_and_is_marked_as_the_current_one(sandbox: RunningSandbox) -> None:
    put(sandbox, "x", "1", text="on x")
    put(sandbox, "facebook", "2", text="on facebook")

    document = read(sandbox, "/?platform=x")

    assert ("on x" in document.text, "on facebook" in document.text) == (True, False)
    [current] = [link for link in document.all("a") if link.get("aria-current") == "page"]
    assert current["href"] == "/?platform=x"


def test_many_posts_come_page_by_page(sandbox: RunningSandbox) -> None:
    for number in range(PER_PAGE + 2):
        put(sandbox, "x", f"n{number:03d}")

    first, second = read(sandbox, "/?platform=x"), read(sandbox, "/?platform=x&page=2")

    assert len([link for link in first.addresses() if link.startswith("/posts/")]) == PER_PAGE
    assert "/?platform=x&page=2" in first.addresses()
    assert [link for link in second.addresses() if link.startswith("/posts/")] == ["/posts/x/n001", "/posts/x/n000"]


@pytest.mark.parametrize("number", ["0", "-1", "99", "x", "9" * 40, ""])
def test_a_page_that_is_not_there_is_the_nearest_one(sandbox: RunningSandbox, number: str) -> None:
    put(sandbox)

    assert get(sandbox, f"/?page={number}").status_code == 200


# A post's page


def test_a_post_shows_its_account_words_pictures_time_and_comments(sandbox: RunningSandbox) -> None:
    picture, second = keep(sandbox, JPEG), keep(sandbox, PNG)
    put(
        sandbox,
        account="garden",
        name="The garden channel",
        text="Leaves fall\n#autumn",
        media=[picture, second],
        alt_texts=["A red leaf", ""],
        comments=[{"text": "First!", "account": "garden"}, {"message": "Second!"}],
    )

    document = read(sandbox, "/posts/instagram/1")

    assert all(
        word in document.text
        for word in ("The garden channel", "@garden", "Instagram", "Leaves fall\n", "First!", "Second!")
    )
    assert "2 comments" in document.text
    images = [image for image in document.all("img") if (image["src"] or "").startswith("/files/")]
    assert [(image["src"], image["alt"]) for image in images] == [
        (f"/files/{picture}", "A red leaf"),
        (f"/files/{second}", "Media 2 of 2 of the post, not described"),
    ]
    [time] = document.all("time")
    assert time["datetime"] == sandbox.posts()[0]["at"]
    assert "/posts/instagram/1.json" in document.addresses()


def test_a_video_can_be_played_and_has_its_cover(sandbox: RunningSandbox) -> None:
    video, cover = keep(sandbox, mp4(1000)), keep(sandbox, JPEG)
    put(sandbox, "youtube", "v", media=[video], cover=cover, title="Two hundred tulips", privacy="unlisted")

    document = read(sandbox, "/posts/youtube/v")

    [shown] = document.all("video")
    assert (shown["src"], shown["poster"]) == (f"/files/{video}", f"/files/{cover}")
    assert "controls" in shown
    assert "Two hundred tulips" in document.text
    assert "unlisted" in document.text


def test_the_json_is_the_post_as_the_control_door_tells_it(sandbox: RunningSandbox) -> None:
    put(sandbox, "x", "7", text="Ä < b")

    reply = get(sandbox, "/posts/x/7.json")

    assert reply.headers["Content-Type"].startswith("application/json")
    assert reply.json() == sandbox.posts()[0]


def test_web_addresses_in_the_words_become_links_without_their_full_stop(sandbox: RunningSandbox) -> None:
    put(sandbox, text="See https://example.com/a?b=1&c=2. Or javascript:alert(1)", link="javascript:alert(2)")

    addresses = read(sandbox, "/posts/instagram/1").addresses()
    put(sandbox, "facebook", "2", link="http://[")

    assert get(sandbox, "/posts/facebook/2").status_code == 200
    assert "https://example.com/a?b=1&c=2" in addresses
    assert not [address for address in addresses if address.startswith("javascript")]


@pytest.mark.parametrize(
    "path", ["/posts/x/none", "/posts/nowhere/1", "/posts/youtube/unavailable", "/?platform=nowhere"]
)
def test_what_is_not_there_is_a_404_with_a_way_back(sandbox: RunningSandbox, path: str) -> None:
    reply = get(sandbox, path)

    assert reply.status_code == 404
    assert "/" in Document(reply.text).addresses()
    assert "There is no such post" in reply.text


def test_the_json_of_a_missing_post_is_a_404_in_json(sandbox: RunningSandbox) -> None:
    reply = get(sandbox, "/posts/x/none.json")

    assert (reply.status_code, reply.json()["error"]) == (404, "Not found")


def test_posts_and_their_files_are_there_after_a_restart(tmp_path: Path) -> None:
    files, data = tmp_path / "files", tmp_path / "sandbox.sqlite3"
    with running_sandbox(files, data=data) as running:
        name = keep(running, JPEG)
        put(running, text="Still here", media=[name])
    with running_sandbox(files, data=data) as running:
        assert "Still here" in read(running, "/posts/instagram/1").text
        assert get(running, f"/files/{name}").headers["Content-Type"] == "image/jpeg"


# Safety

HOSTILE = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>"


def test_hostile_words_stay_words(sandbox: RunningSandbox) -> None:
    picture = keep(sandbox, JPEG)
    put(
        sandbox,
        "youtube",
        "h",
        account=HOSTILE,
        name=HOSTILE + "!",
        text=HOSTILE + ' https://x.test/"onmouseover=alert(1)',
        title=HOSTILE,
        media=[picture, HOSTILE],
        alt_texts=[HOSTILE],
        link=HOSTILE,
        privacy=HOSTILE,
        tags=[HOSTILE],
        comments=[{"text": HOSTILE, "account": HOSTILE, "at": sandbox.sandbox.now().isoformat()}],
    )

    for path in ("/", "/posts/youtube/h"):
        document = read(sandbox, path)
        assert document.all("script") == []
        assert not [key for _, attributes in document.elements for key in attributes if key.startswith("on")]
        assert "<script>alert(1)</script>" in document.text
    assert get(sandbox, "/posts/youtube/h.json").json()["text"].startswith(HOSTILE)


@pytest.mark.parametrize("path", ["/", "/posts/instagram/1", "/posts/x/none"])
def test_a_page_takes_nothing_from_elsewhere_and_may_run_nothing(sandbox: RunningSandbox, path: str) -> None:
    put(sandbox, media=[keep(sandbox, JPEG)])

    reply = get(sandbox, path)

    policy = dict(part.strip().split(" ", 1) for part in reply.headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert set(policy.values()) == {"'none'", "'self'"}
    assert "script-src" not in policy
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    document = Document(reply.text)
    loaded = [attributes.get("src") or attributes.get("href") for tag, attributes in document.elements if tag != "a"]
    assert all(address.startswith("/") and not address.startswith("//") for address in loaded if address)
    for address in {address for address in loaded if address}:
        assert get(sandbox, address).status_code == 200
    assert "style" not in {key for _, attributes in document.elements for key in attributes}


# Files


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (JPEG, "image/jpeg"),
        (PNG, "image/png"),
        (b"GIF89a" + b"\0" * 20, "image/gif"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp"),
        (mp4(100), "video/mp4"),
        (b"\0\0\0\x14ftypqt  " + b"\0" * 20, "video/quicktime"),
        (b"\x1a\x45\xdf\xa3" + b"\0" * 20, "video/webm"),
    ],
)
def test_a_file_is_served_as_what_its_bytes_say(sandbox: RunningSandbox, body: bytes, content_type: str) -> None:
    reply = get(sandbox, f"/files/{keep(sandbox, body)}")

    assert (reply.headers["Content-Type"], reply.content) == (content_type, body)
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert "Content-Disposition" not in reply.headers


def test_a_page_that_was_sent_as_a_picture_is_never_opened_as_a_page(sandbox: RunningSandbox) -> None:
    reply = get(sandbox, f"/files/{keep(sandbox, b'<!doctype html><script>alert(1)</script>')}")

    assert reply.headers["Content-Type"] == "application/octet-stream"
    assert reply.headers["Content-Disposition"] == "attachment"
    assert "sandbox" in reply.headers["Content-Security-Policy"]


def test_files_are_served_by_range(sandbox: RunningSandbox) -> None:
    body = mp4(1000)
    path = f"/files/{keep(sandbox, body)}"

    part = get(sandbox, path, headers={"Range": "bytes=100-199"})
    tail = get(sandbox, path, headers={"Range": "bytes=-10"})
    beyond = get(sandbox, path, headers={"Range": "bytes=5000-"})

    assert (part.status_code, part.headers["Content-Range"], part.content) == (206, "bytes 100-199/1000", body[100:200])
    assert tail.content == body[-10:]
    assert beyond.status_code == 416
    assert requests.head(f"{sandbox.url}{path}", timeout=60).headers["Content-Length"] == "1000"


@pytest.mark.parametrize("name", ["abc", "0" * 64, "../sandbox.sqlite3", "%2e%2e%2fapp.py", "partial-1"])
def test_no_other_file_is_served(sandbox: RunningSandbox, name: str) -> None:
    assert get(sandbox, f"/files/{name}").status_code == 404


# In a browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=chromium.installed() or None,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield launched
        launched.close()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_pages_fit_and_break_no_rule_of_their_own(
    sandbox: RunningSandbox, browser: Browser, width: int, scheme: Any
) -> None:
    drawn = io.BytesIO()
    Image.new("RGB", (1600, 900), "teal").save(drawn, "JPEG")
    picture = keep(sandbox, drawn.getvalue())
    put(sandbox, "x", "long", text="w" * 300 + " https://example.com/" + "p" * 300, media=[picture] * 3)
    put(sandbox, "youtube", "v", title="t" * 100, media=[picture], comments=[{"text": "c" * 200}], tags=["t" * 200])
    complaints: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        complaints.append(message.text)

    with closing(browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)) as context:
        page = context.new_page()
        page.on("console", hear)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        for path in ("/", "/posts/x/long", "/posts/youtube/v"):
            page.goto(f"{sandbox.url}{path}")
            # Pictures load when they come into view. The page forbids the eval that waiting inside it would need.
            shown = "[...document.images].every(image => image.complete && image.naturalWidth > 0)"
            assert wait_until(partial(page.evaluate, shown), seconds=60)
            root = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
            assert root[0] <= root[1], path
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")

    assert complaints == []
    shade = sum(json.loads(background.replace("rgb(", "[").replace(")", "]")))
    assert (shade > 600) == (scheme == "light")


@pytest.mark.browser
def test_a_card_leads_to_its_post_by_keyboard(sandbox: RunningSandbox, browser: Browser) -> None:
    put(sandbox, "x", "7", text="Reachable")
    with closing(browser.new_context()) as context:
        page = context.new_page()
        page.goto(f"{sandbox.url}/")
        page.get_by_role("link", name="demo: Reachable").press("Enter")
        page.wait_for_url("**/posts/x/7")

        assert page.get_by_role("heading", level=1).inner_text() == "demo on X"
