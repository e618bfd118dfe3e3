"""Tokens: shown once, replaced without a gap, revoked at once; and they open the real doors."""

import time
from datetime import timedelta

import pytest
import requests

from chat33.lib.clock import utcnow
from chat33.lib.secrets import digest
from chat33.logs import redact
from tests.people import Person
from tests.tracking.edges import RunningEdge
from tests.tracking.pixel.places import until
from tracking.models import Event, Postback, Token, TokenKind
from tracking.tokens import (
    NoOrigin,
    UnableToMake,
    make_token,
    origins_in,
    revoke_token,
    rotate_token,
    set_origins,
    tokens_of,
)

KINDS = list(TokenKind)


def made(person: Person, kind: TokenKind = TokenKind.SERVER) -> tuple[Token, str]:
    return make_token(organization=person.organization, kind=kind, by=person.user.public_id, now=utcnow())


@pytest.mark.parametrize("kind", KINDS)
def test_only_a_pixel_token_can_be_read_again(owner: Person, kind: TokenKind) -> None:
    token, raw = made(owner, kind)
    stored = Token.objects.filter(pk=token.pk).values_list("shown", "digest", "prefix").get()

    assert stored == (raw if kind == TokenKind.PIXEL else "", digest(raw), raw[:12])
    assert len(raw) > 40


@pytest.mark.parametrize("kind", [TokenKind.SERVER, TokenKind.MMP])
def test_a_secret_one_is_masked_wherever_it_is_logged(owner: Person, kind: TokenKind) -> None:
    _, raw = made(owner, kind)
    assert raw not in redact(f"GET /api/webhooks/mmp secret {raw} failed")


def test_there_is_one_of_a_kind(owner: Person, stranger: Person) -> None:
    made(owner)
    made(owner, TokenKind.PIXEL)
    made(stranger)

    with pytest.raises(UnableToMake):
        made(owner)
    assert Token.objects.filter(organization=owner.organization).count() == 2


@pytest.mark.parametrize(("keep", "live"), [(timedelta(0), False), (timedelta(hours=1), True)])
def test_the_old_one_lives_on_for_as_long_as_was_chosen(owner: Person, keep: timedelta, live: bool) -> None:
    old, _ = made(owner)
    new, raw = rotate_token(token=old, keep=keep, by="usr_1", now=utcnow())
    old.refresh_from_db()
    held = tokens_of(owner.organization, now=utcnow())[TokenKind.SERVER]

    assert old.is_live(utcnow()) is live
    assert not old.is_live(utcnow() + keep + timedelta(seconds=1))
    assert (held.current, held.ending) == (new, (old,) if live else ())
    assert raw.startswith(new.prefix)
    with pytest.raises(UnableToMake):
        rotate_token(token=old, keep=keep, by="usr_1", now=utcnow())


def test_a_new_one_keeps_the_origins(owner: Person) -> None:
    old, _ = made(owner, TokenKind.PIXEL)
    set_origins(token=old, text="shop.example")
    new, _ = rotate_token(token=old, keep=timedelta(hours=1), by="usr_1", now=utcnow())
    assert new.origins == ["https://shop.example"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("shop.example\n https://Shop.Example/ ", ["https://shop.example"]),
        ("http://localhost:8000 https://a.example:443", ["http://localhost:8000", "https://a.example"]),
        ("https://bücher.example", ["https://xn--bcher-kva.example"]),
    ],
)
def test_origins_are_as_browsers_name_them(text: str, found: list[str]) -> None:
    assert origins_in(text) == found


@pytest.mark.parametrize(
    "text", ["https://shop.example/page", "javascript:alert(1)", "https://u@shop.example", "ftp://a.example", "null:x"]
)
def test_what_is_no_origin_is_refused(text: str) -> None:
    with pytest.raises(NoOrigin):
        origins_in(text)


def test_too_many_origins_are_refused() -> None:
    with pytest.raises(NoOrigin):
        origins_in("\n".join(f"a{number}.example" for number in range(51)))


def test_each_opens_its_own_door_and_no_other(owner: Person, edge: RunningEdge) -> None:
    raw = {kind: made(owner, kind)[1] for kind in KINDS}

    def opened(kind: TokenKind) -> tuple[bool, bool, bool]:
        pixel = edge.pixel({"token": raw[kind], "events": [{"event": "page_view"}]}).status_code
        server = edge.send({"event": "signup"}, raw[kind]).status_code
        mmp = edge.get(f"/api/webhooks/mmp?mmp=adjust&secret={raw[kind]}").status_code
        assert {pixel, server} <= {202, 401}
        return pixel == 202, server == 202, mmp == 200

    assert opened(TokenKind.PIXEL) == (True, False, False)
    assert opened(TokenKind.SERVER) == (True, True, False)
    assert opened(TokenKind.MMP) == (False, False, True)
    assert (Event.objects.count(), Postback.objects.count()) == (3, 1)


def test_what_is_revoked_or_over_opens_nothing_a_second_later(owner: Person, edge: RunningEdge) -> None:
    first, old = made(owner, TokenKind.MMP)
    second, new = rotate_token(token=first, keep=timedelta(hours=1), by="usr_1", now=utcnow())

    def status(secret: str) -> int:
        return requests.get(f"{edge.url}/api/webhooks/mmp", params={"secret": secret}, timeout=20).status_code

    assert (status(old), status(new)) == (200, 200)
    Token.objects.filter(pk=first.pk).update(expires_at=utcnow() - timedelta(seconds=1))
    revoke_token(token=second, now=utcnow())
    began = time.monotonic()
    until(
        lambda: (status(old), status(new)) == (401, 401)
    )  # it believes for a second, and reads again beside an answer
    assert time.monotonic() - began < 5
