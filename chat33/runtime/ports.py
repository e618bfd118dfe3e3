"""Whether the ports that we need are free, and who has them."""

import errno
import socket
from collections.abc import Mapping
from contextlib import suppress

import psutil

from chat33.runtime.errors import StartupError

DEFAULT_PORT = 8033


def chosen_port(environ: Mapping[str, str]) -> int:
    """The web's port; the sandbox takes the next one. Raises ``StartupError`` if ``PORT`` is no such number."""
    given = environ.get("PORT") or str(DEFAULT_PORT)
    if not given.isdecimal() or not 1 <= int(given) <= 65534:
        raise StartupError(f"PORT is {given!r}: set it to a number from 1 to 65534, as in `make run PORT=9000`.")
    return int(given)


def require_free(host: str, port: int, *, what: str) -> None:
    """Raise ``StartupError`` if nobody could listen on ``port`` now."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                reason, advice = f"is in use{_by_whom(port)}", "end that, or choose another"
            else:
                reason, advice = f"cannot be used on {host} ({error.strerror})", "choose another"
            raise StartupError(
                f"Port {port}, for the {what}, {reason}: {advice}, as in `make run PORT=9000` "
                "(the sandbox takes the port after the web's)."
            ) from error


def _by_whom(port: int) -> str:
    with suppress(psutil.Error, OSError):
        for connection in psutil.net_connections("inet"):
            listens = connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port
            if listens and connection.pid:
                return f" by process {connection.pid} ({psutil.Process(connection.pid).name()})"
    return ""
