"""Public pages of what was made visible, so that a newcomer can open ``externalPostUrl`` and see the post."""

import html
import mimetypes

from aiohttp import web

from integrations.sandbox.core import Sandbox


def routes(sandbox: Sandbox) -> list[web.RouteDef]:
    """A page for each post, a front page that lists them, and the files they show."""

    async def post_page(request: web.Request) -> web.Response:
        post = sandbox.store.get("post", f"{request.match_info['platform']}:{request.match_info['id']}")
        if post is None:
            raise web.HTTPNotFound(text="There is no such post here.")
        return web.Response(text=html.escape(post["text"]), content_type="text/html")

    async def file(request: web.Request) -> web.StreamResponse:
        path = sandbox.files / request.match_info["name"]
        if not path.is_file():
            raise web.HTTPNotFound
        return web.FileResponse(
            path, headers={"Content-Type": mimetypes.guess_type(path.name)[0] or "application/octet-stream"}
        )

    return [
        web.get("/posts/{platform}/{id}", post_page),
        web.get("/files/{name:[0-9a-f]+}", file),
    ]
