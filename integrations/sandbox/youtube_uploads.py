"""YouTube's uploads: resumable sessions for videos, thumbnails in one request.

Sources: YouTube Data API, "Resumable Uploads" and "Thumbnails: set"; Cloud Storage, "Resumable uploads" for what the
same upload server does with bytes it already has (read 2026-11).
"""

import asyncio
import os
import re
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp import web

from integrations.sandbox.content import sniff
from integrations.sandbox.core import Sandbox
from integrations.sandbox.store import Document
from integrations.sandbox.youtube_videos import PARTS, add_video, resource_of
from integrations.sandbox.youtube_wire import UPLOAD, Refusal, account_of, check_video, parts_of

GRAIN = 262_144  # bytes: every piece but the last is a multiple of this
SESSION_SECONDS = 7 * 86_400
MAX_BYTES = 274_877_906_944
MAX_THUMBNAIL_BYTES = 52_428_800

_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")
_PROBE = re.compile(r"bytes \*/(\d+|\*)")


def step_of(request: web.Request) -> str:
    """A piece that reaches the end is what makes a video visible; asking how far a session is, is a proof read."""
    sent = request.headers.get("Content-Range", "")
    if _PROBE.fullmatch(sent):
        return "confirm"
    piece = _RANGE.fullmatch(sent)
    return "prepare" if piece and str(int(piece[2]) + 1) != piece[3] else "commit"


class Uploads:
    """Upload sessions; a session's pieces lie in one file until it is whole."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._locks: dict[str, asyncio.Lock] = {}

    async def open(self, request: web.Request) -> web.StreamResponse:
        """``POST /upload/youtube/v3/videos?uploadType=resumable``: check everything but the bytes."""
        account = account_of(self.sandbox, request, UPLOAD)
        if request.query.get("uploadType") != "resumable":
            raise Refusal(400, "badRequest", "Only uploadType=resumable is served here.", location="uploadType")
        parts = parts_of(request, PARTS)
        try:
            resource = await request.json()
        except ValueError:
            raise Refusal(400, "parseError", "Parse Error") from None
        if not isinstance(resource, dict):
            raise Refusal(400, "parseError", "Parse Error")
        check_video(resource)
        size = request.headers.get("X-Upload-Content-Length")
        content_type = request.headers.get("X-Upload-Content-Type", "application/octet-stream")
        if size is not None and not (size.isdecimal() and 0 < int(size) <= MAX_BYTES):
            raise Refusal(400, "mediaBodyRequired", "The request does not include the video content.")
        if not content_type.startswith("video/") and content_type != "application/octet-stream":
            raise Refusal(400, "badContent", f"Unsupported content with type: {content_type}")
        self._check_quota(account)
        key = secrets.token_urlsafe(24)
        self.sandbox.store.put(
            "youtube_upload",
            key,
            {
                "id": key,
                "remote_id": account["remote_id"],
                "resource": resource,
                "parts": parts,
                "total": int(size) if size is not None else None,
                "content_type": content_type,
                "opened_at": self.sandbox.timestamp(),
                "video_id": secrets.token_urlsafe(8),
                "done": False,
            },
        )
        location = f"{self.sandbox.base_url}{request.path}?uploadType=resumable&upload_id={key}"
        return web.Response(status=200, headers={"Location": location, "X-GUploader-UploadID": key})

    async def put(self, request: web.Request) -> web.StreamResponse:
        """``PUT`` on a session: a piece, the whole, or (``bytes */N``) the question how far it is."""
        account = account_of(self.sandbox, request, UPLOAD)
        key = request.query.get("upload_id", "")
        async with self._locks.setdefault(key, asyncio.Lock()):
            session = self.sandbox.store.get("youtube_upload", key)
            if (
                session is None
                or session["remote_id"] != account["remote_id"]
                or session["opened_at"] + SESSION_SECONDS <= self.sandbox.timestamp()
            ):
                return web.Response(status=404, text="Not Found")
            if session["done"]:
                return self._whole(session)
            sent = request.headers.get("Content-Range", "")
            if not _PROBE.fullmatch(sent):
                session = await self._take(request, session, sent)
            received = self._received(session)
            if received == session["total"]:
                return self._whole(await self._finish(session, account))
            headers = {"Range": f"bytes=0-{received - 1}"} if received else {}
            return web.Response(status=308, reason="Resume Incomplete", headers=headers)

    async def set_thumbnail(self, request: web.Request) -> web.StreamResponse:
        """``POST /upload/youtube/v3/thumbnails/set?videoId=``: the image is the body."""
        account = account_of(self.sandbox, request, UPLOAD)
        video = self.sandbox.store.get("youtube_video", request.query.get("videoId", ""))
        if video is None:
            raise Refusal(404, "videoNotFound", "The video that you are trying to set a thumbnail for was not found.",
                          domain="youtube.thumbnail", location="videoId")  # fmt: skip
        if video["remote_id"] != account["remote_id"] or account["metadata"].get("unverified"):
            raise Refusal(403, "forbidden", "The authenticated user doesn't have permissions to upload and set custom "
                          "video thumbnails.", domain="youtube.thumbnail")  # fmt: skip
        kept = await self.sandbox.keep(
            request.content.iter_chunked(GRAIN), request.content_type, limit=MAX_THUMBNAIL_BYTES
        )
        if kept is None or sniff(self.sandbox.head(kept["name"])) not in ("image/jpeg", "image/png"):
            empty = kept is not None and kept["size"] == 0
            reason, message = (
                ("mediaBodyRequired", "The request does not include the image content.")
                if empty
                else ("invalidImage", "The provided image content is invalid.")
            )
            raise Refusal(400, reason, message, domain="youtube.thumbnail")
        self.sandbox.store.update("youtube_video", video["id"], thumbnail=kept["name"])
        if self.sandbox.store.get("post", f"youtube:{video['id']}"):
            self.sandbox.store.update("post", f"youtube:{video['id']}", cover=kept["name"])
        address = f"{self.sandbox.base_url}/files/{kept['name']}"
        return web.json_response(
            {
                "kind": "youtube#thumbnailSetResponse",
                "etag": kept["name"][:27],
                "items": [{"default": {"url": address}, "high": {"url": address}}],
            }
        )

    def _check_quota(self, account: Document) -> None:
        """The channel's own limit, off unless the account names one."""
        total = account["metadata"].get("quota_total")
        since = self.sandbox.timestamp() - 86_400
        uploads = self.sandbox.store.find("youtube_video", remote_id=account["remote_id"])
        if total is not None and sum(video["uploaded_at"] > since for video in uploads) >= int(total):
            raise Refusal(400, "uploadLimitExceeded", "The user has exceeded the number of videos they may upload.",
                          domain="youtube.video")  # fmt: skip

    def _partial(self, session: Document) -> Path:
        return self.sandbox.files / f"youtube-{session['id']}"

    def _received(self, session: Document) -> int:
        partial = self._partial(session)
        return partial.stat().st_size if partial.exists() else 0

    async def _take(self, request: web.Request, session: Document, sent: str) -> Document:
        """Append a piece. Bytes that are here already are passed over; of a broken piece whole grains are kept."""
        piece = _RANGE.fullmatch(sent)
        if sent and piece is None:
            raise Refusal(400, "badRequest", "Failed to parse Content-Range header.")
        start = int(piece[1]) if piece else 0
        total = int(piece[3]) if piece and piece[3] != "*" else session["total"]
        length = int(piece[2]) + 1 - start if piece else (request.content_length or 0)
        received = self._received(session)
        if total is None and piece is None:
            total = length
        if session["total"] not in (None, total):
            raise Refusal(400, "badRequest", f"Invalid request. The session was opened for {session['total']} bytes.")
        if start > received:
            raise Refusal(
                400,
                "badRequest",
                f"Invalid request. According to the Content-Range header, the upload offset is {start} byte(s), "
                f"which exceeds already uploaded size of {received} byte(s).",
            )
        if total is None or start + length > total or (start + length < total and length % GRAIN):
            raise Refusal(
                400, "badRequest", f"Invalid request. The number of bytes uploaded is required to be equal or "
                f"greater than {GRAIN}, except for the final request; a multiple of it in any case."
            )  # fmt: skip
        if session["total"] is None:
            session = self.sandbox.store.update("youtube_upload", session["id"], total=total)
        arrived = 0
        try:
            arrived = await self._append(request, self._partial(session), skip=received - start)
        finally:
            if arrived != length:
                os.truncate(self._partial(session), self._received(session) // GRAIN * GRAIN)
        if arrived != length:
            raise Refusal(
                400, "badRequest", f"Invalid request. There were {arrived} byte(s) in the request body. There should "
                f"have been {length} byte(s) according to the Content-Range header."
            )  # fmt: skip
        return session

    async def _append(self, request: web.Request, partial: Path, *, skip: int) -> int:
        arrived = 0
        with partial.open("ab") as out:
            async for chunk in request.content.iter_chunked(GRAIN):
                out.write(chunk[max(0, skip - arrived) :])
                arrived += len(chunk)
        return arrived

    async def _finish(self, session: Document, account: Document) -> Document:
        """The last byte is here. The video's id is the session's from the start, so that doing this again is safe."""
        partial = self._partial(session)

        async def pieces() -> AsyncIterator[bytes]:
            with partial.open("rb") as file:
                while piece := file.read(GRAIN):
                    yield piece

        kept = await self.sandbox.keep(pieces(), session["content_type"], limit=MAX_BYTES)
        assert kept is not None
        add_video(self.sandbox, account, video_id=session["video_id"], resource=session["resource"], file=kept)
        done = self.sandbox.store.update("youtube_upload", session["id"], done=True)
        partial.unlink()
        return done

    def _whole(self, session: Document) -> web.Response:
        """The final answer, the same however often it is asked for."""
        video = self.sandbox.store.get("youtube_video", session["video_id"])
        if video is None:
            return web.Response(status=404, text="Not Found")
        return web.json_response(resource_of(self.sandbox, video, session["parts"]))
