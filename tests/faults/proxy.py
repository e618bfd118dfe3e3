"""A TCP proxy in front of a Unix socket that can go deaf: what a broken network between us and Redis looks like."""

import socket
import threading
from contextlib import suppress
from pathlib import Path


class Proxy:
    """``mode`` is ``pass``, ``hole`` (open, but nothing moves any more) or ``refuse``."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.mode = "pass"
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._sockets: list[socket.socket] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def half_open(self) -> None:
        """Whoever is connected now is never answered again; new connections work."""
        for pair in self._pairs:
            self._deafen(pair)
        self._pairs.clear()

    def reset(self) -> None:
        """Cut every connection."""
        for pair in self._pairs:
            for end in pair:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
        self._pairs.clear()

    def close(self) -> None:
        """End it."""
        self.reset()
        for ours in (self._server, *self._sockets):
            ours.close()

    def _deafen(self, pair: tuple[socket.socket, socket.socket]) -> None:
        with suppress(OSError):
            pair[1].shutdown(socket.SHUT_RDWR)  # the far side goes; the near one stays open and silent

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            if self.mode == "refuse":
                near.close()
                continue
            far = socket.socket(socket.AF_UNIX)
            try:
                far.connect(str(self.target))
            except OSError:
                near.close()
                far.close()
                continue
            self._sockets += [near, far]
            pair = (near, far)
            self._pairs.append(pair)
            for source, sink in (pair, pair[::-1]):
                threading.Thread(target=self._pump, args=(pair, source, sink), daemon=True).start()

    def _pump(self, pair: tuple[socket.socket, socket.socket], source: socket.socket, sink: socket.socket) -> None:
        while True:
            try:
                data = source.recv(65_536)
            except OSError:
                data = b""
            if pair not in self._pairs:
                return  # deaf: whatever came is swallowed, nothing is closed
            if not data:
                with suppress(OSError):
                    sink.shutdown(socket.SHUT_WR)
                return
            if self.mode == "hole":
                continue
            with suppress(OSError):
                sink.sendall(data)
