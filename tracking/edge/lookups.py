"""The rows behind the doors: tokens, links, verified hosts, organizations. One indexed query for many keys."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import psycopg

from chat33.lib.rates import Limit, parse
from tracking.edge.line import CONNECTING, Connection, Unavailable, abandon
from tracking.edge.registry import Remembered

Answer = TypeVar("Answer")

PATIENCE = 0.6  # seconds that a look-up may take
AWAY = 0.2  # seconds for which a database that did not answer is not asked again
LONG = 5_000  # keys remembered of those that strangers may make some KB long


@lru_cache(maxsize=4_096)
def _day(zone: tzinfo, minute: int) -> str:
    """The day of a minute since 1970: in every zone of our time a day begins with a minute."""
    return datetime.fromtimestamp(minute * 60, zone).date().isoformat()


@dataclass(frozen=True, kw_only=True)
class Owner:
    """Whose something is."""

    pk: int
    zone: str
    tz: tzinfo = field(compare=False)
    currency: str  # of money that is told without one

    def day(self, at: datetime) -> str:
        """The day of a moment where they are."""
        return _day(self.tz, int(at.timestamp()) // 60)


def make_owner(pk: int, zone: str, currency: str) -> Owner:
    """An organization's, in UTC where its zone is none that there is."""
    try:
        return Owner(pk=pk, zone=zone, tz=ZoneInfo(zone), currency=currency)
    except (KeyError, ValueError, OSError):
        return Owner(pk=pk, zone="UTC", tz=UTC, currency=currency)


@dataclass(frozen=True, kw_only=True)
class Token:
    """A token that may open a door."""

    pk: int
    kind: str
    owner: Owner
    origins: frozenset[str]
    expires_at: datetime | None
    limits: Mapping[str, Limit | None]

    def is_live(self, now: datetime) -> bool:
        """Not taken over for good. Revoked ones are not found."""
        return self.expires_at is None or self.expires_at > now


@dataclass(frozen=True, kw_only=True)
class Link:
    """A stored link."""

    pk: int
    owner: Owner
    url: str
    ios_url: str
    android_url: str
    deep_link: str
    contact: str
    channel: str
    flow: str
    campaign: str
    post: str
    influencer: str
    expires_at: datetime | None
    expired_url: str
    click_limit: int | None
    clicks: int


_TOKENS = """
SELECT t.digest, t.id, t.kind, t.origins, t.expires_at, p.limits, o.package_expires_at, o.id, o.timezone, o.currency
FROM tracking_token t JOIN orgs_organization o ON o.id = t.organization_id LEFT JOIN orgs_package p ON p.id = o.package_id
WHERE t.digest = ANY(%s) AND t.revoked_at IS NULL"""
_BY_CODE = """
SELECT l.code, l.id, l.url, l.ios_url, l.android_url, l.deep_link, coalesce(c.public_id, ''), coalesce(h.public_id, ''),
    l.flow, l.campaign, l.post, l.influencer, l.expires_at, l.expired_url, l.click_limit, l.clicks,
    o.id, o.timezone, o.currency
FROM tracking_link l JOIN orgs_organization o ON o.id = l.organization_id
LEFT JOIN contacts_contact c ON c.id = l.contact_id AND c.organization_id = l.organization_id AND c.deleted_at IS NULL
LEFT JOIN integrations_channel h ON h.id = l.channel_id AND h.organization_id = l.organization_id
WHERE l.archived_at IS NULL AND l.code = ANY(%s) ORDER BY l.id DESC"""
_BY_URL = _BY_CODE.replace("l.code", "l.url")
_HOSTS = """
SELECT d.host, o.id, o.timezone, o.currency FROM tracking_domain d JOIN orgs_organization o ON o.id = d.organization_id
WHERE d.host = ANY(%s) AND d.verified_at IS NOT NULL ORDER BY d.host, d.verified_at, d.id"""
_OWNERS = "SELECT o.public_id, o.id, o.timezone, o.currency FROM orgs_organization o WHERE o.public_id = ANY(%s)"
_CONTACTS = "SELECT public_id, organization_id FROM contacts_contact WHERE public_id = ANY(%s) AND deleted_at IS NULL"
_WORDS = b"SELECT word FROM tracking_word WHERE organization_id = %s AND kind = %s"
_NEW_WORDS = b"""
INSERT INTO tracking_word (organization_id, kind, word)
SELECT %s, %s, new.word FROM unnest(%s::text[]) AS new(word)
WHERE NOT EXISTS (SELECT FROM tracking_word AS old WHERE old.organization_id = %s AND old.kind = %s AND old.word = new.word)
LIMIT greatest(0, %s - (SELECT count(*) FROM tracking_word WHERE organization_id = %s AND kind = %s))
ON CONFLICT DO NOTHING"""


class Lookups:
    """All that is remembered, over one connection of its own."""

    def __init__(self, conninfo: str, *, limits: Mapping[str, str]) -> None:
        self._conninfo = conninfo
        self._limits = limits
        self._lock = asyncio.Lock()
        self._connection: Connection | None = None
        self._abandoned = 0
        self._away_until = 0.0
        self.tokens = Remembered(self._tokens)
        self.links = Remembered(self._links)
        self.urls = Remembered(self._urls, kept=LONG)
        self.hosts = Remembered(self._hosts)
        self.owners = Remembered(self._owners)
        self.contacts = Remembered(self._contacts)

    async def stop(self) -> None:
        """Let go of the connection, once nobody waits for it."""
        async with self._lock:
            if self._connection is not None:
                await self._connection.close()

    async def write(self, query: bytes, parameters: Sequence[Any]) -> None:
        """Something that no answer waits for. Raises ``Unavailable``."""

        async def written() -> None:
            await (await self._connected()).execute(query, parameters)

        await self._bounded(written)

    async def words(self, organization: int, kind: int, new: Sequence[str], most: int) -> set[str]:
        """The organization's words of a kind, with as many of the new ones as there was room for."""
        return await self._bounded(lambda: self._learn(organization, kind, new, most))

    async def _learn(self, organization: int, kind: int, new: Sequence[str], most: int) -> set[str]:
        connection = await self._connected()
        of = [organization, kind]
        if new:
            async with connection.transaction():
                await connection.execute(b"SELECT pg_advisory_xact_lock(%s, %s)", [organization % 2**31, 33_000 + kind])
                await connection.execute(_NEW_WORDS, [*of, list(new), *of, most, *of])
        cursor = await connection.execute(_WORDS, of)
        return {word for (word,) in await cursor.fetchall()}

    async def _rows(self, query: str, keys: Sequence[str]) -> list[tuple[Any, ...]]:
        sound = [key for key in keys if "\x00" not in key]  # which no text of PostgreSQL's holds
        return await self._bounded(lambda: self._ask(query, sound))

    async def _bounded(self, ask: Callable[[], Coroutine[Any, Any, Answer]]) -> Answer:
        """What is asked, within its time. Raises ``Unavailable``."""
        async with self._lock:
            if time.monotonic() < self._away_until:
                raise Unavailable
            asking = asyncio.ensure_future(self._twice(ask))
            done, _ = await asyncio.wait({asking}, timeout=PATIENCE)
            if not done:
                self._abandoned += 1
                abandon(self._connection, asking)
            elif not isinstance(asking.exception(), psycopg.OperationalError | psycopg.InterfaceError | OSError):
                return asking.result()
            self._connection = None
            self._away_until = time.monotonic() + AWAY
            raise Unavailable

    async def _twice(self, ask: Callable[[], Coroutine[Any, Any, Answer]]) -> Answer:
        before = self._abandoned
        try:
            return await ask()
        except psycopg.OperationalError:  # closed while nobody asked: a new one may do
            if self._abandoned != before:  # nobody waits for this any more
                raise
            self._connection = None
            return await ask()

    async def _ask(self, query: str, keys: Sequence[str]) -> list[tuple[Any, ...]]:
        cursor = await (await self._connected()).execute(query.encode(), [list(keys)])
        return await cursor.fetchall()

    async def _connected(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = await psycopg.AsyncConnection.connect(
                self._conninfo, autocommit=True, connect_timeout=CONNECTING, prepare_threshold=0
            )
        return self._connection

    async def _tokens(self, digests: Sequence[str]) -> Mapping[str, Token]:
        found = {}
        for digest, pk, kind, origins, expires_at, limits, until, *owner in await self._rows(_TOKENS, digests):
            overrides = limits if limits and (until is None or until > datetime.now(UTC)) else {}
            found[digest] = Token(
                pk=pk,
                kind=kind,
                owner=make_owner(*owner),
                origins=frozenset(origin.lower() for origin in origins),
                expires_at=expires_at,
                limits={name: _limit(overrides.get(name), rate) for name, rate in self._limits.items()},
            )
        return found

    async def _links(self, codes: Sequence[str]) -> Mapping[str, Link]:
        return {code: _link(*row) for code, *row in await self._rows(_BY_CODE, codes)}

    async def _urls(self, urls: Sequence[str]) -> Mapping[str, Link]:
        return {url: _link(*row) for url, *row in await self._rows(_BY_URL, urls)}  # the oldest one has it

    async def _hosts(self, hosts: Sequence[str]) -> Mapping[str, tuple[Owner, ...]]:
        found: dict[str, tuple[Owner, ...]] = {}
        for host, *owner in await self._rows(_HOSTS, hosts):
            found[host] = (*found.get(host, ()), make_owner(*owner))
        return found

    async def _owners(self, ids: Sequence[str]) -> Mapping[str, Owner]:
        return {public_id: make_owner(*owner) for public_id, *owner in await self._rows(_OWNERS, ids)}

    async def _contacts(self, ids: Sequence[str]) -> Mapping[str, int]:
        return dict(await self._rows(_CONTACTS, ids))


def _link(*row: Any) -> Link:
    (pk, url, ios, android, deep, contact, channel, flow, campaign, post, influencer, expires, expired, limit, clicks,
     *owner) = row  # fmt: skip
    return Link(
        pk=pk, owner=make_owner(*owner), url=url, ios_url=ios, android_url=android, deep_link=deep, contact=contact,
        channel=channel, flow=flow, campaign=campaign, post=post, influencer=influencer, expires_at=expires,
        expired_url=expired, click_limit=limit, clicks=clicks,
    )  # fmt: skip


def _limit(override: object, rate: str) -> Limit | None:
    if override is not None:
        try:
            return parse(str(override))
        except ValueError:
            pass
    return parse(rate)
