"""YouTube's resumable upload session: opening it, asking how far it is, sending it a piece.

Every piece but the last is a multiple of 256 KiB. The last one, which makes the video, carries less than two of them,
so that the one request whose lost reply matters is over quickly. Source: YouTube Data API, "Resumable Uploads" (read
2026-11).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from chat33.lib.http import HttpClient, Reply
from integrations.providers.base import MediaFile, Step
from integrations.providers.youtube_errors import refusal, senseless

GRAIN = 262_144  # bytes
FIRST_PIECE, LARGEST_PIECE = 8 * GRAIN, 32 * GRAIN
ASKING_WALL, SENDING_WALL = 4.0, 14.0  # seconds; one call of ours does both and has 20
EXPIRED = (404, 410)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where a session stands: ``video`` once it is whole, ``offset`` while it is not, neither when it is gone."""

    offset: int | None = None
    video: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Upload:
    """One file on its way into one session."""

    http: HttpClient
    token: str
    file: MediaFile
    now: datetime

    def open(self, base_url: str, resource: Mapping[str, Any]) -> tuple[str, Reply]:
        """A session for a video with these details: its address. One that never gets its bytes leaves nothing."""
        reply = self.http.request(
            "POST",
            f"{base_url}/upload/youtube/v3/videos",
            params={"uploadType": "resumable", "part": "snippet,status"},
            headers={
                "Authorization": f"Bearer {self.token}",
                "X-Upload-Content-Length": str(self.file.size),
                "X-Upload-Content-Type": self.file.content_type,
            },
            json=resource,
        )
        address = reply.headers.get("Location", "")
        if not reply.ok:
            raise refusal(reply, now=self.now)
        if not _is_google(address, base_url):
            raise senseless(reply, code="noUploadSession")
        return address, reply

    def ask(self, address: str) -> Standing:
        """How far the session is. Raises ``ProviderError`` when it does not say."""
        reply = self._put(address, f"bytes */{self.file.size}", b"", wall=ASKING_WALL)
        if reply.status == 308:
            return Standing(offset=offset_in(reply))
        if reply.status in EXPIRED:
            return Standing()
        if not reply.ok:
            raise refusal(reply, now=self.now)
        video = video_in(reply)
        if video is None:
            raise senseless(reply, code="noVideo")
        return Standing(video=video)

    def send(self, address: str, offset: int, length: int) -> Reply:
        """One piece of the file, from ``offset``."""
        span = f"bytes {offset}-{offset + length - 1}/{self.file.size}"
        return self._put(address, span, self.file.read(offset, length), wall=SENDING_WALL)

    def step_from(self, offset: int) -> Step:
        """The commit once less than two grains are left, from wherever the session is."""
        return Step.PREPARE if self._tail - offset >= GRAIN else Step.COMMIT

    def piece(self, offset: int, wanted: int) -> int:
        """The length of a piece from ``offset``: whole grains, not into the tail, ``wanted`` at most."""
        return min(wanted, (self._tail - offset) // GRAIN * GRAIN)

    @property
    def _tail(self) -> int:
        return (self.file.size - 1) // GRAIN * GRAIN

    def _put(self, address: str, span: str, body: bytes, *, wall: float) -> Reply:
        return self.http.request(
            "PUT",
            address,
            headers={
                "Authorization": f"Bearer {self.token}",
                "Content-Type": self.file.content_type,
                "Content-Range": span,
            },
            data=body,
            connect_timeout=ASKING_WALL / 2,
            wall=wall,
        )


def next_piece(length: int, milliseconds: int) -> int:
    """How long the next piece should be after one took this long: a few seconds each, whatever the line."""
    if milliseconds < 3_000:
        return min(LARGEST_PIECE, length * 2)
    return max(GRAIN, length // 2) if milliseconds > 7_000 else length


def offset_in(reply: Reply) -> int:
    """The first byte a session lacks, from its ``Range: bytes=0-N``; without the header it has none."""
    held = re.fullmatch(r"bytes=0-(\d+)", reply.headers.get("Range", ""))
    return int(held[1]) + 1 if held else 0


def video_in(reply: Reply) -> Mapping[str, Any] | None:
    """The video a finished session answers with."""
    body = reply.json()
    return body if isinstance(body, dict) and body.get("id") else None


def _is_google(address: str, base_url: str) -> bool:
    """Whether the token may be sent to a session's address: our API host, or another of Google's."""
    house, parts = urlsplit(base_url), urlsplit(address)
    own = (parts.scheme, parts.netloc) == (house.scheme, house.netloc)
    return own or (parts.scheme == "https" and parts.netloc.endswith(".googleapis.com"))
