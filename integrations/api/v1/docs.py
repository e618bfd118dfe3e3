"""What the API says of its operations on keys and callbacks: words, examples, and the errors that are their own."""

from dataclasses import replace
from typing import Any

from drf_spectacular.utils import OpenApiWebhook

from chat33.api.refusals import CHALLENGE, invalid, refused
from chat33.api.schema import Operation, id_of, page_parameters, query
from integrations.api.v1 import replies, serializers

_KEY: dict[str, Any] = {
    "id": "key_abc123",
    "name": "Default API Key",
    "keyPrefix": "sk_live_abcd",
    "scopes": ["accounts:read", "posts:read", "posts:write", "media:write", "contacts:read", "contacts:write"],
    "lastUsedAt": None,
    "expiresAt": None,
    "isActive": True,
    "createdAt": "2026-04-15T08:00:00.000Z",
}
_BODY = {
    "postId": "post_abc123",
    "status": "PUBLISHED",
    "externalPostId": "17889341234",
    "externalPostUrl": "https://instagram.com/p/DFx1abc",
    "error": None,
}
_CALLBACK: dict[str, Any] = {
    "id": "cb_abc123",
    "postId": "post_abc123",
    "url": "https://example.com/webhook",
    "status": "PENDING",
    "attempts": 1,
    "nextAttemptAt": "2026-04-15T13:59:40.200Z",
    "lastError": "The receiver answered 500; 2xx is expected.",
    "body": _BODY,
    "createdAt": "2026-04-15T13:59:34.900Z",
    "deliveredAt": None,
}
_TRY = {
    "number": 1,
    "createdAt": "2026-04-15T13:59:35.100Z",
    "httpStatus": 500,
    "error": "The receiver answered 500; 2xx is expected.",
    "milliseconds": 84,
    "address": "93.184.216.34",
    "responseHead": "Internal Server Error",
}
_CALLBACK_ID = id_of("The callback's")
_WITH_KEY = replace(
    refused(
        "Unauthorized",
        "No session; or an API key, which cannot manage keys.",
        missing="Authentication credentials were not provided.",
        key="API keys are managed by a logged-in person, not with another API key.",
    ),
    headers=CHALLENGE,
)

CREATE_API_KEY = Operation(
    id="createApiKey",
    tag="API Keys",
    summary="Create API key",
    description="Generates a new API key. **Session auth only** — cannot be called with another API key. The raw key is "
    "returned ONCE in the response and never stored or retrievable again. Rate limited to {limit:API_KEYS} per user.",
    body=serializers.CreateApiKeyRequest,
    body_examples={"named": {"name": "Website"}},
    answer=replies.CreatedApiKeyReply,
    answer_status=201,
    answer_says="Key created. Save the `key` value — it cannot be retrieved later.",
    answer_example={
        "key": "sk_live_your_api_key_here",
        **{name: value for name, value in _KEY.items() if name not in ("isActive", "lastUsedAt")},
    },
    refusals={401: _WITH_KEY},
)
LIST_API_KEYS = Operation(
    id="listApiKeys",
    tag="API Keys",
    summary="List API keys",
    description="Returns key prefixes and metadata. Raw keys are never returned. Session auth only.",
    answer=replies.ApiKeyListReply,
    answer_says="Key list",
    answer_example={"items": [_KEY]},
    refusals={401: _WITH_KEY},
)
REVOKE_API_KEY = Operation(
    id="revokeApiKey",
    tag="API Keys",
    summary="Revoke an API key",
    description="Sets the key inactive. Session auth only.",
    parameters=[id_of("The key's")],
    answer=replies.RevokedApiKeyReply,
    answer_says="Revoked",
    answer_example={"revoked": True},
    refusals={401: _WITH_KEY},
)
LIST_CALLBACKS = Operation(
    id="listCallbacks",
    tag="Callbacks",
    summary="List callbacks",
    description="Every callback that was made for your posts and where it stands, newest first.",
    parameters=[query("postId", "Those of one post", {"type": "string"}), *page_parameters()],
    answer=replies.CallbackPageReply,
    answer_says="Paginated callback list",
    answer_example={"items": [_CALLBACK], "total": 1, "page": 1, "limit": 20, "hasMore": False},
    refusals={400: invalid("A page is no number.", page=("page", "Use a whole number from 1."))},
)
GET_CALLBACK = Operation(
    id="getCallback",
    tag="Callbacks",
    summary="Get callback details",
    description="One callback with every attempt at delivering it.",
    parameters=[_CALLBACK_ID],
    answer=replies.CallbackDetailsReply,
    answer_says="Callback details",
    answer_example={**_CALLBACK, "tries": [_TRY]},
)
RESEND_CALLBACK = Operation(
    id="resendCallback",
    tag="Callbacks",
    summary="Send a callback again",
    description="Sends it again now, whatever became of it, with the same `webhook-id` and all 13 attempts before it.",
    parameters=[_CALLBACK_ID],
    answer=replies.CallbackReply,
    answer_says="The callback, PENDING",
    answer_example={**_CALLBACK, "attempts": 0, "lastError": None},
)


def _header(description: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string"}}


_HEADERS = {
    "webhook-id": "The callback's id, the same over all attempts. Use it to drop what comes twice.",
    "webhook-timestamp": "When this attempt was made, in seconds since 1970.",
    "webhook-signature": "`v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`; one for each secret, parted by blanks.",
}
POST_FINISHED = OpenApiWebhook(
    "postFinished",
    {
        "post": {
            "operationId": "postFinished",
            "summary": "A post is published or has failed",
            "description": "POSTed to the post's `callbackUrl`.",
            "tags": ["Callbacks"],
            "parameters": [
                {"name": name, "in": "header", "required": True, **_header(words)} for name, words in _HEADERS.items()
            ],
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {
                        "schema": {"$ref": "#/components/schemas/CallbackBody"},
                        "examples": {"published": {"value": _BODY}},
                    }
                },
            },
            "responses": {
                "2XX": {"description": "Received."},
                "410": {"description": "Not wanted any more: no further attempt is made."},
                "default": {"description": "Tried again, 13 times in all, over four days."},
            },
        }
    },
)
