"""Videos and reels of a Page in the sandbox: sessions, pieces, ``finish``, processing, thumbnails.

Source: Meta, "Video Uploads" (Graph API), "Reels Publishing" (Video API), "Video Thumbnails", read 2026-11.
"""

from collections.abc import Mapping
from typing import Any

from integrations.sandbox.core import Sandbox
from integrations.sandbox.graph import (
    Call,
    GraphError,
    graph_time,
    image_type,
    is_movie,
    keep_upload,
    missing,
    required,
)
from integrations.sandbox.rupload import append, new_upload, phase, seal
from integrations.sandbox.store import Document

KIND = "fb_video"
_PROCESSING = 1.0  # seconds
_WINDOW = 4_194_304  # bytes the service asks for at once; ``metadata.video_window`` of the account changes it
_DAY = 86_400
_LARGEST = 2_000_000_000
_COVER_LIMIT = 10_000_000


class Videos:
    """The video edges of a page."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.store = sandbox.store

    async def video(self, call: Call) -> Document:
        """``/videos``: a phase of an upload, or a whole video by address or in the body."""
        call.own()
        call.may("pages_manage_posts")
        steps = {"start": self._start, "transfer": self._transfer, "finish": self._finish}
        chosen = call.params.get("upload_phase")
        if chosen is None:
            return await self._whole(call)
        if chosen not in steps:
            raise GraphError(100, "(#100) upload_phase must be one of start, transfer, finish, cancel")
        return await steps[chosen](call)

    async def _start(self, call: Call) -> Document:
        size = call.number("file_size")
        if size < 1:
            raise GraphError(6000, "There was a problem uploading your video file.", subcode=1363022)
        if size > _LARGEST:
            raise GraphError(6000, "There was a problem uploading your video file.", subcode=1363023)
        session, video = self.sandbox.new_id(), self._new(call, reel=False)
        new_upload(self.sandbox, video, size=size)
        self.store.put("fb_session", session, {"id": session, "video": video})
        return {"video_id": video, "upload_session_id": session, **self._window(call, video)}

    async def _transfer(self, call: Call) -> Document:
        _, video = self._session(call)
        upload = self._upload(video)
        chunk = call.files.get("video_file_chunk")
        if chunk is None:
            raise required("video_file_chunk")
        if call.number("start_offset") != upload["received"] or upload["file"]:
            raise _wrong_offset(self._window(call, video))

        async def pieces() -> Any:
            while piece := chunk.file.read(262_144):
                yield piece

        await append(self.sandbox, video, pieces())
        return self._window(call, video)

    async def _finish(self, call: Call) -> Document:
        session, video = self._session(call)
        upload = self._upload(video)
        if upload["received"] != upload["size"]:
            raise _wrong_offset(self._window(call, video))
        cover = await self._cover(call, "thumb")
        upload = await seal(self.sandbox, video)
        self.store.drop("fb_session", session)
        self._end(call, video, file=upload["file"], cover=cover)
        return {"success": True}

    async def _whole(self, call: Call) -> Document:
        if "file_url" in call.params:
            kept = await self.sandbox.fetch(call.params["file_url"])
        elif "source" in call.files:
            kept = await keep_upload(self.sandbox, call.files["source"], limit=_LARGEST)
        else:
            raise required("file_url")
        if kept is None:
            raise GraphError(389, "Unable to fetch video file from URL.", subcode=1363057)
        if not is_movie(self.sandbox.head(kept["name"])):
            raise GraphError(352, "The video file you selected is in a format that we don't support.", subcode=1363024)
        cover = await self._cover(call, "thumb")
        video = self._new(call, reel=False)
        new_upload(self.sandbox, video, size=kept["size"])
        self.store.update("upload", video, received=kept["size"], file=kept["name"])
        self._end(call, video, file=kept["name"], cover=cover)
        return {"id": video}

    async def reel(self, call: Call) -> Document:
        """``/video_reels``: start gives the place for the bytes, finish publishes them."""
        call.own()
        call.may("pages_manage_posts")
        chosen = call.params.get("upload_phase")
        if chosen == "start":
            made = self._new(call, reel=True)
            new_upload(self.sandbox, made)
            version = call.request.match_info["version"]
            where = f"{self.sandbox.base_url}/facebook/rupload/video-upload/{version}/{made}"
            return {"video_id": made, "upload_url": where}
        if chosen != "finish":
            raise required("upload_phase")
        video = self.mine(call, call.params.get("video_id", ""))
        state = call.params.get("video_state")
        if state not in ("PUBLISHED", "DRAFT", "SCHEDULED"):
            raise required("video_state")
        upload = self._upload(video["id"])
        if upload["file"] is None:
            raise GraphError(6000, "There was a problem uploading your video file.", subcode=1363130,
                             title="Video Upload Is Missing", words="The video was not uploaded.")  # fmt: skip
        if video["finished"]:
            raise GraphError(6000, "The video is published already.", subcode=1363041)
        self._within_quota(call)
        if state == "PUBLISHED":
            self._end(call, video["id"], file=upload["file"], cover=None)
        return {"success": True}

    async def uploaded(self, key: str) -> None:
        """A reel's bytes are whole; processing begins."""
        self.store.update(KIND, key, ready_at=self.sandbox.timestamp() + _PROCESSING)

    async def thumbnail(self, call: Call) -> Document:
        """A picture of its own for a video."""
        call.may("pages_manage_engagement")
        video = self.mine(call, call.node)
        cover = await self._cover(call, "source")
        if cover is None:
            raise required("source")
        if call.flag("is_preferred"):
            self.store.update(KIND, video["id"], cover=cover)
            if self.store.get("post", f"facebook:{video['id']}"):
                self.store.update("post", f"facebook:{video['id']}", cover=cover)
        return {"success": True}

    async def _cover(self, call: Call, name: str) -> str | None:
        if name not in call.files:
            return None
        kept = await keep_upload(self.sandbox, call.files[name], limit=_COVER_LIMIT)
        if kept is None or image_type(self.sandbox.head(kept["name"])) not in ("image/jpeg", "image/png"):
            raise GraphError(100, "Invalid parameter", subcode=2069019, words="The thumbnail could not be read.")
        return str(kept["name"])

    def mine(self, call: Call, key: str) -> Document:
        """A video of the caller's page."""
        video = self.store.get(KIND, key)
        if video is None or video["owner"] != call.account["remote_id"]:
            raise missing(key)
        return video

    def owner(self, key: str) -> str | None:
        """Whose reel an upload belongs to."""
        video = self.store.get(KIND, key)
        return str(video["owner"]) if video and video["reel"] else None

    def fields(self, video: Mapping[str, Any]) -> Document:
        """A video as the API shows it."""
        post = self.store.get("post", f"facebook:{video['id']}")
        return {
            "id": video["id"],
            "title": video["title"],
            "description": video["description"],
            "status": self._status(video),
            "published": post is not None,
            "permalink_url": post["url"] if post else None,
            "post_id": f"{video['owner']}_{video['id']}" if post else None,
            "created_time": graph_time(video["created"]),
            "updated_time": graph_time(video["created"]),
        }

    def _status(self, video: Mapping[str, Any]) -> Document:
        upload = self._upload(video["id"])
        now = self.sandbox.timestamp()
        sending = phase(upload, spelled="bytes_transfered")
        ready = video["ready_at"] is not None and video["ready_at"] <= now
        processing: Document = {"status": "complete" if ready else "in_progress" if upload["file"] else "not_started"}
        publishing: Document = {"status": "not_started"}
        if video["finished"]:
            publishing = {"status": "complete" if ready else "in_progress",
                          "publish_status": "published" if ready else "not_published"}  # fmt: skip
        overall = "ready" if ready and video["finished"] else "processing" if video["finished"] else "uploading"
        if upload["file"] and not video["finished"]:
            overall = "upload_complete"
        if upload["file"] and ready and not is_movie(self.sandbox.head(upload["file"])):
            overall = "error"
            processing = {"status": "error", "error": {"message": "The video format is not supported."}}
            publishing = {"status": "not_started"}
        return {"video_status": overall, "uploading_phase": sending, "processing_phase": processing,
                "publishing_phase": publishing}  # fmt: skip

    def _new(self, call: Call, *, reel: bool) -> str:
        key = self.sandbox.new_id()
        self.store.put(KIND, key, {
            "id": key, "owner": call.account["remote_id"], "reel": reel, "finished": False, "ready_at": None,
            "title": "", "description": "", "cover": None, "created": self.sandbox.timestamp(),
        })  # fmt: skip
        return key

    def _end(self, call: Call, key: str, *, file: str, cover: str | None) -> None:
        """The end of an upload: the video shows at once, its processing takes a moment."""
        video = self.store.update(
            KIND, key, finished=True, title=call.params.get("title", ""), cover=cover,
            description=call.params.get("description", ""),
        )  # fmt: skip
        if video["ready_at"] is None:
            self.store.update(KIND, key, ready_at=self.sandbox.timestamp() + _PROCESSING)
        if call.flag("published", default=True) and is_movie(self.sandbox.head(file)):
            self.sandbox.publish(
                "facebook", call.account, post_id=key, text=video["description"], media=[file],
                url=f"{self.sandbox.base_url}/posts/facebook/{key}", media_type="reel" if video["reel"] else "video",
                stamp=self.sandbox.timestamp(), title=video["title"], cover=cover, link=None, photos=[], comments=[],
            )  # fmt: skip

    def _session(self, call: Call) -> tuple[str, str]:
        session = self.store.get("fb_session", call.params.get("upload_session_id", ""))
        if session is None:
            raise GraphError(6000, "The upload session is not valid.", subcode=1363033)
        self.mine(call, session["video"])
        return str(session["id"]), str(session["video"])

    def _upload(self, key: str) -> Document:
        upload = self.store.get("upload", key)
        assert upload is not None
        return upload

    def _window(self, call: Call, key: str) -> dict[str, str]:
        upload = self._upload(key)
        window = int(call.account["metadata"].get("video_window", _WINDOW))
        return {
            "start_offset": str(upload["received"]),
            "end_offset": str(min(upload["size"], upload["received"] + window)),
        }

    def _within_quota(self, call: Call) -> None:
        since = self.sandbox.timestamp() - _DAY
        reels = self.store.find("post", platform="facebook", remote_id=call.account["remote_id"], media_type="reel")
        if sum(reel["stamp"] > since for reel in reels) >= int(call.account["metadata"].get("quota_total", 10_000)):
            raise GraphError(613, "(#613) Calls to this api have exceeded the rate limit.")


def _wrong_offset(window: Mapping[str, str]) -> GraphError:
    return GraphError(
        6001, "There was a problem uploading your video. Please try again.", subcode=1363037,
        title="Error Uploading Video", words="There was a problem uploading your video. Please try uploading it again.",
        data={name: int(value) for name, value in window.items()},
    )  # fmt: skip
