"""The sandbox's ``rupload.facebook.com``: a video's bytes in order, kept when the connection breaks.

Source: Meta, "Reels Publishing" (Video API) and "Upload Video to Meta Servers" (Instagram Platform), read 2026-11.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import web

from integrations.sandbox.core import Handler, Sandbox
from integrations.sandbox.graph import GraphError, authorize
from integrations.sandbox.store import Document

Owner = Callable[[str], str | None]  # id of an upload to the remote id of the account that may send it
Ended = Callable[[str], Awaitable[None]]


def new_upload(sandbox: Sandbox, key: str, *, size: int | None = None) -> Document:
    """An upload that waits for its bytes."""
    return sandbox.store.put("upload", key, {"id": key, "size": size, "received": 0, "file": None})


async def append(sandbox: Sandbox, key: str, chunks: Any) -> Document:
    """Add bytes where the upload stands. What came is kept even if the rest does not come."""
    upload = sandbox.store.get("upload", key)
    assert upload is not None
    received = upload["received"]
    path = _part(sandbox, key)
    try:
        with path.open("r+b" if path.exists() else "wb") as out:
            out.seek(received)
            async for chunk in chunks:
                out.write(chunk)
                received += len(chunk)
    finally:
        upload = sandbox.store.update("upload", key, received=received)
    return upload


async def seal(sandbox: Sandbox, key: str) -> Document:
    """Make a whole upload one of the kept files."""
    path = _part(sandbox, key)

    async def chunks() -> Any:
        with path.open("rb") as whole:
            while chunk := whole.read(262_144):
                yield chunk

    kept = await sandbox.keep(chunks(), "video/mp4")
    assert kept is not None
    path.unlink()
    return sandbox.store.update("upload", key, file=kept["name"])


def phase(upload: Document, *, spelled: str) -> Document:
    """The ``uploading_phase`` of a status, with the count under the name the network gives it."""
    whole = upload["file"] is not None
    state = "complete" if whole else ("in_progress" if upload["received"] else "not_started")
    return {"status": state, spelled: upload["received"]}


def receiver(sandbox: Sandbox, platform: str, *, owner: Owner, ended: Ended) -> Handler:
    """The endpoint that takes the bytes, or the address to fetch them from."""

    async def handle(request: web.Request) -> web.StreamResponse:
        key = request.match_info["id"]
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        try:
            account, _ = authorize(sandbox, platform, token if kind == "OAuth" else "")
        except GraphError as error:
            return _refuse(401, "NotAuthorizedError", str(error))
        upload = sandbox.store.get("upload", key)
        if upload is None or owner(key) != account["remote_id"]:
            return _refuse(404, "NotAuthorizedError", "unauthorized user request")
        offset, size = _number(request, "offset"), _number(request, "file_size")
        if offset is None:
            return _refuse(
                400, "ParameterValidationError", "HeaderValuePredicate: Header Offset not convertable to unsigned long"
            )
        if not size:
            return _refuse(400, "ParameterValidationError", "The header file_size is required")
        if "file_url" in request.headers:
            fetched = await sandbox.fetch(request.headers["file_url"])
            if fetched is None:
                return _refuse(400, "ProcessingFailedError", "Request processing failed")
            sandbox.store.update("upload", key, received=fetched["size"], size=fetched["size"], file=fetched["name"])
            await ended(key)
            return web.json_response({"success": True, "message": "Upload successful."})
        if upload["file"] is not None or offset != upload["received"]:
            return _refuse(412, "OffsetInvalidError", "Request starting offset is invalid", retriable=True)
        try:
            upload = await append(sandbox, key, request.content.iter_chunked(262_144))
        except ConnectionError:
            return web.Response(status=499)  # nobody listens any more; what came is kept
        if upload["received"] > size:
            return _refuse(400, "ParameterValidationError", "More bytes than file_size")
        if upload["received"] < size:
            return _refuse(206, "PartialRequestError", "Partial request (did not match length of file)", retriable=True)
        sandbox.store.update("upload", key, size=size)
        await seal(sandbox, key)
        await ended(key)
        return web.json_response({"success": True, "message": "Upload successful."})

    return handle


def _part(sandbox: Sandbox, key: str) -> Path:
    return sandbox.files / f"upload-{key}"


def _number(request: web.Request, header: str) -> int | None:
    value = request.headers.get(header, "")
    return int(value) if value.isdigit() else None


def _refuse(status: int, kind: str, message: str, *, retriable: bool = False) -> web.Response:
    return web.json_response({"debug_info": {"retriable": retriable, "type": kind, "message": message}}, status=status)
