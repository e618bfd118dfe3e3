"""The names that tests find: this machine's. Whatever a test or its random data asks of the internet, nobody there hears."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest


@contextmanager
def offline() -> Iterator[None]:
    """Other names are not found, and at once: how long a network takes to say so, or what it says, is no test's to know."""
    ask = socket.getaddrinfo

    def here(host: bytes | str | None, *rest: Any, **more: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host or ""
        if name not in ("", "localhost", socket.gethostname()) and not name.endswith(".localhost"):
            ask(host, None, flags=socket.AI_NUMERICHOST)  # a number in any spelling, or this raises
        return ask(host, *rest, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", here)
        yield
