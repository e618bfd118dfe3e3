"""Public pages of what was made visible, so that a newcomer can open ``externalPostUrl`` and see the post."""

from collections import Counter
from pathlib import Path

from aiohttp import web

from integrations.sandbox.content import UNKNOWN, sniff
from integrations.sandbox.core import Sandbox
from integrations.sandbox.page_html import NAMES, front, missing, single
from integrations.sandbox.store import Document

PER_PAGE = 30
_STATIC = Path(__file__).parent / "static"
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; media-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cache-Control": "no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_FILE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "public, max-age=31536000, immutable",  # a file's name is the digest of its bytes
    "X-Content-Type-Options": "nosniff",
}


def routes(sandbox: Sandbox) -> list[web.RouteDef]:
    """A page for each post, a front page that lists them, and the files they show."""
    pages = Pages(sandbox)
    return [
        web.get("/", pages.front),
        web.get("/posts/{platform}/{id}.json", pages.document),
        web.get("/posts/{platform}/{id}", pages.post),
        web.get("/files/{name:[0-9a-f]+}", pages.file),
        web.get(r"/static/{name:(pages|consent)\.css|icon\.svg}", pages.static),
    ]


class Pages:
    """The handlers."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    async def front(self, request: web.Request) -> web.Response:
        """``/``: what is visible, newest first, of all networks or of ``?platform=``."""
        platform = request.query.get("platform")
        if platform is not None and platform not in NAMES:
            return _page(missing(), status=404)
        every = self.sandbox.shown()
        counts = Counter(post["platform"] for post in every)
        posts = [post for post in reversed(every) if platform in (None, post["platform"])]
        last = max(1, -(-len(posts) // PER_PAGE))
        asked = request.query.get("page", "1")
        number = min(last, max(1, int(asked))) if asked.isdecimal() and len(asked) < 9 else 1
        return _page(
            front(
                [self._named(post) for post in posts[(number - 1) * PER_PAGE : number * PER_PAGE]],
                counts=counts,
                platform=platform,
                number=number,
                pages=last,
                now=self.sandbox.now(),
                content_type_of=self._content_type,
            )
        )

    async def post(self, request: web.Request) -> web.Response:
        """``/posts/{platform}/{id}``"""
        post = self._post(request)
        if post is None:
            return _page(missing(), status=404)
        return _page(single(self._named(post), now=self.sandbox.now(), content_type_of=self._content_type))

    async def document(self, request: web.Request) -> web.Response:
        """``/posts/{platform}/{id}.json``: the post as the sandbox keeps it."""
        post = self._post(request)
        if post is None:
            return web.json_response({"error": "Not found", "message": "There is no such post here."}, status=404)
        return web.json_response(post, headers={"Cache-Control": "no-cache"})

    async def file(self, request: web.Request) -> web.StreamResponse:
        """``/files/{name}``, whole or by range. What is neither image nor video is offered to keep, not to open."""
        path = self.sandbox.files / request.match_info["name"]
        if not path.is_file():
            return web.Response(status=404, text="There is no such file here.")
        content_type = self._content_type(path.name)
        headers = {**_FILE_HEADERS, "Content-Type": content_type}
        if content_type == UNKNOWN:
            headers["Content-Disposition"] = "attachment"
        return web.FileResponse(path, headers=headers)

    async def static(self, request: web.Request) -> web.StreamResponse:
        """The style sheet and the icon."""
        return web.FileResponse(_STATIC / request.match_info["name"], headers={"Cache-Control": "no-cache"})

    def _post(self, request: web.Request) -> Document | None:
        key = f"{request.match_info['platform']}:{request.match_info['id']}"
        return self.sandbox.store.get("post", key) or self.sandbox.store.get("earlier", key)

    def _named(self, post: Document) -> Document:
        """The post with the name its account shows."""
        account = self.sandbox.store.get("account", f"{post['platform']}:{post['remote_id']}")
        return {**post, "name": account["name"]} if account else post

    def _content_type(self, name: str) -> str:
        known = self.sandbox.store.get("file", name)
        if known is not None:
            return str(known["content_type"])
        return sniff(self.sandbox.head(name)) if (self.sandbox.files / name).is_file() else UNKNOWN


def _page(body: str, *, status: int = 200) -> web.Response:
    return web.Response(text=body, status=status, content_type="text/html", headers=_HEADERS)
