"""How YouTube's API speaks: its error envelope, whose token a request carries, what a video resource may say.

Sources: YouTube Data API, "Errors" and "Videos" references; Google's discovery document youtube:v3, revision 20261104
(read 2026-11).
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from aiohttp import web

from integrations.sandbox.core import Handler, Sandbox
from integrations.sandbox.store import Document

GOOGLE = "https://www.googleapis.com/auth/"
MANAGE = (f"{GOOGLE}youtube", f"{GOOGLE}youtube.force-ssl")
UPLOAD = (*MANAGE, f"{GOOGLE}youtube.upload")
READ = (*MANAGE, f"{GOOGLE}youtube.readonly")
COMMENT = (f"{GOOGLE}youtube.force-ssl",)

TITLE_CHARACTERS = 100
DESCRIPTION_BYTES = 5000
TAGS_CHARACTERS = 500
CATEGORIES = frozenset(str(number) for number in (1, 2, 10, 15, 17, 19, *range(20, 30)) if number != 21)  # assignable
PRIVACY = ("public", "unlisted", "private")

_STATUS_WORDS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}
_USUAL = {
    400: ("badRequest", "Bad Request"),
    401: ("authError", "Invalid Credentials"),
    403: ("forbidden", "Forbidden"),
    404: ("notFound", "Not Found"),
    429: ("rateLimitExceeded", "Resource has been exhausted (e.g. check quota)."),
}


class Refusal(Exception):
    """A request YouTube refuses, in its words."""

    def __init__(
        self, status: int, reason: str, message: str, *, domain: str = "global", location: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = envelope(status, reason, message, domain=domain, location=location)


def envelope(
    status: int, reason: str, message: str, *, domain: str = "global", location: str | None = None
) -> Document:
    """The body of an error."""
    detail: Document = {"message": message, "domain": domain, "reason": reason}
    if location is not None:
        kind = "header" if location == "Authorization" else "other" if location.startswith("body") else "parameter"
        detail |= {"location": location, "locationType": kind}
    error: Document = {"code": status, "message": message, "errors": [detail]}
    if status in _STATUS_WORDS:
        error["status"] = _STATUS_WORDS[status]
    return {"error": error}


def fault(status: int) -> Document:
    """The error a fault rule plays when it names none."""
    reason, message = _USUAL.get(status, ("backendError", "Backend Error"))
    return envelope(status, reason, message)


def answering(handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> Handler:
    """The handler with its refusals turned into answers."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except Refusal as refusal:
            return web.json_response(refusal.body, status=refusal.status)

    return answer


def account_of(sandbox: Sandbox, request: web.Request, scopes: tuple[str, ...]) -> Document:
    """The channel whose token the request carries, where it has one of the scopes. Raises ``Refusal``."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Refusal(401, "required", "Login Required.", location="Authorization")
    account = sandbox.account_for("youtube", token.strip())
    if account is None:
        raise Refusal(
            401,
            "authError",
            "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other "
            "valid authentication credential.",
            location="Authorization",
        )
    held = (sandbox.store.get("token", token.strip()) or {}).get("scopes", ())
    if not set(scopes) & set(held):
        raise Refusal(403, "insufficientPermissions", "Request had insufficient authentication scopes.")
    return account


def parts_of(request: web.Request, known: frozenset[str]) -> list[str]:
    """The ``part`` parameter, given once with commas or many times. Raises ``Refusal``."""
    parts = [part for value in request.query.getall("part", []) for part in value.split(",") if part]
    if not parts:
        raise Refusal(400, "missingRequiredParameter", "Required parameter: part", location="part")
    for part in parts:
        if part not in known:
            raise Refusal(400, "unknownPart", part, domain="youtube.part", location="part")
    return parts


def tags_length(tags: list[str]) -> int:
    """Characters of a tag list as YouTube counts them: the commas between, and two quotes for a tag with a space."""
    return sum(len(tag) + (2 if " " in tag else 0) for tag in tags) + max(0, len(tags) - 1)


def check_video(resource: Mapping[str, Any]) -> None:
    """What ``videos.insert`` refuses in a resource, in YouTube's order. Raises ``Refusal``."""
    snippet, status = resource.get("snippet") or {}, resource.get("status") or {}
    title, description, tags = snippet.get("title"), snippet.get("description", ""), snippet.get("tags", [])
    checks = (
        (
            isinstance(title, str) and title.strip() and len(title) <= TITLE_CHARACTERS and not _angled(title),
            "invalidTitle", "The request metadata specifies an invalid or empty video title.", "body.snippet.title",
        ),
        (
            isinstance(description, str)
            and len(description.encode()) <= DESCRIPTION_BYTES
            and not _angled(description),
            "invalidDescription", "The request metadata specifies an invalid video description.",
            "body.snippet.description",
        ),
        (
            isinstance(tags, list)
            and all(isinstance(tag, str) and not _angled(tag) for tag in tags)
            and tags_length(tags) <= TAGS_CHARACTERS,
            "invalidTags", "The request metadata specifies invalid video keywords.", "body.snippet.tags",
        ),
        (
            snippet.get("categoryId", "22") in CATEGORIES,
            "invalidCategoryId", "The snippet.categoryId property specifies an invalid category ID.",
            "body.snippet.categoryId",
        ),
        (
            _schedulable(status),
            "invalidPublishAt", "The request metadata specifies an invalid scheduled publishing time.",
            "body.status.publishAt",
        ),
    )  # fmt: skip
    for passed, reason, message, location in checks:
        if not passed:
            raise Refusal(400, reason, message, domain="youtube.video", location=location)
    if status.get("privacyStatus", "public") not in PRIVACY:
        raise Refusal(
            400, "invalidValue", f"Invalid value at 'resource.status.privacy_status': {status['privacyStatus']}"
        )


def instant(text: str) -> datetime | None:
    """An RFC 3339 time with its offset, or None."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else None


def _schedulable(status: Mapping[str, Any]) -> bool:
    at = status.get("publishAt")
    return at is None or (isinstance(at, str) and instant(at) is not None and status.get("privacyStatus") == "private")


def _angled(text: str) -> bool:
    return "<" in text or ">" in text
