"""Connections to the web server, which hear an answer out also when the server hung up before it had read the request.

A server may refuse a body without reading it (RFC 9112, 9.6). The loop then learns that it cannot write before it has read
what lies in the socket, and lets go of it: the refusal would be lost, and its 413 or 401 become a 502.
"""

import os
from functools import partial
from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler

CONNECTIONS = 256
_READ = 65_536  # bytes at a time


class _HearsOut(ResponseHandler):
    """Reads what had arrived before it takes note of a connection's end."""

    def set_exception(self, *given: Any, **named: Any) -> None:
        self._hear_out()
        super().set_exception(*given, **named)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._hear_out()
        super().connection_lost(exc)

    def _hear_out(self) -> None:
        if self.transport is None or not self.transport.is_closing():
            return  # the loop reads it
        try:  # never blocks; what the kernel holds of one who hung up is all there will be
            while data := os.read(self.transport.get_extra_info("socket").fileno(), _READ):
                self.data_received(data)
        except OSError:
            return


def connector_to(web: str) -> aiohttp.BaseConnector:
    """Connections to ``unix:/path`` or to ``http://host:port``."""
    socket = web.removeprefix("unix:") if web.startswith("unix:") else ""
    connector = aiohttp.UnixConnector(socket, limit=CONNECTIONS) if socket else aiohttp.TCPConnector(limit=CONNECTIONS)
    factory: Any = partial(_HearsOut, loop=connector._loop)
    connector._factory = factory  # aiohttp offers no other place for a protocol
    return connector
