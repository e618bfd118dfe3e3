"""Requests and answers of the doors, as thin as they can be above ASGI."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

import msgspec

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = tuple[tuple[bytes, bytes], ...]

_JSON = ((b"content-type", b"application/json"), (b"x-content-type-options", b"nosniff"))
SLOWEST = 15.0  # seconds that a body of at most a few KB may take to come


class Refused(Exception):
    """The answer is an error."""

    def __init__(self, response: "Response") -> None:
        super().__init__(response.status)
        self.response = response


class Gone(Exception):
    """Whoever asked has hung up."""


class Response(NamedTuple):
    """What is answered."""

    status: int
    body: bytes = b""
    headers: Headers = ()

    async def send(self, send: Send, *, bodyless: bool = False) -> None:
        """Say it; ``bodyless`` to a HEAD."""
        length = (b"content-length", str(len(self.body)).encode())
        headers = self.headers if self.status in (204, 304) else (*self.headers, length)
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if bodyless else self.body})


class Request:
    """A request, read as far as a door asks."""

    __slots__ = ("_headers", "_receive", "method", "path", "query", "scope")

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.scope = scope
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.query: str = scope["query_string"].decode("latin-1")
        self._headers: Mapping[str, str] | None = None
        self._receive = receive

    @property
    def headers(self) -> Mapping[str, str]:
        """By their names in lower case; of several of a name the last one."""
        if self._headers is None:  # most events are read without
            self._headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in self.scope["headers"]}
        return self._headers

    def parameter(self, name: str) -> str:
        """The first of this name in the query; empty if there is none."""
        for part in self.query.split("&"):
            key, _, value = part.partition("=")
            if key == name:
                return unquote_plus(value)
        return ""

    def without(self, name: str) -> str:
        """The query without the parameters of this name, else as it came."""
        return "&".join(part for part in self.query.split("&") if part.partition("=")[0] != name)

    async def body(self, most: int) -> bytes:
        """The whole body. Raises ``Refused`` when it is larger or takes too long, ``Gone`` when it ends early."""
        declared = next((value for name, value in self.scope["headers"] if name == b"content-length"), b"")
        if declared.isdigit() and int(declared) > most:
            raise Refused(too_large(most))
        message = await self._next()
        if not message.get("more_body"):  # nearly every time
            body: bytes = message.get("body", b"")
            if len(body) > most:
                raise Refused(too_large(most))
            return body
        found = bytearray(message.get("body", b""))
        try:
            async with asyncio.timeout(SLOWEST):
                while message.get("more_body"):
                    message = await self._next()
                    found += message.get("body", b"")
                    if len(found) > most:
                        raise Refused(too_large(most))
        except TimeoutError:
            raise Refused(error(408, "TIMEOUT", "The body took too long to come.")) from None
        return bytes(found)

    async def _next(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise Gone
        return message


def json(status: int, body: object, *headers: tuple[bytes, bytes]) -> Response:
    """An answer in JSON."""
    return Response(status, msgspec.json.encode(body), (*_JSON, *headers))


def error(
    status: int, word: str, message: str, details: Sequence[Mapping[str, str]] = (), *headers: tuple[bytes, bytes]
) -> Response:
    """The one shape of every error of the public APIs."""
    return json(status, {"error": word, "message": message, "details": list(details)}, *headers)


def invalid(details: Sequence[Mapping[str, str]], message: str = "") -> Response:
    """400, naming the fields."""
    if not message:
        first = details[0]
        message = f"{first['path']}: {first['message']}" if first["path"] else first["message"]
    return error(400, "VALIDATION_ERROR", message, details)


def unauthorized(message: str) -> Response:
    """401."""
    return error(401, "Unauthorized", message, (), (b"www-authenticate", b"Bearer"))


def too_large(most: int) -> Response:
    """413."""
    return error(413, "PAYLOAD_TOO_LARGE", f"The body is larger than {most // 1024} KB.")


def limited(count: int, seconds: int) -> Response:
    """429, with when to come back."""
    message = f"The limit of {count} is reached. Try again in {seconds} seconds."
    return error(429, "RATE_LIMIT", message, (), (b"retry-after", str(seconds).encode()))


def unavailable() -> Response:
    """503: nothing was stored."""
    message = "The service cannot answer right now. Nothing was changed; try again in a few seconds."
    return error(503, "UNAVAILABLE", message, (), (b"retry-after", b"2"))


def wrong_method(*allowed: str) -> Response:
    """405."""
    message = f"This address takes {', '.join(allowed)}."
    return error(405, "METHOD_NOT_ALLOWED", message, (), (b"allow", ", ".join(allowed).encode()))


def empty(status: int, *headers: tuple[bytes, bytes]) -> Response:
    """No body."""
    return Response(status, b"", headers)
