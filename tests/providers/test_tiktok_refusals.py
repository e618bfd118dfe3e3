"""TikTok: what its refusals mean to the adapter, and how access is renewed."""

from dataclasses import replace
from typing import Any

import pytest

from integrations.providers.base import Account, Category, ProviderError
from tests.providers.journeys import Journey, video
from tests.providers.works import account, provider, work
from tests.sandboxes import RunningSandbox


@pytest.fixture
def creator(sandbox: RunningSandbox) -> Account:
    return account("tiktok", sandbox)


def journey(sandbox: RunningSandbox, creator: Account, **more: Any) -> Journey:
    given = {"media": (video(),), "media_type": "video", **more}
    return Journey(provider("tiktok", sandbox), work(creator, **given), sandbox)


@pytest.mark.parametrize(
    ("status", "code", "category", "facts"),
    [
        (401, "access_token_invalid", Category.AUTH_EXPIRED, {"refresh": True}),
        (401, "scope_not_authorized", Category.PERMISSION, {"retryable": False}),
        (429, "rate_limit_exceeded", Category.RATE_LIMIT, {"hold": 60.0}),
        (200, "spam_risk_too_many_posts", Category.QUOTA, {"hold": 3600.0}),
        (403, "reached_active_user_cap", Category.QUOTA, {"hold": 3600.0}),
        (403, "spam_risk_too_many_pending_share", Category.QUOTA, {"hold": 3600.0}),
        (403, "unaudited_client_can_only_post_to_private_accounts", Category.PERMISSION, {"source": "system"}),
        (403, "url_ownership_unverified", Category.PERMISSION, {"source": "system"}),
        (403, "spam_risk_user_banned_from_posting", Category.ACCOUNT, {"retryable": False}),
        (400, "invalid_params", Category.USER_CONTENT, {"retryable": False}),
        (500, "internal_error", Category.PLATFORM, {"retryable": True}),
        (403, "something_new", Category.PERMISSION, {"retryable": False}),
        (502, "something_new", Category.PLATFORM, {"retryable": True}),
        (418, "something_new", Category.UNKNOWN, {"retryable": False}),
    ],
)
def test_a_refusal_says_what_it_means(
    sandbox: RunningSandbox, creator: Account, status: int, code: str, category: Category, facts: dict[str, Any]
) -> None:
    body = {"data": {}, "error": {"code": code, "message": "Told so.", "log_id": "L2"}}
    sandbox.rule("tiktok", "prepare", "error", status=status, body=body)
    with pytest.raises(ProviderError) as refused:
        journey(sandbox, creator).step()
    error = refused.value
    assert (error.code, error.message, error.http_status, error.trace_id) == (code, "Told so.", status, "L2")
    assert error.meaning.category == category
    assert {name: getattr(error.meaning, name) for name in facts} == facts
    assert not error.ambiguous
    assert error.meaning.sentence.endswith(".")


def test_an_answer_that_is_no_json_is_tiktoks_trouble(sandbox: RunningSandbox, creator: Account) -> None:
    sandbox.rule("tiktok", "prepare", "error", status=502, body="<html>Bad Gateway</html>")
    with pytest.raises(ProviderError) as broken:
        journey(sandbox, creator).step()
    assert broken.value.meaning.category == Category.PLATFORM
    assert broken.value.meaning.retryable


def test_a_full_quota_is_known_before_anything_is_sent(sandbox: RunningSandbox) -> None:
    busy = account("tiktok", sandbox, "busy", metadata={"quota_total": 1})
    journey(sandbox, busy).to_the_end()
    with pytest.raises(ProviderError) as full:
        journey(sandbox, busy, text="Another").step()
    assert full.value.meaning.hold
    assert full.value.http_status == 200


def test_no_secret_is_in_an_error(sandbox: RunningSandbox, creator: Account) -> None:
    sandbox.rule("tiktok", "prepare", "error", status=403)
    with pytest.raises(ProviderError) as refused:
        journey(sandbox, creator).step()
    assert creator.credentials.access_token not in f"{refused.value!s} {refused.value!r}"


# Access


def test_an_expired_token_is_refreshed_once_and_the_old_refresh_token_is_dead(
    sandbox: RunningSandbox, creator: Account
) -> None:
    sandbox.advance_clock(90_000)
    trip = journey(sandbox, creator)
    with pytest.raises(ProviderError) as expired:
        trip.step()
    assert expired.value.meaning.refresh
    fresh = trip.provider.refresh(creator, now=trip.work.now)
    assert fresh.access_token != creator.credentials.access_token
    assert fresh.refresh_token not in ("", creator.credentials.refresh_token)
    assert fresh.expires_at is not None
    assert fresh.refresh_expires_at is not None
    assert set(fresh.scopes) == set(creator.credentials.scopes)
    trip.work = replace(trip.work, account=replace(creator, credentials=fresh))
    trip.to_the_end()
    with pytest.raises(ProviderError) as dead:
        trip.provider.refresh(creator, now=trip.work.now)
    assert (dead.value.code, dead.value.meaning.category) == ("invalid_grant", Category.AUTH_EXPIRED)
    assert not dead.value.meaning.retryable


def test_a_reply_without_a_new_refresh_token_keeps_the_old_one(sandbox: RunningSandbox, creator: Account) -> None:
    sandbox.rule("tiktok", "refresh", "error", status=200, body={"access_token": "fresh", "expires_in": 7200})
    adapter = provider("tiktok", sandbox)
    fresh = adapter.refresh(creator, now=work(creator).now)
    assert (fresh.access_token, fresh.refresh_token) == ("fresh", creator.credentials.refresh_token)
    assert fresh.scopes == creator.credentials.scopes


def test_the_apps_own_bad_credentials_are_not_blamed_on_the_account(sandbox: RunningSandbox, creator: Account) -> None:
    adapter = provider("tiktok", sandbox)
    adapter.config = replace(adapter.config, client_secret="")
    with pytest.raises(ProviderError) as refused:
        adapter.refresh(creator, now=work(creator).now)
    assert (refused.value.meaning.category, refused.value.meaning.source) == (Category.PERMISSION, "system")
