"""How a connected account is, in the marketer's words: what is wrong, what follows from it, and what mends it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db.models import QuerySet

from chat33.orgs.models import Organization
from integrations.models import Channel
from integrations.providers.login import Access
from integrations.providers.registry import LOGINS
from integrations.selectors import channels_for, health

Kind = Literal["good", "warn", "bad"]
Word = Literal["disconnected", "expired", "limited", "failing", "ok"]

WORST_FIRST: Sequence[Word] = ("disconnected", "expired", "limited", "failing", "ok")


@dataclass(frozen=True, kw_only=True)
class Condition:
    """An account's state. ``mend``: connecting it again helps."""

    word: Word
    kind: Kind
    icon: str
    label: str
    sentence: str
    mend: bool = False


@dataclass(frozen=True, kw_only=True)
class Permission:
    """One permission, and whether the account's owner gave it."""

    access: Access
    given: bool


def channels_with_health(organization: Organization, *, now: datetime) -> QuerySet[Channel]:
    """The organization's channels, each with its word of ``selectors.health`` as ``health``."""
    return channels_for(organization).annotate(health=health(now))


def condition_of(channel: Channel, *, found: str) -> Condition:
    """The state of a channel, of which ``found`` is the word of ``selectors.health``."""
    network = channel.get_platform_display()
    lacking = [one.access.words for one in permissions_of(channel) if one.access.needed and not one.given]
    if found == "ok" and lacking:
        found = "limited"
    match found:
        case "disconnected":
            return Condition(
                word="disconnected",
                kind="bad",
                icon="link-slash",
                label="Disconnected",
                sentence=f"{channel.last_error or 'Nothing is published here.'} {_STOPPED}",
                mend=True,
            )
        case "expired":
            return Condition(
                word="expired",
                kind="bad",
                icon="clock",
                label="Access ended",
                sentence=f"{network} ended this access and it could not be renewed yet. Reconnect if it stays so.",
                mend=True,
            )
        case "limited":
            return Condition(
                word="limited",
                kind="bad",
                icon="lock-closed",
                label="Permission missing",
                sentence=f"At {network} Chat33 was not allowed to {_listed(lacking)}. Reconnect and leave all ticked.",
                mend=True,
            )
        case "failing":
            return Condition(
                word="failing",
                kind="warn",
                icon="exclamation-triangle",
                label="Had trouble",
                sentence=channel.last_error or "Something went wrong in the last 24 hours.",
            )
        case _:
            return Condition(word="ok", kind="good", icon="check-circle", label="Working", sentence="")


_STOPPED = "Posts due before you reconnect fail, stay here and can be retried."


def permissions_of(channel: Channel) -> tuple[Permission, ...]:
    """What was asked for and what was given; nothing where the network did not tell, or was asked in other words."""
    if not channel.scopes or channel.metadata.get("login") == "facebook":
        return ()
    return tuple(Permission(access=one, given=one.scope in channel.scopes) for one in LOGINS[channel.platform].access)


def by_condition(channels: Sequence[Channel]) -> Mapping[Channel, Condition]:
    """The states of channels that bear ``health``, worst first, then by network and name."""
    told = {channel: condition_of(channel, found=getattr(channel, "health", "ok")) for channel in channels}
    order = sorted(told, key=lambda one: (WORST_FIRST.index(told[one].word), one.platform, one.name.lower(), one.pk))
    return {channel: told[channel] for channel in order}


def _listed(words: Sequence[str]) -> str:
    said = [word[0].lower() + word[1:] for word in words]
    return " and ".join((", ".join(said[:-1]), said[-1])) if len(said) > 1 else "".join(said)
