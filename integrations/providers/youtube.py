"""YouTube: videos and Shorts by the Data API v3, uploaded in resumable sessions.

A session is opened with the video's details, takes the file in pieces, and makes the video when the last byte is in:
that piece is the commit. A session makes one video, however often its end is sent; asked, it says how far it is or
repeats its final answer, which is the proof after a lost reply. Sources: YouTube Data API, "Resumable Uploads",
"Videos", "Thumbnails: set", "CommentThreads: insert", "PlaylistItems: list"; Google, "Using OAuth 2.0 for Web Server
Applications" (read 2026-11).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

from chat33.lib.http import NotSent, Reply, ReplyLost
from integrations.providers.base import Account, Credentials, Next, Provider, ProviderError, Step, Verdict, Work
from integrations.providers.rules import Draft, Issue, PlatformRules
from integrations.providers.youtube_errors import refusal, senseless, session_lost, unusable
from integrations.providers.youtube_rules import RULES, check_draft, privacy_of, resource_of
from integrations.providers.youtube_session import EXPIRED, FIRST_PIECE, GRAIN, Upload, next_piece, offset_in, video_in

POLLS = (1, 2, 4, 8, 15, 30, 60, 60, 60, 120, 120, 120, 300)  # seconds between looks at the processing: 15 minutes
STALLS = 5  # pieces in a row that got nowhere
SKEW = timedelta(minutes=2)  # between our clock and YouTube's
READING_WALL = 7.0  # seconds; a proof read makes three requests


class YouTube(Provider):
    """The adapter."""

    platform: ClassVar[str] = "youtube"
    hosts: ClassVar[Mapping[str, str]] = {
        "www": "https://www.googleapis.com",
        "accounts": "https://accounts.google.com",
        "oauth": "https://oauth2.googleapis.com",
        "watch": "https://www.youtube.com",
    }
    rules: ClassVar[PlatformRules] = RULES

    def advance(self, work: Work) -> Next:
        """Do ``work.step``."""
        if work.step == Step.PREPARE:
            return self._send(work) if "session" in work.state else self._open(work)
        if work.step == Step.COMMIT:
            return self._commit(work)
        if work.step == Step.COMMENT:
            return self._comment(work)
        if work.cover is not None and "cover" not in work.state:
            return self._set_cover(work)
        return self._follow(work)

    def reconcile(self, work: Work) -> Verdict:
        """Ask the session; when it is gone, look for the video among the channel's uploads."""
        if "session" not in work.state:
            return Verdict(kind="absent", state={}, step=Step.PREPARE)
        upload = self._upload(work)
        try:
            standing = upload.ask(work.state["session"])
            if standing.video is None and standing.offset is None:
                return self._search(work)
        except ProviderError as error:
            if error.meaning.refresh:
                raise
            return Verdict(kind="unknown", state=work.state, note=str(error), http_status=error.http_status)
        if standing.offset is None:
            video_id = str((standing.video or {})["id"])
            return self._found(video_id, note="The upload session says that the video is whole.")
        note = f"The upload session holds {standing.offset} of {upload.file.size} bytes, so there is no video yet."
        state = {**work.state, "offset": standing.offset, "since": _since(work).isoformat()}
        return Verdict(kind="absent", state=state, step=upload.step_from(standing.offset), note=note)

    def refresh(self, account: Account, *, now: datetime) -> Credentials:
        """A new access token. Google sends a new refresh token only when it replaces the old one."""
        reply = self.http.request(
            "POST",
            f"{self.config.hosts['oauth']}/token",
            data={
                "grant_type": "refresh_token",
                "refresh_token": account.credentials.refresh_token,
                "client_id": self.config.client_id,
                "client_secret": self.config.client_secret,
            },
        )
        body = reply.json()
        if not reply.ok:
            raise refusal(reply, now=now)
        if not isinstance(body, dict) or not body.get("access_token"):
            raise senseless(reply, code="noAccessToken")
        ends = body.get("refresh_token_expires_in")
        return Credentials(
            access_token=str(body["access_token"]),
            refresh_token=str(body.get("refresh_token") or account.credentials.refresh_token),
            expires_at=now + timedelta(seconds=int(body.get("expires_in", 3600))),
            refresh_expires_at=now + timedelta(seconds=int(ends)) if ends else account.credentials.refresh_expires_at,
            scopes=tuple(str(body["scope"]).split()) if body.get("scope") else account.credentials.scopes,
        )

    @classmethod
    def check(cls, draft: Draft, account: Account | None = None) -> tuple[Issue, ...]:
        """This platform's rules on a draft."""
        return check_draft(draft)

    # The upload

    def _open(self, work: Work) -> Next:
        upload = self._upload(work)
        address, reply = upload.open(self.config.hosts["www"], resource_of(work.text, work.options))
        return Next(
            step=upload.step_from(0),
            state={"session": address, "offset": 0},
            note=f"Upload session opened for {upload.file.size} bytes.",
            http_status=reply.status,
        )

    def _send(self, work: Work) -> Next:
        """One piece, from where the session says it is; what a broken piece brought there is progress."""
        upload, state = self._upload(work), dict(work.state)
        standing = upload.ask(state["session"])
        if standing.video is not None:
            return self._uploaded(work, standing.video)
        if standing.offset is None:
            return self._start_over(work)
        if standing.offset > state["offset"]:
            state["stalls"] = 0
        state["offset"] = standing.offset
        if upload.step_from(standing.offset) == Step.COMMIT:
            return Next(step=Step.COMMIT, state=state)
        length = upload.piece(standing.offset, state.get("piece", FIRST_PIECE))
        try:
            reply = upload.send(state["session"], standing.offset, length)
        except ReplyLost:
            if state.get("stalls", 0) + 1 >= STALLS:
                raise
            note = "The connection broke while a piece was sent; going on from what has arrived."
            stalls = state.get("stalls", 0) + 1
            state |= {"stalls": stalls, "piece": max(GRAIN, length // 2)}
            return Next(step=Step.PREPARE, state=state, after=float(stalls), note=note)
        if reply.status == 308:
            state["piece"] = next_piece(state.get("piece", FIRST_PIECE), reply.milliseconds)
        return self._incomplete(work, state, reply)

    def _commit(self, work: Work) -> Next:
        """The last piece, with which the video exists."""
        upload, state = self._upload(work), dict(work.state)
        try:
            standing = upload.ask(state["session"])
        except ReplyLost as error:
            raise NotSent("The upload session did not answer, so nothing was sent.") from error
        if standing.video is not None:
            return self._uploaded(work, standing.video)
        if standing.offset is None:
            return self._start_over(work)
        state["offset"] = standing.offset
        if upload.step_from(standing.offset) == Step.PREPARE:
            return Next(step=Step.PREPARE, state=state, note="The session lost bytes; they are sent again.")
        reply = upload.send(state["session"], standing.offset, upload.file.size - standing.offset)
        if not reply.ok:
            return self._incomplete(work, state, reply, visible=True)
        video = video_in(reply)
        if video is None:
            raise senseless(reply, code="noVideo", visible=True)
        return self._uploaded(work, video, http_status=reply.status)

    def _incomplete(self, work: Work, state: dict[str, Any], reply: Reply, *, visible: bool = False) -> Next:
        """What a piece's answer means when it does not bring the video."""
        if reply.status in EXPIRED:
            return self._start_over(work)
        if reply.status != 308:
            raise refusal(reply, now=work.now, visible=visible)
        offset = offset_in(reply)
        stalls = 0 if offset > state["offset"] else state.get("stalls", 0) + 1
        if stalls >= STALLS:
            raise senseless(reply, code="uploadStalled")
        upload = self._upload(work)
        return Next(
            step=upload.step_from(offset),
            state=state | {"offset": offset, "stalls": stalls},
            after=float(stalls),
            note=f"{offset} of {upload.file.size} bytes sent.",
            http_status=reply.status,
        )

    def _start_over(self, work: Work) -> Next:
        """The session has expired. After a lost reply to its last piece it may have made the video all the same."""
        if "since" not in work.state:
            return Next(step=Step.PREPARE, state={}, note="The upload session has expired; the upload starts over.")
        if work.step == Step.COMMIT:
            raise session_lost()
        return Next(step=Step.COMMIT, state=work.state, note="The upload session has expired; the channel is read.")

    def _uploaded(self, work: Work, video: Mapping[str, Any], *, http_status: int = 200) -> Next:
        video_id = str(video["id"])
        return Next(
            step=Step.CONFIRM,
            state={"id": video_id, "polls": 0},
            after=float(POLLS[0]) if work.cover is None else 0.0,
            external_id=video_id,
            external_url=self._address(video_id),
            note="The video is uploaded; YouTube processes it.",
            http_status=http_status,
        )

    # The live video

    def _set_cover(self, work: Work) -> Next:
        """The thumbnail. Setting it twice is the same as once; a refusal leaves the one YouTube picks."""
        assert work.cover is not None
        status: int | None = None
        try:
            reply = self._call(
                work,
                "POST",
                "/upload/youtube/v3/thumbnails/set",
                params={"videoId": work.state["id"], "uploadType": "media"},
                headers={"Content-Type": work.cover.content_type},
                data=work.cover.read(0, work.cover.size),
            )
            status = reply.status
            if not reply.ok:
                raise refusal(reply, now=work.now)
            outcome, note = "set", "Cover set."
        except ProviderError as error:
            if error.meaning.refresh:
                raise
            outcome, note = "refused", f"The cover was not set. {error.meaning.sentence}"
        except (NotSent, ReplyLost):
            outcome, note = "unanswered", "YouTube did not answer when the cover was set. Check it in YouTube Studio."
        return Next(
            step=Step.CONFIRM,
            state={**work.state, "cover": outcome},
            after=float(POLLS[0]),
            note=note,
            http_status=status,
        )

    def _follow(self, work: Work) -> Next:
        """Look at the processing until it is over, or for as long as is sensible: the video is up all the same."""
        polls = int(work.state.get("polls", 0)) + 1
        state = {**work.state, "polls": polls}
        over = Step.COMMENT if work.options.get("firstComment") else Step.DONE
        status: Mapping[str, Any] = {}
        try:
            videos = self._read(work, "/youtube/v3/videos", part="status,processingDetails", id=work.state["id"])
            status = videos[0].get("status", {}) if videos else {}
        except ProviderError as error:
            if error.meaning.refresh:
                raise
            if not error.meaning.retryable:
                note = f"The video is up; its processing could not be followed. {error.meaning.sentence}"
                return Next(step=over, state=state, note=note, http_status=error.http_status)
        except (NotSent, ReplyLost):
            pass  # one look less: the next one comes anyway
        failed = unusable(status)
        if failed is not None:
            raise failed
        if status.get("uploadStatus") == "processed":
            return Next(step=over, state=state, note=_outcome(work, status), http_status=200)
        if polls >= len(POLLS):
            note = "YouTube still processes the video; it is at its address and will play there."
            return Next(step=over, state=state, note=note)
        return Next(step=Step.CONFIRM, state=state, after=float(POLLS[polls]))

    def _comment(self, work: Work) -> Next:
        reply = self._call(
            work,
            "POST",
            "/youtube/v3/commentThreads",
            params={"part": "snippet"},
            json={
                "snippet": {
                    "channelId": work.account.remote_id,
                    "videoId": work.state["id"],
                    "topLevelComment": {"snippet": {"textOriginal": work.options["firstComment"]}},
                }
            },
        )
        if not reply.ok:
            raise refusal(reply, now=work.now)
        thread = video_in(reply) or {}
        state = {**work.state, "comment": str(thread.get("id", ""))}
        return Next(step=Step.DONE, state=state, note="First comment written.", http_status=reply.status)

    # The proof when the session is gone

    def _search(self, work: Work) -> Verdict:
        """The one upload since the intent with our title and description. Not finding it proves nothing: lists lag."""
        unknown = Verdict(kind="unknown", state=work.state, note="The upload session is gone, the video was not found.")
        channels = self._read(work, "/youtube/v3/channels", part="contentDetails", mine="true")
        playlist = channels[0].get("contentDetails", {}).get("relatedPlaylists", {}).get("uploads") if channels else ""
        if not playlist:
            return unknown
        wanted = resource_of(work.text, work.options)["snippet"]
        since = _since(work) - SKEW
        found = []
        for item in self._read(
            work, "/youtube/v3/playlistItems", part="snippet,contentDetails", playlistId=str(playlist), maxResults="50"
        ):
            snippet = item.get("snippet", {})
            same = all(str(snippet.get(name, "")).strip() == wanted[name].strip() for name in ("title", "description"))
            if same and datetime.fromisoformat(snippet["publishedAt"]) >= since:
                found.append(str(item["contentDetails"]["videoId"]))
        if len(found) != 1:
            return unknown
        return self._found(found[0], note="The video was found among the channel's uploads.")

    def _found(self, video_id: str, *, note: str) -> Verdict:
        return Verdict(
            kind="published",
            state={"id": video_id, "polls": 0},
            step=Step.CONFIRM,
            external_id=video_id,
            external_url=self._address(video_id),
            note=note,
        )

    # Requests

    def _upload(self, work: Work) -> Upload:
        token = work.account.credentials.access_token
        return Upload(http=self.http, token=token, file=work.media[0], now=work.now)

    def _read(self, work: Work, path: str, **params: str) -> list[dict[str, Any]]:
        reply = self._call(work, "GET", path, params=params, wall=READING_WALL)
        if not reply.ok:
            raise refusal(reply, now=work.now)
        body = reply.json()
        items = body.get("items", []) if isinstance(body, dict) else []
        return [item for item in items if isinstance(item, dict)]

    def _call(self, work: Work, method: str, path: str, **more: Any) -> Reply:
        token = work.account.credentials.access_token
        headers = {"Authorization": f"Bearer {token}", **more.pop("headers", {})}
        return self.http.request(method, f"{self.config.hosts['www']}{path}", headers=headers, **more)

    def _address(self, video_id: str) -> str:
        return f"{self.config.hosts['watch']}/watch?v={video_id}"


def _since(work: Work) -> datetime:
    """When the commit was first about to be made: an earlier intent outlives those that follow a proof of absence."""
    known = work.state.get("since")
    return datetime.fromisoformat(known) if known else work.intent_at or work.now


def _outcome(work: Work, status: Mapping[str, Any]) -> str:
    """Whether the video is as public as asked: YouTube locks those of apps that Google has not audited."""
    asked, became = privacy_of(work.options), str(status.get("privacyStatus", ""))
    if became and became != asked and "publishAt" not in work.options:
        return (
            f"YouTube made the video {became} instead of {asked}. It does so for apps that Google has not audited; "
            "change it in YouTube Studio."
        )
    return "YouTube has processed the video."
