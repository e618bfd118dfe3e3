"""API keys, as the public reference of the posting API writes them down: made by a person's session alone."""

import pytest
from pytest_django.fixtures import Settings

from chat33.orgs.models import Role
from integrations.models import ApiKey
from tests.contracts.shapes import API_KEY, CREATED_KEY, DEFAULT_SCOPES, api, browser, has_shape, is_error
from tests.factories import make_member
from tests.people import Client, Person

pytestmark = pytest.mark.django_db


def test_a_key_is_made_and_opens_the_door(owner: Person) -> None:
    reply = browser(owner).send("POST", "api-keys", {"name": "Website"})

    assert reply.status_code == 201
    has_shape(reply.json(), CREATED_KEY, ours={"expiresAt"})
    assert reply.json()["name"] == "Website"
    assert reply.json()["key"].startswith("sk_live_")
    assert reply.json()["keyPrefix"] == reply.json()["key"][:12]
    assert len(reply.json()["keyPrefix"]) == 12
    assert set(reply.json()["scopes"]) >= DEFAULT_SCOPES
    assert Client(headers={"x-api-key": reply.json()["key"]}).send("GET", "accounts").status_code == 200


def test_a_key_has_a_name_by_default(owner: Person) -> None:
    assert browser(owner).send("POST", "api-keys", {}).json()["name"] == "Default API Key"
    assert browser(owner).send("POST", "api-keys").json()["name"] == "Default API Key"


def test_a_key_with_one_scope(owner: Person) -> None:
    key = browser(owner).send("POST", "api-keys", {"scopes": ["posts:read"]}).json()["key"]

    client = Client(headers={"x-api-key": key})

    assert client.send("GET", "posts").status_code == 200
    is_error(client.send("GET", "accounts"), 403, "Insufficient scope")


@pytest.mark.parametrize("scope", ["users:admin", "everything"])
def test_a_scope_that_cannot_be_given(owner: Person, scope: str) -> None:
    is_error(browser(owner).send("POST", "api-keys", {"scopes": [scope]}), 400, "VALIDATION_ERROR")


def test_keys_are_listed_without_the_keys(owner: Person) -> None:
    raw = browser(owner).send("POST", "api-keys", {"name": "Website"}).json()["key"]

    reply = browser(owner).send("GET", "api-keys")

    assert set(reply.json()) == {"items"}
    for item in reply.json()["items"]:
        has_shape(item, API_KEY)
    assert [item["name"] for item in reply.json()["items"]] == ["Website", "owner@example.com"]
    assert raw not in reply.content.decode()
    assert not ApiKey.objects.filter(digest__contains=raw).exists()


def test_a_used_key_says_when(owner: Person) -> None:
    before = browser(owner).send("GET", "api-keys").json()["items"][0]["lastUsedAt"]
    api(owner).send("GET", "accounts")
    after = browser(owner).send("GET", "api-keys").json()["items"][0]["lastUsedAt"]

    assert (before, type(after)) == (None, str)


def test_a_key_is_revoked(owner: Person) -> None:
    (item,) = browser(owner).send("GET", "api-keys").json()["items"]

    reply = browser(owner).send("DELETE", f"api-keys/{item['id']}")

    assert (reply.status_code, reply.json()) == (200, {"revoked": True})
    is_error(api(owner).send("GET", "accounts"), 401, "Unauthorized")
    assert browser(owner).send("GET", "api-keys").json()["items"][0]["isActive"] is False
    assert browser(owner).send("DELETE", f"api-keys/{item['id']}").json() == {"revoked": True}


def test_another_organizations_key_is_not_found(owner: Person, stranger: Person) -> None:
    (item,) = browser(owner).send("GET", "api-keys").json()["items"]

    is_error(browser(stranger).send("DELETE", f"api-keys/{item['id']}"), 404, "Not found")

    assert api(owner).send("GET", "accounts").status_code == 200


@pytest.mark.parametrize(("method", "path"), [("GET", "api-keys"), ("POST", "api-keys"), ("DELETE", "api-keys/key_1")])
def test_a_key_cannot_manage_keys(owner: Person, method: str, path: str) -> None:
    is_error(api(owner).send(method, path), 401, "Unauthorized")
    with_both = owner.browser()
    is_error(with_both.send(method, path, headers={"x-api-key": owner.key}), 401, "Unauthorized")
    is_error(Client().send(method, path), 401, "Unauthorized")


def test_a_viewer_cannot_make_a_key(owner: Person) -> None:
    viewer = Person(make_member(owner.organization, Role.VIEWER), owner.organization, "")

    is_error(browser(viewer).send("POST", "api-keys", {}), 403, "Insufficient scope")
    assert browser(viewer).send("GET", "api-keys").status_code == 200


def test_a_foreign_page_cannot_make_a_key(owner: Person) -> None:
    is_error(owner.browser(csrf=True).send("POST", "api-keys", {}), 403, "CSRF_FAILED")


def test_ten_keys_an_hour_for_a_person(owner: Person, teammate: Person, settings: Settings) -> None:
    assert settings.LIMITS["API_KEYS"] == "10/h"
    settings.LIMITS = {**settings.LIMITS, "API_KEYS": "2/h"}

    for remaining in ("1", "0"):
        assert browser(owner).send("POST", "api-keys", {}).headers["RateLimit-Remaining"] == remaining

    is_error(browser(owner).send("POST", "api-keys", {}), 429, "RATE_LIMIT")
    assert browser(teammate).send("POST", "api-keys", {}).status_code == 201
