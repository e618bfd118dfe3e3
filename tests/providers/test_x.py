"""X: the adapter against the sandbox, over HTTP."""

from dataclasses import replace
from typing import Any

import pytest
import requests

from chat33.lib.http import ReplyLost
from integrations.providers.base import Account, Category, ProviderError, Step
from tests.providers.journeys import GIF, JPEG, PNG, WEBP, Journey, image, left_open, video
from tests.providers.works import account, provider, work
from tests.sandboxes import RunningSandbox


@pytest.fixture
def owner(sandbox: RunningSandbox) -> Account:
    return account("x", sandbox)


def journey(sandbox: RunningSandbox, owner: Account, **more: Any) -> Journey:
    return Journey(provider("x", sandbox), work(owner, **more), sandbox)


# What a post can be


def test_a_text_is_posted_and_its_address_opens(sandbox: RunningSandbox, owner: Account) -> None:
    done = journey(sandbox, owner, text="Good morning").to_the_end()
    (post,) = sandbox.posts("x")
    assert (post["text"], post["id"]) == ("Good morning", done.external_id)
    assert done.external_url == f"{sandbox.url}/x/web/demo/status/{post['id']}"
    page = requests.get(str(done.external_url), timeout=60)
    assert page.status_code == 200
    assert page.url == post["url"]


@pytest.mark.parametrize(
    ("media_type", "bodies"),
    [
        ("image", [(JPEG, "image/jpeg")]),
        ("image", [(GIF, "image/gif")]),
        ("carousel", [(JPEG, "image/jpeg"), (PNG, "image/png"), (WEBP, "image/webp"), (JPEG + b"4", "image/jpeg")]),
    ],
)
def test_pictures_are_posted_in_order(
    sandbox: RunningSandbox, owner: Account, media_type: str, bodies: list[tuple[bytes, str]]
) -> None:
    files = tuple(image(body, kind) for body, kind in bodies)
    journey(sandbox, owner, text="", media=files, media_type=media_type).to_the_end()
    (post,) = sandbox.posts("x")
    assert [(sandbox.sandbox.files / name).read_bytes() for name in post["media"]] == [body for body, _ in bodies]


@pytest.mark.parametrize("media_type", ["video", "reel"])
def test_a_video_is_uploaded_in_segments_processed_and_posted(
    sandbox: RunningSandbox, owner: Account, media_type: str
) -> None:
    trip = journey(sandbox, owner, media=(video(8_500_000),), media_type=media_type)
    trip.to_the_end()
    (post,) = sandbox.posts("x")
    stored = sandbox.sandbox.files / post["media"][0]
    assert stored.read_bytes() == trip.work.media[0].read(0, 8_500_000)
    paths = [entry["path"].rsplit("/", 1)[1] for entry in sandbox.requests()]
    assert paths[:5] == ["initialize", "append", "append", "append", "finalize"]
    assert Step.POLL in [done.step for done in trip.taken]


def test_pictures_are_described(sandbox: RunningSandbox, owner: Account) -> None:
    files = (image(alt_text="A cat on a mat"), image(PNG, "image/png"), image(JPEG + b"3", alt_text="x" * 1200))
    journey(sandbox, owner, media=files, media_type="carousel").to_the_end()
    assert sandbox.posts("x")[0]["alt_texts"] == ["A cat on a mat", "", "x" * 1000]


def test_the_options_reach_x(sandbox: RunningSandbox, owner: Account) -> None:
    options = {
        "text": "Only here", "replySettings": "mentionedUsers", "madeWithAi": True, "paidPartnership": True,
    }  # fmt: skip
    journey(sandbox, owner, text="Everywhere", options=options).to_the_end()
    journey(sandbox, owner, text="Plain", options={"replySettings": "everyone", "madeWithAi": False}).to_the_end()
    chosen, plain = sandbox.posts("x")
    names = ("text", "reply_settings", "made_with_ai", "paid_partnership")
    assert [chosen[name] for name in names] == ["Only here", "mentionedUsers", True, True]
    assert [plain[name] for name in names] == ["Plain", "everyone", False, False]


def test_the_first_comment_is_a_reply_to_the_post(sandbox: RunningSandbox, owner: Account) -> None:
    trip = journey(sandbox, owner, text="Root", options={"firstComment": "More at example.com"})
    done = trip.to_the_end()
    (post,) = sandbox.posts("x")
    assert done.external_id == post["id"]
    assert [comment["text"] for comment in post["comments"]] == ["More at example.com"]
    assert trip.work.state["comment_id"] == post["comments"][0]["id"]


def test_each_step_is_logged_with_xs_own_trace(sandbox: RunningSandbox, owner: Account) -> None:
    trip = journey(sandbox, owner, media=(image(alt_text="A cat"),), media_type="image")
    trip.to_the_end()
    sent = [done for done in trip.taken if done.http_status]
    assert [done.http_status for done in sent] == [200, 200, 201]
    assert len({done.trace_id for done in sent} - {""}) == 3


def test_a_refused_first_comment_leaves_the_post_live(sandbox: RunningSandbox, owner: Account) -> None:
    trip = journey(sandbox, owner, text="Root", options={"firstComment": "More"})
    trip.until(Step.COMMENT)
    sandbox.rule("x", "comment", "error", status=403)
    with pytest.raises(ProviderError) as refused:
        trip.step()
    assert refused.value.code == "reply-refused"
    assert not refused.value.meaning.retryable
    assert "is live" in refused.value.meaning.sentence
    assert len(sandbox.posts("x")) == 1


def test_a_premium_account_writes_longer(sandbox: RunningSandbox, owner: Account) -> None:
    premium = account("x", sandbox, "premium", metadata={"premium": True})
    journey(sandbox, premium, text="a" * 2000).to_the_end()
    with pytest.raises(ProviderError) as long:
        journey(sandbox, owner, text="a" * 281).to_the_end()
    assert long.value.code == "text-too-long"
    assert long.value.meaning.category == Category.USER_CONTENT


# Interrupted uploads


@pytest.mark.parametrize("lost", range(5))
def test_an_upload_goes_on_after_any_lost_answer(sandbox: RunningSandbox, owner: Account, lost: int) -> None:
    """Each of initialize, three segments and finalize loses its answer once."""
    trip = journey(sandbox, owner, media=(video(8_500_000, b"y"),), media_type="video")
    for _ in range(lost):
        trip.step()
    sandbox.rule("x", "prepare", "drop_after")
    with pytest.raises(ReplyLost):
        trip.step()
    trip.to_the_end()
    (post,) = sandbox.posts("x")
    assert (sandbox.sandbox.files / post["media"][0]).stat().st_size == 8_500_000


def test_a_segment_x_failed_on_is_sent_again(sandbox: RunningSandbox, owner: Account) -> None:
    trip = journey(sandbox, owner, media=(video(),), media_type="video")
    trip.step()
    sandbox.rule("x", "prepare", "error", status=503)
    with pytest.raises(ProviderError) as failed:
        trip.step()
    assert failed.value.meaning.retryable
    assert not failed.value.ambiguous
    trip.to_the_end()
    assert len(sandbox.posts("x")) == 1


def test_files_x_has_dropped_are_uploaded_anew_before_the_post(sandbox: RunningSandbox, owner: Account) -> None:
    trip = journey(sandbox, owner, media=(image(),), media_type="image")
    trip.until(Step.COMMIT)
    trip.pass_time(86_400)
    fresh = sandbox.account("x")
    credentials = replace(owner.credentials, access_token=fresh["access_token"])
    trip.work = replace(trip.work, account=replace(owner, credentials=credentials))
    with pytest.raises(ProviderError) as dropped:
        trip.step()
    assert dropped.value.meaning.restart
    trip.work = replace(trip.work, step=Step.PREPARE, state={})
    trip.to_the_end()
    assert len(sandbox.posts("x")) == 1


def test_a_file_x_cannot_process_is_the_medias_fault(sandbox: RunningSandbox, owner: Account) -> None:
    nonsense = replace(video(), read=lambda at, length: b"?" * length)
    with pytest.raises(ProviderError) as failed:
        journey(sandbox, owner, media=(nonsense,), media_type="video").to_the_end()
    assert failed.value.meaning.category == Category.MEDIA
    assert failed.value.message == "InvalidMedia Unsupported video format"
    assert sandbox.posts("x") == []


def test_a_file_that_is_never_ready_is_given_up(sandbox: RunningSandbox, owner: Account) -> None:
    told = {"data": {"id": "1", "processing_info": {"state": "in_progress", "check_after_secs": 5}}}
    trip = journey(sandbox, owner, media=(video(),), media_type="video")
    trip.until(Step.POLL)
    sandbox.rule("x", "poll", "error", status=200, body=told, times=1000)
    with pytest.raises(ProviderError) as slow:
        trip.until(Step.COMMIT, limit=400)
    assert slow.value.meaning.restart


# Lost replies of the visible request


@pytest.mark.parametrize(
    ("mode", "kind", "visible"), [("error", "unknown", 0), ("hang", "unknown", 0), ("drop_after", "published", 1)]
)
@pytest.mark.parametrize(
    "text",
    [
        "Plain words",
        "Read https://example.com/a?b=1&copy=2 and example.org <now> & tell 😀 cafe\u0301",
        "Long " * 100,
    ],
)
def test_a_text_whose_answer_was_lost_is_looked_for_and_never_sent_again(
    sandbox: RunningSandbox, mode: str, kind: str, visible: int, text: str
) -> None:
    premium = account("x", sandbox, "premium", metadata={"premium": True})
    trip = journey(sandbox, premium, text=text)
    trip.until(Step.COMMIT)
    sandbox.rule("x", "commit", mode, seconds=0.2)
    with pytest.raises((ProviderError, ReplyLost)) as lost:
        trip.step()
    assert left_open(lost.value)
    verdicts = [trip.reconcile() for _ in range(2)]
    assert {verdict.kind for verdict in verdicts} == {kind}
    assert len(sandbox.posts("x")) == visible
    if visible:
        trip.until(Step.DONE)
        assert verdicts[0].external_id == sandbox.posts("x")[0]["id"]
        assert verdicts[0].external_url == f"{sandbox.url}/x/web/premium/status/{verdicts[0].external_id}"


def test_a_post_found_again_still_gets_its_first_comment(sandbox: RunningSandbox, owner: Account) -> None:
    trip = journey(sandbox, owner, text="Root", options={"firstComment": "More"})
    trip.until(Step.COMMIT)
    sandbox.rule("x", "commit", "drop_after")
    with pytest.raises(ReplyLost):
        trip.step()
    assert trip.reconcile().kind == "published"
    trip.to_the_end()
    (post,) = sandbox.posts("x")
    assert [comment["text"] for comment in post["comments"]] == ["More"]


def test_a_picture_post_is_known_by_its_own_files(sandbox: RunningSandbox, owner: Account) -> None:
    """Two posts of the same text within the minute: the one with our upload is ours."""
    journey(sandbox, owner, text="Same", media=(image(JPEG + b"1"),), media_type="image").to_the_end()
    trip = journey(sandbox, owner, text="Same", media=(image(JPEG + b"2"),), media_type="image")
    trip.until(Step.COMMIT)
    sandbox.rule("x", "commit", "error", status=502)
    with pytest.raises(ProviderError):
        trip.step()
    assert trip.reconcile().kind == "unknown"
    trip.step()
    assert trip.reconcile().external_id == sandbox.posts("x")[1]["id"]


def test_an_older_post_of_the_same_text_proves_nothing(sandbox: RunningSandbox, owner: Account) -> None:
    journey(sandbox, owner, text="Every day").to_the_end()
    trip = journey(sandbox, owner, text="Every day")
    trip.pass_time(3600)
    trip.until(Step.COMMIT)
    sandbox.rule("x", "commit", "hang", seconds=0.2)
    with pytest.raises(ReplyLost):
        trip.step()
    assert trip.reconcile().kind == "unknown"


def test_the_timeline_is_read_under_the_newer_name_of_its_fields_too(sandbox: RunningSandbox, owner: Account) -> None:
    trip = journey(sandbox, owner, text="See example.com")
    trip.until(Step.COMMIT)
    sandbox.rule("x", "commit", "drop_after")
    with pytest.raises(ReplyLost):
        trip.step()
    sandbox.rule("x", "confirm", "error", status=400)
    assert trip.reconcile().kind == "published"
