"""YouTube's adapter and its upload: pieces, broken ones, and a commit that ends in exactly one video."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import requests

from chat33.lib.http import NotSent, ReplyLost
from integrations.providers.base import Account, Provider, ProviderError, Step
from tests.media_bytes import mp4
from tests.providers.works import account as account_at
from tests.providers.works import media, provider, walk
from tests.providers.youtube_works import GRAIN, at_commit, clip, draft, forget_sessions, settle, stored
from tests.sandboxes import RunningSandbox


@pytest.fixture
def youtube(sandbox: RunningSandbox) -> Provider:
    return provider("youtube", sandbox)


@pytest.fixture
def account(sandbox: RunningSandbox) -> Account:
    return account_at("youtube", sandbox)


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
        session.send(cut.prepare(), timeout=60)

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


def test_an_expired_session_that_was_sent_to_before_is_read_and_not_uploaded_anew(
    sandbox: RunningSandbox, youtube: Provider, account: Account
) -> None:
    committed = at_commit(youtube, draft(account))
    verdict = youtube.reconcile(committed)
    forget_sessions(sandbox)

    done = youtube.advance(replace(committed, step=Step.PREPARE, state=verdict.state))

    assert (done.step, done.state) == (Step.COMMIT, verdict.state)


def test_the_search_reaches_back_to_the_first_intent(
    sandbox: RunningSandbox, youtube: Provider, account: Account
) -> None:
    committed = at_commit(youtube, draft(account))
    verdict = youtube.reconcile(committed)
    youtube.advance(committed)
    forget_sessions(sandbox)
    later = datetime.now(UTC) + timedelta(hours=1)

    found = youtube.reconcile(replace(committed, state=verdict.state, intent_at=later))

    assert (found.kind, found.external_id) == ("published", sandbox.posts()[0]["id"])
