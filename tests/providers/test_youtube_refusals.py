"""YouTube's adapter and what it says of refusals and tokens."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from integrations.providers.base import Account, Category, Provider, ProviderError
from integrations.providers.youtube_errors import FAILURES, REASONS, REJECTIONS, until_quota_day
from tests.providers.works import account as account_at
from tests.providers.works import provider, walk
from tests.providers.youtube_works import GRAIN, at_commit, draft
from tests.sandboxes import RunningSandbox


@pytest.fixture
def youtube(sandbox: RunningSandbox) -> Provider:
    return provider("youtube", sandbox)


@pytest.fixture
def account(sandbox: RunningSandbox) -> Account:
    return account_at("youtube", sandbox)


# Refusals


@pytest.mark.parametrize("step", ["prepare", "commit"])
@pytest.mark.parametrize(
    ("status", "reason", "category", "retryable"),
    [
        (400, "invalidTitle", Category.USER_CONTENT, False),
        (400, "invalidTags", Category.USER_CONTENT, False),
        (400, "mediaBodyRequired", Category.MEDIA, False),
        (400, "uploadLimitExceeded", Category.QUOTA, True),
        (403, "quotaExceeded", Category.QUOTA, True),
        (403, "rateLimitExceeded", Category.RATE_LIMIT, True),
        (429, "rateLimitExceeded", Category.RATE_LIMIT, True),
        (401, "authError", Category.AUTH_EXPIRED, True),
        (401, "youtubeSignupRequired", Category.ACCOUNT, False),
        (403, "insufficientPermissions", Category.PERMISSION, False),
        (403, "forbidden", Category.PERMISSION, False),
        (403, "channelSuspended", Category.ACCOUNT, False),
        (503, "backendError", Category.PLATFORM, True),
        (400, "neverHeardOf", Category.USER_CONTENT, False),
        (418, "neverHeardOf", Category.UNKNOWN, False),
        (502, "neverHeardOf", Category.PLATFORM, True),
    ],
)
def test_a_refusal_is_classified(
    sandbox: RunningSandbox, youtube: Provider, account: Account,
    step: str, status: int, reason: str, category: Category, retryable: bool,
) -> None:  # fmt: skip
    reached = draft(account) if step == "prepare" else at_commit(youtube, draft(account))
    body = {"error": {"code": status, "message": "No.", "errors": [{"reason": reason, "domain": "global"}]}}
    sandbox.rule("youtube", step, "error", status=status, body=body)

    with pytest.raises(ProviderError) as caught:
        youtube.advance(reached)

    error = caught.value
    assert (error.meaning.category, error.meaning.retryable) == (category, retryable)
    assert (error.code, error.message, error.http_status) == (reason, "No.", status)
    assert error.ambiguous == (step == "commit" and status >= 500)
    assert error.meaning.refresh == (reason == "authError")
    assert (error.meaning.hold is not None) == (category in (Category.QUOTA, Category.RATE_LIMIT))


def test_every_reason_has_a_sentence_for_a_person() -> None:
    for table in (REASONS, FAILURES, REJECTIONS):
        for code, meaning in table.items():
            assert meaning.sentence.endswith("."), code
            assert (code.isalpha() and code.islower()) or code not in meaning.sentence, code


def test_a_wait_that_youtube_names_is_kept_and_the_days_quota_waits_for_midnight_pacific(
    sandbox: RunningSandbox, youtube: Provider, account: Account
) -> None:
    sandbox.rule("youtube", "prepare", "error", status=403, body={"error": {"errors": [{"reason": "quotaExceeded"}]}})
    with pytest.raises(ProviderError) as caught:
        youtube.advance(draft(account))

    assert 0 < (caught.value.retry_after or 0) <= 25 * 3600
    assert until_quota_day(datetime(2026, 11, 21, 7, 59, tzinfo=UTC)) == 60  # 23:59 in Los Angeles, winter
    assert until_quota_day(datetime(2026, 7, 1, 7, 0, tzinfo=UTC)) == 86_400  # midnight there, summer
    assert until_quota_day(datetime(2026, 11, 1, 7, 0, tzinfo=UTC)) == 90_000  # a day of 25 hours


def test_errors_and_notes_hold_neither_token_nor_session(
    sandbox: RunningSandbox, youtube: Provider, account: Account
) -> None:
    committed = at_commit(youtube, draft(account))
    sandbox.rule("youtube", "commit", "error")
    with pytest.raises(ProviderError) as caught:
        youtube.advance(committed)
    verdict = youtube.reconcile(committed)

    said = f"{caught.value} {caught.value.__dict__} {verdict.note} {committed.account!r}"
    assert account.credentials.access_token not in said
    assert committed.state["session"].split("upload_id=")[1] not in said


# Tokens


def test_an_expired_token_is_renewed_and_the_upload_goes_on_in_its_session(
    sandbox: RunningSandbox, youtube: Provider, account: Account
) -> None:
    committed = at_commit(youtube, draft(account, size=3 * GRAIN))
    sandbox.advance_clock(3601)
    with pytest.raises(ProviderError) as caught:
        youtube.advance(committed)
    assert caught.value.meaning.refresh

    now = datetime.now(UTC)
    fresh = youtube.refresh(account, now=now)
    walk(youtube, replace(committed, account=replace(account, credentials=fresh)))

    assert fresh.access_token != account.credentials.access_token
    assert fresh.refresh_token == account.credentials.refresh_token
    assert fresh.expires_at == now + timedelta(seconds=3600)
    assert set(fresh.scopes) == set(account.credentials.scopes)
    assert len(sandbox.posts()) == 1


def test_a_new_refresh_token_replaces_the_old_one(sandbox: RunningSandbox, youtube: Provider, account: Account) -> None:
    body = {"access_token": "a2", "refresh_token": "r2", "expires_in": 100, "refresh_token_expires_in": 604_800}
    sandbox.rule("youtube", "refresh", "error", status=200, body=body)
    now = datetime.now(UTC)

    fresh = youtube.refresh(account, now=now)

    assert (fresh.access_token, fresh.refresh_token) == ("a2", "r2")
    assert fresh.refresh_expires_at == now + timedelta(days=7)
    assert fresh.scopes == account.credentials.scopes


def test_a_withdrawn_sign_in_asks_for_a_new_one(sandbox: RunningSandbox, youtube: Provider, account: Account) -> None:
    gone = replace(account, credentials=replace(account.credentials, refresh_token="gone"))
    with pytest.raises(ProviderError) as caught:
        youtube.refresh(gone, now=datetime.now(UTC))

    assert (caught.value.code, caught.value.meaning.category) == ("invalid_grant", Category.AUTH_EXPIRED)
    assert not caught.value.meaning.retryable


def test_trouble_at_the_token_endpoint_is_no_reason_to_reconnect(
    sandbox: RunningSandbox, youtube: Provider, account: Account
) -> None:
    sandbox.rule("youtube", "refresh", "error", status=503)
    with pytest.raises(ProviderError) as caught:
        youtube.refresh(account, now=datetime.now(UTC))

    assert (caught.value.meaning.category, caught.value.meaning.retryable) == (Category.PLATFORM, True)
