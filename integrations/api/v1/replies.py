"""What is answered about keys and callbacks: the shape of each reply as the schema tells it, and its making from rows."""

from typing import Any

from rest_framework import serializers

from chat33.lib.clock import stamp
from integrations.callbacks import document
from integrations.models import ApiKey, Callback, CallbackAttempt, CallbackStatus


class ApiKeyReply(serializers.Serializer[Any]):
    """An API key without the key."""

    id = serializers.CharField()
    name = serializers.CharField()
    keyPrefix = serializers.CharField(help_text="First 12 chars of the key, e.g. sk_live_abcd")
    scopes = serializers.ListField(child=serializers.CharField())
    lastUsedAt = serializers.DateTimeField(allow_null=True)
    expiresAt = serializers.DateTimeField(allow_null=True)
    isActive = serializers.BooleanField()
    createdAt = serializers.DateTimeField()


class ApiKeyListReply(serializers.Serializer[Any]):
    """The organization's keys, newest first."""

    items = ApiKeyReply(many=True)


class CreatedApiKeyReply(serializers.Serializer[Any]):
    """The new key, in this answer and nowhere else."""

    id = serializers.CharField()
    key = serializers.CharField(help_text="The raw API key. Shown only once.")
    keyPrefix = serializers.CharField()
    name = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField())
    createdAt = serializers.DateTimeField()
    expiresAt = serializers.DateTimeField(allow_null=True)


class RevokedApiKeyReply(serializers.Serializer[Any]):
    """The key opens nothing any more."""

    revoked = serializers.ChoiceField(choices=[True])


class CallbackBodyReply(serializers.Serializer[Any]):
    """What is POSTed to a post's callbackUrl."""

    postId = serializers.CharField()
    status = serializers.ChoiceField(choices=["PUBLISHED", "FAILED"])
    externalPostId = serializers.CharField(allow_null=True)
    externalPostUrl = serializers.CharField(allow_null=True)
    error = serializers.CharField(allow_null=True, help_text="The post's errorMessage.")


class CallbackReply(serializers.Serializer[Any]):
    """A callback and where it stands."""

    id = serializers.CharField(help_text="The same in the header webhook-id of every attempt.")
    postId = serializers.CharField()
    url = serializers.CharField()
    status = serializers.ChoiceField(choices=CallbackStatus.choices)
    attempts = serializers.IntegerField(help_text="Of 13, over four days.")
    nextAttemptAt = serializers.DateTimeField(allow_null=True)
    lastError = serializers.CharField(allow_null=True)
    body = CallbackBodyReply()
    createdAt = serializers.DateTimeField()
    deliveredAt = serializers.DateTimeField(allow_null=True)


class CallbackPageReply(serializers.Serializer[Any]):
    """A page of callbacks, newest first."""

    items = CallbackReply(many=True)
    total = serializers.IntegerField()
    page = serializers.IntegerField()
    limit = serializers.IntegerField()
    hasMore = serializers.BooleanField()


class CallbackAttemptReply(serializers.Serializer[Any]):
    """One try at delivering it."""

    number = serializers.IntegerField()
    createdAt = serializers.DateTimeField()
    httpStatus = serializers.IntegerField(allow_null=True, help_text="null when no answer came.")
    error = serializers.CharField(allow_null=True)
    milliseconds = serializers.IntegerField()
    address = serializers.CharField(allow_null=True, help_text="The receiver's IP address.")
    responseHead = serializers.CharField(allow_null=True, help_text="The first of what the receiver answered.")


class CallbackDetailsReply(CallbackReply):
    """A callback with every attempt at it."""

    tries = CallbackAttemptReply(many=True)


def key_body(key: ApiKey) -> dict[str, Any]:
    """An ``ApiKey`` without its state."""
    return {
        "id": key.public_id,
        "name": key.name,
        "keyPrefix": key.prefix,
        "scopes": key.scopes,
        "lastUsedAt": stamp(key.last_used_at),
        "expiresAt": stamp(key.expires_at),
        "createdAt": stamp(key.created_at),
    }


def callback_body(row: Callback) -> dict[str, Any]:
    """A callback's state."""
    return {
        "id": row.public_id,
        "postId": row.subject,
        "url": row.url,
        "status": row.status,
        "attempts": row.attempts,
        "nextAttemptAt": stamp(row.due_at),
        "lastError": row.last_error or None,
        "body": document(row),
        "createdAt": stamp(row.created_at),
        "deliveredAt": stamp(row.delivered_at),
    }


def attempt_body(attempt: CallbackAttempt) -> dict[str, Any]:
    """One try at a callback."""
    return {
        "number": attempt.number,
        "createdAt": stamp(attempt.created_at),
        "httpStatus": attempt.http_status,
        "error": attempt.error or None,
        "milliseconds": attempt.milliseconds,
        "address": attempt.address or None,
        "responseHead": attempt.response_head or None,
    }
