"""Doors for a demo: posts that were made before this sandbox was, with pages of their own. No network's API knows of
them, and they are not among those that ``/_control/posts`` counts.
"""

from aiohttp import web

from integrations.sandbox.core import Sandbox


def routes(sandbox: Sandbox) -> list[web.RouteDef]:
    """``/_control/files`` and ``/_control/earlier``."""

    async def file(request: web.Request) -> web.Response:
        kept = await sandbox.keep(request.content.iter_chunked(262_144), request.content_type)
        return web.json_response(kept, status=201) if kept else _bad("The file is too large.")

    async def show(request: web.Request) -> web.Response:
        made = []
        for given in (await request.json())["items"]:
            account = sandbox.store.get("account", f"{given['platform']}:{given['remote_id']}")
            if account is None:
                return _bad("There is no such account.")
            media = [str(name) for name in given.get("media", [])]
            made.append(
                sandbox.show_earlier(given["platform"], account, text=given["text"], media=media, at=given["at"])
            )
        return web.json_response({"items": made}, status=201)

    async def forget(request: web.Request) -> web.Response:
        for document in list(sandbox.store.find("earlier")):
            sandbox.store.drop("earlier", f"{document['platform']}:{document['id']}")
        return web.json_response({"items": []})

    return [
        web.post("/_control/files", file),
        web.post("/_control/earlier", show),
        web.delete("/_control/earlier", forget),
    ]


def _bad(message: str) -> web.Response:
    return web.json_response({"error": "VALIDATION_ERROR", "message": message}, status=400)
