"""The one door out: every request of ours to another host goes through ``HttpClient``.

It resolves a name once, refuses addresses that are not public, connects to the very address it checked (so that a
second, different DNS answer changes nothing) while TLS verifies the name, follows no redirect by itself, and bounds
time and bytes: resolving, connecting, sending and reading share one wall clock. It never repeats a request, keeps no
cookie, decompresses nothing, and reads neither proxies nor certificates from the environment.

Which way a request failed matters to whoever may not send twice: ``NotSent`` left nothing behind, after ``ReplyLost``
it may have been carried out. Each request has a connection of its own: on one kept from before, a server that has just
closed it for idleness and one that died over the request look the same, so a mutation that never arrived would count
as perhaps carried out. A handshake more is cheaper than an unconfirmed post.
"""

import json as jsonlib
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.structures import CaseInsensitiveDict
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from chat33.lib.guard import Guard, NotSent, Refused, Target, is_public
from chat33.lib.wire import Head, ReplyLost, TooLarge, Wire

__all__ = ["Guard", "HttpClient", "NotSent", "Opener", "Refused", "Reply", "ReplyLost", "TooLarge", "is_public"]

REDIRECTS = (301, 302, 303, 307, 308)
# Ours whatever the caller says: the framing and the promise not to be sent anything compressed depend on them.
_OURS = ("Host", "Connection", "Accept-Encoding", "Transfer-Encoding", "TE", "Upgrade", "Expect")
_ONE_PACKET = 65_536  # bytes of a body that go out together with the head


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A whole answer, its body at most the cap given."""

    status: int
    headers: Mapping[str, str]  # whatever the case of their names
    body: bytes = field(repr=False)
    milliseconds: int
    address: str = ""  # the peer's
    truncated: bool = False  # more came than the cap, and ``truncate`` was asked for

    def json(self) -> Any:
        """The body as JSON, or None when it is not."""
        try:
            return jsonlib.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def ok(self) -> bool:
        """2xx."""
        return 200 <= self.status < 300


class HttpClient:
    """Requests to other hosts, guarded and bounded. Keeps nothing between two of them; threads may share it."""

    def __init__(self, *, guard: Guard, user_agent: str = "Chat33/1.0", tls: ssl.SSLContext | None = None) -> None:
        """``tls`` says which certificates are trusted, the public authorities' unless given."""
        self.guard = guard
        self._user_agent = user_agent
        self._tls = tls

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        data: Mapping[str, Any] | bytes | None = None,
        files: Mapping[str, Any] | None = None,
        auth: tuple[str, str] | None = None,
        connect_timeout: float = 5.0,
        wall: float = 20.0,
        max_bytes: int = 1_000_000,
        truncate: bool = False,
    ) -> Reply:
        """One request, one whole answer within ``wall`` seconds and ``max_bytes``. Redirects are answers.

        ``connect_timeout`` is for resolving, connecting and the TLS handshake together, in seconds. ``truncate`` keeps
        the beginning of an answer that is too large instead of raising. An answer given before the whole request was
        read counts. Raises ``NotSent``, ``Refused``, ``ReplyLost`` or its ``TooLarge``.
        """
        started = time.monotonic()
        request = self._prepare(
            method, url, params=params, headers=headers, json=json, data=data, files=files, auth=auth
        )
        with self._exchange(request, deadline=started + wall, connect_timeout=connect_timeout) as answer:
            body = bytearray()
            for piece in answer.pieces(None if truncate else max_bytes):
                body += piece
                if len(body) > max_bytes:
                    break
            return Reply(
                status=answer.status,
                headers=answer.headers,
                body=bytes(body[:max_bytes]),
                milliseconds=int((time.monotonic() - started) * 1000),
                address=answer.address,
                truncated=len(body) > max_bytes,
            )

    @contextmanager
    def download(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        connect_timeout: float = 5.0,
        wall: float = 300.0,
        stall: float = 10.0,
        redirects: int = 3,
        max_bytes: int | None = None,
    ) -> Iterator[tuple[int, Mapping[str, str], Iterator[bytes]]]:
        """A GET whose body is read piece by piece: (status, headers, pieces of at most 64 KiB).

        Each redirect is checked like the first address, none leads from https to http, and ``headers`` go to the first
        origin alone. ``wall`` covers all of it and ``stall`` each single wait, in seconds. Raises ``NotSent``,
        ``Refused``, ``ReplyLost`` or its ``TooLarge``, also while the pieces are read.
        """
        deadline = time.monotonic() + wall
        request = self._prepare("GET", url, headers=headers)
        origin = request.target.authority
        for _ in range(redirects + 1):
            with self._exchange(request, deadline=deadline, connect_timeout=connect_timeout, stall=stall) as answer:
                location = answer.headers.get("Location")
                if answer.status not in REDIRECTS or not location:
                    yield answer.status, answer.headers, answer.pieces(max_bytes)
                    return
            url = _redirected(url, location)
            same = self.guard.check_url(url).authority == origin
            request = self._prepare("GET", url, headers=headers if same else None)
        raise Refused("Too many redirects.")

    def _prepare(self, method: str, url: str, **options: Any) -> "_Request":
        self.guard.check_url(url)
        try:
            prepared = requests.Request(method.upper(), url, **options).prepare()
        except (requests.exceptions.RequestException, ValueError) as error:
            raise Refused("The request cannot be written.") from error
        # What goes on the wire may be spelled in another way (an international name, a fragment), so it is checked.
        target = self.guard.check_url(str(prepared.url))
        fields: CaseInsensitiveDict[str] = CaseInsensitiveDict({"User-Agent": self._user_agent, "Accept": "*/*"})
        fields.update(prepared.headers)
        for name in _OURS:
            fields.pop(name, None)
        lines = [
            f"{prepared.method} {target.path} HTTP/1.1",
            f"Host: {target.authority}",
            "Connection: close",
            "Accept-Encoding: identity",
            *(f"{_text(name)}: {_text(value)}" for name, value in fields.items()),
        ]
        try:
            head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        except UnicodeEncodeError as error:
            raise Refused("A header holds characters that cannot be sent.") from error
        body = prepared.body or b""
        return _Request(
            method=str(prepared.method),
            target=target,
            head=head,
            body=body.encode() if isinstance(body, str) else body,
        )

    @contextmanager
    def _exchange(
        self, request: "_Request", *, deadline: float, connect_timeout: float, stall: float | None = None
    ) -> Iterator["_Answer"]:
        target = request.target
        connected_by = min(deadline, time.monotonic() + connect_timeout)
        sock, address = self.guard.connect(target.host, target.port, timeout=connected_by - time.monotonic())
        try:
            if target.scheme == "https":
                sock = self._secured(sock, target, connected_by)
            wire = Wire(sock, deadline=deadline, stall=stall)
            _send(wire, request)
            yield _Answer(wire=wire, head=wire.head(), method=request.method, address=address)
        finally:
            sock.close()

    def _secured(self, sock: socket.socket, target: Target, until: float) -> socket.socket:
        try:
            sock.settimeout(max(0.001, until - time.monotonic()))
            # A stream that ends without TLS's farewell was cut off: it must not pass for a whole answer.
            return (self._tls or _public_authorities()).wrap_socket(
                sock, server_hostname=target.host.rstrip("."), suppress_ragged_eofs=False
            )
        except (OSError, ValueError) as error:  # ssl's own errors are OSErrors
            raise NotSent(f"No secure connection to {target.host}: {error}") from error


@dataclass(frozen=True, kw_only=True)
class _Request:
    method: str
    target: Target
    head: bytes = field(repr=False)
    body: bytes = field(repr=False)


class _Answer:
    def __init__(self, *, wire: Wire, head: Head, method: str, address: str) -> None:
        self.status = head.status
        self.address = address
        self.headers: CaseInsensitiveDict[str] = CaseInsensitiveDict()
        for name, value in head.fields:
            self.headers[name] = f"{self.headers[name]}, {value}" if name in self.headers else value
        self._wire, self._head, self._method = wire, head, method

    def pieces(self, limit: int | None) -> Iterator[bytes]:
        return self._wire.body(self._head, method=self._method, limit=limit)


@cache
def _public_authorities() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
    context.set_alpn_protocols(["http/1.1"])
    return context


def _send(wire: Wire, request: _Request) -> None:
    host = request.target.host
    try:
        if len(request.body) <= _ONE_PACKET:
            wire.send(request.head + request.body)
        else:
            wire.send(request.head)
            wire.send(request.body)
    except OSError as error:
        if not wire.sent:
            raise NotSent(f"{host} closed the connection before the request.") from error
        if isinstance(error, TimeoutError):
            raise ReplyLost(f"{host} did not take the request in time.") from error
        # It may have answered before it had read everything, so what it said is read next.


def _redirected(url: str, location: str) -> str:
    try:
        # Fields are read as Latin-1, servers write UTF-8; a blank is the one mistake that is common.
        location = location.encode("latin-1").decode().replace(" ", "%20")
        target = urljoin(url, location)
        downgraded = urlsplit(url).scheme == "https" and urlsplit(target).scheme == "http"
    except ValueError:
        raise Refused("A redirect leads to a URL that cannot be read.") from None
    if downgraded:
        raise Refused("A redirect leads from https to http.")
    return target


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


Opener = Callable[[], HttpClient]
