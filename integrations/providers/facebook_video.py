"""Videos and reels of a Facebook Page: upload in private, publish by ``finish``, read how far it is.

Sources: Meta, "Video Uploads" (Graph API), "Reels Publishing" (Video API), "Video Thumbnails", read 2026-11.

A video goes up by start, transfer and finish rather than by ``file_url``: its id is known before anything is visible,
so that a lost reply to ``finish`` is settled by reading that very video, and no file has to be public.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chat33.lib.http import HttpClient
from integrations.providers import graph as graph_api
from integrations.providers.base import Category, Classification, Next, ProviderError, Step, Verdict, Work
from integrations.providers.facebook_errors import ERRORS
from integrations.providers.graph import Graph, GraphReply
from integrations.providers.graph_errors import gone, media, trouble
from integrations.providers.rupload import PIECE, send_address, send_piece, uploaded

_MOST_RESYNCS = 3
_SURE_READS = 1  # not publishing after this many earlier proof reads: safe to finish, as an upload ends once
_WRONG_OFFSET = "1363037"
_WAITS = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)  # seconds between reads while Facebook processes
_MOST_READS = 20  # about 8 minutes
_DONE = ("complete", "completed")

_SLOW = Classification(
    category=Category.PLATFORM,
    source="platform",
    retryable=True,
    sentence="Facebook has the video and has not finished processing it. It shows on the page when that is done.",
)
_FAILED = Classification(
    category=Category.MEDIA,
    source="user",
    retryable=False,
    sentence="Facebook could not process the video. Use an MP4 with H.264 video and AAC sound, then retry.",
)


@dataclass(frozen=True, kw_only=True)
class Hosts:
    """The three hosts a video needs, seen with the page's token."""

    http: HttpClient
    graph: Graph
    video: Graph
    rupload: str  # base with version
    token: str


def prepare(hosts: Hosts, work: Work) -> Next:
    """Open the session, or send the next piece."""
    if work.media_type == "reel":
        return _reel_piece(hosts, work) if "video_id" in work.state else _reel_start(hosts, work)
    return _video_piece(hosts, work) if "session" in work.state else _video_start(hosts, work)


def finish(hosts: Hosts, work: Work) -> Next:
    """End the upload, which publishes the video."""
    words = {
        "description": graph_api.caption(work.text, work.options),
        "title": work.options.get("title") or None,
    }
    page = work.account.remote_id
    if work.media_type == "reel":
        fields = {"upload_phase": "finish", "video_id": work.state["video_id"], "video_state": "PUBLISHED"}
        reply = hosts.graph.post(f"{page}/video_reels", {**fields, **words}, visible=True)
    else:
        fields = {"upload_phase": "finish", "upload_session_id": work.state["session"]}
        cover = {"thumb": _file(work)} if work.cover else None
        reply = hosts.video.post(f"{page}/videos", {**fields, **words}, files=cover, visible=True)
    video_id = str(work.state["video_id"])
    return reply.then(Step.CONFIRM, {**work.state, "reads": 0}, after=1.0, external_id=video_id)


def confirm(hosts: Hosts, work: Work, *, then: Step) -> Next:
    """Read the processing until the video is out, then set a reel's cover.

    Raises where Facebook says that the video failed, or never says that it is out. Setting the cover again changes
    nothing, so that it may be repeated like a read.
    """
    if work.state.get("live"):
        return _set_cover(hosts, work, then=then)
    video_id = str(work.state["video_id"])
    reads = int(work.state.get("reads", 0))
    reply = hosts.graph.read(video_id, fields="status,permalink_url")
    status = _status(reply)
    failure = _failure(status)
    if failure is not None:
        raise ProviderError(_FAILED, code="video_status", message=failure, http_status=reply.status if reply else None)
    ready = status.get("video_status") == "ready" or _is(status, "publishing_phase")
    if not ready and reads < _MOST_READS:
        after = _WAITS[min(reads, len(_WAITS) - 1)]
        return Next(step=Step.CONFIRM, state={**work.state, "reads": reads + 1}, after=after, external_id=video_id)
    if not ready and reply is not None:
        raise ProviderError(_SLOW, code="video_status", http_status=reply.status, ambiguous=True)
    cover = work.media_type == "reel" and work.cover is not None
    return Next(
        step=Step.CONFIRM if cover else then,
        state={**work.state, "live": True} if cover else work.state,
        external_id=video_id,
        external_url=address(reply, f"reel/{video_id}" if work.media_type == "reel" else f"watch/?v={video_id}"),
        http_status=reply.status if reply else None,
        note="" if reply else "Facebook took the video; it did not tell its address.",
    )


def _set_cover(hosts: Hosts, work: Work, *, then: Step) -> Next:
    """Facebook takes no cover for some reels; the reel stays as it is then."""
    try:
        path = f"{work.state['video_id']}/thumbnails"
        reply = hosts.graph.post(path, {"is_preferred": True}, files={"source": _file(work)})
    except ProviderError as error:
        note = f"Facebook did not take the cover: {error.message}"
        return Next(step=then, state=work.state, note=note[:500], http_status=error.http_status)
    return reply.then(then, work.state)


def reconcile(hosts: Hosts, work: Work) -> Verdict:
    """What became of ``finish``, by the status of the video whose id we hold."""
    video_id = str(work.state["video_id"])
    reply = hosts.graph.get(video_id, fields="status,permalink_url")
    status = _status(reply)
    phase = status.get("publishing_phase") or {}
    # A video's upload ends by finish alone; a reel's ends before it. A failure is confirm's to tell.
    ended = work.media_type == "video" and _is(status, "uploading_phase")
    ended = ended or _failure(status) is not None
    if phase.get("status") in (*_DONE, "in_progress") or phase.get("publish_status") == "published" or ended:
        return Verdict(
            kind="published",
            state={**work.state, "reads": 0},
            step=Step.CONFIRM,
            external_id=video_id,
            http_status=reply.status,
        )
    if phase.get("status") == "not_started" and work.reads >= _SURE_READS:
        return Verdict(kind="absent", state=work.state, step=Step.COMMIT, http_status=reply.status)
    return Verdict(kind="unknown", state=work.state, http_status=reply.status)


def address(reply: GraphReply | None, path: str) -> str:
    """A full address: Facebook gives ``permalink_url`` of videos without its host."""
    given = str(reply.body.get("permalink_url") or "") if reply else ""
    if given.startswith("http"):
        return given
    return f"https://www.facebook.com/{(given or path).lstrip('/')}"


def _video_start(hosts: Hosts, work: Work) -> Next:
    fields = {"upload_phase": "start", "file_size": work.media[0].size}
    reply = hosts.video.post(f"{work.account.remote_id}/videos", fields)
    state = {
        "session": reply.value("upload_session_id"),
        "video_id": reply.value("video_id"),
        **_window(reply.body),
        "resyncs": 0,
    }
    return reply.then(Step.PREPARE, state)


def _video_piece(hosts: Hosts, work: Work) -> Next:
    """The bytes Facebook asked for; a wrong offset is answered with the right one."""
    offset, end = int(work.state["offset"]), int(work.state["end"])
    if offset >= end:
        return Next(step=Step.COMMIT, state=work.state)
    piece = work.media[0].read(offset, min(end - offset, PIECE))
    fields = {"upload_phase": "transfer", "upload_session_id": work.state["session"], "start_offset": offset}
    url = f"{hosts.video.base}/{work.account.remote_id}/videos"
    sent = hosts.http.request(
        "POST",
        url,
        headers={"Authorization": f"Bearer {hosts.token}"},
        data=graph_api.form(fields),
        files={"video_file_chunk": ("chunk", piece, "application/octet-stream")},
    )
    try:
        reply = graph_api.answer(sent, ERRORS)
    except ProviderError as error:
        right = graph_api.error_data(sent)
        resyncs = int(work.state.get("resyncs", 0)) + 1
        if not error.code.endswith(_WRONG_OFFSET) or "start_offset" not in right or resyncs > _MOST_RESYNCS:
            raise
        state = {**work.state, **_window(right), "resyncs": resyncs}
        return Next(step=Step.PREPARE, state=state, http_status=sent.status, note="Facebook named the offset.")
    window = _window(reply.body)
    step = Step.PREPARE if window["offset"] < window["end"] else Step.COMMIT
    return reply.then(step, {**work.state, **window, "resyncs": 0})


def _reel_start(hosts: Hosts, work: Work) -> Next:
    reply = hosts.graph.post(f"{work.account.remote_id}/video_reels", {"upload_phase": "start"})
    state = {"video_id": reply.value("video_id"), "offset": 0, "resyncs": 0}
    return reply.then(Step.PREPARE, state)


def _reel_piece(hosts: Hosts, work: Work) -> Next:
    video_id, resyncs = str(work.state["video_id"]), int(work.state["resyncs"])
    url = f"{hosts.rupload}/{video_id}"
    one = work.media[0]
    if resyncs > _MOST_RESYNCS:
        sent = send_address(hosts.http, url=url, token=hosts.token, media=one, errors=ERRORS)
    else:
        offset = int(work.state["offset"])
        sent = send_piece(hosts.http, url=url, token=hosts.token, media=one, offset=offset, errors=ERRORS)
    if sent.offset is None:
        status = _status(hosts.graph.get(video_id, fields="status"))
        _expect_upload(status)
        at, complete = uploaded(status.get("uploading_phase") or {})
        state = {**work.state, "offset": at, "resyncs": resyncs + 1}
    else:
        state, complete = {**work.state, "offset": sent.offset, "resyncs": 0}, sent.complete
    return Next(step=Step.COMMIT if complete else Step.PREPARE, state=state, http_status=sent.status)


def _expect_upload(status: Mapping[str, Any]) -> None:
    if status.get("video_status") in ("expired", "upload_failed"):
        raise ProviderError(gone("Facebook"), code=str(status["video_status"]))


def _file(work: Work) -> tuple[str, bytes, str]:
    cover = work.cover
    if cover is None:
        raise ProviderError(media("The cover is missing. Choose another picture."))
    return ("cover", cover.read(0, cover.size), cover.content_type)


def _window(body: Mapping[str, Any]) -> dict[str, int]:
    try:
        return {"offset": int(body["start_offset"]), "end": int(body["end_offset"])}
    except (KeyError, TypeError, ValueError):
        raise ProviderError(trouble("Facebook"), message="The reply held no offsets.") from None


def _status(reply: GraphReply | None) -> Mapping[str, Any]:
    status = reply.body.get("status") if reply else None
    return status if isinstance(status, dict) else {}


def _is(status: Mapping[str, Any], phase: str) -> bool:
    part = status.get(phase)
    return isinstance(part, dict) and part.get("status") in _DONE


def _failure(status: Mapping[str, Any]) -> str | None:
    """Facebook's words when the processing or the publishing failed."""
    for name in ("processing_phase", "publishing_phase"):
        phase = status.get(name)
        if isinstance(phase, dict) and (phase.get("status") == "error" or phase.get("error")):
            error = phase.get("error")
            return str(error.get("message") if isinstance(error, dict) else error or name)
    return str(status["video_status"]) if status.get("video_status") in ("error", "expired") else None
