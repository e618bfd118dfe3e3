"""The sandbox as one local process: ``python -m integrations.sandbox --port 8034 --data var/sandbox``."""

import argparse
import os
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
from aiohttp import web

from integrations.sandbox import control, earlier, pages, receiver
from integrations.sandbox.core import Sandbox
from integrations.sandbox.networks import NETWORKS
from integrations.sandbox.store import Store


def build(sandbox: Sandbox) -> web.Application:
    """The aiohttp application of a sandbox."""

    async def client(app: web.Application) -> AsyncIterator[None]:
        sandbox.client = aiohttp.ClientSession()
        yield
        await sandbox.client.close()
        sandbox.store.close()

    app = web.Application(client_max_size=256_000_000)
    app.cleanup_ctx.append(client)
    app.add_routes(control.routes(sandbox))
    app.add_routes(earlier.routes(sandbox))
    app.add_routes(receiver.routes(sandbox))
    for make in NETWORKS:
        network = make(sandbox)
        app.add_routes(
            web.route(endpoint.method, f"/{network.platform}{endpoint.path}", sandbox.endpoint(network, endpoint))
            for endpoint in network.endpoints
        )
    app.add_routes(pages.routes(sandbox))
    return app


def create(*, data: Path | None, files: Path, base_url: str, origins: tuple[str, ...] = ()) -> Sandbox:
    """A sandbox with its files under ``files`` and its memory in ``data``, or nowhere."""
    files.mkdir(parents=True, exist_ok=True)
    return Sandbox(store=Store(data), files=files, base_url=base_url, origins=origins)


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(description="Stand-in for the networks' APIs, on loopback.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8034)
    parser.add_argument("--data", type=Path, required=True)
    options = parser.parse_args()
    options.data.mkdir(parents=True, exist_ok=True)
    installation = os.environ.get("CHAT33_BASE_URL", "").rstrip("/")
    sandbox = create(
        data=options.data / "sandbox.sqlite3",
        files=options.data / "files",
        base_url=f"http://{options.host}:{options.port}",
        origins=(installation,) if installation else (),
    )
    web.run_app(build(sandbox), host=options.host, port=options.port, print=None, access_log=None)
