"""What the sandbox's networks share: clock, accounts and tokens, fault rules, request log, visible posts, files."""

import asyncio
import hashlib
import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from chat33.lib.clock import utcnow
from integrations.sandbox.content import sniff
from integrations.sandbox.store import Document, Store

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
StepOf = str | Callable[[web.Request], str | Awaitable[str]]

# Access token lifetime in seconds, and whether there is a refresh token, as each network gives them.
TOKENS: Mapping[str, tuple[int | None, bool]] = {
    "instagram": (5_184_000, False),
    "facebook": (None, False),
    "tiktok": (86_400, True),
    "youtube": (3_600, True),
    "x": (7_200, True),
}
SCOPES: Mapping[str, tuple[str, ...]] = {
    "instagram": (
        "instagram_business_basic",
        "instagram_business_content_publish",
        "instagram_business_manage_comments",
    ),
    "facebook": ("pages_show_list", "pages_manage_posts", "pages_read_engagement", "pages_manage_engagement"),
    "tiktok": ("user.info.basic", "video.publish", "video.upload"),
    "youtube": (
        "https://www.googleapis.com/auth/youtube.upload",
        "https://www.googleapis.com/auth/youtube.readonly",
        "https://www.googleapis.com/auth/youtube.force-ssl",
    ),
    "x": ("tweet.read", "tweet.write", "users.read", "media.write", "offline.access"),
}


@dataclass
class Rule:
    """A fault to play ``times`` times at one step of one network."""

    platform: str
    step: str
    mode: (
        str  # error: refuse, nothing done · hang: say nothing, nothing done · drop_after: do it, drop the reply · slow
    )
    times: int = 1
    status: int = 500
    body: Any = None
    seconds: float = 60.0
    id: str = field(default_factory=lambda: secrets.token_hex(6))


@dataclass(frozen=True)
class Endpoint:
    """One route of a network, and which step of publishing it is (by request where one path serves several)."""

    method: str
    path: str  # below /{platform}
    handler: Handler
    step: StepOf = "prepare"


@dataclass(frozen=True)
class Network:
    """A network's router: its endpoints, its public pages, and the shape of its errors."""

    platform: str
    endpoints: tuple[Endpoint, ...]
    fault: Callable[[int], Any]  # the body of an error of this status, in the network's own envelope


@dataclass
class Sandbox:
    """The running stand-in."""

    store: Store
    files: Path
    base_url: str
    origins: tuple[str, ...] = ()  # where the app ``sandbox`` may send browsers, besides this machine
    clock: Callable[[], datetime] = utcnow
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep  # how a fault's seconds pass
    offset: timedelta = timedelta()
    rules: list[Rule] = field(default_factory=list)
    requests: deque[Document] = field(default_factory=lambda: deque(maxlen=5000))
    client: aiohttp.ClientSession | None = None
    latest_id: int = 0

    def now(self) -> datetime:
        """The sandbox's time: ours, moved by ``/_control/clock``."""
        return self.clock() + self.offset

    def timestamp(self) -> float:
        """``now`` as seconds since 1970."""
        return self.now().timestamp()

    def new_id(self) -> str:
        """A numeric id like the networks': unique, and growing with time."""
        made = int(self.timestamp() * 1000) * 100_000 + secrets.randbelow(50_000)
        self.latest_id = max(made, self.latest_id + 1)  # two of the same millisecond, too
        return str(self.latest_id)

    # Accounts and tokens

    def create_account(self, platform: str, *, username: str, name: str, **metadata: Any) -> Document:
        """An account at a network; the same username gives the account that is there."""
        for document in self.store.find("account", platform=platform, username=username):
            return document
        remote_id = self.new_id()
        return self.store.put(
            "account",
            f"{platform}:{remote_id}",
            {
                "platform": platform,
                "remote_id": remote_id,
                "username": username,
                "name": name,
                "metadata": metadata,
            },
        )

    def grant(self, account: Document, scopes: tuple[str, ...] | None = None) -> Document:
        """Fresh tokens for an account: ``access_token``, ``refresh_token`` or None, ``expires_in`` or None."""
        lifetime, refreshable = TOKENS[account["platform"]]
        granted = list(scopes if scopes is not None else SCOPES[account["platform"]])
        access = f"sbx-{account['platform']}-{secrets.token_urlsafe(24)}"
        expires = self.timestamp() + lifetime if lifetime else None
        owner = {"platform": account["platform"], "remote_id": account["remote_id"], "scopes": granted}
        self.store.put("token", access, {**owner, "access_token": access, "expires_at": expires})
        refresh = None
        if refreshable:
            refresh = f"sbx-refresh-{secrets.token_urlsafe(24)}"
            self.store.put("refresh", refresh, {**owner, "refresh_token": refresh})
        return {"access_token": access, "refresh_token": refresh, "expires_in": lifetime, "scopes": granted}

    def account_for(self, platform: str, access_token: str) -> Document | None:
        """Whose token this is; None when it is unknown, another network's, revoked or expired."""
        token = self.store.get("token", access_token)
        if token is None or token["platform"] != platform:
            return None
        if token["expires_at"] is not None and token["expires_at"] <= self.timestamp():
            return None
        return self.store.get("account", f"{platform}:{token['remote_id']}")

    # What the public sees

    def publish(
        self,
        platform: str,
        account: Document,
        *,
        post_id: str,
        text: str,
        media: list[str],
        url: str,
        **extra: Any,
    ) -> Document:
        """Make a post visible. ``media`` are names of files of ours; ``url`` is its public page here."""
        return self.store.put(
            "post",
            f"{platform}:{post_id}",
            {
                "platform": platform,
                "account": account["username"],
                "remote_id": account["remote_id"],
                "id": post_id,
                "text": text,
                "media": media,
                "url": url,
                "at": self.now().isoformat(),
                **extra,
            },
        )

    def posts(self, platform: str | None = None) -> list[Document]:
        """The visible posts that came through a network's API, oldest first."""
        return [post for post in self.store.find("post") if platform in (None, post["platform"])]

    def show_earlier(self, platform: str, account: Document, *, text: str, media: list[str], at: str) -> Document:
        """Show a post that is older than this sandbox. It has a page, and no network's API knows of it."""
        post_id = self.new_id()
        document = {
            "platform": platform,
            "account": account["username"],
            "remote_id": account["remote_id"],
            "id": post_id,
            "text": text,
            "media": media,
            "url": f"{self.base_url}/posts/{platform}/{post_id}",
            "at": at,
            "comments": [],
        }
        return self.store.put("earlier", f"{platform}:{post_id}", document)

    def shown(self) -> list[Document]:
        """Everything that has a page, oldest first."""
        return sorted((*self.store.find("earlier"), *self.store.find("post")), key=lambda post: str(post["at"]))

    # Files

    async def fetch(self, url: str, *, limit: int = 512_000_000) -> Document | None:
        """Fetch a file as the networks do: ``name``, ``content_type``, ``size``, ``url``; None when it can't be had."""
        assert self.client is not None
        try:
            async with self.client.get(url, timeout=aiohttp.ClientTimeout(total=60)) as response:
                if response.status != 200:
                    return None
                return await self.keep(
                    response.content.iter_chunked(262_144), response.content_type, limit=limit, source=url
                )
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return None

    async def keep(
        self, chunks: Any, content_type: str, *, limit: int = 512_000_000, source: str = ""
    ) -> Document | None:
        """Write a file piece by piece under the digest of its bytes; None when it is larger than ``limit``.

        What the bytes say they are is kept beside it (document ``file``): its public address serves it as that.
        """
        partial = self.files / f"partial-{secrets.token_hex(8)}"
        digest = hashlib.sha256()
        size = 0
        with partial.open("wb") as out:
            async for chunk in chunks:
                size += len(chunk)
                if size > limit:
                    break
                digest.update(chunk)
                out.write(chunk)
        if size > limit:
            partial.unlink()
            return None
        name = digest.hexdigest()
        partial.replace(self.files / name)
        self.store.put("file", name, {"name": name, "content_type": sniff(self.head(name)), "size": size})
        return {"name": name, "content_type": content_type, "size": size, "url": source}

    def head(self, name: str, length: int = 64) -> bytes:
        """The first bytes of a kept file, to tell what it really is."""
        with (self.files / name).open("rb") as file:
            return file.read(length)

    # Faults

    def take_rule(self, platform: str, step: str) -> Rule | None:
        """The first rule with turns left for this step, one turn used."""
        for rule in self.rules:
            if rule.platform in (platform, "*") and rule.step == step and rule.times > 0:
                rule.times -= 1
                return rule
        return None

    def endpoint(self, network: Network, endpoint: Endpoint) -> Handler:
        """The endpoint's handler under the fault rules and the request log."""

        async def handle(request: web.Request) -> web.StreamResponse:
            told = endpoint.step if isinstance(endpoint.step, str) else endpoint.step(request)
            step = told if isinstance(told, str) else await told
            rule = self.take_rule(network.platform, step)
            entry: Document = {
                "platform": network.platform, "step": step, "method": request.method, "path": request.path,
                "at": self.now().isoformat(), "status": None, "fault": rule.mode if rule else None,
            }  # fmt: skip
            self.requests.append(entry)
            response = await self._play(rule, network, endpoint, request)
            entry["status"] = response.status
            return response

        return handle

    async def _play(
        self, rule: Rule | None, network: Network, endpoint: Endpoint, request: web.Request
    ) -> web.StreamResponse:
        if rule is None:
            return await endpoint.handler(request)
        if rule.mode == "error":
            await request.read()
            body = rule.body if rule.body is not None else network.fault(rule.status)
            if isinstance(body, str):
                return web.Response(status=rule.status, text=body)
            return web.json_response(body, status=rule.status)
        if rule.mode == "slow":
            await self.pause(rule.seconds)
            return await endpoint.handler(request)
        if rule.mode == "drop_after":
            await endpoint.handler(request)
        else:
            await self.pause(rule.seconds)
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=499)
