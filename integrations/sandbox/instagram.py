"""Instagram's content publishing API, at both hosts that serve it.

``graph.instagram.com`` takes tokens of Instagram Login and fetches videos itself; ``graph.facebook.com`` takes those of
Facebook Login (an account whose metadata has ``"login": "facebook"``) and resumable uploads besides.
Source: Meta, "Content Publishing", "IG User Media", "Error Codes" (Instagram Platform), read 2026-11.
"""

import re
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from integrations.sandbox import instagram_oauth
from integrations.sandbox.core import Endpoint, Handler, Network, Sandbox
from integrations.sandbox.graph import (
    NODE_END,
    VERSION,
    Call,
    Function,
    GraphError,
    dimensions,
    endpoint,
    exchange,
    fault,
    graph_time,
    image_type,
    is_movie,
    missing,
    page_of,
    pick,
    required,
)
from integrations.sandbox.rupload import new_upload, phase, receiver
from integrations.sandbox.store import Document

_PUBLISH = ("instagram_business_content_publish", "instagram_content_publish")
_COMMENT = ("instagram_business_manage_comments", "instagram_manage_comments")
_CONTAINER = "ig_container"
_LIFE = 86_400  # seconds a container may wait to be published
_IMAGE_SECONDS, _VIDEO_SECONDS = 0.3, 1.0  # how long processing takes here
_HASHTAG, _MENTION = re.compile(r"(?<!\w)#\w+"), re.compile(r"(?<!\w)@\w+")


class _Instagram:
    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.store = sandbox.store

    # Containers

    async def create(self, call: Call) -> Document:
        call.own()
        call.may(*_PUBLISH)
        kind = call.params.get("media_type") or "IMAGE"
        _check_caption(call.params.get("caption", ""))
        if kind == "CAROUSEL":
            return self._keep(call, kind, children=self._children(call))
        if kind == "IMAGE":
            return self._keep(call, kind, file=await self._picture(call, "image_url"), wait=_IMAGE_SECONDS)
        if kind not in ("REELS", "VIDEO"):
            raise GraphError(100, f"The media type {kind} is unknown.", subcode=2207023)
        if kind == "VIDEO" and not call.flag("is_carousel_item"):
            raise GraphError(
                100,
                "The VIDEO value for media_type is no longer supported. Use the REELS media type to publish a video.",
                subcode=2207067,
            )
        cover = await self._picture(call, "cover_url") if call.params.get("cover_url") else None
        if call.params.get("upload_type") == "resumable" and _by_facebook(call.account):
            made = self._keep(call, kind, cover=cover, waiting=True)
            new_upload(self.sandbox, made["id"])
            version = call.request.match_info["version"]
            uri = f"{self.sandbox.base_url}/instagram/rupload/ig-api-upload/{version}/{made['id']}"
            return {**made, "uri": uri}
        url = call.params.get("video_url")
        if not url:
            raise required("video_url")
        fetched = await self.sandbox.fetch(url)
        return self._keep(
            call, kind, cover=cover, wait=_VIDEO_SECONDS,
            file=fetched["name"] if fetched else None, error=self._video_error(fetched),
        )  # fmt: skip

    def _keep(self, call: Call, kind: str, *, wait: float = 0.0, **extra: Any) -> Document:
        made = self.sandbox.new_id()
        now = self.sandbox.timestamp()
        document = {
            "id": made,
            "owner": call.account["remote_id"],
            "kind": kind,
            "item": call.flag("is_carousel_item"),
            "caption": call.params.get("caption", ""),
            "share_to_feed": call.flag("share_to_feed", default=True),
            "collaborators": call.items("collaborators"),
            "alt_text": call.params.get("alt_text"),
            "location_id": call.params.get("location_id"),
            "created": now,
            "ready_at": now + wait,
            "media_id": None,
            **extra,
        }
        if len(document["collaborators"]) > 3:
            raise GraphError(100, "(#100) You can invite up to 3 collaborators.")
        self.store.put(_CONTAINER, made, document)
        return {"id": made}

    async def _picture(self, call: Call, name: str) -> str:
        url = call.params.get(name)
        if not url:
            raise required(name)
        fetched = await self.sandbox.fetch(url)
        if fetched is None:
            raise GraphError(
                9004, "Only photo or video can be accepted as media type.", subcode=2207052,
                title="Media download has failed.", words=f"The media could not be fetched from this uri: {url}",
            )  # fmt: skip
        if image_type(self.sandbox.head(fetched["name"])) != "image/jpeg":
            raise GraphError(36001, "The image format is not supported. Supported formats are: JPEG.", subcode=2207005)
        if fetched["size"] > 8_000_000:
            raise GraphError(
                36000, "The image size is too large.", subcode=2207004, title="Image size too large",
                words="The image is too large to download. It should be less than 8 MiB.",
            )  # fmt: skip
        size = dimensions(self.sandbox, fetched["name"])
        if name == "image_url" and size and not 0.79 < size[0] / size[1] < 1.92:
            raise GraphError(
                36003,
                f"The submitted image with aspect ratio {size} cannot be published.",
                subcode=2207009,
            )
        return str(fetched["name"])

    def _children(self, call: Call) -> list[str]:
        children = [str(child) for child in call.items("children")]
        if not 2 <= len(children) <= 10:
            raise GraphError(
                100, "Your post won't work as a carousel. Carousels need at least 2 photos/videos and no more than 10.",
                subcode=2207028,
            )  # fmt: skip
        for child in children:
            container = self._container(child, call)
            if not container["item"]:
                raise GraphError(100, f"(#100) {child} is not a carousel item.")
            if self.status(container)[0] != "FINISHED":
                raise _not_ready()
        return children

    def _video_error(self, fetched: Document | None) -> int | None:
        if fetched is None:
            return 2207052
        return None if is_movie(self.sandbox.head(fetched["name"])) else 2207026

    async def uploaded(self, key: str) -> None:
        upload = self.store.get("upload", key)
        assert upload is not None
        self.store.update(
            _CONTAINER, key, waiting=False, file=upload["file"], error=self._video_error({"name": upload["file"]}),
            ready_at=self.sandbox.timestamp() + _VIDEO_SECONDS,
        )  # fmt: skip

    def owner(self, key: str) -> str | None:
        container = self.store.get(_CONTAINER, key)
        return str(container["owner"]) if container else None

    def _container(self, key: str, call: Call) -> Document:
        container = self.store.get(_CONTAINER, key)
        if container is None or container["owner"] != call.account["remote_id"]:
            raise GraphError(24, f"The media with {key} cannot be found", subcode=2207006)
        return container

    def status(self, container: Document) -> tuple[str, str]:
        """``status_code`` and ``status`` at this moment."""
        now = self.sandbox.timestamp()
        if container["media_id"]:
            return "PUBLISHED", "Published: Media has been successfully published."
        if container["created"] + _LIFE < now:
            return "EXPIRED", "Expired: Media was not published within 24 hours."
        if container.get("waiting") or now < container["ready_at"]:
            return "IN_PROGRESS", "In Progress: Media is still being processed."
        if container.get("error"):
            return "ERROR", f"Error: Media upload has failed with error code {container['error']}"
        return "FINISHED", "Finished: Media has been uploaded and it is ready to be published."

    # Publishing

    async def publish(self, call: Call) -> Document:
        call.own()
        call.may(*_PUBLISH)
        if not call.params.get("creation_id"):
            raise required("creation_id")
        container = self._container(call.params["creation_id"], call)
        code, _ = self.status(container)
        if code == "IN_PROGRESS":
            raise _not_ready()
        if code == "ERROR":
            raise GraphError(-1, "Create media fail, please try to re-create media", subcode=2207032)
        if code != "FINISHED" or container["item"]:
            raise GraphError(
                24, f"The media builder with creation id = {container['id']} does not exist or has been expired.",
                subcode=2207008,
            )  # fmt: skip
        used, total = self._quota(call.account)
        if used >= total:
            raise GraphError(
                9, "Application request limit reached", subcode=2207042,
                words="You reached maximum number of posts that is allowed to be published by Content Publishing API.",
            )  # fmt: skip
        media_id = self.sandbox.new_id()
        parts = [self._container(child, call) for child in container.get("children", ())] or [container]
        self.sandbox.publish(
            "instagram",
            call.account,
            post_id=media_id,
            text=container["caption"],
            media=[part["file"] for part in parts],
            url=f"{self.sandbox.base_url}/posts/instagram/{media_id}",
            media_type=container["kind"],
            stamp=self.sandbox.timestamp(),
            cover=container.get("cover"),
            share_to_feed=container["share_to_feed"],
            collaborators=container["collaborators"],
            location_id=container["location_id"],
            alt_texts=[part["alt_text"] for part in parts],
            comments=[],
        )
        self.store.update(_CONTAINER, container["id"], media_id=media_id)
        return {"id": media_id}

    def _quota(self, account: Document) -> tuple[int, int]:
        since = self.sandbox.timestamp() - _LIFE
        posts = self.store.find("post", platform="instagram", remote_id=account["remote_id"])
        return sum(post["stamp"] > since for post in posts), int(account["metadata"].get("quota_total", 10_000))

    async def limit(self, call: Call) -> Document:
        call.own()
        used, total = self._quota(call.account)
        config = {"quota_total": total, "quota_duration": _LIFE}
        whole: Document = {"id": call.node, "quota_usage": used, "config": config}
        picked = pick(call, whole, kind="ContentPublishingLimitResponse", default=("quota_usage",))
        return {"data": [{name: value for name, value in picked.items() if name != "id"}]}

    # Reading, commenting, deleting

    async def read(self, call: Call) -> Document:
        if call.node == call.account["remote_id"]:
            account = call.account
            whole = {"id": call.node, "user_id": call.node, "username": account["username"], "name": account["name"],
                     "profile_picture_url": "", "media_count": self._quota(account)[0]}  # fmt: skip
            return pick(call, whole, kind="IGUser")
        container = self.store.get(_CONTAINER, call.node)
        if container is not None and container["owner"] == call.account["remote_id"]:
            return pick(call, self._container_fields(container), kind="IGContainer")
        return pick(call, _media_fields(self._post(call)), kind="IGMedia")

    def _container_fields(self, container: Document) -> Document:
        code, words = self.status(container)
        upload = self.store.get("upload", container["id"])
        status = {
            "uploading_phase": phase(upload, spelled="bytes_transferred"),
            "processing_phase": {"status": "complete" if code in ("FINISHED", "PUBLISHED") else "not_started"},
        } if upload else None  # fmt: skip
        return {"id": container["id"], "status_code": code, "status": words, "video_status": status}

    def _post(self, call: Call) -> Document:
        post = self.store.get("post", f"instagram:{call.node}")
        if post is None or post["remote_id"] != call.account["remote_id"]:
            raise missing(call.node)
        return post

    async def media(self, call: Call) -> Document:
        call.own()
        posts = list(self.store.find("post", platform="instagram", remote_id=call.node))
        return page_of(call, [_media_fields(post) for post in reversed(posts)], kind="IGMedia")

    async def comment(self, call: Call) -> Document:
        call.may(*_COMMENT)
        post = self._post(call)
        if not call.params.get("message"):
            raise required("message")
        made = self.sandbox.new_id()
        comment = {"id": made, "text": call.params["message"], "username": call.account["username"]}
        self.store.update("post", f"instagram:{post['id']}", comments=[*post["comments"], comment])
        if "fields" in call.params:
            raise GraphError(100, "(#100) Tried accessing nonexisting field on node type (IGComment)")
        return {"id": made}

    async def comments(self, call: Call) -> Document:
        return page_of(call, self._post(call)["comments"], kind="IGComment", default=("id", "text"))

    async def delete(self, call: Call) -> Document:
        self.store.drop("post", f"instagram:{self._post(call)['id']}")
        return {"success": True}

    def read_step(self, request: web.Request) -> str:
        """Reading a container not yet published is a poll, anything else confirms."""
        container = self.store.get(_CONTAINER, request.match_info["node"])
        return "poll" if container is not None and not container["media_id"] else "confirm"


def network(sandbox: Sandbox) -> Network:
    """The router."""
    service = _Instagram(sandbox)

    def on(host: str, function: Function) -> Handler:
        wanted = host == "facebook"
        return endpoint(
            sandbox, "instagram", function, limit_code=80002, allow=lambda account: _by_facebook(account) == wanted
        )

    endpoints: list[Endpoint] = []
    for host in ("graph", "facebook"):
        node = f"/{host}/{VERSION}/{{node}}"
        endpoints += [
            Endpoint("POST", f"{node}/media", on(host, service.create)),
            Endpoint("GET", f"{node}/media", on(host, service.media), "confirm"),
            Endpoint("POST", f"{node}/media_publish", on(host, service.publish), "commit"),
            Endpoint("GET", f"{node}/content_publishing_limit", on(host, service.limit), "quota"),
            Endpoint("POST", f"{node}/comments", on(host, service.comment), "comment"),
            Endpoint("GET", f"{node}/comments", on(host, service.comments), "confirm"),
            Endpoint("GET", f"{node}{NODE_END}", on(host, service.read), service.read_step),
            Endpoint("DELETE", f"{node}{NODE_END}", on(host, service.delete), "confirm"),
        ]
    upload = receiver(sandbox, "instagram", owner=service.owner, ended=service.uploaded)
    for method in ("GET", "POST"):
        path = f"/facebook/{VERSION}/oauth/access_token"
        endpoints.insert(0, Endpoint(method, path, exchange(sandbox, "instagram"), "refresh"))
    return Network(
        platform="instagram",
        endpoints=(
            *instagram_oauth.endpoints(sandbox),
            Endpoint("POST", f"/rupload/ig-api-upload/{VERSION}/{{id}}", upload),
            *endpoints,
        ),
        fault=fault,
    )


def _by_facebook(account: Document) -> bool:
    return bool(account["metadata"].get("login") == "facebook")


def _not_ready() -> GraphError:
    return GraphError(
        9007, "Media ID is not available", subcode=2207027, title="The media is not ready to be published",
        words="The media is not ready for publishing, please wait for a moment",
    )  # fmt: skip


def _check_caption(caption: str) -> None:
    if len(caption) > 2200:
        raise GraphError(
            36004, f"The submitted image's caption was {len(caption)} characters long. The maximum is 2200.",
            subcode=2207010,
        )  # fmt: skip
    if len(_MENTION.findall(caption)) > 20 or len(_HASHTAG.findall(caption)) > 30:
        raise GraphError(100, "Cannot use more than 20 tags per created media.", subcode=2207040)


def _media_fields(post: Mapping[str, Any]) -> Document:
    kind = post["media_type"]
    return {
        "id": post["id"],
        "caption": post["text"],
        "permalink": post["url"],
        "timestamp": graph_time(post["stamp"]),
        "media_type": {"REELS": "VIDEO", "CAROUSEL": "CAROUSEL_ALBUM"}.get(kind, kind),
        "media_product_type": "REELS" if kind == "REELS" else "FEED",
        "is_shared_to_feed": post["share_to_feed"],
        "username": post["account"],
        "comments_count": len(post["comments"]),
    }
