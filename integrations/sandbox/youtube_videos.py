"""YouTube's videos once their last byte is here: what they say of themselves, and reading, deleting, commenting.

Sources: YouTube Data API references of videos, channels, playlistItems and commentThreads; discovery document
youtube:v3, revision 20261104 (read 2026-11).
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from aiohttp import web

from integrations.sandbox.content import sniff
from integrations.sandbox.core import Sandbox
from integrations.sandbox.store import Document
from integrations.sandbox.youtube_wire import COMMENT, MANAGE, READ, Refusal, account_of, instant, parts_of

PARTS = frozenset(["id", "snippet", "status", "processingDetails", "contentDetails", "player", "statistics"])
PROCESSING_SECONDS = 1.0
COMMENT_CHARACTERS = 10_000
PAGE = 50


def add_video(sandbox: Sandbox, account: Document, *, video_id: str, resource: Document, file: Document) -> Document:
    """The video of a finished upload. It is visible at once, unless its file is none."""
    now = sandbox.now()
    snippet = {"description": "", "categoryId": "22", **(resource.get("snippet") or {})}
    status = {"privacyStatus": "public", **(resource.get("status") or {})}
    due = instant(status["publishAt"]) if status.get("publishAt") else None
    if due is not None and due <= now:
        status = {**status, "privacyStatus": "public", "publishAt": None}
    if account["metadata"].get("unaudited"):
        status["privacyStatus"] = "private"
    video = sandbox.store.put(
        "youtube_video",
        video_id,
        {
            "id": video_id,
            "remote_id": account["remote_id"],
            "channel": account["name"],
            "snippet": snippet,
            "status": status,
            "file": file["name"],
            "uploaded_at": now.timestamp(),
            "failure": None if sniff(sandbox.head(file["name"])).startswith("video/") else "invalidFile",
            "thumbnail": None,
        },
    )
    if video["failure"] is None:
        sandbox.publish(
            "youtube",
            account,
            post_id=video_id,
            text=snippet["description"] or snippet["title"],
            media=[file["name"]],
            url=f"{sandbox.base_url}/youtube/watch/watch?v={video_id}",
            title=snippet["title"],
            privacy=status["privacyStatus"],
            tags=snippet.get("tags", []),
            cover=None,
            comments=[],
        )
    return video


def resource_of(sandbox: Sandbox, video: Document, parts: Iterable[str]) -> Document:
    """A video as the API shows it."""
    processed = video["uploaded_at"] + PROCESSING_SECONDS <= sandbox.timestamp()
    state = "uploaded" if not processed else "failed" if video["failure"] else "processed"
    given = video["status"]
    image = f"{sandbox.base_url}/files/{video['thumbnail']}" if video["thumbnail"] else None
    every: Document = {
        "snippet": {
            **video["snippet"],
            "publishedAt": _stamp(video["uploaded_at"]),
            "channelId": video["remote_id"],
            "channelTitle": video["channel"],
            "thumbnails": {"default": {"url": image}} if image else {},
            "liveBroadcastContent": "none",
        },
        "status": {
            **{name: value for name, value in given.items() if value is not None and name != "selfDeclaredMadeForKids"},
            "uploadStatus": state,
            **({"failureReason": video["failure"]} if state == "failed" else {}),
            "license": given.get("license", "youtube"),
            "embeddable": given.get("embeddable", True),
            "publicStatsViewable": True,
            "madeForKids": bool(given.get("selfDeclaredMadeForKids")),
            "selfDeclaredMadeForKids": bool(given.get("selfDeclaredMadeForKids")),
        },
        "processingDetails": {
            "processingStatus": {"uploaded": "processing", "processed": "succeeded"}.get(state, "failed"),
            "thumbnailsAvailability": "available" if processed else "inProgress",
        },
        "contentDetails": {"definition": "hd", "caption": "false", "projection": "rectangular"},
        "player": {"embedHtml": f'<iframe src="{sandbox.base_url}/posts/youtube/{video["id"]}"></iframe>'},
        "statistics": {"viewCount": "0", "likeCount": "0", "favoriteCount": "0", "commentCount": "0"},
    }
    return {
        "kind": "youtube#video",
        "etag": f"{video['id']}-{state}",
        "id": video["id"],
        **{part: every[part] for part in parts if part in every},
    }


class Videos:
    """Reads of videos and channels, and what may be done to a video that is there."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    async def list_videos(self, request: web.Request) -> web.StreamResponse:
        """``GET /youtube/v3/videos?id=``: private ones and processing details are for their owner alone."""
        account = account_of(self.sandbox, request, READ)
        parts = parts_of(request, PARTS)
        wanted = [key for value in request.query.getall("id", []) for key in value.split(",") if key]
        if not wanted:
            raise Refusal(400, "missingRequiredParameter", "No filter selected. Expected one of: chart, id, myRating",
                          domain="youtube.parameter", location="parameters.")  # fmt: skip
        found = [video for key in wanted if (video := self.sandbox.store.get("youtube_video", key))]
        seen = []
        for video in found:
            own = video["remote_id"] == account["remote_id"]
            if "processingDetails" in parts and not own:
                raise Refusal(403, "forbidden", "The request is not properly authorized to access video file or "
                              "processing information.", domain="youtube.video", location="part")  # fmt: skip
            if own or video["status"]["privacyStatus"] != "private":
                seen.append(resource_of(self.sandbox, video, parts))
        return _list("youtube#videoListResponse", seen)

    async def delete_video(self, request: web.Request) -> web.StreamResponse:
        """``DELETE /youtube/v3/videos?id=``"""
        account = account_of(self.sandbox, request, MANAGE)
        video = self._video(request.query.get("id", ""))
        if video["remote_id"] != account["remote_id"]:
            raise Refusal(403, "forbidden", "The video that you are trying to delete cannot be deleted.",
                          domain="youtube.video", location="id")  # fmt: skip
        self.sandbox.store.drop("youtube_video", video["id"])
        self.sandbox.store.drop("post", f"youtube:{video['id']}")
        return web.Response(status=204)

    async def list_channels(self, request: web.Request) -> web.StreamResponse:
        """``GET /youtube/v3/channels?mine=true``, or by ``id``."""
        account = account_of(self.sandbox, request, READ)
        parts = parts_of(request, frozenset(["id", "snippet", "contentDetails", "statistics", "status"]))
        key = account["remote_id"] if request.query.get("mine") == "true" else request.query.get("id", "")
        document = self.sandbox.store.get("account", f"youtube:{key}")
        if document is None:
            return _list("youtube#channelListResponse", [])
        every: Document = {
            "snippet": {"title": document["name"], "customUrl": f"@{document['username']}", "description": ""},
            "contentDetails": {"relatedPlaylists": {"likes": "LL", "uploads": _uploads_of(key)}},
            "statistics": {"videoCount": str(len(self._videos_of(key)))},
            "status": {"privacyStatus": "public", "isLinked": True},
        }
        shown = {part: every[part] for part in parts if part in every}
        return _list("youtube#channelListResponse", [{"kind": "youtube#channel", "etag": key, "id": key, **shown}])

    async def list_playlist_items(self, request: web.Request) -> web.StreamResponse:
        """``GET /youtube/v3/playlistItems?playlistId=``: a channel's uploads, newest first."""
        account = account_of(self.sandbox, request, READ)
        parts = parts_of(request, frozenset(["id", "snippet", "contentDetails", "status"]))
        own = request.query.get("playlistId") == _uploads_of(account["remote_id"])
        if not own:
            raise Refusal(404, "playlistNotFound", "The playlist identified with the request's playlistId parameter "
                          "cannot be found.", domain="youtube.playlistItem", location="playlistId")  # fmt: skip
        wanted = request.query.get("maxResults", "5")
        limit = min(PAGE, int(wanted)) if wanted.isdecimal() else 5
        items = []
        for position, video in enumerate(reversed(self._videos_of(account["remote_id"]))):
            at, snippet = _stamp(video["uploaded_at"]), video["snippet"]
            every: Document = {
                "snippet": {
                    "publishedAt": at,
                    "channelId": account["remote_id"],
                    "title": snippet["title"],
                    "description": snippet["description"],
                    "position": position,
                    "resourceId": {"kind": "youtube#video", "videoId": video["id"]},
                },
                "contentDetails": {"videoId": video["id"], "videoPublishedAt": at},
                "status": {"privacyStatus": video["status"]["privacyStatus"]},
            }
            shown = {part: every[part] for part in parts if part in every}
            items.append({"kind": "youtube#playlistItem", "etag": video["id"], "id": f"UU-{video['id']}", **shown})
        return _list("youtube#playlistItemListResponse", items[:limit], total=len(items))

    async def insert_comment(self, request: web.Request) -> web.StreamResponse:
        """``POST /youtube/v3/commentThreads``: a top-level comment on a video."""
        account = account_of(self.sandbox, request, COMMENT)
        parts = parts_of(request, frozenset(("id", "snippet")))
        try:
            snippet = (await request.json())["snippet"]
            text = snippet["topLevelComment"]["snippet"].get("textOriginal", "")
            video_id = str(snippet.get("videoId", ""))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise Refusal(400, "invalidCommentThreadMetadata", "The request metadata is invalid.",
                          domain="youtube.commentThread", location="body") from None  # fmt: skip
        if not isinstance(text, str) or not text.strip():
            raise Refusal(400, "commentTextRequired", "The comment thread resource that is being inserted must "
                          "specify a value for the textOriginal property.", domain="youtube.commentThread")  # fmt: skip
        if len(text) > COMMENT_CHARACTERS:
            raise Refusal(400, "commentTextTooLong", "The comment text is too long.", domain="youtube.commentThread")
        video = self._video(video_id)
        if video["status"].get("selfDeclaredMadeForKids") or account["metadata"].get("comments_disabled"):
            raise Refusal(403, "commentsDisabled", "The video identified by the videoId parameter has disabled "
                          "comments.", domain="youtube.commentThread", location="videoId")  # fmt: skip
        if video["status"]["privacyStatus"] == "private":
            raise Refusal(403, "forbidden", "The comment thread cannot be created due to insufficient permissions.",
                          domain="youtube.commentThread")  # fmt: skip
        at = self.sandbox.now().isoformat()
        key = f"Ug{self.sandbox.new_id()}"
        post = self.sandbox.store.get("post", f"youtube:{video_id}")
        if post is not None:
            comment = {"id": key, "account": account["username"], "text": text, "at": at}
            self.sandbox.store.put("post", f"youtube:{video_id}", {**post, "comments": [*post["comments"], comment]})
        told = {
            "channelId": video["remote_id"],
            "videoId": video_id,
            "canReply": True,
            "isPublic": True,
            "totalReplyCount": 0,
            "topLevelComment": {
                "kind": "youtube#comment",
                "id": key,
                "snippet": {
                    "textOriginal": text,
                    "textDisplay": text,
                    "authorDisplayName": f"@{account['username']}",
                    "authorChannelId": {"value": account["remote_id"]},
                    "videoId": video_id,
                    "publishedAt": at,
                },
            },
        }
        body = {"kind": "youtube#commentThread", "etag": key, "id": key}
        return web.json_response({**body, "snippet": told} if "snippet" in parts else body)

    async def watch(self, request: web.Request) -> web.StreamResponse:
        """``www.youtube.com/watch?v=``: the video's public page."""
        raise web.HTTPFound(f"/posts/youtube/{self._shown(request.query.get('v', ''))}")

    def _shown(self, video_id: str) -> str:
        return video_id if self.sandbox.store.get("post", f"youtube:{video_id}") else "unavailable"

    def _video(self, key: str) -> Document:
        video = self.sandbox.store.get("youtube_video", key)
        if video is None:
            raise Refusal(404, "videoNotFound", "The video identified by the videoId parameter could not be found.",
                          domain="youtube.video", location="videoId")  # fmt: skip
        return video

    def _videos_of(self, remote_id: str) -> list[Document]:
        return list(self.sandbox.store.find("youtube_video", remote_id=remote_id))


def _uploads_of(remote_id: str) -> str:
    return f"UU{remote_id.removeprefix('UC')}"


def _stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _list(kind: str, items: list[Document], *, total: int | None = None) -> web.Response:
    page = {"totalResults": len(items) if total is None else total, "resultsPerPage": len(items)}
    return web.json_response({"kind": kind, "etag": str(len(items)), "items": items, "pageInfo": page})
