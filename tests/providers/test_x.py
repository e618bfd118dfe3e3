"""X: the adapter against the sandbox, over HTTP."""

from dataclasses import replace
from typing import Any

import pytest
import requests

from chat33.lib.http import ReplyLost
from integrations.providers.base import Account, Category, ProviderError, Step
from integrations.providers.rules import Draft, MediaFacts
from integrations.providers.x import X
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
    page = requests.get(str(done.external_url), timeout=5)
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


# Refusals


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
    with pytest.raises(ProviderError) as full:
        journey(sandbox, busy, text="Two").to_the_end()
    assert full.value.code == "daily-limit"
    assert full.value.meaning.category == Category.QUOTA
    assert full.value.retry_after == pytest.approx(86_400, abs=10)


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


# Rules


def facts(content_type: str = "image/jpeg", **more: Any) -> MediaFacts:
    kind: Any = content_type.split("/")[0]
    given = {"size": 1_000_000, "width": 1280, "height": 720, **more}
    return MediaFacts(url="https://example.com/a", checked=True, kind=kind, content_type=content_type, **given)


def codes(draft: Draft, account: Account | None = None) -> list[tuple[str, str, str]]:
    return [(issue.severity, issue.code, issue.path) for issue in X.check(draft, account)]


def test_length_is_weighted_as_x_weighs_it() -> None:
    assert codes(Draft(text="😀" * 140)) == []
    assert codes(Draft(text="😀" * 141)) == [("error", "TEXT_TOO_LONG", "text")]
    assert codes(Draft(text="https://example.com/" + "a" * 400)) == []
    override = Draft(text="short", options={"text": "a" * 281, "firstComment": "b" * 281})
    assert codes(override) == [
        ("error", "TEXT_TOO_LONG", "platformConfig.x.text"),
        ("error", "TEXT_TOO_LONG", "platformConfig.x.firstComment"),
    ]
    assert codes(Draft(text=" ")) == [("error", "TEXT_REQUIRED", "text")]


def test_premium_accounts_write_and_film_longer(sandbox: RunningSandbox, owner: Account) -> None:
    premium = replace(owner, metadata={"premium": True})
    long_text = Draft(text="a" * 25_000)
    long_film = Draft(text="", media=(facts("video/mp4", duration=7000.0),), media_type="video")
    assert codes(long_text, premium) == codes(long_film, premium) == []
    assert codes(long_text, owner) == [("error", "TEXT_TOO_LONG", "text")]
    assert codes(long_film, owner) == [("error", "MEDIA_DURATION", "mediaUrls.0")]


def test_pictures_up_to_four_a_gif_alone_and_larger_than_a_picture() -> None:
    assert codes(Draft(text="", media=(facts(),) * 4, media_type="image")) == []
    assert codes(Draft(text="", media=(facts(),) * 5, media_type="carousel")) == [("error", "MEDIA_COUNT", "mediaUrls")]
    gif = facts("image/gif", size=9_000_000)
    assert codes(Draft(text="", media=(gif,), media_type="image")) == []
    assert codes(Draft(text="", media=(facts(), gif), media_type="carousel")) == [
        ("error", "MEDIA_MIXED", "mediaUrls.1")
    ]
    large = facts(size=9_000_000)
    assert codes(Draft(text="", media=(large,), media_type="image")) == [("warning", "MEDIA_TOO_LARGE", "mediaUrls.0")]


def test_a_cover_is_left_out_and_a_wrong_option_is_told() -> None:
    draft = Draft(
        text="", media=(facts("video/mp4", duration=3.0),), media_type="reel", cover=facts(),
        options={"replySettings": "nobody"},
    )  # fmt: skip
    assert codes(draft) == [
        ("warning", "COVER_IGNORED", "coverImageUrl"),
        ("error", "OPTION_INVALID", "platformConfig.x.replySettings"),
    ]
