"""X's sandbox: driven by tweepy, which nobody here wrote, and checked at the level of the protocol."""

from base64 import b64encode
from datetime import timedelta
from typing import Any

import pytest
import requests
import tweepy

from tests.providers.journeys import GIF, JPEG, film
from tests.sandboxes import RunningSandbox

REAL = "https://api.twitter.com"


class Session(requests.Session):
    """tweepy names its host in its code; everything it sends there goes to the sandbox."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self.base = base

    def request(self, method: Any, url: Any, *args: Any, **options: Any) -> requests.Response:
        assert str(url).startswith(REAL)
        return super().request(method, f"{self.base}{str(url).removeprefix(REAL)}", *args, **options)


class Caller:
    """Bare requests with one account's token."""

    def __init__(self, sandbox: RunningSandbox, **metadata: Any) -> None:
        self.given = sandbox.account("x", "demo", metadata=metadata)
        self.base = f"{sandbox.url}/x/api"
        self.token = self.given["access_token"]

    def __call__(self, method: str, path: str, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        return requests.request(method, f"{self.base}{path}", headers=headers, timeout=60, **options)

    def upload(self, body: bytes = JPEG, category: str = "tweet_image") -> requests.Response:
        return self("POST", "/2/media/upload", data={"media_category": category}, files={"media": ("a", body)})

    def begin(self, total: int, category: str = "tweet_video", media_type: str = "video/mp4") -> str:
        wanted = {"media_category": category, "media_type": media_type, "total_bytes": total}
        return str(self("POST", "/2/media/upload/initialize", json=wanted).json()["data"]["id"])

    def append(self, media_id: str, index: int, body: bytes) -> requests.Response:
        path = f"/2/media/upload/{media_id}/append"
        return self("POST", path, data={"segment_index": str(index)}, files={"media": ("blob", body)})

    def finalize(self, media_id: str) -> requests.Response:
        return self("POST", f"/2/media/upload/{media_id}/finalize", json={})

    def status(self, media_id: str) -> requests.Response:
        return self("GET", "/2/media/upload", params={"command": "STATUS", "media_id": media_id})


@pytest.fixture
def call(sandbox: RunningSandbox) -> Caller:
    return Caller(sandbox)


@pytest.fixture
def client(call: Caller) -> tweepy.Client:
    made = tweepy.Client(call.token)
    made.session = Session(call.base)
    return made


# By tweepy


def test_tweepy_posts_reads_answers_and_deletes(sandbox: RunningSandbox, call: Caller, client: tweepy.Client) -> None:
    me = client.get_me(user_auth=False).data
    assert (str(me.id), me.username) == (call.given["remote_id"], "demo")
    created = client.create_tweet(text="Hello from tweepy & <friends>", user_auth=False).data
    media_id = call.upload().json()["data"]["id"]
    with_picture = client.create_tweet(
        text="See https://example.com/a", media_ids=[media_id], reply_settings="following", user_auth=False
    ).data
    reply = client.create_tweet(text="And more", in_reply_to_tweet_id=created["id"], user_auth=False).data
    found = client.get_users_tweets(
        me.id,
        tweet_fields=["created_at", "entities", "attachments", "reply_settings", "referenced_tweets"],
        start_time=sandbox.sandbox.now() - timedelta(minutes=1),
        max_results=5,
    )
    assert [str(tweet.id) for tweet in found.data] == [reply["id"], with_picture["id"], created["id"]]
    newest, pictured, oldest = found.data
    assert newest.referenced_tweets[0].id == int(created["id"])
    assert oldest.text == "Hello from tweepy &amp; &lt;friends&gt;"
    assert pictured.reply_settings == "following"
    link, picture = pictured.entities["urls"]
    assert (link["expanded_url"], pictured.text[link["start"] : link["end"]]) == ("https://example.com/a", link["url"])
    assert picture["media_key"] == pictured.attachments["media_keys"][0]
    assert (sandbox.sandbox.now() - pictured.created_at).total_seconds() < 60
    assert str(client.get_tweet(created["id"]).data.id) == created["id"]
    assert client.delete_tweet(created["id"], user_auth=False).data == {"deleted": True}
    assert [post["id"] for post in sandbox.posts("x")] == [with_picture["id"]]
    assert client.get_tweet(created["id"]).errors[0]["title"] == "Not Found Error"


def test_tweepy_leafs_through_the_timeline(client: tweepy.Client, call: Caller) -> None:
    made = [client.create_tweet(text=f"Post {number}", user_auth=False).data["id"] for number in range(7)]
    pages = tweepy.Paginator(client.get_users_tweets, call.given["remote_id"], max_results=5, exclude=["replies"])
    assert [str(tweet.id) for tweet in pages.flatten()] == made[::-1]


def test_tweepy_understands_the_refusals(sandbox: RunningSandbox, client: tweepy.Client) -> None:
    client.create_tweet(text="Twice", user_auth=False)
    with pytest.raises(tweepy.Forbidden, match="duplicate content"):
        client.create_tweet(text="Twice", user_auth=False)
    with pytest.raises(tweepy.BadRequest, match="too long"):
        client.create_tweet(text="😀" * 141, user_auth=False)
    with pytest.raises(tweepy.BadRequest, match="media IDs are invalid"):
        client.create_tweet(text="Picture", media_ids=["123"], user_auth=False)
    sandbox.rule("x", "commit", "error", status=429)
    with pytest.raises(tweepy.TooManyRequests):
        client.create_tweet(text="Too fast", user_auth=False)
    sandbox.rule("x", "commit", "error", status=503)
    with pytest.raises(tweepy.TwitterServerError):
        client.create_tweet(text="Overloaded", user_auth=False)
    sandbox.advance_clock(7201)
    with pytest.raises(tweepy.Unauthorized):
        client.create_tweet(text="Too late", user_auth=False)


def test_an_oauth_client_refreshes_its_tokens(
    call: Caller, client: tweepy.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    handler = tweepy.OAuth2UserHandler(
        client_id="client", client_secret="quiet", redirect_uri="https://example.com/back", scope=call.given["scopes"]
    )
    handler.token = {"access_token": call.token, "refresh_token": call.given["refresh_token"]}
    token = handler.refresh_token(f"{call.base}/2/oauth2/token", client_id="client", auth=handler.auth)
    assert token["token_type"] == "bearer"
    assert token["expires_in"] == 7200
    assert token["refresh_token"] != call.given["refresh_token"]
    client.bearer_token = token["access_token"]
    assert client.create_tweet(text="Refreshed", user_auth=False).data["text"] == "Refreshed"


# The token endpoint


@pytest.mark.parametrize(
    ("form", "basic", "status", "error"),
    [
        ({"refresh_token": "unknown", "client_id": "id"}, None, 400, "invalid_request"),
        ({}, ("id", "secret"), 400, "invalid_request"),
        ({"client_id": "id"}, ("id", ""), 401, "unauthorized_client"),
        ({}, None, 400, "invalid_request"),
        ({"client_id": "id", "grant_type": "password"}, None, 400, "unsupported_grant_type"),
    ],
)
def test_a_refresh_must_be_whole(
    call: Caller, form: dict[str, str], basic: tuple[str, str] | None, status: int, error: str
) -> None:
    reply = requests.post(
        f"{call.base}/2/oauth2/token", data={"grant_type": "refresh_token", **form}, auth=basic, timeout=60
    )
    assert (reply.status_code, reply.json()["error"]) == (status, error)


# Posts


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": "   "},
        {"text": 5},
        {"text": "x", "unheard": True},
        {"text": "x", "reply_settings": "everyone"},
        {"text": "x", "made_with_ai": "yes"},
        {"text": "x", "media": {"media_ids": []}},
        {"text": "x", "media": {"media_ids": ["1"] * 5}},
        {"text": "x", "media": {"media_ids": ["7_1"]}},
        {"text": "x", "reply": {"in_reply_to_tweet_id": 5}},
    ],
)
def test_a_malformed_post_is_an_invalid_request(call: Caller, sandbox: RunningSandbox, body: Any) -> None:
    reply = call("POST", "/2/tweets", json=body)
    assert reply.status_code == 400
    assert reply.headers["Content-Type"].startswith("application/problem+json")
    assert reply.json()["type"] == "https://api.x.com/2/problems/invalid-request"
    assert reply.json()["errors"][0]["message"]
    assert sandbox.posts("x") == []


def test_a_token_without_the_scope_or_of_another_network_is_refused(sandbox: RunningSandbox, call: Caller) -> None:
    account = sandbox.sandbox.store.get("account", f"x:{call.given['remote_id']}")
    assert account is not None
    call.token = sandbox.sandbox.grant(account, ("tweet.read", "users.read"))["access_token"]
    assert call("GET", "/2/users/me").status_code == 200
    assert call("POST", "/2/tweets", json={"text": "Hello"}).status_code == 403
    assert call.upload().status_code == 403
    call.token = sandbox.account("tiktok")["access_token"]
    assert call("GET", "/2/users/me").status_code == 401


def test_the_same_text_with_another_picture_or_half_a_day_later_is_no_duplicate(
    sandbox: RunningSandbox, call: Caller
) -> None:
    def post(**more: Any) -> int:
        return call("POST", "/2/tweets", json={"text": "Same", **more}).status_code

    assert [post(), post()] == [201, 403]
    pictured = {"media": {"media_ids": [call.upload().json()["data"]["id"]]}}
    assert post(**pictured) == 201
    sandbox.advance_clock(12 * 3600)
    call.token = sandbox.account("x")["access_token"]
    assert post() == 201


def test_only_who_was_addressed_may_answer_another(sandbox: RunningSandbox, call: Caller) -> None:
    other = Caller(sandbox)
    other.token = sandbox.account("x", "stranger")["access_token"]
    silent = call("POST", "/2/tweets", json={"text": "To nobody"}).json()["data"]["id"]
    calling = call("POST", "/2/tweets", json={"text": "Hello @stranger"}).json()["data"]["id"]

    def answer(post_id: str) -> requests.Response:
        return other("POST", "/2/tweets", json={"text": "Hi", "reply": {"in_reply_to_tweet_id": post_id}})

    assert answer(calling).status_code == 201
    assert "not been mentioned" in answer(silent).json()["detail"]
    assert answer("99").status_code == 403
    assert other("DELETE", f"/2/tweets/{silent}").status_code == 403


def test_the_timeline_refuses_what_the_real_one_refuses(call: Caller) -> None:
    path = f"/2/users/{call.given['remote_id']}/tweets"
    for wrong in ({"max_results": "4"}, {"tweet.fields": "colour"}, {"start_time": "yesterday"}):
        assert call("GET", path, params=wrong).status_code == 400
    assert call("GET", path).json() == {"meta": {"result_count": 0}}
    assert call("GET", "/2/users/1/tweets").json()["errors"][0]["resource_type"] == "user"


def test_the_days_posts_can_be_limited(sandbox: RunningSandbox) -> None:
    call = Caller(sandbox, quota_total=1)
    assert call("POST", "/2/tweets", json={"text": "One"}).status_code == 201
    refused = call("POST", "/2/tweets", json={"text": "Two"})
    assert refused.status_code == 429
    assert refused.headers["x-user-limit-24hour-remaining"] == "0"
    assert int(refused.headers["x-user-limit-24hour-reset"]) > sandbox.sandbox.timestamp() + 86_000


# Media


def test_a_picture_is_known_by_its_bytes_and_within_its_size(call: Caller) -> None:
    whole = call.upload()
    assert whole.status_code == 200
    assert whole.json()["data"]["media_key"] == f"3_{whole.json()['data']['id']}"
    as_json = {"media": b64encode(JPEG).decode(), "media_category": "tweet_image"}
    assert call("POST", "/2/media/upload", json=as_json).json()["data"]["size"] == len(JPEG)
    assert call.upload(b"not a picture").status_code == 400
    assert call.upload(JPEG + bytes(5_000_000)).status_code == 400
    assert call.upload(film(), category="tweet_video").status_code == 400


def test_segments_may_come_in_any_order_but_must_add_up(sandbox: RunningSandbox, call: Caller) -> None:
    whole = film(2500)
    media_id = call.begin(len(whole))
    assert call.append(media_id, 2, whole[2000:]).status_code == 200
    assert call.append(media_id, 0, whole[:1000]).status_code == 200
    assert "add up" in call.finalize(media_id).json()["errors"][0]["message"]
    assert call.append(media_id, 1, b"overwritten").status_code == 200
    assert call.append(media_id, 1, whole[1000:2000]).status_code == 200
    told = call.finalize(media_id).json()["data"]
    assert told["size"] == 2500
    assert told["processing_info"]["state"] == "pending"
    assert call.finalize(media_id).status_code == 400
    sandbox.advance_clock(1)
    post = {"text": "", "media": {"media_ids": [media_id]}}
    assert call("POST", "/2/tweets", json=post).status_code == 201
    (name,) = sandbox.posts("x")[0]["media"]
    assert (sandbox.sandbox.files / name).read_bytes() == whole


def test_an_upload_that_is_not_what_it_says_is_refused(call: Caller) -> None:
    wrong = (
        {"media_category": "tweet_video", "media_type": "image/png", "total_bytes": 10},
        {"media_category": "tweet_gif", "media_type": "image/gif", "total_bytes": 15_000_001},
        {"media_category": "tweet_video", "media_type": "video/mp4", "total_bytes": "10"},
    )
    for body in wrong:
        assert call("POST", "/2/media/upload/initialize", json=body).status_code == 400
    media_id = call.begin(6_000_000)
    assert call.append(media_id, 0, bytes(5_000_001)).status_code == 400
    assert call.append("99", 0, b"x").status_code == 400
    assert call.status(media_id).status_code == 400
    empty = call("POST", f"/2/media/upload/{media_id}/finalize")
    assert empty.json()["errors"][0]["message"] == "Request body must be a JSON object."


def test_a_video_is_processed_before_it_may_be_shown(sandbox: RunningSandbox, call: Caller) -> None:
    media_id = call.begin(2000)
    call.append(media_id, 0, film(2000))
    call.finalize(media_id)
    post = {"text": "Film", "media": {"media_ids": [media_id]}}
    assert call("POST", "/2/tweets", json=post).status_code == 400
    assert call.status(media_id).json()["data"]["processing_info"]["check_after_secs"] == 1
    sandbox.advance_clock(0.5)
    assert call.status(media_id).json()["data"]["processing_info"]["state"] == "in_progress"
    sandbox.advance_clock(0.6)
    assert call.status(media_id).json()["data"]["processing_info"]["state"] == "succeeded"
    picture = call.upload().json()["data"]["id"]
    mixed = {"text": "Both", "media": {"media_ids": [media_id, picture]}}
    assert call("POST", "/2/tweets", json=mixed).status_code == 400
    assert call("POST", "/2/tweets", json=post).status_code == 201


def test_a_video_that_is_none_fails_in_processing(sandbox: RunningSandbox, call: Caller) -> None:
    media_id = call.begin(len(GIF))
    call.append(media_id, 0, GIF)
    call.finalize(media_id)
    sandbox.advance_clock(1)
    info = call.status(media_id).json()["data"]["processing_info"]
    assert (info["state"], info["error"]["name"]) == ("failed", "InvalidMedia")
    assert call("POST", "/2/tweets", json={"media": {"media_ids": [media_id]}}).status_code == 400


def test_a_file_is_kept_for_a_day_and_is_its_uploaders_alone(sandbox: RunningSandbox, call: Caller) -> None:
    media_id = call.upload().json()["data"]["id"]
    post = {"text": "Picture", "media": {"media_ids": [media_id]}}
    mine = call.token
    call.token = sandbox.account("x", "stranger")["access_token"]
    assert call("POST", "/2/tweets", json=post).status_code == 400
    call.token = mine
    metadata = {"alt_text": {"text": "x" * 1001}}
    assert call("POST", "/2/media/metadata", json={"id": media_id, "metadata": metadata}).status_code == 400
    sandbox.advance_clock(86_401)
    call.token = sandbox.account("x")["access_token"]
    assert call("POST", "/2/tweets", json=post).status_code == 400
