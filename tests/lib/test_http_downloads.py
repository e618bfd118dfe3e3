"""A download comes whole or not at all, follows few redirects, and each of them is checked."""

import gzip
import time
from typing import Any

import pytest

from chat33.lib.http import Guard, HttpClient, Refused, ReplyLost, TooLarge
from tests.lib.misbehaving import Peer, Script, Watching, answer, chunked, says, serving

BODY = b"a picture"
OK = answer("200 OK", body=BODY)


def client(guard: Guard | None = None) -> HttpClient:
    return HttpClient(guard=guard or Guard(frozenset({"127.0.0.1"})))


def play(begin: bytes = b"", *, drip: bytes = b"") -> Script:
    """Read the request, write the beginning, then one byte at a time, then nothing more."""

    def script(peer: Peer) -> None:
        peer.read()
        peer.write(begin)
        peer.drip(drip)
        peer.hang()

    return script


def drained(url: str, *, guard: Guard | None = None, **options: Any) -> tuple[int, bytes]:
    with client(guard).download(url, **options) as (status, _, pieces):
        return status, b"".join(pieces)


def test_a_download_comes_in_pieces() -> None:
    picture = bytes(range(256)) * 4000
    with (
        serving(says(answer("200 OK", "Content-Type: image/png", body=picture))) as server,
        client().download(server.url) as (status, headers, pieces),
    ):
        taken = list(pieces)
    assert (status, headers["content-type"]) == (200, "image/png")
    assert b"".join(taken) == picture
    assert max(map(len, taken)) <= 65536


@pytest.mark.parametrize(
    "bytes_sent",
    [
        answer("200 OK", "Content-Length: 100", length=False) + b"half",
        chunked(BODY, end=b""),
        answer("200 OK", "Content-Encoding: gzip", body=gzip.compress(bytes(5_000_000))),
    ],
    ids=["half", "no last chunk", "compressed"],
)
def test_a_download_cut_short_or_compressed_never_passes_for_a_file(bytes_sent: bytes) -> None:
    with serving(says(bytes_sent)) as server, pytest.raises(ReplyLost):
        drained(server.url)


def test_a_download_has_a_wall_a_stall_and_a_cap() -> None:
    head = answer("200 OK", "Content-Length: 5000", length=False)
    drip, half = play(head, drip=bytes(5000)), play(head + b"half")
    limits: list[tuple[Script, dict[str, float], type[Exception]]] = [
        (drip, {"wall": 0.4}, ReplyLost),
        (half, {"stall": 0.3}, ReplyLost),
        (play(), {"stall": 0.3}, ReplyLost),
        (says(answer("200 OK", body=bytes(50))), {"max_bytes": 49}, TooLarge),
        (says(chunked(bytes(30), bytes(30))), {"max_bytes": 49}, TooLarge),
    ]
    for script, options, expected in limits:
        watching = Watching(frozenset({"127.0.0.1"}))
        with serving(script) as server:
            started = time.monotonic()
            with pytest.raises(expected):
                drained(server.url, guard=watching, **options)
            assert time.monotonic() - started < 20
        assert max(watching.until) - started < options.get("wall", 300) + 5
        assert max(watching.seconds) <= options.get("stall", 10)


def leading(*locations: str) -> Script:
    """The n-th request is sent to the n-th location, what comes after gets the file."""
    left: list[str] = list(locations)

    def script(peer: Peer) -> None:
        peer.read()
        peer.write(answer("302 Found", f"Location: {left.pop(0)}", body=b"moved") if left else OK)

    return script


def test_a_download_follows_three_redirects_at_most() -> None:
    with serving(leading("/a", "b?x=1", "./c d")) as server:
        assert drained(server.url) == (200, BODY)
        assert [request.split()[1] for request in server.requests] == [b"/", b"/a", b"/b?x=1", b"/c%20d"]
    with serving(leading(*"abcd")) as server, pytest.raises(Refused):
        drained(server.url)
    assert len(server.requests) == 4


def test_a_redirect_without_a_target_is_an_answer() -> None:
    with serving(says(answer("302 Found", body=b"where?"))) as server:
        assert drained(server.url) == (302, b"where?")


def test_a_token_goes_to_the_first_host_alone() -> None:
    with serving(says(OK)) as other, serving(leading("/same", other.url)) as server:
        drained(server.url, headers={"Authorization": "Bearer x"})
    assert [b"Bearer x" in request for request in server.requests] == [True, True]
    assert [b"Bearer x" in request for request in other.requests] == [False]


@pytest.mark.parametrize(
    "location", ["http://10.0.0.1/", "//169.254.169.254/", "file:///etc/passwd", "http://[::1]/", "http://a b@c/", "http://[/"]
)  # fmt: skip
def test_a_redirect_is_checked_like_the_first_address(location: str) -> None:
    with serving(leading(location)) as server, pytest.raises(Refused):
        drained(server.url)
    assert server.connections == 1
