"""Every error code of the API, what it means, and what to do."""

from dataclasses import dataclass

from chat33.dashboard.reference.rendering import anchor_of


@dataclass(frozen=True, kw_only=True)
class ErrorCode:
    """One code as it stands in ``error``."""

    code: str
    status: int
    means: str
    advice: str

    @property
    def anchor(self) -> str:
        """Where it is on the page of errors."""
        return anchor_of(self.code)


ERRORS: tuple[ErrorCode, ...] = (
    ErrorCode(
        code="VALIDATION_ERROR",
        status=400,
        means="The request is not valid. `details` names each field that is wrong, and why.",
        advice="Mend the fields that `details` names and send it again. Nothing was changed. "
        "`POST /posts/validate` checks a post without creating it.",
    ),
    ErrorCode(
        code="Unauthorized",
        status=401,
        means="No key and no session came with the request, or the key is mistyped, unknown, revoked or expired.",
        advice="Send the whole key in the header `x-api-key`. If it was revoked or has expired, make another under "
        "Settings → API keys. API keys themselves are managed by a logged-in person, not with a key.",
    ),
    ErrorCode(
        code="Insufficient scope",
        status=403,
        means="The key, or the role of the person who is logged in, lacks the scope that the operation needs; "
        "the message names it.",
        advice="A key's scopes cannot be changed: make one that has the scope, and revoke the old one.",
    ),
    ErrorCode(
        code="CSRF_FAILED",
        status=403,
        means="A write came with a browser's session but without its CSRF token.",
        advice="Send the value of the cookie `csrftoken` in the header `X-CSRFToken`, or use an API key.",
    ),
    ErrorCode(
        code="PERMISSION_DENIED",
        status=403,
        means="The caller may not do this.",
        advice="Ask an owner or admin of your organization.",
    ),
    ErrorCode(
        code="Not found",
        status=404,
        means="Your organization has nothing of this id, or there is no such address.",
        advice="Check the id, and that the key belongs to the organization that owns it. Drafts that were deleted are gone.",
    ),
    ErrorCode(
        code="METHOD_NOT_ALLOWED",
        status=405,
        means="The address exists, but not with this method.",
        advice="Look the operation up here; the answer's header `Allow` lists the methods.",
    ),
    ErrorCode(
        code="CONFLICT",
        status=409,
        means="The thing is not in a state that allows this, or a request with the same `Idempotency-Key` is still running.",
        advice="Read the thing again and decide by its status. With `Retry-After` in the answer, send the same request "
        "again after that many seconds.",
    ),
    ErrorCode(
        code="PAYLOAD_TOO_LARGE",
        status=413,
        means="The body is over its limit, or a file in it is.",
        advice="Send a large file by its public address: `POST /media/upload` with `url`.",
    ),
    ErrorCode(
        code="UNSUPPORTED_MEDIA_TYPE",
        status=415,
        means="The body's `Content-Type` is not one that the operation reads.",
        advice="Send JSON with `Content-Type: application/json`; for files, `multipart/form-data`.",
    ),
    ErrorCode(
        code="IDEMPOTENCY_MISMATCH",
        status=422,
        means="The `Idempotency-Key` was used before, with another request.",
        advice="Use a new key for a new request; repeat a request with the body it had.",
    ),
    ErrorCode(
        code="RATE_LIMIT",
        status=429,
        means="A limit is reached. Nothing was changed, and what is refused does not count.",
        advice="Wait for the seconds in `Retry-After`. `RateLimit-Remaining` tells beforehand what is left.",
    ),
    ErrorCode(
        code="INTERNAL_ERROR",
        status=500,
        means="Something went wrong on our side.",
        advice="Send the request again, with the same `Idempotency-Key` where the operation takes one. "
        "If it stays, report it with the request's id.",
    ),
    ErrorCode(
        code="UNAVAILABLE",
        status=503,
        means="The service cannot answer right now. Nothing was changed.",
        advice="Send the same request again after the seconds in `Retry-After`.",
    ),
)


def error_named(code: str) -> ErrorCode | None:
    """The error of that code, if it is one of ours."""
    return next((error for error in ERRORS if error.code == code), None)
