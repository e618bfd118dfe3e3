"""An edge on a port of its own, in a thread of the test's process, asked over real HTTP."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
import requests
import uvicorn
from django.db import connection
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from chat33.lib.secrets import digest, new_key
from chat33.orgs.models import Organization
from tracking.edge import app, line, lookups
from tracking.edge.app import Edge
from tracking.edge.config import Config, conninfo, from_settings
from tracking.models import Token

PERSON = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile Safari/604.1"
ANDROID = (
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Mobile Safari/537.36"
)


@dataclass
class RunningEdge:
    """Where it is."""

    port: int
    edge: Edge

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def send(self, body: Any, token: str = "", **options: Any) -> requests.Response:
        """``POST /api/webhooks/events``."""
        parameters = {"token": token} if token else {}
        how = {"data": body} if isinstance(body, bytes) else {"json": body}
        return requests.post(f"{self.url}/api/webhooks/events", params=parameters, timeout=20, **how, **options)

    def pixel(self, body: Any, **headers: str) -> requests.Response:
        """``POST /api/pixel``, as a browser does."""
        return requests.post(
            f"{self.url}/api/pixel", data=body if isinstance(body, bytes) else json.dumps(body), timeout=20,
            headers={"User-Agent": PERSON, "Content-Type": "text/plain;charset=UTF-8", **headers},
        )  # fmt: skip

    def get(self, path: str, *, agent: str = PERSON, method: str = "GET", **headers: str) -> requests.Response:
        """Any address, as a person's browser, going nowhere else."""
        return requests.request(
            method, f"{self.url}{path}", headers={"User-Agent": agent, **headers}, allow_redirects=False, timeout=20
        )


def make_token(organization: Organization, kind: str = "server", **given: Any) -> str:
    """A token that opens a door."""
    token = new_key()
    Token.objects.create(
        organization=organization, kind=kind, prefix=token[:12], digest=digest(token), created_by="test", **given
    )
    return token


PATIENCE = 20.0  # seconds for the database; where only this machine is busy, it is not away


class _Server(uvicorn.Server):
    """Starts and ends for one test: asked to end, it does within a hundredth of a second, and waits for those alone who are
    still there.
    """

    async def main_loop(self) -> None:
        tick = 0
        while not await self.on_tick(tick // 10 if tick % 10 == 0 else 1):  # which counts in tenths
            await asyncio.sleep(0.01)
            tick += 1

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self.server_state.connections or self.server_state.tasks:
            await super().shutdown(sockets)
            return
        for server in self.servers:
            server.close()
            await server.wait_closed()
        for listening in sockets or []:
            listening.close()
        await self.lifespan.shutdown()


def _patient(where: str) -> str:
    """The same database, which may take as long for a statement, too."""
    known = conninfo_to_dict(where).get("options", "")
    return make_conninfo(where, options=f"{known} -c statement_timeout={PATIENCE:.0f}s")


@contextmanager
def running_edge(*, starting: float = PATIENCE, **changes: Any) -> Iterator[RunningEdge]:
    """One over the test's database; what it stores is committed. It waits up to ``starting`` seconds for the database."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app, "STARTING", starting)
        for module in (line, lookups):
            patch.setattr(module, "PATIENCE", PATIENCE)
            patch.setattr(module, "CONNECTING", int(PATIENCE))
        with _running_edge(**changes) as running:
            yield running


@contextmanager
def _running_edge(**changes: Any) -> Iterator[RunningEdge]:
    config: Config = replace(from_settings(), **{"conninfo": _patient(conninfo(connection.settings_dict)), **changes})
    edge = Edge(config)
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = _Server(
        uvicorn.Config(
            edge,
            loop="uvloop",
            http="tracking.edge.joined:Protocol",
            lifespan="on",
            log_config=None,
            access_log=False,
            ws="none",
            proxy_headers=False,
        )
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    until = time.monotonic() + 30
    while not server.started:
        assert time.monotonic() < until
        assert thread.is_alive()
        time.sleep(0.01)
    try:
        yield RunningEdge(listening.getsockname()[1], edge)
    finally:
        server.should_exit = True
        thread.join(20)
        listening.close()
