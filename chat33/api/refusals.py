"""The errors of the public APIs as the schema tells them: for each status what it means and what it looks like."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rest_framework import serializers

from chat33.api.errors import error_body


class ErrorDetail(serializers.Serializer[Any]):
    """One thing that is wrong."""

    path = serializers.CharField(help_text="The field, e.g. accountIds.0")
    message = serializers.CharField(help_text="What is wrong with it.")


class Error(serializers.Serializer[Any]):
    """The one shape of every error."""

    error = serializers.CharField(help_text="Error code, e.g. VALIDATION_ERROR, RATE_LIMIT")
    message = serializers.CharField(help_text="For people: what happened, and where it helps, what to do.")
    details = ErrorDetail(many=True, help_text="The fields that are wrong, for VALIDATION_ERROR; else empty.")


def _header(description: str, kind: str = "integer") -> dict[str, Any]:
    return {"description": description, "schema": {"type": kind}}


LIMIT_HEADERS: Mapping[str, Mapping[str, Any]] = {
    "RateLimit-Limit": _header(
        "Uses in the window: of the operation's own limit where it has one, else of all together."
    ),
    "RateLimit-Remaining": _header("Uses that are left."),
    "RateLimit-Reset": _header("Seconds until a use comes free."),
}
CHALLENGE = {"WWW-Authenticate": _header("How to authenticate.", "string")}
_RETRY_AFTER = {"Retry-After": _header("Seconds to wait before trying again.")}


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """An error response: what it means, and the body of each situation it shows. ``name`` is that of its component."""

    says: str
    examples: Mapping[str, Mapping[str, Any]]
    name: str = ""
    headers: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: LIMIT_HEADERS)

    def response(self) -> dict[str, Any]:
        """The OpenAPI response object."""
        content = {
            "schema": {"$ref": "#/components/schemas/Error"},
            "examples": {situation: {"value": dict(body)} for situation, body in self.examples.items()},
        }
        response = {"description": self.says, "content": {"application/json": content}}
        return {**response, "headers": dict(self.headers)} if self.headers else response


def refused(word: str, says: str, **messages: str) -> Refusal:
    """An operation's own words for an error: ``situation="What the message says."``."""
    return Refusal(says=says, examples={situation: error_body(word, text) for situation, text in messages.items()})


def invalid(says: str, **details: tuple[str, str]) -> Refusal:
    """An operation's own 400: ``situation=("path", "what is wrong")``."""
    return Refusal(says=says, examples={situation: _invalid(*detail) for situation, detail in details.items()})


def _invalid(path: str, message: str) -> Mapping[str, Any]:
    return error_body("VALIDATION_ERROR", f"{path}: {message}", [{"path": path, "message": message}])


STANDARD: Mapping[int, Refusal] = {
    400: Refusal(
        name="Invalid",
        says="The request is not valid; `details` names each field.",
        examples={
            "missing": _invalid("accountIds", "This field is required."),
            "json": error_body("VALIDATION_ERROR", "JSON parse error - Expecting value: line 1 column 1 (char 0)"),
        },
    ),
    401: Refusal(
        name="Unauthorized",
        says="No API key and no session, or a key that is mistyped, unknown, revoked or expired.",
        examples={
            "missing": error_body("Unauthorized", "Authentication credentials were not provided."),
            "unknown": error_body(
                "Unauthorized", "This API key is unknown, revoked or expired. Make a new one in Settings."
            ),
        },
        headers=CHALLENGE,
    ),
    403: Refusal(
        name="Forbidden",
        says="The API key or your role lacks the scope; or a session's write came without its CSRF token.",
        examples={
            "scope": error_body(
                "Insufficient scope", "This needs the scope posts:write, which the API key or your role does not have."
            ),
            "csrf": error_body("CSRF_FAILED", "CSRF Failed: CSRF token missing."),
        },
        headers={},
    ),
    404: Refusal(
        name="NotFound",
        says="Your organization has nothing of this id.",
        examples={"example": error_body("Not found", "Not found.")},
    ),
    409: Refusal(
        name="InFlight",
        says="A request with this Idempotency-Key is still running.",
        examples={
            "example": error_body(
                "CONFLICT", "A request with this Idempotency-Key is still running. Try again in a second."
            )
        },
        headers={**LIMIT_HEADERS, **_RETRY_AFTER},
    ),
    413: Refusal(
        name="TooLarge",
        says="The request body is over its limit.",
        examples={"example": error_body("PAYLOAD_TOO_LARGE", "The request body is too large.")},
    ),
    415: Refusal(
        name="UnsupportedMediaType",
        says="The body's Content-Type is not one this operation reads.",
        examples={
            "example": error_body("UNSUPPORTED_MEDIA_TYPE", 'Unsupported media type "text/plain" in request.'),
        },
    ),
    422: Refusal(
        name="IdempotencyMismatch",
        says="This Idempotency-Key was used with another request.",
        examples={
            "example": error_body(
                "IDEMPOTENCY_MISMATCH",
                "This Idempotency-Key was used with another request. Use a new key for a new request.",
            )
        },
    ),
    429: Refusal(
        name="RateLimited",
        says="A limit is reached. `Retry-After` says when to come back.",
        examples={
            "example": error_body("RATE_LIMIT", "The limit of 30 is reached. Try again in 1260 seconds."),
        },
        headers={**LIMIT_HEADERS, **_RETRY_AFTER},
    ),
    503: Refusal(
        name="Unavailable",
        says="The service cannot answer right now. Nothing was changed.",
        examples={
            "example": error_body(
                "UNAVAILABLE",
                "The service cannot answer right now. Nothing was changed; try again in a few seconds.",
            )
        },
        headers=_RETRY_AFTER,
    ),
}
