"""The documented bodies, written down by hand from the public reference: each key and the JSON types it may have."""

from collections.abc import Set as AbstractSet
from typing import Any

from tests.contracts.document import HeldClient
from tests.people import Person

NULL = type(None)
PLATFORMS = {"instagram", "facebook", "tiktok", "youtube", "x"}
STATUSES = {"DRAFT", "QUEUED", "PUBLISHING", "PUBLISHED", "FAILED", "CANCELLED"}

Shape = dict[str, tuple[type, ...]]

ACCOUNT: Shape = {
    "id": (str,),
    "platform": (str,),
    "name": (str,),
    "username": (str, NULL),
    "isActive": (bool,),
    "metadata": (dict,),
    "createdAt": (str,),
}
POST_SUMMARY: Shape = {
    "id": (str,),
    "accountId": (str,),
    "platform": (str,),
    "accountName": (str,),
    "status": (str,),
    "scheduledAt": (str, NULL),
    "createdAt": (str,),
}
POST: Shape = {
    "id": (str,),
    "channelId": (str,),
    "groupId": (str, NULL),
    "status": (str,),
    "text": (str, NULL),
    "mediaUrls": (list,),
    "mediaType": (str, NULL),
    "scheduledAt": (str, NULL),
    "publishedAt": (str, NULL),
    "externalPostId": (str, NULL),
    "externalPostUrl": (str, NULL),
    "errorMessage": (str, NULL),
    "retryCount": (int,),
    "createdBy": (str,),
    "createdAt": (str,),
    "platform": (str,),
    "accountName": (str,),
}
OURS_ON_A_POST = {
    "errorCode",
    "coverImageUrl",
    "platformConfig",
    "callbackUrl",
    "timezone",
    "heldUntil",
    "heldReason",
    "updatedAt",
}
PAGE: Shape = {"items": (list,), "total": (int,), "page": (int,), "limit": (int,), "hasMore": (bool,)}
CREATED: Shape = {"posts": (list,), "groupId": (str, NULL)}
DUPLICATED: Shape = {"duplicatedFrom": (str,), **CREATED}
MEDIA: Shape = {"url": (str,), "type": (str,), "size": (int,), "name": (str,), "contentType": (str,)}
OURS_ON_MEDIA = {"id", "width", "height", "duration"}
API_KEY: Shape = {
    "id": (str,),
    "name": (str,),
    "keyPrefix": (str,),
    "scopes": (list,),
    "lastUsedAt": (str, NULL),
    "expiresAt": (str, NULL),
    "isActive": (bool,),
    "createdAt": (str,),
}
CREATED_KEY: Shape = {
    "id": (str,),
    "key": (str,),
    "keyPrefix": (str,),
    "name": (str,),
    "scopes": (list,),
    "createdAt": (str,),
}
ERROR: Shape = {"error": (str,), "message": (str,), "details": (list,)}
DEFAULT_SCOPES = {
    "accounts:read",
    "posts:read",
    "posts:write",
    "media:write",
    "contacts:read",
    "contacts:write",
}


def has_shape(body: Any, shape: Shape, *, ours: AbstractSet[str] = frozenset()) -> None:
    """Exactly the documented keys and ours beside them, each of a documented type."""
    assert set(body) == shape.keys() | ours
    for name, types in shape.items():
        assert type(body[name]) in types, f"{name} is {body[name]!r}"


def is_error(reply: Any, status: int, word: str) -> dict[str, Any]:
    """The documented error, its details each with a path and a message."""
    assert reply.status_code == status, reply.content
    body: dict[str, Any] = reply.json()
    has_shape(body, ERROR)
    assert body["error"] == word
    assert body["message"]
    for detail in body["details"]:
        assert set(detail) == {"path", "message"}
        assert all(isinstance(value, str) for value in detail.values())
    return body


def api(person: Person) -> HeldClient:
    """The person's client with the key, every reply held against the document."""
    return HeldClient(headers={"x-api-key": person.key})


def browser(person: Person) -> HeldClient:
    """The person's client with a session, every reply held against the document."""
    client = HeldClient()
    client.force_login(person.user)
    return client
