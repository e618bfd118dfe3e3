"""Channels: connecting them, opening their credentials, keeping their tokens fresh, and saying how they are."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F

from chat33.lib.clock import utcnow
from chat33.lib.http import Guard, HttpClient, NotSent, ReplyLost
from chat33.lib.secrets import Cipher, Undecipherable
from chat33.orgs.models import Organization
from integrations.models import Channel, Notice, soon_expiring
from integrations.providers.base import Account, AppConfig, Category, Credentials, Provider, ProviderError
from integrations.providers.registry import PROVIDERS, sandbox_hosts

logger = structlog.get_logger(__name__)

# How long before its end a token is renewed: well ahead where it lives for weeks, minutes where it lives for hours.
MARGINS: Mapping[str, timedelta] = {
    "instagram": timedelta(days=10),
    "facebook": timedelta(days=10),
    "tiktok": timedelta(hours=2),
    "youtube": timedelta(minutes=10),
    "x": timedelta(minutes=20),
}
PRACTICE_CLIENT = "sandbox"  # id and secret of the app that the sandbox knows
QUOTA_FRESH = timedelta(minutes=5)
RECONNECT = "channel_needs_reconnecting"


class UnableToRefresh(Exception):
    """The network refuses the channel's credentials; a person has to connect it again."""


def cipher() -> Cipher:
    """What encrypts credentials and secrets at rest."""
    return Cipher(settings.ENCRYPTION_KEYS)


def http_client() -> HttpClient:
    """A guarded client with this installation's exceptions."""
    return HttpClient(guard=Guard(frozenset(settings.ALLOW_PRIVATE_HOSTS)))


def adapter(channel: Channel, http: HttpClient) -> Provider:
    """The channel's adapter, at the real network or at the sandbox."""
    return PROVIDERS[channel.platform](http=http, config=app_config(channel.platform, is_sandbox=channel.is_sandbox))


def app_config(platform: str, *, is_sandbox: bool) -> AppConfig:
    """Our registration at the network, or at its practice copy."""
    kind, app = PROVIDERS[platform], settings.PROVIDER_APPS[platform]
    return AppConfig(
        hosts=sandbox_hosts(platform, settings.SANDBOX_URL) if is_sandbox else kind.hosts,
        client_id=PRACTICE_CLIENT if is_sandbox else app["client_id"],
        client_secret=PRACTICE_CLIENT if is_sandbox else app["client_secret"],
        version=app["version"] or kind.version,
    )


def account(channel: Channel) -> Account:
    """The channel as its adapter knows it, credentials opened."""
    opened = json.loads(cipher().decrypt(channel.credentials, context=channel.public_id))
    return Account(
        remote_id=channel.remote_id,
        username=channel.username,
        metadata=channel.metadata,
        credentials=Credentials(
            access_token=opened["access_token"],
            refresh_token=opened["refresh_token"],
            expires_at=channel.token_expires_at,
            refresh_expires_at=_moment(opened.get("refresh_expires_at")),
            scopes=tuple(channel.scopes),
        ),
    )


def known_account(channel: Channel) -> Account:
    """The channel as rules see it: what is known of the account, its credentials closed."""
    credentials = Credentials(access_token="", scopes=tuple(channel.scopes))
    return Account(
        remote_id=channel.remote_id, username=channel.username, metadata=channel.metadata, credentials=credentials
    )


@transaction.atomic
def connect_channel(
    *,
    organization: Organization,
    platform: str,
    remote_id: str,
    name: str,
    username: str,
    credentials: Credentials,
    metadata: Mapping[str, Any],
    is_sandbox: bool,
    now: datetime,
) -> Channel:
    """Connect an account, or connect it again: its posts and its id stay, and so does what is known of it.

    A login that brings no refresh token, as some networks' later ones do, leaves the one there is.
    """
    channel, made = Channel.objects.select_for_update().get_or_create(
        organization=organization,
        platform=platform,
        remote_id=remote_id,
        defaults={"name": name, "username": username, "is_sandbox": is_sandbox},
    )
    channel.name, channel.username, channel.is_sandbox = name, username, is_sandbox
    channel.metadata = {**channel.metadata, "pageId": str(channel.pk), **metadata}
    if not made and not credentials.refresh_token:
        credentials = replace(credentials, refresh_token=_refresh_token(channel))
    channel.is_active, channel.disconnected_at = True, None
    channel.last_error, channel.last_error_at = "", None
    _seal(channel, credentials)
    channel.save()
    Notice.objects.filter(channel=channel, kind=RECONNECT, resolved_at=None).update(resolved_at=now)
    return channel


def refresh_channel(*, channel: Channel, seen_expiry: datetime | None) -> Channel:
    """Renew the channel's token, unless another worker has meanwhile. Raises ``UnableToRefresh``, ``ProviderError``,
    ``NotSent`` or ``ReplyLost``.

    Held under a lock of its own: a rotating refresh token kills whoever uses the old one second, and the channel's row
    stays free for those who count its posts.
    """
    http = http_client()
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"refresh:{channel.public_id}"]
                )
            channel.refresh_from_db()
            if channel.token_expires_at != seen_expiry:
                return channel
            fresh = adapter(channel, http).refresh(account(channel), now=utcnow())
            _seal(channel, fresh)
            channel.save(update_fields=["credentials", "token_expires_at", "scopes"])
            return channel
    except ProviderError as error:
        if error.meaning.category not in (Category.AUTH_EXPIRED, Category.PERMISSION) or error.ambiguous:
            raise
        disconnect_channel(channel=channel, reason=error.meaning.sentence, now=utcnow())
        raise UnableToRefresh(error.meaning.sentence) from error


def refresh_tokens(*, now: datetime) -> int:
    """Renew every token that ends soon. A failure is noted on the channel and tried again at the next round."""
    renewed = 0
    for channel in Channel.objects.filter(soon_expiring(now, MARGINS), is_active=True).order_by("token_expires_at")[
        :100
    ]:
        try:
            refresh_channel(channel=channel, seen_expiry=channel.token_expires_at)
            renewed += 1
        except UnableToRefresh:
            continue
        except (ProviderError, NotSent, ReplyLost) as error:
            sentence = (
                error.meaning.sentence if isinstance(error, ProviderError) else "The network could not be reached."
            )
            note_error(channel=channel, text=f"The connection could not be renewed yet: {sentence}", now=now)
    return renewed


def disconnect_channel(*, channel: Channel, reason: str, now: datetime) -> None:
    """Stop using the channel until a person connects it again; one notice an incident."""
    with transaction.atomic():
        Channel.objects.filter(pk=channel.pk).update(
            is_active=False, disconnected_at=now, last_error=reason, last_error_at=now
        )
        Notice.objects.get_or_create(
            organization_id=channel.organization_id,
            channel=channel,
            kind=RECONNECT,
            resolved_at=None,
            defaults={"text": f"{channel}: {reason}", "created_at": now},
        )
    logger.warning("channel_disconnected", channel=channel.public_id, platform=channel.platform)


def leave_channel(*, channel: Channel, by: str, now: datetime) -> None:
    """A person stops using the channel; its id and its posts stay for when it is connected again."""
    Channel.objects.filter(pk=channel.pk, is_active=True).update(
        is_active=False, disconnected_at=now, last_error=f"Disconnected by {by}.", last_error_at=now
    )
    Notice.objects.filter(channel=channel, kind=RECONNECT, resolved_at=None).update(resolved_at=now)


def note_error(*, channel: Channel, text: str, now: datetime) -> None:
    """Remember the last thing that went wrong, in plain words."""
    Channel.objects.filter(pk=channel.pk).update(last_error=text, last_error_at=now)


def live_quota(*, channel: Channel, provider: Provider, now: datetime) -> dict[str, Any] | None:
    """The allowance the network tells, at most five minutes old: ``used``, ``total``, ``window``, ``checked_at``."""
    known: dict[str, Any] | None = channel.quota
    if known and now - datetime.fromisoformat(known["checked_at"]) < QUOTA_FRESH:
        return known
    try:
        told = provider.quota(account(channel))
    except (ProviderError, NotSent, ReplyLost):
        return known
    if told is None:
        return None
    channel.quota = {"used": told.used, "total": told.total, "window": told.window, "checked_at": now.isoformat()}
    Channel.objects.filter(pk=channel.pk).update(quota=channel.quota)
    return channel.quota


def refresh_quotas(*, now: datetime, limit: int = 200) -> int:
    """Ask the networks that tell for their channels' allowances, those asked longest ago first. Returns how many told."""
    telling = [platform for platform, kind in PROVIDERS.items() if kind.quota is not Provider.quota]
    channels = Channel.objects.filter(is_active=True, platform__in=telling)
    told = 0
    for channel in channels.order_by(F("quota__checked_at").asc(nulls_first=True), "id")[:limit]:
        told += live_quota(channel=channel, provider=adapter(channel, http_client()), now=now) is not None
    return told


def _seal(channel: Channel, credentials: Credentials) -> None:
    opened = {
        "access_token": credentials.access_token,
        "refresh_token": credentials.refresh_token,
        "refresh_expires_at": credentials.refresh_expires_at.isoformat() if credentials.refresh_expires_at else None,
    }
    channel.credentials = cipher().encrypt(json.dumps(opened), context=channel.public_id)
    channel.token_expires_at = credentials.expires_at
    channel.scopes = list(credentials.scopes)


def _refresh_token(channel: Channel) -> str:
    """The refresh token kept for the channel; none where it cannot be read any more."""
    try:
        return account(channel).credentials.refresh_token
    except Undecipherable:
        return ""


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
