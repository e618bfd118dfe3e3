"""How the edge speaks HTTP: as uvicorn does, with one write an answer and bounds for the head of a request.

uvicorn writes an answer's head and its body apart, each a system call that wakes whoever reads; here what is written within
one turn of the loop leaves together. Its parser takes a head of any size and waits for ever (RFC 6585, 5 and RFC 9110,
15.5.9 say what to answer instead). Procfile names the class (uvicorn, "Settings", ``--http``).
"""

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST = 65_536  # bytes that wait; beyond it they are handed on at once
LARGEST_HEAD = 65_536  # bytes of a request's line and headers
SLOWEST_HEAD = 20.0  # seconds from the connection, or from a later request's first byte, until its head is whole
_TOO_SLOW = (
    b"HTTP/1.1 408 Request Timeout\r\ncontent-type: text/plain\r\ncontent-length: 38\r\n"
    b"connection: close\r\n\r\nThe head of the request took too long."
)
_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain\r\ncontent-length: 37\r\n"
    b"connection: close\r\n\r\nThe head of the request is too large."
)


class Joined:
    """A transport that gathers what is written until the loop's next turn. All else the real one does."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._parts: list[bytes] = []
        self._size = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def is_closing(self) -> bool:
        """Whether it is closed or about to be."""
        return self._transport.is_closing()

    def write(self, data: bytes) -> None:
        """Write it, before the loop does anything else."""
        if not self._parts:
            self._loop.call_soon(self.flush)
        self._parts.append(data)
        self._size += len(data)
        if self._size > MOST:
            self.flush()

    def flush(self) -> None:
        """Now."""
        if not self._parts:
            return
        parts, self._parts, self._size = self._parts, [], 0
        if not self._transport.is_closing():
            self._transport.write(parts[0] if len(parts) == 1 else b"".join(parts))

    def close(self) -> None:
        """Write what waits, then close."""
        self.flush()
        self._transport.close()


class Protocol(HttpToolsProtocol):
    """uvicorn's, over such a transport."""

    _heads = 0  # that came whole on this connection
    _in_head = True  # or between two requests
    _coming = False  # whether a head has begun that is not whole
    _size = 0  # bytes of the head that is coming
    _deadline: asyncio.TimerHandle | None = None  # of that head

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Somebody connects."""
        super().connection_made(cast("asyncio.Transport", Joined(transport, self.loop)))
        self._deadline = self.loop.call_later(SLOWEST_HEAD, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        """They are gone."""
        self._in_time()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Some of a request, or of several."""
        in_head, heads = self._in_head, self._heads
        super().data_received(data)
        if self._coming and self._deadline is None:
            self._deadline = self.loop.call_later(SLOWEST_HEAD, self._give_up)
        if not in_head or self._heads != heads:
            self._size = 0
            return
        self._size += len(data)
        if self._size > LARGEST_HEAD:
            self._end(_TOO_LARGE)

    def on_message_begin(self) -> None:
        """A head begins."""
        self._coming = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """A head is whole."""
        self._in_head = self._coming = False
        self._heads += 1
        self._in_time()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """A request is whole."""
        self._in_head = True
        super().on_message_complete()

    def _in_time(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._end(_TOO_SLOW if self._coming else b"")

    def _end(self, answer: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(answer)
            self.transport.close()
