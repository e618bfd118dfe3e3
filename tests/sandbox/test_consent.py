"""The networks' authorization pages at the sandbox: what they show, what they let nobody do, and what a code remembers."""

from urllib.parse import urlencode

import pytest
import requests

from tests.consent import Form, answer, visit
from tests.sandboxes import RunningSandbox

HOME = "http://127.0.0.1:8033/back/"
HOSTILE = "\"'><script>alert(1)</script>"


def page(sandbox: RunningSandbox, **changes: str) -> str:
    """Instagram's page, asked for as an app asks."""
    given = {
        "client_id": "sandbox",
        "redirect_uri": HOME,
        "response_type": "code",
        "scope": "instagram_business_basic,instagram_business_content_publish",
        "state": "s",
        **changes,
    }
    return f"{sandbox.url}/instagram/login/oauth/authorize?{urlencode(given)}"


def test_it_offers_the_accounts_there_are_and_a_new_one(sandbox: RunningSandbox) -> None:
    for name in ("bakery", "bistro"):
        sandbox.account("instagram", name)
    sandbox.account("x", "elsewhere")

    form = Form(visit(page(sandbox)).text)

    assert set(form.offered) == {"bakery", "bistro"}
    assert ("grant", "instagram_business_content_publish") in form.fields
    assert ("grant", "instagram_business_basic") not in form.fields  # it comes with any other


def test_what_came_from_outside_stays_words_and_the_policy_lets_the_form_go_home_only(sandbox: RunningSandbox) -> None:
    sandbox.account("instagram", "bakery", name=HOSTILE)

    reply = visit(page(sandbox, state=HOSTILE))

    assert HOSTILE not in reply.text
    policy = dict(part.strip().split(" ", 1) for part in reply.headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["form-action"] == "'self' http://127.0.0.1:8033"
    assert "script-src" not in policy
    assert answer(page(sandbox, state=HOSTILE))[1]["state"] == HOSTILE


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:80; script-src */",
        "http://127.0.0.1\r\nX: y/",
        "http://127.0.0.1:8033/#fragment",
        "http://127.0.0.1@evil.example/",
        "http://evil.example#127.0.0.1",
        "javascript:alert(1)",
        "//127.0.0.1/",
        "http://[",
        "",
    ],
)
def test_a_way_back_that_is_none_is_refused(sandbox: RunningSandbox, address: str) -> None:
    assert visit(page(sandbox, redirect_uri=address)).status_code == 400


def test_the_installation_s_own_address_is_a_way_back(sandbox: RunningSandbox) -> None:
    there = "https://chat33.example/channels/callback/instagram/"
    assert visit(page(sandbox, redirect_uri=there)).status_code == 400

    sandbox.sandbox.origins = ("https://chat33.example",)

    assert answer(page(sandbox, redirect_uri=there), accounts=["bakery"])[0] == there


@pytest.mark.parametrize("username", ["", "two words", "<b>", ".", "a" * 40])
def test_a_name_that_is_none_is_asked_for_again(sandbox: RunningSandbox, username: str) -> None:
    url = page(sandbox)
    fields = [(name, value) for name, value in Form(visit(url).text).fields if name != "username"]

    reply = requests.post(url, data=[*fields, ("username", username), ("decision", "allow")], timeout=60)

    assert reply.status_code == 422
    assert 'role="alert"' in reply.text
    assert list(sandbox.sandbox.store.find("account")) == []


def test_a_form_whose_request_was_changed_is_refused_like_the_request(sandbox: RunningSandbox) -> None:
    url = page(sandbox)
    fields = dict(Form(visit(url).text).fields)

    reply = requests.post(
        url, data={**fields, "redirect_uri": "https://evil.example/", "decision": "allow"}, timeout=60
    )

    assert reply.status_code == 400


def test_a_cancelled_request_comes_back_as_the_network_says_it(sandbox: RunningSandbox) -> None:
    _, told = answer(page(sandbox), decision="cancel")

    assert told == {
        "error": "access_denied",
        "error_reason": "user_denied",
        "error_description": "The user denied your request",
        "state": "s",
    }


def test_a_code_is_redeemed_once_and_then_refused_in_the_network_s_words(sandbox: RunningSandbox) -> None:
    _, told = answer(page(sandbox), accounts=["bakery"])
    fields = {
        "client_id": "sandbox",
        "client_secret": "sandbox",
        "grant_type": "authorization_code",
        "redirect_uri": HOME,
    }

    def redeem() -> requests.Response:
        url = f"{sandbox.url}/instagram/token/oauth/access_token"
        return requests.post(url, data={**fields, "code": told["code"]}, timeout=60)

    assert set(redeem().json()["data"][0]) == {"access_token", "user_id", "permissions"}
    again = redeem()
    assert (again.status_code, again.json()) == (
        400,
        {
            "error_type": "OAuthException",
            "code": 400,
            "error_message": "Matching code was not found or was already used",
        },
    )
