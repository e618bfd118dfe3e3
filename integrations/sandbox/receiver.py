"""A receiver for callbacks, so that a newcomer sees one arrive: set ``callbackUrl`` to ``/callbacks/anything`` here."""

from aiohttp import web

from integrations.sandbox.core import Sandbox

KEPT = 16_384  # bytes of a body


def routes(sandbox: Sandbox) -> list[web.RouteDef]:
    """``POST /callbacks/{name}`` takes one in, ``GET /_control/callbacks`` lists what came."""

    async def receive(request: web.Request) -> web.Response:
        number = sum(1 for _ in sandbox.store.find("callback"))
        headers = {name: value for name, value in request.headers.items() if name.lower().startswith("webhook-")}
        body = (await request.read())[:KEPT].decode("utf-8", "replace")
        document = {
            "name": request.match_info["name"],
            "headers": headers,
            "body": body,
            "at": sandbox.now().isoformat(),
        }
        sandbox.store.put("callback", f"{number:09d}", document)
        return web.json_response({"received": True})

    async def received(request: web.Request) -> web.Response:
        return web.json_response({"items": list(sandbox.store.find("callback"))})

    return [web.post("/callbacks/{name}", receive), web.get("/_control/callbacks", received)]
