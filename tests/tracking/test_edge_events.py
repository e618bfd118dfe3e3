"""``POST /api/webhooks/events``: what the document promises, over real HTTP to the real process' application."""

import json
from datetime import timedelta
from typing import Any

import pytest
import requests
import time_machine
from pytest_django.fixtures import Settings

from chat33.lib.clock import utcnow
from contacts.models import Contact
from tests.people import Person
from tests.tracking.edges import RunningEdge, make_token, running_edge
from tests.tracking.pixel.places import until
from tracking.edge.words import MOST
from tracking.models import Axis, Event, EventKey, EventWork, Ledger, Rollup, Token

PURCHASE = {"event": "purchase", "value": 49.99, "currency": "USD", "metadata": {"product": "Pro Plan"}}


@pytest.fixture
def _unlimited(settings: Settings) -> None:
    settings.LIMITS = {**settings.LIMITS, "EVENTS": "off"}


def test_an_event_is_stored_with_what_was_said_of_it(owner: Person, edge: RunningEdge) -> None:
    contact = Contact.objects.create(organization=owner.organization)
    token = make_token(owner.organization)
    reply = edge.send({**PURCHASE, "contactId": contact.public_id, "eventId": "order-1"}, token)
    assert reply.status_code == 202, reply.text
    assert reply.json() == {"eventId": "order-1", "status": "accepted"}
    event = Event.objects.get()
    assert (event.name, str(event.value), event.currency) == ("purchase", "49.9900", "USD")
    assert (event.contact_ref, event.source, event.by, event.verified) == (contact.public_id, "server", "server", True)
    assert event.data == {"product": "Pro Plan"}
    assert EventWork.objects.get().event == event.pk
    rollup = Rollup.objects.get(axis=Axis.TOTAL)
    assert (rollup.events, str(rollup.verified), str(rollup.unverified)) == (1, "49.9900", "0.0000")


@pytest.mark.parametrize("way", ["query", "bearer", "header"])
def test_the_token_may_come_in_the_query_or_in_a_header(owner: Person, edge: RunningEdge, way: str) -> None:
    token = make_token(owner.organization)
    headers = {"bearer": {"Authorization": f"Bearer {token}"}, "header": {"X-Chat33-Token": token}}.get(way, {})
    assert edge.send({"event": "signup"}, token if way == "query" else "", headers=headers).status_code == 202


def test_an_event_without_an_id_is_given_one(owner: Person, edge: RunningEdge) -> None:
    token = make_token(owner.organization)
    first, second = (edge.send({"event": "lead"}, token).json()["eventId"] for _ in range(2))
    assert first.startswith("evt_")
    assert first != second
    assert Event.objects.count() == 2


def test_the_same_id_is_stored_once_and_said_to_be_a_duplicate(owner: Person, edge: RunningEdge) -> None:
    token = make_token(owner.organization)
    said = [edge.send({**PURCHASE, "eventId": "once"}, token).json()["status"] for _ in range(3)]
    assert said == ["accepted", "duplicate", "duplicate"]
    assert Event.objects.count() == EventKey.objects.count() == 1
    assert Rollup.objects.get(axis=Axis.TOTAL).events == 1
    ledger = Ledger.objects.get()
    assert (ledger.received, ledger.stored, ledger.duplicates) == (3, 1, 2)


def test_the_same_id_of_another_organization_is_another_event(
    owner: Person, stranger: Person, edge: RunningEdge
) -> None:
    for person in (owner, stranger):
        reply = edge.send({"event": "signup", "eventId": "shared"}, make_token(person.organization))
        assert reply.json()["status"] == "accepted"


def test_a_batch_is_told_one_by_one_with_its_own_duplicates(owner: Person, edge: RunningEdge) -> None:
    token = make_token(owner.organization)
    events = [{"event": "signup", "eventId": name} for name in ("a", "b", "a")]
    reply = edge.send({"events": events}, token)
    assert reply.status_code == 202
    assert [one["status"] for one in reply.json()["events"]] == ["accepted", "accepted", "duplicate"]
    assert Event.objects.count() == 2


def test_a_batch_with_a_bad_event_stores_nothing_and_names_it(owner: Person, edge: RunningEdge) -> None:
    token = make_token(owner.organization)
    reply = edge.send({"events": [{"event": "signup"}, {"event": "purchase", "value": -1, "currency": "USD"}]}, token)
    assert reply.status_code == 400
    assert reply.json()["error"] == "VALIDATION_ERROR"
    assert [one["path"] for one in reply.json()["details"]] == ["events.1.value"]
    assert not Event.objects.exists()


def test_the_pixel_token_and_the_mmp_secret_do_not_open_this_door(owner: Person, edge: RunningEdge) -> None:
    for kind in ("pixel", "mmp"):
        reply = edge.send({"event": "signup"}, make_token(owner.organization, kind))
        assert (reply.status_code, reply.json()["error"]) == (401, "Unauthorized")


@pytest.mark.parametrize("token", ["", "nonsense", "x" * 5_000, "sk_" + "é"])
def test_a_token_that_is_none_is_refused_in_the_shape_of_every_error(edge: RunningEdge, token: str) -> None:
    reply = edge.send({"event": "signup"}, token)
    assert reply.status_code == 401
    assert list(reply.json()) == ["error", "message", "details"]
    assert reply.json()["details"] == []
    assert reply.headers["WWW-Authenticate"] == "Bearer"


def test_a_token_that_was_taken_over_or_revoked_opens_nothing(owner: Person, edge: RunningEdge) -> None:
    now = utcnow()
    over = make_token(owner.organization, expires_at=now - timedelta(seconds=1))
    revoked = make_token(owner.organization, revoked_at=now)
    assert [edge.send({"event": "signup"}, token).status_code for token in (over, revoked)] == [401, 401]
    still = make_token(owner.organization, expires_at=now + timedelta(minutes=5))
    assert edge.send({"event": "signup"}, still).status_code == 202


def test_a_revoked_token_is_refused_within_two_seconds(owner: Person, edge: RunningEdge) -> None:
    token = make_token(owner.organization)
    assert edge.send({"event": "signup"}, token).status_code == 202
    Token.objects.update(revoked_at=utcnow())
    over = asked = utcnow()
    while edge.send({"event": "signup"}, token).status_code != 401:  # a full limit answers 429 meanwhile
        assert asked < over + timedelta(seconds=2)
        asked = utcnow()


HOSTILE: list[Any] = [
    b"",
    b"not json",
    b"[]",
    b"null",
    b'{"event": NaN}',
    b"[" * 5_000,
    {},
    {"event": ""},
    {"event": "x" * 101},
    {"event": "two\nlines"},
    {"event": "\ud800"},
    {"event": "purchase", "value": "12"},
    {"event": "purchase", "value": -0.01, "currency": "USD"},
    {"event": "purchase", "value": 10**14, "currency": "USD"},
    b'{"event": "purchase", "value": NaN, "currency": "USD"}',
    b'{"event": "purchase", "value": 1e999999999, "currency": "USD"}',
    {"event": "purchase", "value": 1, "currency": "XXX"},
    {"event": "purchase", "value": True, "currency": "USD"},
    {"event": "signup", "contactId": "no spaces, please"},
    {"event": "signup", "eventId": "x" * 65},
    {"event": "signup", "metadata": []},
    {"event": "signup", "metadata": {"text": "x" * 9_000}},
    {"event": "signup", "metadata": json.loads('{"a":' * 60 + "1" + "}" * 60)},
    {"events": []},
    {"events": [{"event": "signup"}] * 501},
]


def test_a_byte_order_mark_and_a_text_that_was_cut_within_an_emoji_are_taken(owner: Person, edge: RunningEdge) -> None:
    body = (
        b'\xef\xbb\xbf{"event": "signup", "metadata": {"said": "hello \\ud83d", "price": 1.10, "id": 9007199254740993}}'
    )
    assert edge.send(body, make_token(owner.organization)).status_code == 202
    assert Event.objects.get().data == {"said": "hello ?", "price": 1.1, "id": 9007199254740993}


@pytest.mark.usefixtures("_unlimited")
def test_whatever_cannot_be_an_event_is_400_in_the_one_shape_and_stores_nothing(
    owner: Person, edge: RunningEdge
) -> None:
    token = make_token(owner.organization)
    for body in HOSTILE:
        reply = edge.send(body, token)
        assert reply.status_code == 400, (body, reply.text)
        assert list(reply.json()) == ["error", "message", "details"]
        assert reply.json()["error"] == "VALIDATION_ERROR"
    assert not Event.objects.exists()


@pytest.mark.usefixtures("_unlimited")
def test_odd_but_readable_metadata_is_kept(owner: Person, edge: RunningEdge) -> None:
    token = make_token(owner.organization)
    odd = {"nul": "a\x00b", "surrogate": "\ud83d", "big": 2**70, "deep": [[[1.5]]], "n\x00": None}
    assert edge.send({"event": "signup", "metadata": odd}, token).status_code == 202
    assert Event.objects.get().data == {"nul": "ab", "surrogate": "?", "big": str(2**70), "deep": [[[1.5]]], "n": None}


def test_a_body_over_64_kb_is_413_whether_it_says_so_or_not(owner: Person, edge: RunningEdge) -> None:
    token = make_token(owner.organization)
    large = b'{"event":"signup","metadata":{"x":"' + b"x" * 70_000 + b'"}}'
    assert edge.send(large, token).status_code == 413
    chunked = requests.post(f"{edge.url}/api/webhooks/events?token={token}", data=iter([large]), timeout=20)
    assert chunked.status_code == 413
    assert chunked.json()["error"] == "PAYLOAD_TOO_LARGE"


def test_other_methods_are_405(edge: RunningEdge) -> None:
    reply = requests.get(f"{edge.url}/api/webhooks/events", timeout=10)
    assert (reply.status_code, reply.headers["Allow"], reply.json()["error"]) == (405, "POST", "METHOD_NOT_ALLOWED")


def test_a_hundred_events_a_minute_and_the_next_is_told_when_to_come_back(owner: Person, edge: RunningEdge) -> None:
    token = make_token(owner.organization)
    batch = {"events": [{"event": "signup"}] * 60}
    assert edge.send(batch, token).status_code == 202
    refused = edge.send(batch, token)
    assert (refused.status_code, refused.json()["error"]) == (429, "RATE_LIMIT")
    assert 50 <= int(refused.headers["Retry-After"]) <= 60
    assert edge.send({"events": [{"event": "signup"}] * 40}, token).status_code == 202  # the refused cost nothing
    assert edge.send({"event": "signup"}, token).status_code == 429
    assert Event.objects.count() == 100
    assert edge.send({"event": "signup"}, make_token(owner.organization)).status_code == 202  # each token its own


def test_the_window_rolls(owner: Person, transactional_db: None, settings: Settings) -> None:
    settings.LIMITS = {**settings.LIMITS, "EVENTS": "2/1s"}
    with running_edge() as edge:
        token = make_token(owner.organization)
        with time_machine.travel(utcnow(), tick=False) as clock:
            said = [edge.send({"event": "signup"}, token).status_code for _ in range(3)]
            assert said == [202, 202, 429]
            clock.shift(0.9)
            assert edge.send({"event": "signup"}, token).status_code == 429
            clock.shift(0.2)
            assert edge.send({"event": "signup"}, token).status_code == 202


def test_two_processes_keep_one_limit(owner: Person, edge: RunningEdge) -> None:
    token = make_token(owner.organization)
    with running_edge() as other:
        said = [(edge, other)[number % 2].send({"event": "signup"}, token).status_code for number in range(110)]
    assert said.count(202) == 100
    assert set(said) == {202, 429}


@pytest.mark.usefixtures("_unlimited")
def test_a_million_names_do_not_make_a_million_rollups(owner: Person, edge: RunningEdge) -> None:
    token = make_token(owner.organization)
    for start in (0, 300):
        events = [{"event": f"name {number}"} for number in range(start, start + 300)]
        assert edge.send({"events": events}, token).status_code == 202
    assert edge.send({"event": "purchase", "value": 1, "currency": "USD"}, token).status_code == 202
    names = set(Rollup.objects.filter(axis=Axis.TOTAL).values_list("name", flat=True))
    assert len(names - {"(other)", "purchase"}) == MOST["name"]
    assert {"(other)", "purchase"} <= names
    other = Event.objects.filter(name="(other)").values_list("data", flat=True)
    assert len(other) == 100
    assert all(data["name"].startswith("name ") for data in other)


def test_what_is_refused_is_counted_so_that_the_sums_agree(owner: Person, edge: RunningEdge) -> None:
    token = make_token(owner.organization)
    edge.send({"events": [{"event": "signup", "eventId": "a"}, {"event": "lead", "eventId": "a"}]}, token)
    edge.send({"events": [{"event": ""}, {"event": "lead"}]}, token)
    until(lambda: Ledger.objects.filter(rejected=2).exists())
    ledger = Ledger.objects.get()
    assert ledger.received == ledger.stored + ledger.duplicates + ledger.rejected == 4
