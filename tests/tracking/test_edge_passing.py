"""What is no hot door is handed on to the web server as it came, and its answer back, without holding either."""

import asyncio
import http.client
import json
import resource
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingUnixStreamServer
from typing import Any

import pytest
import requests
import uvloop

from tests.tracking.edges import RunningEdge, running_edge
from tracking.edge import joined
from tracking.edge.http import Message
from tracking.edge.passing import Onward

MANY = 60_000_000  # bytes


class _Web(BaseHTTPRequestHandler):
    """Tells what reached it; some addresses behave in ways of their own."""

    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        if self.path.startswith("/refuses"):  # without reading what is being sent, as servers do at a limit
            self.send_response(413)
            self.send_header("Content-Length", "0")
            self.send_header("Connection", "close")
            self.end_headers()
            self.close_connection = True
            return
        size = self._read()
        if self.path.startswith("/large"):
            self.send_response(200)
            self.send_header("Content-Length", str(MANY))
            self.end_headers()
            for _ in range(MANY // 100_000):
                self.wfile.write(b"x" * 100_000)
            return
        if self.path.startswith("/breaks"):
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"half")
            self.close_connection = True
            return
        told: dict[str, Any] = {
            "method": self.command,
            "path": self.path,
            "size": size,
            "headers": self.headers.items(),
        }
        body = json.dumps(told).encode()
        self.send_response(303 if "redirect" in self.path else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Set-Cookie", "a=1; Path=/")
        self.send_header("Set-Cookie", "b=2; Path=/")
        self.send_header("Location", "/elsewhere")
        self.send_header("Connection", "keep-alive, X-Secret-Hop")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):  # every method alike
            return self._answer
        raise AttributeError(name)

    def _read(self) -> int:
        if self.headers.get("Transfer-Encoding") == "chunked":
            size = 0
            while length := int(self.rfile.readline(), 16):
                size += len(self.rfile.read(length))
                self.rfile.readline()
            self.rfile.readline()
            return size
        left = size = int(self.headers.get("Content-Length") or 0)
        while left and (part := self.rfile.read(min(left, 100_000))):
            left -= len(part)
        self.close_connection = self.close_connection or left > 0  # whoever sent it has left in the middle
        return size

    def log_message(self, *_: Any) -> None:
        pass


class _UnixServer(ThreadingUnixStreamServer):
    daemon_threads = True
    request_queue_size = 128  # a full one refuses, on Unix sockets

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, _ = self.socket.accept()
        return connection, ("", 0)


@contextmanager
def web_at(path: Path) -> Iterator[None]:
    """A web server on a Unix socket."""
    server = _UnixServer(str(path), _Web)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def front(transactional_db: None, tmp_path: Path) -> Iterator[RunningEdge]:
    """An edge before a web server on a Unix socket."""
    path = tmp_path / "web.sock"
    with web_at(path), running_edge(web=f"unix:{path}", behind_proxy=False) as edge:
        yield edge


def test_a_request_arrives_as_it_was_sent(front: RunningEdge) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", front.port, timeout=20)) as connection:
        connection.request(
            "PUT", "/a%2Fb/../c//d;e?x=%20+&x=2&=", b"body", {"Host": "app.example", "X-Own": "Ü".encode()}
        )
        told = json.loads(connection.getresponse().read())
    assert (told["method"], told["path"], told["size"]) == ("PUT", "/a%2Fb/../c//d;e?x=%20+&x=2&=", 4)
    headers = {name.lower(): value for name, value in told["headers"]}
    assert headers["host"] == "app.example"
    assert headers["x-own"] == "Ü".encode().decode("latin-1")
    assert headers["content-length"] == "4"
    assert not {"user-agent", "accept", "content-type"} & headers.keys()


def test_a_stranger_cannot_say_who_they_are(front: RunningEdge) -> None:
    spoofed = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "Forwarded": "for=203.0.113.9",
               "X-Forwarded-Host": "evil.example", "X-Real-IP": "203.0.113.9"}  # fmt: skip
    told = front.get("/who", **spoofed).json()
    headers = [(name.lower(), value) for name, value in told["headers"]]
    assert [value for name, value in headers if name == "x-forwarded-for"] == ["127.0.0.1"]
    assert [value for name, value in headers if name == "x-forwarded-proto"] == ["http"]
    assert not {"forwarded", "x-forwarded-host", "x-real-ip"} & {name for name, _ in headers}


def test_behind_a_proxy_its_last_word_is_believed(transactional_db: None, tmp_path: Path) -> None:
    path = tmp_path / "web.sock"
    with web_at(path), running_edge(web=f"unix:{path}", behind_proxy=True) as edge:
        told = edge.get("/", **{"X-Forwarded-For": "6.6.6.6, 203.0.113.9", "X-Forwarded-Proto": "https"}).json()
    headers = {name.lower(): value for name, value in told["headers"]}
    assert (headers["x-forwarded-for"], headers["x-forwarded-proto"]) == ("203.0.113.9", "https")


def test_what_belongs_to_a_connection_goes_no_further(front: RunningEdge) -> None:
    reply = front.get("/", **{"Connection": "keep-alive, X-Secret-Hop", "X-Secret-Hop": "1", "TE": "trailers"})
    names = {name.lower() for name, _ in reply.json()["headers"]}
    assert not {"x-secret-hop", "te", "upgrade"} & names
    assert "connection" not in reply.headers


def test_the_answer_comes_back_as_it_was_given(front: RunningEdge) -> None:
    reply = front.get("/redirect")
    assert (reply.status_code, reply.headers["Location"]) == (303, "/elsewhere")
    assert reply.raw.headers.getlist("Set-Cookie") == ["a=1; Path=/", "b=2; Path=/"]
    assert len(reply.raw.headers.getlist("Date")) == 1
    head = front.get("/", method="HEAD")
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["Content-Length"]) > 0


def test_large_bodies_pass_in_both_directions_without_being_held(front: RunningEdge) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    def parts() -> Iterator[bytes]:
        for _ in range(MANY // 100_000):
            yield b"x" * 100_000

    sent = requests.post(f"{front.url}/upload", data=parts(), timeout=60)
    assert sent.json()["size"] == MANY
    with requests.get(f"{front.url}/large", stream=True, timeout=60) as reply:
        assert sum(len(part) for part in reply.iter_content(100_000)) == MANY
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 40_000  # KB: less than one of them


def test_an_upload_that_is_refused_before_it_is_read_gets_its_answer(front: RunningEdge) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", front.port, timeout=20)) as connection:
        connection.putrequest("POST", "/refuses")
        connection.putheader("Content-Length", str(MANY))
        connection.endheaders()
        connection.send(b"x" * 200_000)
        with connection.getresponse() as reply:
            assert reply.status == 413


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_a_refusal_is_heard_also_when_the_server_hung_up_before_the_edge_could_look(
    tmp_path: Path, run: Callable[[Coroutine[Any, Any, None]], None]
) -> None:
    path = tmp_path / "web.sock"
    left = threading.Event()
    sent: list[Message] = []

    def refuse(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection:
            connection.recv(10)
            connection.sendall(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 9\r\n\r\ntoo large")
        left.set()

    async def receive() -> Message:
        if sent_parts:
            left.wait(10)  # the loop stands still meanwhile, as on a machine that is busy
        sent_parts.append(1)
        return {"type": "http.request", "body": b"x" * 1000, "more_body": True}

    async def send(message: Message) -> None:
        sent.append(message)

    async def ask() -> None:
        onward = Onward(f"unix:{path}", behind_proxy=False)
        scope = {"method": "POST", "path": "/", "query_string": b"", "headers": [(b"content-length", b"9000000")]}
        await onward(scope, receive, send)
        await onward.stop()

    sent_parts: list[int] = []
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        threading.Thread(target=refuse, args=[listening], daemon=True).start()
        run(ask())
    assert sent[0]["status"] == 413
    assert b"".join(part.get("body", b"") for part in sent) == b"too large"


def test_a_slow_client_holds_up_nobody(front: RunningEdge) -> None:
    slow = socket.create_connection(("127.0.0.1", front.port), timeout=20)
    slow.sendall(b"POST /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 10\r\n\r\n12345")
    assert front.get("/").status_code == 200
    slow.sendall(b"67890")
    with slow, slow.makefile("rb") as answer:
        assert b'"size": 10' in answer.read()


def test_half_an_answer_is_no_answer(front: RunningEdge) -> None:
    with pytest.raises(requests.exceptions.RequestException):
        _ = front.get("/breaks").content


def test_a_web_server_that_is_away_is_502_at_once_in_words_for_people_and_for_programs(
    transactional_db: None, tmp_path: Path
) -> None:
    with running_edge(web=f"unix:{tmp_path / 'nobody.sock'}") as edge:
        began = time.monotonic()
        page = edge.get("/posts/")
        program = edge.get("/api/v1/posts")
        assert time.monotonic() - began < 2
        assert (page.status_code, program.status_code) == (502, 502)
        assert page.headers["Content-Type"] == "text/html; charset=utf-8"
        assert list(program.json()) == ["error", "message", "details"]
        assert int(program.headers["Retry-After"]) > 0
        assert edge.get("/healthz/edge").json() == {"status": "ok", "stores": True}
        assert edge.get("/l/none").status_code == 404  # what is the edge's own goes on


def test_readiness_is_of_both_processes(front: RunningEdge, transactional_db: None, tmp_path: Path) -> None:
    assert front.get("/readyz").json()["path"] == "/readyz"  # the web says
    with running_edge(starting=0.1, conninfo=f"host={tmp_path} dbname=none connect_timeout=2") as edge:
        reply = edge.get("/readyz")
        assert (reply.status_code, reply.json()["status"]) == (503, "not ready")
        assert list(reply.json()["checks"]) == ["edge"]


def answer_to(port: int, *parts: bytes, until: bytes = b"\r\n\r\n") -> bytes:
    """What comes back to these bytes, sent as they are, up to some of it."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as wire:
        for part in parts:
            wire.sendall(part)
        found = b""
        while until not in found and (more := wire.recv(65_536)):
            found += more
        return found


def test_who_asks_before_sending_a_body_is_told_to_go_on(front: RunningEdge) -> None:
    head = b"POST /%s HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
    assert answer_to(front.port, head % b"web").startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
    refused = answer_to(front.port, head % b"api/webhooks/events?token=x")
    assert refused.startswith(b"HTTP/1.1 401 ")  # which needs no body


def test_a_head_without_end_is_cut_off(front: RunningEdge) -> None:
    line = b"X-Long: " + b"x" * 30_000 + b"\r\n"
    assert answer_to(front.port, b"GET / HTTP/1.1\r\nHost: x\r\n", line, b"\r\n").startswith(b"HTTP/1.1 200 ")
    assert answer_to(front.port, b"GET / HTTP/1.1\r\nHost: x\r\n", *[line] * 3).startswith(b"HTTP/1.1 431 ")
    large = b"POST /web HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n" + b"x" * 200_000
    for _ in range(2):  # bodies are no heads, however they are cut
        assert b'"size": 200000' in answer_to(front.port, large[:90_000], large[90_000:], until=b"}")


def test_who_says_nothing_or_drips_is_hung_up_on(front: RunningEdge, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", front.port, timeout=20)) as connection:
        for _ in range(2):  # one who is at rest between two requests is let be
            connection.request("GET", "/l/none")
            assert connection.getresponse().read()
            monkeypatch.setattr(joined, "SLOWEST_HEAD", 0.3)
            time.sleep(0.4)
        connection.sock.sendall(b"GET /l/no")
        assert connection.sock.recv(100).startswith(b"HTTP/1.1 408 ")
    assert answer_to(front.port) == b""


def test_requests_that_come_together_are_answered_in_their_order(front: RunningEdge) -> None:
    one = b"GET /%s HTTP/1.1\r\nHost: x\r\n%s\r\n"
    found = answer_to(
        front.port, one % (b"first", b"") + one % (b"l/none", b"") + one % (b"third", b"Connection: close\r\n"),
        until=b"never",
    )  # fmt: skip
    assert found.index(b'"/first"') < found.index(b"HTTP/1.1 404") < found.index(b'"/third"')


def test_an_upgrade_is_answered_as_an_ordinary_request(front: RunningEdge) -> None:
    reply = front.get("/socket", **{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Key": "eA=="})
    assert reply.status_code == 200
    assert "upgrade" not in {name.lower() for name, _ in reply.json()["headers"]}


def test_a_client_that_leaves_in_the_middle_ends_its_request_and_no_other(front: RunningEdge) -> None:
    head = b"POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", front.port), timeout=20) as wire:
            wire.sendall(head + b"x" * 100_000)
    assert front.get("/").status_code == 200
    assert front.edge.state.stores


def test_a_web_server_that_comes_back_is_used_again(transactional_db: None, tmp_path: Path) -> None:
    path = tmp_path / "web.sock"
    with running_edge(web=f"unix:{path}", behind_proxy=False) as edge:
        assert edge.get("/").status_code == 502
        with web_at(path):
            assert edge.get("/").status_code == 200
