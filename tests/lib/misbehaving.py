"""A TCP server that does with a connection whatever a test tells it to, and remembers each request it read."""

import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from chat33.lib.http import Guard


@dataclass
class Server:
    """Where it listens and what came. ``stop`` is set when the test is over, so that nobody sleeps on."""

    port: int
    requests: list[bytes] = field(default_factory=list)  # heads and bodies, read whole
    connections: int = 0
    written: int = 0  # bytes that went out by ``write``
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"


@dataclass
class Peer:
    """One connection, from the server's side."""

    sock: socket.socket
    server: Server

    def read(self) -> bytes:
        """The request, whole."""
        data = b""
        while b"\r\n\r\n" not in data:
            piece = self.sock.recv(65536)
            if not piece:
                raise OSError("gone")
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n")[1:]:
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        while len(body) < length:
            piece = self.sock.recv(65536)
            if not piece:
                raise OSError("gone")
            body += piece
        whole = head + b"\r\n\r\n" + body
        self.server.requests.append(whole)
        return whole

    def write(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.sock.sendall(piece)
            self.server.written += len(piece)

    def drip(self, data: bytes, every: float = 0.02) -> None:
        """One byte at a time."""
        for at in range(len(data)):
            self.write(data[at : at + 1])
            if self.server.stop.wait(every):
                return

    def reset(self) -> None:
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def hang(self, over: threading.Event | None = None) -> None:
        """Say nothing until the test is over, or this is."""
        (over or self.server.stop).wait(30)


@dataclass(frozen=True)
class Watching(Guard):
    """Of the client's side: how long it was ready to wait at each time, and until when by the monotonic clock."""

    seconds: list[float] = field(default_factory=list)
    until: list[float] = field(default_factory=list)

    def connect(self, host: str, port: int, *, timeout: float) -> tuple[socket.socket, str]:
        seconds, until = self.seconds, self.until

        class Watched(socket.socket):
            def settimeout(self, value: float | None) -> None:
                assert value is not None
                seconds.append(value)
                until.append(time.monotonic() + value)
                super().settimeout(value)

        sock, address = super().connect(host, port, timeout=timeout)
        return Watched(fileno=sock.detach()), address


Script = Callable[[Peer], None]


def answer(status: str, *fields: str, body: bytes = b"", length: bool = True) -> bytes:
    """An answer as it goes over the wire."""
    lines = [f"HTTP/1.1 {status}", *fields]
    if length:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def chunked(*pieces: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    """An answer whose body comes in these chunks."""
    head = answer("200 OK", "Transfer-Encoding: chunked", length=False)
    return head + b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + end


def says(*pieces: bytes) -> Script:
    """Read the request, write these, close."""

    def script(peer: Peer) -> None:
        peer.read()
        peer.write(*pieces)

    return script


@contextmanager
def serving(script: Script, *, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """A server on a free port of loopback that plays ``script`` on each connection in a thread of its own."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = Server(port=listener.getsockname()[1])
    threads: list[threading.Thread] = []

    def play(sock: socket.socket) -> None:
        try:
            if tls is not None:
                sock = tls.wrap_socket(sock, server_side=True)
            with sock:
                script(Peer(sock, server))
        except OSError:
            sock.close()

    def accept() -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            sock.settimeout(20)
            server.connections += 1
            thread = threading.Thread(target=play, args=(sock,), daemon=True)
            threads.append(thread)
            thread.start()

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    try:
        yield server
    finally:
        server.stop.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        accepting.join(30)
        for thread in threads:
            thread.join(30)
