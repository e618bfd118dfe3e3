"""The edge: hot doors answered here, everything else handed on to Django, so that one port serves all."""

import asyncio
import os
from collections.abc import Awaitable, Callable

import structlog
from django.conf import settings
from django.utils.log import configure_logging

from tracking.edge.config import Config, from_settings
from tracking.edge.doors.clicks import get_tracked
from tracking.edge.doors.events import post_events
from tracking.edge.doors.pixel import post_pixel
from tracking.edge.doors.postbacks import take_postback
from tracking.edge.doors.script import get_script
from tracking.edge.doors.short import PREFIX, get_short
from tracking.edge.failures import response_to
from tracking.edge.http import Gone, Receive, Request, Response, Scope, Send, json
from tracking.edge.passing import Onward
from tracking.edge.repair import make_months
from tracking.edge.state import State

logger = structlog.get_logger(__name__)

Door = Callable[[State, Request], Awaitable[Response]]

DOORS: dict[str, Door] = {
    "/pixel.js": get_script,
    "/api/pixel": post_pixel,
    "/api/webhooks/events": post_events,
    "/api/webhooks/mmp": take_postback,
    "/api/t": get_tracked,
}
HEALTH = "/healthz/edge"
READY = "/readyz"  # of the web, unless this process is not
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
STARTING = 5.0  # seconds for which the first connection is waited for


class Edge:
    """The ASGI application (ASGI 3.0, "HTTP & WebSocket ASGI Message Format" and "Lifespan Protocol")."""

    def __init__(self, config: Config) -> None:
        self.state = State.of(config)
        self._onward = Onward(config.web, behind_proxy=config.behind_proxy)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        path: str = scope["path"]
        door = DOORS.get(path) or (get_short if path.startswith(PREFIX) and "/" not in path[len(PREFIX) :] else None)
        if path == HEALTH:
            door = self._health
        elif path == READY and not self.state.stores:
            door = self._unready
        if door is None:
            await self._onward(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            response = await door(self.state, request)
        except Gone:
            return
        except Exception as failure:  # one request's trouble is never the others'
            response = response_to(failure)
        method = request.method if request.method in METHODS else "OTHER"
        self.state.notes.answered(method, "l/<code>" if path.startswith(PREFIX) else path[1:], response.status)
        await response.send(send, bodyless=request.method == "HEAD")

    async def _health(self, state: State, request: Request) -> Response:
        """200: this process answers, and whether it can store."""
        return json(200, {"status": "ok", "stores": state.stores})

    async def _unready(self, state: State, request: Request) -> Response:
        """503 in the shape that the web's has: what comes to the doors here cannot be stored."""
        return json(503, {"status": "not ready", "checks": {"edge": "the database does not answer"}})

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await self._start()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self.state.stop()
                await self._onward.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _start(self) -> None:
        """Begin; a database that is away now is met again later."""
        await asyncio.to_thread(make_months)
        self.state.start()
        for _ in range(int(STARTING / 0.01)):
            if self.state.stores:
                return
            await asyncio.sleep(0.01)
        logger.warning("edge_without_database")


def make() -> Edge:
    """As the settings say; uvicorn's factory."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chat33.settings")
    configure_logging(settings.LOGGING_CONFIG, settings.LOGGING)
    return Edge(from_settings())
