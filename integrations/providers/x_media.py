"""Getting files to X before a post can show them.

Images go in one request, GIFs and videos in segments with processing afterwards (docs.x.com, X API, Media: Upload
media, Chunked media upload, Best practices, read 2026-11). Nothing here is visible, so each step may be repeated.
"""

from collections.abc import Mapping
from typing import Any

from chat33.lib.http import Reply
from integrations.providers.base import MediaFile, Next, ProviderError, Step, Work
from integrations.providers.x_api import XApi, problem, trace

SEGMENT = 4_000_000  # bytes; X takes at most 5 MB a segment
_PROCESSING = 900.0  # seconds after which a file that is not ready is given up
_MARGIN = 300.0  # seconds before a file's expiry at which it is no longer relied on


def advance(api: XApi, work: Work) -> Next | None:
    """The next request that uploading needs; None when every file is uploaded and described."""
    items = [dict(item) for item in work.state.get("media", ())]
    if expired(work):
        items = []
    for index, file in enumerate(work.media):
        name = f"file {index + 1}"
        if index == len(items):
            item, reply = _open(api, file)
            return _keep(work, [*items, item], reply, f"{name}: upload begun")
        item = items[index]
        if item["sent"] < file.size:
            item["sent"], reply = _append(api, file, item)
            return _keep(work, items, reply, f"{name}: {item['sent']} of {file.size} bytes")
        if not item["sealed"]:
            sealed, reply = _seal(api, item)
            item.update(sealed)
            return _keep(work, items, reply, f"{name}: upload finished")
        if file.kind == "image" and file.alt_text and not item["described"]:
            reply = _describe(api, item["id"], file.alt_text)
            item["described"] = True
            return _keep(work, items, reply, f"{name}: described")
    return None


def poll(api: XApi, work: Work) -> Next:
    """Ask about the first file that is not ready. Raises when X cannot process it or takes too long."""
    items = [dict(item) for item in work.state.get("media", ())]
    since = float(work.state.get("since") or work.now.timestamp())
    state = {**work.state, "media": items, "since": since}
    item = next((item for item in items if not item["ready"]), None)
    if item is None:
        return Next(step=Step.COMMIT, state=state, note="all files are ready")
    body, reply = api.call("GET", "/2/media/upload", params={"command": "STATUS", "media_id": item["id"]})
    item.update(_progress(_data(body).get("processing_info")))
    facts: dict[str, Any] = {"http_status": reply.status, "trace_id": trace(reply)}
    if not item["ready"] and work.now.timestamp() - since > _PROCESSING:
        raise problem("media-processing", message="not ready in time", **facts)
    if ready(state):
        return Next(step=Step.COMMIT, state=state, note="all files are ready", **facts)
    return Next(step=Step.POLL, state=state, after=first_wait(state), note="X is processing", **facts)


def ready(state: Mapping[str, Any]) -> bool:
    """Whether no file is still being processed."""
    return all(item["ready"] for item in state.get("media", ()))


def first_wait(state: Mapping[str, Any]) -> float:
    """Seconds until it is worth asking about processing."""
    return min((_pace(item) for item in state.get("media", ()) if not item["ready"]), default=0.0)


def expired(work: Work) -> bool:
    """Whether X will have dropped a file by the time a post uses it."""
    return any(item["until"] < work.now.timestamp() + _MARGIN for item in work.state.get("media", ()))


def _keep(work: Work, items: list[dict[str, Any]], reply: Reply, note: str) -> Next:
    state = {**work.state, "media": items}
    return Next(step=Step.PREPARE, state=state, note=note, http_status=reply.status, trace_id=trace(reply))


def _open(api: XApi, file: MediaFile) -> tuple[dict[str, Any], Reply]:
    """Begin with a file: a whole image, or a session for segments."""
    if file.kind == "image" and file.content_type != "image/gif":
        body, reply = api.call(
            "POST", "/2/media/upload",
            data={"media_category": "tweet_image"},
            files={"media": (file.name or "image", file.read(0, file.size), file.content_type)},
        )  # fmt: skip
        data = _data(body)
        ready = _progress(data.get("processing_info"))
        return {**_item(api, data), "sent": file.size, "sealed": True, **ready}, reply
    category = "tweet_gif" if file.kind == "image" else "tweet_video"
    wanted = {"media_type": file.content_type, "media_category": category, "total_bytes": file.size}
    body, reply = api.call("POST", "/2/media/upload/initialize", json=wanted)
    return {**_item(api, _data(body)), "sent": 0, "sealed": False, "ready": False}, reply


def _item(api: XApi, data: Mapping[str, Any]) -> dict[str, Any]:
    if not data.get("id"):
        raise problem("platform", message="an upload without an id")
    lifetime = float(data.get("expires_after_secs") or 86_400)
    return {
        "id": str(data["id"]),
        "key": str(data.get("media_key") or ""),
        "until": api.now.timestamp() + lifetime,
        "described": False,
    }


def _append(api: XApi, file: MediaFile, item: Mapping[str, Any]) -> tuple[int, Reply]:
    """Send one segment; how many bytes X has now."""
    offset = int(item["sent"])
    segment = file.read(offset, min(SEGMENT, file.size - offset))
    _, reply = api.call(
        "POST", f"/2/media/upload/{item['id']}/append",
        data={"segment_index": str(offset // SEGMENT)},
        files={"media": ("segment", segment, "application/octet-stream")},
    )  # fmt: skip
    return offset + len(segment), reply


def _seal(api: XApi, item: Mapping[str, Any]) -> tuple[dict[str, Any], Reply]:
    """Finish an upload. It wants a JSON object as its body, if an empty one."""
    try:
        body, reply = api.call("POST", f"/2/media/upload/{item['id']}/finalize", json={})
    except ProviderError as error:
        # A finish whose answer was lost is refused the second time; its processing shows that it took place.
        if error.http_status not in (400, 403, 404, 409):
            raise
        told = _status(api, item["id"])
        if told is None or "processing_info" not in _data(told[0]):
            raise
        body, reply = told
    data = _data(body)
    lifetime = float(data.get("expires_after_secs") or 86_400)
    sealed = {
        "sealed": True,
        "until": min(float(item["until"]), api.now.timestamp() + lifetime),
        "key": str(data.get("media_key") or item["key"]),
        **_progress(data.get("processing_info")),
    }
    return sealed, reply


def _status(api: XApi, media_id: str) -> tuple[dict[str, Any], Reply] | None:
    try:
        return api.call("GET", "/2/media/upload", params={"command": "STATUS", "media_id": media_id})
    except ProviderError:
        return None


def _describe(api: XApi, media_id: str, text: str) -> Reply:
    metadata = {"alt_text": {"text": text[:1000]}}
    return api.call("POST", "/2/media/metadata", json={"id": media_id, "metadata": metadata})[1]


def _progress(info: Any) -> dict[str, Any]:
    """Processing as X tells it; nothing told means ready. Raises when it failed."""
    if not isinstance(info, dict):
        return {"ready": True}
    state = str(info.get("state", ""))
    if state == "failed":
        error = info.get("error")
        told = f"{error.get('name', '')} {error.get('message', '')}".strip() if isinstance(error, dict) else ""
        theirs = "internal" in told.lower() or not told
        raise problem("media-processing" if theirs else "media-refused", message=told)
    return {"ready": state == "succeeded", "wait": float(info.get("check_after_secs") or 1)}


def _pace(item: Mapping[str, Any]) -> float:
    return max(0.5, min(float(item.get("wait") or 1), 15.0))


def _data(body: Mapping[str, Any]) -> dict[str, Any]:
    data = body.get("data")
    return data if isinstance(data, dict) else {}
