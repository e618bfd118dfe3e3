"""A website, and the door that its pixel reports to: two servers of their own, so of two origins."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic
from typing import Any

from tracking.pixel.script import BUILT

PATIENCE = 30.0  # seconds; a busy machine draws a page slowly
TOKEN = "px_bakery"


@dataclass(frozen=True)
class Received:
    """A request that came to the door."""

    method: str
    path: str
    headers: dict[str, str]
    body: str

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events in it."""
        found: list[dict[str, Any]] = json.loads(self.body)["events"]
        return found


@dataclass
class Door:
    """Serves ``/pixel.js`` as it is shipped, and records what comes to ``/api/pixel``. It takes an event id once, as the
    real one does.
    """

    url: str
    status: Callable[[Received], int] = lambda _: 202
    words: bytes = b"{}"
    requests: list[Received] = field(default_factory=list)
    accepted: list[dict[str, Any]] = field(default_factory=list)
    duplicates: list[dict[str, Any]] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def came(self, received: Received) -> int:
        """Record it; the status to answer with. 0 hangs up without a word."""
        status = self.status(received)
        with self.changed:
            self.requests.append(received)
            for event in received.events if status == 202 else []:
                known = any(event["eventId"] == other["eventId"] for other in self.accepted)
                (self.duplicates if known else self.accepted).append(event)
            self.changed.notify_all()
        return status

    def wait(self, count: int, what: str = "accepted") -> list[dict[str, Any]]:
        """What was accepted, once there are so many."""
        with self.changed:
            self.changed.wait_for(lambda: len(getattr(self, what)) >= count, PATIENCE)
            assert len(getattr(self, what)) >= count, f"{len(getattr(self, what))} of {count} came"
            return list(self.accepted)

    def named(self, name: str) -> list[dict[str, Any]]:
        """The accepted events of this name."""
        return [event for event in self.accepted if event["event"] == name]

    def wait_for(self, name: str, count: int = 1) -> list[dict[str, Any]]:
        """The accepted events of this name, once there are so many."""
        with self.changed:
            self.changed.wait_for(lambda: len(self.named(name)) >= count, PATIENCE)
            assert len(self.named(name)) >= count, f"{len(self.named(name))} of {count} {name} came"
            return self.named(name)

    def stays_silent(self, seconds: float = 0.5) -> bool:
        """Whether nothing more comes for a while."""
        before = len(self.requests)
        with self.changed:
            return not self.changed.wait_for(lambda: len(self.requests) > before, seconds)


@dataclass
class Site:
    """A website whose every page has the same head."""

    port: int
    head: str = ""

    def at(self, path: str, host: str = "www.bakery.co.uk") -> str:
        """The address of a page. Hosts lead to this machine; only those under ``localhost`` are secure contexts."""
        return f"http://{host}:{self.port}{path}"


def snippet(door: Door, **attributes: str) -> str:
    """The script tag as it is printed for a website's owner."""
    more = "".join(f' data-{name}="{value}"' for name, value in attributes.items())
    return f'<script src="{door.url}/pixel.js" data-token="{TOKEN}"{more}></script>'


@contextmanager
def _listening(handler: type[BaseHTTPRequestHandler]) -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


class _Quiet(BaseHTTPRequestHandler):
    def reply(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Access-Control-Allow-Origin", "*")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@contextmanager
def opened_door() -> Iterator[Door]:
    """A door that takes everything until it is told otherwise."""
    doors: list[Door] = []
    script = BUILT.read_bytes()

    class Handler(_Quiet):
        def do_GET(self) -> None:
            self.reply(200 if self.path == "/pixel.js" else 404, "text/javascript", script)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            if status := doors[0].came(Received("POST", self.path, headers, body)):
                self.reply(status, "application/json", doors[0].words)

        def do_OPTIONS(self) -> None:
            doors[0].requests.append(Received("OPTIONS", self.path, {}, ""))
            self.reply(405, "text/plain", b"")

    with _listening(Handler) as port:
        doors.append(Door(f"http://127.0.0.1:{port}"))
        yield doors[0]


@contextmanager
def opened_site() -> Iterator[Site]:
    """A website on each of its hosts."""
    sites: list[Site] = []

    class Handler(_Quiet):
        def do_GET(self) -> None:
            if self.path.startswith("/favicon"):
                return self.reply(204, "image/x-icon", b"")
            page = f"<!doctype html><html lang=en><head><title>Bakery</title>{sites[0].head}</head><body>Bread</body>"
            return self.reply(200, "text/html; charset=utf-8", page.encode())

    with _listening(Handler) as port:
        sites.append(Site(port))
        yield sites[0]


def until(true: Callable[[], bool]) -> None:
    """Wait for it. Raises ``AssertionError``."""
    end = monotonic() + PATIENCE
    while not true():
        assert monotonic() < end, "it never came true"
        threading.Event().wait(0.02)
