"""The one door out: every request of ours to another host goes through ``HttpClient``.

It resolves a name once, refuses addresses that are not public, connects to the very address it checked (so that a
second, different DNS answer changes nothing), follows no redirect by itself, and bounds time and bytes. It never
repeats a request. Which way a request failed matters to whoever may not send twice: ``NotSent`` left nothing behind,
after ``ReplyLost`` it may have been carried out.
"""

import ipaddress
import json as jsonlib
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.poolmanager import PoolManager

# Ranges that ``ipaddress`` calls global and that still lead inside: NAT64, 6to4, IPv4-compatible, site-local,
# documentation and reserved blocks (IANA special-purpose registries, read 2026-11).
_INSIDE = tuple(
    ipaddress.ip_network(block)
    for block in (
        "::/96", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "fec0::/10", "3fff::/20", "5f00::/16",
        "192.88.99.0/24", "100.64.0.0/10", "192.0.0.0/24", "198.18.0.0/15",
    )
)  # fmt: skip

REDIRECTS = (301, 302, 303, 307, 308)


class NotSent(Exception):
    """No byte of the request left: resolving, connecting or the address check failed. Safe to try again."""


class Refused(NotSent):
    """The address is not allowed: not http(s), not public, or carrying credentials. Trying again changes nothing."""


class ReplyLost(Exception):
    """The request left and no whole answer came. It may have been carried out."""


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A whole answer, its body at most the cap given."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    milliseconds: int
    address: str = ""  # the peer's

    def json(self) -> Any:
        """The body as JSON, or None when it is not."""
        try:
            return jsonlib.loads(self.body)
        except ValueError:
            return None

    @property
    def ok(self) -> bool:
        """2xx."""
        return 200 <= self.status < 300


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet's."""
    ip = ipaddress.ip_address(address.split("%")[0])
    mapped = getattr(ip, "ipv4_mapped", None)
    if mapped is not None:
        ip = mapped
    return (
        ip.is_global
        and not ip.is_multicast
        and not any(ip in block for block in _INSIDE if block.version == ip.version)
    )


@dataclass(frozen=True)
class Guard:
    """Which addresses may be reached. ``allow_hosts`` names hosts that may be private; production names none."""

    allow_hosts: frozenset[str] = frozenset()

    def check_url(self, url: str) -> None:
        """Raise ``Refused`` for a URL that is wrong by its form alone, before anything is resolved."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise Refused("The URL cannot be read.") from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Refused("Only http and https URLs with a host are allowed.")
        if parts.username or parts.password:
            raise Refused("A URL may not carry a user name or password.")
        if any(character in url for character in "\r\n\t\\ "):
            raise Refused("The URL holds a character that is not allowed.")
        if parts.hostname not in self.allow_hosts and port not in (None, 80, 443):
            raise Refused("Only ports 80 and 443 are allowed.")

    def resolve(self, host: str, port: int) -> list[tuple[Any, ...]]:
        """The host's addresses, every one of them checked. Raises ``Refused`` when any is not allowed."""
        try:
            answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise NotSent(f"The host {host} cannot be resolved.") from error
        if host not in self.allow_hosts:
            for answer in answers:
                if not is_public(str(answer[4][0])):
                    raise Refused(f"The host {host} is not on the public internet.")
        return answers

    def connect(self, host: str, port: int, timeout: float | None, options: Any) -> socket.socket:
        """A socket to one of the checked addresses."""
        last: OSError | None = None
        for family, kind, protocol, _, address in self.resolve(host, port):
            sock = socket.socket(family, kind, protocol)
            try:
                for option in options or ():
                    sock.setsockopt(*option)
                sock.settimeout(timeout)
                sock.connect(address)
            except OSError as error:
                sock.close()
                last = error
            else:
                return sock
        raise NotSent(f"The host {host} cannot be reached: {last}")


def _guarded_pools(guard: Guard) -> dict[str, Any]:
    """urllib3 pools whose connections go through the guard; TLS still verifies the host's name."""

    def new_conn(self: HTTPConnection) -> socket.socket:
        timeout = self.timeout if isinstance(self.timeout, int | float) else None
        return guard.connect(self._dns_host, self.port, timeout, self.socket_options)

    plain = type("GuardedHTTP", (HTTPConnection,), {"_new_conn": new_conn})
    secure = type("GuardedHTTPS", (HTTPSConnection,), {"_new_conn": new_conn})
    return {
        "http": type("GuardedHTTPPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("GuardedHTTPSPool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
    }


class _GuardedAdapter(HTTPAdapter):
    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        super().__init__(max_retries=0)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **kwargs: Any) -> None:
        self.poolmanager = PoolManager(num_pools=connections, maxsize=maxsize, block=block, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _guarded_pools(self._guard)


class HttpClient:
    """Requests to other hosts, guarded and bounded. One instance per piece of work; not shared between threads."""

    def __init__(self, *, guard: Guard, user_agent: str = "Chat33/1.0") -> None:
        self.guard = guard
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers.clear()
        self._session.headers.update({"User-Agent": user_agent, "Accept": "*/*", "Accept-Encoding": "identity"})
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _GuardedAdapter(guard))

    def close(self) -> None:
        """Give the connections back."""
        self._session.close()

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
    ) -> Reply:
        """One request, one whole answer within ``wall`` seconds and ``max_bytes``. Redirects are answers.

        Raises ``NotSent``, ``Refused`` or ``ReplyLost``.
        """
        started = time.monotonic()
        with self._send(
            method, url, started, connect_timeout, wall,
            params=params, headers=headers, json=json, data=data, files=files, auth=auth,
        ) as response:  # fmt: skip
            body = bytearray()
            for chunk in _chunks(response, started + wall):
                body += chunk
                if len(body) > max_bytes:
                    raise ReplyLost("The answer is larger than allowed.")
            return Reply(
                status=response.status_code,
                headers=response.headers,
                body=bytes(body),
                milliseconds=int((time.monotonic() - started) * 1000),
                address=_peer(response),
            )

    @contextmanager
    def download(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        connect_timeout: float = 5.0,
        wall: float = 300.0,
        redirects: int = 3,
    ) -> Iterator[tuple[int, Mapping[str, str], Iterator[bytes]]]:
        """A GET whose body is read piece by piece: (status, headers, chunks). Each redirect is checked like the first
        address, and none leads from https to http. Raises ``NotSent``, ``Refused`` or ``ReplyLost``, also while read.
        """
        started = time.monotonic()
        for _ in range(redirects + 1):
            with self._send("GET", url, started, connect_timeout, wall, headers=headers) as response:
                location = response.headers.get("Location")
                if response.status_code not in REDIRECTS or not location:
                    yield response.status_code, response.headers, _chunks(response, started + wall)
                    return
                target = urljoin(url, location)
            if url.startswith("https:") and target.startswith("http:"):
                raise Refused("A redirect leads from https to http.")
            url = target
        raise Refused("Too many redirects.")

    @contextmanager
    def _send(
        self, method: str, url: str, started: float, connect_timeout: float, wall: float, **options: Any
    ) -> Iterator[requests.Response]:
        self.guard.check_url(url)
        stall = max(1.0, min(wall, started + wall - time.monotonic()))
        try:
            response = self._session.request(
                method, url, timeout=(connect_timeout, stall), allow_redirects=False, stream=True, **options
            )
        except requests.exceptions.ConnectTimeout as error:
            raise NotSent(f"{urlsplit(url).hostname} did not accept the connection in time.") from error
        except requests.exceptions.InvalidURL as error:
            raise Refused("The URL cannot be read.") from error
        except requests.exceptions.RequestException as error:
            if _never_connected(error):
                raise NotSent(f"{urlsplit(url).hostname} cannot be reached.") from error
            raise ReplyLost(f"{urlsplit(url).hostname} gave no answer.") from error
        try:
            yield response
        finally:
            response.close()


def _never_connected(error: requests.exceptions.RequestException) -> bool:
    cause: BaseException | None = error
    while cause is not None:
        reason = getattr(cause, "reason", None)
        if isinstance(
            cause,
            NewConnectionError | ConnectTimeoutError | NameResolutionError | requests.exceptions.SSLError,
        ):
            return True
        nested = cause.args[0] if cause.args and isinstance(cause.args[0], BaseException) else None
        cause = reason if isinstance(reason, BaseException) else nested or cause.__cause__
    return False


def _chunks(response: requests.Response, deadline: float) -> Iterator[bytes]:
    try:
        for chunk in response.iter_content(65536):
            if time.monotonic() > deadline:
                raise ReplyLost("The answer took too long.")
            yield chunk
    except (requests.exceptions.RequestException, OSError) as error:
        raise ReplyLost("The answer broke off.") from error


def _peer(response: requests.Response) -> str:
    connection = getattr(response.raw, "_connection", None)
    sock = getattr(connection, "sock", None)
    try:
        return str(sock.getpeername()[0]) if sock is not None else ""
    except OSError:
        return ""


Opener = Callable[[], HttpClient]
