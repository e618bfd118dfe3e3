"""What requests and replies of the posting API look like, for its documentation."""

from typing import Any

FILE_RULES: dict[str, Any] = {
    "contentTypes": ["image/jpeg"],
    "maxBytes": 8_000_000,
    "maxBytesByType": {},
    "convertible": True,
    "minWidth": 320,
    "maxWidth": 1440,
    "minHeight": None,
    "maxHeight": None,
    "minRatio": 0.8,
    "maxRatio": 1.91,
    "minSeconds": None,
    "maxSeconds": None,
}
BODY = {
    "accountIds": ["chan_abc123"],
    "text": "Check out our new product! #launch",
    "mediaUrls": ["https://example.com/image.jpg"],
    "mediaType": "image",
}
SCHEDULED = {
    "accountIds": ["chan_abc123", "chan_def456"],
    "text": "Coming soon!",
    "mediaUrls": ["https://example.com/video.mp4"],
    "mediaType": "video",
    "platformConfig": {"youtube": {"title": "Coming soon", "privacy": "public"}},
    "scheduledAt": "2026-04-15T14:00:00",
    "timezone": "America/New_York",
    "callbackUrl": "https://example.com/webhook",
}
SUMMARY = {
    "id": "post_abc123",
    "accountId": "chan_abc123",
    "platform": "instagram",
    "accountName": "Demo Coffee",
    "status": "QUEUED",
    "scheduledAt": None,
    "createdAt": "2026-04-15T13:59:30.120Z",
}
POST: dict[str, Any] = {
    "id": "post_abc123",
    "channelId": "chan_abc123",
    "groupId": None,
    "status": "PUBLISHED",
    "text": "Check out our new product! #launch",
    "mediaUrls": ["https://example.com/image.jpg"],
    "mediaType": "image",
    "scheduledAt": None,
    "publishedAt": "2026-04-15T13:59:34.871Z",
    "externalPostId": "17889341234",
    "externalPostUrl": "https://instagram.com/p/DFx1abc",
    "errorMessage": None,
    "retryCount": 0,
    "createdBy": "key_abc123",
    "createdAt": "2026-04-15T13:59:30.120Z",
    "platform": "instagram",
    "accountName": "Demo Coffee",
    "errorCode": None,
    "coverImageUrl": None,
    "platformConfig": {},
    "callbackUrl": None,
    "timezone": "UTC",
    "heldUntil": None,
    "heldReason": None,
    "updatedAt": "2026-04-15T13:59:34.871Z",
}
QUEUED = {
    **POST,
    "status": "QUEUED",
    "scheduledAt": "2026-04-16T09:00:00.000Z",
    "publishedAt": None,
    "externalPostId": None,
    "externalPostUrl": None,
}
ACCOUNTS: dict[str, Any] = {
    "items": [
        {
            "id": "chan_abc123",
            "platform": "instagram",
            "name": "Demo Coffee",
            "username": "demo",
            "isActive": True,
            "metadata": {
                "pageId": "1",
                "sandbox": False,
                "quota": {"limit": 25, "used": 1, "remaining": 24, "windowHours": 24, "nextFreeAt": None},
                "health": {"tokenExpiresAt": None, "scopes": [], "lastError": None, "lastErrorAt": None},
            },
            "createdAt": "2026-04-01T08:00:00.000Z",
        }
    ]
}
PLATFORMS: dict[str, Any] = {
    "items": [
        {
            "platform": "instagram",
            "dailyLimit": 25,
            "text": {
                "limit": 2200,
                "unit": "characters",
                "required": False,
                "maxHashtags": 30,
                "maxMentions": 20,
                "forbiddenCharacters": "",
                "withoutMedia": False,
            },
            "mediaTypes": {"image": {"minFiles": 1, "maxFiles": 1, "mixed": False, "files": {"image": FILE_RULES}}},
            "coverImage": None,
            "platformConfig": {"type": "object", "properties": {"text": {"type": "string"}}},
            "notes": ["A single video is published as a reel that also shows in the feed."],
        }
    ]
}
VERDICT: dict[str, Any] = {
    "ok": False,
    "results": [
        {
            "accountId": "chan_abc123",
            "platform": "instagram",
            "ok": False,
            "errors": [
                {
                    "code": "TEXT_TOO_LONG",
                    "path": "text",
                    "message": "The text is 2304 characters long; at most 2200 are allowed.",
                }
            ],
            "warnings": [],
        }
    ],
}
LOGS: dict[str, Any] = {
    "logs": [
        {
            "event": "publish_retry",
            "createdAt": "2026-04-15T13:59:33.410Z",
            "attempt": 1,
            "step": "prepare",
            "httpStatus": 503,
            "providerCode": "2",
            "traceId": "AbCdEfGhIjK",
            "category": "transient",
            "source": "provider",
            "retryable": True,
            "message": "Service temporarily unavailable",
            "nextAction": "It is tried again in 15 seconds.",
            "milliseconds": 212,
        }
    ]
}
MEDIA: dict[str, Any] = {
    "url": "https://example.com/media/Zk3v/photo.jpg",
    "type": "image",
    "size": 482113,
    "name": "photo.jpg",
    "contentType": "image/jpeg",
    "id": "media_abc123",
    "width": 1080,
    "height": 1350,
    "duration": None,
}
