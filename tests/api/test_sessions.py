"""People log in, and work in the API with their session as programs do with a key."""

from typing import Any

import pytest
from django.test import Client as DjangoClient
from pytest_django.fixtures import Settings

from chat33.orgs.models import Membership, Role, User
from integrations.models import ApiKey, Channel
from posts.models import Post
from tests.factories import make_channel, make_member, make_organization, make_post
from tests.people import Client, Person

PASSWORD = "correct horse battery"
HEADLESS = "/_allauth/browser/v1"


def token(client: DjangoClient) -> dict[str, str]:
    """The header that proves a request comes from our own pages."""
    return {"X-CSRFToken": client.cookies["csrftoken"].value}


def log_in(client: DjangoClient, person: Person, password: str = PASSWORD) -> Any:
    """As a page in the browser does, by allauth's headless API."""
    client.get(f"{HEADLESS}/config")
    credentials = {"email": person.user.email, "password": password}
    return client.post(f"{HEADLESS}/auth/login", credentials, content_type="application/json", headers=token(client))


def test_a_person_logs_in_makes_a_key_and_logs_out(owner: Person) -> None:
    browser = DjangoClient(enforce_csrf_checks=True)

    assert browser.get("/api/v1/api-keys").status_code == 401
    welcome = log_in(browser, owner)
    assert (welcome.status_code, welcome.json()["data"]["user"]["email"]) == (200, "owner@example.com")

    made = browser.post("/api/v1/api-keys", {"name": "CI"}, content_type="application/json", headers=token(browser))
    assert made.status_code == 201
    assert DjangoClient(headers={"x-api-key": made.json()["key"]}).get("/api/v1/accounts").status_code == 200

    assert browser.delete(f"{HEADLESS}/auth/session", headers=token(browser)).status_code == 401
    assert browser.get("/api/v1/api-keys").status_code == 401


def test_a_person_logs_in_by_the_page_with_the_form(owner: Person) -> None:
    browser = DjangoClient(enforce_csrf_checks=True)

    page = browser.get("/accounts/login/")
    assert (page.status_code, b"csrfmiddlewaretoken" in page.content) == (200, True)
    form = {
        "login": "owner@example.com",
        "password": PASSWORD,
        "csrfmiddlewaretoken": browser.cookies["csrftoken"].value,
    }
    assert browser.post("/accounts/login/", form).status_code == 302

    assert browser.get("/api/v1/accounts").status_code == 200
    assert browser.get("/api/v1/api-keys").status_code == 200


def test_a_wrong_password_opens_nothing(owner: Person) -> None:
    browser = DjangoClient(enforce_csrf_checks=True)

    assert log_in(browser, owner, "wrong horse battery").status_code == 400
    assert browser.get("/api/v1/accounts").status_code == 401


def test_nobody_logs_in_while_wrong_passwords_cannot_be_counted(owner: Person, settings: Settings) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": "10/m/ip,5/5m/key"}
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}
    browser = DjangoClient(enforce_csrf_checks=True)

    reply = log_in(browser, owner)

    assert (reply.status_code, reply.json()["error"], reply["Retry-After"]) == (503, "UNAVAILABLE", "2")
    assert browser.get("/api/v1/accounts").status_code == 401


def test_logging_in_itself_needs_the_token(owner: Person) -> None:
    browser = DjangoClient(enforce_csrf_checks=True)
    credentials = {"email": owner.user.email, "password": PASSWORD}

    assert browser.post(f"{HEADLESS}/auth/login", credentials, content_type="application/json").status_code == 403


def test_a_write_with_the_cookie_alone_is_refused(owner: Person, channel: Channel) -> None:
    browser = DjangoClient(enforce_csrf_checks=True)
    log_in(browser, owner)
    body = {"accountIds": [channel.public_id], "text": "From another site"}

    refused = browser.post("/api/v1/posts", body, content_type="application/json")
    assert (refused.status_code, refused.json()["error"]) == (403, "CSRF_FAILED")
    assert not Post.objects.exists()
    assert (
        browser.post("/api/v1/posts", body, content_type="application/json", headers=token(browser)).status_code == 201
    )


def test_a_key_needs_no_token_even_beside_a_cookie(owner: Person, stranger: Person, channel: Channel) -> None:
    browser = DjangoClient(enforce_csrf_checks=True)
    log_in(browser, stranger)

    reply = browser.get("/api/v1/accounts", headers={"x-api-key": owner.key})

    assert [account["id"] for account in reply.json()["items"]] == [channel.public_id]
    body = {"accountIds": [channel.public_id], "text": "Hello"}
    reply = browser.post("/api/v1/posts", body, content_type="application/json", headers={"x-api-key": owner.key})
    assert reply.status_code == 201


@pytest.mark.parametrize("key", ["", "sk_live_", "sk_live_" + "a" * 36, "nonsense", "sk_live_ÿ"])
def test_a_bad_key_is_not_made_good_by_a_session(owner: Person, key: str) -> None:
    reply = owner.browser().send("GET", "accounts", headers={"x-api-key": key})

    assert (reply.status_code, reply.json()["error"]) == (401, "Unauthorized")


def test_who_did_it_is_the_person(owner: Person, channel: Channel) -> None:
    owner.browser().send("POST", "posts", {"accountIds": [channel.public_id], "text": "Hello"})

    post_id = Post.objects.get().public_id
    assert owner.api().send("GET", f"posts/{post_id}").json()["createdBy"] == owner.user.public_id


@pytest.mark.parametrize(("role", "write"), [("owner", 201), ("admin", 201), ("editor", 201), ("viewer", 403)])
def test_a_viewer_reads_and_the_others_write(owner: Person, channel: Channel, role: str, write: int) -> None:
    browser = Client()
    browser.force_login(make_member(owner.organization, Role(role)))
    post = make_post(channel)

    assert browser.send("GET", f"posts/{post.public_id}").status_code == 200
    reply = browser.send("POST", "posts", {"accountIds": [channel.public_id], "text": "Hello"})
    assert reply.status_code == write
    assert browser.send("GET", "api-keys").status_code == 200
    assert browser.send("POST", "api-keys", {}).status_code == write
    if write == 403:
        assert reply.json()["error"] == "Insufficient scope"
        assert "posts:write" in reply.json()["message"]
        assert browser.send("DELETE", f"posts/{post.public_id}").status_code == 403
        assert ApiKey.objects.count() == 1


class TestSeveralOrganizations:
    """One person at two companies."""

    @pytest.fixture
    def second(self, owner: Person) -> Channel:
        organization = make_organization(name="Second Company")
        Membership.objects.create(organization=organization, user=owner.user, role=Role.EDITOR)
        return make_channel(organization)

    def seen(self, reply: Any) -> list[str]:
        assert reply.status_code == 200
        return [account["id"] for account in reply.json()["items"]]

    def test_the_header_says_which(self, owner: Person, channel: Channel, second: Channel) -> None:
        browser = owner.browser()
        there = {"X-Organization": second.organization.public_id}

        assert self.seen(browser.send("GET", "accounts")) == [channel.public_id]
        assert self.seen(browser.send("GET", "accounts", headers=there)) == [second.public_id]
        body = {"accountIds": [second.public_id], "text": "Hello"}
        assert browser.send("POST", "posts", body).status_code == 400
        assert browser.send("POST", "posts", body, headers=there).status_code == 201
        assert Post.objects.get().organization == second.organization
        made = browser.send("POST", "api-keys", {}, headers=there).json()
        assert self.seen(Client(headers={"x-api-key": made["key"]}).send("GET", "accounts")) == [second.public_id]

    def test_the_session_remembers_which(self, owner: Person, channel: Channel, second: Channel) -> None:
        browser = owner.browser()
        session = browser.session
        session["organization_id"] = second.organization.public_id
        session.save()
        assert self.seen(browser.send("GET", "accounts")) == [second.public_id]

        Membership.objects.filter(organization=second.organization).delete()
        assert self.seen(browser.send("GET", "accounts")) == [channel.public_id]

    @pytest.mark.parametrize("name", ["org_of_nobody", "", "' OR 1=1", "stranger"])
    def test_a_company_the_person_is_not_in_stays_closed(self, owner: Person, stranger: Person, name: str) -> None:
        named = stranger.organization.public_id if name == "stranger" else name

        reply = owner.browser().send("GET", "accounts", headers={"X-Organization": named})

        assert (reply.status_code, reply.json()["error"]) == (401, "Unauthorized")

    def test_a_key_stays_in_its_own(self, owner: Person, channel: Channel, second: Channel) -> None:
        api = owner.api(**{"X-Organization": second.organization.public_id})

        assert self.seen(api.send("GET", "accounts")) == [channel.public_id]


def test_who_belongs_nowhere_sees_nothing(owner: Person) -> None:
    Membership.objects.all().delete()

    assert owner.browser().send("GET", "accounts").status_code == 401


def test_an_account_that_was_closed_is_out_at_once(owner: Person) -> None:
    browser = owner.browser()
    owner.user.is_active = False
    owner.user.save()

    assert browser.send("GET", "accounts").status_code == 401


def test_nobody_signs_up_by_themselves_unless_the_installation_is_open(
    db: None, client: DjangoClient, settings: Settings
) -> None:
    settings.SIGNUP_OPEN = False
    account = {"email": "new@example.com", "password": "correct horse battery"}

    reply = client.post("/_allauth/browser/v1/auth/signup", account, content_type="application/json")

    assert reply.status_code == 403
    assert not User.objects.filter(email=account["email"]).exists()
