"""What became of a post, told to a person: where it stands, what happens next, and its log in plain words."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from chat33.orgs.models import Organization, User
from integrations.models import ApiKey, Callback
from integrations.providers.base import Category, Step
from integrations.providers.reasons import reason as reason_for
from integrations.selectors import callbacks_for
from posts.models import Attempt, Post, PostStatus
from posts.outcomes import UNCONFIRMED

_PERSON = re.compile(r"\b(?:usr|key)_[0-9a-z]+\b")
SHOWN_CALLBACKS = 20


class Tone(StrEnum):
    """How good the news is."""

    PLAIN = "plain"
    BUSY = "busy"
    WAITING = "waiting"
    GOOD = "good"
    BAD = "bad"


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where a post stands: a word, a sentence in which ``at`` stands between ``head`` and ``tail``, and what helps."""

    word: str
    tone: Tone
    head: str
    at: datetime | None = None
    tail: str = ""
    hint: str = ""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One thing that happened, or the same several times in a row."""

    at: datetime
    sentence: str
    tone: Tone = Tone.PLAIN
    times: int = 1
    until: datetime | None = None  # the last of several
    entries: tuple[Attempt, ...] = ()  # the raw words, for support


_STEPS: Mapping[str, str] = {
    "fetch": "The text and the files are ready.",
    Step.PREPARE: "Handed to {network} to prepare.",
    Step.POLL: "{network} is preparing it.",
    Step.COMMIT: "Sent to {network}.",
    Step.CONFIRM: "Asked {network} for the live post.",
    Step.COMMENT: "The first comment was sent.",
}
_DOING: Mapping[str, str] = {
    "fetch": "Getting the text and the files ready.",
    Step.PREPARE: "Handing it to {network}.",
    Step.POLL: "{network} is preparing it.",
    Step.COMMIT: "Sending it to {network}.",
    Step.CONFIRM: "Sent. Asking {network} for the live post.",
    Step.COMMENT: "Live. Sending the first comment.",
}


def standing(post: Post, *, now: datetime) -> Standing:
    """Where the post stands and what happens next."""
    network = post.channel.get_platform_display()
    status = PostStatus(post.status)
    if status == PostStatus.DRAFT:
        head = "It goes nowhere until it is scheduled."
        return Standing(word="Draft", tone=Tone.PLAIN, head=head)
    if status == PostStatus.QUEUED:
        return _queued(post, now)
    if status == PostStatus.PUBLISHING:
        if post.step == Step.COMMIT and post.intent_at is not None and (post.reads or post.leased_until is None):
            head = f"{network} gave no clear answer. The account is read to see whether the post went out."
            return Standing(word="Checking", tone=Tone.BUSY, head=head)
        return Standing(word="Publishing", tone=Tone.BUSY, head=_DOING.get(post.step, "").format(network=network))
    if status == PostStatus.PUBLISHED:
        return Standing(
            word="Published", tone=Tone.GOOD, head=f"Live at {network} since", at=post.published_at, tail="."
        )
    if status == PostStatus.CANCELLED:
        if post.published_at is not None:
            head = f"It was published before, and {network} still shows it. Delete it there if it is to go."
            return Standing(word="Cancelled", tone=Tone.PLAIN, head=head)
        return Standing(word="Cancelled", tone=Tone.PLAIN, head="It does not go out. Duplicate it to use it again.")
    return _failed(post)


def _queued(post: Post, now: datetime) -> Standing:
    if post.held_until is not None:
        return Standing(
            word="Waiting",
            tone=Tone.WAITING,
            head="It goes by itself",
            at=post.held_until,
            tail=".",
            hint=post.held_reason,
        )
    if post.retry_count and post.error_code:
        return Standing(
            word="Trying again",
            tone=Tone.WAITING,
            head="It did not work yet and is tried again by itself",
            at=post.due_at,
            tail=".",
            hint=post.error_message or "",
        )
    if post.due_at is None or post.due_at <= now:
        return Standing(word="Up next", tone=Tone.BUSY, head="It goes out in a moment.")
    return Standing(word="Scheduled", tone=Tone.WAITING, head="It goes out", at=post.due_at, tail=".")


def _failed(post: Post) -> Standing:
    if post.error_code == UNCONFIRMED:
        return Standing(
            word="Not sure",
            tone=Tone.BAD,
            head="The network did not say whether this post went out, and reading the account did not settle it.",
            hint="Ask the network again, or look at the account and say what you see. It is not sent again by itself.",
        )
    return Standing(word="Failed", tone=Tone.BAD, head=post.error_message or "It did not work.")


def told(post: Post, entries: Iterable[Attempt], names: Mapping[str, str]) -> list[Line]:
    """The log, oldest first, the same thing several times in a row told once."""
    lines = [Line(at=post.created_at, sentence=f"Written by {names.get(post.created_by, 'somebody')}.")]
    for entry in entries:
        if entry.step == Step.PREPARE and not post.media_urls and entry.http_status is None and not entry.category:
            continue  # there was nothing to prepare
        line = _line(post, entry, names)
        last = lines[-1]
        if last.entries and (last.sentence, last.tone) == (line.sentence, line.tone):
            several = (*last.entries, entry)
            lines[-1] = replace(last, times=last.times + 1, until=line.at, entries=several)
        else:
            lines.append(line)
    return lines


def _line(post: Post, entry: Attempt, names: Mapping[str, str]) -> Line:
    sentence, tone = _sentence(entry, post.channel.get_platform_display(), names)
    if entry.event == "publish_attempt" and entry.step == "fetch" and not post.media_urls:
        sentence = "Checked once more."
    return Line(at=entry.created_at, sentence=sentence, tone=tone, entries=(entry,))


def _sentence(entry: Attempt, network: str, names: Mapping[str, str]) -> tuple[str, Tone]:
    """What one entry says. An event that is not known here speaks for itself."""
    reason = reason_for(entry.category, network) or _whole(entry.message) or "It did not work."
    who = _who(entry.message, names)
    words: Mapping[str, tuple[str, Tone]] = {
        "publish_attempt": (_whole(entry.message) or _STEPS.get(entry.step, "").format(network=network), Tone.PLAIN),
        "publish_intent": (f"About to be sent to {network}.", Tone.PLAIN),
        "publish_success": ("It is live.", Tone.GOOD),
        "publish_retry": (f"{reason} It is tried again by itself.", Tone.WAITING),
        "publish_held": (
            f"{reason if entry.category else entry.message} It waits and goes by itself.".strip(),
            Tone.WAITING,
        ),
        "publish_doubt": (
            f"{network} gave no clear answer. The account is read to see whether the post went out.",
            Tone.WAITING,
        ),
        "publish_read": (
            f"Reading the account did not work: {_lowered(reason, network)}"
            if entry.category
            else "The account was read.",
            Tone.PLAIN,
        ),
        "publish_unconfirmed": ("Whether it went out could not be found out.", Tone.BAD),
        "publish_failure": (entry.next_action or reason, Tone.BAD),
        "publish_warning": (_beside(entry, reason), Tone.WAITING),
        "retry_requested": (f"{who} asked to try again.", Tone.PLAIN),
        "reconcile_requested": (f"{who} asked to look again.", Tone.PLAIN),
        "resolved_published": (f"{who} said that it is out.", Tone.GOOD),
        "resolved_failed": (f"{who} said that it is not out.", Tone.BAD),
    }
    return words.get(entry.event, (entry.message or entry.event.replace("_", " ").capitalize() + ".", Tone.PLAIN))


def _beside(entry: Attempt, reason: str) -> str:
    if entry.category == Category.AUTH_EXPIRED:
        return "The connection was refused and has been renewed."
    if entry.step == Step.COMMENT:
        return f"The first comment did not arrive. {reason}"
    return f"The live post could not be read just now. {reason}"


def _whole(note: str) -> str:
    """The note, where an adapter wrote a sentence and not a keyword."""
    return note if note[:1].isupper() and note.endswith(".") else ""


def _lowered(sentence: str, network: str) -> str:
    return sentence if sentence.startswith(network) else sentence[:1].lower() + sentence[1:]


def _who(message: str, names: Mapping[str, str]) -> str:
    found = _PERSON.search(message)
    name = names.get(found[0], "Somebody") if found else "Somebody"
    return name[:1].upper() + name[1:]


def people_of(post: Post, entries: Sequence[Attempt]) -> set[str]:
    """The public ids of the people and keys that the post and its log name."""
    return {post.created_by, *(name for entry in entries for name in _PERSON.findall(entry.message))}


def names(organization: Organization, ids: Iterable[str]) -> dict[str, str]:
    """What people and keys of the organization are called. Two queries."""
    wanted = list(ids)
    people = User.objects.filter(public_id__in=wanted, memberships__organization=organization)
    keys = ApiKey.objects.filter(public_id__in=wanted, organization=organization)
    return {
        **{user.public_id: user.get_short_name() for user in people},
        **{key.public_id: f"the API key “{key.name}”" for key in keys},
    }


def siblings(post: Post) -> list[Post]:
    """The other posts of its group, in the order of their making."""
    if not post.group_id:
        return []
    rows = Post.objects.filter(organization_id=post.organization_id, group_id=post.group_id).exclude(pk=post.pk)
    return list(rows.select_related("channel").order_by("id")[:20])


def callbacks(post: Post) -> Iterator[Callback]:
    """What its callback address was told, latest first."""
    yield from callbacks_for(post.organization).filter(subject=post.public_id)[:SHOWN_CALLBACKS]
