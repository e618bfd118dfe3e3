"""A sandbox of the networks on real HTTP, in a thread of the test process."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import requests
from aiohttp import web

from integrations.sandbox.app import build, create
from integrations.sandbox.core import Sandbox


class RunningSandbox:
    """A served sandbox, steered through its control doors like any client would."""

    def __init__(self, url: str, sandbox: Sandbox, loop: asyncio.AbstractEventLoop) -> None:
        self.url = url
        self.sandbox = sandbox
        self._loop = loop

    def control(self, method: str, path: str, **options: Any) -> Any:
        reply = requests.request(method, f"{self.url}/_control/{path}", timeout=60, **options)
        reply.raise_for_status()
        return reply.json()

    def rule(self, platform: str, step: str, mode: str, **more: Any) -> None:
        self.control("POST", "rules", json={"platform": platform, "step": step, "mode": mode, **more})

    def posts(self, platform: str | None = None) -> list[dict[str, Any]]:
        return list(self.control("GET", "posts", params={"platform": platform} if platform else None)["items"])

    def requests(self) -> list[dict[str, Any]]:
        return list(self.control("GET", "requests")["items"])

    def advance_clock(self, seconds: float) -> None:
        self.control("POST", "clock", json={"advance_seconds": seconds})

    def stop_clock(self) -> None:
        """From now on its time passes by ``advance_clock`` alone, however long this machine takes; a microsecond for
        each look at it keeps what happens in order.
        """
        start, looks = self.sandbox.clock(), count()
        self.sandbox.clock = lambda: start + timedelta(microseconds=next(looks))

    @contextmanager
    def held(self) -> Iterator[None]:
        """What a rule lets wait, waits for the end of the block instead of its seconds."""
        over, pause = asyncio.Event(), self.sandbox.pause

        async def wait(_: float) -> None:
            await over.wait()

        self.sandbox.pause = wait
        try:
            yield
        finally:
            self.sandbox.pause = pause
            self._loop.call_soon_threadsafe(over.set)

    def account(self, platform: str, username: str = "demo", **more: Any) -> dict[str, Any]:
        return dict(self.control("POST", "accounts", json={"platform": platform, "username": username, **more}))


@contextmanager
def running_sandbox(files: Path, *, data: Path | None = None) -> Iterator[RunningSandbox]:
    """Serve a sandbox on a free port until the block ends: a fresh one, or the one whose memory is in ``data``."""
    loop = asyncio.new_event_loop()
    sandbox = create(data=data, files=files, base_url="")
    # A body that was refused unread would keep the end waiting for it, ten seconds by default.
    runner = web.AppRunner(build(sandbox), shutdown_timeout=1, lingering_time=1)

    async def start() -> str:
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    thread = threading.Thread(target=loop.run_forever, name="sandbox", daemon=True)
    thread.start()
    sandbox.base_url = asyncio.run_coroutine_threadsafe(start(), loop).result(60)
    try:
        yield RunningSandbox(sandbox.base_url, sandbox, loop)
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(60)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(60)
        loop.close()
