"""API keys (by session alone) and callback deliveries."""

from datetime import datetime
from typing import Any, ClassVar

from django.db import transaction
from django.http import Http404
from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.exceptions import NotAuthenticated, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from chat33.api import limits, scopes
from chat33.api.pagination import page_of
from chat33.api.views import ApiView
from chat33.bell import ring_on_commit
from chat33.lib.clock import stamp, utcnow
from chat33.lib.ids import is_id
from chat33.orgs.models import Role, User
from integrations import callbacks, services
from integrations.auth import SessionAuthentication, caller
from integrations.models import ApiKey, Callback, CallbackAttempt
from integrations.selectors import api_keys_for, callbacks_for


class SessionOnly(SessionAuthentication):
    """A person's session; a key in the request is refused even when it is good."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        """401 for a key."""
        if "x-api-key" in request.headers:
            raise NotAuthenticated("API keys are managed by a logged-in person, not with another API key.")
        found = super().authenticate(request)
        if found is not None and found[1].membership.role == Role.VIEWER and request.method != "GET":
            raise PermissionDenied("A viewer may not manage API keys.")
        return found

    def authenticate_header(self, request: Request) -> str:
        """What a 401 asks for."""
        return 'Session realm="chat33"'


def check_ahead(moment: datetime) -> None:
    """Refuse a time that is past: a key that is born dead helps nobody."""
    if moment <= utcnow():
        raise serializers.ValidationError("The time is past.")


class CreateApiKeyRequest(serializers.Serializer[Any]):
    """A key to make."""

    name = serializers.CharField(required=False, default="Default API Key", max_length=100)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=sorted(scopes.ORDINARY)), required=False, min_length=1, max_length=20,
        help_text="Default: every ordinary scope.",
    )  # fmt: skip
    expiresAt = serializers.DateTimeField(required=False, allow_null=True, validators=[check_ahead])

    def validate_scopes(self, value: list[str]) -> list[str]:
        """Each once."""
        return list(dict.fromkeys(value))


class ApiKeysView(ApiView):
    """``/api-keys``."""

    authentication_classes = [SessionOnly]
    scopes: ClassVar[dict[str, str]] = {"GET": "accounts:read", "POST": "accounts:read"}

    def get(self, request: Request) -> Response:
        """Prefixes and metadata, never a raw key."""
        now = utcnow()
        keys = api_keys_for(caller(request).organization)
        return Response({"items": [key_body(key) | {"isActive": key.is_live(now)} for key in keys]})

    def post(self, request: Request) -> Response:
        """Make a key. The raw one is in this answer and nowhere else."""
        who, now = caller(request), utcnow()
        assert isinstance(request.user, User)
        limit = limits.limit_for("API_KEYS", who.overrides)
        self.usage = limits.check(name="API_KEYS", subject=request.user.public_id, limit=limit, now=now)
        serializer = CreateApiKeyRequest(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = serializer.validated_data
        with transaction.atomic():
            self.usage = limits.consume(name="API_KEYS", subject=request.user.public_id, limit=limit, now=now)
            key, raw = services.create_api_key(
                organization=who.organization,
                name=data["name"],
                by=request.user,
                scopes=data.get("scopes"),
                expires_at=data.get("expiresAt"),
            )
        made = {name: value for name, value in key_body(key).items() if name not in ("lastUsedAt", "expiresAt")}
        body = {**made, "key": raw, "expiresAt": stamp(key.expires_at)}
        return Response(body, status=201, headers={"Cache-Control": "no-store"})


class ApiKeyView(ApiView):
    """``/api-keys/{id}``."""

    authentication_classes = [SessionOnly]
    scopes: ClassVar[dict[str, str]] = {"DELETE": "accounts:read"}

    def delete(self, request: Request, key_id: str) -> Response:
        """Revoke a key; twice changes nothing."""
        if not is_id(key_id, "key"):
            raise Http404
        key = get_object_or_404(api_keys_for(caller(request).organization), public_id=key_id)
        services.revoke_api_key(key=key, now=utcnow())
        return Response({"revoked": True})


def callback_named(request: Request, callback_id: str) -> Callback:
    """The caller's callback of this id. Raises ``Http404``."""
    if not is_id(callback_id, "cb"):
        raise Http404
    return get_object_or_404(callbacks_for(caller(request).organization), public_id=callback_id)


class CallbacksView(ApiView):
    """``/callbacks``."""

    scopes: ClassVar[dict[str, str]] = {"GET": "posts:read"}

    def get(self, request: Request) -> Response:
        """A page of callbacks, newest first, of one post if asked."""
        rows = callbacks_for(caller(request).organization)
        post_id = request.query_params.get("postId")
        if post_id:
            rows = rows.filter(subject=post_id.replace("\x00", ""))
        items, around = page_of(request, rows)
        return Response({"items": [callback_body(row) for row in items], **around})


class CallbackView(ApiView):
    """``/callbacks/{id}``."""

    scopes: ClassVar[dict[str, str]] = {"GET": "posts:read"}

    def get(self, request: Request, callback_id: str) -> Response:
        """One callback with every attempt at it."""
        row = callback_named(request, callback_id)
        return Response({**callback_body(row), "tries": [attempt_body(attempt) for attempt in row.tries.all()]})


class ResendView(ApiView):
    """``/callbacks/{id}/resend``."""

    scopes: ClassVar[dict[str, str]] = {"POST": "posts:write"}

    def post(self, request: Request, callback_id: str) -> Response:
        """Send it again now."""
        row = callback_named(request, callback_id)
        sent = callbacks.resend_callback(callback=row, now=utcnow())
        ring_on_commit("integrations.send_callbacks")
        return Response(callback_body(sent))


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
        "body": row.body,
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
