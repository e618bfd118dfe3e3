"""Connecting accounts: to the network's authorization page, back with a code, and to the channels it opens.

What protects it: the ``state`` is random, kept as a digest, good for one return within a quarter of an hour, and bound
to the person, the session and the organization that began (RFC 6749 §10.12, RFC 9700 §4.7). Codes are exchanged here,
never in the browser, with a PKCE verifier where the network has it.
"""

import json
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import structlog
from django.conf import settings
from django.db import transaction

from chat33.lib.http import HttpClient, NotSent, ReplyLost
from chat33.lib.secrets import Undecipherable, digest
from chat33.orgs.models import Organization, User
from integrations.channels import app_config, cipher, connect_channel, http_client
from integrations.models import Channel, ConnectAttempt, ConnectStage, Platform
from integrations.providers.base import Credentials, ProviderError
from integrations.providers.login import Access, Found, Login, challenge_of, new_verifier
from integrations.providers.registry import LOGINS

logger = structlog.get_logger(__name__)

LIFE = timedelta(minutes=15)
KEPT = timedelta(days=1)

Reason = Literal["unavailable", "unknown", "another_login", "another_organization", "expired", "used", "nothing_picked"]

SENTENCES: dict[Reason, str] = {
    "unavailable": "This network cannot be connected here yet. Ask your operator to register Chat33 there.",
    "unknown": "This return from a network did not begin here, so nothing was connected.",
    "another_login": "This sign-in was begun by another login or in another browser, so nothing was connected.",
    "another_organization": "You have moved to another organization since this sign-in began, so nothing was connected.",
    "expired": "This took longer than 15 minutes, so it was stopped. Nothing was connected.",
    "used": "This return was used already. If the account is not in the list, connect it again.",
    "nothing_picked": "Tick at least one account.",
}


class UnableToConnect(Exception):
    """Nothing was connected; the message says why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(SENTENCES[reason])
        self.reason: Reason = reason


@dataclass(frozen=True, kw_only=True)
class Way:
    """A network that accounts can be connected of: the real one, or its practice copy."""

    platform: Platform
    is_sandbox: bool

    @property
    def name(self) -> str:
        """The network's."""
        return self.platform.label

    @property
    def access(self) -> tuple[Access, ...]:
        """What it is asked for."""
        return LOGINS[self.platform].access


def ways() -> tuple[Way, ...]:
    """The real networks at which this installation is registered, then the practice ones where there is a sandbox."""
    real = [Way(platform=one, is_sandbox=False) for one in Platform if settings.PROVIDER_APPS[one]["client_id"]]
    practice = [Way(platform=one, is_sandbox=True) for one in Platform if settings.SANDBOX_URL]
    return (*real, *practice)


def way(platform: str, *, is_sandbox: bool | None = None) -> Way:
    """One of ``ways``, the real one first where nothing is said. Raises ``UnableToConnect``."""
    for one in ways():
        if one.platform == platform and is_sandbox in (None, one.is_sandbox):
            return one
    raise UnableToConnect("unavailable")


def login_for(one: Way, http: HttpClient) -> Login:
    """The network's login with this installation's registration."""
    return LOGINS[one.platform](http=http, config=app_config(one.platform, is_sandbox=one.is_sandbox))


def start_attempt(
    *,
    organization: Organization,
    user: User,
    session_key: str,
    to: Way,
    redirect_uri: str,
    channel: Channel | None = None,
    now: datetime,
) -> tuple[ConnectAttempt, str]:
    """Begin: the row, and the address to send the browser to. ``channel`` is the one to connect again."""
    state, verifier = secrets.token_urlsafe(32), new_verifier()
    row = ConnectAttempt(
        organization=organization,
        user=user,
        channel=channel,
        platform=to.platform,
        is_sandbox=to.is_sandbox,
        state_digest=digest(state),
        session_digest=digest(session_key),
        redirect_uri=redirect_uri,
        created_at=now,
        expires_at=now + LIFE,
    )
    row.verifier = cipher().encrypt(verifier, context=row.public_id)
    row.save()
    login = login_for(to, http_client())
    return row, login.authorize_url(redirect_uri=redirect_uri, state=state, challenge=challenge_of(verifier))


def take_attempt(
    *, platform: str, state: str, organization: Organization, user: User, session_key: str, now: datetime
) -> ConnectAttempt:
    """The attempt that this return belongs to, used up with it. Raises ``UnableToConnect``.

    Whoever is not the one that began learns nothing and uses nothing up.
    """
    row = ConnectAttempt.objects.filter(state_digest=digest(state)).first()
    if row is None or row.platform != platform:
        raise UnableToConnect("unknown")
    if row.user_id != user.pk or not secrets.compare_digest(row.session_digest, digest(session_key)):
        raise UnableToConnect("another_login")
    if row.organization_id != organization.pk:
        raise UnableToConnect("another_organization")
    if row.expires_at <= now:
        raise UnableToConnect("expired")
    if not ConnectAttempt.objects.filter(pk=row.pk, used_at=None).update(used_at=now):
        raise UnableToConnect("used")
    row.used_at = now
    return row


def finish_attempt(*, attempt: ConnectAttempt, query: dict[str, str], now: datetime) -> ConnectAttempt:
    """Exchange what the browser brought back, and connect, or ask which; a refusal is told in the row's message."""
    one = Way(platform=Platform(attempt.platform), is_sandbox=attempt.is_sandbox)
    login = login_for(one, http_client())
    denial = login.denial(query)
    if denial is not None:
        stage = ConnectStage.CANCELLED if denial.kind == "cancelled" else ConnectStage.FAILED
        return _end(attempt, stage, denial.sentence)
    try:
        verifier = cipher().decrypt(attempt.verifier, context=attempt.public_id)
        grant = login.exchange(code=query["code"], redirect_uri=attempt.redirect_uri, verifier=verifier, now=now)
    except ProviderError as error:
        logger.warning("connecting_refused", platform=attempt.platform, code=error.code, status=error.http_status)
        return _end(attempt, ConnectStage.FAILED, error.meaning.sentence)
    except (NotSent, ReplyLost):
        return _end(attempt, ConnectStage.FAILED, f"{one.name} could not be reached. Connect again in a minute.")
    except Undecipherable:
        return _end(attempt, ConnectStage.FAILED, SENTENCES["expired"])
    return _settle(attempt, one, grant.accounts, now)


def _settle(attempt: ConnectAttempt, one: Way, accounts: Sequence[Found], now: datetime) -> ConnectAttempt:
    """What the accounts found mean for what was asked."""
    if not accounts:
        return _end(attempt, ConnectStage.FAILED, _NOTHING[attempt.platform])
    if attempt.channel is not None:
        same = [found for found in accounts if found.remote_id == attempt.channel.remote_id]
        if not same:
            return _keep(attempt, ConnectStage.OTHER, accounts)
        return _connect(attempt, same, now)
    if len(accounts) > 1:
        return _keep(attempt, ConnectStage.PICKING, accounts)
    return _connect(attempt, accounts, now)


_NOTHING = {
    "instagram": "Instagram told of no professional account. Change yours to a creator or business account, then try again.",
    "facebook": "Facebook told of no page on which you may publish. Pick at least one page there, or ask its owner for a "
    "role that may create content.",
    "tiktok": "TikTok told of no account. Connect again.",
    "youtube": "This Google account has no YouTube channel. Create one at youtube.com, then connect again.",
    "x": "X told of no account. Connect again.",
}


def candidates(attempt: ConnectAttempt) -> list[Found]:
    """The accounts to choose from while the attempt waits for that; none when it is over."""
    if not attempt.candidates:
        return []
    return [_opened(one) for one in json.loads(cipher().decrypt(attempt.candidates, context=attempt.public_id))]


@transaction.atomic
def pick_accounts(*, attempt: ConnectAttempt, remote_ids: Collection[str], now: datetime) -> ConnectAttempt:
    """Connect those of the candidates. Picking twice is picking once. Raises ``UnableToConnect``."""
    row = ConnectAttempt.objects.select_for_update().get(pk=attempt.pk)
    if row.stage == ConnectStage.CONNECTED:
        return row
    if row.expires_at <= now or row.stage not in (ConnectStage.PICKING, ConnectStage.OTHER):
        raise UnableToConnect("expired")
    try:
        picked = [found for found in candidates(row) if found.remote_id in remote_ids]
    except Undecipherable:
        raise UnableToConnect("expired") from None
    if not picked:
        raise UnableToConnect("nothing_picked")
    return _connect(row, picked, now)


def prune_attempts(*, now: datetime) -> int:
    """Forget attempts that ended a day ago. Returns how many."""
    return ConnectAttempt.objects.filter(expires_at__lt=now - KEPT).delete()[0]


@transaction.atomic
def _connect(attempt: ConnectAttempt, accounts: Sequence[Found], now: datetime) -> ConnectAttempt:
    channels = [
        connect_channel(
            organization=attempt.organization,
            platform=attempt.platform,
            remote_id=found.remote_id,
            name=found.name[:200],
            username=found.username[:200],
            credentials=found.credentials,
            metadata=found.metadata,
            is_sandbox=attempt.is_sandbox,
            now=now,
        )
        for found in sorted(
            accounts, key=lambda found: found.remote_id
        )  # one order, so that two never wait for each other
    ]
    attempt.connected = [channel.public_id for channel in channels]
    return _end(attempt, ConnectStage.CONNECTED, "")


def _end(attempt: ConnectAttempt, stage: ConnectStage, message: str) -> ConnectAttempt:
    attempt.stage, attempt.message = stage, message
    attempt.verifier = attempt.candidates = ""
    attempt.save()
    return attempt


def _keep(attempt: ConnectAttempt, stage: ConnectStage, accounts: Sequence[Found]) -> ConnectAttempt:
    """Wait for a choice; what was found is kept encrypted meanwhile."""
    told = json.dumps([_closed(found) for found in accounts])
    attempt.stage, attempt.verifier = stage, ""
    attempt.candidates = cipher().encrypt(told, context=attempt.public_id)
    attempt.save()
    return attempt


def _closed(found: Found) -> dict[str, Any]:
    given = found.credentials
    return {
        "remote_id": found.remote_id,
        "name": found.name,
        "username": found.username,
        "metadata": dict(found.metadata),
        "access_token": given.access_token,
        "refresh_token": given.refresh_token,
        "expires_at": given.expires_at.isoformat() if given.expires_at else None,
        "refresh_expires_at": given.refresh_expires_at.isoformat() if given.refresh_expires_at else None,
        "scopes": list(given.scopes),
    }


def _opened(told: dict[str, Any]) -> Found:
    ends = {
        name: datetime.fromisoformat(told[name]) if told[name] else None
        for name in ("expires_at", "refresh_expires_at")
    }
    return Found(
        remote_id=told["remote_id"],
        name=told["name"],
        username=told["username"],
        metadata=told["metadata"],
        credentials=Credentials(
            access_token=told["access_token"],
            refresh_token=told["refresh_token"],
            scopes=tuple(told["scopes"]),
            **ends,
        ),
    )
