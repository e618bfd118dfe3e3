"""Who is calling: an API key in ``x-api-key``, or a person's session with the organization they work in."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from rest_framework import authentication, exceptions
from rest_framework.request import Request

from chat33.api import scopes
from chat33.api.errors import CsrfFailed
from chat33.lib import secrets
from chat33.lib.ids import is_id
from chat33.orgs.models import Membership, Organization, User, ViewAs
from chat33.orgs.roles import Permission, may
from chat33.orgs.selectors import membership_for
from chat33.orgs.viewing import REFUSED, SAFE, membership_while, viewing_in
from integrations.models import ApiKey

MANAGING_KEYS = Permission.PUBLISH  # a key can publish, so whoever makes one must be allowed to
_USED_EVERY = timedelta(minutes=1)
_NO_KEY = "This API key is unknown, revoked or expired. Make a new one in Settings."
# What a person's role must allow for a scope of their session; those that are not here only read.
_NEEDED: Mapping[str, Permission] = {
    "posts:write": Permission.PUBLISH,
    "media:write": Permission.WRITE,
    "contacts:write": Permission.CONTACTS,
    "links:write": Permission.PUBLISH,
}


def scopes_of(role: str) -> frozenset[str]:
    """What a person with the role may do by the API."""
    return frozenset(scope for scope in scopes.ORDINARY if may(role, _NEEDED.get(scope, Permission.READ)))


@dataclass(frozen=True)
class Caller:
    """The one who calls: its organization, what it may do, and its public id for ``createdBy``."""

    organization: Organization
    scopes: frozenset[str]
    public_id: str
    overrides: Mapping[str, Any]
    key: ApiKey | None = None
    membership: Membership | None = None


class DeadKey(exceptions.AuthenticationFailed):
    """A key that was one: revoked or expired."""

    def __init__(self, key: ApiKey) -> None:
        super().__init__(_NO_KEY)
        self.key = key


def caller(request: Request) -> Caller:
    """The request's caller; views behind ``HasScope`` always have one."""
    return cast(Caller, request.auth)


class ApiKeyAuthentication(authentication.BaseAuthentication):
    """A key in the ``x-api-key`` header. It wins over a cookie."""

    scheme = "apiKey"  # its name in the schema

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        """401 for a key that is mistyped, unknown, revoked or expired."""
        given = request.headers.get("x-api-key")
        if given is None:
            return None
        try:
            key = live_key(given.strip())
        except DeadKey as error:
            request._request.dead_key = error.key  # type: ignore[attr-defined]  # for whoever looks why it is refused
            raise
        return _person(key), _caller_of(key)

    def authenticate_header(self, request: Request) -> str:
        """What a 401 asks for."""
        return 'ApiKey realm="chat33", header="x-api-key"'


class SessionAuthentication(authentication.SessionAuthentication):
    """A logged-in person. Writes need the CSRF token, as everywhere in Django."""

    scheme = "session"

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        """The person, in the organization named by ``X-Organization``, the session, or their first."""
        user = getattr(request._request, "user", None)
        if not isinstance(user, User) or not user.is_active:
            return None
        self.enforce_csrf(request)
        viewing = viewing_in(request._request)
        if viewing is not None and request.method not in SAFE:
            raise exceptions.PermissionDenied(REFUSED)
        membership = _membership(request, user) if viewing is None else _viewed(request, viewing)
        if membership is None:
            raise exceptions.AuthenticationFailed("You are not a member of this organization.")
        organization = membership.organization
        overrides = organization.limits(timezone.now())
        return user, Caller(organization, scopes_of(membership.role), user.public_id, overrides, membership=membership)

    def enforce_csrf(self, request: Request) -> None:
        """403 with a word of its own, so that it is not taken for a missing scope."""
        try:
            super().enforce_csrf(request)
        except exceptions.PermissionDenied as error:
            raise CsrfFailed(str(error.detail)) from None


def _membership(request: Request, user: User) -> Membership | None:
    """Where the person works now. The header is strict; what the session remembers may have ended meanwhile."""
    named = request.headers.get("X-Organization")
    if named is not None:
        return membership_for(user=user, organization_id=named) if is_id(named, "org") else None
    remembered = request._request.session.get("organization_id", "")
    found = membership_for(user=user, organization_id=remembered)
    return found or membership_for(user=user)


def _viewed(request: Request, viewing: ViewAs) -> Membership | None:
    """The place an operator looks from, unless another organization is named."""
    named = request.headers.get("X-Organization", viewing.organization.public_id)
    return membership_while(viewing) if named == viewing.organization.public_id else None


def live_key(given: str) -> ApiKey:
    """The key's row, its use noted. Raises ``AuthenticationFailed`` saying what is wrong with it."""
    if not secrets.well_formed(given):
        raise exceptions.AuthenticationFailed(
            "This is not an API key. Keys start with sk_live_; check for a typing error."
        )
    key = (
        ApiKey.objects.select_related("organization__package", "created_by")
        .filter(digest=secrets.digest(given))
        .first()
    )
    now = timezone.now()
    if key is None:
        raise exceptions.AuthenticationFailed(_NO_KEY)
    if not key.is_live(now):
        raise DeadKey(key)
    if key.last_used_at is None or key.last_used_at < now - _USED_EVERY:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
    return key


def _caller_of(key: ApiKey) -> Caller:
    overrides = key.organization.limits(timezone.now())
    return Caller(key.organization, frozenset(key.scopes), key.public_id, overrides, key=key)


def _person(key: ApiKey) -> User | AnonymousUser:
    return key.created_by or AnonymousUser()
