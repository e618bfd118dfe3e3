"""The composer's page as data: which accounts, networks, files and times it shows, and what is said of them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from chat33.orgs.models import Organization
from integrations.models import Channel, Platform
from integrations.providers.registry import PROVIDERS
from integrations.providers.rules import Issue
from integrations.selectors import channels_for
from posts.composing import Composition
from posts.drafts import Timing
from posts.media import media_path, own_files
from posts.models import Media, MediaType
from posts.options import OptionField, filled
from posts.preflight import Inspected
from posts.previews import Preview, previews
from posts.slots import next_free_slots
from posts.verdicts import Counter, Findings, findings
from posts.written import Written

MANY = 8  # accounts from which there is a search field
TYPES = {
    "": "By the files",
    MediaType.IMAGE: "Picture",
    MediaType.VIDEO: "Video",
    MediaType.REEL: "Reel or Short",
    MediaType.CAROUSEL: "Several pictures",
}


@dataclass(frozen=True, kw_only=True)
class AccountChoice:
    """An account to choose."""

    channel: Channel
    chosen: bool


@dataclass(frozen=True, kw_only=True)
class NetworkPanel:
    """A network's own text and options. ``is_own``: it has a text of its own."""

    platform: str
    name: str
    chosen: bool
    is_own: bool
    text: str
    fields: tuple[OptionField, ...]
    counter: Counter | None

    @property
    def own_counters(self) -> tuple[Counter, ...]:
        """The length of its own text, where it has one."""
        return (self.counter,) if self.counter and self.is_own else ()


@dataclass(frozen=True, kw_only=True)
class FileRow:
    """A picture or video in the strip; ``source`` is empty for one that is not ours."""

    url: str
    source: str
    name: str
    kind: str
    alt: str


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Everything on the page but for what the door knows."""

    composition: Composition
    timing: Timing
    accounts: tuple[AccountChoice, ...]
    networks: tuple[NetworkPanel, ...]
    files: tuple[FileRow, ...]
    cover: FileRow | None
    types: Mapping[str, str]
    at: datetime  # what the fields for day and time show, in the organization's zone
    today: datetime
    answers: "Answers"

    @property
    def has_search(self) -> bool:
        """There are so many accounts that one would look for one."""
        return len(self.accounts) > MANY


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What the server has to say of a composition as it stands: faults, lengths, looks, and when it would go out."""

    findings: Findings
    previews: tuple[Preview, ...]
    counters: tuple[Counter, ...]
    useless: tuple[str, ...]  # names of options that these files have no use for
    at: datetime | None
    has_video: bool
    slots: tuple[tuple[Channel, datetime | None], ...]  # each account's next free queue time; None without one

    @property
    def common(self) -> tuple[Counter, ...]:
        """Those of the networks without a text of their own."""
        return tuple(counter for counter in self.counters if counter.path == "text")

    @property
    def own(self) -> tuple[Counter, ...]:
        """Those of the networks with one."""
        return tuple(counter for counter in self.counters if counter.path != "text")


def answers(
    *, organization: Organization, written: Written, now: datetime, look: bool = False, own: Collection[str] = ()
) -> Answers:
    """Look at what is written."""
    composition, planned = written.composition, written.timing.at
    free = next_free_slots(channels=composition.channels, now=now)
    slots = tuple((channel, free[channel.pk]) for channel in composition.channels)
    issues = list(written.issues)
    if written.timing.when == "slot":
        planned = min((at for _, at in slots if at), default=None)
        issues += [
            Issue(
                code="NO_SLOTS",
                path="scheduledAt",
                message=f"{channel} has no free queue time. Add some, or choose a time.",
            )
            for channel, at in slots
            if at is None
        ]
    files = own_files(organization, [*(piece.url for piece in composition.media), composition.cover_image_url])
    found = findings(
        organization=organization,
        composition=composition,
        now=now,
        planned=planned,
        extra=issues,
        own=own,
        look=look,
        files=files,
    )
    return Answers(
        findings=found,
        previews=tuple(previews(composition, found.inspected, files)),
        counters=found.counters,
        useless=tuple(
            field.name
            for platform in composition.platforms
            for field in _fields(composition, platform, found.inspected, organization.timezone)
            if not field.applies
        ),
        at=written.timing.at,
        has_video=any(facts.kind == "video" for facts in found.inspected.media),
        slots=slots,
    )


def desk(*, organization: Organization, written: Written, now: datetime, own: Collection[str] = ()) -> Desk:
    """The page around what is written."""
    composition, zone = written.composition, ZoneInfo(organization.timezone)
    said = answers(organization=organization, written=written, now=now, own=own)
    files = own_files(organization, [*(piece.url for piece in composition.media), composition.cover_image_url])
    chosen = {channel.pk for channel in composition.channels}
    counters = {counter.platform: counter for counter in said.counters}
    order = list(PROVIDERS)
    channels = sorted(channels_for(organization), key=lambda channel: (order.index(channel.platform), channel.pk))
    return Desk(
        composition=composition,
        timing=written.timing,
        accounts=tuple(
            AccountChoice(channel=channel, chosen=channel.pk in chosen)
            for channel in channels
            if channel.is_active or channel.pk in chosen or channel.disconnected_at
        ),
        networks=tuple(
            NetworkPanel(
                platform=platform,
                name=str(Platform(platform).label),
                chosen=platform in composition.platforms,
                is_own=platform in composition.texts,
                text=composition.texts.get(platform, composition.text),
                fields=_fields(composition, platform, said.findings.inspected, organization.timezone),
                counter=counters.get(platform),
            )
            for platform in sorted({channel.platform for channel in channels}, key=order.index)
        ),
        files=tuple(_row(piece.url, files, piece.alt) for piece in composition.media),
        cover=_row(composition.cover_image_url, files, "") if composition.cover_image_url else None,
        types=TYPES,
        at=(written.timing.at or _next_hour(now)).astimezone(zone),
        today=now.astimezone(zone),
        answers=said,
    )


def row_of(media: Media, url: str, alt: str = "") -> FileRow:
    """A file of ours in the strip."""
    return FileRow(url=url, source=media_path(media), name=media.name, kind=media.kind, alt=alt)


def _row(url: str, files: Mapping[str, Media], alt: str) -> FileRow:
    if url in files:
        return row_of(files[url], url, alt)
    return FileRow(url=url, source="", name=url, kind="image", alt=alt)


def _fields(composition: Composition, platform: str, inspected: Inspected, zone: str) -> tuple[OptionField, ...]:
    options, content = composition.options.get(platform, {}), inspected.content
    return filled(platform, options, zone=zone, media=inspected.media, media_type=content.media_type)


def _next_hour(now: datetime) -> datetime:
    """What one might mean by later: the next full hour but one."""
    return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=2)
