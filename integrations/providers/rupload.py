"""Sending a video's bytes to ``rupload.facebook.com``, piece by piece, for reels of both of Meta's networks.

Sources: Meta, "Reels Publishing" (Video API) and "Upload Video to Meta Servers" (Instagram Platform), read 2026-11:
the headers ``offset`` and ``file_size``, ``{"success": true}`` at the end, ``{"debug_info": {retriable, type,
message}}`` else. A piece that does not reach the end of the file is answered ``PartialRequestError``: its bytes are
kept and counted in the status of the video, which is where an interrupted upload goes on.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chat33.lib.http import HttpClient, Reply
from integrations.providers.base import MediaFile, ProviderError
from integrations.providers.graph import refusal
from integrations.providers.graph_errors import ErrorTable, by_status, expired, gone, trouble

PIECE = 4_000_000  # bytes; within the wall of one call on an uplink of 2 Mbit/s


@dataclass(frozen=True, kw_only=True)
class Sent:
    """What one piece achieved: how far the file is there, or ``offset`` None when Meta wants another place."""

    offset: int | None
    complete: bool
    status: int


def send_piece(http: HttpClient, *, url: str, token: str, media: MediaFile, offset: int, errors: ErrorTable) -> Sent:
    """Send the bytes from ``offset``. Raises ``ProviderError``, ``NotSent``, ``ReplyLost``."""
    piece = media.read(offset, PIECE)
    headers = {"offset": str(offset), "file_size": str(media.size), "Content-Type": "application/octet-stream"}
    reply = _post(http, url, token, headers, piece)
    kind = _kind(reply)
    if kind == "PartialRequestError":
        return Sent(offset=offset + len(piece), complete=False, status=reply.status)
    if kind == "OffsetInvalidError":
        return Sent(offset=None, complete=False, status=reply.status)
    _accept(reply, errors)
    end = offset + len(piece)
    return Sent(offset=end, complete=end >= media.size, status=reply.status)


def send_address(http: HttpClient, *, url: str, token: str, media: MediaFile, errors: ErrorTable) -> Sent:
    """Let Meta fetch the file from its public address. The documents name ``file_url`` alone; the host asks for
    ``offset`` and ``file_size`` as well.
    """
    headers = {"offset": "0", "file_size": str(media.size), "file_url": media.url}
    reply = _post(http, url, token, headers, b"")
    _accept(reply, errors)
    return Sent(offset=media.size, complete=True, status=reply.status)


def uploaded(phase: Mapping[str, Any]) -> tuple[int, bool]:
    """How many bytes are there, and whether that is all, from an ``uploading_phase``.

    Pages spell the count ``bytes_transfered``, Instagram ``bytes_transferred``.
    """
    count = phase.get("bytes_transfered", phase.get("bytes_transferred")) or 0
    return int(count), phase.get("status") in ("complete", "completed")


def _post(http: HttpClient, url: str, token: str, headers: Mapping[str, str], body: bytes) -> Reply:
    return http.request("POST", url, headers={"Authorization": f"OAuth {token}", **headers}, data=body)


def _debug(reply: Reply) -> Mapping[str, Any]:
    body = reply.json()
    debug = body.get("debug_info") if isinstance(body, dict) else None
    return debug if isinstance(debug, dict) else {}


def _kind(reply: Reply) -> str:
    return str(_debug(reply).get("type", ""))


def _accept(reply: Reply, errors: ErrorTable) -> None:
    """Raise unless the host says that it has the bytes."""
    body = reply.json()
    if reply.ok and isinstance(body, dict) and body.get("success") is True:
        return
    debug = _debug(reply)
    if not debug:
        raise refusal(reply, errors)
    if debug.get("type") == "NotAuthorizedError":
        meaning = expired(errors.network)
    elif debug.get("retriable") is True:
        meaning = trouble(errors.network)
    elif debug.get("type") == "ProcessingFailedError":
        meaning = gone(errors.network)
    else:
        meaning = by_status(errors.network, reply.status)
    raise ProviderError(
        meaning,
        code=str(debug.get("type", "")),
        message=_words(debug.get("message")),
        http_status=reply.status,
        trace_id=reply.headers.get("x-fb-trace-id", ""),
    )


def _words(message: Any) -> str:
    """The host's message; at times it is another error's JSON."""
    try:
        inner = json.loads(str(message))
        return str(inner["error"]["message"])[:500]
    except (ValueError, KeyError, TypeError):
        return str(message or "")[:500]
