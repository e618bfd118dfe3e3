"""What each key and each role may do, at every operation."""

from datetime import timedelta
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from chat33.api import scopes
from chat33.lib import secrets
from chat33.lib.clock import utcnow
from chat33.orgs.models import Role
from integrations.api.v1.keys import SessionOnly
from integrations.services import create_api_key, revoke_api_key
from tests.architecture.routes import Route, api_routes
from tests.architecture.rows import add_rows, latest, snapshot
from tests.factories import make_member
from tests.people import Client, Person

OPERATIONS = [(route, method) for route in api_routes() for method in route.methods]


@pytest.fixture(autouse=True)
def _no_wall(settings: Settings) -> None:
    """Many requests in a row are what is tested here."""
    settings.LIMITS = {**settings.LIMITS, "API": "off"}


@pytest.fixture
def filled(owner: Person) -> Person:
    """The owner, with a row of everything."""
    add_rows(owner, 1)
    return owner


def send(client: Client, route: Route, method: str, person: Person) -> Any:
    url = route.url(latest(route.names[0], person.organization) if route.names else "")
    return client.get(url) if method == "GET" else getattr(client, method.lower())(url, {}, format="json")


def with_key(person: Person, key: str) -> Client:
    return Person(person.user, person.organization, key).api()


def test_nobody_gets_in_without_a_key_or_a_session(filled: Person) -> None:
    for route, method in OPERATIONS:
        reply = send(Client(), route, method, filled)
        assert (reply.status_code, reply.json()["error"]) == (401, "Unauthorized"), (method, route)
        assert reply.headers["WWW-Authenticate"], (method, route)


def spoiled(person: Person, how: str) -> str:
    """A key that opened everything once, or never did."""
    if how == "unknown":
        return secrets.new_key()
    if how == "mistyped":
        return person.key[:-1] + ("a" if person.key[-1] != "a" else "b")
    if how == "cut short":
        return person.key[:-6]
    if how == "empty":
        return ""
    now = utcnow()
    expiry = now - timedelta(seconds=1) if how == "expired" else None
    key, raw = create_api_key(
        organization=person.organization, name=how, by=person.user, scopes=sorted(scopes.ALL), expires_at=expiry
    )
    if how == "revoked":
        revoke_api_key(key=key, now=now)
    return raw


@pytest.mark.parametrize("how", ["expired", "revoked", "unknown", "mistyped", "cut short", "empty"])
def test_a_key_that_is_no_good_is_401_everywhere(filled: Person, how: str) -> None:
    client = with_key(filled, spoiled(filled, how))
    before = snapshot(filled.organization)

    for route, method in OPERATIONS:
        reply = send(client, route, method, filled)
        assert (reply.status_code, reply.json()["error"]) == (401, "Unauthorized"), (method, route)

    assert snapshot(filled.organization) == before


def test_a_key_that_is_no_good_is_not_saved_by_a_session(filled: Person) -> None:
    client = filled.browser()

    for route, method in OPERATIONS:
        url = route.url(latest(route.names[0], filled.organization) if route.names else "")
        reply = client.generic(method, url, headers={"x-api-key": secrets.new_key()})
        assert reply.status_code == 401, (method, route)


def test_the_wrong_scope_is_403_and_named(filled: Person) -> None:
    keys = {
        needed: create_api_key(
            organization=filled.organization, name=needed, by=filled.user, scopes=sorted(scopes.ALL.keys() - {needed})
        )[1]
        for needed in scopes.ALL
    }
    before = snapshot(filled.organization)

    for route, method in OPERATIONS:
        needed = route.view.scopes[method]
        reply = send(with_key(filled, keys[needed]), route, method, filled)
        if SessionOnly in route.view.authentication_classes:
            assert reply.status_code == 401, (method, route)
            continue
        assert (reply.status_code, reply.json()["error"]) == (403, "Insufficient scope"), (method, route)
        assert needed in reply.json()["message"], (method, route)

    assert snapshot(filled.organization) == before


def test_the_right_scope_alone_is_enough(filled: Person) -> None:
    for route, method in OPERATIONS:
        if method != "GET" or SessionOnly in route.view.authentication_classes:
            continue
        _, raw = create_api_key(
            organization=filled.organization, name="One", by=filled.user, scopes=[route.view.scopes[method]]
        )
        assert send(with_key(filled, raw), route, method, filled).status_code == 200, (method, route)


def test_a_viewer_may_read_everything_and_change_nothing(filled: Person) -> None:
    viewer = Person(make_member(filled.organization, Role.VIEWER), filled.organization, "")
    before = snapshot(filled.organization)

    for route, method in OPERATIONS:
        reply = send(viewer.browser(), route, method, filled)
        if method == "GET":
            assert reply.status_code == 200, route
        else:
            assert reply.status_code == 403, (method, route)
            assert reply.json()["error"] in ("Insufficient scope", "PERMISSION_DENIED"), (method, route)

    assert snapshot(filled.organization) == before


def test_a_contributor_may_upload_and_publish_nothing(filled: Person) -> None:
    contributor = Person(make_member(filled.organization, Role.CONTRIBUTOR), filled.organization, "")

    for route, method in OPERATIONS:
        reply = send(contributor.browser(), route, method, filled)
        allowed = method == "GET" or route.view.scopes[method] == "media:write"
        assert (reply.status_code == 403) != allowed, (method, route)


@pytest.mark.parametrize("role", [Role.OWNER, Role.ADMIN, Role.EDITOR])
def test_everybody_else_may_write(filled: Person, role: Role) -> None:
    member = Person(make_member(filled.organization, role), filled.organization, "")

    for route, method in OPERATIONS:
        assert send(member.browser(), route, method, filled).status_code not in (401, 403), (method, route)
