"""YouTube's adapter against the sandbox, over HTTP: what it publishes, what it survives, what it says of refusals."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from chat33.lib.http import NotSent, ReplyLost
from integrations.providers.base import Account, Category, MediaFile, Next, Provider, ProviderError, Step, Work
from integrations.providers.rules import Draft, MediaFacts
from integrations.providers.youtube import POLLS, YouTube
from integrations.providers.youtube_errors import FAILURES, REASONS, REJECTIONS, until_quota_day
from tests.media_bytes import JPEG, PNG, mp4
from tests.providers.works import account as account_at
from tests.providers.works import media, provider, walk, work
from tests.sandboxes import RunningSandbox

GRAIN = 262_144


@pytest.fixture
def youtube(sandbox: RunningSandbox) -> Provider:
    return provider("youtube", sandbox)


@pytest.fixture
def account(sandbox: RunningSandbox) -> Account:
    return account_at("youtube", sandbox)


def clip(size: int = 1000) -> MediaFile:
    return media("http://files.test/clip.mp4", mp4(size), kind="video", content_type="video/mp4")


def draft(account: Account, *, size: int = 1000, text: str = "Autumn\nLeaves fall", **more: Any) -> Work:
    return work(account, text=text, media=(clip(size),), **{"media_type": "video", **more})


def stored(sandbox: RunningSandbox, post: dict[str, Any]) -> bytes:
    return requests.get(f"{sandbox.url}/files/{post['media'][0]}", timeout=5).content


def seen(sandbox: RunningSandbox, account: Account, video_id: str) -> dict[str, Any]:
    reply = requests.get(
        f"{sandbox.url}/youtube/www/youtube/v3/videos",
        params={"id": video_id, "part": "snippet,status"},
        headers={"Authorization": f"Bearer {account.credentials.access_token}"},
        timeout=5,
    )
    return dict(reply.json()["items"][0])


def at_commit(youtube: Provider, started: Work) -> Work:
    """The work as it is stored when its commit is about to be made."""
    reached, _ = walk(youtube, started, until=Step.COMMIT)
    return replace(reached, intent_at=datetime.now(UTC))


def settle(youtube: Provider, committed: Work) -> Work:
    """Reconcile as the engine does, until the network has told; the work as it goes on."""
    for reads in range(5):
        verdict = youtube.reconcile(replace(committed, reads=reads))
        if verdict.kind != "unknown":
            return replace(committed, step=verdict.step, state=verdict.state)
    raise AssertionError("still unknown")


def publish(sandbox: RunningSandbox, youtube: Provider, started: Work) -> tuple[Work, list[Next]]:
    """All the way, with the time that processing takes."""
    confirming, first = walk(youtube, started, until=Step.CONFIRM)
    sandbox.advance_clock(2)
    done, rest = walk(youtube, confirming)
    return done, first + rest


# What is published


@pytest.mark.parametrize("media_type", ["video", "reel"])
def test_a_video_is_public_under_the_address_that_is_reported(
    sandbox: RunningSandbox, youtube: Provider, account: Account, media_type: str
) -> None:
    _, taken = publish(sandbox, youtube, draft(account, media_type=media_type))

    [post] = sandbox.posts("youtube")
    [live] = [step for step in taken if step.external_id]
    assert (live.external_id, live.external_url) == (post["id"], post["url"])
    assert (post["title"], post["text"], post["privacy"]) == ("Autumn", "Autumn\nLeaves fall", "public")
    assert stored(sandbox, post) == mp4(1000)
    assert requests.get(live.external_url or "", timeout=5).status_code == 200
    assert taken[-1].note == "YouTube has processed the video."


def test_every_option_reaches_the_network(sandbox: RunningSandbox, youtube: Provider, account: Account) -> None:
    options = {
        "text": "Only here",
        "title": "Named",
        "privacy": "unlisted",
        "tags": ["one", "two words"],
        "categoryId": "27",
        "madeForKids": True,
        "containsSyntheticMedia": True,
    }
    publish(sandbox, youtube, draft(account, options=options))

    [post] = sandbox.posts()
    video = seen(sandbox, account, post["id"])
    snippet, status = video["snippet"], video["status"]
    assert (snippet["title"], snippet["description"], snippet["tags"]) == ("Named", "Only here", ["one", "two words"])
    assert (snippet["categoryId"], status["privacyStatus"]) == ("27", "unlisted")
    assert (status["selfDeclaredMadeForKids"], status["containsSyntheticMedia"]) == (True, True)


def test_a_time_to_go_public_is_sent_in_utc_with_a_private_video(
    sandbox: RunningSandbox, youtube: Provider, account: Account
) -> None:
    publish(sandbox, youtube, draft(account, options={"publishAt": "2040-01-31T09:00:00+02:00"}))

    status = seen(sandbox, account, sandbox.posts()[0]["id"])["status"]
    assert (status["privacyStatus"], status["publishAt"]) == ("private", "2040-01-31T07:00:00Z")


def test_a_long_first_line_is_cut_for_the_title(sandbox: RunningSandbox, youtube: Provider, account: Account) -> None:
    publish(sandbox, youtube, draft(account, text="\n  " + "ä" * 130 + "\nmore"))

    assert sandbox.posts()[0]["title"] == "ä" * 100


@pytest.mark.parametrize(("body", "content_type"), [(JPEG, "image/jpeg"), (PNG, "image/png")])
def test_a_cover_is_set(
    sandbox: RunningSandbox, youtube: Provider, account: Account, body: bytes, content_type: str
) -> None:
    publish(sandbox, youtube, draft(account, cover=media("http://files.test/c", body, content_type=content_type)))

    [post] = sandbox.posts()
    assert requests.get(f"{sandbox.url}/files/{post['cover']}", timeout=5).content == body


@pytest.mark.parametrize("mode", ["error", "hang", "drop_after"])
def test_a_cover_that_fails_does_not_fail_the_post(
    sandbox: RunningSandbox, youtube: Provider, account: Account, mode: str
) -> None:
    started = draft(account, cover=media("http://files.test/c", JPEG))
    reached, _ = walk(youtube, started, until=Step.CONFIRM)
    sandbox.rule("youtube", "confirm", mode, status=403, seconds=0.2)

    done, taken = walk(youtube, reached)

    assert done.step == Step.DONE
    assert "cover was" in taken[0].note
    assert len(sandbox.posts()) == 1


def test_the_first_comment_follows_the_processed_video(
    sandbox: RunningSandbox, youtube: Provider, account: Account
) -> None:
    publish(sandbox, youtube, draft(account, options={"firstComment": "Link below"}))

    assert [comment["text"] for comment in sandbox.posts()[0]["comments"]] == ["Link below"]
    assert [request["step"] for request in sandbox.requests()][-2:] == ["confirm", "comment"]


def test_a_refused_comment_says_why(sandbox: RunningSandbox, youtube: Provider, account: Account) -> None:
    options = {"firstComment": "Hello", "madeForKids": True}
    with pytest.raises(ProviderError) as caught:
        publish(sandbox, youtube, draft(account, options=options))

    assert caught.value.code == "commentsDisabled"
    assert not caught.value.ambiguous


def test_a_video_that_youtube_locks_as_private_is_told(sandbox: RunningSandbox, youtube: Provider) -> None:
    account = account_at("youtube", sandbox, "new-app", metadata={"unaudited": True})
    _, taken = publish(sandbox, youtube, draft(account))

    assert "private instead of public" in taken[-1].note


# The upload


def test_a_large_file_goes_in_growing_pieces_and_the_commit_is_the_last_and_small_one(
    sandbox: RunningSandbox, youtube: Provider, account: Account
) -> None:
    size = 9 * 1024 * 1024 + 17
    lengths: list[int] = []
    body = mp4(size)

    def read(at: int, length: int) -> bytes:
        lengths.append(length)
        return body[at : at + length]

    started = draft(account)
    started = replace(started, media=(replace(clip(size), read=read),))
    walk(youtube, started)

    assert stored(sandbox, sandbox.posts()[0]) == body
    assert sum(lengths) == size
    assert lengths[1] > lengths[0]
    assert all(length % GRAIN == 0 and length <= 8 * 1024 * 1024 for length in lengths[:-1])
    assert lengths[-1] < 2 * GRAIN
    commits = [request for request in sandbox.requests() if request["step"] == "commit"]
    assert len(commits) == 1


@pytest.mark.parametrize("size", [1, GRAIN - 1, GRAIN, GRAIN + 1, 2 * GRAIN - 1, 2 * GRAIN, 2 * GRAIN + 1, 3 * GRAIN])
def test_sizes_around_a_grain_arrive_whole(
    sandbox: RunningSandbox, youtube: Provider, account: Account, size: int
) -> None:
    body = mp4(max(size, 64))[:size]
    started = replace(draft(account), media=(media("u", body, kind="video", content_type="video/mp4"),))
    committed = at_commit(youtube, started)
    done = youtube.advance(committed)

    assert done.external_id
    kept = sandbox.sandbox.store.get("youtube_video", done.external_id or "") or {}
    assert (sandbox.sandbox.files / kept["file"]).read_bytes() == body


@pytest.mark.parametrize("mode", ["hang", "drop_after"])
def test_a_piece_that_broke_is_no_failure_and_no_byte_is_lost_or_doubled(
    sandbox: RunningSandbox, youtube: Provider, account: Account, mode: str
) -> None:
    size = 5 * 1024 * 1024
    started = draft(account, size=size)
    opened = youtube.advance(started)
    sandbox.rule("youtube", "prepare", mode, seconds=0.2)

    done, taken = walk(youtube, replace(started, step=opened.step, state=opened.state))

    assert done.step == Step.DONE
    assert "broke" in taken[0].note
    assert stored(sandbox, sandbox.posts()[0]) == mp4(size)


def test_half_a_piece_is_progress(sandbox: RunningSandbox, youtube: Provider, account: Account) -> None:
    body, starts = mp4(4 * GRAIN), []

    def read(at: int, length: int) -> bytes:
        starts.append(at)
        return body[at : at + length]

    started = replace(draft(account), media=(replace(clip(len(body)), read=read),))
    opened = youtube.advance(started)
    cut = requests.Request(
        "PUT",
        opened.state["session"],
        data=body[: GRAIN + 1000],
        headers={
            "Authorization": f"Bearer {account.credentials.access_token}",
            "Content-Range": f"bytes 0-{2 * GRAIN - 1}/{len(body)}",
        },
    )
    with requests.Session() as session:
        session.send(cut.prepare(), timeout=5)

    sent = youtube.advance(replace(started, step=opened.step, state=opened.state))

    assert (starts, sent.state["offset"]) == ([GRAIN], 3 * GRAIN)
    walk(youtube, replace(started, step=sent.step, state=sent.state))
    assert stored(sandbox, sandbox.posts()[0]) == body


def test_a_step_that_is_done_again_after_a_crash_changes_nothing(
    sandbox: RunningSandbox, youtube: Provider, account: Account
) -> None:
    started = draft(account, size=6 * 1024 * 1024)
    opened = youtube.advance(started)
    sending = replace(started, step=opened.step, state=opened.state)
    youtube.advance(sending)  # and the worker dies before it stores the result
    walk(youtube, sending)

    assert [stored(sandbox, post) for post in sandbox.posts()] == [mp4(6 * 1024 * 1024)]


def test_an_upload_that_gets_nowhere_gives_up(sandbox: RunningSandbox, youtube: Provider, account: Account) -> None:
    started = draft(account, size=4 * GRAIN)
    opened = youtube.advance(started)
    sandbox.rule("youtube", "prepare", "hang", times=99, seconds=0.02)

    with pytest.raises(ReplyLost):
        walk(youtube, replace(started, step=opened.step, state=opened.state), limit=10)


def test_a_session_that_expired_before_the_last_piece_starts_over(
    sandbox: RunningSandbox, youtube: Provider, account: Account
) -> None:
    committed = at_commit(youtube, draft(account, size=3 * GRAIN))
    sandbox.advance_clock(8 * 86_400)
    committed = replace(committed, account=account_at("youtube", sandbox))

    done = youtube.advance(committed)

    assert (done.step, done.state) == (Step.PREPARE, {})
    walk(youtube, replace(committed, step=done.step, state=done.state))
    assert len(sandbox.posts()) == 1


def test_an_answer_without_a_session_address_is_tried_again(
    sandbox: RunningSandbox, youtube: Provider, account: Account
) -> None:
    sandbox.rule("youtube", "prepare", "error", status=200, body={})
    with pytest.raises(ProviderError) as caught:
        youtube.advance(draft(account))

    assert caught.value.meaning.retryable


# The commit


@pytest.mark.parametrize("mode", ["error", "drop_after", "hang"])
@pytest.mark.parametrize("size", [1000, 3 * GRAIN + 5])
def test_a_commit_without_a_clear_answer_ends_in_exactly_one_video(
    sandbox: RunningSandbox, youtube: Provider, account: Account, mode: str, size: int
) -> None:
    committed = at_commit(youtube, draft(account, size=size))
    sandbox.rule("youtube", "commit", mode, seconds=0.2)
    with pytest.raises((ProviderError, ReplyLost)) as caught:
        youtube.advance(committed)
    assert not isinstance(caught.value, ProviderError) or caught.value.ambiguous

    settled = settle(youtube, committed)

    assert settled.step == (Step.CONFIRM if mode == "drop_after" else Step.COMMIT)
    walk(youtube, settled)
    [post] = sandbox.posts()
    assert stored(sandbox, post) == mp4(size)


def test_a_proof_read_sends_nothing(sandbox: RunningSandbox, youtube: Provider, account: Account) -> None:
    committed = at_commit(youtube, draft(account, size=3 * GRAIN))
    before = len(sandbox.requests())
    for _ in range(3):
        assert youtube.reconcile(committed).kind == "absent"

    assert {request["step"] for request in sandbox.requests()[before:]} == {"confirm"}
    assert sandbox.posts() == []


def test_a_commit_called_twice_makes_one_video(sandbox: RunningSandbox, youtube: Provider, account: Account) -> None:
    committed = at_commit(youtube, draft(account))

    first, second = youtube.advance(committed), youtube.advance(committed)

    assert first.external_id == second.external_id
    assert len(sandbox.posts()) == 1


def test_an_expired_session_with_a_lost_answer_is_settled_by_the_channels_uploads(
    sandbox: RunningSandbox, youtube: Provider, account: Account
) -> None:
    committed = at_commit(youtube, draft(account))
    sandbox.rule("youtube", "commit", "drop_after")
    with pytest.raises(ReplyLost):
        youtube.advance(committed)
    forget_sessions(sandbox)

    verdict = youtube.reconcile(committed)

    [post] = sandbox.posts()
    assert (verdict.kind, verdict.external_id, verdict.external_url) == ("published", post["id"], post["url"])


def test_an_expired_session_without_a_matching_upload_stays_unknown(
    sandbox: RunningSandbox, youtube: Provider, account: Account
) -> None:
    committed = at_commit(youtube, draft(account))
    walk(youtube, draft(account, text="Another one"))
    forget_sessions(sandbox)

    assert youtube.reconcile(committed).kind == "unknown"


def test_two_uploads_that_could_be_it_stay_unknown(
    sandbox: RunningSandbox, youtube: Provider, account: Account
) -> None:
    committed = at_commit(youtube, draft(account))
    walk(youtube, draft(account))
    walk(youtube, draft(account))
    forget_sessions(sandbox)

    assert youtube.reconcile(committed).kind == "unknown"


def test_an_upload_from_before_the_intent_proves_nothing(
    sandbox: RunningSandbox, youtube: Provider, account: Account
) -> None:
    walk(youtube, draft(account))
    committed = at_commit(youtube, draft(account))
    forget_sessions(sandbox)

    assert youtube.reconcile(replace(committed, intent_at=datetime.now(UTC) + timedelta(hours=1))).kind == "unknown"


def test_after_a_lost_answer_an_expired_session_is_never_started_over(
    sandbox: RunningSandbox, youtube: Provider, account: Account
) -> None:
    committed = at_commit(youtube, draft(account))
    verdict = youtube.reconcile(committed)
    forget_sessions(sandbox)

    with pytest.raises(ProviderError) as caught:
        youtube.advance(replace(committed, step=verdict.step, state=verdict.state))

    assert caught.value.ambiguous


def test_a_session_that_does_not_answer_before_the_commit_means_that_nothing_was_sent(
    sandbox: RunningSandbox, youtube: Provider, account: Account
) -> None:
    committed = at_commit(youtube, draft(account))
    sandbox.rule("youtube", "confirm", "hang", seconds=0.2)

    with pytest.raises(NotSent):
        youtube.advance(committed)
    assert sandbox.posts() == []


@pytest.mark.parametrize("status", [500, 503])
def test_a_proof_read_that_youtube_cannot_answer_is_unknown(
    sandbox: RunningSandbox, youtube: Provider, account: Account, status: int
) -> None:
    committed = at_commit(youtube, draft(account))
    sandbox.rule("youtube", "confirm", "error", status=status)

    verdict = youtube.reconcile(committed)

    assert (verdict.kind, verdict.http_status) == ("unknown", status)


def forget_sessions(sandbox: RunningSandbox) -> None:
    for session in list(sandbox.sandbox.store.find("youtube_upload")):
        sandbox.sandbox.store.drop("youtube_upload", session["id"])


# Processing


def test_a_file_that_is_no_video_fails_with_what_to_do(
    sandbox: RunningSandbox, youtube: Provider, account: Account
) -> None:
    fake = media("u", b"x" * 1000, kind="video", content_type="video/mp4")
    with pytest.raises(ProviderError) as caught:
        publish(sandbox, youtube, replace(draft(account), media=(fake,)))

    assert caught.value.meaning.category == Category.MEDIA
    assert "MP4" in caught.value.meaning.sentence
    assert sandbox.posts() == []


@pytest.mark.parametrize("reason", sorted(REJECTIONS))
def test_a_rejected_video_fails_with_its_reason(
    sandbox: RunningSandbox, youtube: Provider, account: Account, reason: str
) -> None:
    confirming, _ = walk(youtube, draft(account), until=Step.CONFIRM)
    status = {"uploadStatus": "rejected", "rejectionReason": reason}
    sandbox.rule("youtube", "confirm", "error", status=200, body={"items": [{"status": status}]})

    with pytest.raises(ProviderError) as caught:
        youtube.advance(confirming)

    assert (caught.value.code, caught.value.meaning) == (reason, REJECTIONS[reason])


def test_looks_at_the_processing_grow_apart_and_end_without_failing_the_post(
    sandbox: RunningSandbox, youtube: Provider, account: Account
) -> None:
    busy = {"items": [{"status": {"uploadStatus": "uploaded"}}]}
    confirming, taken = walk(youtube, draft(account), until=Step.CONFIRM)
    sandbox.rule("youtube", "confirm", "error", times=99, status=200, body=busy)

    done, looks = walk(youtube, confirming)

    waits = [taken[-1].after, *(look.after for look in looks[:-1])]
    assert waits == sorted(waits)
    assert (waits[0], sum(waits)) == (1, 900)
    assert (done.step, len(looks)) == (Step.DONE, len(POLLS))


@pytest.mark.parametrize("mode", ["error", "hang", "drop_after"])
def test_a_look_that_fails_does_not_fail_the_post(
    sandbox: RunningSandbox, youtube: Provider, account: Account, mode: str
) -> None:
    confirming, _ = walk(youtube, draft(account), until=Step.CONFIRM)
    sandbox.rule("youtube", "confirm", mode, times=2, seconds=0.1)

    done, _ = walk(youtube, confirming)

    assert done.step == Step.DONE


def test_a_channel_that_may_not_be_read_is_published_all_the_same(
    sandbox: RunningSandbox, youtube: Provider, account: Account
) -> None:
    confirming, _ = walk(youtube, draft(account), until=Step.CONFIRM)
    body = {"error": {"code": 403, "errors": [{"reason": "insufficientPermissions"}]}}
    sandbox.rule("youtube", "confirm", "error", status=403, body=body)

    done = youtube.advance(confirming)

    assert done.step == Step.DONE
    assert "could not be followed" in done.note


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


# Rules


def video_facts(**more: Any) -> MediaFacts:
    facts = {"kind": "video", "content_type": "video/mp4", "size": 10**6, "width": 1920, "height": 1080, "duration": 60}
    return MediaFacts(url="u", checked=True, **{**facts, **more})


def issues(text: str = "Hello", *, media_type: str | None = "video", **more: Any) -> set[tuple[str, str]]:
    given: dict[str, Any] = {"media": (video_facts(),), **more}
    found = YouTube.check(Draft(text=text, media_type=media_type, **given))
    return {(issue.code, issue.severity) for issue in found}


def test_a_sound_draft_has_no_issue() -> None:
    assert issues() == set()
    assert issues(options={"title": "T", "tags": ["a"], "publishAt": "2040-01-01T00:00:00Z", "text": "x"}) == set()
    assert issues(media_type="reel", media=(video_facts(width=1080, height=1920),)) == set()


@pytest.mark.parametrize(
    ("draft", "found"),
    [
        ({"text": "a < b"}, ("TEXT_FORBIDDEN", "error")),
        ({"text": "é" * 2501}, ("TEXT_TOO_LONG", "error")),
        ({"text": "fine", "options": {"text": "é" * 2501}}, ("TEXT_TOO_LONG", "error")),
        ({"text": ""}, ("TITLE_REQUIRED", "error")),
        ({"media": (), "media_type": None}, ("MEDIA_REQUIRED", "error")),
        ({"media_type": "carousel"}, ("MEDIA_TYPE", "error")),
        ({"media_type": "image"}, ("MEDIA_TYPE", "error")),
        ({"media": (video_facts(), video_facts())}, ("MEDIA_COUNT", "error")),
        ({"media": (video_facts(kind="image", content_type="image/png"),)}, ("MEDIA_KIND", "error")),
        ({"media_type": "reel"}, ("MEDIA_RATIO", "error")),
        (
            {"media_type": "reel", "media": (video_facts(width=9, height=16, duration=181),)},
            ("MEDIA_DURATION", "error"),
        ),
        ({"media": (video_facts(duration=901),)}, ("MEDIA_DURATION", "warning")),
        ({"media": (video_facts(width=9, height=16),)}, ("MEDIA_SHORT", "warning")),
        ({"options": {"title": "x" * 101}}, ("OPTION_INVALID", "error")),
        ({"options": {"title": "a>b"}}, ("TEXT_FORBIDDEN", "error")),
        ({"options": {"privacy": "friends"}}, ("OPTION_INVALID", "error")),
        ({"options": {"tags": ["a b"] * 83 + ["abc"]}}, ("TAGS_TOO_LONG", "error")),
        ({"options": {"tags": "one,two"}}, ("OPTION_INVALID", "error")),
        ({"options": {"publishAt": "2040-01-01T00:00:00"}}, ("OPTION_INVALID", "error")),
        ({"options": {"publishAt": "2040-01-01T00:00:00Z", "privacy": "unlisted"}}, ("OPTION_CONFLICT", "error")),
        ({"options": {"privacy": "private", "firstComment": "x"}}, ("COMMENT_IGNORED", "warning")),
        ({"options": {"madeForKids": True, "firstComment": "x"}}, ("COMMENT_IGNORED", "warning")),
        ({"options": {"colour": "red"}}, ("OPTION_UNKNOWN", "warning")),
    ],
)
def test_a_draft_against_the_rules(draft: dict[str, Any], found: tuple[str, str]) -> None:
    assert issues(**draft) == {found}


def test_an_override_makes_a_text_that_is_too_long_elsewhere_fine_here() -> None:
    assert issues("é" * 2501, options={"text": "short"}) == set()


def test_tags_are_counted_as_youtube_counts_them() -> None:
    assert issues(options={"tags": ["a b"] * 83 + ["ab"]}) == set()  # 83 * (3 + 2) + 2 + 83 commas = 500
