"""The tokens of the doors: made, shown once, replaced with a time in which the old one still opens, revoked at once.

Of each kind there is one that does not end; those that it took over from live on until they end or are revoked. A pixel
token is public and can be shown again; of the others only a digest is kept.
"""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.db import transaction

from chat33.lib.secrets import BASE62, checksum, digest, prefix
from chat33.orgs.models import Organization
from tracking.links.targets import NotATarget, host_of, target_of
from tracking.models import Token, TokenKind

OVERLAPS: Mapping[str, timedelta] = {
    "now": timedelta(0),
    "1h": timedelta(hours=1),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
}
MOST_ORIGINS = 50
_STARTS: Mapping[str, str] = {TokenKind.SERVER: "c33s_", TokenKind.MMP: "c33m_", TokenKind.PIXEL: "c33p_"}
_RANDOM = 30  # base62 digits, 178 bits


class UnableToMake(Exception):
    """There is such a token, or the one meant is no more; the message says what to do."""


class NoOrigin(ValueError):
    """Not an origin; the message says which."""


@dataclass(frozen=True, kw_only=True)
class Held:
    """An organization's tokens of a kind: the one that does not end, and those that still open beside it."""

    current: Token | None
    ending: tuple[Token, ...]


def tokens_of(organization: Organization, *, now: datetime) -> dict[str, Held]:
    """The live tokens, by kind. One query."""
    rows = Token.objects.filter(organization=organization, revoked_at=None).order_by("-id")
    live = [row for row in rows if row.is_live(now)]
    return {
        kind: Held(
            current=next((row for row in live if row.kind == kind and row.expires_at is None), None),
            ending=tuple(row for row in live if row.kind == kind and row.expires_at is not None),
        )
        for kind in TokenKind.values
    }


@transaction.atomic
def make_token(
    *, organization: Organization, kind: TokenKind, by: str, now: datetime, origins: Iterable[str] = ()
) -> tuple[Token, str]:
    """The first token of a kind, and what to show of it once. Raises ``UnableToMake`` when there is one, ``NoOrigin``."""
    _only_one(organization)
    if _current(organization, kind) is not None:
        raise UnableToMake("There is one already. Replace it to get a new one.")
    return _made(organization, kind, by=by, now=now, origins=origins_in("\n".join(origins)))


@transaction.atomic
def rotate_token(*, token: Token, keep: timedelta, by: str, now: datetime) -> tuple[Token, str]:
    """A new one in its place, with its origins; the old one opens for ``keep`` longer. Raises ``UnableToMake``."""
    _only_one(token.organization)
    row = Token.objects.get(pk=token.pk)
    if row.expires_at is not None or not row.is_live(now):
        raise UnableToMake("It has been replaced already.")
    if keep:
        row.expires_at = now + keep
    else:
        row.revoked_at = now
    row.save(update_fields=["expires_at", "revoked_at"])
    return _made(token.organization, TokenKind(row.kind), by=by, now=now, origins=row.origins)


def revoke_token(*, token: Token, now: datetime) -> None:
    """It opens nothing any more, from the next second on; twice changes nothing."""
    Token.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now)


def set_origins(*, token: Token, text: str) -> list[str]:
    """Let pages of these origins alone send by it, one a line; none is any. Raises ``NoOrigin``."""
    token.origins = origins_in(text)
    token.save(update_fields=["origins"])
    return token.origins


def origins_in(text: str) -> list[str]:
    """The origins of a text, one a line, as browsers name them (RFC 6454, section 6.2). Raises ``NoOrigin``."""
    found = list(dict.fromkeys(_origin(line) for line in text.split()))
    if len(found) > MOST_ORIGINS:
        raise NoOrigin(f"Use at most {MOST_ORIGINS}; with none, any website may send.")
    return found


def _origin(text: str) -> str:
    try:
        target = target_of(text if "://" in text else f"https://{text}")
        host, parts = host_of(target), urlsplit(target)
    except NotATarget as error:
        raise NoOrigin(f"{text[:80]}: {error}") from None
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise NoOrigin(f"{text[:80]}: leave out what comes after the host.")
    scheme = parts.scheme.lower()
    port = "" if parts.port in (None, {"http": 80, "https": 443}[scheme]) else f":{parts.port}"
    origin = f"{scheme}://{f'[{host}]' if ':' in host else host}{port}"
    if len(origin) > 260:
        raise NoOrigin(f"{text[:80]}…: the host is too long.")
    return origin


def _only_one(organization: Organization) -> None:
    """Whoever makes tokens at the same moment waits here."""
    Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)


def _current(organization: Organization, kind: TokenKind) -> Token | None:
    return Token.objects.filter(organization=organization, kind=kind, revoked_at=None, expires_at=None).first()


def _made(
    organization: Organization, kind: TokenKind, *, by: str, now: datetime, origins: Iterable[str]
) -> tuple[Token, str]:
    random = "".join(secrets.choice(BASE62) for _ in range(_RANDOM))
    raw = f"{_STARTS[kind]}{random}{checksum(random)}"
    token = Token.objects.create(
        organization=organization,
        kind=kind,
        prefix=prefix(raw),
        digest=digest(raw),
        shown=raw if kind == TokenKind.PIXEL else "",
        origins=list(origins),
        created_by=by,
        created_at=now,
    )
    return token, raw
