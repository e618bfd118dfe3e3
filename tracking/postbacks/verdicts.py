"""What becomes of an MMP's message, and why, in words for a marketer. Pure but for the names of states."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tracking.events.currencies import CODES
from tracking.mmp.base import Kind, Reading
from tracking.mmp.registry import MMPS
from tracking.models import PostbackStatus

APPEARED = "Matched when the contact appeared."
TEST = " A test: nothing was counted."
SHOWN = 60  # characters of somebody else's words
_IGNORED: Mapping[Kind, str] = {
    "rejected": "{mmp} rejected it as fraud or against its rules: nothing is counted.",
    "cost": "It is about what ads cost, not about a person.",
    "other": "It is about {event}, which we count at our own links.",
}


@dataclass(frozen=True)
class Verdict:
    """The state, and why it is that."""

    status: PostbackStatus
    why: str


def title_of(mmp: str) -> str:
    """The MMP's name as it writes it."""
    return MMPS[mmp].title if mmp in MMPS else "The store"


def name_of(reading: Reading) -> str:
    """The event's name, without what cannot be shown."""
    words = "".join(sign for sign in " ".join(reading.event.split()) if sign.isprintable())
    return words[:100] or reading.kind


def worth(reading: Reading) -> Decimal | None:
    """What it was worth; None without a currency that there is."""
    return reading.value if reading.currency in CODES else None


def unreadable(problem: str) -> Verdict:
    """It could not be read."""
    return Verdict(PostbackStatus.UNREADABLE, problem)


def ignored(reading: Reading) -> Verdict | None:
    """What is understood and nothing to us; None for all else."""
    words = _IGNORED.get(reading.kind)
    if words is None:
        return None
    event = name_of(reading)[:SHOWN]
    return Verdict(PostbackStatus.IGNORED, words.format(mmp=title_of(reading.mmp), event=f"“{event}”"))


def duplicate(reading: Reading, *, first: datetime | None) -> Verdict:
    """It came before."""
    when = f" on {first:%-d %B %Y at %H:%M} UTC" if first else ""
    return Verdict(PostbackStatus.DUPLICATE, f"{title_of(reading.mmp)} sent this before{when}: it counts once.")


def of(reading: Reading, *, found: bool, is_id: bool, is_test: bool) -> Verdict:
    """Whose it is: ``found`` says that the contact is there, ``is_id`` that what stands there may be a contact's id."""
    test = TEST if is_test else ""
    if reading.store:
        won = "" if reading.store.won else " It tells of an ad that was seen, but not credited."
        return Verdict(
            PostbackStatus.AGGREGATE, f"A store's report, which names nobody: counted by campaign.{won}{test}"
        )
    if found:
        return Verdict(PostbackStatus.MATCHED, f"Matched by {reading.contact_by}.{test}")
    return Verdict(PostbackStatus.UNMATCHED, f"{_unmatched(reading, is_id=is_id)}{test}")


def _unmatched(reading: Reading, *, is_id: bool) -> str:
    if is_id:
        return f"{reading.contact} is nobody of yours (yet): it is looked at again when they appear."
    if reading.contact:
        said = reading.contact[:SHOWN]
        return f"{reading.contact_by} says “{said}”, which is no contact's id: those begin with cm."
    fields = MMPS[reading.mmp].contact_fields if reading.mmp in MMPS else ()
    for field in fields:
        if field in reading.unreplaced:
            macro = reading.unreplaced[field][:SHOWN]
            return f"{title_of(reading.mmp)} did not replace {macro}: check the macro in its dashboard."
    where = " or ".join(fields) or "no field"
    return f"It names no contact: {where} is empty, as for whoever came without a link of yours."
