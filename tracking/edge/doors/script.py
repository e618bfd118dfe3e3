"""``/pixel.js``: the pixel's script, the same for everybody, from memory."""

import gzip
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from tracking.edge.http import Request, Response, error, wrong_method
from tracking.edge.state import State

MAX_AGE = 3600  # seconds that a browser keeps it; then it asks whether it is new


@lru_cache(maxsize=4)
def _script(path: Path) -> tuple[bytes, bytes, bytes]:
    """The text, the same packed, and its tag."""
    text = path.read_bytes()
    return text, gzip.compress(text, 9, mtime=0), f'"{sha256(text).hexdigest()[:20]}"'.encode()


async def get_script(state: State, request: Request) -> Response:
    """The script."""
    if request.method not in ("GET", "HEAD"):
        return wrong_method("GET", "HEAD")
    try:
        text, packed, tag = _script(state.config.script)
    except OSError:
        return error(404, "Not found", "The pixel's script is not installed here.")
    headers = (
        (b"content-type", b"text/javascript; charset=utf-8"),
        (b"cache-control", f"public, max-age={MAX_AGE}, stale-while-revalidate=86400".encode()),
        (b"etag", tag),
        (b"vary", b"accept-encoding"),
        (b"access-control-allow-origin", b"*"),
        (b"cross-origin-resource-policy", b"cross-origin"),
        (b"x-content-type-options", b"nosniff"),
    )
    if tag.decode() in request.headers.get("if-none-match", "").replace("W/", ""):
        return Response(304, b"", headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(200, packed, (*headers, (b"content-encoding", b"gzip")))
    return Response(200, text, headers)
