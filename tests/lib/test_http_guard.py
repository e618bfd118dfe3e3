"""No URL, redirect or DNS answer makes the client open a connection to anything that is not public.

The judge is the interpreter itself: an audit hook sees every ``connect`` of the process, whoever asks for it, and while
a test watches, none goes out. Threads that were there before, like the one that rings for workers, go on as they did.
"""

import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chat33.lib.http import Guard, HttpClient, NotSent, Refused, is_public
from tests.lib.misbehaving import Peer, answer, says, serving

_watching: list[list[Any]] = []
_let_through: set[int] = set()  # ports of loopback
_others: set[int | None] = set()  # threads


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect" and _watching and threading.get_ident() not in _others:
        address = arguments[1]
        if address[0] == "127.0.0.1" and address[1] in _let_through:
            return
        _watching[-1].append(address)
        raise ConnectionRefusedError("watched")


sys.addaudithook(_hook)


@pytest.fixture
def connects() -> Iterator[list[Any]]:
    """The addresses that a connection was asked for; none is made."""
    seen: list[Any] = []
    _others.update(thread.ident for thread in threading.enumerate() if thread is not threading.current_thread())
    _watching.append(seen)
    yield seen
    _watching.pop()
    _let_through.clear()
    _others.clear()


PUBLIC = "93.184.215.14"
NAMES = {
    "public.example": [PUBLIC],
    "loopback.example": ["127.0.0.1"],
    "private.example": ["10.1.2.3"],
    "metadata.example": ["169.254.169.254"],
    "one-of-two.example": [PUBLIC, "192.168.0.1"],
    "two-families.example": ["2606:2800:21f:cb07:6820:80da:af6b:8b2c", "127.0.0.1"],
    "ula.example": ["fd00:ec2::254"],
    "link-local.example": ["fe80::1"],
    "nat64.example": ["64:ff9b::a9fe:a9fe"],
    "sixtofour.example": ["2002:7f00:1::"],
    "mapped.example": ["::ffff:127.0.0.1"],
    "teredo.example": ["2001:0:5ef5:79fd::1"],
    "shared.example": ["100.100.100.200"],
    "azure.example": ["168.63.129.16"],
    "localhost": ["127.0.0.1", "::1"],
    "localhost.": ["127.0.0.1"],
    "metadata.google.internal": ["169.254.169.254"],
}
real_getaddrinfo = socket.getaddrinfo


def answers(port: int, *addresses: str) -> list[Any]:
    return [
        (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (one, port, 0, 0))
        if ":" in one
        else (socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port))
        for one in addresses
    ]


@pytest.fixture(autouse=True)
def _resolver(monkeypatch: pytest.MonkeyPatch) -> None:
    def fake(host: str, port: int, **options: Any) -> Any:
        if host in NAMES:
            return answers(port, *NAMES[host])
        # what the system reads as a number is read so; nothing is asked of a name server
        return real_getaddrinfo(host, port, flags=socket.AI_NUMERICHOST, **options)

    monkeypatch.setattr(socket, "getaddrinfo", fake)


def client(*allowed: str) -> HttpClient:
    return HttpClient(guard=Guard(frozenset(allowed)))


NUMBERS = [
    "127.0.0.1", "127.1", "127.0.1", "127.255.255.254", "2130706433", "0x7f000001", "0x7f.1", "0X7F.0x0.0.0x1",
    "017700000001", "0177.0.0.1", "0177.1", "0", "0.0.0.0", "0x0", "00000000.0.0.1", "10.0.0.1", "10.255.255.255",
    "167772161", "0xa.1", "012.1", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.65535", "3232235521",
    "169.254.169.254", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518", "100.64.0.1",
    "100.100.100.200", "192.0.0.192", "192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "192.88.99.1",
    "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "4294967295", "168.63.129.16",
]  # fmt: skip
WRITTEN_OTHERWISE = [
    "①②⑦.⓪.⓪.①", "１２７.０.０.１", "127。0。0。1", "127．0．0．1", "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ", "LOCALHOST", "LocalHost.",
    "localhost", "localhost.", "127.0.0.1.", "%31%32%37.0.0.1", "%6c%6fcalhost", "127.0.0.1%00", "127.0.0.1%2e",
    "loopback.example", "private.example", "metadata.example", "one-of-two.example", "two-families.example",
    "ula.example", "link-local.example", "nat64.example", "sixtofour.example", "mapped.example", "teredo.example",
    "shared.example", "azure.example", "metadata.google.internal", "no-such.example", "*.example", "-", ".", "..",
    "a..b", "127.0.0.1,public.example", "public.example;127.0.0.1", "public.example&127.0.0.1", "xn--a", "a" * 300,
]  # fmt: skip
SIX = [
    "::1", "::", "0:0:0:0:0:0:0:1", "0000::0001", "::127.0.0.1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:7f00:1",
    "::ffff:10.0.0.1", "::ffff:0:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1", "2002:7f00:1::", "2002:a9fe:a9fe::", "2001::1", "2001:0:7f00:1::", "2001:db8::1", "2001:10::1",
    "3fff::1", "5f00::1", "100::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%25eth0", "fe80::1%eth0", "fec0::1",
    "ff02::1", "::1%25lo", "v1.fe80::1", "1::2::3", "[::1]", "2606:4700::1%25eth0",
]  # fmt: skip
WHOLE = [
    "http://user@public.example/", "http://user:word@public.example/", "http://:word@public.example/",
    "http://@public.example/", "http://public.example@127.0.0.1/", "http://127.0.0.1@public.example/",
    "http://public.example%40127.0.0.1/", "http://a:80@public.example:80@127.0.0.1/",
    "http://127.0.0.1\\@public.example/", "http://public.example\\@127.0.0.1/", "http:\\\\127.0.0.1/",
    "http://public.example\\.127.0.0.1/", "http://public.example/\\..", "http:///127.0.0.1/", "http:/127.0.0.1/",
    "http:127.0.0.1/", "http://", "http://:80/", "//127.0.0.1/", "127.0.0.1", "/etc/passwd", "",
    "http://public.example\r\nHost: 127.0.0.1/", "http://public.example/\r\nX: y", "http://public.example/%0d%0a\n",
    "http://public.example/\t", "ht\ttp://127.0.0.1/", "http://127.0.\n0.1/", " http://127.0.0.1/",
    "http://127.0.0.1/ ",
    "\x00http://127.0.0.1/", "http://public.example/\x00", "http://public.example/\x7f", "http://pub lic.example/",
    "http://public.example:22/", "http://public.example:6379/", "http://public.example:8080/", "http://public.example:0/",
    "http://public.example:99999/", "http://public.example:-1/", "http://public.example:8 0/", "http://public.example:a/",
    "http://public.example:443:80/", "https://127.0.0.1/", "https://[::1]/", "HTTP://127.0.0.1/", "hTTps://10.0.0.1/",
    "file:///etc/passwd", "FILE://127.0.0.1/etc", "gopher://127.0.0.1:6379/_FLUSHALL", "ftp://127.0.0.1/",
    "dict://127.0.0.1:11211/", "ldap://127.0.0.1/", "data:text/plain,x", "javascript:alert(1)", "unix:///var/run/x.sock",
    "http+unix://%2fvar%2frun%2fx.sock/", "httpx://127.0.0.1/", "http://[::1/", "http://::1/", "http://[]/",
    "http://[127.0.0.1]/", "http://[public.example]/", "http://127.0.0.1:80/", "http://127.0.0.1:443/",
    "http://127.0.0.1?@public.example", "http://127.0.0.1;@public.example", "http://public.example／@127.0.0.1/",
    "http://127.0.0.1／public.example/", "http://public.example：80@127.0.0.1/",
]  # fmt: skip
CORPUS = [
    *(f"http://{host}/latest/meta-data" for host in (*NUMBERS, *WRITTEN_OTHERWISE)),
    *(f"http://[{host}]/" for host in SIX),
    *WHOLE,
]


def attempts(url: str) -> list[Callable[[HttpClient], object]]:
    def download(one: HttpClient) -> None:
        with one.download(url, connect_timeout=1):
            raise AssertionError("it came")

    return [lambda one: one.request("POST", url, json={}, connect_timeout=1), download]


def test_the_corpus_is_what_it_says() -> None:
    assert len(CORPUS) == len(set(CORPUS))
    assert len(CORPUS) >= 180


@pytest.mark.parametrize("url", CORPUS, ids=ascii)
def test_no_connection_is_opened(url: str, connects: list[Any]) -> None:
    for attempt in attempts(url):
        with pytest.raises(NotSent):
            attempt(client())
    assert connects == []


def test_no_redirect_opens_one_either(connects: list[Any]) -> None:
    locations = [url for url in CORPUS if url and url.isascii() and not set(url) & set("\r\n\0")]
    assert len(locations) > 150
    location = ""

    def redirect(peer: Peer) -> None:
        peer.read()
        peer.write(answer("302 Found", f"Location: {location}"))

    with serving(redirect) as server:
        _let_through.add(server.port)
        # The port alone is allowed: the same host at another one is not.
        one = client(f"127.0.0.1:{server.port}")
        for location in locations:
            # a location that is a path leads back to the server, and round until it is enough
            with pytest.raises(NotSent), one.download(server.url):
                raise AssertionError(location)
    # blanks around a field's value are no part of it, so a few of these are plain addresses here
    assert {address[0] for address in connects} <= {PUBLIC}


@pytest.mark.parametrize(
    "url",
    [
        "http://public.example/",
        "https://public.example",
        "http://PUBLIC.example:443/a?b#c",
        "http://public.example#@127.0.0.1/@",
    ],
)
def test_the_public_internet_is_reached_at_the_address_that_was_checked(url: str, connects: list[Any]) -> None:
    with pytest.raises(NotSent):
        client().request("GET", url)
    assert [one[0] for one in connects] == [PUBLIC]


def test_a_second_different_answer_of_the_name_server_changes_nothing(
    connects: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def rebinding(host: str, port: int, **_: Any) -> Any:
        asked.append(host)
        return answers(port, PUBLIC if len(asked) == 1 else "127.0.0.1")

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    with pytest.raises(NotSent):
        client().request("GET", "http://rebinding.example/")
    assert asked == ["rebinding.example"]
    assert [one[0] for one in connects] == [PUBLIC]
    with pytest.raises(Refused):
        client().request("GET", "http://rebinding.example/")
    assert len(connects) == 1


def test_a_redirect_is_resolved_anew(connects: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def rebinding(host: str, port: int, **_: Any) -> Any:
        asked.append(host)
        return answers(port, "127.0.0.1" if host == "first.example" else "10.0.0.1")

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    with serving(says(answer("302 Found", "Location: http://second.example/"))) as server:
        _let_through.add(server.port)
        allowed = client(f"first.example:{server.port}")
        with pytest.raises(Refused), allowed.download(f"http://first.example:{server.port}/"):
            pass
    assert asked == ["first.example", "second.example"]
    assert connects == []


def test_a_name_server_that_does_not_answer_costs_no_more_than_the_connect_timeout(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: over.wait(10) and [])
    started = time.monotonic()
    with pytest.raises(NotSent):
        client().request("GET", "http://slow.example/", connect_timeout=0.2)
    over.set()
    assert time.monotonic() - started < 4  # five are the default


def test_the_next_address_is_tried_when_one_is_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(NAMES, "two.example", ["127.0.0.2", "127.0.0.1"])
    with serving(says(answer("200 OK"))) as server:
        url = f"http://two.example:{server.port}/"
        assert client("two.example").request("GET", url).address == "127.0.0.1"


def test_what_is_allowed_to_be_private_is_named_by_host_or_by_host_and_port() -> None:
    def allows(entry: str, url: str) -> bool:
        guard = Guard(frozenset({entry}))
        try:
            target = guard.check_url(url)
            guard.resolve(target.host, target.port)
        except Refused:
            return False
        return True

    assert allows("127.0.0.1", "http://127.0.0.1:8034/")
    assert allows("127.0.0.1", "http://127.0.0.1/")
    assert allows("127.0.0.1:8034", "http://127.0.0.1:8034/")
    assert allows("localhost", "http://LOCALHOST:1/")
    assert allows("localhost", "http://localhost.:1/")
    assert allows("::1", "http://[::1]:8034/")
    assert allows("[::1]:8034", "http://[::1]:8034/")
    assert not allows("127.0.0.1:8034", "http://127.0.0.1:8035/")
    assert not allows("127.0.0.1:8034", "http://127.0.0.1/")
    assert not allows("127.0.0.1", "http://127.1/")
    assert not allows("127.0.0.1", "http://localhost/")
    assert not allows("localhost", "http://sub.localhost:8034/")
    assert not allows("localhost", "http://127.0.0.1/")
    assert not allows("[::1]:8034", "http://[::1]:80/")


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1", "8.8.8.8", "93.184.215.14", "172.15.255.255", "172.32.0.1", "100.63.255.255", "100.128.0.1",
        "192.167.255.255", "223.255.255.255", "198.17.255.255", "198.20.0.1", "169.253.0.1", "11.0.0.1",
        "2606:4700::1111",
        "2a00:1450:4001:80b::200e", "2400:cb00::1", "2620:0:862:ed1a::1", "2001:4860:4860::8888", "2001:200::1",
    ],
)  # fmt: skip
def test_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", [one for one in (*NUMBERS, *SIX) if "x" not in one.lower()])
def test_not_public(address: str) -> None:
    assert not is_public(address)
