"""What the sandbox's two Meta networks share: parameters, tokens, the error envelope, fields, usage headers.

Source: Meta, "Graph API Overview", "Handle Errors", "Rate Limits", read 2026-11.
"""

import io
import json
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from aiohttp.web_request import FileField
from PIL import Image

from integrations.sandbox.core import Handler, Sandbox
from integrations.sandbox.store import Document

VERSION = r"{version:v\d+\.\d+}"
NODE_END = "{slash:/?}"  # Meta's own SDK reads a node with a slash behind its id
SIGNATURES: Mapping[bytes, str] = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"GIF8": "image/gif",
    b"BM": "image/bmp",
    b"II*\x00": "image/tiff",
    b"MM\x00*": "image/tiff",
}


class GraphError(Exception):
    """An error of the API, answered in its envelope."""

    def __init__(
        self,
        code: int,
        message: str,
        *,
        subcode: int = 0,
        status: int = 400,
        title: str = "",
        words: str = "",
        transient: bool = False,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body: Document = {
            "error": {
                "message": message,
                "type": "OAuthException",
                "code": code,
                **({"error_subcode": subcode} if subcode else {}),
                **({"error_data": dict(data)} if data else {}),
                "is_transient": transient,
                **({"error_user_title": title, "error_user_msg": words} if words else {}),
                "fbtrace_id": trace(),
            }
        }


@dataclass(frozen=True)
class Call:
    """One authorized request: whose it is, what it asks, the files it brings."""

    request: web.Request
    account: Document
    scopes: tuple[str, ...]
    params: Mapping[str, str]
    files: Mapping[str, FileField] = field(default_factory=dict)

    @property
    def node(self) -> str:
        """The id in the path; ``me`` is the token's owner."""
        given = self.request.match_info["node"]
        return str(self.account["remote_id"]) if given == "me" else given

    def own(self) -> None:
        """Refuse a path that is not about the token's owner."""
        if self.node != self.account["remote_id"]:
            raise missing(self.node)

    def may(self, *scopes: str) -> None:
        """Refuse a token that has none of these permissions."""
        if not set(scopes) & set(self.scopes):
            raise GraphError(
                200, f"(#200) The permission(s) {scopes[0]} are not available. It could be because either they are "
                "deprecated or need to be approved by App Review.", status=403,
            )  # fmt: skip

    def flag(self, name: str, default: bool = False) -> bool:
        """A boolean parameter."""
        value = self.params.get(name)
        return default if value is None else value.lower() in ("true", "1")

    def number(self, name: str) -> int:
        """An integer parameter that must be there."""
        try:
            return int(self.params[name])
        except (KeyError, ValueError):
            raise required(name) from None

    def items(self, name: str) -> list[Any]:
        """A list: as JSON, as ``name[0]``, or with commas."""
        indexed = sorted(key for key in self.params if key.startswith(f"{name}["))
        if indexed:
            return [_value(self.params[key]) for key in indexed]
        given = _value(self.params.get(name, ""))
        if isinstance(given, list):
            return given
        return [part.strip() for part in str(given).split(",") if part.strip()]


Function = Callable[[Call], Awaitable[Document]]


def trace() -> str:
    """An id like ``fbtrace_id``."""
    return f"A{secrets.token_urlsafe(16)}"


def fault(status: int) -> Document:
    """The envelope of a fault rule's error."""
    if status >= 500:
        body = GraphError(2, "Service temporarily unavailable", transient=True).body
    elif status == 401:
        body = GraphError(190, "Error validating access token: Session has expired.", subcode=463).body
    elif status == 429:
        body = GraphError(4, "(#4) Application request limit reached", transient=True).body
    else:
        body = GraphError(1, "An unknown error occurred").body
    return body


def missing(node: str) -> GraphError:
    """What the API says of an id that it does not know, or does not show to this token."""
    return GraphError(
        100,
        f"Unsupported request. Object with ID '{node}' does not exist, cannot be loaded due to missing permissions, "
        "or does not support this operation",
        subcode=33,
    )


def required(name: str) -> GraphError:
    """What the API says of a parameter that is not there or cannot be read."""
    return GraphError(100, f"(#100) The parameter {name} is required")


async def parameters(request: web.Request) -> tuple[dict[str, str], dict[str, FileField]]:
    """The query, then the body's fields: form, multipart or JSON. Reading twice gives the same."""
    params: dict[str, str] = dict(request.query)
    files: dict[str, FileField] = {}
    if request.content_type == "application/json" and request.can_read_body:
        try:
            given = await request.json()
        except ValueError:
            given = {}
        params |= {name: value if isinstance(value, str) else json.dumps(value) for name, value in given.items()}
    elif request.method == "POST":
        for name, value in (await request.post()).items():
            if isinstance(value, FileField):
                files[name] = value
            else:
                params[name] = str(value)
    return params, files


def bearer(request: web.Request, params: Mapping[str, str]) -> str:
    """The access token: ``Authorization: Bearer`` or ``OAuth``, or the parameter."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if kind in ("Bearer", "OAuth") and token else params.get("access_token", "")


def authorize(sandbox: Sandbox, platform: str, token: str) -> tuple[Document, tuple[str, ...]]:
    """The account and the permissions of a token. Raises code 190 for an unknown or expired one."""
    known = sandbox.store.get("token", token)
    if known is None or known["platform"] != platform:
        raise GraphError(190, "Invalid OAuth access token - Cannot parse access token")
    account = sandbox.account_for(platform, token)
    if account is None:
        raise GraphError(190, "Error validating access token: Session has expired.", subcode=463)
    return account, tuple(known["scopes"])


def endpoint(
    sandbox: Sandbox,
    platform: str,
    function: Function,
    *,
    allow: Callable[[Document], bool] = lambda account: True,
    limit_code: int = 80001,
) -> Handler:
    """The function as a handler: token checked, errors in the envelope, usage told in the headers.

    ``allow`` says whether this host takes the account's kind of token.
    """

    async def handle(request: web.Request) -> web.StreamResponse:
        usage: Mapping[str, str] = {}
        try:
            params, files = await parameters(request)
            account, scopes = authorize(sandbox, platform, bearer(request, params))
            usage = _usage(account)
            if not allow(account):
                raise GraphError(190, "Invalid OAuth access token - Cannot parse access token")
            if account["metadata"].get("usage_percent", 1) >= 100:
                raise GraphError(limit_code, f"(#{limit_code}) There have been too many calls to this account.")
            body, status = await function(Call(request, account, scopes, params, files)), 200
        except GraphError as error:
            body, status = error.body, error.status
        return web.json_response(body, status=status, headers={"x-fb-trace-id": trace(), **usage})

    return handle


def exchange(sandbox: Sandbox, platform: str) -> Handler:
    """``oauth/access_token`` with ``fb_exchange_token``: a fresh token for one that still holds."""

    async def handle(request: web.Request) -> web.StreamResponse:
        params, _ = await parameters(request)
        try:
            if not params.get("client_id") or not params.get("client_secret"):
                raise GraphError(101, "Missing client_id parameter.")
            if params.get("grant_type") != "fb_exchange_token":
                raise GraphError(100, "(#100) Unsupported grant_type")
            account, scopes = authorize(sandbox, platform, params.get("fb_exchange_token", ""))
        except GraphError as error:
            return web.json_response(error.body, status=error.status)
        return web.json_response(token_reply(sandbox.grant(account, scopes)))

    return handle


def token_reply(granted: Document) -> Document:
    """A token answer; a token that does not expire has no ``expires_in``."""
    reply = {"access_token": granted["access_token"], "token_type": "bearer"}
    return {**reply, **({"expires_in": granted["expires_in"]} if granted["expires_in"] else {})}


def pick(call: Call, whole: Document, *, kind: str, default: tuple[str, ...] = ("id",)) -> Document:
    """The fields asked for, and the id. An unknown one is refused as the API does."""
    asked = field_names(call.params.get("fields", ""))
    for name in asked:
        if name not in whole:
            raise GraphError(100, f"(#100) Tried accessing nonexisting field ({name}) on node type ({kind})")
    names = dict.fromkeys(("id", *(asked or default)))
    return {name: whole[name] for name in names if whole.get(name) is not None}


def page_of(call: Call, items: list[Document], *, kind: str, default: tuple[str, ...] = ("id",)) -> Document:
    """An edge's answer, ``limit`` items of it."""
    limit = int(call.params.get("limit", 25))
    return {"data": [pick(call, item, kind=kind, default=default) for item in items[:limit]]}


def field_names(fields: str) -> list[str]:
    """The top names of a ``fields`` expression, without what stands in braces."""
    names, depth, name = [], 0, ""
    for character in f"{fields},":
        depth += {"{": 1, "}": -1}.get(character, 0)
        if character == "," and depth == 0:
            names.append(name.partition("{")[0].strip())
            name = ""
        else:
            name += character
    return [name for name in names if name]


def graph_time(stamp: float) -> str:
    """Seconds since 1970 as the API writes a time."""
    return datetime.fromtimestamp(stamp, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def image_type(head: bytes) -> str | None:
    """What picture these bytes begin."""
    return next((kind for signature, kind in SIGNATURES.items() if head.startswith(signature)), None)


def is_movie(head: bytes) -> bool:
    """Whether these bytes begin an MP4 or MOV file."""
    return head[4:8] == b"ftyp"


def dimensions(sandbox: Sandbox, name: str) -> tuple[int, int] | None:
    """Width and height of a kept picture; None where its header cannot be read."""
    try:
        with Image.open(sandbox.files / name) as image:
            return image.size
    except (OSError, ValueError):
        return None


async def keep_upload(sandbox: Sandbox, upload: FileField, *, limit: int) -> Document | None:
    """A file of a multipart body; None when it is larger than ``limit``."""

    async def chunks() -> Any:
        while chunk := upload.file.read(262_144):
            yield chunk

    upload.file.seek(0, io.SEEK_SET)
    return await sandbox.keep(chunks(), upload.content_type, limit=limit)


def _usage(account: Document) -> dict[str, str]:
    """Percent of the allowances, as the account sets it; minutes to wait once they are used up."""
    used = int(account["metadata"].get("usage_percent", 1))
    counts = {"call_count": used, "total_cputime": 1, "total_time": 1}
    wait = 5 if used >= 100 else 0
    business = [{"type": account["platform"], **counts, "estimated_time_to_regain_access": wait}]
    return {
        "x-app-usage": json.dumps(counts),
        "x-business-use-case-usage": json.dumps({account["remote_id"]: business}),
    }


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
