"""TikTok: the adapter against the sandbox, over HTTP."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
import requests

from chat33.lib.http import ReplyLost
from integrations.providers.base import Account, Category, ProviderError, Step
from integrations.providers.rules import Draft, MediaFacts
from integrations.providers.tiktok import TikTok
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
    page = requests.get(str(done.external_url), timeout=5)
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
        assert requests.get(str(done.external_url), timeout=5).status_code == 200


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
    assert failed.value.meaning.hold
    assert failed.value.meaning.restart


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


# Refusals


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


# Rules


def facts(content_type: str = "video/mp4", **more: Any) -> MediaFacts:
    kind: Any = content_type.split("/")[0]
    given = {"size": 1_000_000, "width": 720, "height": 1280, **more}
    return MediaFacts(url="https://example.com/a", checked=True, kind=kind, content_type=content_type, **given)


def codes(draft: Draft) -> list[tuple[str, str, str]]:
    return [(issue.severity, issue.code, issue.path) for issue in TikTok.check(draft)]


def test_text_alone_is_refused() -> None:
    assert codes(Draft(text="Hello")) == [("error", "MEDIA_REQUIRED", "mediaUrls")]


def test_captions_are_counted_in_utf16_by_kind_of_post() -> None:
    film, photo = (facts(),), (facts("image/jpeg", height=900),)
    assert codes(Draft(text="😀" * 1100, media=film, media_type="video")) == []
    assert codes(Draft(text="😀" * 1101, media=film, media_type="video")) == [("error", "TEXT_TOO_LONG", "text")]
    assert codes(Draft(text="😀" * 2000, media=photo, media_type="image")) == []
    assert codes(Draft(text="😀" * 2001, media=photo, media_type="image")) == [("error", "TEXT_TOO_LONG", "text")]
    long_title = Draft(text="", media=photo, media_type="image", options={"title": "😀" * 46})
    assert codes(long_title) == [("error", "TEXT_TOO_LONG", "platformConfig.tiktok.title")]
    override = Draft(text="short", media=film, media_type="video", options={"text": "x" * 2201})
    assert codes(override) == [("error", "TEXT_TOO_LONG", "platformConfig.tiktok.text")]


def test_a_png_is_sent_as_a_jpeg_and_a_small_video_is_refused() -> None:
    assert codes(Draft(text="", media=(facts("image/png"),), media_type="image")) == [
        ("warning", "MEDIA_FORMAT", "mediaUrls.0")
    ]
    assert ("error", "MEDIA_WIDTH", "mediaUrls.0") in codes(
        Draft(text="", media=(facts(width=240),), media_type="reel")
    )


def test_a_cover_picture_is_left_out_with_a_warning() -> None:
    draft = Draft(text="", media=(facts(),), media_type="video", cover=facts("image/jpeg"))
    assert codes(draft) == [("warning", "COVER_IGNORED", "coverImageUrl")]


def test_options_that_cannot_be_together_are_told() -> None:
    path = "platformConfig.tiktok"
    paid = {"brandContent": True, "privacyLevel": "SELF_ONLY"}
    assert codes(Draft(text="", media=(facts(),), media_type="video", options=paid)) == [
        ("error", "OPTION_CONFLICT", f"{path}.brandContent")
    ]
    labelled = Draft(text="", media=(facts("image/jpeg"),), media_type="image", options={"isAigc": True})
    assert codes(labelled) == [("warning", "OPTION_IGNORED", f"{path}.isAigc")]
    late = Draft(text="", media=(facts(duration=5.0),), media_type="video", options={"coverTimestampMs": 5001})
    assert codes(late) == [("warning", "OPTION_INVALID", f"{path}.coverTimestampMs")]
    unknown = Draft(text="", media=(facts(),), media_type="video", options={"firstComment": "Hi", "isAigc": "yes"})
    assert codes(unknown) == [
        ("warning", "OPTION_UNKNOWN", f"{path}.firstComment"),
        ("error", "OPTION_INVALID", f"{path}.isAigc"),
    ]
