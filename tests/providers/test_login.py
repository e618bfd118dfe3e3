"""Connecting an account of each network, over real HTTP: the address, the person's yes or no, the code, the accounts."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
import tweepy
from facebook_business.adobjects.user import User
from requests_oauthlib import OAuth2Session

from chat33.lib.http import Guard, HttpClient, ReplyLost
from integrations.providers.base import Account, AppConfig, ProviderError
from integrations.providers.login import Grant, Login, challenge_of, new_verifier
from integrations.providers.registry import LOGINS, PROVIDERS, sandbox_hosts
from tests.consent import answer, visit
from tests.sandbox import graph_client
from tests.sandboxes import RunningSandbox

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
HOME = "http://127.0.0.1:8033/channels/callback/"
NETWORKS = tuple(LOGINS)


@dataclass
class Attempt:
    """One person's way from the button to the code."""

    login: Login
    state: str = "a-state-of-ours"
    redirect_uri: str = HOME
    verifier: str = ""

    def __post_init__(self) -> None:
        self.verifier = self.verifier or new_verifier()

    def url(self, **changes: str) -> str:
        url = self.login.authorize_url(
            redirect_uri=self.redirect_uri, state=self.state, challenge=challenge_of(self.verifier)
        )
        if not changes:
            return url
        parts = urlsplit(url)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()} | changes
        return f"{parts.scheme}://{parts.netloc}{parts.path}?{urlencode({k: v for k, v in query.items() if v})}"

    def code(self, **choice: Any) -> str:
        where, told = answer(self.url(), **choice)
        assert (where, told["state"]) == (self.redirect_uri, self.state)
        return told["code"]

    def exchange(self, code: str, **changes: Any) -> Grant:
        given = {"redirect_uri": self.redirect_uri, "verifier": self.verifier, "now": NOW, **changes}
        return self.login.exchange(code=code, **given)


def at(sandbox: RunningSandbox, platform: str, **changes: Any) -> Attempt:
    config = AppConfig(hosts=sandbox_hosts(platform, sandbox.url), client_id="sandbox", client_secret="sandbox")
    http = HttpClient(guard=Guard(frozenset({"127.0.0.1"})))
    return Attempt(LOGINS[platform](http=http, config=replace(config, **changes)))


@pytest.fixture(params=NETWORKS)
def platform(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def attempt(sandbox: RunningSandbox, platform: str) -> Attempt:
    return at(sandbox, platform)


# The way there


def test_the_address_is_the_network_s_own_and_asks_for_everything_we_use(platform: str) -> None:
    kind = LOGINS[platform]
    config = AppConfig(hosts=PROVIDERS[platform].hosts, client_id="ours", client_secret="hidden")
    url = urlsplit(Attempt(kind(http=HttpClient(guard=Guard()), config=config)).url())

    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    assert (
        f"{url.scheme}://{url.netloc}{url.path}"
        == {
            "instagram": "https://www.instagram.com/oauth/authorize",
            "facebook": "https://www.facebook.com/v25.0/dialog/oauth",
            "tiktok": "https://www.tiktok.com/v2/auth/authorize/",
            "youtube": "https://accounts.google.com/o/oauth2/v2/auth",
            "x": "https://x.com/i/oauth2/authorize",
        }[platform]
    )
    assert query["client_key" if platform == "tiktok" else "client_id"] == "ours"
    assert (query["redirect_uri"], query["state"], query["response_type"]) == (HOME, "a-state-of-ours", "code")
    assert query["scope"].split(kind.separator) == [access.scope for access in kind.access]
    assert "hidden" not in url.geturl()


@pytest.mark.parametrize("platform", ["x", "youtube"])
def test_where_the_network_has_pkce_the_challenge_goes_and_the_verifier_stays(
    sandbox: RunningSandbox, platform: str
) -> None:
    attempt = at(sandbox, platform)
    query = parse_qs(urlsplit(attempt.url()).query)

    assert query["code_challenge_method"] == ["S256"]
    assert attempt.verifier not in attempt.url()
    # RFC 7636, appendix B
    assert challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


# Yes


def test_who_allows_connects_an_account_that_can_post(sandbox: RunningSandbox, attempt: Attempt, platform: str) -> None:
    grant = attempt.exchange(attempt.code(accounts=["corner.cafe"]))

    [found] = grant.accounts
    assert (found.username, found.name) == ("corner.cafe", "Corner Cafe")
    assert attempt.login.missing(found.credentials.scopes) == ()
    assert sandbox.sandbox.account_for(platform, found.credentials.access_token) is not None
    assert "sbx-" not in repr(grant)


def test_the_account_stays_connected_as_long_as_the_network_allows(sandbox: RunningSandbox, attempt: Attempt) -> None:
    [found] = attempt.exchange(attempt.code(accounts=["corner.cafe"])).accounts
    lives = found.credentials.expires_at and found.credentials.expires_at - NOW

    platform = {kind: name for name, kind in LOGINS.items()}[type(attempt.login)]
    assert (
        lives
        == {
            "instagram": timedelta(days=60),
            "facebook": None,
            "tiktok": timedelta(days=1),
            "youtube": timedelta(hours=1),
            "x": timedelta(hours=2),
        }[platform]
    )
    provider = PROVIDERS[platform](http=attempt.login.http, config=attempt.login.config)
    account = Account(remote_id=found.remote_id, username=found.username, credentials=found.credentials)
    renewed = provider.refresh(account, now=NOW)
    assert sandbox.sandbox.account_for(platform, renewed.access_token) is not None


def test_one_facebook_login_opens_the_pages_that_were_picked_and_no_others(sandbox: RunningSandbox) -> None:
    for name in ("bakery", "bistro", "private"):
        sandbox.account("facebook", name)
    attempt = at(sandbox, "facebook")

    grant = attempt.exchange(attempt.code(accounts=["bakery", "bistro"]))

    assert [found.username for found in grant.accounts] == ["bakery", "bistro"]
    assert len({found.credentials.access_token for found in grant.accounts}) == 2


def test_all_pages_come_however_many_answers_they_fill(sandbox: RunningSandbox) -> None:
    names = [f"page{number:03d}" for number in range(230)]
    for name in names:
        sandbox.sandbox.create_account("facebook", username=name, name=name)
    attempt = at(sandbox, "facebook")
    code = attempt.code(accounts=["page000"])
    held = sandbox.sandbox.store.get("code", code)
    assert held is not None
    everyone = [page["remote_id"] for page in sandbox.sandbox.store.find("account", platform="facebook")]
    sandbox.sandbox.store.update("code", code, accounts=everyone)

    assert [found.username for found in attempt.exchange(code).accounts] == names


def test_a_page_on_which_the_person_may_not_publish_is_left_out(sandbox: RunningSandbox) -> None:
    sandbox.account("facebook", "analyst", metadata={"tasks": ["ANALYZE"]})
    attempt = at(sandbox, "facebook")

    assert attempt.exchange(attempt.code(accounts=["analyst"])).accounts == ()


@pytest.mark.parametrize(
    ("platform", "scope"),
    [
        ("instagram", "instagram_business_content_publish"),
        ("facebook", "pages_manage_posts"),
        ("tiktok", "video.publish"),
        ("youtube", "https://www.googleapis.com/auth/youtube.upload"),
    ],
)
def test_a_permission_that_was_unticked_is_noticed(sandbox: RunningSandbox, platform: str, scope: str) -> None:
    attempt = at(sandbox, platform)

    [found] = attempt.exchange(attempt.code(accounts=["corner.cafe"], untick=[scope])).accounts

    [missing] = attempt.login.missing(found.credentials.scopes)
    assert (missing.scope, missing.needed) == (scope, True)


def test_a_google_account_that_hides_its_channel_is_asked_again(sandbox: RunningSandbox) -> None:
    attempt = at(sandbox, "youtube")
    hidden = [access.scope for access in attempt.login.access if not access.scope.endswith("upload")]

    with pytest.raises(ProviderError) as refused:
        attempt.exchange(attempt.code(accounts=["corner.cafe"], untick=hidden))
    assert "leave every permission ticked" in refused.value.meaning.sentence


# No


def test_who_cancels_comes_back_without_a_code_and_is_told_so(attempt: Attempt) -> None:
    where, told = answer(attempt.url(), decision="cancel")

    assert (where, told["state"]) == (HOME, attempt.state)
    assert "code" not in told
    denial = attempt.login.denial(told)
    assert denial is not None
    assert denial.kind == "cancelled"
    assert "nothing was connected" in denial.sentence


@pytest.mark.parametrize(
    ("error", "kind"), [("temporarily_unavailable", "trouble"), ("invalid_scope", "refused"), ("", "refused")]
)
def test_another_return_without_a_code_says_whose_turn_it_is(error: str, kind: str) -> None:
    denial = LOGINS["x"].denial({"error": error} if error else {})

    assert denial is not None
    assert denial.kind == kind


@pytest.mark.parametrize(
    "changes", [{"redirect_uri": "https://evil.example/"}, {"response_type": "token"}, {"scope": "everything"}]
)
def test_a_request_that_cannot_be_trusted_is_not_sent_back_anywhere(attempt: Attempt, changes: dict[str, str]) -> None:
    page = visit(attempt.url(**changes))

    assert page.status_code == 400
    assert "Location" not in page.headers
    assert "<form" not in page.text


def test_an_app_that_is_not_registered_is_refused(sandbox: RunningSandbox, platform: str) -> None:
    assert visit(at(sandbox, platform, client_id="nobody").url()).status_code == 400


@pytest.mark.parametrize(("platform", "left_out"), [("x", "state"), ("tiktok", "state"), ("x", "code_challenge")])
def test_what_a_network_insists_on_may_not_be_left_out(sandbox: RunningSandbox, platform: str, left_out: str) -> None:
    assert visit(at(sandbox, platform).url(**{left_out: ""})).status_code == 400


# What a code is worth


def refused(attempt: Attempt, code: str, **changes: Any) -> str:
    with pytest.raises(ProviderError) as error:
        attempt.exchange(code, **changes)
    return error.value.meaning.sentence


def test_a_code_is_good_once(attempt: Attempt) -> None:
    code = attempt.code(accounts=["corner.cafe"])
    attempt.exchange(code)

    assert "used before" in refused(attempt, code)


def test_a_code_grows_old(sandbox: RunningSandbox, attempt: Attempt) -> None:
    code = attempt.code(accounts=["corner.cafe"])
    sandbox.advance_clock(601)

    assert "too long" in refused(attempt, code)


def test_a_code_is_bound_to_where_it_was_sent(attempt: Attempt) -> None:
    code = attempt.code(accounts=["corner.cafe"])

    assert refused(attempt, code, redirect_uri="http://127.0.0.1:1/elsewhere")


def test_a_code_of_one_network_is_worth_nothing_at_another(sandbox: RunningSandbox) -> None:
    code = at(sandbox, "instagram").code(accounts=["corner.cafe"])

    assert refused(at(sandbox, "tiktok"), code)


@pytest.mark.parametrize("platform", ["x", "youtube"])
def test_a_code_that_was_overheard_is_worth_nothing_without_the_verifier(
    sandbox: RunningSandbox, platform: str
) -> None:
    attempt = at(sandbox, platform)
    code = attempt.code(accounts=["corner.cafe"])

    assert refused(attempt, code, verifier=new_verifier())


def test_a_wrong_secret_is_the_operator_s_to_mend(sandbox: RunningSandbox, platform: str) -> None:
    attempt = at(sandbox, platform)
    code = attempt.code(accounts=["corner.cafe"])
    attempt.login.config = replace(attempt.login.config, client_secret="guessed")

    assert "Ask your operator" in refused(attempt, code)


def test_a_network_in_trouble_is_told_apart_from_a_refusal(sandbox: RunningSandbox, platform: str) -> None:
    attempt = at(sandbox, platform)
    code = attempt.code(accounts=["corner.cafe"])
    sandbox.rule(platform, "connect", "error", status=503, body={"error": {"code": 2, "message": "Try later"}})

    with pytest.raises(ProviderError) as error:
        attempt.exchange(code)
    assert error.value.meaning.retryable


def test_a_lost_reply_is_told_as_one(sandbox: RunningSandbox) -> None:
    attempt = at(sandbox, "x")
    code = attempt.code(accounts=["corner.cafe"])
    sandbox.rule("x", "connect", "drop_after")

    with pytest.raises(ReplyLost):
        attempt.exchange(code)


def test_other_apps_may_be_registered(sandbox: RunningSandbox) -> None:
    there = "https://tool.example/back"
    sandbox.control("POST", "apps", json={"client_id": "tool", "client_secret": "s3", "redirect_uris": [there]})
    attempt = replace(at(sandbox, "instagram", client_id="tool", client_secret="s3"), redirect_uri=there)

    assert attempt.exchange(attempt.code(accounts=["corner.cafe"])).accounts
    assert visit(replace(attempt, redirect_uri=HOME).url()).status_code == 400


# Other people's clients


@pytest.mark.parametrize("platform", ["x", "youtube"])
def test_requests_oauthlib_gets_tokens(sandbox: RunningSandbox, platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    hosts = sandbox_hosts(platform, sandbox.url)
    page, token = {
        "x": (f"{hosts.get('web')}/i/oauth2/authorize", f"{hosts.get('api')}/2/oauth2/token"),
        "youtube": (f"{hosts.get('accounts')}/o/oauth2/v2/auth", f"{hosts.get('oauth')}/token"),
    }[platform]
    scopes = [access.scope for access in LOGINS[platform].access]
    client = OAuth2Session("sandbox", redirect_uri=HOME, scope=scopes, pkce="S256")
    url, state = client.authorization_url(page, access_type="offline", prompt="consent")

    _, told = answer(url, accounts=["corner.cafe"])
    given = client.fetch_token(token, code=told["code"], client_secret="sandbox", include_client_id=True)

    assert told["state"] == state
    assert sorted(given["scope"]) == sorted(scopes)
    assert given["refresh_token"]


def test_tweepy_connects_an_account_and_asks_who_it_is(
    sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    hosts = sandbox_hosts("x", sandbox.url)
    handler = tweepy.OAuth2UserHandler(
        client_id="sandbox", redirect_uri=HOME, scope=["tweet.read", "users.read"], client_secret="sandbox"
    )
    real = urlsplit(handler.get_authorization_url())
    _, told = answer(f"{hosts['web']}{real.path}?{real.query}", accounts=["corner.cafe"])
    session = requests.Session()

    def here(method: str, url: str, **options: Any) -> requests.Response:
        assert urlsplit(url).hostname in ("api.twitter.com", "api.x.com")
        return session.request(method, hosts["api"] + urlsplit(url).path, **options)

    monkeypatch.setattr(handler, "request", here)
    token = handler.fetch_token(f"{HOME}?{urlencode(told)}")
    client = tweepy.Client(token["access_token"])
    monkeypatch.setattr(client.session, "request", here)

    assert client.get_me(user_auth=False).data.username == "corner.cafe"


def test_meta_s_own_sdk_lists_the_pages_of_a_person(sandbox: RunningSandbox) -> None:
    sandbox.account("facebook", "bakery")
    attempt = at(sandbox, "facebook")
    grant = attempt.exchange(attempt.code(accounts=["bakery"]))
    sdk = graph_client.api(f"{sandbox.url}/facebook/graph", grant.credentials.access_token)

    pages = User("me", api=sdk).get_accounts(fields=["name", "access_token"])

    assert [page["name"] for page in pages] == ["bakery"]
