"""Calls to X's API v2, and what its refusals mean.

X names its refusals by problem type and by sentence, hardly ever by number (docs.x.com, X API, Response codes &
errors, read 2026-11), so each is recognized by a phrase first and given a code of ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chat33.lib.http import HttpClient, Reply
from integrations.providers.base import Category, Classification, ProviderError

# (phrase in the refusal, our code); the first that is found wins.
_PHRASES: tuple[tuple[str, str], ...] = (
    ("duplicate content", "duplicate"),
    ("reply to this conversation is not allowed", "reply-refused"),
    ("text is too long", "text-too-long"),
    ("media ids are invalid", "media-invalid"),
    ("video duration exceeded", "video-too-long"),
    ("video longer than", "video-too-long"),
    ("segments do not add up", "media-incomplete"),
    ("client-forbidden", "client-forbidden"),
    ("client-not-enrolled", "client-forbidden"),
    ("attached to a project", "client-forbidden"),
    ("usage-capped", "usage-capped"),
    ("problems/credits", "credits"),
    ("creditsdepleted", "credits"),
    ("suspended", "account-suspended"),
    ("temporarily locked", "account-locked"),
    ("might be automated", "looks-automated"),
    ("unauthorized_client", "client-refused"),
    ("invalid_client", "client-refused"),
    ("invalid_grant", "grant-refused"),
    ("value passed for the token was invalid", "grant-refused"),
)

_BY_STATUS: Mapping[int, str] = {
    400: "invalid-request",
    401: "unauthorized",
    402: "credits",
    403: "forbidden",
    404: "not-found",
    413: "media-too-large",
    415: "media-refused",
    429: "rate-limited",
}

MEANINGS: Mapping[str, Classification] = {
    "duplicate": Classification(
        category=Category.DUPLICATE, source="user", retryable=False,
        sentence="X has seen this very text from this account a short while ago. Change the text and try again.",
    ),
    "reply-refused": Classification(
        category=Category.PERMISSION, source="platform", retryable=False,
        sentence="The post is live, but X did not allow the first comment. Write it in X itself if you want it there.",
    ),
    "text-too-long": Classification(
        category=Category.USER_CONTENT, source="user", retryable=False,
        sentence="The text is longer than X allows for this account. Shorten it, or give X a text of its own.",
    ),
    "media-invalid": Classification(
        category=Category.MEDIA, source="user", retryable=False,
        sentence="X took the file but refuses to show it. A video must be H.264 with AAC sound and at most 60 frames a "
        "second; send it again in that form.",
    ),
    "media-refused": Classification(
        category=Category.MEDIA, source="user", retryable=False,
        sentence="X could not read the file. Save it again as JPEG, PNG, GIF or MP4 (H.264 with AAC) and retry.",
    ),
    "media-too-large": Classification(
        category=Category.MEDIA, source="user", retryable=False,
        sentence="The file is larger than X allows. Use a smaller one.",
    ),
    "video-too-long": Classification(
        category=Category.MEDIA, source="user", retryable=False,
        sentence="The video is longer than X allows for this account. Shorten it.",
    ),
    "media-incomplete": Classification(
        category=Category.PLATFORM, source="system", retryable=True, restart=True,
        sentence="Part of the file did not reach X. It is uploaded again by itself.",
    ),
    "media-expired": Classification(
        category=Category.PLATFORM, source="system", retryable=True, restart=True,
        sentence="X has dropped the uploaded file after its day of keeping. It is uploaded again by itself.",
    ),
    "media-processing": Classification(
        category=Category.PLATFORM, source="platform", retryable=True, restart=True,
        sentence="X could not prepare the file this time. It is uploaded again by itself.",
    ),
    "unauthorized": Classification(
        category=Category.AUTH_EXPIRED, source="user", retryable=True, refresh=True,
        sentence="X no longer accepts this connection. Reconnect the account if it does not recover by itself.",
    ),
    "grant-refused": Classification(
        category=Category.AUTH_EXPIRED, source="user", retryable=False,
        sentence="The permission given to us at X has ended. Reconnect the account.",
    ),
    "client-refused": Classification(
        category=Category.PERMISSION, source="system", retryable=False,
        sentence="X does not accept this installation's own credentials. Ask your operator to check them.",
    ),
    "client-forbidden": Classification(
        category=Category.PERMISSION, source="system", retryable=False,
        sentence="X does not allow this installation's app to post. Ask your operator to check its access at X.",
    ),
    "forbidden": Classification(
        category=Category.PERMISSION, source="user", retryable=False,
        sentence="X did not allow this. Reconnect the account and grant posting and media, then try again.",
    ),
    "account-suspended": Classification(
        category=Category.ACCOUNT, source="user", retryable=False,
        sentence="X has suspended this account. Settle that at X first.",
    ),
    "account-locked": Classification(
        category=Category.ACCOUNT, source="user", retryable=False,
        sentence="X has locked this account for now. Log in at x.com, unlock it, then try again.",
    ),
    "looks-automated": Classification(
        category=Category.ACCOUNT, source="platform", retryable=False,
        sentence="X took this post for spam and refused it. Change the text, or wait and post it in X itself.",
    ),
    "rate-limited": Classification(
        category=Category.RATE_LIMIT, source="platform", retryable=True, hold=900.0,
        sentence="Too many posts in a short time for X. The post goes out by itself when X allows more.",
    ),
    "daily-limit": Classification(
        category=Category.QUOTA, source="platform", retryable=True, hold=3600.0,
        sentence="X's daily limit of posts is used up. The post goes out by itself when X allows more.",
    ),
    "usage-capped": Classification(
        category=Category.QUOTA, source="system", retryable=True, hold=3600.0,
        sentence="The monthly use of X's interface is used up. Ask your operator to raise it; the post waits.",
    ),
    "credits": Classification(
        category=Category.QUOTA, source="system", retryable=True, hold=3600.0,
        sentence="The credits for X's interface are used up. Ask your operator to add some; the post waits.",
    ),
    "invalid-request": Classification(
        category=Category.USER_CONTENT, source="user", retryable=False,
        sentence="X did not accept the post as it is. Check its text, files and options, change them and try again.",
    ),
    "not-found": Classification(
        category=Category.PLATFORM, source="platform", retryable=True, restart=True,
        sentence="X no longer knows the file that was uploaded. It is uploaded again by itself.",
    ),
    "platform": Classification(
        category=Category.PLATFORM, source="platform", retryable=True,
        sentence="X has trouble of its own. We try again by ourselves.",
    ),
    "unknown": Classification(
        category=Category.UNKNOWN, source="platform", retryable=False,
        sentence="X refused the post for a reason we do not know. Look at the details, then try again.",
    ),
}  # fmt: skip


def problem(code: str, *, message: str = "", **facts: Any) -> ProviderError:
    """The error for one of our codes."""
    return ProviderError(MEANINGS[code], code=code, message=message, **facts)


def refusal(reply: Reply, *, now: datetime, mutation: bool) -> ProviderError:
    """What an answer other than 2xx means. 5xx to the visible ``mutation`` leaves open whether it happened."""
    answer = reply.json()
    body = answer if isinstance(answer, dict) else {}
    return problem(
        _code(reply, _told(body).lower()),
        message=_message(body)[:300],
        http_status=reply.status,
        trace_id=trace(reply),
        retry_after=_wait(reply, now),
        ambiguous=mutation and not 400 <= reply.status < 500,
    )


def trace(reply: Reply) -> str:
    """The id X asks for in support cases."""
    return reply.headers.get("x-transaction-id", "")


def _told(body: Mapping[str, Any]) -> str:
    """Everything the refusal says, in one line: API problems, partial errors, and OAuth's two fields."""
    parts = [body.get(name) for name in ("title", "detail", "type", "reason", "error", "error_description", "message")]
    errors = body.get("errors")
    for error in errors if isinstance(errors, list) else []:
        if isinstance(error, dict):
            parts += [error.get("message"), error.get("detail"), error.get("code")]
    return " | ".join(str(part) for part in parts if part)


def _message(body: Mapping[str, Any]) -> str:
    """The refusal's most telling words."""
    errors = body.get("errors")
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    words = (first.get("message"), body.get("detail"), body.get("error_description"), body.get("title"))
    return next((str(word) for word in words if word), "")


def _code(reply: Reply, told: str) -> str:
    if reply.status == 429 and reply.headers.get("x-user-limit-24hour-remaining") == "0":
        return "daily-limit"
    for phrase, code in _PHRASES:
        if phrase in told:
            return code
    if reply.status >= 500:
        return "platform"
    return _BY_STATUS.get(reply.status, "unknown")


def _wait(reply: Reply, now: datetime) -> float | None:
    """Seconds until X takes more, where the headers name them."""
    if reply.headers.get("Retry-After", "").isdigit():
        return float(reply.headers["Retry-After"])
    if reply.status != 429:
        return None
    daily = reply.headers.get("x-user-limit-24hour-remaining") == "0"
    reset = reply.headers.get("x-user-limit-24hour-reset" if daily else "x-rate-limit-reset", "")
    return max(1.0, int(reset) - now.timestamp()) if reset.isdigit() else None


@dataclass(frozen=True, kw_only=True)
class XApi:
    """X's API for one account at one moment."""

    http: HttpClient
    base: str
    access_token: str
    now: datetime

    def call(self, method: str, path: str, *, mutation: bool = False, **options: Any) -> tuple[dict[str, Any], Reply]:
        """The answer's ``data`` (or the whole body where there is none) of a call that X accepted.

        ``mutation`` marks the one that makes a post visible. Raises ``ProviderError``, ``NotSent``, ``ReplyLost``.
        """
        reply = self.http.request(
            method, f"{self.base}{path}", headers={"Authorization": f"Bearer {self.access_token}"}, **options
        )
        if not reply.ok:
            raise refusal(reply, now=self.now, mutation=mutation)
        body = reply.json()
        if not isinstance(body, dict):
            raise problem("platform", message="not JSON", http_status=reply.status, ambiguous=mutation)
        return body, reply
