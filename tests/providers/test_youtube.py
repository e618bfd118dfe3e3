"""YouTube's adapter against the sandbox, over HTTP: what it publishes, and what becomes of it there."""

from dataclasses import replace

import pytest
import requests

from integrations.providers.base import Account, Category, Provider, ProviderError, Step
from integrations.providers.youtube import POLLS
from integrations.providers.youtube_errors import REJECTIONS
from tests.media_bytes import JPEG, PNG, mp4
from tests.providers.works import account as account_at
from tests.providers.works import media, provider, walk
from tests.providers.youtube_works import draft, publish, seen, stored
from tests.sandboxes import RunningSandbox


@pytest.fixture
def youtube(sandbox: RunningSandbox) -> Provider:
    return provider("youtube", sandbox)


@pytest.fixture
def account(sandbox: RunningSandbox) -> Account:
    return account_at("youtube", sandbox)


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
    assert requests.get(live.external_url or "", timeout=60).status_code == 200
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
    assert requests.get(f"{sandbox.url}/files/{post['cover']}", timeout=60).content == body


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
