"""One request and its answer over one connection, in HTTP/1.1 (RFC 9112, June 2022), bounded in time and size.

Stricter than the general-purpose clients where it decides between an answer and none: a head cut short, a length that
contradicts itself, and a TLS stream that ends without its farewell are not answers.
"""

import re
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass

HEAD_LIMIT = 65_536  # bytes of one answer's head, and of all interim answers before it
LINE_LIMIT = 4_096  # bytes of one line between chunks
PIECE = 65_536  # bytes

_END = re.compile(rb"\r?\n\r?\n")
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-9][0-9]{2})(?: [^\r\n]*)?")
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*)")
_BREAK = re.compile(rb"\r?\n")
_FOLD = re.compile(rb"\r?\n[ \t]+")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?")


class ReplyLost(Exception):
    """The request left and no whole answer came. It may have been carried out."""


class TooLarge(ReplyLost):
    """The answer is larger than allowed."""


@dataclass(frozen=True)
class Head:
    """The final answer's status and fields, in the order they came."""

    status: int
    fields: tuple[tuple[str, str], ...]

    def all(self, name: str) -> list[str]:
        """Every value of a field (lower-case name), its commas taken as separators."""
        return [part.strip() for key, value in self.fields if key.lower() == name for part in value.split(",")]


class Wire:
    """A connected socket until a moment of the monotonic clock. ``stall`` bounds each single wait, in seconds."""

    def __init__(self, sock: socket.socket, *, deadline: float, stall: float | None = None) -> None:
        self._sock = sock
        self._deadline = deadline
        self._stall = stall
        self._buffer = bytearray()
        self.sent = 0  # bytes the system has taken over

    def send(self, data: bytes) -> None:
        """Hand over all of it. Raises ``OSError``, and ``sent`` then says whether anything left."""
        rest = memoryview(data)
        while rest:
            self._wait()
            # Over TLS too a failed call has let go of nothing that could be read: a record counts once it is whole.
            taken = self._sock.send(rest[: 4 * PIECE])
            self.sent += taken
            rest = rest[taken:]

    def head(self) -> Head:
        """The final answer's head; interim ones (RFC 9110, 15.2) are skipped. Raises ``ReplyLost``."""
        room = HEAD_LIMIT
        while True:
            raw = self._head(room)
            room -= len(raw)
            lines = _BREAK.split(_FOLD.sub(b" ", raw).rstrip(b"\r\n"))
            status = _STATUS.fullmatch(lines[0])
            if status is None:
                raise ReplyLost("The answer is not HTTP.")
            code = int(status[1])
            if code >= 200:
                return Head(code, tuple(_field(line) for line in lines[1:]))

    def body(self, head: Head, *, method: str, limit: int | None) -> Iterator[bytes]:
        """The body in pieces of at most ``PIECE`` bytes, each of which raises ``ReplyLost`` if it does not come.

        The framing and a length announced are checked at once, before the first piece is asked for (RFC 9112, 6.3).
        """
        pieces = self._framed(head, method, limit)
        return pieces if limit is None else _capped(pieces, limit)

    def _framed(self, head: Head, method: str, limit: int | None) -> Iterator[bytes]:
        if [one for one in head.all("content-encoding") if one.lower() not in ("", "identity")]:
            raise ReplyLost("The answer is compressed, which it was asked not to be.")
        if method == "HEAD" or head.status in (204, 304):
            return iter(())
        codings = [one.lower() for one in head.all("transfer-encoding")]
        if codings:
            if codings != ["chunked"]:
                raise ReplyLost("The answer is coded in a way that was not asked for.")
            return self._chunks()
        length = _content_length(head)
        if length is None:
            return self._rest()
        if limit is not None and length > limit:
            raise TooLarge("The answer is larger than allowed.")
        return self._exactly(length)

    def _wait(self) -> None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("The time is up.")
        self._sock.settimeout(left if self._stall is None else min(left, self._stall))

    def _receive(self) -> bytes:
        try:
            self._wait()
            return self._sock.recv(PIECE)
        except TimeoutError as error:
            raise ReplyLost("The answer took too long.") from error
        except OSError as error:
            raise ReplyLost("The connection broke before the answer was whole.") from error

    def _more(self) -> None:
        piece = self._receive()
        if not piece:
            raise ReplyLost("The connection was closed before the answer was whole.")
        self._buffer += piece

    def _take(self, count: int) -> bytes:
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    def _head(self, room: int) -> bytes:
        seen = 0
        while (end := _END.search(self._buffer, max(0, seen - 3))) is None:
            seen = len(self._buffer)
            if seen > room:
                break
            self._more()
        if end is None:
            raise TooLarge("The answer's head is larger than allowed.")
        return self._take(end.end())

    def _line(self) -> bytes:
        seen = 0
        while (end := self._buffer.find(b"\n", seen)) < 0:
            seen = len(self._buffer)
            if seen > LINE_LIMIT:
                raise TooLarge("A line between the answer's chunks is larger than allowed.")
            self._more()
        if end > LINE_LIMIT:
            raise TooLarge("A line between the answer's chunks is larger than allowed.")
        return self._take(end + 1).rstrip(b"\r\n")

    def _exactly(self, count: int) -> Iterator[bytes]:
        while count:
            if not self._buffer:
                self._more()
            piece = self._take(min(count, PIECE))
            count -= len(piece)
            yield piece

    def _chunks(self) -> Iterator[bytes]:
        while True:
            size = _CHUNK.fullmatch(self._line())
            if size is None:
                raise ReplyLost("The answer cannot be read.")
            count = int(size[1], 16)
            if count == 0:
                break
            yield from self._exactly(count)
            if self._line():
                raise ReplyLost("The answer cannot be read.")
        room = HEAD_LIMIT
        while line := self._line():
            room -= len(line)
            if room < 0:
                raise TooLarge("The answer's trailer is larger than allowed.")

    def _rest(self) -> Iterator[bytes]:
        if self._buffer:
            yield self._take(len(self._buffer))
        while piece := self._receive():
            yield piece


def _capped(pieces: Iterator[bytes], limit: int) -> Iterator[bytes]:
    for piece in pieces:
        limit -= len(piece)
        if limit < 0:
            raise TooLarge("The answer is larger than allowed.")
        yield piece


def _content_length(head: Head) -> int | None:
    values = set(head.all("content-length"))
    if not values:
        return None
    if len(values) > 1 or not re.fullmatch(r"[0-9]{1,18}", value := values.pop(), re.ASCII):
        raise ReplyLost("The answer's length cannot be read.")
    return int(value)


def _field(line: bytes) -> tuple[str, str]:
    match = _FIELD.fullmatch(line)
    if match is None:
        raise ReplyLost("The answer's head cannot be read.")
    return match[1].decode("ascii"), match[2].rstrip(b" \t").decode("latin-1")
