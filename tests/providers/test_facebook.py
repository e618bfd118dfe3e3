"""The Facebook adapter against the sandbox: what becomes visible, how often, and what a marketer is told."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from chat33.lib.http import ReplyLost
from integrations.providers.base import Category, Provider, ProviderError, Step, Work
from integrations.providers.facebook import Facebook
from integrations.providers.rules import Draft, MediaFacts
from integrations.providers.rupload import PIECE
from tests.providers import works
from tests.providers.journeys import Journey, served
from tests.providers.posting import clip, go, lose_reply, movie, photo, settle, steps_of
from tests.sandboxes import RunningSandbox


@pytest.fixture
def facebook(sandbox: RunningSandbox) -> Provider:
    return works.provider("facebook", sandbox)


def ready(sandbox: RunningSandbox, facebook: Provider, media_type: str | None, **more: Any) -> Work:
    """A post of this type with only its publishing left."""
    files = {
        None: (),
        "image": (photo(sandbox),),
        "carousel": (photo(sandbox), photo(sandbox, 1)),
        "video": (clip(sandbox),),
        "reel": (clip(sandbox),),
    }
    account = works.account("facebook", sandbox)
    work = works.work(account, media=files[media_type], media_type=media_type, **more)
    return replace(go(facebook, work, sandbox, until=Step.COMMIT), intent_at=datetime.now(UTC))


ALL_TYPES = pytest.mark.parametrize("media_type", [None, "image", "carousel", "video", "reel"])


@ALL_TYPES
def test_every_kind_of_post_shows_once_with_its_words_and_its_address(
    sandbox: RunningSandbox, facebook: Provider, media_type: str | None
) -> None:
    work = ready(sandbox, facebook, media_type, text="Good morning")
    assert sandbox.posts("facebook") == []
    steps = steps_of(facebook, work, sandbox)
    [post] = sandbox.posts("facebook")
    assert post["text"] == "Good morning"
    assert (steps[-1].external_id, steps[-1].external_url) == (post["id"], post["url"])
    bodies = [(sandbox.sandbox.files / name).read_bytes() for name in post["media"]]
    assert bodies == [file.read(0, file.size) for file in work.media]


def test_pictures_keep_their_order_and_alternative_text_and_need_not_be_public(
    sandbox: RunningSandbox, facebook: Provider
) -> None:
    files = tuple(
        replace(photo(sandbox, seed), url="https://inside.example/x.jpg", alt_text=f"Picture {seed}")
        for seed in range(3)
    )
    account = works.account("facebook", sandbox)
    steps = steps_of(facebook, works.work(account, media=files, media_type="carousel"), sandbox)
    [post] = sandbox.posts("facebook")
    assert post["alt_texts"] == ["Picture 0", "Picture 1", "Picture 2"]
    uploads = [step.state["photos"] for step in steps if "photos" in step.state and "post_id" not in step.state]
    assert [len(photos) for photos in uploads] == [1, 2, 3]


def test_the_options_reach_the_post_and_the_first_comment_stands_under_it_once(
    sandbox: RunningSandbox, facebook: Provider
) -> None:
    options = {"text": "Only here", "link": "https://shop.example/sale", "firstComment": "Ask us anything"}
    work = works.work(works.account("facebook", sandbox), text="Everywhere", options=options)
    go(facebook, work, sandbox)
    [post] = sandbox.posts("facebook")
    assert (post["text"], post["link"]) == ("Only here", "https://shop.example/sale")
    assert [comment["message"] for comment in post["comments"]] == ["Ask us anything"]


@pytest.mark.parametrize("media_type", ["video", "reel"])
def test_a_video_has_its_title_its_cover_and_its_first_comment(
    sandbox: RunningSandbox, facebook: Provider, media_type: str
) -> None:
    options = {"title": "The film", "firstComment": "First!"}
    cover = photo(sandbox, 1)
    go(facebook, ready(sandbox, facebook, media_type, cover=cover, options=options), sandbox)
    [post] = sandbox.posts("facebook")
    assert (post["title"], post["media_type"]) == ("The film", media_type)
    assert (sandbox.sandbox.files / post["cover"]).read_bytes() == cover.read(0, cover.size)
    assert [comment["message"] for comment in post["comments"]] == ["First!"]


def test_a_reel_stays_published_when_its_cover_is_not_taken(sandbox: RunningSandbox, facebook: Provider) -> None:
    bad = works.media("https://inside.example/x.gif", b"GIF89a", content_type="image/gif")
    options = {"firstComment": "First!"}
    steps = steps_of(facebook, ready(sandbox, facebook, "reel", cover=bad, options=options), sandbox)
    [post] = sandbox.posts("facebook")
    assert (post["cover"], len(post["comments"])) == (None, 1)
    assert any("did not take the cover" in step.note for step in steps)


# Uploads


def test_a_video_is_sent_in_the_pieces_facebook_asks_for(sandbox: RunningSandbox, facebook: Provider) -> None:
    account = works.account("facebook", sandbox, metadata={"video_window": 2000})
    steps = steps_of(facebook, works.work(account, media=(clip(sandbox, 5000),), media_type="video"), sandbox)
    offsets = [step.state["offset"] for step in steps if step.step in (Step.PREPARE, Step.COMMIT)]
    assert offsets == [0, 2000, 4000, 5000]
    [post] = sandbox.posts("facebook")
    assert (sandbox.sandbox.files / post["media"][0]).read_bytes() == movie(5000)


@pytest.mark.parametrize("media_type", ["video", "reel"])
def test_an_interrupted_upload_goes_on_where_facebook_says(
    sandbox: RunningSandbox, facebook: Provider, media_type: str
) -> None:
    account = works.account("facebook", sandbox, metadata={"video_window": PIECE})
    work = works.work(account, media=(clip(sandbox, PIECE + 5000),), media_type=media_type)
    opened = facebook.advance(work)
    sandbox.rule("facebook", "prepare", "drop_after")
    with pytest.raises(ReplyLost):
        facebook.advance(replace(work, state=opened.state))
    resynced = facebook.advance(replace(work, state=opened.state))
    assert (resynced.step, resynced.state["offset"]) == (Step.PREPARE, PIECE)
    go(facebook, replace(work, state=resynced.state), sandbox)
    [post] = sandbox.posts("facebook")
    assert (sandbox.sandbox.files / post["media"][0]).read_bytes() == movie(PIECE + 5000)


def test_where_pieces_are_not_taken_facebook_fetches_the_reel(sandbox: RunningSandbox, facebook: Provider) -> None:
    at_its_address = movie(seed=2)
    video = replace(clip(sandbox), url=served(sandbox, at_its_address))
    work = works.work(works.account("facebook", sandbox), media=(video,), media_type="reel")
    opened = facebook.advance(work)
    body = {"debug_info": {"retriable": True, "type": "OffsetInvalidError", "message": "Request starting offset"}}
    sandbox.rule("facebook", "prepare", "error", times=4, status=412, body=body)
    go(facebook, replace(work, state=opened.state), sandbox)
    [post] = sandbox.posts("facebook")
    assert (sandbox.sandbox.files / post["media"][0]).read_bytes() == at_its_address


@pytest.mark.parametrize("reply_lost", [False, True])
@pytest.mark.parametrize("media_type", ["video", "reel"])
def test_a_video_facebook_cannot_process_fails_in_its_words(
    sandbox: RunningSandbox, facebook: Provider, media_type: str, reply_lost: bool
) -> None:
    file = works.media("https://inside.example/x.mp4", b"no film" * 100, kind="video", content_type="video/mp4")
    work = works.work(works.account("facebook", sandbox), media=(file,), media_type=media_type)
    work = replace(go(facebook, work, sandbox, until=Step.COMMIT), intent_at=datetime.now(UTC))
    if reply_lost:
        sandbox.rule("facebook", "commit", "drop_after")
        lose_reply(facebook, work)
        sandbox.advance_clock(2)
        verdict = facebook.reconcile(work)
        work = replace(work, step=verdict.step, state=verdict.state)
    with pytest.raises(ProviderError) as refused:
        go(facebook, work, sandbox)
    assert refused.value.meaning.category == Category.MEDIA
    assert refused.value.message == "The video format is not supported."
    assert sandbox.posts("facebook") == []


# Lost replies


@ALL_TYPES
def test_a_post_that_went_out_is_found_after_its_reply_was_lost(
    sandbox: RunningSandbox, facebook: Provider, media_type: str | None
) -> None:
    work = ready(sandbox, facebook, media_type, text="Lost?")
    sandbox.rule("facebook", "commit", "drop_after")
    lose_reply(facebook, work)
    verdict = settle(facebook, work)
    [post] = sandbox.posts("facebook")
    assert (verdict.kind, verdict.external_id) == ("published", post["id"])
    done = go(facebook, replace(work, step=verdict.step, state=verdict.state), sandbox)
    assert done.step == Step.DONE
    assert len(sandbox.posts("facebook")) == 1


FAULTS = pytest.mark.parametrize(("mode", "more"), [("error", {"status": 500}), ("hang", {"seconds": 0.2})])


@FAULTS
@pytest.mark.parametrize("media_type", ["video", "reel"])
def test_a_video_that_did_not_go_out_is_proved_so_and_goes_out_once(
    sandbox: RunningSandbox, facebook: Provider, media_type: str, mode: str, more: Mapping[str, Any]
) -> None:
    work = ready(sandbox, facebook, media_type)
    sandbox.rule("facebook", "commit", mode, **more)
    lose_reply(facebook, work)
    assert facebook.reconcile(work).kind == "unknown"
    verdict = settle(facebook, work)
    assert (verdict.kind, verdict.step) == ("absent", Step.COMMIT)
    go(facebook, replace(work, step=verdict.step, state=verdict.state), sandbox)
    assert len(sandbox.posts("facebook")) == 1


@FAULTS
@pytest.mark.parametrize("media_type", [None, "image", "carousel"])
def test_a_post_that_is_not_in_the_feed_stays_unknown_and_is_not_sent_again(
    sandbox: RunningSandbox, facebook: Provider, media_type: str | None, mode: str, more: Mapping[str, Any]
) -> None:
    work = ready(sandbox, facebook, media_type)
    sandbox.rule("facebook", "commit", mode, **more)
    lose_reply(facebook, work)
    assert settle(facebook, work).kind == "unknown"
    assert sandbox.posts("facebook") == []


def test_an_older_post_with_the_same_words_or_other_pictures_is_not_taken_for_ours(
    sandbox: RunningSandbox, facebook: Provider
) -> None:
    account = works.account("facebook", sandbox)
    go(facebook, works.work(account, text="Hello", media=(photo(sandbox),), media_type="image"), sandbox)
    pictures = replace(ready(sandbox, facebook, "image", text="Hello"), account=account)
    assert settle(facebook, pictures).kind == "unknown"
    words = works.work(account, text="Hello")
    later = replace(words, step=Step.COMMIT, intent_at=datetime.fromtimestamp(4e9, UTC))
    assert settle(facebook, later).kind == "unknown"


@pytest.mark.parametrize("mode", ["error", "drop_after"])
def test_a_link_without_words_is_found_by_its_address(sandbox: RunningSandbox, facebook: Provider, mode: str) -> None:
    account = works.account("facebook", sandbox)
    go(facebook, works.work(account, text="", options={"link": "https://shop.example/other"}), sandbox)
    work = ready(sandbox, facebook, None, text="", options={"link": "https://shop.example/sale"})
    sandbox.rule("facebook", "commit", mode)
    lose_reply(facebook, work)
    assert settle(facebook, work).kind == ("published" if mode == "drop_after" else "unknown")


@ALL_TYPES
def test_a_post_is_done_even_if_its_address_cannot_be_read(
    sandbox: RunningSandbox, facebook: Provider, media_type: str | None
) -> None:
    work = ready(sandbox, facebook, media_type)
    sandbox.rule("facebook", "confirm", "error", times=100)
    steps = steps_of(facebook, work, sandbox)
    [post] = sandbox.posts("facebook")
    assert steps[-1].step == Step.DONE
    assert steps[-1].external_id == post["id"]
    assert str(steps[-1].external_url).startswith("https://www.facebook.com/")
    assert steps[-1].note


def test_an_address_that_facebook_gives_without_its_host_is_made_whole(
    sandbox: RunningSandbox, facebook: Provider
) -> None:
    body = {"id": "1", "status": {"video_status": "ready"}, "permalink_url": "/reel/1/"}
    sandbox.rule("facebook", "confirm", "error", status=200, body=body)
    steps = steps_of(facebook, ready(sandbox, facebook, "reel"), sandbox)
    assert steps[-1].external_url == "https://www.facebook.com/reel/1/"


def test_a_video_that_facebook_never_finishes_is_not_called_live(sandbox: RunningSandbox, facebook: Provider) -> None:
    work = ready(sandbox, facebook, "video")
    body = {"id": "1", "status": {"video_status": "processing"}}
    sandbox.rule("facebook", "confirm", "error", times=100, status=200, body=body)
    journey = Journey(facebook, work, sandbox)
    with pytest.raises(ProviderError) as slow:
        journey.until(Step.DONE)
    assert 300 < sum(step.after for step in journey.taken) < 1200
    assert slow.value.ambiguous
    assert slow.value.meaning.retryable


# Account


def test_refreshing_exchanges_the_page_token_for_one_that_works(sandbox: RunningSandbox, facebook: Provider) -> None:
    account = works.account("facebook", sandbox)
    fresh = facebook.refresh(account, now=datetime.now(UTC))
    assert fresh.access_token != account.credentials.access_token
    assert fresh.expires_at is None
    go(facebook, works.work(replace(account, credentials=fresh)), sandbox)
    assert len(sandbox.posts("facebook")) == 1


def test_a_token_that_was_taken_back_cannot_be_refreshed(sandbox: RunningSandbox, facebook: Provider) -> None:
    account = works.account("facebook", sandbox)
    credentials = replace(account.credentials, access_token="gone")
    with pytest.raises(ProviderError) as refused:
        facebook.refresh(replace(account, credentials=credentials), now=datetime.now(UTC))
    assert (refused.value.code, refused.value.meaning.category) == ("190", Category.AUTH_EXPIRED)


def test_the_same_words_twice_in_a_row_are_refused_as_a_duplicate(sandbox: RunningSandbox, facebook: Provider) -> None:
    work = works.work(works.account("facebook", sandbox), text="Again")
    go(facebook, work, sandbox)
    with pytest.raises(ProviderError) as refused:
        go(facebook, work, sandbox)
    assert (refused.value.code, refused.value.meaning.category) == ("506/1455006", Category.DUPLICATE)
    assert not refused.value.ambiguous


def test_a_call_limit_holds_the_post_as_long_as_the_headers_say(sandbox: RunningSandbox, facebook: Provider) -> None:
    account = works.account("facebook", sandbox, metadata={"usage_percent": 100})
    with pytest.raises(ProviderError) as limited:
        go(facebook, works.work(account), sandbox)
    assert (limited.value.code, limited.value.meaning.category) == ("80001", Category.RATE_LIMIT)
    assert (limited.value.meaning.hold, limited.value.retry_after) == (900.0, 300.0)
    assert not limited.value.ambiguous


@pytest.mark.parametrize(
    ("status", "error", "category", "expected"),
    [
        (400, {"code": 190, "error_subcode": 463}, Category.AUTH_EXPIRED, {"refresh": True}),
        (403, {"code": 200}, Category.PERMISSION, {"retryable": False}),
        (400, {"code": 32}, Category.RATE_LIMIT, {"hold": 900.0}),
        (400, {"code": 368}, Category.ACCOUNT, {"retryable": False}),
        (400, {"code": 100, "error_subcode": 1366046}, Category.MEDIA, {"retryable": False}),
        (400, {"code": 368, "error_subcode": 1390008}, Category.RATE_LIMIT, {"hold": 3600.0}),
        (400, {"code": 368, "error_subcode": 1404006}, Category.ACCOUNT, {"retryable": False}),
        (400, {"code": 100, "error_subcode": 1366051}, Category.DUPLICATE, {"retryable": False}),
        (400, {"code": 1609005}, Category.USER_CONTENT, {"retryable": False}),
        (400, {"code": 6000, "error_subcode": 1363030}, Category.PLATFORM, {"retryable": True}),
        (400, {"code": 6000, "error_subcode": 1363128}, Category.MEDIA, {"retryable": False}),
        (400, {"code": 100}, Category.USER_CONTENT, {"retryable": False}),
    ],
)
def test_each_refusal_of_a_post_has_its_meaning_and_is_not_in_doubt(
    sandbox: RunningSandbox,
    facebook: Provider,
    status: int,
    error: Mapping[str, Any],
    category: Category,
    expected: Mapping[str, Any],
) -> None:
    body = {"error": {"message": "No", "fbtrace_id": "Atrace", **error}}
    sandbox.rule("facebook", "commit", "error", status=status, body=body)
    with pytest.raises(ProviderError) as refused:
        go(facebook, works.work(works.account("facebook", sandbox)), sandbox)
    meaning = refused.value.meaning
    assert meaning.category == category
    assert {name: getattr(meaning, name) for name in expected} == expected
    assert "Facebook" in meaning.sentence
    assert (refused.value.trace_id, refused.value.ambiguous) == ("Atrace", False)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, {"error": {"code": 2, "message": "Service temporarily unavailable"}}),
        (400, {"error": {"code": 1, "message": "An unknown error occurred"}}),
        (400, {"error": {"code": 99, "message": "Try again", "is_transient": True}}),
        (502, "<html>Bad gateway</html>"),
        (200, "<html>Maintenance</html>"),
        (200, {}),
    ],
)
def test_an_unclear_answer_to_publishing_leaves_it_in_doubt(
    sandbox: RunningSandbox, facebook: Provider, status: int, body: Any
) -> None:
    sandbox.rule("facebook", "commit", "error", status=status, body=body)
    with pytest.raises(ProviderError) as unclear:
        go(facebook, works.work(works.account("facebook", sandbox)), sandbox)
    assert unclear.value.ambiguous


# Rules


def facts(kind: Any = "image", content_type: str = "image/jpeg", **more: Any) -> MediaFacts:
    return MediaFacts(url="https://files.example/1", checked=True, kind=kind, content_type=content_type, **more)


UPRIGHT = facts("video", "video/mp4", width=1080, height=1920, duration=30)


@pytest.mark.parametrize(
    ("draft", "code"),
    [
        (Draft(text="  "), "TEXT_REQUIRED"),
        (Draft(text="x" * 63_207), "TEXT_TOO_LONG"),
        (Draft(text="", media=(facts(), UPRIGHT), media_type="carousel"), "MEDIA_KIND"),
        (Draft(text="", media=(facts(),) * 11, media_type="carousel"), "MEDIA_COUNT"),
        (Draft(text="", media=(replace(UPRIGHT, duration=91),), media_type="reel"), "MEDIA_DURATION"),
        (Draft(text="", media=(replace(UPRIGHT, width=360, height=640),), media_type="reel"), "MEDIA_WIDTH"),
        (Draft(text="Hi", options={"link": "javascript:alert(1)"}), "OPTION_INVALID"),
    ],
)
def test_what_facebook_would_refuse_is_refused_before(draft: Draft, code: str) -> None:
    assert code in [issue.code for issue in Facebook.check(draft) if issue.severity == "error"]


@pytest.mark.parametrize(
    ("draft", "codes"),
    [
        (Draft(text="Hi"), []),
        (Draft(text="", options={"link": "https://shop.example"}), []),
        (Draft(text="", media=(UPRIGHT,), media_type="reel"), []),
        (Draft(text="", media=(facts(content_type="image/webp"),), media_type="image"), ["MEDIA_FORMAT"]),
        (
            Draft(text="", media=(facts(),), media_type="image", options={"link": "https://a.example", "title": "T"}),
            ["OPTION_IGNORED", "OPTION_IGNORED"],
        ),
        (Draft(text="", media=(replace(UPRIGHT, width=1080, height=1080),), media_type="reel"), ["MEDIA_RATIO"]),
    ],
)
def test_what_facebook_takes_passes_with_no_more_than_a_warning(draft: Draft, codes: list[str]) -> None:
    issues = Facebook.check(draft)
    assert [issue.code for issue in issues] == codes
    assert all(issue.severity == "warning" for issue in issues)
