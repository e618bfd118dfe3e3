"""Ports for servers that are told theirs and take a while until they listen there."""

import random
import socket
from contextlib import suppress

from tests.environment import WORKER

# Each test process has its own, and gives none twice; other test runs on this machine look at the same ones.
_OURS = range(20_000, 32_000, 2)[int(WORKER.removeprefix("gw") or 0) % 16 :: 16]
_UNUSED = random.Random().sample(_OURS, len(_OURS))


def free_port() -> int:
    """A port that is free with the next one, below those that the kernel gives to clients, so that it stays free."""
    while _UNUSED:
        port = _UNUSED.pop()
        with socket.socket() as first, socket.socket() as second, suppress(OSError):
            first.bind(("127.0.0.1", port))
            second.bind(("127.0.0.1", port + 1))
            return port
    raise AssertionError("no free port")


def listens(port: int) -> bool:
    """Whether somebody takes connections there."""
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0
