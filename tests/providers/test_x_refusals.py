"""X: what its refusals mean to the adapter, and how access is renewed."""

from dataclasses import replace
from typing import Any

import pytest

from integrations.providers.base import Account, Category, ProviderError, Step
from tests.providers.journeys import Journey
from tests.providers.works import account, provider, work
from tests.sandboxes import RunningSandbox


@pytest.fixture
def owner(sandbox: RunningSandbox) -> Account:
    return account("x", sandbox)


def journey(sandbox: RunningSandbox, owner: Account, **more: Any) -> Journey:
    return Journey(provider("x", sandbox), work(owner, **more), sandbox)


def test_a_duplicate_is_told_as_one(sandbox: RunningSandbox, owner: Account) -> None:
    journey(sandbox, owner, text="Again").to_the_end()
    with pytest.raises(ProviderError) as twice:
        journey(sandbox, owner, text="Again").to_the_end()
    assert twice.value.meaning.category == Category.DUPLICATE
    assert not twice.value.ambiguous
    assert len(sandbox.posts("x")) == 1


API = "https://api.x.com/2/problems"


@pytest.mark.parametrize(
    ("status", "body", "category", "facts"),
    [
        (401, {"title": "Unauthorized", "status": 401}, Category.AUTH_EXPIRED, {"refresh": True}),
        (402, {"title": "CreditsDepleted", "type": f"{API}/credits"}, Category.QUOTA, {"hold": 3600.0}),
        (403, {"title": "Forbidden", "type": "about:blank"}, Category.PERMISSION, {"source": "user"}),
        (403, {"type": f"{API}/client-forbidden"}, Category.PERMISSION, {"source": "system"}),
        (403, {"detail": "User video duration exceeded"}, Category.MEDIA, {"retryable": False}),
        (403, {"detail": "Your account is suspended."}, Category.ACCOUNT, {"retryable": False}),
        (400, {"errors": [{"message": "Your media IDs are invalid."}]}, Category.MEDIA, {"retryable": False}),
        (400, {"errors": [{"message": "Your Tweet text is too long."}]}, Category.USER_CONTENT, {"retryable": False}),
        (400, {"title": "Invalid Request"}, Category.USER_CONTENT, {"retryable": False}),
        (429, {"errors": [{"code": 88, "message": "Rate limit exceeded"}]}, Category.RATE_LIMIT, {"hold": 900.0}),
        (429, {"type": f"{API}/usage-capped"}, Category.QUOTA, {"hold": 3600.0}),
        (500, {"title": "Internal Server Error"}, Category.PLATFORM, {"retryable": True}),
        (503, "<html>over capacity</html>", Category.PLATFORM, {"retryable": True}),
        (418, {}, Category.UNKNOWN, {"retryable": False}),
    ],
)
def test_a_refusal_says_what_it_means(
    sandbox: RunningSandbox, owner: Account, status: int, body: Any, category: Category, facts: dict[str, Any]
) -> None:
    trip = journey(sandbox, owner)
    trip.until(Step.COMMIT)
    sandbox.rule("x", "commit", "error", status=status, body=body)
    with pytest.raises(ProviderError) as refused:
        trip.step()
    error = refused.value
    assert (error.http_status, error.meaning.category) == (status, category)
    assert {name: getattr(error.meaning, name) for name in facts} == facts
    assert error.ambiguous == (status >= 500)
    assert error.meaning.sentence.endswith(".")
    assert owner.credentials.access_token not in str(error)


def test_the_daily_limit_names_the_time_it_ends(sandbox: RunningSandbox) -> None:
    busy = account("x", sandbox, "busy", metadata={"quota_total": 1})
    journey(sandbox, busy, text="One").to_the_end()
    trip = journey(sandbox, busy, text="Two")
    trip.work = replace(trip.work, now=sandbox.sandbox.now())  # as X has it, whose clock stands still
    with pytest.raises(ProviderError) as full:
        trip.to_the_end()
    assert full.value.code == "daily-limit"
    assert full.value.meaning.category == Category.QUOTA
    assert full.value.retry_after == pytest.approx(86_400, abs=2)


# Access


def test_an_expired_token_is_refreshed_once_and_the_old_refresh_token_is_dead(
    sandbox: RunningSandbox, owner: Account
) -> None:
    sandbox.advance_clock(7201)
    trip = journey(sandbox, owner)
    trip.until(Step.COMMIT)
    with pytest.raises(ProviderError) as expired:
        trip.step()
    assert expired.value.meaning.refresh
    fresh = trip.provider.refresh(owner, now=trip.work.now)
    assert fresh.access_token != owner.credentials.access_token
    assert fresh.refresh_token not in ("", owner.credentials.refresh_token)
    assert fresh.expires_at is not None
    assert (fresh.expires_at - trip.work.now).total_seconds() == 7200
    assert set(fresh.scopes) == set(owner.credentials.scopes)
    trip.work = replace(trip.work, account=replace(owner, credentials=fresh))
    trip.to_the_end()
    with pytest.raises(ProviderError) as dead:
        trip.provider.refresh(owner, now=trip.work.now)
    assert (dead.value.code, dead.value.meaning.category) == ("grant-refused", Category.AUTH_EXPIRED)
    assert not dead.value.meaning.retryable


def test_a_public_client_refreshes_without_a_secret(sandbox: RunningSandbox, owner: Account) -> None:
    adapter = provider("x", sandbox)
    adapter.config = replace(adapter.config, client_secret="")
    assert adapter.refresh(owner, now=work(owner).now).access_token


def test_a_reply_without_a_new_refresh_token_keeps_the_old_one(sandbox: RunningSandbox, owner: Account) -> None:
    sandbox.rule("x", "refresh", "error", status=200, body={"access_token": "fresh", "expires_in": 7200})
    fresh = provider("x", sandbox).refresh(owner, now=work(owner).now)
    assert (fresh.access_token, fresh.refresh_token) == ("fresh", owner.credentials.refresh_token)
    assert fresh.scopes == owner.credentials.scopes


@pytest.mark.parametrize("body", [{"error": "unauthorized_client"}, {"error": "invalid_client"}, {}])
def test_the_apps_own_bad_credentials_are_not_blamed_on_the_account(
    sandbox: RunningSandbox, owner: Account, body: dict[str, str]
) -> None:
    sandbox.rule("x", "refresh", "error", status=401, body=body)
    with pytest.raises(ProviderError) as refused:
        provider("x", sandbox).refresh(owner, now=work(owner).now)
    assert (refused.value.meaning.category, refused.value.meaning.source) == (Category.PERMISSION, "system")
