"""An event as it is sent, checked and put into our shape. Pure: bytes in, a row or what is wrong with it out.

Sizes are bounded here, so that nothing a stranger sends grows without end: 64 KB a request, 8 KB of metadata an event, and
names of at most 100 characters (how many of them an organization may have is the edge's to bound).
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple, NoReturn
from uuid import UUID

import msgspec

from tracking.events.currencies import CODES

MAX_BODY = 65_536  # bytes
MAX_BATCH = 500
MAX_METADATA = 8_192  # bytes as JSON
MAX_DEPTH = 20  # of metadata
MOST = Decimal(10) ** 13  # of an amount; numeric(18, 4) holds ten times as much
EARLY, LATE = timedelta(hours=1), timedelta(days=30)  # how far a sender's clock is believed

_EVENT_ID = re.compile(r"[\x21-\x7e]{1,64}", re.ASCII)
_OURS = re.compile(r"(?:evt|clk)_[0-7][0-9a-hjkmnp-tv-z]{25}", re.ASCII)  # chat33.lib.ids
_DIGITS = str.maketrans("0123456789abcdefghjkmnpqrstvwxyz", "0123456789abcdefghijklmnopqrstuv")
_REF = re.compile(r"[A-Za-z0-9_.:-]{1,64}", re.ASCII)


class NotReadable(ValueError):
    """The body is no JSON that we take; the message says why."""


@dataclass(frozen=True)
class Problem:
    """What is wrong with a field."""

    path: str
    message: str


class Sent(NamedTuple):
    """An event as its sender means it."""

    name: str
    event_id: str  # empty: none was sent
    contact: str
    value: Decimal | None
    currency: str
    order: str
    occurred_at: datetime | None
    data: Mapping[str, Any]


def read_body(body: bytes) -> Any:
    """The JSON of a body, numbers exact. Raises ``NotReadable``."""
    if len(body) > MAX_BODY:
        raise NotReadable("The body is larger than 64 KB.")
    try:
        return _STRICT.decode(body)
    except (ValueError, RecursionError, InvalidOperation):
        pass
    try:
        return _LENIENT.decode(body.decode("utf-8-sig"))
    except (ValueError, RecursionError, InvalidOperation):
        raise NotReadable("The body is not JSON.") from None


def _no_number(text: str) -> NoReturn:
    raise ValueError(text)


_STRICT = msgspec.json.Decoder(float_hook=Decimal)  # in an eighth of the time of the other
# Takes a byte order mark, and halves of characters, which JavaScript writes of a text that was cut within an emoji.
_LENIENT = json.JSONDecoder(parse_float=Decimal, parse_constant=_no_number)


def events_in(body: Any) -> list[Any]:
    """The events of a body: one, or a batch under ``events``. Raises ``NotReadable``."""
    if isinstance(body, dict) and "events" in body:
        events = body["events"]
        if not isinstance(events, list) or not events:
            raise NotReadable("events is a list of at least one event.")
        if len(events) > MAX_BATCH:
            raise NotReadable(f"A batch holds at most {MAX_BATCH} events.")
        return events
    return [body]


def read_event(given: Any, *, now: datetime) -> Sent | list[Problem]:
    """One event of the events API (Chat33, "Webhook Events API"), or everything that is wrong with it."""
    if not isinstance(given, dict):
        return [Problem("", "An event is a JSON object.")]
    wrong: list[Problem] = []
    name = given.get("event")
    if not isinstance(name, str) or not name.strip():
        wrong.append(Problem("event", "event is required: the event's name, such as purchase."))
    elif len(name.strip()) > 100 or not name.isprintable():
        wrong.append(Problem("event", "event is a name of at most 100 characters."))
    contact = _text(given, "contactId", _REF, "contactId is a contact's id, such as cm….", wrong)
    event_id = _text(given, "eventId", _EVENT_ID, "eventId is a text of 1 to 64 characters without spaces.", wrong)
    currency = given.get("currency")
    value = _value(given.get("value"), wrong)
    if currency is not None and (not isinstance(currency, str) or currency.strip().upper() not in CODES):
        wrong.append(Problem("currency", "currency is a code of ISO 4217, such as USD."))
        currency = None
    data = given.get("metadata")
    if data is None:
        data = {}
    elif not isinstance(data, dict):
        wrong.append(Problem("metadata", "metadata is a JSON object."))
        data = {}
    elif data and not _is_shallow(data):
        wrong.append(Problem("metadata", f"metadata is nested at most {MAX_DEPTH} deep."))
        data = {}
    elif data and len(msgspec.json.encode(data := without_nul(data))) > MAX_METADATA:
        wrong.append(Problem("metadata", "metadata is at most 8 KB as JSON."))
    occurred_at = _moment(given.get("occurredAt"), now, wrong)
    order = data.get("orderId") or given.get("orderId") or ""
    if wrong:
        return wrong
    assert isinstance(name, str)
    return Sent(
        name=name.strip(),
        event_id=event_id,
        contact=contact,
        value=value,
        currency=currency.strip().upper() if isinstance(currency, str) else "",
        order=without_nul(str(order))[:100] if isinstance(order, str | int | Decimal) else "",
        occurred_at=occurred_at,
        data=data,
    )


def key_of(event_id: str) -> UUID:
    """What an event id is stored as: itself where it is a UUID, what is in it where it is one of ours (so that keys are
    written side by side), else a digest of it.
    """
    if len(event_id) in (32, 36):
        try:
            return UUID(event_id)
        except ValueError:
            pass
    if _OURS.fullmatch(event_id):
        return UUID(int=int(event_id[4:].translate(_DIGITS), 32))
    return UUID(bytes=hashlib.blake2b(event_id.encode(), digest_size=16).digest())


def without_nul(value: Any) -> Any:
    """The same without what PostgreSQL's JSON or ours cannot hold: NUL, lone surrogates, integers beyond 64 bits."""
    if isinstance(value, str):
        if value.isascii() and "\x00" not in value:  # nearly every time
            return value
        return value.replace("\x00", "").encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {without_nul(str(name)): without_nul(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [without_nul(inner) for inner in value]
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return str(value)
    return float(value) if isinstance(value, Decimal) else value


def _is_shallow(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for one in level
            for inner in (one.values() if isinstance(one, dict) else one)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return True
    return False


def _text(given: Mapping[str, Any], name: str, form: re.Pattern[str], message: str, wrong: list[Problem]) -> str:
    value = given.get(name)
    if value is None or value == "":
        return ""
    if not isinstance(value, str) or not form.fullmatch(value):
        wrong.append(Problem(name, message))
        return ""
    return value


def _value(value: Any, wrong: list[Problem]) -> Decimal | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        wrong.append(Problem("value", "value is a number."))
        return None
    amount = Decimal(value)
    if amount < 0 or amount > MOST:
        wrong.append(Problem("value", "value is 0 or more, and less than ten trillion."))
        return None
    return amount.quantize(Decimal("0.0001"))


def _moment(value: Any, now: datetime, wrong: list[Problem]) -> datetime | None:
    if value is None:
        return None
    try:
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            at = datetime.fromtimestamp(float(value) / (1000 if value > 10**11 else 1), UTC)
        else:
            at = datetime.fromisoformat(str(value))
            at = (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        wrong.append(Problem("occurredAt", "occurredAt is an ISO 8601 time, such as 2026-04-15T14:00:00Z."))
        return None
    return at if now - LATE < at < now + EARLY else None
