"""X's media endpoints: whole images, segments, processing, descriptions."""

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import web

from integrations.sandbox import uploads
from integrations.sandbox.content import sniff
from integrations.sandbox.core import Sandbox
from integrations.sandbox.store import Document
from integrations.sandbox.x_problems import invalid

_LIFETIME = 86_400  # seconds a file waits for its post
_SEGMENT = 5_000_000
_LIMITS = {"tweet_image": 5_000_000, "tweet_gif": 15_000_000, "tweet_video": 8_000_000_000}
_KINDS = {
    "tweet_image": ("image/jpeg", "image/png", "image/webp", "image/gif"),
    "tweet_gif": ("image/gif",),
    "tweet_video": ("video/mp4", "video/quicktime"),
}
_PROCESSING = {"tweet_gif": 0.3, "tweet_video": 1.0}
_PREFIX = {"tweet_image": "3", "tweet_gif": "16", "tweet_video": "7"}


class Media:
    """The endpoints over one sandbox; each gets the account the token belongs to."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    async def upload(self, account: Document, request: web.Request) -> Document:
        """A whole image in one request: multipart, or base64 in JSON."""
        body = await _fields(request)
        given, category = body.get("media"), body.get("media_category")
        if category != "tweet_image" or not isinstance(given, bytes):
            raise invalid("$.media and $.media_category are required; only tweet_image may be sent whole.")
        if len(given) > _LIMITS["tweet_image"]:
            raise invalid("The image is larger than 5 MB.")
        if sniff(given[:64]) not in _KINDS["tweet_image"]:
            raise invalid("media type unrecognized.")
        document = self._new(account, category=category, media_type=sniff(given[:64]), total=len(given))
        file = await self.sandbox.keep(_once(given), document["media_type"])
        now = self.sandbox.timestamp()
        document = self.sandbox.store.update("x_media", document["id"], file=file, sealed=True, ready_at=now)
        return {"data": self._told(document)}

    async def initialize(self, account: Document, request: web.Request) -> Document:
        """Open an upload in segments."""
        body = await _fields(request)
        category, kind, total = (body.get(name) for name in ("media_category", "media_type", "total_bytes"))
        if not isinstance(category, str) or category not in _LIMITS or kind not in _KINDS[category]:
            raise invalid("$.media_category or $.media_type does not have a value in the enumeration.")
        if not isinstance(total, int) or not 0 < total <= _LIMITS[category]:
            raise invalid("$.total_bytes is out of range for this category.")
        document = self._new(account, category=category, media_type=str(kind), total=total)
        key = {name: document[name] for name in ("id", "key")}
        return {"data": {"id": key["id"], "media_key": key["key"], "expires_after_secs": _LIFETIME}}

    async def append(self, account: Document, request: web.Request) -> Document:
        """One segment; the same index again takes the place of the first."""
        document = self._own(account, request.match_info["id"])
        body = await _fields(request)
        media, index = body.get("media"), str(body.get("segment_index", ""))
        if not isinstance(media, bytes) or not index.isdigit() or int(index) > 9999:
            raise invalid("$.media and $.segment_index (0 to 9999) are required.")
        if not 0 < len(media) <= _SEGMENT:
            raise invalid("A segment may have at most 5 MB.")
        if document["sealed"]:
            raise invalid("The media is finalized already.")
        piece = f"x-{document['id']}-{index}"
        await uploads.receive(self.sandbox, piece, _once(media), size=len(media))
        segments = {**document["segments"], index: len(media)}
        self.sandbox.store.update("x_media", document["id"], segments=segments)
        return {"data": {"expires_at": int(document["until"])}}

    async def finalize(self, account: Document, request: web.Request) -> Document:
        """Join the segments and begin processing. Once."""
        document = self._own(account, request.match_info["id"])
        try:
            body = await request.json()
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise invalid("Request body must be a JSON object.")
        if document["sealed"]:
            raise invalid("The media is finalized already.")
        order = sorted(document["segments"], key=int)
        gapless = [int(index) for index in order] == list(range(len(order)))
        if not gapless or sum(document["segments"].values()) != document["total"]:
            raise invalid("Segments do not add up to provided total file size.")
        pieces = [f"x-{document['id']}-{index}" for index in order]
        file = await uploads.join(self.sandbox, pieces, document["media_type"])
        known = sniff(self.sandbox.head(file["name"])) in _KINDS[document["category"]]
        ready_at = self.sandbox.timestamp() + _PROCESSING.get(document["category"], 0.0)
        document = self.sandbox.store.update(
            "x_media", document["id"], file=file, sealed=True, segments={}, ready_at=ready_at, failed=not known
        )
        return {"data": self._told(document)}

    async def status(self, account: Document, request: web.Request) -> Document:
        """How far processing is."""
        if request.query.get("command", "STATUS") != "STATUS":
            raise invalid("The `command` query parameter must be STATUS.")
        document = self._own(account, request.query.get("media_id", ""))
        if not document["sealed"]:
            raise invalid("The media is not finalized.")
        return {"data": self._told(document)}

    async def describe(self, account: Document, request: web.Request) -> Document:
        """The text for those who cannot see the picture."""
        body = await _fields(request)
        document = self._own(account, str(body.get("id", "")))
        metadata = body.get("metadata")
        alt = metadata.get("alt_text") if isinstance(metadata, dict) else None
        text = alt.get("text") if isinstance(alt, dict) else None
        if not isinstance(text, str) or not 0 < len(text) <= 1000:
            raise invalid("$.metadata.alt_text.text: must have 1 to 1000 characters")
        self.sandbox.store.update("x_media", document["id"], alt_text=text)
        return {"data": {"id": document["id"], "associated_metadata": {"alt_text": {"text": text}}}}

    def _new(self, account: Document, *, category: str, media_type: str, total: int) -> Document:
        media_id = self.sandbox.new_id()
        return self.sandbox.store.put(
            "x_media",
            media_id,
            {
                "id": media_id,
                "key": f"{_PREFIX[category]}_{media_id}",
                "remote_id": account["remote_id"],
                "category": category,
                "media_type": media_type,
                "total": total,
                "segments": {},
                "file": None,
                "sealed": False,
                "ready_at": None,
                "failed": False,
                "alt_text": "",
                "until": self.sandbox.timestamp() + _LIFETIME,
            },
        )

    def _own(self, account: Document, media_id: str) -> Document:
        document = self.sandbox.store.get("x_media", media_id)
        if (
            document is None
            or document["remote_id"] != account["remote_id"]
            or document["until"] <= self.sandbox.timestamp()
        ):
            raise invalid("The media id is unknown or has expired.", {"media_id": [media_id]})
        return document

    def _told(self, document: Document) -> Document:
        now = self.sandbox.timestamp()
        data: Document = {
            "id": document["id"],
            "media_key": document["key"],
            "size": document["total"],
            "expires_after_secs": int(document["until"] - now),
        }
        if document["category"] == "tweet_image":
            data["image"] = {"image_type": document["media_type"]}
            return data
        whole = _PROCESSING[document["category"]]
        left = document["ready_at"] - now
        if left > 0:
            progress = int(100 * (1 - left / whole))
            state = "pending" if progress < 10 else "in_progress"
            data["processing_info"] = {"state": state, "progress_percent": progress, "check_after_secs": 1}
        elif document["failed"]:
            error = {"code": 1, "name": "InvalidMedia", "message": "Unsupported video format"}
            data["processing_info"] = {"state": "failed", "progress_percent": 0, "error": error}
        else:
            data["processing_info"] = {"state": "succeeded", "progress_percent": 100}
        return data


async def _fields(request: web.Request) -> dict[str, Any]:
    """The body's fields: multipart as sent, JSON with ``media`` decoded."""
    if request.content_type.startswith("multipart/"):
        form = await request.post()
        return {
            name: value.file.read() if isinstance(value, web.FileField) else str(value) for name, value in form.items()
        }
    try:
        body = await request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise invalid("Request body must be a JSON object.")
    if isinstance(body.get("media"), str):
        try:
            return {**body, "media": b64decode(body["media"], validate=True)}
        except Base64Error:
            raise invalid("$.media is not base64.") from None
    return body


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body
