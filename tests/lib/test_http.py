"""Whatever a server does, the client says rightly whether the request can have been carried out, and in time.

Each row plays one behaviour on a real connection. The server's own count of requests is the judge: none arrived after
``NotSent``, and never more than one.
"""

import gzip
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from chat33.lib.http import Guard, HttpClient, NotSent, Refused, Reply, ReplyLost, TooLarge
from tests.lib.misbehaving import Peer, Script, Watching, answer, chunked, says, serving

OK = answer("200 OK", body=b'{"id": 1}')
WALL = 0.4  # seconds
PATIENCE = 60.0  # for what comes by itself, on however busy a machine


def client(*, user_agent: str = "Chat33/1.0") -> HttpClient:
    return HttpClient(guard=Guard(frozenset({"127.0.0.1"})), user_agent=user_agent)


def mutate(url: str, *, guard: Guard | None = None, **options: Any) -> Reply:
    settings: dict[str, Any] = {"json": {"text": "hello"}, "wall": PATIENCE, "max_bytes": 10_000, **options}
    one = HttpClient(guard=guard) if guard else client()
    return one.request("POST", url, **settings)


@contextmanager
def lost_at_the_wall() -> Iterator[Guard]:
    """The block ends with a lost reply, and nothing in it was waited for beyond the wall."""
    watching = Watching(frozenset({"127.0.0.1"}))
    started = time.monotonic()
    with pytest.raises(ReplyLost):
        yield watching
    assert WALL <= time.monotonic() - started < 20
    assert max(watching.until) - started < WALL + 5  # of which a busy machine takes a part


def reset_after(peer: Peer) -> None:
    peer.read()
    peer.reset()


def reset_in_the_body(peer: Peer) -> None:
    peer.read()
    peer.write(answer("200 OK", "Content-Length: 100", length=False), b"half")
    time.sleep(0.05)
    peer.reset()


def reset_in_a_body_without_length(peer: Peer) -> None:
    peer.read()
    peer.write(answer("200 OK", length=False), b"half")
    time.sleep(0.05)
    peer.reset()


def silence(peer: Peer) -> None:
    peer.read()
    peer.hang()


def half_an_answer_then_silence(peer: Peer) -> None:
    peer.read()
    peer.write(answer("200 OK", "Content-Length: 100", length=False), b"half")
    peer.hang()


def dripped_in_time(peer: Peer) -> None:
    peer.read()
    peer.drip(OK, every=0.001)


def dripped_head(peer: Peer) -> None:
    peer.read()
    peer.drip(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"a" * 5000)


def dripped_body(peer: Peer) -> None:
    peer.read()
    peer.write(answer("200 OK", "Content-Length: 5000", length=False))
    peer.drip(b"a" * 5000)


def dripped_chunks(peer: Peer) -> None:
    peer.read()
    peer.write(answer("200 OK", "Transfer-Encoding: chunked", length=False))
    peer.drip(b"1\r\na\r\n" * 1000)


def dripped_chunk_size(peer: Peer) -> None:
    peer.read()
    peer.write(answer("200 OK", "Transfer-Encoding: chunked", length=False), b"5;")
    peer.drip(b"x" * 4000)


def interim_for_ever(peer: Peer) -> None:
    peer.read()
    while not peer.server.stop.wait(0.01):
        peer.write(b"HTTP/1.1 100 Continue\r\n\r\n")


BODY = b'{"id": 1}'
WHOLE: dict[str, Script] = {
    "an answer": says(OK),
    "one byte at a time, in time": dripped_in_time,
    "without a length, ended by closing": says(answer("200 OK", length=False) + BODY),
    "more than the length": says(OK + b"and the next answer"),
    "the same length twice": says(answer("200 OK", "Content-Length: 9", "Content-Length: 9", length=False) + BODY),
    "chunks": says(chunked(BODY[:3], BODY[3:])),
    "chunks with extensions and a trailer": says(
        answer("200 OK", "Transfer-Encoding: chunked", length=False),
        b'9;name="value"\r\n' + BODY + b"\r\n0\r\nX-Sum: 1\r\n\r\n",
    ),
    "chunks and a length": says(chunked(BODY).replace(b"\r\n", b"\r\nContent-Length: 3\r\n", 1)),
    "100 first": says(b"HTTP/1.1 100 Continue\r\n\r\n" + OK),
    "102 and 103 first": says(b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK),
    "bare line feeds": says(OK.replace(b"\r\n", b"\n")),
    "no reason phrase": says(OK.replace(b"200 OK", b"200")),
    "HTTP/1.0": says(OK.replace(b"HTTP/1.1", b"HTTP/1.0")),
    "a folded field": says(answer("200 OK", "X-Long: one\r\n  two", body=BODY)),
    "identity named": says(answer("200 OK", "Content-Encoding: identity", body=BODY)),
}

LOST: dict[str, Script] = {
    "reset after the request": reset_after,
    "closed after the request": says(),
    "half an answer, then closed": says(answer("200 OK", "Content-Length: 100", length=False) + b"half"),
    "half an answer, then reset": reset_in_the_body,
    "a body without length, then reset": reset_in_a_body_without_length,
    "a head cut short": says(b"HTTP/1.1 200 OK\r\nContent-Ty"),
    "a head cut at a line's end": says(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"),
    "a status line alone": says(b"HTTP/1.1 200 OK"),
    "chunks that stop": says(chunked(BODY, end=b"")),
    "chunks cut inside": says(answer("200 OK", "Transfer-Encoding: chunked", length=False) + b"ff\r\nhalf"),
    "chunks without the last line": says(chunked(BODY, end=b"0\r\n")),
    "a chunk longer than it says": says(chunked(BODY).replace(b"\r\n9\r\n", b"\r\n3\r\n")),
    "a chunk size that is none": says(chunked(BODY).replace(b"\r\n9\r\n", b"\r\n-9\r\n")),
    "a chunk size of many digits": says(chunked(BODY).replace(b"\r\n9\r\n", b"\r\n" + b"f" * 40 + b"\r\n")),
    "an endless chunk size": says(chunked(BODY).replace(b"\r\n9\r\n", b"\r\n9;" + b"x" * 9000 + b"\r\n")),
    "a length that is none": says(answer("200 OK", "Content-Length: nine", length=False) + BODY),
    "a negative length": says(answer("200 OK", "Content-Length: -9", length=False) + BODY),
    "two lengths": says(answer("200 OK", "Content-Length: 9", "Content-Length: 3", length=False) + BODY),
    "two lengths in one field": says(answer("200 OK", "Content-Length: 9, 3", length=False) + BODY),
    "another transfer coding": says(answer("200 OK", "Transfer-Encoding: gzip, chunked", length=False) + b"0\r\n\r\n"),
    "a compressed body": says(answer("200 OK", "Content-Encoding: gzip", body=gzip.compress(BODY))),
    "a compression bomb": says(answer("200 OK", "Content-Encoding: gzip", body=gzip.compress(bytes(5_000_000)))),
    "101": says(answer("101 Switching Protocols", "Upgrade: h2c", "Connection: Upgrade")),
    "not HTTP": says(b"220 mail.example.com ESMTP\r\n\r\n"),
    "HTTP/2": says(b"HTTP/2 200\r\ncontent-length: 0\r\n\r\n"),
    "an empty line first": says(b"\r\n\r\n" + OK),
    "a status that is none": says(b"HTTP/1.1 OK\r\nContent-Length: 0\r\n\r\n"),
    "a line that is no field": says(b"HTTP/1.1 200 OK\r\nno field\r\nContent-Length: 0\r\n\r\n"),
    "a field with a NUL": says(b"HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n"),
    "a huge field": says(answer("200 OK", "X-Huge: " + "a" * 200_000, body=BODY)),
    "very many fields": says(answer("200 OK", *(f"X-{number}: 1" for number in range(20_000)), body=BODY)),
    "a huge body, announced": says(answer("200 OK", "Content-Length: 10001", length=False) + bytes(10_001)),
    "a huge body, not announced": says(answer("200 OK", length=False) + bytes(5_000_000)),
    "a huge body in chunks": says(chunked(bytes(5_000_000))),
}

ENDLESS: dict[str, Script] = {
    "silence": silence,
    "half an answer, then silence": half_an_answer_then_silence,
    "a dripped head": dripped_head,
    "a dripped body": dripped_body,
    "dripped chunks": dripped_chunks,
    "a dripped chunk size": dripped_chunk_size,
    "100 for ever": interim_for_ever,
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_answer_is_taken(name: str) -> None:
    with serving(WHOLE[name]) as server:
        reply = mutate(server.url, wall=PATIENCE)
    assert (reply.status, reply.body, reply.json()) == (200, BODY, {"id": 1})
    assert len(server.requests) == 1


@pytest.mark.parametrize("name", LOST)
def test_after_the_request_left_anything_but_a_whole_answer_is_a_lost_reply(name: str) -> None:
    with serving(LOST[name]) as server:
        started = time.monotonic()
        with pytest.raises(ReplyLost):
            mutate(server.url)
        assert time.monotonic() - started < PATIENCE / 2  # it is known at once
    assert len(server.requests) == 1


@pytest.mark.parametrize("name", ENDLESS)
def test_an_answer_that_never_ends_is_a_lost_reply_at_the_wall(name: str) -> None:
    with serving(ENDLESS[name]) as server, lost_at_the_wall() as watching:
        mutate(server.url, guard=watching, wall=WALL)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("status", "fields", "body"),
    [
        ("500 Internal Server Error", (), b"oops"),
        ("429 Too Many Requests", ("Retry-After: 7",), b""),
        ("400 Bad Request", (), b'{"error"'),
        ("302 Found", ("Location: http://10.0.0.1/",), b""),
        ("204 No Content", (), b""),
        ("304 Not Modified", ("Content-Length: 500",), b""),
    ],
)
def test_every_status_is_an_answer_and_none_is_followed_or_repeated(
    status: str, fields: tuple[str, ...], body: bytes
) -> None:
    with serving(says(answer(status, *fields, body=body, length="Content-Length" not in str(fields)))) as server:
        reply = mutate(server.url)
    assert reply.status == int(status[:3])
    assert reply.body == body
    assert reply.json() is None
    assert len(server.requests) == 1
    assert server.connections == 1


def test_fields_are_found_whatever_their_case_and_repeated_ones_are_joined() -> None:
    with serving(says(answer("200 OK", "X-One: a", "x-one: b", "Retry-After:  7 "))) as server:
        reply = mutate(server.url)
    assert reply.headers["X-ONE"] == "a, b"
    assert reply.headers.get("retry-after") == "7"
    assert reply.address == "127.0.0.1"


def test_a_head_request_has_no_body_whatever_its_length_says() -> None:
    with serving(says(answer("200 OK", "Content-Length: 99999999", length=False))) as server:
        reply = client().request("HEAD", server.url, wall=PATIENCE)
    assert (reply.status, reply.body) == (200, b"")


def test_json_that_is_too_deep_or_too_long_is_none() -> None:
    for body in (b"[" * 900_000, b"1" * 900_000, b"\xff", b""):
        with serving(says(answer("200 OK", body=body))) as server:
            assert mutate(server.url, max_bytes=1_000_000, wall=PATIENCE).json() is None


# Before the first byte


def test_a_closed_port_is_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(NotSent):
        mutate(f"http://127.0.0.1:{port}/")


def test_a_host_that_does_not_accept_is_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        address = listener.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:  # fill the queue of connections nobody accepts
            one.setblocking(False)
            one.connect_ex(address)
        started = time.monotonic()
        with pytest.raises(NotSent):
            mutate(f"http://127.0.0.1:{address[1]}/", connect_timeout=0.3)
        assert time.monotonic() - started < 4  # five are the default
        for one in waiting:
            one.close()


def test_a_connection_reset_before_the_request_is_not_sent() -> None:
    over = threading.Event()

    class Patient(Guard):
        """Waits after connecting until the server has closed."""

        def connect(self, host: str, port: int, *, timeout: float) -> tuple[socket.socket, str]:
            connected = super().connect(host, port, timeout=timeout)
            assert over.wait(PATIENCE)
            return connected

    def slam(peer: Peer) -> None:
        peer.reset()
        over.set()

    with serving(slam) as server, pytest.raises(NotSent):
        mutate(server.url, guard=Patient(frozenset({"127.0.0.1"})))
    assert server.requests == []


def test_no_time_left_is_not_sent() -> None:
    with serving(says(OK)) as server, pytest.raises(NotSent):
        mutate(server.url, wall=0)
    assert server.connections == 0


def test_a_request_that_cannot_be_written_is_refused() -> None:
    with serving(says(OK)) as server:
        for options in (
            {"headers": {"X": "a\r\nHost: evil"}},
            {"headers": {"X": "snow ☃"}},
            {"json": {"x": float("nan")}},
        ):
            with pytest.raises(Refused):
                mutate(server.url, **options)
    assert server.connections == 0


# While it leaves


def test_a_server_that_reads_nothing_costs_no_more_than_the_wall() -> None:
    with serving(lambda peer: peer.hang()) as server, lost_at_the_wall() as watching:
        mutate(server.url, guard=watching, wall=WALL, json=None, data=bytes(30_000_000))


def test_a_server_that_reads_slowly_costs_no_more_than_the_wall() -> None:
    def sip(peer: Peer) -> None:
        while not peer.server.stop.wait(0.01) and peer.sock.recv(2000):
            pass

    with serving(sip) as server, lost_at_the_wall() as watching:
        mutate(server.url, guard=watching, wall=WALL, json=None, data=bytes(30_000_000))


def test_an_answer_given_before_everything_was_read_is_the_answer() -> None:
    def refuse(peer: Peer) -> None:
        peer.sock.recv(1000)
        peer.write(answer("413 Content Too Large", body=b"too large"))
        time.sleep(0.1)
        peer.reset()

    with serving(refuse) as server:
        reply = mutate(server.url, json=None, data=bytes(30_000_000), wall=PATIENCE)
    assert (reply.status, reply.body) == (413, b"too large")


def test_a_connection_reset_while_the_request_leaves_is_a_lost_reply() -> None:
    def slam(peer: Peer) -> None:
        peer.sock.recv(1000)
        peer.reset()

    with serving(slam) as server, pytest.raises(ReplyLost):
        mutate(server.url, json=None, data=bytes(30_000_000), wall=PATIENCE)


# One connection each


def test_a_connection_the_server_closes_after_its_answer_never_costs_the_next_mutation() -> None:
    def keep_alive_then_close(peer: Peer) -> None:
        peer.read()
        peer.write(answer("200 OK", "Connection: keep-alive", "Keep-Alive: timeout=60", body=BODY))

    with serving(keep_alive_then_close) as server:
        sharing = client()
        for _ in range(20):
            assert sharing.request("POST", server.url, json={}, wall=PATIENCE).ok
    assert len(server.requests) == server.connections == 20
    assert all(b"\r\nConnection: close\r\n" in request for request in server.requests)


# How much


@pytest.mark.parametrize(
    ("begin", "again"),
    [
        (answer("200 OK", length=False), bytes(65536)),
        (answer("200 OK", "Transfer-Encoding: chunked", length=False), b"10000\r\n" + bytes(65536) + b"\r\n"),
        (answer("200 OK", "Transfer-Encoding: chunked", length=False) + b"5;", b"x" * 65536),
        (answer("200 OK", "Transfer-Encoding: chunked", length=False) + b"0\r\n", b"X: y\r\n" * 10_000),
        (b"HTTP/1.1 200 OK\r\nX: ", b"x" * 65536),
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 10_000),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 3000),
    ],
    ids=["body", "chunks", "chunk size", "trailer", "field", "fields", "interim answers"],
)
def test_reading_stops_soon_after_the_cap(begin: bytes, again: bytes) -> None:
    def flood(peer: Peer) -> None:
        peer.read()
        peer.write(begin)
        while not peer.server.stop.is_set():
            peer.write(again)

    with serving(flood) as server:
        with pytest.raises(TooLarge):
            mutate(server.url, wall=PATIENCE)
        assert server.written < 30_000_000  # what the system's buffers hold


def test_a_length_over_the_cap_is_enough_to_stop() -> None:
    def announce(peer: Peer) -> None:
        peer.read()
        peer.write(answer("200 OK", "Content-Length: 10001", length=False))
        peer.hang()

    with serving(announce) as server, pytest.raises(TooLarge):
        mutate(server.url, wall=PATIENCE)


def test_the_beginning_of_a_large_answer_can_be_kept() -> None:
    for reply_form in (answer("200 OK", body=b"abc" * 10_000), answer("200 OK", length=False) + b"abc" * 10_000):
        with serving(says(reply_form)) as server:
            reply = mutate(server.url, max_bytes=10, truncate=True)
        assert (reply.status, reply.body, reply.truncated) == (200, b"abcabcabca", True)
    with serving(says(OK)) as server:
        reply = mutate(server.url, max_bytes=len(BODY), truncate=True)
    assert (reply.body, reply.truncated) == (BODY, False)
