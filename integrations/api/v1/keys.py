"""API keys, by session alone."""

from typing import Any, ClassVar

from django.http import Http404
from django.shortcuts import get_object_or_404
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from chat33.api import limits
from chat33.api.bodies import read_body
from chat33.api.errors import InsufficientScope
from chat33.api.schema import Operation
from chat33.api.views import ApiView
from chat33.lib.clock import stamp, utcnow
from chat33.lib.ids import is_id
from chat33.orgs.models import User
from chat33.orgs.roles import may
from integrations import services
from integrations.api.v1 import docs
from integrations.api.v1.replies import key_body
from integrations.api.v1.serializers import CreateApiKeyRequest
from integrations.auth import MANAGING_KEYS, SessionAuthentication, caller
from integrations.selectors import api_keys_for


class SessionOnly(SessionAuthentication):
    """A person's session; a key in the request is refused even when it is good."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        """401 for a key."""
        if "x-api-key" in request.headers:
            raise NotAuthenticated("API keys are managed by a logged-in person, not with another API key.")
        found = super().authenticate(request)
        if found is not None and request.method != "GET" and not may(found[1].membership.role, MANAGING_KEYS):
            raise InsufficientScope(f"A {found[1].membership.role} may not manage API keys. Ask an editor or an admin.")
        return found

    def authenticate_header(self, request: Request) -> str:
        """What a 401 asks for."""
        return 'Session realm="chat33"'


class ApiKeysView(ApiView):
    """``/api-keys``."""

    authentication_classes = [SessionOnly]
    scopes: ClassVar[dict[str, str]] = {"GET": "accounts:read", "POST": "accounts:read"}
    operations: ClassVar[dict[str, Operation]] = {"GET": docs.LIST_API_KEYS, "POST": docs.CREATE_API_KEY}

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
        data = read_body(CreateApiKeyRequest, request)
        key, raw, self.usage = services.make_api_key(
            organization=who.organization,
            name=data["name"],
            by=request.user,
            scopes=data.get("scopes"),
            expires_at=data.get("expiresAt"),
            overrides=who.overrides,
            now=now,
        )
        made = {name: value for name, value in key_body(key).items() if name not in ("lastUsedAt", "expiresAt")}
        body = {**made, "key": raw, "expiresAt": stamp(key.expires_at)}
        return Response(body, status=201, headers={"Cache-Control": "no-store"})


class ApiKeyView(ApiView):
    """``/api-keys/{id}``."""

    authentication_classes = [SessionOnly]
    scopes: ClassVar[dict[str, str]] = {"DELETE": "accounts:read"}
    operations: ClassVar[dict[str, Operation]] = {"DELETE": docs.REVOKE_API_KEY}

    def delete(self, request: Request, key_id: str) -> Response:
        """Revoke a key; twice changes nothing."""
        if not is_id(key_id, "key"):
            raise Http404
        key = get_object_or_404(api_keys_for(caller(request).organization), public_id=key_id)
        services.revoke_api_key(key=key, now=utcnow())
        return Response({"revoked": True})
