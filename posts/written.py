"""What the composer's form says, read field by field. Whatever a browser sends, only accounts and files of the organization
come of it; what cannot be meant is told as an issue at its field.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast, get_args

from django.core.signing import BadSignature, Signer
from django.http import QueryDict

from chat33.lib.ids import is_id
from chat33.orgs.models import Organization
from integrations.providers.registry import PROVIDERS
from integrations.providers.rules import Issue
from posts import options
from posts.composing import Composition, Piece
from posts.drafts import Timing, When, accounts_of
from posts.media import own_files
from posts.models import MediaType
from posts.schedule import Moment, NotATime, moment, schedule_warnings

MAX_ACCOUNTS, MAX_FILES = 10, 35
MAX_TEXT, MAX_ALT = 100_000, 2_000  # characters
GRACE = timedelta(minutes=1)  # that a chosen time may be past when the form arrives
_FENCE = re.compile(r"[0-9]{1,18}")
_signer = Signer(salt="composition")


@dataclass(frozen=True, kw_only=True)
class Written:
    """A composition as the form has it, what it was made from, and what is to be said of it already."""

    composition: Composition
    timing: Timing
    issues: tuple[Issue, ...]
    seen: Mapping[str, int]
    first_id: str

    @property
    def is_timed_well(self) -> bool:
        """The chosen time can be meant."""
        return not any(issue.severity == "error" for issue in self.issues)


def sealed(post_id: str) -> str:
    """The id of a post to be, for the form to bring back."""
    return _signer.sign(post_id)


def read_seen(data: QueryDict) -> dict[str, int]:
    """The posts that the form was made from, and their fences then."""
    found = {}
    for entry in data.getlist("seen")[: MAX_ACCOUNTS * 2]:
        post_id, _, fence = entry.partition(":")
        if is_id(post_id, "post") and _FENCE.fullmatch(fence):
            found[post_id] = int(fence)
    return found


def read_moment(data: QueryDict, *, zone: str, now: datetime) -> datetime:
    """The moment that the fields for day and time mean in the zone. Raises ``NotATime``."""
    return _chosen(data, zone, now).at


def read_written(data: QueryDict, *, organization: Organization, base: Composition | None, now: datetime) -> Written:
    """The form's content. ``base`` is what its posts said before: files elsewhere and options that have no field stay
    from there.
    """
    issues: list[Issue] = []
    base = base or Composition()
    channels = accounts_of(organization, data.getlist("channel"))
    if len(channels) > MAX_ACCOUNTS:
        message = f"Choose at most {MAX_ACCOUNTS} accounts at once."
        issues.append(Issue(code="ACCOUNTS", path="accountIds", message=message))
    own = [platform for platform in PROVIDERS if platform in data.getlist("own")]
    fields = {name: _text(data.get(name)) for name in data if name.startswith("option.")}
    zone = organization.timezone
    files = own_files(organization, [*data.getlist("media")[:MAX_FILES], data.get("cover", "")])
    known = {*files, *(piece.url for piece in base.media), base.cover_image_url}
    composition = Composition(
        channels=tuple(channels[:MAX_ACCOUNTS]),
        text=_text(data.get("text")),
        texts={platform: _text(data.get(f"text.{platform}")) for platform in own},
        media=_pieces(data, known, issues),
        media_type=data.get("media_type") if data.get("media_type") in MediaType.values else None,
        cover_image_url=cover if (cover := data.get("cover", "")) in known else "",
        first_comment=_text(data.get("first_comment")),
        options={
            platform: found
            for platform in PROVIDERS
            if (found := options.read(platform, fields, zone=zone, kept=base.options.get(platform, {})))
        },
        rest=base.rest,
    )
    return Written(
        composition=composition,
        timing=_timing(data, zone, now, issues),
        issues=tuple(issues),
        seen=read_seen(data),
        first_id=_unsealed(data.get("key", "")),
    )


def _chosen(data: QueryDict, zone: str, now: datetime) -> Moment:
    day, clock = data.get("day", ""), data.get("clock", "")
    if not (day and clock):
        raise NotATime("Choose a day and a time.")
    return moment(f"{day[:10]}T{clock[:8]}", zone, now=now)


def _text(given: str | None) -> str:
    """A text as it was typed: browsers send line ends as two characters, and PostgreSQL keeps no NUL."""
    return (given or "").replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")[:MAX_TEXT]


def _pieces(data: QueryDict, known: set[str], issues: list[Issue]) -> tuple[Piece, ...]:
    urls, alts = data.getlist("media"), data.getlist("alt")
    if len(urls) > MAX_FILES:
        issues.append(Issue(code="MEDIA_COUNT", path="mediaUrls", message=f"Use at most {MAX_FILES} files."))
    pieces = []
    for at, url in enumerate(urls[:MAX_FILES]):
        if url in known:
            pieces.append(Piece(url=url, alt=_text(alts[at])[:MAX_ALT] if at < len(alts) else ""))
        else:
            issues.append(
                Issue(
                    code="MEDIA_GONE", path="mediaUrls", message="A file is not in your library any more. Add it again."
                )
            )
    return tuple(pieces)


def _timing(data: QueryDict, zone: str, now: datetime, issues: list[Issue]) -> Timing:
    when = cast(When, data.get("when") if data.get("when") in get_args(When) else "now")
    if when != "at":
        return Timing(when=when, timezone=zone)
    try:
        found = _chosen(data, zone, now)
    except NotATime as error:
        issues.append(Issue(code="TIME", path="scheduledAt", message=str(error)))
        return Timing(when="now", timezone=zone)
    issues += schedule_warnings(found, zone)
    if found.at < now - GRACE:
        message = "This time has passed. Choose a later one, or publish now."
        issues.append(Issue(code="TIME_PAST", path="scheduledAt", message=message))
    return Timing(when="at", at=found.at, timezone=zone)


def _unsealed(given: str) -> str:
    try:
        return _signer.unsign(given) if given else ""
    except BadSignature:
        return ""
