"""TikTok: the adapter against the sandbox, over HTTP."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
import requests

from chat33.lib.http import ReplyLost
from integrations.providers.base import Account, Category, ProviderError, Step
from integrations.providers.tiktok_upload import chunk_count, chunk_range, chunk_size, chunks_there
from tests.providers.journeys import JPEG, PNG, WEBP, Journey, image, left_open, served, video
from tests.providers.works import account, provider, work
from tests.sandboxes import RunningSandbox

TWO_CHUNKS = 11_000_123


@pytest.fixture
def creator(sandbox: RunningSandbox) -> Account:
    return account("tiktok", sandbox)


def journey(sandbox: RunningSandbox, creator: Account, **more: Any) -> Journey:
    given = {"media": (video(),), "media_type": "video", **more}
    return Journey(provider("tiktok", sandbox), work(creator, **given), sandbox)


def photos(sandbox: RunningSandbox, *bodies: bytes) -> tuple[Any, ...]:
    return tuple(image(body, url=served(sandbox, body)) for body in bodies)


# Chunks


def test_the_documented_example_makes_five_chunks_and_the_last_takes_the_rest() -> None:
    assert chunk_count(50_000_123, 10_000_000) == 5
    assert chunk_range(50_000_123, 10_000_000, 0) == (0, 9_999_999)
    assert chunk_range(50_000_123, 10_000_000, 4) == (40_000_000, 50_000_122)


@pytest.mark.parametrize("size", [1, 4_194_304, 5_000_000, 5_300_000, 10_599_999, 10_600_000, 100_000_000, 4 * 10**9])
def test_every_file_is_cut_as_tiktok_asks(size: int) -> None:
    chunk = chunk_size(size)
    count = chunk_count(size, chunk)
    assert count == size // chunk
    assert 1 <= count <= 1000
    assert chunk == size or 5 * 2**20 <= chunk <= 64 * 10**6
    ranges = [chunk_range(size, chunk, index) for index in range(count)]
    assert ranges[0][0] == 0
    assert ranges[-1][1] == size - 1
    assert all(after[0] == before[1] + 1 for before, after in pairwise(ranges))
    assert ranges[-1][1] - ranges[-1][0] + 1 <= 128 * 10**6


def test_progress_in_bytes_is_read_as_whole_chunks() -> None:
    told = (0, 9_999_999, 10_000_000, 40_000_000, 50_000_000, 50_000_123)
    assert [chunks_there(50_000_123, 10_000_000, uploaded) for uploaded in told] == [0, 0, 1, 4, 4, 5]


# What a post can be


@pytest.mark.parametrize("media_type", ["video", "reel"])
def test_a_video_is_posted_and_its_public_page_opens(
    sandbox: RunningSandbox, creator: Account, media_type: str
) -> None:
    done = journey(sandbox, creator, text="A film #fyp", media_type=media_type).to_the_end()
    (post,) = sandbox.posts("tiktok")
    assert post["text"] == "A film #fyp"
    assert done.external_id == post["id"]
    assert done.external_url == f"{sandbox.url}/tiktok/www/@demo/video/{post['id']}"
    page = requests.get(str(done.external_url), timeout=60)
    assert page.status_code == 200
    assert page.url == post["url"]


def test_a_large_video_goes_in_chunks_of_which_the_last_is_the_commit(
    sandbox: RunningSandbox, creator: Account
) -> None:
    trip = journey(sandbox, creator, media=(video(TWO_CHUNKS, b"x"),))
    trip.until(Step.COMMIT)
    assert sandbox.posts("tiktok") == []
    trip.to_the_end()
    (post,) = sandbox.posts("tiktok")
    stored = sandbox.sandbox.files / post["media"][0]
    assert stored.read_bytes() == trip.work.media[0].read(0, TWO_CHUNKS)
    uploads = [entry for entry in sandbox.requests() if entry["method"] == "PUT"]
    assert [(entry["step"], entry["status"]) for entry in uploads] == [("prepare", 206), ("commit", 201)]


@pytest.mark.parametrize(("media_type", "bodies"), [("image", [JPEG]), ("carousel", [JPEG, WEBP, JPEG + b"3"])])
def test_photos_are_read_from_us_and_posted_in_order(
    sandbox: RunningSandbox, creator: Account, media_type: str, bodies: list[bytes]
) -> None:
    options = {"title": "Three of them", "autoAddMusic": True}
    files = photos(sandbox, *bodies)
    done = journey(sandbox, creator, media=files, media_type=media_type, text="Look", options=options).to_the_end()
    (post,) = sandbox.posts("tiktok")
    assert (post["kind"], post["title"], post["text"]) == ("photo", "Three of them", "Look")
    assert [(sandbox.sandbox.files / name).read_bytes() for name in post["media"]] == bodies
    assert post["post_info"]["auto_add_music"] is True
    assert done.external_url == f"{sandbox.url}/tiktok/www/@demo/photo/{post['id']}"


def test_the_options_reach_tiktok(sandbox: RunningSandbox, creator: Account) -> None:
    options = {
        "text": "Only here",
        "privacyLevel": "MUTUAL_FOLLOW_FRIENDS",
        "disableComment": True,
        "disableDuet": True,
        "disableStitch": True,
        "brandContent": True,
        "brandOrganic": True,
        "isAigc": True,
        "coverTimestampMs": 1500,
    }
    journey(sandbox, creator, text="Everywhere", options=options).to_the_end()
    (post,) = sandbox.posts("tiktok")
    assert post["post_info"] == {
        "title": "Only here",
        "privacy_level": "MUTUAL_FOLLOW_FRIENDS",
        "disable_comment": True,
        "disable_duet": True,
        "disable_stitch": True,
        "brand_content_toggle": True,
        "brand_organic_toggle": True,
        "is_aigc": True,
        "video_cover_timestamp_ms": 1500,
    }


def test_without_a_choice_everyone_sees_it_where_the_account_may(sandbox: RunningSandbox, creator: Account) -> None:
    journey(sandbox, creator).to_the_end()
    private = account(
        "tiktok",
        sandbox,
        "closed",
        metadata={
            "privacy_level_options": ["FOLLOWER_OF_CREATOR", "SELF_ONLY"],
            "duet_disabled": True,
            "stitch_disabled": True,
        },
    )
    trip = journey(sandbox, private)
    trip.to_the_end()
    public, followers = (post["post_info"] for post in sandbox.posts("tiktok"))
    assert public["privacy_level"] == "PUBLIC_TO_EVERYONE"
    assert followers["privacy_level"] == "FOLLOWER_OF_CREATOR"
    assert followers["disable_duet"] is True
    assert followers["disable_comment"] is False
    assert "FOLLOWER_OF_CREATOR" in trip.taken[0].note


def test_an_audience_the_account_may_not_use_is_refused_before_anything_is_sent(
    sandbox: RunningSandbox, creator: Account
) -> None:
    with pytest.raises(ProviderError) as refused:
        journey(sandbox, creator, options={"privacyLevel": "FOLLOWER_OF_CREATOR"}).step()
    assert refused.value.meaning.category == Category.USER_CONTENT
    assert all("init" not in entry["path"] for entry in sandbox.requests())


def test_a_video_longer_than_the_account_may_post_is_refused(sandbox: RunningSandbox) -> None:
    beginner = account("tiktok", sandbox, "beginner", metadata={"max_video_post_duration_sec": 60})
    with pytest.raises(ProviderError) as refused:
        journey(sandbox, beginner, media=(video(duration=61.0),)).step()
    assert refused.value.meaning.category == Category.MEDIA
    assert not refused.value.meaning.retryable


# Interrupted uploads


def test_a_chunk_whose_answer_was_lost_is_not_sent_twice(sandbox: RunningSandbox, creator: Account) -> None:
    trip = journey(sandbox, creator, media=(video(TWO_CHUNKS),))
    trip.step()
    sandbox.rule("tiktok", "prepare", "drop_after")
    with pytest.raises(ReplyLost):
        trip.step()
    assert trip.step().step == Step.COMMIT  # the same step with the same state: TikTok says 416, we ask how far it is
    trip.to_the_end()
    assert len(sandbox.posts("tiktok")) == 1
    uploads = [entry["status"] for entry in sandbox.requests() if entry["method"] == "PUT"]
    assert uploads == [499, 416, 201]


def test_a_chunk_tiktok_failed_on_is_sent_again(sandbox: RunningSandbox, creator: Account) -> None:
    trip = journey(sandbox, creator, media=(video(TWO_CHUNKS),))
    trip.step()
    sandbox.rule("tiktok", "prepare", "error", status=503)
    with pytest.raises(ProviderError) as failed:
        trip.step()
    assert failed.value.meaning.retryable
    assert not failed.value.ambiguous
    trip.to_the_end()
    assert len(sandbox.posts("tiktok")) == 1


def test_an_upload_session_that_has_ended_is_begun_anew(sandbox: RunningSandbox, creator: Account) -> None:
    trip = journey(sandbox, creator, media=(video(TWO_CHUNKS),))
    trip.step()
    trip.pass_time(3601)
    with pytest.raises(ProviderError) as ended:
        trip.step()
    assert ended.value.meaning.restart
    trip.work = replace(trip.work, state={}, step=Step.PREPARE)
    trip.to_the_end()
    assert len(sandbox.posts("tiktok")) == 1


# Lost replies of the visible request


@pytest.mark.parametrize(("mode", "kind"), [("error", "absent"), ("hang", "absent"), ("drop_after", "published")])
@pytest.mark.parametrize("size", [2000, TWO_CHUNKS])
def test_a_video_is_live_exactly_once_whatever_happens_to_its_last_chunk(
    sandbox: RunningSandbox, creator: Account, mode: str, kind: str, size: int
) -> None:
    trip = journey(sandbox, creator, media=(video(size),))
    trip.until(Step.COMMIT)
    sandbox.rule("tiktok", "commit", mode, seconds=0.2)
    with pytest.raises((ProviderError, ReplyLost)) as lost:
        trip.step()
    assert left_open(lost.value)
    assert trip.reconcile().kind == kind
    done = trip.to_the_end()
    (post,) = sandbox.posts("tiktok")
    assert done.external_id == post["id"]


def test_a_last_chunk_sent_again_by_mistake_makes_no_second_post(sandbox: RunningSandbox, creator: Account) -> None:
    trip = journey(sandbox, creator)
    trip.until(Step.COMMIT)
    before = trip.work
    trip.step()
    trip.work = before
    assert trip.step().step == Step.CONFIRM
    trip.to_the_end()
    assert len(sandbox.posts("tiktok")) == 1


@pytest.mark.parametrize(("mode", "visible"), [("error", 0), ("hang", 0), ("drop_after", 1)])
def test_photos_whose_answer_was_lost_stay_unknown_and_are_never_sent_again(
    sandbox: RunningSandbox, creator: Account, mode: str, visible: int
) -> None:
    trip = journey(sandbox, creator, media=photos(sandbox, JPEG), media_type="image")
    trip.until(Step.COMMIT)
    sandbox.rule("tiktok", "commit", mode, seconds=0.2)
    with pytest.raises((ProviderError, ReplyLost)) as lost:
        trip.step()
    assert left_open(lost.value)
    assert {trip.reconcile().kind for _ in range(4)} == {"unknown"}
    assert len(sandbox.posts("tiktok")) == visible


# The public id


@pytest.mark.parametrize(("moderation", "known"), [(20, True), (3600, False)])
def test_the_public_id_is_awaited_for_a_minute_and_no_longer(
    sandbox: RunningSandbox, moderation: int, known: bool
) -> None:
    patient = account("tiktok", sandbox, "patient", metadata={"moderation_seconds": moderation})
    trip = journey(sandbox, patient)
    begun = trip.work.now
    done = trip.to_the_end()
    (post,) = sandbox.posts("tiktok")
    assert (trip.work.now - begun).total_seconds() < 80
    if known:
        assert done.external_id == post["id"]
    else:
        assert done.external_id == post["publish_id"]
        assert done.external_url == f"{sandbox.url}/tiktok/www/@patient"
        assert requests.get(str(done.external_url), timeout=60).status_code == 200


def test_a_private_post_waits_for_no_public_id(sandbox: RunningSandbox, creator: Account) -> None:
    trip = journey(sandbox, creator, options={"privacyLevel": "SELF_ONLY"})
    begun = trip.work.now
    done = trip.to_the_end()
    assert done.external_id == sandbox.posts("tiktok")[0]["publish_id"]
    assert (trip.work.now - begun).total_seconds() < 10


def test_not_reading_the_public_id_fails_no_post(sandbox: RunningSandbox) -> None:
    patient = account("tiktok", sandbox, "patient", metadata={"moderation_seconds": 30})
    trip = journey(sandbox, patient)
    trip.until(lambda work: "live_since" in work.state)
    sandbox.rule("tiktok", "confirm", "error", status=500, times=3)
    sandbox.rule("tiktok", "confirm", "drop_after", times=2)
    assert trip.to_the_end().external_id == sandbox.posts("tiktok")[0]["id"]


# What can go wrong afterwards


def test_a_post_tiktok_could_not_make_tells_why(sandbox: RunningSandbox, creator: Account) -> None:
    nonsense = replace(video(), read=lambda at, length: b"?" * length)
    with pytest.raises(ProviderError) as failed:
        journey(sandbox, creator, media=(nonsense,)).to_the_end()
    assert failed.value.code == "file_format_check_failed"
    assert failed.value.meaning.category == Category.MEDIA
    assert sandbox.posts("tiktok") == []


def test_a_png_among_photos_fails_at_tiktok_and_says_so(sandbox: RunningSandbox, creator: Account) -> None:
    with pytest.raises(ProviderError) as failed:
        journey(sandbox, creator, media=photos(sandbox, JPEG, PNG), media_type="carousel").to_the_end()
    assert failed.value.meaning.category == Category.MEDIA


def test_photos_tiktok_could_not_fetch_are_tried_from_the_start(sandbox: RunningSandbox, creator: Account) -> None:
    gone = image(url=f"{sandbox.url}/files/{'0' * 64}")
    with pytest.raises(ProviderError) as failed:
        journey(sandbox, creator, media=(gone,), media_type="image").to_the_end()
    assert failed.value.meaning.category == Category.MEDIA_FETCH
    assert failed.value.meaning.retryable
    assert failed.value.meaning.restart


def test_a_failure_that_is_over_is_never_polled_again(sandbox: RunningSandbox, creator: Account) -> None:
    trip = journey(sandbox, creator)
    trip.until(Step.CONFIRM)
    told = {"data": {"status": "FAILED", "fail_reason": "spam_risk_too_many_posts"}, "error": {"code": "ok"}}
    sandbox.rule("tiktok", "confirm", "error", status=200, body=told)
    with pytest.raises(ProviderError) as failed:
        trip.step()
    assert failed.value.meaning.restart
    assert failed.value.meaning.hold is None  # holding would read the same failure again
    assert failed.value.retry_after == 3600


def test_a_post_that_landed_in_the_inbox_is_not_called_published(sandbox: RunningSandbox, creator: Account) -> None:
    trip = journey(sandbox, creator)
    trip.until(Step.CONFIRM)
    told = {"data": {"status": "SEND_TO_USER_INBOX"}, "error": {"code": "ok", "log_id": "L1"}}
    sandbox.rule("tiktok", "confirm", "error", status=200, body=told)
    with pytest.raises(ProviderError) as stuck:
        trip.step()
    assert stuck.value.meaning.category == Category.ACCOUNT
    assert stuck.value.trace_id == "L1"


def test_a_post_that_never_finishes_is_left_to_a_person(sandbox: RunningSandbox, creator: Account) -> None:
    trip = journey(sandbox, creator)
    trip.until(Step.CONFIRM)
    told = {"data": {"status": "PROCESSING_UPLOAD", "uploaded_bytes": 2000}, "error": {"code": "ok"}}
    sandbox.rule("tiktok", "confirm", "error", status=200, body=told, times=1000)
    with pytest.raises(ProviderError) as unfinished:
        trip.until(Step.DONE, limit=400)
    assert unfinished.value.ambiguous
    assert trip.reconcile().kind == "unknown"


def test_a_publishing_tiktok_has_forgotten_is_not_begun_anew(sandbox: RunningSandbox, creator: Account) -> None:
    trip = journey(sandbox, creator)
    trip.until(Step.CONFIRM)
    told = {"data": {}, "error": {"code": "invalid_publish_id", "message": "", "log_id": ""}}
    sandbox.rule("tiktok", "confirm", "error", status=400, body=told, times=2)
    with pytest.raises(ProviderError) as unseen:
        trip.step()
    assert unseen.value.ambiguous
    assert not unseen.value.meaning.restart
    assert trip.reconcile().kind == "unknown"


def test_trouble_while_it_is_processed_is_waited_out(sandbox: RunningSandbox, creator: Account) -> None:
    trip = journey(sandbox, creator)
    trip.until(Step.CONFIRM)
    sandbox.rule("tiktok", "confirm", "error", status=429, times=2)
    sandbox.rule("tiktok", "confirm", "drop_after", times=1)
    assert trip.to_the_end().external_id == sandbox.posts("tiktok")[0]["id"]
