"""X's API v2, as far as publishing needs them.

Checked as the real one checks (docs.x.com, X API: Create Post, Media, Get Posts by user, OAuth 2.0, Response codes &
errors; OpenAPI description 2.167; read 2026-11). An account's metadata may set ``premium`` (25,000 characters) and
``quota_total`` (posts in 24 hours).
"""

import secrets
from datetime import datetime
from typing import Any

from aiohttp import web

from integrations.sandbox import x_oauth
from integrations.sandbox.core import Endpoint, Handler, Network, Sandbox
from integrations.sandbox.store import Document
from integrations.sandbox.x_media import Media
from integrations.sandbox.x_posts import FIELDS, post_fault, shown
from integrations.sandbox.x_problems import Problem, forbidden, invalid, not_found, problem_body, unauthorized

_DUPLICATE_SECONDS = 12 * 3600
_DAY = 86_400


def network(sandbox: Sandbox) -> Network:
    """The router."""
    doors = X(sandbox)
    media = Media(sandbox)
    upload = "/api/2/media/upload"
    return Network(
        platform="x",
        endpoints=(
            *x_oauth.endpoints(sandbox),
            Endpoint("GET", "/api/2/users/me", _answered(doors.me)),
            Endpoint("POST", upload, _answered(doors.with_account(media.upload, "media.write"))),
            Endpoint("GET", upload, _answered(doors.with_account(media.status, "media.write")), "poll"),
            Endpoint("POST", f"{upload}/initialize", _answered(doors.with_account(media.initialize, "media.write"))),
            Endpoint("POST", f"{upload}/{{id}}/append", _answered(doors.with_account(media.append, "media.write"))),
            Endpoint("POST", f"{upload}/{{id}}/finalize", _answered(doors.with_account(media.finalize, "media.write"))),
            Endpoint("POST", "/api/2/media/metadata", _answered(doors.with_account(media.describe, "media.write"))),
            Endpoint("POST", "/api/2/tweets", _answered(doors.create, 201), _post_step),
            Endpoint("GET", "/api/2/tweets/{id}", _answered(doors.one), "confirm"),
            Endpoint("DELETE", "/api/2/tweets/{id}", _answered(doors.delete)),
            Endpoint("GET", "/api/2/users/{id}/tweets", _answered(doors.timeline), "confirm"),
            Endpoint("GET", "/web/{username}/status/{id}", doors.page, "page"),
        ),
        fault=lambda status: problem_body(status, "Injected by a rule."),
    )


async def _post_step(request: web.Request) -> str:
    """A reply is a comment; any other post is the commit."""
    body = await _json(request)
    return "comment" if isinstance(body, dict) and body.get("reply") else "commit"


async def _json(request: web.Request) -> Any:
    try:
        return await request.json()
    except ValueError:
        return None


def _answered(work: Any, status: int = 200) -> Handler:
    """A handler that answers with what ``work`` returns, or with the problem it raises."""

    async def handle(request: web.Request) -> web.Response:
        trace = {"x-transaction-id": secrets.token_hex(8)}
        try:
            return web.json_response(await work(request), status=status, headers=trace)
        except Problem as problem:
            return web.json_response(
                problem.body,
                status=problem.status,
                headers={**trace, **problem.headers},
                content_type="application/problem+json",
            )

    return handle


class X:
    """The endpoints over one sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    # Access

    def _account(self, request: web.Request, *scopes: str) -> Document:
        """Whose token this is, bearing all the scopes."""
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        account = self.sandbox.account_for("x", token) if kind.lower() == "bearer" else None
        if account is None:
            raise unauthorized()
        granted = (self.sandbox.store.get("token", token) or {}).get("scopes", ())
        if set(scopes) - set(granted):
            raise forbidden("You are not permitted to perform this action.")
        return account

    def with_account(self, work: Any, *scopes: str) -> Any:
        """``work(account, request)`` behind the check of the token."""

        async def handle(request: web.Request) -> Document:
            return dict(await work(self._account(request, *scopes), request))

        return handle

    async def me(self, request: web.Request) -> Document:
        """Who the account is."""
        account = self._account(request, "users.read", "tweet.read")
        return {"data": {"id": account["remote_id"], "name": account["name"], "username": account["username"]}}

    # Posts

    async def create(self, request: web.Request) -> Document:
        """A post, or a reply."""
        account = self._account(request, "tweet.read", "tweet.write", "users.read")
        body = await _json(request)
        if not isinstance(body, dict):
            raise invalid("Request body must be a JSON object.")
        if told := post_fault(body, premium=bool(account["metadata"].get("premium"))):
            raise invalid(told)
        self._quota(account)
        files = self._files(account, body)
        text = str(body.get("text", "")).strip()
        target = self._target(account, body)
        names = [file["file"]["name"] for file in files]
        self._refuse_duplicate(account, text, names, target["id"] if target else None)
        post_id = self.sandbox.new_id()
        details = {
            "kind": "reply" if target else "post",
            "media_keys": [file["key"] for file in files],
            "alt_texts": [file["alt_text"] for file in files],
            "reply_settings": body.get("reply_settings", "everyone"),
            "made_with_ai": bool(body.get("made_with_ai")),
            "paid_partnership": bool(body.get("paid_partnership")),
            "at_seconds": self.sandbox.timestamp(),
        }
        if target:
            self._reply(account, target, post_id, text, names, details)
        else:
            address = f"{self.sandbox.base_url}/posts/x/{post_id}"
            self.sandbox.publish(
                "x", account, post_id=post_id, text=text, media=names, url=address, comments=[], **details
            )
        told_text = shown(self._find(post_id), account, ())["text"]
        history = [post_id]
        return {"data": {"id": post_id, "text": told_text, "edit_history_tweet_ids": history,
                         "edit_history_post_ids": history}}  # fmt: skip

    def _reply(
        self, account: Document, target: Document, post_id: str, text: str, names: list[str], details: Document
    ) -> None:
        """Keep a reply, and show it under the post it answers."""
        reply = {
            "platform": "x", "account": account["username"], "remote_id": account["remote_id"], "id": post_id,
            "text": text, "media": names, "in_reply_to": target["id"], "at": self.sandbox.now().isoformat(), **details,
        }  # fmt: skip
        self.sandbox.store.put("x_reply", post_id, reply)
        if self.sandbox.store.get("post", f"x:{target['id']}"):
            comment = {"id": post_id, "text": text, "account": account["username"], "at": reply["at"]}
            comments = [*target.get("comments", ()), comment]
            self.sandbox.store.update("post", f"x:{target['id']}", comments=comments)

    def _target(self, account: Document, body: Document) -> Document | None:
        """The post a reply answers. Others' posts may be answered only by whom their author has addressed."""
        reply = body.get("reply")
        if not reply:
            return None
        target = self._find(str(reply.get("in_reply_to_tweet_id", "")))
        if not target:
            raise forbidden("You attempted to reply to a Tweet that is deleted or not visible to you.")
        if target["remote_id"] != account["remote_id"] and f"@{account['username']}" not in target["text"]:
            raise forbidden(
                "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged "
                "by the author of the post you are replying to."
            )
        return target

    def _files(self, account: Document, body: Document) -> list[Document]:
        ids = (body.get("media") or {}).get("media_ids", [])
        files = [self.sandbox.store.get("x_media", str(media_id)) for media_id in ids]
        now = self.sandbox.timestamp()
        usable = [
            file
            for file in files
            if file is not None
            and file["remote_id"] == account["remote_id"]
            and file["until"] > now
            and file["ready_at"] is not None
            and file["ready_at"] <= now
            and not file["failed"]
        ]
        moving = [file for file in usable if file["category"] != "tweet_image"]
        if len(usable) != len(ids) or (moving and len(usable) > 1):
            raise invalid("Your media IDs are invalid.", {"media.media_ids": [str(media_id) for media_id in ids]})
        return usable

    def _refuse_duplicate(self, account: Document, text: str, names: list[str], target: str | None) -> None:
        since = self.sandbox.timestamp() - _DUPLICATE_SECONDS
        for post in self._own(account):
            same = post["text"] == text and post["media"] == names and post.get("in_reply_to") == target
            if same and post["at_seconds"] > since:
                raise forbidden("You are not allowed to create a Tweet with duplicate content.")

    def _quota(self, account: Document) -> None:
        total = account["metadata"].get("quota_total")
        now = self.sandbox.timestamp()
        recent = sorted(post["at_seconds"] for post in self._own(account) if post["at_seconds"] > now - _DAY)
        if total is not None and len(recent) >= int(total):
            reset = str(int((recent[0] if recent else now) + _DAY))
            raise Problem(
                429,
                problem_body(429, "Too Many Requests"),
                {
                    "x-user-limit-24hour-limit": str(total),
                    "x-user-limit-24hour-remaining": "0",
                    "x-user-limit-24hour-reset": reset,
                    "x-rate-limit-reset": str(int(now + 900)),
                },
            )

    def _own(self, account: Document) -> list[Document]:
        """The account's posts and replies, oldest first."""
        store = self.sandbox.store
        mine = {"platform": "x", "remote_id": account["remote_id"]}
        return sorted([*store.find("post", **mine), *store.find("x_reply", **mine)], key=lambda post: int(post["id"]))

    def _find(self, post_id: str) -> Document:
        return self.sandbox.store.get("post", f"x:{post_id}") or self.sandbox.store.get("x_reply", post_id) or {}

    async def one(self, request: web.Request) -> Document:
        """A post by its id."""
        self._account(request, "tweet.read", "users.read")
        post = self._find(request.match_info["id"])
        author = self.sandbox.store.get("account", f"x:{post['remote_id']}") if post else None
        if author is None:
            return {"errors": [not_found("tweet", "id", request.match_info["id"])]}
        return {"data": shown(post, author, _fields(request))}

    async def delete(self, request: web.Request) -> Document:
        """Take a post of one's own back."""
        account = self._account(request, "tweet.read", "tweet.write", "users.read")
        post = self._find(request.match_info["id"])
        if post and post["remote_id"] != account["remote_id"]:
            raise forbidden("You are not authorized to delete this Tweet.")
        if post:
            self.sandbox.store.drop("post", f"x:{post['id']}")
            self.sandbox.store.drop("x_reply", post["id"])
        return {"data": {"deleted": bool(post)}}

    async def timeline(self, request: web.Request) -> Document:
        """A user's posts, newest first."""
        self._account(request, "tweet.read", "users.read")
        query, fields = request.query, _fields(request)
        author = self.sandbox.store.get("account", f"x:{request.match_info['id']}")
        if author is None:
            return {"errors": [not_found("user", "id", request.match_info["id"])]}
        posts = self._own(author)[::-1]
        if "replies" in query.get("exclude", ""):
            posts = [post for post in posts if post["kind"] != "reply"]
        for name, later in (("start_time", True), ("end_time", False)):
            if name in query:
                moment = _moment(name, query[name])
                posts = [post for post in posts if (post["at_seconds"] >= moment) == later]
        for name, later in (("since_id", True), ("until_id", False)):
            if query.get(name, "").isdigit():
                posts = [post for post in posts if (int(post["id"]) > int(query[name])) == later]
        size = query.get("max_results", "10")
        if not size.isdigit() or not 5 <= int(size) <= 100:
            raise invalid(f"The `max_results` query parameter value [{size}] is not between 5 and 100",
                          {"max_results": [size]})  # fmt: skip
        start = int(query.get("pagination_token", "0"), 32)
        chosen = posts[start : start + int(size)]
        meta: Document = {"result_count": len(chosen)}
        if chosen:
            meta.update(newest_id=chosen[0]["id"], oldest_id=chosen[-1]["id"])
        if start + len(chosen) < len(posts):
            meta["next_token"] = _base32(start + len(chosen))
        answer: Document = {"meta": meta}
        return {"data": [shown(post, author, fields) for post in chosen], **answer} if chosen else answer

    async def page(self, request: web.Request) -> web.Response:
        """The public address of a post leads to its page here."""
        raise web.HTTPFound(f"{self.sandbox.base_url}/posts/x/{request.match_info['id']}")


def _fields(request: web.Request) -> tuple[str, ...]:
    """The fields asked for, under either name of the parameter; an unknown one is refused."""
    wanted = ",".join(request.query.get(name, "") for name in ("tweet.fields", "post.fields"))
    fields = tuple(name for name in wanted.split(",") if name)
    if unknown := set(fields) - FIELDS:
        raise invalid(f"The `tweet.fields` query parameter value {sorted(unknown)} is not one of {sorted(FIELDS)}")
    return fields


def _moment(name: str, told: str) -> float:
    try:
        return datetime.fromisoformat(told).timestamp()
    except ValueError:
        raise invalid(f"The `{name}` query parameter value [{told}] is not an RFC3339 date-time.") from None


def _base32(number: int) -> str:
    digits = "0123456789abcdefghijklmnopqrstuv"
    text = ""
    while number:
        number, rest = divmod(number, 32)
        text = digits[rest] + text
    return text or "0"
