"""Asks a running instance how it is, over its own HTTP."""

from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException


def readiness(host: str, port: int) -> tuple[int, str]:
    """What ``/readyz`` answers: its status and its body, or why there is none. 502 if the edge answers and the web server
    behind it does not, 0 if nobody does.
    """
    status, body = _get(host, port, "/readyz")
    return (502, body) if status == 0 and _get(host, port, "/healthz/edge")[0] == 200 else (status, body)


def is_alive(port: int, environ: Mapping[str, str]) -> bool:
    """Whether the server of this machine answers ``/healthz``, asked by a name that it goes by; an edge asks the web."""
    names = environ.get("CHAT33_ALLOWED_HOSTS", "").split(",")
    name = names[0].strip().removeprefix(".") or "127.0.0.1"
    return _get("127.0.0.1", port, "/healthz", name="localhost" if name == "*" else name)[0] == 200


def _get(host: str, port: int, path: str, *, name: str = "") -> tuple[int, str]:
    try:
        connection = HTTPConnection(host, port, timeout=3)
        connection.request("GET", path, headers={"Connection": "close", **({"Host": name} if name else {})})
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")[:2000]
    except (OSError, HTTPException) as error:
        return 0, f"the web server does not answer: {error}"
