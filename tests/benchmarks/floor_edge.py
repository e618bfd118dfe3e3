"""The floor under the edge: a bare ASGI application that answers after the same group commit of one row, no more."""

import os
from collections.abc import Sequence

import msgspec

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chat33.settings")

from tracking.edge.config import from_settings
from tracking.edge.http import Receive, Scope, Send
from tracking.edge.line import Connection, Line

TABLE = "CREATE TABLE IF NOT EXISTS floor (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body text NOT NULL)"
_STORE = b"INSERT INTO floor (body) SELECT value FROM jsonb_array_elements_text(%s::jsonb)"


async def _keep(connection: Connection, bodies: Sequence[str]) -> Sequence[None]:
    await connection.execute(_STORE, [msgspec.json.encode(bodies).decode()])
    return [None] * len(bodies)


class Floor:
    """One row a request."""

    def __init__(self) -> None:
        self.line = Line(from_settings().conninfo, _keep)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Store, then answer."""
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                if message["type"] == "lifespan.startup":
                    self.line.start()
                else:
                    await self.line.stop()
                await send({"type": f"{message['type']}.complete"})
                if message["type"] == "lifespan.shutdown":
                    return
        message = await receive()
        await self.line.put(message.get("body", b"").decode() or scope["path"])
        status, name = (202, b"x-none") if scope["method"] == "POST" else (302, b"location")
        headers = [(b"content-length", b"0"), (name, b"https://shop.example/")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b""})


def make() -> Floor:
    """uvicorn's factory."""
    return Floor()
