"""TikTok's sandbox, checked at the level of the protocol: there is no official client for Python."""

from typing import Any

import pytest
import requests

from tests.providers.journeys import JPEG, PNG, film, served
from tests.sandboxes import RunningSandbox

MIB = 2**20


class Caller:
    """Bare requests with one account's token."""

    def __init__(self, sandbox: RunningSandbox, username: str = "demo", **metadata: Any) -> None:
        self.sandbox = sandbox
        self.given = sandbox.account("tiktok", username, metadata=metadata)
        self.token = self.given["access_token"]
        self.base = f"{sandbox.url}/tiktok/open/v2"

    def __call__(self, path: str, body: Any = None) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json; charset=UTF-8"}
        return requests.post(f"{self.base}{path}", json=body or {}, headers=headers, timeout=60)

    def code(self, path: str, body: Any = None) -> tuple[int, str]:
        reply = self(path, body)
        return reply.status_code, reply.json()["error"]["code"]

    def begin(self, size: int, chunk: int | None = None, count: int | None = None, **info: Any) -> requests.Response:
        chunk = size if chunk is None else chunk
        source = {
            "source": "FILE_UPLOAD",
            "video_size": size,
            "chunk_size": chunk,
            "total_chunk_count": size // chunk if count is None else count,
        }
        post_info = {"title": "A film", "privacy_level": "PUBLIC_TO_EVERYONE", "brand_content_toggle": False, **info}
        return self("/post/publish/video/init/", {"post_info": post_info, "source_info": source})

    def photos(self, *addresses: str, **info: Any) -> requests.Response:
        body = {
            "media_type": "PHOTO",
            "post_mode": "DIRECT_POST",
            "post_info": {"title": "A photo", "privacy_level": "PUBLIC_TO_EVERYONE", **info},
            "source_info": {"source": "PULL_FROM_URL", "photo_cover_index": 0, "photo_images": list(addresses)},
        }
        return self("/post/publish/content/init/", body)

    def status(self, publish_id: str) -> dict[str, Any]:
        return dict(self("/post/publish/status/fetch/", {"publish_id": publish_id}).json()["data"])


@pytest.fixture
def call(sandbox: RunningSandbox) -> Caller:
    return Caller(sandbox)


def put(address: str, body: bytes, first: int, total: int, **headers: str) -> requests.Response:
    given = {"Content-Type": "video/mp4", "Content-Range": f"bytes {first}-{first + len(body) - 1}/{total}", **headers}
    return requests.put(address, data=body, headers=given, timeout=60)


# Posting a video


def test_a_video_goes_from_upload_to_public(sandbox: RunningSandbox, call: Caller) -> None:
    whole = film(2000)
    data = call.begin(len(whole)).json()["data"]
    assert data["publish_id"].startswith("v_pub_file~v2-1.")
    assert call.status(data["publish_id"]) == {"status": "PROCESSING_UPLOAD", "uploaded_bytes": 0}
    done = put(data["upload_url"], whole, 0, 2000)
    assert (done.status_code, done.headers["Content-Range"]) == (201, "bytes 0-1999/2000")
    assert call.status(data["publish_id"]) == {"status": "PROCESSING_UPLOAD", "uploaded_bytes": 2000}
    sandbox.advance_clock(1)
    assert call.status(data["publish_id"])["publicaly_available_post_id"] == []
    sandbox.advance_clock(0.5)
    told = call.status(data["publish_id"])
    (post,) = sandbox.posts("tiktok")
    assert (told["status"], told["publicaly_available_post_id"]) == ("PUBLISH_COMPLETE", [int(post["id"])])
    assert (sandbox.sandbox.files / post["media"][0]).read_bytes() == whole


def test_chunks_come_in_order_and_out_of_step_is_told(sandbox: RunningSandbox, call: Caller) -> None:
    chunk, size = 5 * MIB, 10 * MIB + 123
    whole = film(size)
    address = call.begin(size, chunk).json()["data"]["upload_url"]
    first, second = whole[:chunk], whole[chunk:]
    assert put(address, second, chunk, size).status_code == 416
    took = put(address, first, 0, size)
    assert (took.status_code, took.headers["Content-Range"]) == (206, f"bytes 0-{chunk - 1}/{size}")
    again = put(address, first, 0, size)
    assert (again.status_code, again.headers["Content-Range"]) == (416, f"bytes 0-{chunk - 1}/{size}")
    assert put(address, second[:-1], chunk, size).status_code == 416
    assert sandbox.posts("tiktok") == []
    assert put(address, second, chunk, size).status_code == 201
    assert put(address, second, chunk, size).status_code == 404
    assert len(sandbox.posts("tiktok")) == 1


def test_a_chunk_must_be_what_its_headers_say(sandbox: RunningSandbox, call: Caller) -> None:
    address = call.begin(2000).json()["data"]["upload_url"]
    whole = film(2000)
    assert put(address, whole, 0, 2000, **{"Content-Range": "bytes 0-1998/2000"}).status_code == 400
    assert put(address, whole, 0, 2001).status_code == 400
    assert put(address, whole, 0, 2000, **{"Content-Range": "from the start"}).status_code == 400
    assert put(address.replace("upload_token=", "upload_token=x"), whole, 0, 2000).status_code == 404
    sandbox.advance_clock(3601)
    assert put(address, whole, 0, 2000).status_code == 403


@pytest.mark.parametrize(
    ("size", "chunk", "count", "well"),
    [
        (50_000_123, 10_000_000, 5, True),
        (50_000_123, 10_000_000, 6, False),
        (4 * MIB, 4 * MIB, 1, True),
        (4 * MIB, 2 * MIB, 2, False),
        (64 * MIB, 64 * MIB, 1, True),
        (65 * MIB, 65 * MIB, 1, False),
        (127 * MIB, 64 * MIB, 1, True),
        (4097 * MIB, 64 * MIB, 64, False),
        (0, 0, 0, False),
    ],
)
def test_the_arithmetic_of_chunks_is_checked(call: Caller, size: int, chunk: int, count: int, well: bool) -> None:
    reply = call.begin(size, max(chunk, 1) if not well else chunk, count)
    assert (reply.json()["error"]["code"] == "ok") == well
    assert reply.status_code == (200 if well else 400)


def test_what_is_no_video_fails_afterwards(sandbox: RunningSandbox, call: Caller) -> None:
    data = call.begin(len(PNG)).json()["data"]
    assert put(data["upload_url"], PNG, 0, len(PNG)).status_code == 201
    sandbox.advance_clock(1)
    told = call.status(data["publish_id"])
    assert (told["status"], told["fail_reason"]) == ("FAILED", "file_format_check_failed")
    assert sandbox.posts("tiktok") == []


@pytest.mark.parametrize(
    ("info", "status", "code"),
    [
        ({"privacy_level": None}, 403, "privacy_level_option_mismatch"),
        ({"privacy_level": "FOLLOWER_OF_CREATOR"}, 403, "privacy_level_option_mismatch"),
        ({"title": "😀" * 1101}, 400, "invalid_params"),
        ({"disable_duet": "yes"}, 400, "invalid_params"),
        ({"video_cover_timestamp_ms": "start"}, 400, "invalid_params"),
    ],
)
def test_post_info_is_checked(call: Caller, info: dict[str, Any], status: int, code: str) -> None:
    reply = call.begin(2000, **info)
    assert (reply.status_code, reply.json()["error"]["code"]) == (status, code)
    assert reply.json()["error"]["log_id"]
    assert reply.json()["data"] == {}


# Posting photos


def test_photos_are_fetched_from_their_addresses(sandbox: RunningSandbox, call: Caller) -> None:
    reply = call.photos(served(sandbox, JPEG), served(sandbox, JPEG + b"2"), description="Two of them")
    publish_id = reply.json()["data"]["publish_id"]
    assert publish_id.startswith("p_pub_url~v2.")
    assert call.status(publish_id)["status"] == "PROCESSING_DOWNLOAD"
    sandbox.advance_clock(0.3)
    assert call.status(publish_id)["status"] == "PUBLISH_COMPLETE"
    (post,) = sandbox.posts("tiktok")
    assert (post["title"], post["text"], len(post["media"])) == ("A photo", "Two of them", 2)


def test_photos_that_cannot_be_had_or_shown_fail_afterwards(sandbox: RunningSandbox, call: Caller) -> None:
    for address, reason in (
        (f"{sandbox.url}/files/{'0' * 64}", "photo_pull_failed"),
        (served(sandbox, PNG), "file_format_check_failed"),
    ):
        publish_id = call.photos(address).json()["data"]["publish_id"]
        sandbox.advance_clock(0.3)
        assert call.status(publish_id)["fail_reason"] == reason
    assert sandbox.posts("tiktok") == []


def test_the_request_for_photos_is_checked(sandbox: RunningSandbox, call: Caller) -> None:
    address = served(sandbox, JPEG)
    assert call.photos(address, title="x" * 91).status_code == 400
    assert call.photos(address, description="x" * 4001).status_code == 400
    assert call.photos(*[address] * 36).status_code == 400
    assert call.photos().status_code == 400
    assert call.photos("http://example.com/a.jpg").status_code == 400
    body = {"media_type": "VIDEO", "post_info": {"privacy_level": "SELF_ONLY"}}
    assert call.code("/post/publish/content/init/", body) == (400, "invalid_params")
    owner = Caller(sandbox, "owner", verified_prefixes=["https://media.example.com/"])
    assert owner.photos(address).json()["error"]["code"] == "url_ownership_unverified"
    assert sandbox.posts("tiktok") == []


# The creator


def test_the_creator_is_described(sandbox: RunningSandbox, call: Caller) -> None:
    told = call("/post/publish/creator_info/query/").json()
    assert told["error"]["code"] == "ok"
    assert told["data"]["creator_username"] == "demo"
    assert told["data"]["privacy_level_options"] == ["PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY"]
    assert told["data"]["max_video_post_duration_sec"] == 600
    closed = Caller(sandbox, "closed", comment_disabled=True, max_video_post_duration_sec=60)
    data = closed("/post/publish/creator_info/query/").json()["data"]
    assert (data["comment_disabled"], data["duet_disabled"], data["max_video_post_duration_sec"]) == (True, False, 60)


def test_a_full_day_is_told_with_200_by_creator_info_and_403_by_init(sandbox: RunningSandbox) -> None:
    call = Caller(sandbox, "busy", quota_total=1)
    call.photos(served(sandbox, JPEG))
    assert call.code("/post/publish/creator_info/query/") == (200, "spam_risk_too_many_posts")
    assert call.begin(2000).status_code == 403
    sandbox.advance_clock(86_401)
    call.token = sandbox.account("tiktok", "busy")["access_token"]
    assert call.code("/post/publish/creator_info/query/") == (200, "ok")


def test_an_app_that_is_not_audited_posts_in_private(sandbox: RunningSandbox) -> None:
    call = Caller(sandbox, "early", unaudited=True)
    refused = call.begin(2000).json()["error"]["code"]
    assert refused == "unaudited_client_can_only_post_to_private_accounts"
    data = call.begin(2000, privacy_level="SELF_ONLY").json()["data"]
    put(data["upload_url"], film(2000), 0, 2000)
    sandbox.advance_clock(3600)
    assert call.status(data["publish_id"])["publicaly_available_post_id"] == []


# Access


def test_a_token_must_be_alive_this_networks_and_bear_the_scope(sandbox: RunningSandbox, call: Caller) -> None:
    path = "/post/publish/creator_info/query/"
    account = sandbox.sandbox.store.get("account", f"tiktok:{call.given['remote_id']}")
    assert account is not None
    call.token = sandbox.sandbox.grant(account, ("user.info.basic",))["access_token"]
    assert call.code(path) == (401, "scope_not_authorized")
    for token in ("nonsense", sandbox.account("x")["access_token"]):
        call.token = token
        assert call.code(path) == (401, "access_token_invalid")
    call.token = call.given["access_token"]
    assert call.code(path) == (200, "ok")
    sandbox.advance_clock(86_401)
    assert call.code(path) == (401, "access_token_invalid")


def test_a_publishing_is_its_owners_alone(sandbox: RunningSandbox, call: Caller) -> None:
    path = "/post/publish/status/fetch/"
    body = {"publish_id": call.begin(2000).json()["data"]["publish_id"]}
    assert call.code(path, {"publish_id": "v_pub_file~v2-1.0"}) == (400, "invalid_publish_id")
    stranger = Caller(sandbox, "stranger")
    assert stranger.code(path, body) == (400, "token_not_authorized_for_specified_publish_id")


def test_refreshing_replaces_both_tokens_and_errors_are_flat(call: Caller) -> None:
    form = {
        "client_key": "key",
        "client_secret": "quiet",
        "grant_type": "refresh_token",
        "refresh_token": call.given["refresh_token"],
    }

    def token(**changes: str) -> dict[str, Any]:
        return dict(requests.post(f"{call.base}/oauth/token/", data={**form, **changes}, timeout=60).json())

    assert token(client_secret="")["error"] == "invalid_client"
    assert token(grant_type="password")["error"] == "unsupported_grant_type"
    fresh = token()
    assert fresh["open_id"] == call.given["remote_id"]
    assert fresh["token_type"] == "Bearer"
    assert fresh["scope"].split(",") == call.given["scopes"]
    assert fresh["refresh_token"] != form["refresh_token"]
    dead = token()
    assert dead["error"] == "invalid_grant"
    assert set(dead) == {"error", "error_description", "log_id"}
    call.token = fresh["access_token"]
    assert call.code("/post/publish/creator_info/query/") == (200, "ok")


def test_who_the_account_is(call: Caller) -> None:
    headers = {"Authorization": f"Bearer {call.token}"}
    fields = {"fields": "open_id,username"}
    told = requests.get(f"{call.base}/user/info/", params=fields, headers=headers, timeout=60).json()
    assert told["data"]["user"] == {"open_id": call.given["remote_id"], "username": "demo"}


def test_a_fault_speaks_in_the_networks_own_words(sandbox: RunningSandbox, call: Caller) -> None:
    for status, code in ((401, "access_token_invalid"), (429, "rate_limit_exceeded"), (500, "internal_error")):
        sandbox.rule("tiktok", "prepare", "error", status=status)
        assert call.code("/post/publish/creator_info/query/") == (status, code)
