"""``/api/webhooks/mmp``: kept as it came before anything else, and only what could not be kept is asked for again."""

import pytest
import requests

from tests.people import Person
from tests.tracking.edges import RunningEdge, make_token
from tracking.models import Postback, PostbackStatus


def test_a_get_is_kept_without_its_secret(owner: Person, edge: RunningEdge) -> None:
    secret = make_token(owner.organization, "mmp")
    reply = edge.get(f"/api/webhooks/mmp?activity_kind=install&secret={secret}&label=cm1%20x")
    assert reply.status_code == 200, reply.text
    kept = Postback.objects.get()
    assert (kept.organization, kept.method, kept.status) == (owner.organization, "GET", PostbackStatus.PENDING)
    assert kept.query == "activity_kind=install&label=cm1%20x"
    assert kept.due_at == kept.received_at
    assert not kept.is_test


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded", "text/plain", ""])
def test_any_body_is_kept_byte_for_byte(owner: Person, edge: RunningEdge, kind: str) -> None:
    secret = make_token(owner.organization, "mmp")
    body = '{"event_type": "install", "name": "Zoë"}'
    headers = {"Content-Type": kind} if kind else {}
    reply = requests.post(
        f"{edge.url}/api/webhooks/mmp?secret={secret}", data=body.encode(), headers=headers, timeout=20
    )
    assert reply.status_code == 200
    kept = Postback.objects.get()
    assert (kept.body, kept.content_type) == (body, kind)


def test_what_no_text_can_hold_is_kept_as_far_as_it_goes(owner: Person, edge: RunningEdge) -> None:
    secret = make_token(owner.organization, "mmp")
    reply = requests.post(f"{edge.url}/api/webhooks/mmp?secret={secret}&x=%00", data=b"a\x00\xff\n", timeout=20)
    assert reply.status_code == 200
    assert Postback.objects.get().body == "a\ufffd\n"


@pytest.mark.parametrize("kind", ["", "server", "pixel", "unknown"])
def test_a_bad_secret_is_401_and_nothing_is_kept(owner: Person, edge: RunningEdge, kind: str) -> None:
    secret = make_token(owner.organization, kind) if kind in ("server", "pixel") else kind
    assert edge.get(f"/api/webhooks/mmp?event_type=install&secret={secret}").status_code == 401
    assert not Postback.objects.exists()


def test_head_is_200_and_keeps_nothing(edge: RunningEdge) -> None:
    reply = edge.get("/api/webhooks/mmp?secret=whatever", method="HEAD")
    assert (reply.status_code, reply.content) == (200, b"")
    assert not Postback.objects.exists()


def test_too_large_is_413_and_other_methods_are_405(owner: Person, edge: RunningEdge) -> None:
    secret = make_token(owner.organization, "mmp")
    address = f"{edge.url}/api/webhooks/mmp?secret={secret}"
    assert requests.post(address, data=b"x" * 300_000, timeout=20).status_code == 413
    assert requests.put(address, timeout=20).status_code == 405


def test_a_test_of_our_own_says_so(owner: Person, edge: RunningEdge) -> None:
    secret = make_token(owner.organization, "mmp")
    assert edge.get(f"/api/webhooks/mmp?secret={secret}", **{"X-Chat33-Test": "1"}).status_code == 200
    assert Postback.objects.get().is_test
