"""The sandbox's Facebook Pages, driven by Meta's own SDK and by plain requests: it checks what the real one checks."""

import json
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest
from facebook_business.adobjects.advideo import AdVideo
from facebook_business.adobjects.page import Page
from facebook_business.adobjects.pagepost import PagePost
from facebook_business.exceptions import FacebookRequestError

from tests.media_files import jpeg, png
from tests.providers.journeys import served
from tests.providers.posting import movie
from tests.sandbox.graph_client import VERSION, api, call, error
from tests.sandboxes import RunningSandbox


class PageAccount:
    """A page with its token."""

    def __init__(self, sandbox: RunningSandbox, username: str = "demo", **metadata: Any) -> None:
        given = sandbox.account("facebook", username, metadata=metadata)
        self.id, self.token = given["remote_id"], given["access_token"]
        self.host = f"{sandbox.url}/facebook/graph"

    def post(self, edge: str, node: str = "", files: Any = None, **fields: Any) -> Any:
        url = f"{self.host}/{VERSION}/{node or self.id}/{edge}"
        return call("POST", url, self.token, data=fields, files=files)

    def get(self, node: str, edge: str = "", **params: Any) -> Any:
        path = f"{node}/{edge}" if edge else node
        return call("GET", f"{self.host}/{VERSION}/{path}", self.token, params=params)


@pytest.fixture
def brand(sandbox: RunningSandbox) -> PageAccount:
    return PageAccount(sandbox)


def test_metas_sdk_posts_words_reads_the_feed_comments_and_deletes(sandbox: RunningSandbox, brand: PageAccount) -> None:
    client = api(brand.host, brand.token)
    made = Page(brand.id, api=client).create_feed(params={"message": "By the SDK", "link": "https://shop.example"})
    [post] = sandbox.posts("facebook")
    assert (post["id"], post["text"], post["link"]) == (made["id"], "By the SDK", "https://shop.example")

    [listed] = Page(brand.id, api=client).get_feed(fields=["id", "message", "permalink_url"])
    assert (listed["id"], listed["permalink_url"]) == (post["id"], post["url"])
    read = PagePost(made["id"], api=client).api_get(fields=["message", "is_published"])
    assert (read["message"], read["is_published"]) == ("By the SDK", True)
    PagePost(made["id"], api=client).create_comment(params={"message": "First!"})
    assert sandbox.posts("facebook")[0]["comments"][0]["message"] == "First!"
    PagePost(made["id"], api=client).api_delete()
    assert sandbox.posts("facebook") == []


def test_metas_sdk_posts_several_pictures_as_one_post(sandbox: RunningSandbox, brand: PageAccount) -> None:
    client = api(brand.host, brand.token)
    owner = Page(brand.id, api=client)
    photos = [
        owner.create_photo(params={"url": served(sandbox, jpeg(320, 320, seed=seed)), "published": False})["id"]
        for seed in (1, 2)
    ]
    assert sandbox.posts("facebook") == []
    attached = [{"media_fbid": photo} for photo in photos]
    owner.create_feed(params={"message": "Two", "attached_media": attached})
    [post] = sandbox.posts("facebook")
    assert (post["text"], post["photos"]) == ("Two", photos)
    with pytest.raises(FacebookRequestError):
        owner.create_feed(params={"message": "Again", "attached_media": attached})


def test_metas_sdk_uploads_a_video_in_pieces_and_a_reel_is_listed(sandbox: RunningSandbox) -> None:
    brand, body = PageAccount(sandbox, video_window=2000), movie(5000)
    client = api(brand.host, brand.token)
    edge = (brand.id, "videos")
    session = client.call("POST", edge, {"upload_phase": "start", "file_size": len(body)}).json()
    at = session
    while at["start_offset"] != at["end_offset"]:
        chunk = body[int(at["start_offset"]) : int(at["end_offset"])]
        params = {
            "upload_phase": "transfer",
            "upload_session_id": session["upload_session_id"],
            "start_offset": at["start_offset"],
        }
        at = client.call("POST", edge, params, files={"video_file_chunk": ("film", chunk, "video/mp4")}).json()
    params = {"upload_phase": "finish", "upload_session_id": session["upload_session_id"], "description": "Film"}
    assert client.call("POST", edge, params).json() == {"success": True}
    sandbox.advance_clock(2)
    video = AdVideo(session["video_id"], api=client).api_get(fields=["status", "permalink_url", "description"])
    assert video["status"]["video_status"] == "ready"
    [post] = sandbox.posts("facebook")
    assert (post["text"], post["url"]) == ("Film", video["permalink_url"])
    assert [item["id"] for item in Page(brand.id, api=client).get_videos(fields=["id"])] == [session["video_id"]]


def test_metas_sdk_publishes_a_reel(sandbox: RunningSandbox, brand: PageAccount) -> None:
    client = api(brand.host, brand.token)
    owner = Page(brand.id, api=client)
    started = client.call("POST", (brand.id, "video_reels"), {"upload_phase": "start"}).json()
    finish = {"upload_phase": "finish", "video_id": started["video_id"], "video_state": "PUBLISHED"}
    with pytest.raises(FacebookRequestError) as early:
        owner.create_video_reel(params=finish)
    assert early.value.api_error_code() == 6000
    headers = {"Authorization": f"OAuth {brand.token}", "file_url": served(sandbox, movie()), "offset": "0"}
    call("POST", started["upload_url"], brand.token, headers={**headers, "file_size": "5000"})
    owner.create_video_reel(params={**finish, "description": "A reel"})
    [post] = sandbox.posts("facebook")
    assert (post["id"], post["text"], post["media_type"]) == (started["video_id"], "A reel", "reel")
    assert [reel["id"] for reel in owner.get_video_reels(fields=["description"])] == [started["video_id"]]


def test_a_broken_connection_keeps_the_bytes_that_came(sandbox: RunningSandbox, brand: PageAccount) -> None:
    started = brand.post("video_reels", upload_phase="start").json()
    body = movie(300_000)
    parts = urlsplit(started["upload_url"])
    head = (
        f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: OAuth {brand.token}\r\n"
        f"offset: 0\r\nfile_size: {len(body)}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection((str(parts.hostname), parts.port or 80), timeout=60) as connection:
        connection.sendall(head.encode() + body[:100_000])
    offset = 0
    for _ in range(200):
        sending = brand.get(started["video_id"], fields="status").json()["status"]["uploading_phase"]
        offset = sending["bytes_transfered"]
        if offset:
            break
    assert 0 < offset <= 100_000
    headers = {"Authorization": f"OAuth {brand.token}", "offset": str(offset), "file_size": str(len(body))}
    assert call("POST", started["upload_url"], brand.token, headers=headers, data=body[offset:]).json()["success"]
    finish = {"upload_phase": "finish", "video_id": started["video_id"], "video_state": "PUBLISHED"}
    assert brand.post("video_reels", **finish).ok
    [post] = sandbox.posts("facebook")
    assert (sandbox.sandbox.files / post["media"][0]).read_bytes() == body


def test_a_piece_at_the_wrong_place_is_answered_with_the_right_one(sandbox: RunningSandbox, brand: PageAccount) -> None:
    session = brand.post("videos", upload_phase="start", file_size="3000").json()
    fields = {"upload_phase": "transfer", "upload_session_id": session["upload_session_id"]}
    reply = brand.post("videos", files={"video_file_chunk": b"x"}, start_offset="7", **fields)
    assert error(reply) == (6001, 1363037)
    assert reply.json()["error"]["error_data"] == {"start_offset": 0, "end_offset": 3000}
    fields["upload_phase"] = "finish"
    assert error(brand.post("videos", **fields)) == (6001, 1363037)
    assert error(brand.post("videos", upload_phase="finish", upload_session_id="1")) == (6000, 1363033)


def test_a_reel_shows_its_phases(sandbox: RunningSandbox, brand: PageAccount) -> None:
    def phases() -> list[str]:
        status = brand.get(started["video_id"], fields="status").json()["status"]
        names = ("uploading_phase", "processing_phase", "publishing_phase")
        return [status["video_status"], *(status[name]["status"] for name in names)]

    started = brand.post("video_reels", upload_phase="start").json()
    assert phases() == ["uploading", "not_started", "not_started", "not_started"]
    body = movie()
    headers = {"Authorization": f"OAuth {brand.token}", "offset": "0", "file_size": str(len(body))}
    call("POST", started["upload_url"], brand.token, headers=headers, data=body)
    assert phases() == ["upload_complete", "complete", "in_progress", "not_started"]
    brand.post("video_reels", upload_phase="finish", video_id=started["video_id"], video_state="PUBLISHED")
    assert phases() == ["processing", "complete", "in_progress", "in_progress"]
    sandbox.advance_clock(2)
    assert phases() == ["ready", "complete", "complete", "complete"]


@pytest.mark.parametrize("source", ["url", "body"])
def test_a_picture_may_be_published_on_its_own(sandbox: RunningSandbox, brand: PageAccount, source: str) -> None:
    if source == "url":
        made = brand.post("photos", url=served(sandbox, png(320, 320)), caption="Alone").json()
    else:
        made = brand.post("photos", files={"source": png(320, 320)}, caption="Alone").json()
    [post] = sandbox.posts("facebook")
    assert (post["id"], post["text"]) == (made["post_id"], "Alone")
    assert brand.get(made["id"], fields="page_story_id").json()["page_story_id"] == post["id"]


@pytest.mark.parametrize(
    ("edge", "fields", "files", "expected"),
    [
        ("feed", {}, None, (100, 0)),
        ("feed", {"message": "x" * 63_207}, None, (100, 0)),
        ("feed", {"link": "ftp://files.example"}, None, (1609005, 0)),
        ("feed", {"attached_media": json.dumps([{"media_fbid": "1"}])}, None, (100, 0)),
        ("photos", {}, None, (324, 0)),
        ("photos", {"url": "http://127.0.0.1:9/x.jpg"}, None, (324, 0)),
        ("photos", {}, {"source": b"no picture"}, (100, 1366046)),
        ("photos", {}, {"source": jpeg(320, 320) + bytes(4_000_000)}, (100, 1366046)),
        ("videos", {"upload_phase": "start", "file_size": "3000000000"}, None, (6000, 1363023)),
        ("videos", {}, {"source": b"no film"}, (352, 1363024)),
        ("video_reels", {"upload_phase": "finish", "video_id": "1"}, None, (100, 33)),
    ],
)
def test_what_facebook_would_refuse_is_refused(
    brand: PageAccount, edge: str, fields: dict[str, str], files: Any, expected: tuple[int, int]
) -> None:
    assert error(brand.post(edge, files=files, **fields)) == expected


def test_the_last_words_may_not_be_said_again_until_others_were(sandbox: RunningSandbox, brand: PageAccount) -> None:
    assert brand.post("feed", message="One").ok
    assert error(brand.post("feed", message="One")) == (506, 1455006)
    assert brand.post("feed", message="Two").ok
    assert brand.post("feed", message="One").ok
    assert len(sandbox.posts("facebook")) == 3


def test_tokens_open_their_own_page_alone_within_their_permissions(sandbox: RunningSandbox, brand: PageAccount) -> None:
    other = PageAccount(sandbox, "other")
    assert error(brand.post("feed", node=other.id, message="Hi")) == (100, 33)
    assert error(call("POST", f"{brand.host}/{VERSION}/me/feed", "unknown", data={"message": "Hi"})) == (190, 0)
    account = sandbox.sandbox.store.get("account", f"facebook:{brand.id}")
    assert account is not None
    reader = sandbox.sandbox.grant(account, ("pages_read_engagement",))["access_token"]
    refused = call("POST", f"{brand.host}/{VERSION}/me/feed", reader, data={"message": "Hi"})
    assert (refused.status_code, error(refused)) == (403, (200, 0))
    assert call("GET", f"{brand.host}/{VERSION}/me/feed", reader).ok


def test_the_feed_is_newest_first_since_a_time_and_only_known_fields(
    sandbox: RunningSandbox, brand: PageAccount
) -> None:
    for text in ("One", "Two"):
        brand.post("feed", message=text)
        sandbox.advance_clock(3600)
    items = brand.get(brand.id, "feed", fields="message,created_time").json()["data"]
    assert [item["message"] for item in items] == ["Two", "One"]
    since = int(sandbox.sandbox.timestamp()) - 5000
    recent = brand.get(brand.id, "feed", fields="message", since=since).json()["data"]
    assert [item["message"] for item in recent] == ["Two"]
    assert error(brand.get(brand.id, "feed", fields="message,shoe_size")) == (100, 0)


def test_a_token_is_exchanged_by_an_app_that_names_itself(brand: PageAccount) -> None:
    url = f"{brand.host}/{VERSION}/oauth/access_token"
    fields = {"grant_type": "fb_exchange_token", "fb_exchange_token": brand.token}
    assert call("POST", url, "", data=fields).status_code == 400
    app = {"client_id": "id", "client_secret": "secret"}
    for fresh in (call("POST", url, "", data={**fields, **app}), call("GET", url, "", params={**fields, **app})):
        assert fresh.json()["token_type"] == "bearer"
        assert "expires_in" not in fresh.json()
