"""TikTok's Content Posting API, as far as publishing needs them.

Checked as the real one checks (TikTok for Developers, Content Posting API: Direct Post, Photo, Query Creator Info, Get
Post Status, Media Transfer Guide; OAuth; read 2026-11). An account's metadata may set ``privacy_level_options``,
``comment_disabled``, ``duet_disabled``, ``stitch_disabled``, ``max_video_post_duration_sec``, ``quota_total`` (posts in
24 hours), ``unaudited``, ``verified_prefixes`` (of photo addresses) and ``moderation_seconds``.
"""

import html
import re
import secrets
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from integrations.sandbox import tiktok_oauth, uploads
from integrations.sandbox.content import sniff
from integrations.sandbox.core import Endpoint, Network, Sandbox
from integrations.sandbox.store import Document
from integrations.sandbox.tiktok_checks import photo_fault, video_fault

_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")
_PUBLIC = ("PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY")
_VIDEOS = ("video/mp4", "video/quicktime", "video/webm")
_VIDEO_ID = "v_pub_file~v2-1."
_SESSION = 3600  # seconds an upload_url is good for
_VIDEO_SECONDS, _PHOTO_SECONDS, _MODERATION_SECONDS = 1.0, 0.3, 0.5
_STATUS = {
    "access_token_invalid": 401,
    "scope_not_authorized": 401,
    "rate_limit_exceeded": 429,
    "internal_error": 500,
    "invalid_param": 400,
    "invalid_params": 400,
    "invalid_publish_id": 400,
    "token_not_authorized_for_specified_publish_id": 400,
}
_BY_STATUS = {400: "invalid_params", 401: "access_token_invalid", 403: "spam_risk_too_many_posts",
              429: "rate_limit_exceeded"}  # fmt: skip


class Refusal(Exception):
    """An ``error.code`` other than ``ok``."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.message = message


def network(sandbox: Sandbox) -> Network:
    """The router."""
    doors = TikTok(sandbox)
    post = "/open/v2/post/publish"
    return Network(
        platform="tiktok",
        endpoints=(
            *tiktok_oauth.endpoints(sandbox),
            Endpoint("GET", "/open/v2/user/info/", doors.answered(doors.user_info)),
            Endpoint("POST", f"{post}/creator_info/query/", doors.answered(doors.creator_info)),
            Endpoint("POST", f"{post}/video/init/", doors.answered(doors.video_init)),
            Endpoint("POST", f"{post}/content/init/", doors.answered(doors.content_init), "commit"),
            Endpoint("POST", f"{post}/status/fetch/", doors.answered(doors.status), "confirm"),
            Endpoint("PUT", "/upload/video/", doors.upload, _upload_step),
            Endpoint("GET", "/www/@{username}", doors.profile, "page"),
            Endpoint("GET", "/www/@{username}/{kind:video|photo}/{id}", doors.page, "page"),
        ),
        fault=lambda status: _envelope({}, _BY_STATUS.get(status, "internal_error"), "Injected by a rule."),
    )


def _upload_step(request: web.Request) -> str:
    """The chunk that ends a video makes it public."""
    told = _RANGE.fullmatch(request.headers.get("Content-Range", ""))
    return "commit" if told and int(told[2]) + 1 == int(told[3]) else "prepare"


def _envelope(data: Any, code: str = "ok", message: str = "") -> Document:
    return {"data": data, "error": {"code": code, "message": message, "log_id": secrets.token_hex(17).upper()}}


class TikTok:
    """The endpoints over one sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    def answered(self, work: Any) -> Any:
        """A handler that puts what ``work`` returns, or refuses with, into the envelope."""

        async def handle(request: web.Request) -> web.Response:
            try:
                return web.json_response(_envelope(await work(request)))
            except Refusal as refusal:
                status = _STATUS.get(refusal.code, 403)
                # Creator info tells a full quota with 200, as its page says.
                if refusal.code.startswith(("spam_risk", "reached_active")) and "creator_info" in request.path:
                    status = 200
                return web.json_response(_envelope({}, refusal.code, refusal.message), status=status)

        return handle

    # Access

    def _account(self, request: web.Request, *scopes: str) -> Document:
        """Whose token this is, bearing one of the scopes."""
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        account = self.sandbox.account_for("tiktok", token) if kind == "Bearer" else None
        granted = (self.sandbox.store.get("token", token) or {}).get("scopes", ())
        if account is None:
            raise Refusal("access_token_invalid", "The access token is invalid or not found in the request.")
        if not set(scopes) & set(granted):
            raise Refusal("scope_not_authorized", "The user did not authorize the scope required.")
        return account

    async def user_info(self, request: web.Request) -> Document:
        """Who the account is."""
        account = self._account(request, "user.info.basic")
        user = {
            "open_id": account["remote_id"],
            "display_name": account["name"],
            "username": account["username"],
            "avatar_url": "",
        }
        wanted = [name for name in request.query.get("fields", "").split(",") if name]
        if not wanted or set(wanted) - set(user):
            raise Refusal("invalid_params", "The fields parameter is missing or names an unknown field.")
        return {"user": {name: user[name] for name in wanted}}

    # Posting

    async def creator_info(self, request: web.Request) -> Document:
        """What the creator may do now."""
        account = self._account(request, "video.publish")
        self._quota(account)
        given = account["metadata"]
        return {
            "creator_avatar_url": "",
            "creator_username": account["username"],
            "creator_nickname": account["name"],
            "privacy_level_options": list(given.get("privacy_level_options", _PUBLIC)),
            **{f"{name}_disabled": bool(given.get(f"{name}_disabled")) for name in ("comment", "duet", "stitch")},
            "max_video_post_duration_sec": given.get("max_video_post_duration_sec", 600),
        }

    async def video_init(self, request: web.Request) -> Document:
        """Open an upload session."""
        account, body = await self._begin(request)
        source = body.get("source_info") or {}
        if told := video_fault(body.get("post_info") or {}, source):
            raise Refusal("invalid_params", told)
        upload_id = self.sandbox.new_id()
        publish_id = f"{_VIDEO_ID}{upload_id}"
        token = secrets.token_urlsafe(24)
        self.sandbox.store.put(
            "tiktok_publish",
            publish_id,
            {
                "id": publish_id,
                "remote_id": account["remote_id"],
                "kind": "video",
                "info": body["post_info"],
                "size": source["video_size"],
                "chunk": source["chunk_size"],
                "count": source["total_chunk_count"],
                "uploaded": 0,
                "pieces": [],
                "token": token,
                "until": self.sandbox.timestamp() + _SESSION,
                "whole_at": None,
                "fail_reason": None,
                "post_id": None,
            },
        )
        address = f"{self.sandbox.base_url}/tiktok/upload/video/?upload_id={upload_id}&upload_token={token}"
        return {"publish_id": publish_id, "upload_url": address}

    async def content_init(self, request: web.Request) -> Document:
        """Read photos from their addresses and post them."""
        account, body = await self._begin(request)
        if told := photo_fault(body):
            raise Refusal("invalid_params", told)
        addresses = body["source_info"]["photo_images"]
        prefixes = account["metadata"].get("verified_prefixes")
        for address in addresses:
            parts = urlsplit(address)
            local = parts.hostname in ("127.0.0.1", "localhost")
            if not local and parts.scheme != "https":
                raise Refusal("invalid_params", "The media URL must use https.")
            if prefixes is not None and not address.startswith(tuple(prefixes)):
                raise Refusal("url_ownership_unverified", "Please review our URL ownership verification rules.")
        publish_id = f"p_pub_url~v2.{self.sandbox.new_id()}"
        files = [await self.sandbox.fetch(address, limit=20_000_000) for address in addresses]
        reason = None
        names = [file["name"] for file in files if file is not None]
        if len(names) != len(files):
            reason = "photo_pull_failed"
        elif any(sniff(self.sandbox.head(name)) not in ("image/jpeg", "image/webp") for name in names):
            reason = "file_format_check_failed"
        publish = {
            "id": publish_id,
            "remote_id": account["remote_id"],
            "kind": "photo",
            "info": body["post_info"],
            "size": sum(file["size"] for file in files if file is not None),
            "whole_at": self.sandbox.timestamp(),
            "fail_reason": reason,
            "post_id": None,
        }
        self.sandbox.store.put("tiktok_publish", publish_id, publish)
        if reason is None:
            self._publish(account, publish, names)
        return {"publish_id": publish_id}

    async def _begin(self, request: web.Request) -> tuple[Document, Document]:
        """The checks both ways of posting share."""
        account = self._account(request, "video.publish")
        try:
            body = await request.json()
        except ValueError:
            body = None
        info = body.get("post_info") if isinstance(body, dict) else None
        if not isinstance(body, dict) or not isinstance(info, dict):
            raise Refusal("invalid_params", "The request body is empty or malformed.")
        self._quota(account)
        privacy = info.get("privacy_level")
        if privacy not in account["metadata"].get("privacy_level_options", _PUBLIC):
            raise Refusal("privacy_level_option_mismatch", "Please choose one of privacy_level_options.")
        if account["metadata"].get("unaudited") and privacy != "SELF_ONLY":
            raise Refusal("unaudited_client_can_only_post_to_private_accounts", "Please review our guidelines.")
        return account, body

    def _quota(self, account: Document) -> None:
        total = account["metadata"].get("quota_total")
        day = self.sandbox.timestamp() - 86_400
        posted = [
            publish
            for publish in self.sandbox.store.find("tiktok_publish", remote_id=account["remote_id"])
            if publish["post_id"] and publish["whole_at"] > day
        ]
        if total is not None and len(posted) >= int(total):
            raise Refusal("spam_risk_too_many_posts", "The daily post cap from the API is reached for this user.")

    async def upload(self, request: web.Request) -> web.Response:
        """One chunk of a video, in order; the last one starts the posting."""
        told = _RANGE.fullmatch(request.headers.get("Content-Range", ""))
        publish = self._session(request)
        if publish is None or publish["whole_at"] is not None:
            return web.Response(status=404)
        if self.sandbox.timestamp() > publish["until"]:
            return web.Response(status=403)
        if told is None or request.content_length is None or "Content-Type" not in request.headers:
            return web.Response(status=400)
        first, last, total = (int(number) for number in told.groups())
        if total != publish["size"] or last - first + 1 != request.content_length or last >= total:
            return web.Response(status=400)
        index = len(publish["pieces"])
        ends = total - 1 if index == publish["count"] - 1 else first + publish["chunk"] - 1
        if first != publish["uploaded"] or last != ends:
            return web.Response(status=416, headers=_progress(publish))
        piece = f"tiktok-{publish['token']}-{index}"
        if not await uploads.receive(self.sandbox, piece, request.content.iter_chunked(262_144), size=last - first + 1):
            return web.Response(status=400)
        publish = self.sandbox.store.update(
            "tiktok_publish", publish["id"], uploaded=last + 1, pieces=[*publish["pieces"], piece]
        )
        if last + 1 < total:
            return web.Response(status=206, headers=_progress(publish))
        await self._finish(publish, request.content_type)
        return web.Response(status=201, headers=_progress(publish))

    def _session(self, request: web.Request) -> Document | None:
        publish = self.sandbox.store.get("tiktok_publish", f"{_VIDEO_ID}{request.query.get('upload_id', '')}")
        if publish is None or not secrets.compare_digest(publish["token"], request.query.get("upload_token", "")):
            return None
        return publish

    async def _finish(self, publish: Document, content_type: str) -> None:
        file = await uploads.join(self.sandbox, publish["pieces"], content_type)
        known = sniff(self.sandbox.head(file["name"])) in _VIDEOS
        publish = self.sandbox.store.update(
            "tiktok_publish", publish["id"],
            pieces=[], whole_at=self.sandbox.timestamp(), fail_reason=None if known else "file_format_check_failed",
        )  # fmt: skip
        account = self.sandbox.store.get("account", f"tiktok:{publish['remote_id']}")
        if known and account is not None:
            self._publish(account, publish, [file["name"]])

    def _publish(self, account: Document, publish: Document, names: list[str]) -> None:
        post_id = self.sandbox.new_id()
        info = publish["info"]
        self.sandbox.store.update("tiktok_publish", publish["id"], post_id=post_id)
        self.sandbox.publish(
            "tiktok",
            account,
            post_id=post_id,
            text=str(info.get("description" if publish["kind"] == "photo" else "title") or ""),
            media=names,
            url=f"{self.sandbox.base_url}/posts/tiktok/{post_id}",
            title=str(info.get("title") or "") if publish["kind"] == "photo" else "",
            kind=publish["kind"],
            post_info=info,
            publish_id=publish["id"],
        )

    async def status(self, request: web.Request) -> Document:
        """How far a posting is. The public id comes after moderation, and for public posts alone."""
        account = self._account(request, "video.publish", "video.upload")
        try:
            body = await request.json()
        except ValueError:
            body = {}
        publish = self.sandbox.store.get("tiktok_publish", str((body or {}).get("publish_id", "")))
        if publish is None:
            raise Refusal("invalid_publish_id", "The publish_id does not exist.")
        if publish["remote_id"] != account["remote_id"]:
            raise Refusal("token_not_authorized_for_specified_publish_id", "This token may not see the publish_id.")
        photo = publish["kind"] == "photo"
        counted = "downloaded_bytes" if photo else "uploaded_bytes"
        answer: Document = {counted: publish["size"] if photo else publish["uploaded"]}
        whole_at = publish["whole_at"]
        ready_at = None if whole_at is None else whole_at + (_PHOTO_SECONDS if photo else _VIDEO_SECONDS)
        now = self.sandbox.timestamp()
        if ready_at is None or now < ready_at:
            return {**answer, "status": "PROCESSING_DOWNLOAD" if photo else "PROCESSING_UPLOAD"}
        if publish["fail_reason"]:
            return {**answer, "status": "FAILED", "fail_reason": publish["fail_reason"]}
        moderated = now >= ready_at + float(account["metadata"].get("moderation_seconds", _MODERATION_SECONDS))
        public = publish["info"]["privacy_level"] == "PUBLIC_TO_EVERYONE" and moderated
        ids = [int(publish["post_id"])] if public else []
        return {**answer, "status": "PUBLISH_COMPLETE", "publicaly_available_post_id": ids}

    # Pages

    async def page(self, request: web.Request) -> web.Response:
        """The public address of a post leads to its page here."""
        raise web.HTTPFound(f"{self.sandbox.base_url}/posts/tiktok/{request.match_info['id']}")

    async def profile(self, request: web.Request) -> web.Response:
        """The account's public posts."""
        username = request.match_info["username"]
        links = [
            f'<li><a href="{html.escape(post["url"])}">{html.escape(post["text"] or post["id"])}</a></li>'
            for post in self.sandbox.posts("tiktok")
            if post["account"] == username
        ]
        body = f"<h1>@{html.escape(username)}</h1><ul>{''.join(links)}</ul>"
        return web.Response(text=body, content_type="text/html")


def _progress(publish: Document) -> dict[str, str]:
    return {"Content-Range": f"bytes 0-{max(0, publish['uploaded'] - 1)}/{publish['size']}"}
