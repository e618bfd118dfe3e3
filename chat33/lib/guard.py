"""Which hosts our own requests may reach: those on the public internet, by the address that is really connected to."""

import ipaddress
import re
import socket
import threading
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


class NotSent(Exception):
    """No byte of the request left: resolving, connecting, TLS or a check failed. Safe to try again."""


class Refused(NotSent):
    """The address is not allowed: not http(s), not public, or carrying credentials. Trying again changes nothing."""


# Special-purpose blocks (IANA IPv4 and IPv6 Special-Purpose Address Registries, read 2026-11). ``ipaddress`` of
# Python 3.11 calls several of them global, so the list here is whole. 168.63.129.16 is a public number that leads to
# the host's agent inside Azure ("What is IP address 168.63.129.16?", Microsoft Learn, read 2026-11).
_CLOSED = tuple(
    ipaddress.ip_network(block)
    for block in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32",
        "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
    )
)  # fmt: skip
# All that is allocated for hosts (RFC 4291, 2.4). NAT64, IPv4-mapped, unique local, link-local, site-local, multicast
# and segment routing lie outside it.
_UNICAST = ipaddress.IPv6Network("2000::/3")

_HOST_NAME = re.compile(r"[a-z0-9_.-]+", re.ASCII)
_PORTS = {"http": 80, "https": 443}
_TRIED = 4  # of a name's addresses


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet's. An IPv6 address that wraps an IPv4 one never is."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address) and (ip not in _UNICAST or ip.scope_id):
        return False
    return ip.is_global and not any(ip in block for block in _CLOSED if block.version == ip.version)


@dataclass(frozen=True)
class Target:
    """A URL taken apart, once: what was checked is what is connected to and asked for."""

    scheme: str
    host: str  # lower case, an IPv6 address without brackets
    port: int
    path: str  # with the query, as in the request line

    @property
    def authority(self) -> str:
        """The Host field: the port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host.rstrip(".")
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


@dataclass(frozen=True)
class Guard:
    """Which addresses may be reached. ``allow_hosts`` names hosts (``localhost``) or one port of a host
    (``127.0.0.1:8034``, ``[::1]:8034``) that may be private; production names none.
    """

    allow_hosts: frozenset[str] = frozenset()

    def check_url(self, url: str) -> Target:
        """Raise ``Refused`` for a URL that is wrong by its form alone, before anything is resolved."""
        if any(character <= " " or character in "\\\x7f" for character in url):
            raise Refused("The URL holds a character that is not allowed.")
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            raise Refused("The URL cannot be read.") from None
        if parts.scheme not in _PORTS or not host:
            raise Refused("Only http and https URLs with a host are allowed.")
        if "@" in parts.netloc:
            raise Refused("A URL may not carry a user name or password.")
        if not _is_host(host):
            raise Refused("The URL's host cannot be read.")
        target = Target(
            scheme=parts.scheme,
            host=host,
            port=_PORTS[parts.scheme] if port is None else port,
            path=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
        )
        if target.port not in _PORTS.values() and not self._allowed(host, target.port):
            raise Refused("Only ports 80 and 443 are allowed.")
        return target

    def resolve(self, host: str, port: int, *, timeout: float = 5.0) -> list[tuple[Any, ...]]:
        """The host's addresses as ``socket.getaddrinfo`` gives them, every one of them checked, within so many
        seconds. Raises ``Refused`` when any is not allowed, ``NotSent`` when there is none.
        """
        answers = _lookup(host, port, timeout)
        if not answers:
            raise NotSent(f"The host {host} cannot be resolved.")
        if not self._allowed(host, port) and not all(is_public(str(answer[4][0])) for answer in answers):
            raise Refused(f"The host {host} is not on the public internet.")
        return answers

    def connect(self, host: str, port: int, *, timeout: float) -> tuple[socket.socket, str]:
        """A socket to one of the checked addresses, and which, within so many seconds over all of them. Raises
        ``NotSent``.
        """
        deadline = time.monotonic() + timeout
        answers = self.resolve(host, port, timeout=timeout)[:_TRIED]
        last: OSError | None = None
        for tried, (family, kind, protocol, _, address) in enumerate(answers):
            left = deadline - time.monotonic()
            if left <= 0:
                break
            sock = socket.socket(family, kind, protocol)
            try:
                # an even share, so that one dead address leaves time for the next
                sock.settimeout(left / (len(answers) - tried))
                sock.connect(address)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError as error:
                sock.close()
                last = error
            except BaseException:
                sock.close()
                raise
            else:
                return sock, str(address[0])
        raise NotSent(f"The host {host} cannot be reached: {last or 'it took too long'}.")

    def _allowed(self, host: str, port: int) -> bool:
        name = host.rstrip(".")
        whole = f"[{name}]:{port}" if ":" in name else f"{name}:{port}"
        return name in self.allow_hosts or whole in self.allow_hosts


def _is_host(host: str) -> bool:
    if ":" in host:
        try:
            return ipaddress.IPv6Address(host).scope_id is None
        except ValueError:
            return False
    # a name that is not ASCII yet is looked at again in the form it is resolved in
    return not host.isascii() or _HOST_NAME.fullmatch(host) is not None


def _lookup(host: str, port: int, timeout: float) -> list[tuple[Any, ...]]:
    """``getaddrinfo`` with a time limit, which the system's resolver has not: a thread is left to wait for it."""
    found: list[tuple[Any, ...]] = []
    failed: list[Exception] = []

    def ask() -> None:
        try:
            found.extend(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            failed.append(error)

    if _is_literal(host):
        ask()
    else:
        asking = threading.Thread(target=ask, name="resolve", daemon=True)
        asking.start()
        asking.join(timeout)
        if asking.is_alive():
            raise NotSent(f"The host {host} was not resolved in time.")
    if failed:
        raise NotSent(f"The host {host} cannot be resolved.") from failed[0]
    return found


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
