"""One row of an import: what its cells mean, and what is wrong with them, by column and in plain words.

The rules for posts are preflight's; here is only what a sheet needs besides: names of accounts, lists in a cell, times
as spreadsheets write them.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from chat33.orgs.models import Organization
from integrations.models import Channel, Platform
from integrations.providers.registry import PROVIDERS
from integrations.providers.rules import Issue
from posts.media import ALT_TEXTS
from posts.models import MediaType, PostStatus
from posts.preflight import EMPTY, Content, examine, inspect
from posts.schedule import NotATime, moment
from posts.services import Plan

MAX_ACCOUNTS = 10
MAX_TEXT = 100_000
COMMON = (
    "text", "accounts", "scheduled_at", "timezone", "media_urls", "media_type", "first_comment", "alt_texts", "status",
)  # fmt: skip
OVERRIDES: Mapping[str, str] = {f"text_{platform}": platform for platform in Platform.values}
COLUMNS = (*COMMON, *OVERRIDES)
ALIASES: Mapping[str, str] = {
    "account": "accounts", "channel": "accounts", "channels": "accounts", "message": "text", "caption": "text",
    "media": "media_urls", "media_url": "media_urls", "alt_text": "alt_texts", "time_zone": "timezone",
    "scheduled": "scheduled_at", "schedule": "scheduled_at", "date": "scheduled_at", "datetime": "scheduled_at",
}  # fmt: skip
_SEVERAL = re.compile(r"\s*[|\n]\s*")
_PATHS = {
    "text": "text", "mediaUrls": "media_urls", "mediaType": "media_type", "accountIds": "accounts",
    "scheduledAt": "scheduled_at",
}  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """Something about a row: an error keeps it from becoming posts, a warning does not. ``column`` "" is the whole row."""

    column: str
    message: str
    severity: Literal["error", "warning"] = "error"


@dataclass(frozen=True)
class Reading:
    """What a row means, as far as it can be told."""

    channels: tuple[Channel, ...]
    content: Content
    plan: Plan
    faults: tuple[Fault, ...]

    @property
    def is_ready(self) -> bool:
        """Whether posts can be made of it."""
        return not any(fault.severity == "error" for fault in self.faults)


def column_named(header: str) -> str | None:
    """Our name of a column, however it is written; None for one that is not ours."""
    name = re.sub(r"[\s-]+", "_", header.strip().lower())
    name = ALIASES.get(name, name)
    return name if name in COLUMNS else None


def read_row(*, cells: Mapping[str, str], channels: Sequence[Channel], timezone: str, now: datetime) -> Reading:
    """What the cells say, without asking anyone else."""
    given = {name: value.strip() for name, value in cells.items() if value.strip()}
    faults: list[Fault] = []
    named = _channels(given.get("accounts", ""), channels, faults)
    at = _time(given, timezone, faults, now)
    status = _status(given, at, faults)
    content = _content(given, named, faults)
    plan = Plan(scheduled_at=at, timezone=given.get("timezone", timezone), status=status)
    return Reading(tuple(named), content, plan, tuple(faults))


def check_row(*, organization: Organization, reading: Reading, now: datetime) -> Reading:
    """The reading with everything the networks would say of it, its files looked at."""
    if not reading.channels:
        return reading
    inspected = inspect(organization=organization, content=reading.content)
    is_draft = reading.plan.status == PostStatus.DRAFT
    found: dict[Fault, None] = {}
    planned = reading.plan.scheduled_at
    for result in examine(inspected=inspected, channels=list(reading.channels), now=now, planned=planned):
        for issue in result.issues:
            # A draft only has to say something, as everywhere.
            grave = issue.severity == "error" and (not is_draft or issue.code == EMPTY)
            found[Fault(_column(issue, reading), issue.message, "error" if grave else "warning")] = None
    return replace(reading, content=inspected.content, faults=(*reading.faults, *found))


def repeated(readings: Mapping[int, Reading]) -> dict[int, list[Fault]]:
    """What clashes inside the file, as warnings, by the row's number: the same minute, or the same text, on an account."""
    minutes: dict[Any, int] = {}
    texts: dict[Any, int] = {}
    found: dict[int, list[Fault]] = {}
    for number, reading in readings.items():
        at = reading.plan.scheduled_at
        for channel in reading.channels:
            if at is not None:
                first = minutes.setdefault((channel.pk, at.replace(second=0, microsecond=0)), number)
                if first != number:
                    message = f"{channel} has the same minute in line {first}."
                    found.setdefault(number, []).append(Fault("scheduled_at", message, "warning"))
            if reading.content.text:
                first = texts.setdefault((channel.pk, reading.content.text), number)
                if first != number:
                    message = f"{channel} has the same text in line {first}."
                    found.setdefault(number, []).append(Fault("text", message, "warning"))
    return found


def _channels(text: str, channels: Sequence[Channel], faults: list[Fault]) -> list[Channel]:
    if not text:
        faults.append(Fault("accounts", "Name at least one account."))
        return []
    found: dict[int, Channel] = {}
    for name in _names(text, channels):
        matches = _matching(name, channels)
        if len(matches) == 1:
            found[matches[0].pk] = matches[0]
        elif matches:
            ways = ", ".join(_precise(channel) for channel in matches[:4])
            faults.append(Fault("accounts", f"Several accounts are called {name[:80]}. Write one of: {ways}."))
        else:
            faults.append(Fault("accounts", f"There is no account called {name[:80]}. {_offer(channels)}"))
    if len(found) > MAX_ACCOUNTS:
        faults.append(Fault("accounts", f"A row takes at most {MAX_ACCOUNTS} accounts."))
    return list(found.values())[:MAX_ACCOUNTS]


def _names(text: str, channels: Sequence[Channel]) -> Iterator[str]:
    """The names in the cell: apart by a bar or a line, or by commas where no account has the whole as its name."""
    for part in _SEVERAL.split(text):
        if part and not _matching(part, channels) and re.search("[,;]", part):
            yield from (name for name in re.split(r"\s*[,;]\s*", part) if name)
        elif part:
            yield part


def _matching(name: str, channels: Sequence[Channel]) -> list[Channel]:
    """By id first, then network and name, then handle or name, then a network with one account."""
    wanted = name.strip().casefold()
    ways = (
        lambda channel: {channel.public_id},
        lambda channel: {_precise(channel).casefold(), str(channel).casefold()},
        lambda channel: {f"@{channel.username}".casefold(), channel.username.casefold(), channel.name.casefold()},
        lambda channel: {channel.platform, channel.get_platform_display().casefold()},
    )
    for names in ways:
        if matches := [channel for channel in channels if wanted in names(channel)]:
            return matches
    return []


def _precise(channel: Channel) -> str:
    return f"{channel.platform}:{channel.username or channel.public_id}"


def _offer(channels: Sequence[Channel]) -> str:
    if not channels:
        return "Connect an account first."
    names = [_precise(channel) for channel in channels]
    return f"Yours are {', '.join(names[:5])}{' and more' if len(names) > 5 else ''}."


def _time(given: Mapping[str, str], timezone: str, faults: list[Fault], now: datetime) -> datetime | None:
    where = given.get("timezone", timezone)
    text = given.get("scheduled_at", "")
    try:
        found = moment(text or "2000-01-01", where, now=now)
    except NotATime as error:
        column = "timezone" if "time zone" in str(error) else "scheduled_at"
        message = str(error) if column == "timezone" else f"{str(error).rstrip('.')}, or 2026-04-15 14:00."
        faults.append(Fault(column, message if "ISO" in message or column == "timezone" else str(error)))
        return None
    if not text:
        return None
    if found.at <= now:
        faults.append(Fault("scheduled_at", f"{text[:40]} in {where} is past. Choose a time ahead."))
    if found.note == "gap":
        faults.append(Fault("scheduled_at", f"Clocks in {where} skip this time; it moves forward.", "warning"))
    elif found.note == "fold":
        faults.append(Fault("scheduled_at", f"This time comes twice in {where}; the first is taken.", "warning"))
    return found.at


def _status(given: Mapping[str, str], at: datetime | None, faults: list[Fault]) -> PostStatus:
    said = given.get("status", "").lower()
    if said in ("draft", "drafts"):
        return PostStatus.DRAFT
    if said in ("scheduled", "queued", "schedule"):
        if at is None and not given.get("scheduled_at"):
            faults.append(Fault("scheduled_at", "A scheduled post needs a time. Give one, or make it a draft."))
        return PostStatus.QUEUED
    if said:
        faults.append(Fault("status", f"Write draft or scheduled, not {said[:40]}."))
    return PostStatus.QUEUED if given.get("scheduled_at") else PostStatus.DRAFT


def _content(given: Mapping[str, str], channels: Sequence[Channel], faults: list[Fault]) -> Content:
    config: dict[str, Any] = {}
    networks = list(dict.fromkeys(channel.platform for channel in channels))
    for column, platform in OVERRIDES.items():
        if text := given.get(column):
            config.setdefault(platform, {})["text"] = text
            if channels and platform not in networks:
                faults.append(Fault(column, "None of the row's accounts is on this network.", "warning"))
    if comment := given.get("first_comment"):
        takers = [name for name in networks if "firstComment" in PROVIDERS[name].rules.options.get("properties", {})]
        for platform in takers:
            config.setdefault(platform, {})["firstComment"] = comment
        if networks and not takers:
            faults.append(Fault("first_comment", "None of the row's networks takes a first comment.", "warning"))
    urls = [url for url in re.split(r"[|\s]+", given.get("media_urls", "")) if url]
    alts = _SEVERAL.split(given["alt_texts"]) if "alt_texts" in given else []
    if alts:
        config[ALT_TEXTS] = alts
        if len(alts) > len(urls):
            faults.append(Fault("alt_texts", "There are more alternative texts than files."))
    kind = given.get("media_type", "").lower() or None
    if kind is not None and kind not in MediaType.values:
        faults.append(Fault("media_type", f"Write one of {', '.join(MediaType.values)}, or leave it empty."))
        kind = None
    long = [column for column in ("text", *OVERRIDES) if len(given.get(column, "")) > MAX_TEXT]
    faults += [Fault(column, "The text is far too long for any network.") for column in long]
    return Content(
        text=given.get("text"), media_urls=tuple(urls), media_type=kind if urls else None, platform_config=config
    )


def _column(issue: Issue, reading: Reading) -> str:
    """The column that an issue of preflight is about."""
    head, _, rest = issue.path.partition(".")
    if head in _PATHS:
        column = _PATHS[head]
        if column != "text":
            return column
        own = [f"text_{channel.platform}" for channel in reading.channels]
        return own[0] if len(own) == 1 and "text" in reading.content.platform_config.get(own[0][5:], {}) else "text"
    if head == "platformConfig":
        platform, _, option = rest.partition(".")
        if platform == ALT_TEXTS:
            return "alt_texts"
        return {"text": f"text_{platform}", "firstComment": "first_comment"}.get(option.partition(".")[0], "")
    return ""
