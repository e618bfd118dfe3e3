"""How an account is connected: the address where its owner agrees, and what the code that comes back is worth.

All five networks speak the authorization code grant of OAuth 2.0 (RFC 6749 §4.1), each with words of its own; where one
knows PKCE (RFC 7636), it is used with S256. Nothing here knows Django, rows or sessions: who may come back with which
``state`` is the caller's to check.
"""

import hashlib
import secrets
from abc import ABC, abstractmethod
from base64 import urlsafe_b64encode
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal
from urllib.parse import urlencode

from chat33.lib.http import HttpClient, Reply
from integrations.providers.base import AppConfig, Category, Classification, Credentials, ProviderError


@dataclass(frozen=True, kw_only=True)
class Access:
    """One permission that is asked for, and what it lets us do in the marketer's words."""

    scope: str
    words: str
    needed: bool = True  # posting does not work without it


@dataclass(frozen=True, kw_only=True)
class Found:
    """An account that a login opens."""

    remote_id: str
    name: str
    username: str
    credentials: Credentials
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What a person has agreed to: the login's own credentials, and the accounts to choose from."""

    credentials: Credentials
    accounts: tuple[Found, ...]


@dataclass(frozen=True, kw_only=True)
class Denial:
    """The browser came back without a code."""

    kind: Literal["cancelled", "refused", "trouble"]
    sentence: str


class Login(ABC):
    """Connecting accounts of one network."""

    network: ClassVar[str]  # as the marketer calls it
    access: ClassVar[tuple[Access, ...]]
    pkce: ClassVar[bool] = False
    separator: ClassVar[str] = " "  # between scopes
    version: ClassVar[str] = ""

    def __init__(self, *, http: HttpClient, config: AppConfig) -> None:
        self.http = http
        self.config = config

    @abstractmethod
    def authorize_url(self, *, redirect_uri: str, state: str, challenge: str = "") -> str:
        """Where the browser goes. Pure. ``challenge`` is ``challenge_of`` a verifier where ``pkce`` is true."""

    @abstractmethod
    def exchange(self, *, code: str, redirect_uri: str, verifier: str = "", now: datetime) -> Grant:
        """What the code is worth; ``redirect_uri`` and ``verifier`` are those of the address.

        Raises ``ProviderError`` with a sentence for the marketer, ``NotSent`` and ``ReplyLost``.
        """

    @classmethod
    def denial(cls, query: Mapping[str, str]) -> Denial | None:
        """What a return without a code means (RFC 6749 §4.1.2.1); None when there is a code."""
        if query.get("code") and not query.get("error"):
            return None
        error, network = query.get("error", ""), cls.network
        if error in ("access_denied", "user_cancelled_authorize") or query.get("error_reason") == "user_denied":
            return Denial(
                kind="cancelled", sentence=f"You did not allow Chat33 at {network}, so nothing was connected."
            )
        if error in ("server_error", "temporarily_unavailable"):
            return Denial(
                kind="trouble", sentence=f"{network} has trouble of its own right now. Try again in a minute."
            )
        return Denial(
            kind="refused",
            sentence=f"{network} did not take the request as this installation made it. Ask your operator to check its "
            "client id, redirect address and permissions there.",
        )

    @classmethod
    def missing(cls, scopes: Collection[str]) -> tuple[Access, ...]:
        """The permissions that were asked for and not given."""
        return tuple(access for access in cls.access if access.scope not in scopes)

    def address(self, base: str, **fields: str) -> str:
        """The address with the fields every network shares, all scopes asked for."""
        scope = self.separator.join(access.scope for access in self.access)
        return f"{base}?{urlencode({'response_type': 'code', 'scope': scope, **fields})}"


def new_verifier() -> str:
    """A PKCE verifier: 64 characters (RFC 7636 §4.1)."""
    return secrets.token_urlsafe(48)


def challenge_of(verifier: str) -> str:
    """Its S256 challenge (RFC 7636 §4.2)."""
    return urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def late(network: str) -> Classification:
    """The code was refused."""
    return Classification(
        category=Category.AUTH_EXPIRED,
        source="user",
        retryable=False,
        sentence=f"{network} no longer took the sign-in: it was used before, or it took too long. Connect again.",
    )


def not_registered(network: str) -> Classification:
    """Our own registration was refused."""
    return Classification(
        category=Category.PLATFORM,
        source="system",
        retryable=False,
        sentence=f"{network} does not accept this installation's own registration. Ask your operator to check its client "
        "id, secret and redirect address.",
    )


def trouble(network: str) -> Classification:
    """The network is unwell, or speaks in a way nobody knows."""
    return Classification(
        category=Category.PLATFORM,
        source="platform",
        retryable=True,
        sentence=f"{network} has trouble of its own right now. Connect again in a minute.",
    )


def tokens(reply: Reply, network: str) -> Mapping[str, Any]:
    """The body of a token answer (RFC 6749 §5). Raises ``ProviderError``: our registration, the code, or trouble."""
    told = reply.json()
    body: Mapping[str, Any] = told if isinstance(told, dict) else {}
    if reply.ok and body.get("access_token"):
        return body
    error = str(body.get("error") or body.get("error_type") or "")
    words = str(body.get("error_description") or body.get("error_message") or "")[:300]
    if reply.status >= 500 or not error:
        meaning = trouble(network)
    elif error in ("invalid_client", "unauthorized_client", "deleted_client", "redirect_uri_mismatch", "invalid_scope"):
        meaning = not_registered(network)
    else:
        meaning = late(network)
    raise ProviderError(meaning, code=error, message=words, http_status=reply.status)


def credentials_in(body: Mapping[str, Any], *, separator: str, now: datetime, lifetime: int) -> Credentials:
    """The credentials of a token answer; ``lifetime`` in seconds where it names none."""
    ends = body.get("refresh_expires_in") or body.get("refresh_token_expires_in")
    return Credentials(
        access_token=str(body["access_token"]),
        refresh_token=str(body.get("refresh_token") or ""),
        expires_at=now + timedelta(seconds=int(body.get("expires_in") or lifetime)),
        refresh_expires_at=now + timedelta(seconds=int(ends)) if ends else None,
        scopes=tuple(scope for scope in str(body.get("scope") or "").split(separator) if scope),
    )
