"""A Facebook Page's publishing API: feed, photos, videos, reels, comments.

Source: Meta, "Page Feed", "Page Photos", "Page Videos", "Handle Errors" (Graph API), read 2026-11.
"""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from integrations.sandbox import facebook_oauth
from integrations.sandbox.core import Endpoint, Handler, Network, Sandbox
from integrations.sandbox.facebook_video import KIND, Videos
from integrations.sandbox.graph import (
    NODE_END,
    VERSION,
    Call,
    Function,
    GraphError,
    endpoint,
    fault,
    graph_time,
    image_type,
    keep_upload,
    missing,
    page_of,
    parameters,
    pick,
    required,
)
from integrations.sandbox.rupload import receiver
from integrations.sandbox.store import Document

_PHOTO = "fb_photo"
_PHOTO_LIMIT = 4_000_000
_TEXT_LIMIT = 63_206


class _Facebook:
    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.store = sandbox.store
        self.videos = Videos(sandbox)

    # Writing

    async def feed(self, call: Call) -> Document:
        """A post of words, a link, or pictures that went up unpublished."""
        call.own()
        call.may("pages_manage_posts")
        text, link = call.params.get("message", ""), call.params.get("link")
        photos = [self._unused_photo(call, item) for item in call.items("attached_media")]
        if not text and not link and not photos:
            raise GraphError(100, "(#100) Missing message or attachment")
        if len(text) > _TEXT_LIMIT:
            raise GraphError(100, "(#100) The message is too long.")
        if link and not link.startswith(("http://", "https://")):
            raise GraphError(1609005, "The post's links could not be read.")
        self._refuse_repetition(call, text, link, photos)
        post_id = f"{call.node}_{self.sandbox.new_id()}"
        if call.flag("published", default=True):
            self._show(call, post_id, text=text, link=link, photos=photos)
        return {"id": post_id}

    async def photo(self, call: Call) -> Document:
        """A picture, fetched or in the body: published on its own, or kept for a post."""
        call.own()
        call.may("pages_manage_posts")
        if "url" in call.params:
            kept = await self.sandbox.fetch(call.params["url"])
            if kept is None:
                raise GraphError(324, "(#324) Missing or invalid image file")
        elif "source" in call.files:
            kept = await keep_upload(self.sandbox, call.files["source"], limit=50_000_000)
        else:
            raise GraphError(324, "(#324) Requires upload file")
        if kept is None or kept["size"] > _PHOTO_LIMIT or image_type(self.sandbox.head(kept["name"])) is None:
            raise GraphError(
                100, "Invalid parameter", subcode=1366046, title="Can't Read Files",
                words="Your photos couldn't be uploaded. Photos should be less than 4 MB and saved as JPG, PNG, GIF "
                "or TIFF files.",
            )  # fmt: skip
        made = self.sandbox.new_id()
        photo = {
            "id": made, "owner": call.node, "file": kept["name"], "name": call.params.get("caption", ""),
            "alt_text": call.params.get("alt_text_custom"), "post_id": None, "created": self.sandbox.timestamp(),
        }  # fmt: skip
        self.store.put(_PHOTO, made, photo)
        if not call.flag("published", default=True):
            return {"id": made}
        post_id = f"{call.node}_{made}"
        self._show(call, post_id, text=photo["name"], link=None, photos=[photo])
        return {"id": made, "post_id": post_id}

    def _show(self, call: Call, post_id: str, *, text: str, link: str | None, photos: list[Document]) -> None:
        self.sandbox.publish(
            "facebook",
            call.account,
            post_id=post_id,
            text=text,
            media=[photo["file"] for photo in photos],
            url=f"{self.sandbox.base_url}/posts/facebook/{post_id}",
            media_type="photo" if photos else "link" if link else "status",
            stamp=self.sandbox.timestamp(),
            link=link,
            photos=[photo["id"] for photo in photos],
            alt_texts=[photo["alt_text"] for photo in photos],
            comments=[],
        )
        for photo in photos:
            self.store.update(_PHOTO, photo["id"], post_id=post_id)

    def _unused_photo(self, call: Call, item: Any) -> Document:
        key = str(item.get("media_fbid", "")) if isinstance(item, dict) else ""
        photo = self.store.get(_PHOTO, key)
        if photo is None or photo["owner"] != call.account["remote_id"] or photo["post_id"]:
            raise GraphError(100, f"(#100) The media {key} cannot be attached.")
        return photo

    def _refuse_repetition(self, call: Call, text: str, link: str | None, photos: list[Document]) -> None:
        """The page's last post may not be made again word by word."""
        posts = [post for post in self.sandbox.posts("facebook") if post["remote_id"] == call.node]
        if not photos and posts and not posts[-1]["media"] and (posts[-1]["text"], posts[-1]["link"]) == (text, link):
            raise GraphError(
                506, "Duplicate status message", subcode=1455006, title="Duplicate Status Update",
                words="This status update is identical to the last one you posted. Try posting something different, "
                "or delete your previous update.",
            )  # fmt: skip

    async def comment(self, call: Call) -> Document:
        call.may("pages_manage_engagement")
        post = self._post(call)
        if not call.params.get("message"):
            raise required("message")
        made = f"{post['id'].rpartition('_')[2]}_{self.sandbox.new_id()}"
        comment = {"id": made, "message": call.params["message"]}
        self.store.update("post", f"facebook:{post['id']}", comments=[*post["comments"], comment])
        return {"id": made}

    async def delete(self, call: Call) -> Document:
        call.may("pages_manage_posts")
        self.store.drop("post", f"facebook:{self._post(call)['id']}")
        return {"success": True}

    # Reading

    def _post(self, call: Call) -> Document:
        """A post of the page; a video is found by its own id and by its post's."""
        for key in (call.node, call.node.removeprefix(f"{call.account['remote_id']}_")):
            post = self.store.get("post", f"facebook:{key}")
            if post is not None and post["remote_id"] == call.account["remote_id"]:
                return post
        raise missing(call.node)

    async def read(self, call: Call) -> Document:
        if call.node == call.account["remote_id"]:
            account = call.account
            page = {
                "id": call.node,
                "name": account["name"],
                "username": account["username"],
                "tasks": ["CREATE_CONTENT"],
            }
            return pick(call, page, kind="Page", default=("name",))
        if self.store.get(KIND, call.node):
            return pick(call, self.videos.fields(self.videos.mine(call, call.node)), kind="Video")
        photo = self.store.get(_PHOTO, call.node)
        if photo is not None and photo["owner"] == call.account["remote_id"]:
            whole = {"id": photo["id"], "name": photo["name"], "alt_text_custom": photo["alt_text"],
                     "page_story_id": photo["post_id"], "created_time": graph_time(photo["created"])}  # fmt: skip
            return pick(call, whole, kind="Photo")
        return pick(call, _post_fields(self._post(call)), kind="PagePost", default=("created_time", "message"))

    async def timeline(self, call: Call) -> Document:
        call.own()
        call.may("pages_read_engagement")
        since = float(call.params.get("since", 0))
        posts = [post for post in self.sandbox.posts("facebook") if post["remote_id"] == call.node]
        shown = [_post_fields(post) for post in reversed(posts) if post["stamp"] >= since]
        return page_of(call, shown, kind="PagePost", default=("created_time", "message"))

    async def video_list(self, call: Call) -> Document:
        call.own()
        call.may("pages_read_engagement")
        reels = call.request.path.endswith("/video_reels")
        videos = [video for video in self.store.find(KIND, owner=call.node) if video["reel"] == reels]
        shown = [self.videos.fields(video) for video in reversed(videos) if video["finished"]]
        return page_of(call, shown, kind="Video", default=("description", "updated_time"))

    async def comments(self, call: Call) -> Document:
        return page_of(call, self._post(call)["comments"], kind="Comment", default=("message",))

    def read_step(self, request: web.Request) -> str:
        """Reading a video that is not yet finished is a poll, anything else confirms."""
        video = self.store.get(KIND, request.match_info["node"])
        return "poll" if video is not None and not video["finished"] else "confirm"


async def _visible(request: web.Request) -> str:
    """Whether a POST makes something public: pieces, sessions and unpublished things do not."""
    params, _ = await parameters(request)
    hidden = params.get("published", "true").lower() in ("false", "0") or params.get("upload_phase") in (
        "start",
        "transfer",
    )
    return "prepare" if hidden else "commit"


def network(sandbox: Sandbox) -> Network:
    """The router."""
    service = _Facebook(sandbox)
    videos = service.videos

    def on(function: Function) -> Handler:
        return endpoint(sandbox, "facebook", function)

    node = f"/graph/{VERSION}/{{node}}"
    return Network(
        platform="facebook",
        endpoints=(
            *facebook_oauth.endpoints(sandbox),
            Endpoint("POST", f"{node}/feed", on(service.feed), _visible),
            Endpoint("POST", f"{node}/photos", on(service.photo), _visible),
            Endpoint("POST", f"{node}/videos", on(videos.video), _visible),
            Endpoint("POST", f"/video/{VERSION}/{{node}}/videos", on(videos.video), _visible),
            Endpoint("POST", f"{node}/video_reels", on(videos.reel), _visible),
            Endpoint(
                "POST",
                f"/rupload/video-upload/{VERSION}/{{id}}",
                receiver(sandbox, "facebook", owner=videos.owner, ended=videos.uploaded),
            ),
            Endpoint("POST", f"{node}/thumbnails", on(videos.thumbnail), "confirm"),
            Endpoint("POST", f"{node}/comments", on(service.comment), "comment"),
            Endpoint("GET", f"{node}/comments", on(service.comments), "confirm"),
            *(
                Endpoint("GET", f"{node}/{edge}", on(service.timeline), "confirm")
                for edge in ("feed", "posts", "published_posts")
            ),
            *(
                Endpoint("GET", f"{node}/{edge}", on(service.video_list), "confirm")
                for edge in ("videos", "video_reels")
            ),
            Endpoint("GET", f"{node}{NODE_END}", on(service.read), service.read_step),
            Endpoint("DELETE", f"{node}{NODE_END}", on(service.delete), "confirm"),
        ),
        fault=fault,
    )


def _post_fields(post: Mapping[str, Any]) -> Document:
    return {
        "id": post["id"],
        "message": post["text"],
        "created_time": graph_time(post["stamp"]),
        "updated_time": graph_time(post["stamp"]),
        "permalink_url": post["url"],
        "is_published": True,
        "attachments": _attachments(post),
    }


def _attachments(post: Mapping[str, Any]) -> Document | None:
    photos = [{"type": "photo", "target": {"id": photo}} for photo in post["photos"]]
    if len(photos) > 1:
        album = {"type": "album", "target": {"id": post["id"]}, "subattachments": {"data": photos}}
        return {"data": [album]}
    if photos:
        return {"data": photos}
    if post["link"]:
        return {"data": [{"type": "share", "url": post["link"], "unshimmed_url": post["link"]}]}
    return None
