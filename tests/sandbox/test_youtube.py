"""The sandbox's YouTube, driven by Google's own client library, and asked on the wire what it must refuse."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import requests
from google.oauth2.credentials import Credentials
from google_auth_httplib2 import AuthorizedHttp
from googleapiclient import discovery_cache
from googleapiclient.discovery import build_from_document
from googleapiclient.errors import HttpError
from googleapiclient.http import MediaFileUpload, build_http

from chat33.runtime.processes import wait_until
from tests.media_bytes import JPEG, mp4
from tests.sandboxes import RunningSandbox, running_sandbox

GRAIN = 262_144
DETAILS = {"snippet": {"title": "Autumn", "description": "Leaves"}, "status": {"privacyStatus": "public"}}


@pytest.fixture
def account(sandbox: RunningSandbox) -> dict[str, Any]:
    return sandbox.account("youtube", "garden", name="The garden channel")


@pytest.fixture
def client(sandbox: RunningSandbox, account: dict[str, Any]) -> Iterator[Any]:
    """google-api-python-client as Google ships it, its static discovery document pointed at the sandbox."""
    document = json.loads(discovery_cache.get_static_doc("youtube", "v3"))
    document["rootUrl"] = document["baseUrl"] = f"{sandbox.url}/youtube/www/"
    http = AuthorizedHttp(Credentials(account["access_token"]), http=build_http())
    with build_from_document(document, http=http) as service:
        yield service


@contextmanager
def unheard(sandbox: RunningSandbox, client: Any) -> Iterator[None]:
    """The client waits half a second for an answer, and hears none. The sandbox has met its rule with that very request
    when the block ends.
    """
    transport = client._http.http
    patience, transport.timeout = transport.timeout, 0.5
    transport.close()  # what is open keeps the patience that it began with
    with pytest.raises(TimeoutError):
        yield
    transport.close()
    transport.timeout = patience
    assert wait_until(lambda: not any(rule.times for rule in sandbox.sandbox.rules), seconds=60)


def insert(client: Any, path: Path, body: bytes, details: Any = DETAILS, chunk: int = GRAIN) -> Any:
    path.write_bytes(body)
    media = MediaFileUpload(str(path), mimetype="video/mp4", resumable=True, chunksize=chunk)
    return client.videos().insert(part="snippet,status", body=details, media_body=media)


def finish(request: Any) -> dict[str, Any]:
    answer = None
    while answer is None:
        _, answer = request.next_chunk()
    return dict(answer)


def test_googles_client_uploads_in_pieces_and_reads_the_video_until_it_is_processed(
    sandbox: RunningSandbox, client: Any, tmp_path: Path
) -> None:
    body = mp4(3 * GRAIN + 77)
    request = insert(client, tmp_path / "a.mp4", body)

    progress, answer = request.next_chunk()
    assert (progress.resumable_progress, answer) == (GRAIN, None)
    assert sandbox.posts() == []
    video = finish(request)

    assert video["snippet"]["title"] == "Autumn"
    assert video["status"]["uploadStatus"] == "uploaded"
    sandbox.advance_clock(2)
    [seen] = client.videos().list(part="status,processingDetails", id=video["id"]).execute()["items"]
    assert (seen["status"]["uploadStatus"], seen["processingDetails"]["processingStatus"]) == ("processed", "succeeded")
    [post] = sandbox.posts("youtube")
    assert (post["id"], post["title"], post["text"], post["account"]) == (video["id"], "Autumn", "Leaves", "garden")
    assert requests.get(f"{sandbox.url}/files/{post['media'][0]}", timeout=60).content == body
    assert requests.get(post["url"], timeout=60).status_code == 200


def test_googles_client_resumes_after_a_piece_without_an_answer(
    sandbox: RunningSandbox, client: Any, tmp_path: Path
) -> None:
    body = mp4(4 * GRAIN)
    request = insert(client, tmp_path / "a.mp4", body)
    request.next_chunk()
    sandbox.rule("youtube", "prepare", "hang")
    with sandbox.held():
        with unheard(sandbox, client):
            request.next_chunk()

        finish(request)

    [post] = sandbox.posts()
    assert requests.get(f"{sandbox.url}/files/{post['media'][0]}", timeout=60).content == body


@pytest.mark.parametrize("is_dealt_with", [False, True], ids=["before the piece is dealt with", "after it"])
def test_googles_client_learns_the_answer_it_did_not_hear(
    sandbox: RunningSandbox, client: Any, wire: "Wire", tmp_path: Path, is_dealt_with: bool
) -> None:
    body = mp4(GRAIN + 5)
    request = insert(client, tmp_path / "a.mp4", body)
    request.next_chunk()
    sandbox.rule("youtube", "commit", "slow")
    with sandbox.held():
        with unheard(sandbox, client):
            request.next_chunk()
        if is_dealt_with:
            wire.put(request.resumable_uri, body[GRAIN:], f"bytes {GRAIN}-{GRAIN + 4}/{GRAIN + 5}")

        video = finish(request)

    asked = [entry["step"] for entry in sandbox.requests()][3:]
    assert asked == (["commit", "confirm"] if is_dealt_with else ["confirm", "commit"])
    assert [post["id"] for post in sandbox.posts()] == [video["id"]]


def test_googles_client_sets_a_thumbnail_and_writes_a_comment(
    sandbox: RunningSandbox, client: Any, account: dict[str, Any], tmp_path: Path
) -> None:
    video = finish(insert(client, tmp_path / "a.mp4", mp4(100)))
    (tmp_path / "cover.jpg").write_bytes(JPEG)

    client.thumbnails().set(videoId=video["id"], media_body=str(tmp_path / "cover.jpg")).execute()
    thread = {"videoId": video["id"], "topLevelComment": {"snippet": {"textOriginal": "First!"}}}
    client.commentThreads().insert(part="snippet", body={"snippet": thread}).execute()

    [post] = sandbox.posts()
    assert requests.get(f"{sandbox.url}/files/{post['cover']}", timeout=60).content == JPEG
    assert [(comment["account"], comment["text"]) for comment in post["comments"]] == [("garden", "First!")]


def test_googles_client_finds_the_upload_in_its_channels_list_and_deletes_it(
    sandbox: RunningSandbox, client: Any, account: dict[str, Any], tmp_path: Path
) -> None:
    video = finish(insert(client, tmp_path / "a.mp4", mp4(100)))

    [channel] = client.channels().list(part="snippet,contentDetails", mine=True).execute()["items"]
    playlist = channel["contentDetails"]["relatedPlaylists"]["uploads"]
    items = client.playlistItems().list(part="contentDetails", playlistId=playlist).execute()["items"]
    client.videos().delete(id=video["id"]).execute()

    assert channel["id"] == account["remote_id"]
    assert [item["contentDetails"]["videoId"] for item in items] == [video["id"]]
    assert sandbox.posts() == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"snippet": {"title": " "}}, "invalidTitle"),
        ({"snippet": {"title": "x" * 101}}, "invalidTitle"),
        ({"snippet": {"title": "a <b>"}}, "invalidTitle"),
        ({"snippet": {"title": "a", "description": "é" * 2501}}, "invalidDescription"),
        ({"snippet": {"title": "a", "tags": ["a b"] * 83 + ["abc"]}}, "invalidTags"),
        ({"snippet": {"title": "a", "categoryId": "21"}}, "invalidCategoryId"),
        ({"status": {"privacyStatus": "public", "publishAt": "2030-01-01T00:00:00Z"}}, "invalidPublishAt"),
        ({"status": {"privacyStatus": "secret"}}, "invalidValue"),
    ],
)
def test_a_resource_that_youtube_refuses_opens_no_session(
    client: Any, tmp_path: Path, change: dict[str, Any], reason: str
) -> None:
    with pytest.raises(HttpError) as caught:
        finish(insert(client, tmp_path / "a.mp4", mp4(100), {**deepcopy(DETAILS), **change}))

    assert caught.value.resp.status == 400
    assert caught.value.error_details[0]["reason"] == reason


def test_limits_that_are_just_kept_are_taken(client: Any, tmp_path: Path) -> None:
    fits = {"title": "x" * 100, "description": "é" * 2500, "tags": ["a b"] * 83 + ["ab"]}  # 83 * 5 + 2 + 83 commas

    assert finish(insert(client, tmp_path / "a.mp4", mp4(100), {"snippet": fits}))["id"]


class Wire:
    """The upload protocol by hand."""

    def __init__(self, sandbox: RunningSandbox, account: dict[str, Any]) -> None:
        self.base = f"{sandbox.url}/youtube/www"
        self.headers = {"Authorization": f"Bearer {account['access_token']}"}

    def open(self, size: int, details: Any = DETAILS, **headers: str) -> requests.Response:
        return requests.post(
            f"{self.base}/upload/youtube/v3/videos",
            params={"uploadType": "resumable", "part": "snippet,status"},
            json=details,
            headers={**self.headers, "X-Upload-Content-Length": str(size), **headers},
            timeout=60,
        )

    def put(self, session: str, body: bytes, span: str) -> requests.Response:
        return requests.put(
            session, data=body, headers={**self.headers, "Content-Range": span}, allow_redirects=False, timeout=60
        )

    def get(self, path: str, **params: str) -> requests.Response:
        return requests.get(f"{self.base}/youtube/v3/{path}", params=params, headers=self.headers, timeout=60)


@pytest.fixture
def wire(sandbox: RunningSandbox, account: dict[str, Any]) -> Wire:
    return Wire(sandbox, account)


def test_an_empty_session_reports_no_range_and_a_filled_one_its_last_byte(wire: Wire) -> None:
    body = mp4(2 * GRAIN)
    session = wire.open(len(body)).headers["Location"]

    empty = wire.put(session, b"", f"bytes */{len(body)}")
    wire.put(session, body[:GRAIN], f"bytes 0-{GRAIN - 1}/{len(body)}")
    half = wire.put(session, b"", f"bytes */{len(body)}")

    assert (empty.status_code, empty.headers.get("Range")) == (308, None)
    assert (half.status_code, half.headers["Range"]) == (308, f"bytes=0-{GRAIN - 1}")


def test_a_finished_session_repeats_its_answer_and_makes_no_second_video(sandbox: RunningSandbox, wire: Wire) -> None:
    body = mp4(500)
    session = wire.open(500).headers["Location"]
    first = wire.put(session, body, "bytes 0-499/500")

    probe = wire.put(session, b"", "bytes */500")
    again = wire.put(session, body, "bytes 0-499/500")

    assert first.status_code == probe.status_code == again.status_code == 200
    assert first.json()["id"] == probe.json()["id"] == again.json()["id"]
    assert len(sandbox.posts()) == 1


def test_bytes_that_are_there_already_are_passed_over(sandbox: RunningSandbox, wire: Wire) -> None:
    body = mp4(2 * GRAIN + 9)
    session = wire.open(len(body)).headers["Location"]
    wire.put(session, body[:GRAIN], f"bytes 0-{GRAIN - 1}/{len(body)}")

    wire.put(session, body[: 2 * GRAIN], f"bytes 0-{2 * GRAIN - 1}/{len(body)}")
    wire.put(session, body[2 * GRAIN :], f"bytes {2 * GRAIN}-{len(body) - 1}/{len(body)}")

    [post] = sandbox.posts()
    assert requests.get(f"{sandbox.url}/files/{post['media'][0]}", timeout=60).content == body


@pytest.mark.parametrize(
    "span",
    [
        f"bytes {GRAIN}-{2 * GRAIN - 1}/{2 * GRAIN}",  # a hole before it
        f"bytes 0-1000/{2 * GRAIN}",  # no multiple of 256 KiB
        f"bytes 0-{GRAIN - 1}/{3 * GRAIN}",  # another total than announced
        f"bytes 0-{2 * GRAIN - 1}/{2 * GRAIN}",  # more than the body holds
        "bytes=0-10",
    ],
)
def test_wrong_chunk_arithmetic_is_refused_and_leaves_whole_grains_behind(
    sandbox: RunningSandbox, wire: Wire, span: str
) -> None:
    session = wire.open(2 * GRAIN).headers["Location"]

    refused = wire.put(session, mp4(GRAIN), span)
    probe = wire.put(session, b"", f"bytes */{2 * GRAIN}")

    assert refused.status_code == 400
    assert probe.status_code == 308
    assert probe.headers.get("Range") in (None, f"bytes=0-{GRAIN - 1}")
    assert sandbox.posts() == []


def test_a_session_ends_after_a_week(sandbox: RunningSandbox, wire: Wire) -> None:
    session = wire.open(500).headers["Location"]
    sandbox.advance_clock(8 * 86_400)
    wire.headers["Authorization"] = f"Bearer {sandbox.account('youtube', 'garden')['access_token']}"

    assert wire.put(session, mp4(500), "bytes 0-499/500").status_code == 404


def test_a_file_that_is_no_video_fails_in_processing_and_is_never_visible(sandbox: RunningSandbox, wire: Wire) -> None:
    session = wire.open(500).headers["Location"]
    video = wire.put(session, b"x" * 500, "bytes 0-499/500").json()
    sandbox.advance_clock(2)

    [seen] = wire.get("videos", part="status", id=video["id"]).json()["items"]

    assert (seen["status"]["uploadStatus"], seen["status"]["failureReason"]) == ("failed", "invalidFile")
    assert sandbox.posts() == []


def test_the_token_is_checked(sandbox: RunningSandbox, wire: Wire) -> None:
    def reason(header: str) -> tuple[int, str]:
        wire.headers["Authorization"] = header
        reply = wire.get("videos", part="status", id="x")
        return reply.status_code, reply.json()["error"]["errors"][0]["reason"]

    held = wire.headers["Authorization"]
    narrow = sandbox.sandbox.grant(
        sandbox.sandbox.create_account("youtube", username="garden", name=""),
        scopes=("https://www.googleapis.com/auth/youtube.upload",),
    )
    assert reason("") == (401, "required")
    assert reason("Bearer nobody") == (401, "authError")
    assert reason(f"Bearer {narrow['access_token']}") == (403, "insufficientPermissions")
    sandbox.advance_clock(3601)
    assert reason(held) == (401, "authError")


def test_a_strangers_private_video_is_not_shown(sandbox: RunningSandbox, wire: Wire) -> None:
    details = {**DETAILS, "status": {"privacyStatus": "private"}}
    video = wire.put(wire.open(500, details).headers["Location"], mp4(500), "bytes 0-499/500").json()
    wire.headers["Authorization"] = f"Bearer {sandbox.account('youtube', 'stranger')['access_token']}"

    assert wire.get("videos", part="status", id=video["id"]).json()["items"] == []
    assert wire.get("videos", part="processingDetails", id=video["id"]).status_code == 403


def test_a_channels_own_limit_is_off_until_the_account_names_one(sandbox: RunningSandbox) -> None:
    wire = Wire(sandbox, sandbox.account("youtube", "small", metadata={"quota_total": 1}))
    assert wire.put(wire.open(500).headers["Location"], mp4(500), "bytes 0-499/500").ok

    refused = wire.open(500)
    assert (refused.status_code, refused.json()["error"]["errors"][0]["reason"]) == (400, "uploadLimitExceeded")


def test_a_thumbnail_must_be_an_image_of_ones_own_video(sandbox: RunningSandbox, wire: Wire) -> None:
    video = wire.put(wire.open(500).headers["Location"], mp4(500), "bytes 0-499/500").json()

    def reason(video_id: str, body: bytes) -> tuple[int, str]:
        reply = requests.post(
            f"{wire.base}/upload/youtube/v3/thumbnails/set",
            params={"videoId": video_id},
            headers={**wire.headers, "Content-Type": "image/jpeg"},
            data=body,
            timeout=60,
        )
        return reply.status_code, reply.json()["error"]["errors"][0]["reason"]

    assert reason("nothing", JPEG) == (404, "videoNotFound")
    assert reason(video["id"], b"<svg/>") == (400, "invalidImage")
    assert reason(video["id"], b"") == (400, "mediaBodyRequired")
    wire.headers["Authorization"] = f"Bearer {sandbox.account('youtube', 'stranger')['access_token']}"
    assert reason(video["id"], JPEG) == (403, "forbidden")


def test_the_token_endpoint_renews_and_refuses_in_googles_words(
    sandbox: RunningSandbox, account: dict[str, Any]
) -> None:
    def ask(**form: str) -> requests.Response:
        client = {"client_id": "id", "client_secret": "s"}
        return requests.post(f"{sandbox.url}/youtube/oauth/token", data={**client, **form}, timeout=60)

    renewed = ask(grant_type="refresh_token", refresh_token=account["refresh_token"])
    wire = Wire(sandbox, renewed.json())

    assert wire.get("channels", part="id", mine="true").json()["items"][0]["id"] == account["remote_id"]
    assert "refresh_token" not in renewed.json()
    assert ask(grant_type="refresh_token", refresh_token="gone").json()["error"] == "invalid_grant"
    assert ask(grant_type="refresh_token", client_id="").status_code == 401
    assert ask(grant_type="magic").json()["error"] == "unsupported_grant_type"


def test_an_upload_goes_on_after_the_sandbox_was_restarted(tmp_path: Path) -> None:
    files, data = tmp_path / "files", tmp_path / "sandbox.sqlite3"
    body = mp4(2 * GRAIN)
    with running_sandbox(files, data=data) as running:
        account = running.account("youtube")
        session = Wire(running, account).open(len(body)).headers["Location"]
        Wire(running, account).put(session, body[:GRAIN], f"bytes 0-{GRAIN - 1}/{len(body)}")
    with running_sandbox(files, data=data) as running:
        moved = f"{running.url}/{session.split('/', 3)[3]}"
        done = Wire(running, account).put(moved, body[GRAIN:], f"bytes {GRAIN}-{2 * GRAIN - 1}/{2 * GRAIN}")

        assert done.status_code == 200
        assert [post["id"] for post in running.posts()] == [done.json()["id"]]
