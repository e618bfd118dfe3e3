"""The Instagram adapter against the sandbox: what becomes visible, how often, and what a marketer is told."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chat33.lib.http import ReplyLost
from integrations.providers.base import Category, Provider, ProviderError, Step, Work
from integrations.providers.instagram import Instagram
from integrations.providers.rules import Draft, MediaFacts
from integrations.providers.rupload import PIECE
from tests.media_files import jpeg, png
from tests.providers import works
from tests.providers.journeys import Journey, served
from tests.providers.posting import clip, go, lose_reply, movie, photo, settle, steps_of
from tests.sandboxes import RunningSandbox


@pytest.fixture
def instagram(sandbox: RunningSandbox) -> Provider:
    return works.provider("instagram", sandbox)


@pytest.fixture
def to_publish(sandbox: RunningSandbox, instagram: Provider) -> Work:
    """A picture whose container is ready; only publishing is left."""
    account = works.account("instagram", sandbox)
    work = works.work(account, text="Lost?", media=(photo(sandbox),), media_type="image")
    ready = go(instagram, work, sandbox, until=Step.COMMIT)
    return replace(ready, intent_at=datetime.now(UTC))


def test_a_picture_becomes_one_post_with_caption_and_alternative_text(
    sandbox: RunningSandbox, instagram: Provider
) -> None:
    account = works.account("instagram", sandbox)
    work = works.work(account, text="Hi", media=(photo(sandbox, alt_text="A square"),), media_type="image")
    steps = steps_of(instagram, work, sandbox)
    [post] = sandbox.posts("instagram")
    assert (post["text"], post["media_type"], post["alt_texts"]) == ("Hi", "IMAGE", ["A square"])
    assert steps[-1].external_id == post["id"]
    assert steps[-1].external_url == post["url"]


@pytest.mark.parametrize(
    ("media_type", "options", "in_feed"),
    [
        ("video", {"shareToFeed": False}, True),
        ("reel", {"shareToFeed": False}, False),
        ("reel", {}, True),
    ],
)
def test_videos_are_reels_and_a_video_always_shows_in_the_feed(
    sandbox: RunningSandbox, instagram: Provider, media_type: str, options: Mapping[str, Any], in_feed: bool
) -> None:
    account = works.account("instagram", sandbox)
    cover = photo(sandbox, 1)
    work = works.work(account, media=(clip(sandbox),), media_type=media_type, cover=cover, options=options)
    go(instagram, work, sandbox)
    [post] = sandbox.posts("instagram")
    assert (post["media_type"], post["share_to_feed"]) == ("REELS", in_feed)
    assert post["cover"]


def test_a_carousel_of_pictures_and_videos_keeps_their_order(sandbox: RunningSandbox, instagram: Provider) -> None:
    account = works.account("instagram", sandbox)
    files = (photo(sandbox), clip(sandbox), photo(sandbox, 1))
    go(instagram, works.work(account, text="Three", media=files, media_type="carousel"), sandbox)
    [post] = sandbox.posts("instagram")
    assert (post["text"], post["media_type"]) == ("Three", "CAROUSEL")
    bodies = [(sandbox.sandbox.files / name).read_bytes() for name in post["media"]]
    assert bodies == [file.read(0, file.size) for file in files]


def test_the_options_reach_the_post_and_the_first_comment_stands_under_it_once(
    sandbox: RunningSandbox, instagram: Provider
) -> None:
    account = works.account("instagram", sandbox)
    options = {
        "text": "Only here",
        "collaborators": ["friend"],
        "locationId": "123",
        "firstComment": "Link in bio",
    }
    work = works.work(account, text="Everywhere", media=(photo(sandbox),), media_type="image", options=options)
    go(instagram, work, sandbox)
    [post] = sandbox.posts("instagram")
    assert (post["text"], post["collaborators"], post["location_id"]) == ("Only here", ["friend"], "123")
    assert [comment["text"] for comment in post["comments"]] == ["Link in bio"]


@pytest.mark.parametrize(
    ("mode", "more", "expected"),
    [
        ("drop_after", {}, "published"),
        ("error", {"status": 500}, "absent"),
        ("hang", {"seconds": 0.2}, "absent"),
    ],
)
def test_a_lost_reply_to_publishing_is_settled_by_reading_and_one_post_shows(
    sandbox: RunningSandbox, instagram: Provider, to_publish: Work, mode: str, more: Any, expected: str
) -> None:
    sandbox.rule("instagram", "commit", mode, **more)
    lose_reply(instagram, to_publish)
    verdict = settle(instagram, to_publish)
    assert verdict.kind == expected
    go(instagram, replace(to_publish, step=verdict.step, state=verdict.state), sandbox)
    [post] = sandbox.posts("instagram")
    assert verdict.external_id == (post["id"] if expected == "published" else None)


def test_a_first_look_at_an_unpublished_container_proves_nothing(instagram: Provider, to_publish: Work) -> None:
    assert instagram.reconcile(replace(to_publish, reads=0)).kind == "unknown"
    assert instagram.reconcile(replace(to_publish, reads=1)).kind == "absent"


def test_a_container_that_ran_out_after_the_intent_was_not_published(
    sandbox: RunningSandbox, instagram: Provider, to_publish: Work
) -> None:
    sandbox.advance_clock(90_000)
    verdict = instagram.reconcile(to_publish)
    assert (verdict.kind, verdict.step, verdict.state) == ("absent", Step.PREPARE, {})


def test_the_live_id_is_found_later_when_the_media_list_is_slow(
    sandbox: RunningSandbox, instagram: Provider, to_publish: Work
) -> None:
    sandbox.rule("instagram", "commit", "drop_after")
    with pytest.raises(ReplyLost):
        instagram.advance(to_publish)
    other = works.work(to_publish.account, text="Another", media=(photo(sandbox),), media_type="image")
    go(instagram, other, sandbox)
    lost, _ = sandbox.posts("instagram")
    # The container's read tells that it is live, the list that would tell the id fails.
    body = {"error": {"message": "Try later", "code": 2}}
    sandbox.rule("instagram", "confirm", "slow", seconds=0)
    sandbox.rule("instagram", "confirm", "error", status=500, body=body)
    verdict = instagram.reconcile(to_publish)
    assert (verdict.kind, verdict.external_id) == ("published", None)
    done = instagram.advance(replace(to_publish, step=verdict.step, state=verdict.state))
    assert (done.external_id, done.external_url) == (lost["id"], lost["url"])


def test_publishing_too_early_goes_back_to_polling(
    sandbox: RunningSandbox, instagram: Provider, to_publish: Work
) -> None:
    body = {"error": {"message": "Media ID is not available", "code": 9007, "error_subcode": 2207027}}
    sandbox.rule("instagram", "commit", "error", status=400, body=body)
    back = instagram.advance(to_publish)
    assert (back.step, back.after) == (Step.POLL, 5.0)
    go(instagram, replace(to_publish, step=back.step, state=back.state), sandbox)
    assert len(sandbox.posts("instagram")) == 1


def test_a_post_is_done_even_if_its_address_cannot_be_read(
    sandbox: RunningSandbox, instagram: Provider, to_publish: Work
) -> None:
    sandbox.rule("instagram", "confirm", "error", times=10)
    steps = steps_of(instagram, to_publish, sandbox)
    assert (steps[-1].step, steps[-1].external_url) == (Step.DONE, None)
    assert steps[-1].external_id == sandbox.posts("instagram")[0]["id"]
    assert "did not tell its address" in steps[-1].note


def test_polls_grow_to_one_a_minute_and_end(sandbox: RunningSandbox, instagram: Provider) -> None:
    account = works.account("instagram", sandbox)
    polling = go(instagram, works.work(account, media=(clip(sandbox),), media_type="reel"), sandbox, Step.POLL)
    body = {"id": "1", "status_code": "IN_PROGRESS", "status": "In Progress"}
    sandbox.rule("instagram", "poll", "error", times=100, status=200, body=body)
    journey = Journey(instagram, polling, sandbox)
    with pytest.raises(ProviderError) as slow:
        journey.until(Step.DONE)
    waits = [step.after for step in journey.taken]
    assert waits[:7] == [1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0]
    assert 600 < sum(waits) < 1800
    assert slow.value.meaning.retryable
    assert slow.value.meaning.restart


@pytest.mark.parametrize(
    ("body", "code", "category"),
    [(b"not a film at all", "2207026", Category.MEDIA), (None, "2207052", Category.MEDIA_FETCH)],
)
def test_a_video_that_cannot_be_processed_is_told_by_its_container(
    sandbox: RunningSandbox, instagram: Provider, body: bytes | None, code: str, category: Category
) -> None:
    url = served(sandbox, body) if body else f"{sandbox.url}/files/dead"
    file = works.media(url, body or b"", kind="video", content_type="video/mp4")
    work = works.work(works.account("instagram", sandbox), media=(file,), media_type="video")
    with pytest.raises(ProviderError) as refused:
        go(instagram, work, sandbox)
    assert (refused.value.code, refused.value.meaning.category) == (code, category)
    assert sandbox.posts("instagram") == []


@pytest.mark.parametrize(
    ("body", "code", "category"),
    [
        (png(320, 320), "36001/2207005", Category.MEDIA),
        (jpeg(300, 900), "36003/2207009", Category.MEDIA),
        (None, "9004/2207052", Category.MEDIA_FETCH),
    ],
)
def test_a_picture_instagram_does_not_take_is_refused_with_its_reason(
    sandbox: RunningSandbox, instagram: Provider, body: bytes | None, code: str, category: Category
) -> None:
    url = served(sandbox, body) if body else f"{sandbox.url}/files/dead"
    work = works.work(works.account("instagram", sandbox), media=(works.media(url, body or b""),), media_type="image")
    with pytest.raises(ProviderError) as refused:
        instagram.advance(work)
    assert (refused.value.code, refused.value.meaning.category) == (code, category)
    assert refused.value.trace_id
    assert not refused.value.ambiguous


def test_a_container_that_waited_a_day_is_prepared_again(sandbox: RunningSandbox, instagram: Provider) -> None:
    account = works.account("instagram", sandbox)
    work = works.work(account, media=(photo(sandbox),), media_type="image")
    polling = go(instagram, work, sandbox, Step.POLL)
    sandbox.advance_clock(90_000)
    with pytest.raises(ProviderError) as expired:
        instagram.advance(polling)
    assert expired.value.meaning.restart


# Accounts connected by Facebook Login


def test_by_facebook_login_a_video_is_sent_from_here_in_pieces(sandbox: RunningSandbox, instagram: Provider) -> None:
    account = works.account("instagram", sandbox, metadata={"login": "facebook"})
    video = replace(clip(sandbox, PIECE * 2 + 5000), url="https://unreachable.example/clip.mp4")
    steps = steps_of(instagram, works.work(account, media=(video,), media_type="reel"), sandbox)
    assert [step.state["upload"]["offset"] for step in steps if "upload" in step.state] == [0, PIECE, PIECE * 2]
    [post] = sandbox.posts("instagram")
    assert (sandbox.sandbox.files / post["media"][0]).read_bytes() == video.read(0, video.size)


def test_an_interrupted_upload_goes_on_where_instagram_says(sandbox: RunningSandbox, instagram: Provider) -> None:
    account = works.account("instagram", sandbox, metadata={"login": "facebook"})
    video = clip(sandbox, PIECE + 5000)
    opened = instagram.advance(works.work(account, media=(video,), media_type="reel"))
    sending = replace(works.work(account, media=(video,), media_type="reel"), state=opened.state)
    sandbox.rule("instagram", "prepare", "drop_after")
    with pytest.raises(ReplyLost):
        instagram.advance(sending)
    # A crash later, the same step with the same state: the piece is there already, so Instagram names the offset.
    resynced = instagram.advance(sending)
    assert resynced.state["upload"]["offset"] == PIECE
    go(instagram, replace(sending, state=resynced.state), sandbox)
    [post] = sandbox.posts("instagram")
    assert (sandbox.sandbox.files / post["media"][0]).read_bytes() == video.read(0, video.size)


def test_where_pieces_are_not_taken_instagram_fetches_the_file(sandbox: RunningSandbox, instagram: Provider) -> None:
    account = works.account("instagram", sandbox, metadata={"login": "facebook"})
    at_its_address = movie(seed=2)
    video = replace(clip(sandbox), url=served(sandbox, at_its_address))
    work = works.work(account, media=(video,), media_type="reel")
    opened = instagram.advance(work)
    body = {"debug_info": {"retriable": True, "type": "OffsetInvalidError", "message": "Request starting offset"}}
    sandbox.rule("instagram", "prepare", "error", times=4, status=412, body=body)
    go(instagram, replace(work, state=opened.state), sandbox)
    [post] = sandbox.posts("instagram")
    assert (sandbox.sandbox.files / post["media"][0]).read_bytes() == at_its_address


def test_a_carousel_by_facebook_login_sends_its_videos(sandbox: RunningSandbox, instagram: Provider) -> None:
    account = works.account("instagram", sandbox, metadata={"login": "facebook"})
    files = (clip(sandbox), photo(sandbox), clip(sandbox, 6000))
    go(instagram, works.work(account, media=files, media_type="carousel"), sandbox)
    [post] = sandbox.posts("instagram")
    bodies = [(sandbox.sandbox.files / name).read_bytes() for name in post["media"]]
    assert bodies == [file.read(0, file.size) for file in files]


# Account


def test_refreshing_gives_a_token_that_works_for_another_sixty_days(
    sandbox: RunningSandbox, instagram: Provider
) -> None:
    account = works.account("instagram", sandbox)
    now = datetime.now(UTC)
    fresh = instagram.refresh(account, now=now)
    assert fresh.access_token != account.credentials.access_token
    assert fresh.expires_at == now + timedelta(days=60)
    assert fresh.scopes == account.credentials.scopes
    assert instagram.quota(replace(account, credentials=fresh)) is not None


def test_refreshing_by_facebook_login_exchanges_the_token(sandbox: RunningSandbox, instagram: Provider) -> None:
    account = works.account("instagram", sandbox, metadata={"login": "facebook"})
    fresh = instagram.refresh(account, now=datetime.now(UTC))
    assert fresh.access_token != account.credentials.access_token
    assert instagram.quota(replace(account, credentials=fresh)) is not None


def test_an_expired_token_asks_for_a_refresh_and_cannot_be_refreshed(
    sandbox: RunningSandbox, instagram: Provider
) -> None:
    account = works.account("instagram", sandbox)
    sandbox.advance_clock(61 * 86_400)
    for call in (instagram.quota, lambda account: instagram.refresh(account, now=datetime.now(UTC))):
        with pytest.raises(ProviderError) as refused:
            call(account)
        assert (refused.value.code, refused.value.meaning.category) == ("190/463", Category.AUTH_EXPIRED)
        assert refused.value.meaning.refresh
        assert account.credentials.access_token not in str(refused.value)


def test_the_quota_is_what_instagram_tells_and_a_used_one_holds_the_post(
    sandbox: RunningSandbox, instagram: Provider
) -> None:
    account = works.account("instagram", sandbox, metadata={"quota_total": 1})
    work = works.work(account, media=(photo(sandbox),), media_type="image")
    go(instagram, work, sandbox)
    quota = instagram.quota(account)
    assert quota is not None
    assert (quota.used, quota.total, quota.window) == (1, 1, 86_400)
    with pytest.raises(ProviderError) as full:
        go(instagram, work, sandbox)
    assert (full.value.meaning.category, full.value.meaning.hold) == (Category.QUOTA, 3600.0)
    assert not full.value.ambiguous


def test_a_call_limit_holds_the_post_as_long_as_the_headers_say(sandbox: RunningSandbox, instagram: Provider) -> None:
    account = works.account("instagram", sandbox, metadata={"usage_percent": 100})
    with pytest.raises(ProviderError) as limited:
        instagram.quota(account)
    assert (limited.value.code, limited.value.meaning.category) == ("80002", Category.RATE_LIMIT)
    assert limited.value.retry_after == 300.0


def test_an_allowance_that_runs_out_is_mentioned_in_the_log(sandbox: RunningSandbox, instagram: Provider) -> None:
    account = works.account("instagram", sandbox, metadata={"usage_percent": 95})
    made = instagram.advance(works.work(account, media=(photo(sandbox),), media_type="image"))
    assert made.note == "95 % of the call allowance is used."


@pytest.mark.parametrize(
    ("status", "error", "category", "expected"),
    [
        (400, {"code": 190, "error_subcode": 460}, Category.AUTH_EXPIRED, {"refresh": True}),
        (400, {"code": 190, "error_subcode": 459}, Category.ACCOUNT, {"refresh": False}),
        (403, {"code": 10}, Category.PERMISSION, {"retryable": False}),
        (403, {"code": 299}, Category.PERMISSION, {"retryable": False}),
        (400, {"code": 4}, Category.RATE_LIMIT, {"hold": 900.0}),
        (400, {"code": 80014}, Category.RATE_LIMIT, {"hold": 900.0}),
        (400, {"code": 368}, Category.ACCOUNT, {"retryable": False}),
        (400, {"code": 25, "error_subcode": 2207050}, Category.ACCOUNT, {"retryable": False}),
        (400, {"code": 4, "error_subcode": 2207051}, Category.ACCOUNT, {"retryable": False}),
        (400, {"code": -2, "error_subcode": 2207003}, Category.MEDIA_FETCH, {"restart": True}),
        (400, {"code": 24, "error_subcode": 2207008}, Category.PLATFORM, {"restart": True}),
        (400, {"code": 36004, "error_subcode": 2207010}, Category.USER_CONTENT, {"retryable": False}),
        (400, {"code": 77777, "is_transient": True}, Category.PLATFORM, {"retryable": True}),
        (400, {"code": 77777}, Category.UNKNOWN, {"retryable": False}),
        (429, {}, Category.RATE_LIMIT, {"hold": 900.0}),
        (502, {}, Category.PLATFORM, {"retryable": True}),
    ],
)
def test_each_refusal_has_its_meaning(
    sandbox: RunningSandbox,
    instagram: Provider,
    status: int,
    error: Mapping[str, Any],
    category: Category,
    expected: Mapping[str, Any],
) -> None:
    body = {"error": {"message": "No", "fbtrace_id": "Atrace", **error}} if error else "<html>"
    sandbox.rule("instagram", "prepare", "error", status=status, body=body)
    work = works.work(works.account("instagram", sandbox), media=(photo(sandbox),), media_type="image")
    with pytest.raises(ProviderError) as refused:
        instagram.advance(work)
    meaning = refused.value.meaning
    assert meaning.category == category
    assert {name: getattr(meaning, name) for name in expected} == expected
    assert "Instagram" in meaning.sentence
    assert refused.value.http_status == status
    if error:
        assert refused.value.trace_id == "Atrace"


# Rules


def facts(kind: Any = "image", content_type: str = "image/jpeg", **more: Any) -> MediaFacts:
    return MediaFacts(url="https://files.example/1", checked=True, kind=kind, content_type=content_type, **more)


@pytest.mark.parametrize(
    ("draft", "code"),
    [
        (Draft(text="No media"), "MEDIA_REQUIRED"),
        (Draft(text="x" * 2201, media=(facts(),), media_type="image"), "TEXT_TOO_LONG"),
        (Draft(text="#a " * 31, media=(facts(),), media_type="image"), "TOO_MANY_HASHTAGS"),
        (Draft(text="", media=(facts(width=300, height=900),), media_type="image"), "MEDIA_RATIO"),
        (Draft(text="", media=(facts(),) * 11, media_type="carousel"), "MEDIA_COUNT"),
        (Draft(text="", media=(facts("video", "video/mp4", duration=2),), media_type="reel"), "MEDIA_DURATION"),
        (
            Draft(text="", media=(facts(),), media_type="image", options={"text": "x" * 2201}),
            "TEXT_TOO_LONG",
        ),
        (
            Draft(text="", media=(facts(),), media_type="image", options={"collaborators": ["a"] * 4}),
            "OPTION_INVALID",
        ),
    ],
)
def test_what_instagram_would_refuse_is_refused_before(draft: Draft, code: str) -> None:
    assert code in [issue.code for issue in Instagram.check(draft) if issue.severity == "error"]


def test_a_picture_we_can_convert_and_an_option_without_use_are_only_warned_about() -> None:
    png = facts(content_type="image/png", size=9_000_000, width=400, height=400)
    issues = Instagram.check(Draft(text="Hi", media=(png,), media_type="image", options={"thumbOffset": 1000}))
    assert {issue.severity for issue in issues} == {"warning"}
    assert {issue.code for issue in issues} == {"MEDIA_FORMAT", "MEDIA_TOO_LARGE", "OPTION_IGNORED"}
