"""What YouTube's refusals mean for us: one table of reasons, one of processing outcomes.

Sources: YouTube Data API, "Errors" and the error lists of videos.insert, thumbnails.set and commentThreads.insert;
discovery document youtube:v3 for ``failureReason`` and ``rejectionReason``; Google, "Using OAuth 2.0 for Web Server
Applications" for the token endpoint's codes (read 2026-11).
"""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from chat33.lib.http import Reply
from integrations.providers.base import Category, Classification, ProviderError

_PACIFIC = ZoneInfo("America/Los_Angeles")
_RECONNECT = "Reconnect the channel and leave every permission ticked."


def _user(category: Category, sentence: str) -> Classification:
    return Classification(category=category, source="user", retryable=False, sentence=sentence)


def _content(sentence: str) -> Classification:
    return _user(Category.USER_CONTENT, sentence)


def _media(sentence: str) -> Classification:
    return _user(Category.MEDIA, sentence)


def _account(sentence: str) -> Classification:
    return _user(Category.ACCOUNT, sentence)


_TOKEN_REFUSED = Classification(
    category=Category.AUTH_EXPIRED,
    source="user",
    retryable=True,
    sentence="YouTube no longer accepts this channel's sign-in. If it is not renewed by itself, reconnect the channel.",
    refresh=True,
)
_NO_PERMISSION = _user(
    Category.PERMISSION, f"The permission to do this on the YouTube channel was not given. {_RECONNECT}"
)
_TOO_FAST = Classification(
    category=Category.RATE_LIMIT,
    source="platform",
    retryable=True,
    sentence="YouTube asks us to slow down. The post goes out by itself in a few minutes.",
    hold=60,
)
_PROJECT_QUOTA = Classification(
    category=Category.QUOTA,
    source="system",
    retryable=True,
    sentence="The day's YouTube uploads of this installation are used up. The post goes out by itself after midnight, "
    "Pacific time; an operator can ask Google for a larger quota.",
    hold=6 * 3600,
)
_TROUBLE = Classification(
    category=Category.PLATFORM,
    source="platform",
    retryable=True,
    sentence="YouTube has trouble of its own right now. We try again.",
)
_SETUP = Classification(  # no fault of the channel's, so not a category that disconnects it
    category=Category.PLATFORM,
    source="system",
    retryable=False,
    sentence="This installation's registration at Google is not in order. Ask your operator to check the Google Cloud "
    "project: client id and secret, and that the YouTube Data API is enabled.",
)
_UNKNOWN = Classification(
    category=Category.UNKNOWN,
    source="platform",
    retryable=False,
    sentence="YouTube refused this and gave no reason we know. Try it in YouTube Studio to see what it says there.",
)

REASONS: Mapping[str, Classification] = {
    "authError": _TOKEN_REFUSED,
    "required": _TOKEN_REFUSED,
    "unauthorized": _TOKEN_REFUSED,
    "authorizationRequired": _TOKEN_REFUSED,
    "invalid_grant": _user(
        Category.AUTH_EXPIRED,
        "The sign-in to this YouTube channel has ended, or access was withdrawn in the Google account. "
        "Reconnect the channel.",
    ),
    "invalid_client": _SETUP,
    "unauthorized_client": _SETUP,
    "deleted_client": _SETUP,
    "accessNotConfigured": _SETUP,
    "SERVICE_DISABLED": _SETUP,
    "insufficientPermissions": _NO_PERMISSION,
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": _NO_PERMISSION,
    "insufficientCapabilities": _NO_PERMISSION,
    "forbidden": _user(
        Category.PERMISSION,
        "YouTube does not let this channel do that. Check in YouTube Studio that the channel is verified and in good "
        "standing, then publish again.",
    ),
    "youtubeSignupRequired": _account(
        "This Google account has no YouTube channel. Create one at youtube.com, then reconnect."
    ),
    "authenticatedUserNotChannel": _account(
        "This Google account has no YouTube channel. Create one at youtube.com, then reconnect."
    ),
    "authenticatedUserAccountClosed": _account("This YouTube account is closed. Connect another channel."),
    "authenticatedUserAccountSuspended": _account(
        "YouTube has suspended this account. Settle it with YouTube, then publish again."
    ),
    "channelClosed": _account("This YouTube channel is closed. Connect another one."),
    "channelSuspended": _account("YouTube has suspended this channel. Settle it with YouTube, then publish again."),
    "ineligibleAccount": _account("This Google account may not comment on YouTube yet. Finish its set-up there."),
    "quotaExceeded": _PROJECT_QUOTA,
    "dailyLimitExceeded": _PROJECT_QUOTA,
    "uploadLimitExceeded": Classification(
        category=Category.QUOTA,
        source="platform",
        retryable=True,
        sentence="The channel has uploaded as many videos as YouTube allows in a day. The post goes out by itself when "
        "YouTube takes videos again.",
        hold=6 * 3600,
    ),
    "rateLimitExceeded": _TOO_FAST,
    "userRateLimitExceeded": _TOO_FAST,
    "uploadRateLimitExceeded": Classification(
        category=Category.RATE_LIMIT,
        source="platform",
        retryable=True,
        sentence="The channel has set many thumbnails in a short time. Set this one later in YouTube Studio.",
        hold=3600,
    ),
    "invalidTitle": _content(
        "YouTube refuses the title. It needs 1 to 100 characters and no < or >. Change it and publish again."
    ),
    "invalidDescription": _content(
        "YouTube refuses the description. It may have 5,000 bytes and no < or >. Change it and publish again."
    ),
    "invalidTags": _content(
        "YouTube refuses the tags. Together they may have 500 characters, commas counted. Change them and try again."
    ),
    "invalidCategoryId": _content("YouTube does not know this category. Choose another one and publish again."),
    "invalidPublishAt": _content(
        "YouTube refuses the time set for the video to go public. It needs a time to come. Change it and publish again."
    ),
    "invalidFilename": _media("YouTube refuses the file's name. Rename the file and publish again."),
    "invalidRecordingDetails": _content("YouTube refuses the recording details. Remove them and publish again."),
    "forbiddenPrivacySetting": _content(
        "The channel may not use this privacy setting. Choose another one and publish again."
    ),
    "forbiddenLicenseSetting": _content("The channel may not use this licence. Choose another one and publish again."),
    "mediaBodyRequired": _media("No video reached YouTube. Check that the file is not empty and publish again."),
    "badContent": _media("YouTube does not take this kind of file. Use an MP4 and publish again."),
    "invalidImage": _media("YouTube cannot read the cover image. Use a JPEG or PNG and set it in YouTube Studio."),
    "videoNotFound": _content("YouTube does not have this video any more. It may have been deleted there."),
    "commentsDisabled": _content("Comments are off for this video, so the first comment was left out."),
    "commentTextRequired": _content("The first comment is empty, so YouTube left it out."),
    "commentTextTooLong": _content("The first comment is too long for YouTube: at most 10,000 characters."),
    "processingFailure": Classification(
        category=Category.PLATFORM,
        source="platform",
        retryable=True,
        sentence="YouTube could not take the comment just now. Add it by hand.",
    ),
    "backendError": _TROUBLE,
    "internalError": _TROUBLE,
}

# ``status.failureReason`` of a video whose upload YouTube could not use.
FAILURES: Mapping[str, Classification] = {
    "codec": _media("YouTube cannot play this video's codec. Export it as MP4 with H.264 and AAC, and publish again."),
    "conversion": _media("YouTube could not convert the video. Export it again as MP4 (H.264, AAC) and publish again."),
    "emptyFile": _media("The video file is empty. Choose another file and publish again."),
    "invalidFile": _media("YouTube does not recognise the file as a video. Export it as MP4 and publish again."),
    "tooSmall": _media("The video file is too small for YouTube. Choose another file and publish again."),
    "uploadAborted": Classification(
        category=Category.PLATFORM,
        source="platform",
        retryable=False,
        sentence="The upload broke off at YouTube. Publish the post again.",
    ),
}

# ``status.rejectionReason`` of a video YouTube refuses to show.
REJECTIONS: Mapping[str, Classification] = {
    "claim": _content("A rights holder blocks this video on YouTube. See the claim in YouTube Studio."),
    "copyright": _content("YouTube rejected the video for copyright. Replace the material and publish again."),
    "duplicate": _user(
        Category.DUPLICATE, "YouTube says that this very video is already on the channel. Nothing needs to be done."
    ),
    "inappropriate": _content("YouTube rejected the video under its community guidelines. See YouTube Studio."),
    "legal": _content("YouTube rejected the video for a legal reason. See YouTube Studio."),
    "length": _media(
        "The video is longer than the channel may upload. Verify the channel at youtube.com/verify for videos of more "
        "than 15 minutes, or shorten it."
    ),
    "termsOfUse": _content("YouTube rejected the video under its terms of use. See YouTube Studio."),
    "trademark": _content("YouTube rejected the video for a trademark. Replace the material and publish again."),
    "uploaderAccountClosed": _account("This YouTube account is closed. Connect another channel."),
    "uploaderAccountSuspended": _account(
        "YouTube has suspended this account. Settle it with YouTube, then publish again."
    ),
}

_STATUSES: Mapping[int, Classification] = {
    400: _content("YouTube refuses the video's details. Check title, description, tags and options, and try again."),
    401: _TOKEN_REFUSED,
    403: REASONS["forbidden"],
    408: _TROUBLE,
    413: _media("The video is larger than YouTube takes. Make it smaller and publish again."),
    429: _TOO_FAST,
}


def refusal(reply: Reply, *, now: datetime, visible: bool = False) -> ProviderError:
    """A reply that is no success, as an error.

    ``visible`` says that the request could make the video public: then YouTube's own trouble (5xx) leaves it open
    whether it did. Nothing of the upload's address goes into the error: who has it can upload.
    """
    code, message = _named(reply.json())
    meaning = REASONS.get(code) or _STATUSES.get(reply.status) or (_TROUBLE if reply.status >= 500 else _UNKNOWN)
    told = str(reply.headers.get("Retry-After", ""))
    wait: float | None = float(told) if told.isdecimal() else None
    if wait is None and meaning is _PROJECT_QUOTA:
        wait = until_quota_day(now)
    return ProviderError(
        meaning,
        code=code or str(reply.status),
        message=message,
        http_status=reply.status,
        retry_after=wait,
        ambiguous=visible and reply.status >= 500,
    )


def session_lost() -> ProviderError:
    """A session that is gone after its last byte may have arrived: nothing is sent again before the channel is read."""
    return ProviderError(_TROUBLE, code="uploadSessionExpired", http_status=404, ambiguous=True)


def senseless(reply: Reply, *, code: str, visible: bool = False) -> ProviderError:
    """An answer that is no refusal and yet not what the protocol promises; ``visible`` as in ``refusal``."""
    return ProviderError(_TROUBLE, code=code, http_status=reply.status, ambiguous=visible)


def unusable(status: Mapping[str, Any]) -> ProviderError | None:
    """The error in a video's ``status`` part once YouTube has failed, rejected or deleted it; None otherwise."""
    state = status.get("uploadStatus")
    if state == "deleted":
        return ProviderError(REASONS["videoNotFound"], code="deleted")
    if state == "failed":
        code = str(status.get("failureReason", "failed"))
        return ProviderError(FAILURES.get(code, FAILURES["conversion"]), code=code)
    if state == "rejected":
        code = str(status.get("rejectionReason", "rejected"))
        return ProviderError(REJECTIONS.get(code, REJECTIONS["termsOfUse"]), code=code)
    return None


def until_quota_day(now: datetime) -> float:
    """Seconds until a Google project's daily quota is filled again: midnight, Pacific time."""
    local = now.astimezone(_PACIFIC)
    midnight = datetime.combine(local.date() + timedelta(days=1), time(), tzinfo=_PACIFIC)
    return max(1.0, midnight.timestamp() - now.timestamp())


def _named(body: Any) -> tuple[str, str]:
    """Reason and message of ``{"error": {...}}``, or of the token endpoint's flat ``{"error": "..."}``."""
    if not isinstance(body, dict):
        return "", ""
    error = body.get("error")
    if isinstance(error, str):
        return error, str(body.get("error_description", ""))
    if not isinstance(error, dict):
        return "", ""
    details = error.get("errors") or error.get("details") or [{}]
    first = details[0] if isinstance(details, list) and isinstance(details[0], dict) else {}
    return str(first.get("reason", "")), str(error.get("message", ""))[:500]
