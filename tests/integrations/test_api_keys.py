"""API keys: made by people alone, shown once, known by a digest, and useless once they end."""

import re
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chat33.api import scopes
from chat33.lib.secrets import BASE62, new_key
from chat33.orgs.models import Membership, Role
from integrations.models import ApiKey, Channel
from integrations.services import create_api_key
from tests.crowd import together
from tests.factories import make_organization
from tests.people import Client, Person

ALL = list(scopes.ORDINARY)


def made(person: Person, **given: Any) -> dict[str, Any]:
    reply = person.browser().send("POST", "api-keys", given)
    assert reply.status_code == 201, reply.json()
    return dict(reply.json())


def accounts(key: str) -> Any:
    return Client(headers={"x-api-key": key}).send("GET", "accounts")


def listed(person: Person, key_id: str) -> dict[str, Any]:
    items = person.browser().send("GET", "api-keys").json()["items"]
    return next(dict(item) for item in items if item["id"] == key_id)


def test_a_key_is_shown_once_and_opens_the_api(owner: Person, channel: Channel) -> None:
    reply = owner.browser().send("POST", "api-keys", {"name": "CI"})

    key = reply.json()
    assert re.fullmatch(r"sk_live_[0-9A-Za-z]{36}", key["key"])
    assert (key["name"], key["keyPrefix"], key["scopes"]) == ("CI", key["key"][:12], ALL)
    assert reply["Cache-Control"] == "no-store"
    assert [account["id"] for account in accounts(key["key"]).json()["items"]] == [channel.public_id]
    secret = key["key"][12:]
    assert secret not in str(owner.browser().send("GET", "api-keys").json())
    assert secret not in str(list(ApiKey.objects.values()))


def test_without_a_name_it_has_the_documented_one(owner: Person) -> None:
    assert made(owner)["name"] == "Default API Key"


def test_scopes_can_be_fewer_and_never_more(owner: Person, channel: Channel) -> None:
    reader = made(owner, scopes=["posts:read", "posts:read"])
    assert reader["scopes"] == ["posts:read"]
    refused = accounts(reader["key"])
    assert (refused.status_code, refused.json()["error"]) == (403, "Insufficient scope")
    assert "accounts:read" in refused.json()["message"]
    assert not set(made(owner)["scopes"]) & set(scopes.ADMIN)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"scopes": ["users:admin"]}, "scopes.0"), ({"scopes": ["posts:delete"]}, "scopes.0"), ({"scopes": []}, "scopes"),
        ({"scopes": "posts:read"}, "scopes"), ({"scopes": ["posts:read", None]}, "scopes.1"), ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"), ({"name": {"a": 1}}, "name"), ({"expiresAt": "2020-01-01T00:00:00Z"}, "expiresAt"),
        ({"expiresAt": "soon"}, "expiresAt"), ({"expiresAt": "9999-12-31T23:59:59-12:00"}, "expiresAt"),
    ],
)  # fmt: skip
def test_nonsense_is_refused_and_costs_nothing(owner: Person, body: dict[str, Any], path: str) -> None:
    reply = owner.browser().send("POST", "api-keys", body)

    assert (reply.status_code, reply.json()["details"][0]["path"]) == (400, path)
    assert reply["RateLimit-Remaining"] == "10"
    assert ApiKey.objects.count() == 1


def test_a_key_cannot_manage_keys(owner: Person) -> None:
    own = ApiKey.objects.get().public_id
    for method, path in [("GET", "api-keys"), ("POST", "api-keys"), ("DELETE", f"api-keys/{own}")]:
        for client in (owner.api(), owner.browser()):
            reply = client.send(method, path, headers={"x-api-key": owner.key})
            assert (reply.status_code, reply.json()["error"]) == (401, "Unauthorized")
    assert ApiKey.objects.get().revoked_at is None


def test_nobody_manages_keys_without_a_session(owner: Person) -> None:
    for method in ("GET", "POST"):
        assert Client().send(method, "api-keys").status_code == 401


def test_a_revoked_key_opens_nothing_from_that_moment(owner: Person) -> None:
    key = made(owner)
    assert accounts(key["key"]).status_code == 200

    for _ in range(2):
        reply = owner.browser().send("DELETE", f"api-keys/{key['id']}")
        assert (reply.status_code, reply.json()) == (200, {"revoked": True})

    assert accounts(key["key"]).status_code == 401
    assert listed(owner, key["id"])["isActive"] is False


def test_a_key_ends_when_it_should(owner: Person) -> None:
    with time_machine.travel("2026-06-01T12:00:00Z", tick=False) as clock:
        key = made(owner, expiresAt="2026-06-01T13:00:00Z")
        assert key["expiresAt"] == "2026-06-01T13:00:00.000Z"
        clock.shift(timedelta(minutes=59))
        assert accounts(key["key"]).status_code == 200
        assert listed(owner, key["id"])["isActive"] is True
        clock.shift(timedelta(minutes=1))
        assert accounts(key["key"]).status_code == 401
        assert listed(owner, key["id"])["isActive"] is False


def test_its_last_use_is_noted_once_a_minute(owner: Person) -> None:
    with time_machine.travel("2026-06-01T12:00:00Z", tick=False) as clock:
        key = made(owner)
        assert listed(owner, key["id"])["lastUsedAt"] is None
        accounts(key["key"])
        assert listed(owner, key["id"])["lastUsedAt"] == "2026-06-01T12:00:00.000Z"
        clock.shift(timedelta(seconds=30))
        accounts(key["key"])
        assert listed(owner, key["id"])["lastUsedAt"] == "2026-06-01T12:00:00.000Z"
        clock.shift(timedelta(seconds=31))
        accounts(key["key"])
        assert listed(owner, key["id"])["lastUsedAt"] == "2026-06-01T12:01:01.000Z"


def test_a_typing_error_is_told_apart_and_costs_no_query(owner: Person) -> None:
    last = owner.key[-1]
    mistyped = owner.key[:-1] + BASE62[(BASE62.index(last) + 1) % 62]

    with CaptureQueriesContext(connection) as captured:
        wrong = accounts(mistyped)
    unknown = accounts(new_key())

    assert len(captured) == 0
    assert wrong.status_code == unknown.status_code == 401
    assert "typing error" in wrong.json()["message"]
    assert "unknown, revoked or expired" in unknown.json()["message"]


def test_keys_are_seen_and_revoked_by_their_company_alone(owner: Person, teammate: Person, stranger: Person) -> None:
    key = made(owner)

    assert listed(teammate, key["id"])["keyPrefix"] == key["keyPrefix"]
    items = stranger.browser().send("GET", "api-keys").json()["items"]
    assert key["id"] not in [item["id"] for item in items]
    for name in (key["id"], "key_nobody", "%00", "1"):
        assert stranger.browser().send("DELETE", f"api-keys/{name}").status_code == 404
    assert accounts(key["key"]).status_code == 200


def test_ten_an_hour_for_each_person_wherever_they_work(owner: Person, teammate: Person) -> None:
    second = make_organization()
    Membership.objects.create(organization=second, user=owner.user, role=Role.OWNER)
    there = {"X-Organization": second.public_id}
    browser = owner.browser()

    codes = [browser.send("POST", "api-keys", {}, headers=there if n % 2 else {}).status_code for n in range(11)]
    refused = browser.send("POST", "api-keys", {})

    assert codes == [201] * 10 + [429]
    assert (refused.json()["error"], refused["RateLimit-Limit"]) == ("RATE_LIMIT", "10")
    assert int(refused["Retry-After"]) > 3500
    assert made(teammate)["key"]


@pytest.mark.django_db(transaction=True)
def test_ten_of_sixteen_at_the_same_moment(owner: Person) -> None:
    browsers = [owner.browser() for _ in range(16)]

    replies = together([partial(browser.send, "POST", "api-keys", {}) for browser in browsers])

    codes = [reply.status_code for reply in replies]
    assert (codes.count(201), codes.count(429)) == (10, 6)
    assert len({reply.json()["key"] for reply in replies if reply.status_code == 201}) == 10


def test_a_key_outlives_the_person_who_made_it(owner: Person) -> None:
    key = made(owner)
    owner.user.delete()

    assert accounts(key["key"]).status_code == 200


def test_a_list_costs_the_same_for_one_key_and_for_thirty(owner: Person) -> None:
    browser = owner.browser()

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert browser.send("GET", "api-keys").status_code == 200
        return len(captured)

    one = queries()
    for number in range(29):
        create_api_key(organization=owner.organization, name=f"Key {number}", by=owner.user)

    assert queries() == one <= 5
