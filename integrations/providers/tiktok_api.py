"""Calls to TikTok's Content Posting API, and what its refusals mean.

Every answer is an envelope whose ``error.code`` alone says whether it worked, whatever the HTTP status; posting fails
later by ``fail_reason`` (TikTok for Developers, Content Posting API: Direct Post, Photo, Query Creator Info, Get Post
Status; OAuth: Error Handling; read 2026-11).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from chat33.lib.http import HttpClient, Reply
from integrations.providers.base import Category, Classification, ProviderError

_FORMAT = "Use an MP4, MOV or WebM (H.264, H.265, VP8, VP9), or JPEG and WebP pictures."

_SESSION_GONE = Classification(
    category=Category.PLATFORM, source="platform", retryable=True, restart=True,
    sentence="TikTok no longer takes this upload. It is begun again by itself.",
)  # fmt: skip
_RISKY = Classification(
    category=Category.USER_CONTENT, source="platform", retryable=False,
    sentence="TikTok's safety check stopped this post and asks not to send it again. Change it, or post it in the app.",
)  # fmt: skip
_FULL = Classification(
    category=Category.QUOTA, source="platform", retryable=True, hold=3600.0,
    sentence="TikTok's limit of posts in 24 hours is used up, counting every app. The post goes out by itself later.",
)  # fmt: skip
_RETRY = Classification(
    category=Category.PLATFORM, source="platform", retryable=True,
    sentence="TikTok has trouble of its own. We try again by ourselves.",
)  # fmt: skip
_BANNED = Classification(
    category=Category.ACCOUNT, source="user", retryable=False,
    sentence="TikTok has barred this account from posting. Settle that in the TikTok app first.",
)  # fmt: skip
_REMOVED = Classification(
    category=Category.AUTH_EXPIRED, source="user", retryable=False,
    sentence="The permission given to us at TikTok has ended. Reconnect the account.",
)  # fmt: skip
_CLIENT = Classification(
    category=Category.PERMISSION, source="system", retryable=False,
    sentence="TikTok does not accept this installation's own credentials. Ask your operator to check them.",
)  # fmt: skip
_INVALID = Classification(
    category=Category.USER_CONTENT, source="user", retryable=False,
    sentence="TikTok did not accept the post as it is. Check its text, files and options, change them and try again.",
)  # fmt: skip
_SCOPE = Classification(
    category=Category.PERMISSION, source="user", retryable=False,
    sentence="We may not post to this TikTok account. Reconnect it and allow posting.",
)  # fmt: skip
_FETCH = Classification(
    category=Category.MEDIA_FETCH, source="system", retryable=True, restart=True,
    sentence="TikTok could not read the file from us. We try again; if it stays so, check that its address is public.",
)  # fmt: skip

MEANINGS: Mapping[str, Classification] = {
    # error.code
    "access_token_invalid": Classification(
        category=Category.AUTH_EXPIRED, source="user", retryable=True, refresh=True,
        sentence="TikTok no longer accepts this connection. Reconnect the account if it does not recover by itself.",
    ),
    "scope_not_authorized": _SCOPE,
    "scope_permission_missed": _SCOPE,
    "rate_limit_exceeded": Classification(
        category=Category.RATE_LIMIT, source="platform", retryable=True, hold=60.0,
        sentence="Too many requests in a minute for TikTok. The post goes out by itself shortly.",
    ),
    "spam_risk_too_many_posts": _FULL,
    "spam_risk_too_many_pending_share": _FULL,
    "reached_active_user_cap": Classification(
        category=Category.QUOTA, source="system", retryable=True, hold=3600.0,
        sentence="This installation may post for no more TikTok accounts today. The post goes out by itself later.",
    ),
    "spam_risk_user_banned_from_posting": _BANNED,
    "spam_risk": _RISKY,
    "spam_risk_text": _RISKY,
    "unaudited_client_can_only_post_to_private_accounts": Classification(
        category=Category.PERMISSION, source="system", retryable=False,
        sentence="TikTok has not yet approved this installation for public posts. Make the TikTok account private, or "
        "ask your operator to have the app audited.",
    ),
    "url_ownership_unverified": Classification(
        category=Category.PERMISSION, source="system", retryable=False,
        sentence="TikTok reads pictures only from addresses it has verified. Ask your operator to verify ours there.",
    ),
    "privacy_level_option_mismatch": Classification(
        category=Category.USER_CONTENT, source="user", retryable=False,
        sentence="This account may not post with the audience chosen. Choose another in the TikTok options.",
    ),
    "privacy_level_not_authorized": Classification(
        category=Category.USER_CONTENT, source="user", retryable=False,
        sentence="This account may not post with the audience chosen. Choose another in the TikTok options.",
    ),
    "invalid_param": _INVALID,
    "invalid_params": _INVALID,
    "invalid_file_upload": Classification(
        category=Category.MEDIA, source="user", retryable=False,
        sentence=f"TikTok could not use the file. {_FORMAT}",
    ),
    "internal_error": _RETRY,
    "invalid_publish_id": Classification(
        category=Category.PLATFORM, source="platform", retryable=False,
        sentence="TikTok no longer tells what became of this post. Look into the app before sending it again.",
    ),
    "token_not_authorized_for_specified_publish_id": _SCOPE,
    # data.fail_reason
    "internal": Classification(
        category=Category.PLATFORM, source="platform", retryable=True, restart=True,
        sentence="TikTok failed while it prepared the post. It is sent again by itself.",
    ),
    "video_pull_failed": _FETCH,
    "photo_pull_failed": _FETCH,
    "file_format_check_failed": Classification(
        category=Category.MEDIA, source="user", retryable=False,
        sentence=f"TikTok does not take this file's format. {_FORMAT}",
    ),
    "duration_check_failed": Classification(
        category=Category.MEDIA, source="user", retryable=False,
        sentence="The video is too short or too long for this TikTok account. Cut it to fit.",
    ),
    "frame_rate_check_failed": Classification(
        category=Category.MEDIA, source="user", retryable=False,
        sentence="TikTok takes videos of 23 to 60 frames a second. Save the video again within that.",
    ),
    "picture_size_check_failed": Classification(
        category=Category.MEDIA, source="user", retryable=False,
        sentence="The picture is too small or too large for TikTok: videos 360 to 4096 pixels, photos up to 1080p.",
    ),
    "auth_removed": _REMOVED,
    "publish_cancelled": Classification(
        category=Category.PLATFORM, source="platform", retryable=False,
        sentence="The post was cancelled at TikTok. Send it again if you still want it.",
    ),
    # POST /v2/oauth/token/
    "invalid_grant": _REMOVED,
    "access_denied": _REMOVED,
    "invalid_client": _CLIENT,
    "unauthorized_client": _CLIENT,
    "invalid_request": _CLIENT,
    "invalid_scope": _CLIENT,
    "unsupported_grant_type": _CLIENT,
    # ours
    "duration": Classification(
        category=Category.MEDIA, source="user", retryable=False,
        sentence="The video is longer than this TikTok account may post. Cut it to fit.",
    ),
    "upload_gone": _SESSION_GONE,
    "upload_refused": Classification(
        category=Category.MEDIA, source="system", retryable=True, restart=True,
        sentence="TikTok did not take a part of the file. It is uploaded again by itself.",
    ),
    "upload_unsettled": Classification(
        category=Category.PLATFORM, source="platform", retryable=True,
        sentence="TikTok and we disagree about how much of the file has arrived. We are asking TikTok.",
    ),
    "in_the_inbox": Classification(
        category=Category.ACCOUNT, source="platform", retryable=False,
        sentence="TikTok put this into the account's inbox instead of posting it. Open the app and finish there.",
    ),
    "not_finished": Classification(
        category=Category.PLATFORM, source="platform", retryable=False,
        sentence="TikTok has the post but has not said that it is out. Look into the app before sending it again.",
    ),
    "forbidden": Classification(
        category=Category.PERMISSION, source="platform", retryable=False,
        sentence="TikTok did not allow this post. Look at the account in the TikTok app; reconnect it if all is well.",
    ),
    "platform": _RETRY,
    "unknown": Classification(
        category=Category.UNKNOWN, source="platform", retryable=False,
        sentence="TikTok refused the post for a reason we do not know. Look at the details, then try again.",
    ),
}  # fmt: skip

_BY_STATUS: Mapping[int, str] = {
    400: "invalid_params",
    401: "access_token_invalid",
    403: "forbidden",
    404: "invalid_publish_id",
    429: "rate_limit_exceeded",
}


def problem(code: str, *, message: str = "", **facts: Any) -> ProviderError:
    """The error for a code of the table; an unknown one falls back by ``http_status``."""
    status = facts.get("http_status")
    fallback = "platform" if isinstance(status, int) and status >= 500 else _BY_STATUS.get(status or 0, "unknown")
    return ProviderError(MEANINGS.get(code) or MEANINGS[fallback], code=code, message=message, **facts)


def failure(reason: str, **facts: Any) -> ProviderError:
    """The error for the ``fail_reason`` of a post that is over: where it may be tried again, then from the start."""
    meaning = MEANINGS.get(reason) or MEANINGS["unknown"]
    anew = replace(meaning, restart=meaning.retryable, hold=None)
    return ProviderError(anew, code=reason, message="TikTok did not post it", retry_after=meaning.hold, **facts)


@dataclass(frozen=True, kw_only=True)
class TikTokApi:
    """TikTok's API for one account."""

    http: HttpClient
    base: str
    access_token: str

    def call(
        self, path: str, body: Mapping[str, Any] | None = None, *, mutation: bool = False
    ) -> tuple[dict[str, Any], Reply]:
        """``data`` of a call whose ``error.code`` is ``ok``.

        ``mutation`` marks the one that makes a post visible: TikTok's own trouble then leaves open whether it
        happened. Raises ``ProviderError``, ``NotSent``, ``ReplyLost``.
        """
        reply = self.http.request(
            "POST",
            f"{self.base}{path}",
            headers={
                "Authorization": f"Bearer {self.access_token}",
                "Content-Type": "application/json; charset=UTF-8",
            },
            json=dict(body or {}),
        )
        answer = reply.json()
        envelope = answer if isinstance(answer, dict) else {}
        error = envelope.get("error") if isinstance(envelope.get("error"), dict) else {}
        assert isinstance(error, dict)
        data = envelope.get("data")
        if reply.ok and error.get("code") == "ok" and isinstance(data, dict):
            return data, reply
        told = str(error.get("code") or "")
        theirs = not 400 <= reply.status < 500
        code = told if told not in ("", "ok") else "platform" if theirs else ""
        raise problem(
            code,
            message=str(error.get("message") or "")[:300],
            http_status=reply.status,
            trace_id=trace(reply),
            retry_after=wait(reply),
            ambiguous=mutation and (reply.status >= 500 or code in ("platform", "internal_error")),
        )


def trace(reply: Reply) -> str:
    """The ``log_id`` TikTok asks for in support cases."""
    body = reply.json()
    if not isinstance(body, dict):
        return ""
    error = body.get("error")
    return str((error.get("log_id") if isinstance(error, dict) else body.get("log_id")) or "")


def wait(reply: Reply) -> float | None:
    """Seconds until TikTok takes more, where it says."""
    told = reply.headers.get("Retry-After", "")
    return float(told) if told.isdigit() else None
