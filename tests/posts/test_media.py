"""Files: taken in by form or by address, told apart by their bytes, kept, and given to whoever was told their address."""

import os
import secrets
import socket
import time
import tracemalloc
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.files.base import ContentFile
from django.test import Client as DjangoClient
from pytest_django.fixtures import Settings

from chat33.api.models import LimitUse
from chat33.lib.clock import utcnow
from posts.media import media_url, prune_scratch
from posts.models import Media
from tests import media_files
from tests.api.files import uploaded
from tests.lib.misbehaving import Peer, Script, answer, says, serving
from tests.people import Person
from tests.posts.flow import publish, queued, sandbox_channel
from tests.sandboxes import RunningSandbox

JPEG = media_files.jpeg(640, 480)


def ingested(person: Person, url: str, **more: Any) -> Any:
    """The answer to an address to fetch a file from."""
    return person.api().send("POST", "media/upload", {"url": url, **more})


def fetched(url: str, method: str = "GET", **headers: str) -> Any:
    """The file as anybody gets it."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return DjangoClient().generic(method, urlsplit(url).path, headers=names)


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else bytes(response.content)


def stored_files(settings: Settings) -> list[Path]:
    """Every file in storage and every scratch file."""
    scratch = settings.SCRATCH_DIR
    return [path for root in (Path(settings.MEDIA_ROOT), scratch) for path in root.rglob("*") if path.is_file()]


def refused(reply: Any, path: str, settings: Settings) -> str:
    """Refused by name, nothing kept, nothing counted; the message."""
    assert (reply.status_code, reply.json()["error"]) == (400, "VALIDATION_ERROR"), reply.json()
    (detail,) = reply.json()["details"]
    assert detail["path"] == path
    assert not Media.objects.exists()
    assert not LimitUse.objects.exists()
    assert stored_files(settings) == []
    return str(detail["message"])


KINDS = [
    ("image", "image/jpeg", "jpg", JPEG),
    ("image", "image/png", "png", media_files.png(64, 48)),
    ("image", "image/gif", "gif", media_files.gif(64, 48, frames=2)),
    ("image", "image/webp", "webp", media_files.webp(64, 48)),
    ("video", "video/mp4", "mp4", media_files.mp4(640, 360, seconds=1)),
    ("video", "video/quicktime", "mov", media_files.mov(640, 360, seconds=1)),
    ("video", "video/webm", "webm", media_files.webm(160, 120, seconds=1)),
]


class TestForm:
    """The first mode: a file in the request."""

    @pytest.mark.parametrize(("kind", "content_type", "extension", "file"), KINDS, ids=[kind[2] for kind in KINDS])
    def test_each_kind_is_known_by_its_bytes(
        self, owner: Person, kind: str, content_type: str, extension: str, file: bytes
    ) -> None:
        reply = uploaded(owner, file, name="holiday.exe", content_type="application/x-msdownload")

        assert reply.status_code == 201
        made = reply.json()
        assert {name: made[name] for name in ("type", "size", "name", "contentType")} == {
            "type": kind, "size": len(file), "name": f"holiday.{extension}", "contentType": content_type,
        }  # fmt: skip
        got = fetched(made["url"])
        assert (got.status_code, got["Content-Type"], body(got)) == (200, content_type, file)

    @pytest.mark.parametrize(
        ("given", "kept"),
        [
            ("../../etc/passwd", "passwd.jpg"), ("C:\\temp\\cup.png", "cup.jpg"), ("", "file.jpg"), ("...", "file.jpg"),
            ("Straße 1?.jpeg", "Straße 1.jpg"), ("a\u202eb\nc.jpg", "abc.jpg"), ("x" * 300 + ".jpg", "x" * 100 + ".jpg"),
            ('<img src="x">.jpg', "img src=x.jpg"),
        ],
    )  # fmt: skip
    def test_a_name_is_for_people_and_harmless(self, owner: Person, given: str, kept: str) -> None:
        with serving(says(answer("200 OK", body=JPEG))) as server:
            reply = ingested(owner, server.url, filename=given[:200])

        assert reply.json()["name"] == kept
        assert fetched(reply.json()["url"]).status_code == 200

    @pytest.mark.parametrize(
        "file",
        [b"", b"<html><script>alert(1)</script>", b"PK\x03\x04" + bytes(50), b"%PDF-1.7\n", b"\x7fELF" + bytes(60),
         b"<svg xmlns='http://www.w3.org/2000/svg'/>", JPEG[:200], b"\xff\xd8\xff", b"GIF89a", JPEG + b"<script>1</script>"],
        ids=["empty", "html", "zip", "pdf", "elf", "svg", "half", "three bytes", "gif head", "script behind"],
    )  # fmt: skip
    def test_what_is_no_picture_or_video_is_refused(self, owner: Person, settings: Settings, file: bytes) -> None:
        assert refused(uploaded(owner, file), "file", settings).endswith(".")

    def test_a_bomb_of_pixels_is_refused(self, owner: Person, settings: Settings) -> None:
        header = media_files.png(8, 8)
        bomb = header[:16] + (50_000).to_bytes(4, "big") * 2 + header[24:]

        refused(uploaded(owner, bomb), "file", settings)

    def test_up_to_four_and_a_half_megabytes(self, owner: Person, settings: Settings) -> None:
        assert uploaded(owner, media_files.mp4(64, 64, seconds=1, size=4_500_000)).status_code == 201

        over = uploaded(owner, media_files.mp4(64, 64, seconds=1, size=4_500_001))
        assert (over.status_code, over.json()["error"]) == (413, "PAYLOAD_TOO_LARGE")
        assert Media.objects.count() == LimitUse.objects.count() == 1

    def test_a_larger_one_is_refused_before_it_is_read(self, owner: Person) -> None:
        api: Any = owner.api()
        reply = api.generic(
            "POST", "/api/v1/media/upload", b"--x--", content_type="multipart/form-data; boundary=x",
            CONTENT_LENGTH="104857600",
        )  # fmt: skip

        assert (reply.status_code, reply.json()["error"]) == (413, "PAYLOAD_TOO_LARGE")

    @pytest.mark.parametrize(
        ("raw", "content_type", "status"),
        [
            (b"--x\r\n\r\n--x--", "multipart/form-data; boundary=x", 400),
            (b"no form", "multipart/form-data; boundary=x", 400),
            (b"no form", "multipart/form-data", 400),
            (b"no form", "Multipart/Form-Data; boundary=x", 400),
            (b'--x\r\nContent-Disposition: form-data; name="picture"; filename="a.jpg"\r\n\r\n' + JPEG + b"\r\n--x--",
             "multipart/form-data; boundary=x", 400),
            (b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + b"a" * 1_100_000 + b"\r\n--x--",
             "multipart/form-data; boundary=x", 413),
            (b"".join(b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\na\r\n' for _ in range(1100)) + b"--x--",
             "multipart/form-data; boundary=x", 400),
            (b"", "application/json", 400),
            (b"{}", "application/json", 400),
            (b'{"url": null}', "application/json", 400),
            (JPEG, "image/jpeg", 415),
        ],
    )  # fmt: skip
    def test_a_request_that_cannot_be_read_has_an_answer(
        self, owner: Person, raw: bytes, content_type: str, status: int
    ) -> None:
        api: Any = owner.api()
        reply = api.generic("POST", "/api/v1/media/upload", raw, content_type=content_type)

        assert reply.status_code == status
        assert set(reply.json()) == {"error", "message", "details"}
        assert not LimitUse.objects.exists()


def endless(head: bytes) -> Script:
    """A file that begins like this and never ends."""

    def script(peer: Peer) -> None:
        peer.read()
        peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)  # no megabytes wait for who no longer reads
        peer.write(answer("200 OK", length=False), head)
        piece = bytes(65_536)
        while not peer.server.stop.is_set():
            peer.write(piece)

    return script


class TestAddress:
    """The second mode: an address to fetch from."""

    def test_a_file_is_fetched_and_kept(self, owner: Person) -> None:
        with serving(says(answer("200 OK", "Content-Type: text/plain", body=JPEG))) as server:
            made = ingested(owner, server.url + "caf%C3%A9.png?size=large").json()

        assert (made["type"], made["contentType"], made["size"]) == ("image", "image/jpeg", len(JPEG))
        assert made["name"] == "café.jpg"
        assert body(fetched(made["url"])) == JPEG

    def test_redirects_are_followed_but_not_for_ever(self, owner: Person, settings: Settings) -> None:
        def lead(peer: Peer) -> None:
            left = int(peer.read().split(b" ")[1][1:])
            peer.write(answer("200 OK", body=JPEG) if not left else answer("302 Found", f"Location: /{left - 1}"))

        with serving(lead) as server:
            refused(ingested(owner, server.url + "4"), "url", settings)
            assert ingested(owner, server.url + "3").status_code == 201

    TROUBLE: dict[str, Script] = {
        "404": says(answer("404 Not Found", body=JPEG)),
        "500": says(answer("500 Oops", body=JPEG)),
        "204": says(answer("204 No Content")),
        "206": says(answer("206 Partial Content", "Content-Range: bytes 0-9/100", body=JPEG[:10])),
        "a page": says(answer("200 OK", "Content-Type: image/jpeg", body=b"<html>Log in first</html>")),
        "nothing": says(answer("200 OK")),
        "cut off": says(answer("200 OK", f"Content-Length: {len(JPEG)}", length=False) + JPEG[: len(JPEG) // 2]),
        "half a picture": says(answer("200 OK", body=JPEG[: len(JPEG) // 2])),
        "silence": lambda peer: peer.reset(),
        "no HTTP": says(b"220 smtp.example.com ESMTP\r\n"),
        "endless picture": endless(JPEG),
    }

    @pytest.mark.parametrize("trouble", TROUBLE)
    def test_a_server_in_trouble_is_named(self, owner: Person, settings: Settings, trouble: str) -> None:
        with serving(self.TROUBLE[trouble]) as server:
            message = refused(ingested(owner, server.url), "url", settings)

        assert message.endswith(".")

    def test_a_picture_stops_at_10_megabytes(self, owner: Person, settings: Settings) -> None:
        with serving(endless(JPEG)) as server:
            message = refused(ingested(owner, server.url), "url", settings)

        assert "10 MB" in message
        assert server.written < 20_000_000

    def test_a_video_stops_at_100_megabytes_and_is_never_held_in_memory(
        self, owner: Person, settings: Settings
    ) -> None:
        with serving(says(answer("404 Not Found"))) as nothing:
            ingested(owner, nothing.url)  # the first request of a process loads modules
        with serving(endless(media_files.mp4(64, 64, seconds=1))) as server:
            tracemalloc.start()
            reply = ingested(owner, server.url)
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()

        assert "100 MB" in refused(reply, "url", settings)
        assert server.written > 100_000_000
        assert peak < 4_000_000

    @pytest.mark.parametrize(
        "url",
        ["http://127.0.0.1/a.jpg", "http://[::1]/", "http://169.254.169.254/latest/meta-data", "http://localhost/",
         "http://2130706433/", "http://0x7f.1/", "http://10.0.0.8/", "http://router.local/", "ftp://example.com/a.jpg",
         "file:///etc/passwd", "https://user:pw@example.com/", "http://example.com:8080/", "//example.com/", "a.jpg"],
    )  # fmt: skip
    def test_nothing_inside_is_reached(self, owner: Person, settings: Settings, url: str) -> None:
        settings.ALLOW_PRIVATE_HOSTS = []

        refused(ingested(owner, url), "url", settings)

    def test_a_name_that_leads_inside_is_not_followed(
        self, owner: Person, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with serving(says(answer("200 OK", body=JPEG))) as inside:
            found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", inside.port))]
            monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: found)
            settings.ALLOW_PRIVATE_HOSTS = []
            refused(ingested(owner, "http://harmless.example.com/a.jpg"), "url", settings)

        assert inside.connections == 0

    def test_a_redirect_inside_is_not_followed(self, owner: Person, settings: Settings) -> None:
        def lead(peer: Peer) -> None:
            peer.read()
            peer.write(answer("302 Found", f"Location: {inside.url}"))

        with serving(says(answer("200 OK", body=JPEG))) as inside, serving(lead) as server:
            settings.ALLOW_PRIVATE_HOSTS = [f"127.0.0.1:{server.port}"]
            refused(ingested(owner, server.url), "url", settings)

        assert inside.connections == 0


class TestServing:
    """What anybody gets who was told the address."""

    @pytest.fixture
    def url(self, owner: Person) -> str:
        media = Media(
            organization=owner.organization, token=secrets.token_urlsafe(32), name="picture.jpg", kind="image",
            content_type="image/jpeg", size=len(JPEG),
        )  # fmt: skip
        media.file.save(f"{media.token}.jpg", ContentFile(JPEG))
        return media_url(media)

    def test_the_whole_file_for_ever(self, url: str) -> None:
        reply = fetched(url)

        assert (reply.status_code, body(reply), reply["Content-Length"]) == (200, JPEG, str(len(JPEG)))
        assert reply["Cache-Control"] == "public, max-age=31536000, immutable"
        assert reply["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in reply["Content-Security-Policy"]
        assert reply["Accept-Ranges"] == "bytes"
        assert reply["ETag"].startswith('"')
        assert not reply.cookies
        assert "Vary" not in reply

    def test_its_head_alone(self, url: str) -> None:
        whole, head = fetched(url), fetched(url, "HEAD")

        assert (head.status_code, body(head)) == (200, b"")
        for name in ("Content-Type", "Content-Length", "ETag", "Accept-Ranges", "Cache-Control"):
            assert head[name] == whole[name]
        part = fetched(url, "HEAD", Range="bytes=0-9")
        assert (part.status_code, part["Content-Length"], "Content-Range" in part) == (200, str(len(JPEG)), False)

    @pytest.mark.parametrize(
        ("asked", "first", "last"),
        [
            ("bytes=0-0", 0, 0), ("bytes=5-9", 5, 9), ("bytes=100-", 100, None), ("bytes=-100", -100, None),
            ("bytes=0-99999999", 0, None), ("bytes=-99999999", 0, None), ("bytes=0-", 0, None),
        ],
    )  # fmt: skip
    def test_a_part_of_it(self, url: str, asked: str, first: int, last: int | None) -> None:
        reply = fetched(url, Range=asked)

        wanted = JPEG[first:] if last is None else JPEG[first : last + 1]
        start = len(JPEG) + first if first < 0 else first
        assert (reply.status_code, body(reply)) == (206, wanted)
        assert reply["Content-Range"] == f"bytes {start}-{start + len(wanted) - 1}/{len(JPEG)}"
        assert reply["Content-Length"] == str(len(wanted))

    @pytest.mark.parametrize("asked", ["bytes=99999999-", f"bytes={len(JPEG)}-", "bytes=-0", "bytes=99999999-99999999"])
    def test_a_part_that_is_not_there(self, url: str, asked: str) -> None:
        reply = fetched(url, Range=asked)

        assert (reply.status_code, reply["Content-Range"], body(reply)) == (416, f"bytes */{len(JPEG)}", b"")

    @pytest.mark.parametrize(
        "asked",
        ["bytes=9-5", "bytes=0-1,5-6", "bytes=-", "bytes=a-b", "items=0-5", "", "bytes=٣-٤", "bytes=0-" + "9" * 5000],
    )
    def test_what_is_no_part_is_the_whole(self, url: str, asked: str) -> None:
        reply = fetched(url, Range=asked)

        assert (reply.status_code, body(reply)) == (200, JPEG)

    def test_who_has_it_does_not_get_it_again(self, url: str) -> None:
        tag = fetched(url)["ETag"]

        for known in (tag, f'"other", {tag}', f"W/{tag}", "*"):
            reply = fetched(url, If_None_Match=known)
            assert (reply.status_code, body(reply), reply["ETag"]) == (304, b"", tag)
        assert fetched(url, If_None_Match='"other"').status_code == 200

    def test_a_download_goes_on_only_where_it_is_the_same_file(self, url: str) -> None:
        tag = fetched(url)["ETag"]

        assert fetched(url, Range="bytes=5-", If_Range=tag).status_code == 206
        assert fetched(url, Range="bytes=5-", If_Range='"other"').status_code == 200

    def test_the_address_cannot_be_guessed(self, owner: Person, url: str) -> None:
        token = urlsplit(url).path.split("/")[2]
        other = urlsplit(uploaded(owner, JPEG).json()["url"]).path.split("/")[2]

        assert len(token) >= 43
        assert token != other
        for wrong in (token[:-1] + ("a" if token[-1] != "a" else "b"), token[:-1], "%00", "x" * 43, "..", "media_1"):
            assert DjangoClient().get(f"/media/{wrong}/picture.jpg").status_code == 404

    def test_it_is_only_for_reading(self, url: str) -> None:
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            assert fetched(url, method).status_code == 405

    def test_a_file_that_was_removed_is_404(self, url: str, settings: Settings) -> None:
        for path in stored_files(settings):
            path.unlink()

        assert fetched(url).status_code == 404


def test_a_stranger_who_was_told_an_address_gets_a_copy_of_their_own(
    owner: Person, stranger: Person, sandboxed: RunningSandbox
) -> None:
    ours = uploaded(owner, JPEG).json()["url"]

    theirs = ingested(stranger, ours).json()
    channel = sandbox_channel(stranger.organization, sandboxed, "x")
    post = publish(queued(channel, text="Look", media_urls=[ours], media_type="image"), sandboxed)

    assert (theirs["url"] != ours, theirs["size"]) == (True, len(JPEG))
    assert post.status == "PUBLISHED"
    assert Media.objects.filter(organization=owner.organization).count() == 1
    assert Media.objects.filter(organization=stranger.organization, source_url=ours).count() == 2


def test_posts_made_together_fetch_a_file_once(owner: Person, sandboxed: RunningSandbox) -> None:
    channels = [sandbox_channel(owner.organization, sandboxed, "x", name) for name in ("one", "two")]
    with serving(says(answer("200 OK", body=JPEG))) as server:
        posts = [queued(channel, text="Look", media_urls=[server.url], media_type="image") for channel in channels]
        published = [publish(post, sandboxed) for post in posts]

    assert [post.status for post in published] == ["PUBLISHED", "PUBLISHED"]
    assert len(server.requests) == 1


def test_what_a_killed_process_left_goes_after_a_day_and_what_vanishes_stops_nobody(settings: Settings) -> None:
    left, in_work, vanished = (settings.SCRATCH_DIR / name for name in ("left", "in_work", "vanished"))
    left.touch()
    in_work.touch()
    vanished.symlink_to("nowhere")  # it is listed, and not there when it is looked at
    os.utime(left, (time.time() - 90_000,) * 2)

    prune_scratch(now=utcnow())

    assert (left.exists(), in_work.exists()) == (False, True)
