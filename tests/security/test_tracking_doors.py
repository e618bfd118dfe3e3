"""What strangers send to the edge's doors: each is answered as documented, and nothing of it is stored against anybody.

Asked over real HTTP. What the doors take gladly, and the ordinary mistakes, are in ``tests/tracking``.
"""

import asyncio
import json
import resource
import socket
import time
import tracemalloc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from datetime import timedelta
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode

import pytest
import requests
from pytest_django.fixtures import Settings

from chat33.lib.clock import utcnow
from contacts.models import Contact, Kind, Labelling, TimelineEntry
from contacts.services import delete_contact
from tests.people import Person
from tests.tracking.edges import RunningEdge, make_token, running_edge
from tracking import settling
from tracking.edge.http import Request
from tracking.edge.registry import Remembered
from tracking.edge.words import MOST
from tracking.events.addresses import kept
from tracking.events.intake import MAX_BODY
from tracking.links.signing import link_keys
from tracking.links.targets import signature, wrapped
from tracking.models import Event, EventKey, EventWork, Link, Postback, Rollup, TokenUse, Visitor, Word

SITE = "https://shop.example"
ROWS = (Event, EventKey, EventWork, Rollup, Visitor, Word, TokenUse, Postback, Labelling)


@pytest.fixture
def edge(transactional_db: None, settings: Settings) -> Iterator[RunningEdge]:
    """A running edge that does not count, so that nothing is refused for its number."""
    settings.LIMITS = {**settings.LIMITS, "EVENTS": "off", "PIXEL": "off"}
    with running_edge() as running:
        yield running


def footprint() -> dict[str, int]:
    """How many rows there are of everything that these doors can write."""
    return {model.__name__: model.objects.count() for model in ROWS}


def verify(person: Person, host: str = "shop.example") -> None:
    person.organization.domains.create(host=host, challenge="c", verified_at=utcnow())


def is_refusal(reply: requests.Response, status: int, word: str) -> bool:
    """In the one shape of all errors."""
    body = reply.json()
    return (reply.status_code, list(body), body["error"]) == (status, ["error", "message", "details"], word)


# Where links lead

TARGETS = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "\tjavascript:alert(1)",
    "data:text/html;base64,PHNjcmlwdD4=",
    "vbscript:x",
    "file:///etc/passwd",
    "//evil.example/",
    "https:evil.example",
    "https://shop.example@evil.example/",
    "https://user:word@shop.example/",
    "https://shop.example\\@evil.example/",
    "https:\\\\evil.example\\",
    "https://shop.example/\r\nSet-Cookie: a=b",
    "https://shop.example/%\r\n\r\n<script>alert(1)</script>",
    "https://shop.example/\x00",
    "https://shop.example/\x0bx",
    f"https://shop.example/{'x' * 9_000}",
    f"https://{'x.' * 150}evil.example/",
]


@pytest.mark.parametrize("target", TARGETS)
def test_nobody_is_led_to_what_is_no_page_of_the_web(owner: Person, edge: RunningEdge, target: str) -> None:
    """However it comes: plain, with a signature of ours, or as a link's row that nothing has checked."""
    verify(owner)
    verify(owner, "evil.example")
    before = footprint()
    vouched = signature(link_keys()[0], owner.organization.public_id, target, {})
    for path in (f"/api/t?{urlencode({'url': target})}", wrapped("", target, {}, vouched)):
        reply = edge.get(path)
        assert is_refusal(reply, 400, "VALIDATION_ERROR"), path
        assert not {"location", "set-cookie"} & {name.lower() for name in reply.headers}
    if "\x00" not in target:
        Link.objects.create(organization=owner.organization, code="go", url=target, created_by="x")
        reply = edge.get("/l/go")
        assert (reply.status_code, "location" in reply.headers) == (404, False)
        assert not Event.objects.exists()
    assert footprint() == before


@pytest.mark.parametrize("path", ["/l/a%0d%0aSet-Cookie:%20a=b", "/l/%2e%2e", "/l/go%00", "/l/" + "a" * 5_000])
def test_a_code_that_is_none_leads_nowhere(owner: Person, edge: RunningEdge, path: str) -> None:
    reply = edge.get(path)
    assert reply.status_code == 404
    assert not {"location", "set-cookie"} & {name.lower() for name in reply.headers}


def test_of_a_parameter_that_comes_twice_the_first_counts_so_no_signature_covers_another(
    owner: Person, edge: RunningEdge
) -> None:
    vouched = signature(link_keys()[0], owner.organization.public_id, f"{SITE}/a", {})
    for twice in (
        [("url", "https://evil.example/"), ("url", f"{SITE}/a"), ("s", vouched)],
        [("url", f"{SITE}/a"), ("cid", "cm1"), ("s", vouched)],
        [("s", "x"), ("url", f"{SITE}/a"), ("s", vouched)],
    ):
        assert edge.get(f"/api/t?{urlencode(twice)}").status_code == 200  # the page that asks
    assert not Event.objects.exists()
    assert edge.get(f"/api/t?{urlencode([('url', f'{SITE}/a'), ('s', vouched), ('url', 'https://e.example/')])}").headers[
        "Location"
    ] == f"{SITE}/a"  # fmt: skip


def test_what_is_appended_cannot_carry_more_than_an_id(owner: Person, edge: RunningEdge) -> None:
    verify(owner)
    for value in ("a&admin=1", "a#b", "a\r\nX: y", "<script>", "x" * 200, "é"):
        reply = edge.get(f"/api/t?{urlencode({'url': f'{SITE}/', 'cid': value, 'fid': value, 'ch': value})}")
        assert reply.headers["Location"] == f"{SITE}/"
    assert set(Event.objects.values_list("contact_ref", "flow", "channel")) == {("", "", "")}


# Bodies

MONEY = ["NaN", "Infinity", "-Infinity", "-1", "-0.0001", "1e400", "1e14", "true", '"49.99"', "[1]", '{"a":1}', "0x10"]


@pytest.mark.parametrize("value", MONEY)
def test_no_money_is_made_of_what_is_no_amount(owner: Person, edge: RunningEdge, value: str) -> None:
    server, pixel = make_token(owner.organization), make_token(owner.organization, "pixel")
    event = f'{{"event":"purchase","value":{value},"currency":"USD"}}'
    assert is_refusal(edge.send(event.encode(), server), 400, "VALIDATION_ERROR")
    reply = edge.pixel(f'{{"token":"{pixel}","events":[{event}]}}'.encode())
    if reply.status_code == 202:  # JSON it is, so the event alone is rejected
        assert [one["status"] for one in reply.json()["events"]] == ["rejected"]
    else:
        assert is_refusal(reply, 400, "VALIDATION_ERROR")
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert not Event.objects.exists()
    assert not Rollup.objects.exists()


@pytest.mark.parametrize("currency", ["", "US", "usdd", "XXX", "ZZZ", "€", 840, ["USD"]])
def test_a_value_is_of_a_currency_that_exists(owner: Person, edge: RunningEdge, currency: object) -> None:
    token = make_token(owner.organization)
    reply = edge.send({"event": "purchase", "value": 1, "currency": currency}, token)
    assert is_refusal(reply, 400, "VALIDATION_ERROR")
    assert [one["path"] for one in reply.json()["details"]] == ["currency"]
    assert not Rollup.objects.exists()


DEEP = b"[" * 30_000
BODIES: Sequence[tuple[bytes, int]] = [
    (b"", 400),
    (b"\xff\xfe\x00", 400),
    (b"null", 400),
    (b"17", 400),
    (DEEP, 400),
    (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, 400),
    (b'{"event":"a","metadata":' + b"[" * 5_000 + b"]" * 5_000 + b"}", 400),
    (b'{"event":"signup"}' + b" " * 65_536, 413),
    (b'{"event":"' + b"x" * 10_000_000, 413),
]


@pytest.mark.parametrize(("body", "status"), BODIES, ids=[f"{body[:8]!r} {len(body)}" for body, _ in BODIES])
@pytest.mark.parametrize("chunked", [False, True], ids=["whole", "chunked"])
def test_what_is_no_event_is_refused_by_its_size_or_its_shape(
    owner: Person, edge: RunningEdge, body: bytes, status: int, chunked: bool
) -> None:
    server, pixel = make_token(owner.organization), make_token(owner.organization, "pixel")
    for path in (f"/api/webhooks/events?token={server}", f"/api/pixel?token={pixel}"):
        with closing(HTTPConnection("127.0.0.1", edge.port, timeout=60)) as http:
            try:
                http.request("POST", path, iter([body]) if chunked else body, encode_chunked=chunked)
            except (BrokenPipeError, ConnectionResetError):
                assert len(body) > 65_536  # it had answered already
            reply = http.getresponse()
            told = json.loads(reply.read())
        if reply.status == 202:  # the pixel's door rejects each event alone
            assert [one["status"] for one in told["events"]] == ["rejected"]
        else:
            assert reply.status == status
            assert list(told) == ["error", "message", "details"]
        if path.startswith("/api/pixel"):
            assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert not Event.objects.exists()


def test_large_bodies_are_not_held(owner: Person, edge: RunningEdge) -> None:
    token = make_token(owner.organization)
    part = b"x" * 100_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(5):
        with suppress(requests.ConnectionError):  # cut off while it still sends; else it reads why
            reply = requests.post(
                f"{edge.url}/api/webhooks/events?token={token}", data=(part for _ in range(200)), timeout=60
            )
            assert reply.status_code == 413
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 15_000  # KB; one body has 20,000


def test_a_body_that_comes_byte_by_byte_costs_no_more_than_its_bytes() -> None:
    async def come() -> dict[str, Any]:
        return {"type": "http.request", "body": b"x", "more_body": next(left) > 1}

    left = iter(range(MAX_BODY, 0, -1))
    request = Request({"method": "POST", "path": "/api/pixel", "query_string": b"", "headers": []}, come)
    began = time.process_time()
    assert len(asyncio.run(request.body(MAX_BODY))) == MAX_BODY
    assert time.process_time() - began < 5


def test_long_addresses_are_not_remembered_as_they_came() -> None:
    tracemalloc.start()
    try:
        for number in range(5_000):
            kept(f"https://shop.example/{number}?x={'x' * 60_000}")
        remembered, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert remembered < 60_000_000  # bytes, for thousands of them


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/form-data; boundary=x", "", "x" * 3_000])
def test_what_a_body_calls_itself_changes_nothing(owner: Person, edge: RunningEdge, kind: str) -> None:
    token = make_token(owner.organization)
    assert edge.send(b'{"event":"signup"}', token, headers={"Content-Type": kind}).status_code == 202
    assert is_refusal(edge.send(b"event=signup", token, headers={"Content-Type": kind}), 400, "VALIDATION_ERROR")


def test_of_a_field_that_comes_twice_the_last_counts_as_in_every_parser_of_javascript(
    owner: Person, edge: RunningEdge
) -> None:
    token = make_token(owner.organization)
    body = b'{"event":"purchase","value":1,"currency":"USD","event":"lead","value":2}'
    assert edge.send(body, token).status_code == 202
    event = Event.objects.get()
    assert (event.name, str(event.value)) == ("lead", "2.0000")
    assert Rollup.objects.filter(axis=0).count() == 1


@pytest.mark.parametrize(
    "raw",
    [
        b"Content-Length: 18\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"Content-Length: 18\r\nContent-Length: 5\r\n\r\n",
        b"Content-Length: -1\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"X-A: b\nX-C: d\r\rContent-Length: 1\r\n\r\n",
    ],
)
def test_a_request_that_can_be_read_in_two_ways_is_read_in_none(owner: Person, edge: RunningEdge, raw: bytes) -> None:
    token = make_token(owner.organization)
    with socket.create_connection(("127.0.0.1", edge.port), timeout=60) as wire:
        wire.sendall(b"POST /api/webhooks/events?token=%s HTTP/1.1\r\nHost: x\r\n%s" % (token.encode(), raw))
        wire.sendall(b'{"event":"signup"}')
        assert wire.recv(1_000).startswith(b"HTTP/1.1 400 ")
    assert not Event.objects.exists()


# Whose it is


def story(contact: Contact) -> list[str]:
    """What is told of a contact, besides that there is one."""
    told = list(
        TimelineEntry.objects.filter(contact=contact).exclude(kind=Kind.CONTACT).values_list("title", flat=True)
    )
    return [*told, *Labelling.objects.filter(contact=contact).values_list("label__name", flat=True)]


def test_nothing_is_stored_against_a_contact_of_somebody_else(
    owner: Person, stranger: Person, edge: RunningEdge
) -> None:
    """A contact's id can be read by whoever has the link. It counts with its own organization alone."""
    verify(owner)
    theirs = Contact.objects.create(organization=stranger.organization)
    gone = Contact.objects.create(organization=owner.organization)
    delete_contact(contact=gone, by="test", now=utcnow())
    own = Contact.objects.create(organization=owner.organization)
    server, pixel = make_token(owner.organization), make_token(owner.organization, "pixel")
    Link.objects.create(organization=owner.organization, code="go", url=f"{SITE}/", created_by="x")
    for contact in (theirs.public_id, gone.public_id, "cm" + "0" * 26, "nobody"):
        bought = {"event": "purchase", "value": 5, "currency": "USD", "contactId": contact}
        assert edge.send(bought, server).status_code == 202
        assert edge.pixel({"token": pixel, "events": [bought]}).status_code == 202
        assert edge.get(f"/api/t?{urlencode({'url': f'{SITE}/', 'cid': contact})}").status_code == 302
        assert edge.get(f"/l/go?cid={contact}").status_code == 302
    assert edge.send({"event": "signup", "contactId": own.public_id}, server).status_code == 202
    for _ in range(4):
        EventWork.objects.update(due_at=utcnow() - timedelta(seconds=1))
        settling.settle_due(seconds=60)
    assert (story(theirs), story(gone)) == ([], [])
    assert "Signed up" in story(own)
    assert not Event.objects.exclude(organization=owner.organization).exists()


def test_nobody_confirms_another_organizations_click(owner: Person, stranger: Person, edge: RunningEdge) -> None:
    Link.objects.create(organization=owner.organization, code="go", url=f"{SITE}/", created_by="x")
    click = edge.get("/l/go?cid=cm1").headers["Location"].partition("c33=")[2]
    view = {"event": "page_view", "url": f"{SITE}/?cid=cm1&c33={click}", "c33": click, "contactId": "cm1"}
    theirs = make_token(stranger.organization, "pixel")
    assert edge.pixel({"token": theirs, "events": [view]}).status_code == 202
    assert Event.objects.get(name="click").confirmed_at is None
    assert edge.pixel({"token": make_token(owner.organization, "pixel"), "events": [view]}).status_code == 202
    assert Event.objects.get(name="click").confirmed_at is not None


def test_a_token_opens_its_own_doors_and_no_other(owner: Person, edge: RunningEdge) -> None:
    now = utcnow()
    kinds = {kind: make_token(owner.organization, kind) for kind in ("server", "pixel", "mmp")}
    dead = [
        make_token(owner.organization, kind, **when)
        for kind in kinds
        for when in ({"revoked_at": now}, {"expires_at": now - timedelta(seconds=1)})
    ]
    nobody = ["", "x", "null", "../" * 60, "%00", "a" * 100_00, *dead]
    opens = {"server": {"server"}, "pixel": {"pixel", "server"}, "mmp": {"mmp"}}
    for door, allowed in opens.items():
        for kind, token in [*kinds.items(), *(("nobody", token) for token in nobody)]:
            reply = ask(edge, door, token)
            if kind in allowed:
                assert reply.status_code in (200, 202), (door, kind, reply.text)
            else:
                assert is_refusal(reply, 401, "Unauthorized"), (door, kind, reply.text)
                assert not token or token not in reply.text
    assert Event.objects.count() == 3


def ask(edge: RunningEdge, door: str, token: str) -> requests.Response:
    """An event, or a postback, at a door."""
    if door == "server":
        return edge.send({"event": "signup"}, token)
    if door == "pixel":
        return edge.pixel({"token": token, "events": [{"event": "signup"}]})
    return edge.get(f"/api/webhooks/mmp?{urlencode({'secret': token, 'event_name': 'install'})}")


# What would grow


def test_words_of_strangers_make_rollups_grow_to_a_bound(owner: Person, edge: RunningEdge) -> None:
    """The public token writes names, flows and channels. Beyond the bound a thousand more make no row but their own."""
    token = make_token(owner.organization, "pixel")

    def send(start: int, count: int) -> None:
        events = [{"event": f"n{number}", "ch": f"c{number}"} for number in range(start, start + count)]
        for begin in range(0, count, 500):
            body: Mapping[str, Any] = {"token": token, "events": events[begin : begin + 500]}
            assert edge.pixel(body).status_code == 202

    send(0, MOST["channel"] + 500)
    full = footprint()
    assert full["Word"] == MOST["name"] + MOST["channel"]
    send(10_000, 1_000)
    after = footprint()
    assert after["Event"] == full["Event"] + 1_000
    assert (after["Word"], after["Rollup"]) == (full["Word"], full["Rollup"])
    assert Event.objects.filter(name="(other)", data__name="n10500").exists()


def test_a_hundred_thousand_unknown_tokens_are_neither_remembered_nor_asked_for_one_by_one() -> None:
    queries = 0

    async def find(keys: Sequence[str]) -> Mapping[str, str]:
        nonlocal queries
        queries += 1
        return {}

    async def flood() -> int:
        known: Remembered[str, str] = Remembered(find)
        for start in range(0, 100_000, 1_000):
            found = await asyncio.gather(*[known.get(f"unknown {number}") for number in range(start, start + 1_000)])
            assert not any(found)
        return len(known)

    assert asyncio.run(flood()) <= 50_000
    assert queries <= 200
