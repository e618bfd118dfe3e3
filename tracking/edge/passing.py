"""Everything that is not a hot door is handed on to Django, streaming both ways: no body is ever held as a whole.

The edge is one hop (RFC 9110, 7.6): it takes out what belongs to a connection, keeps ``Host`` and says in
``X-Forwarded-For`` and ``-Proto`` who asked and how, as it knows it itself; what a stranger wrote there is dropped. Only
behind a proxy of ours (``CHAT33_BEHIND_PROXY``) is what that one says believed.
"""

from collections.abc import AsyncIterator, Iterable
from http import HTTPStatus

import aiohttp
import structlog
from yarl import URL

from tracking.edge.connecting import connector_to
from tracking.edge.http import Gone, Message, Receive, Response, Scope, Send, error

logger = structlog.get_logger(__name__)

CONNECTING = 5.0  # seconds to reach Django
SILENCE = 120.0  # seconds that it may think
_HOP = frozenset(
    {b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade", b"expect"}
)
_FORWARDED = frozenset({b"forwarded", b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"x-real-ip"})
_OURS_TO_SAY = _HOP | {b"date", b"server"}  # the server that we run in writes the date
_NO_BODY = (
    b'<!doctype html><html lang="en"><meta charset="utf-8"><title>One moment, please</title>'
    b'<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">'
    b"<h1>One moment, please</h1><p>Chat33 is starting anew and will be back in a few seconds. Try again.</p></html>"
)


class Onward:
    """Hands requests on to one address: ``unix:/path`` or ``http://host:port``."""

    def __init__(self, web: str, *, behind_proxy: bool) -> None:
        self._web = web
        self._base = "http://web" if web.startswith("unix:") else web.rstrip("/")
        self._behind_proxy = behind_proxy
        self._session: aiohttp.ClientSession | None = None

    async def stop(self) -> None:
        """Let go of its connections."""
        if self._session is not None:
            await self._session.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand it on, and the answer back."""
        body = _Body(receive)
        started = False
        try:
            async with self._sent(scope, body) as answer:
                head: Message = {"type": "http.response.start", "status": answer.status}
                await send({**head, "headers": _end_to_end(answer.raw_headers)})
                started = True
                async for chunk in answer.content.iter_any():
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
                await send({"type": "http.response.body", "body": b""})
        except Gone:
            return
        except (aiohttp.ClientError, TimeoutError, OSError) as failure:
            if body.gone:
                return
            logger.warning("web_does_not_answer", error=type(failure).__name__)
            if started:
                raise  # the server ends the connection: half an answer is none
            await _away(scope).send(send, bodyless=scope["method"] == "HEAD")

    def _sent(self, scope: Scope, body: "_Body") -> "aiohttp.client._RequestContextManager":
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=connector_to(self._web),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECTING, sock_read=SILENCE),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                skip_auto_headers=("accept", "accept-encoding", "user-agent", "content-type"),
                max_line_size=16_384,
                max_field_size=65_536,
            )
        query = scope["query_string"].decode("latin-1")
        path = scope.get("raw_path", b"").decode("latin-1").partition("?")[0] or "/"
        headers = self._headers(scope)
        has_body = any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"])
        return self._session.request(
            scope["method"],
            URL(f"{self._base}{path}{'?' if query else ''}{query}", encoded=True),
            headers=headers,
            data=body.parts() if has_body else None,
            allow_redirects=False,
        )

    def _headers(self, scope: Scope) -> list[tuple[str, str]]:
        given: list[tuple[bytes, bytes]] = list(scope["headers"])
        named = {word.strip().lower() for name, value in given if name == b"connection" for word in value.split(b",")}
        headers = [
            (name.decode("latin-1"), _text(value))
            for name, value in given
            if name not in _HOP and name not in _FORWARDED and name not in named
        ]
        client = scope["client"][0] if scope.get("client") else ""
        proto = scope.get("scheme", "http")
        if self._behind_proxy:
            said = dict(given)  # of several, the last one, which the proxy wrote
            client = said.get(b"x-forwarded-for", client.encode()).decode("latin-1").rpartition(",")[2].strip()
            proto = "https" if said.get(b"x-forwarded-proto", b"").strip() == b"https" else "http"
        return [*headers, ("X-Forwarded-For", client), ("X-Forwarded-Proto", proto)]


class _Body:
    """The request's body as it comes."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.gone = False

    async def parts(self) -> AsyncIterator[bytes]:
        """Its parts. Raises ``Gone`` when whoever sends it hangs up."""
        more = True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self.gone = True
                raise Gone
            more = bool(message.get("more_body"))
            if message.get("body"):
                yield message["body"]


def _text(value: bytes) -> str:
    """So that the client, which writes UTF-8, writes the same bytes; what is none is Latin-1 (RFC 9110, 5.5)."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _end_to_end(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [(name.lower(), value) for name, value in headers if name.lower() not in _OURS_TO_SAY]


def _away(scope: Scope) -> Response:
    """502, in the words that whoever asked can read."""
    retry = (b"retry-after", b"3")
    if scope["path"].startswith("/api/"):
        return error(502, "UNAVAILABLE", "The service is starting anew. Try again in a few seconds.", (), retry)
    headers = ((b"content-type", b"text/html; charset=utf-8"), (b"cache-control", b"no-store"), retry)
    return Response(HTTPStatus.BAD_GATEWAY, _NO_BODY, headers)
