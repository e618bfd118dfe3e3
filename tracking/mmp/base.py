"""The one shape that every MMP's postback is read into, and what they share."""

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from hashlib import blake2b
from typing import Any, ClassVar, Literal
from urllib.parse import parse_qsl, unquote

from tracking.events.intake import without_nul

_WORD = r"[A-Za-z][\w.?:-]*"  # a macro's name; JSON in braces has quotes
_MACRO = re.compile(
    rf"(?:\$?\{{\{{?\s*{_WORD}\s*\}}?\}}|\[{_WORD}\]|\({_WORD}\)|(?:%7B){{1,2}}{_WORD}(?:%7D){{1,2}})", re.I
)
_EMPTY = frozenset({"", "null", "none", "n/a", "na", "undefined", "(null)", "(none)", "nil", "-"})
_LINKS = ("original_url", "click_url", "gp_referrer", "install_referrer", "referrer")  # where our own cid may be in
_ORDERS = ("af_order_id", "order_id", "orderid", "transaction_id", "af_receipt_id")
OURS = "cm"  # how a contact's id begins
LONGEST = 2_000  # characters of a field
MOST = 300  # fields

Kind = Literal[
    "install", "reinstall", "event", "purchase", "session", "uninstall", "rejected", "cost", "aggregate", "other"
]


class Unreadable(ValueError):
    """The message is none that we can read; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A postback as we understand it. ``key`` tells it from every other one of its MMP; a repetition has the same."""

    mmp: str
    kind: Kind
    event: str  # our name: install, reinstall, purchase, or the MMP's own
    key: str  # empty when nothing in it tells it from others
    contact: str = ""
    contact_by: str = ""  # the field that the contact stood in
    flow: str = ""
    influencer: str = ""
    network: str = ""
    campaign: str = ""
    app: str = ""
    platform: str = ""
    device: str = ""  # the MMP's id of the device or installation
    occurred_at: datetime | None = None
    value: Decimal | None = None
    currency: str = ""
    order: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    unreplaced: Mapping[str, str] = field(default_factory=dict)  # macros that the MMP left as they were, by field
    store: "StoreReport | None" = None  # for what names nobody


@dataclass(frozen=True, kw_only=True)
class StoreReport:
    """What a store says of an install without saying whose."""

    framework: str  # SKAN (SKAdNetwork) or AAK (AdAttributionKit)
    version: str = ""
    network: str = ""
    campaign: str = ""
    app: str = ""
    conversion: str = ""
    won: bool = True


@dataclass(frozen=True)
class Fields:
    """What came, without what is as good as missing."""

    values: Mapping[str, str]
    unreplaced: Mapping[str, str]

    def first(self, *names: str) -> str:
        """The first of these that has a value."""
        return next((self.values[name] for name in names if self.values.get(name)), "")

    def contact(self, *names: str) -> tuple[str, str]:
        """The contact and the field it stood in: the first of these, else ``cid``, also of a link or referrer of ours, where
        it is one of ours (Singular calls a campaign so).
        """
        for name in names:
            if self.values.get(name):
                return self.values[name], name
        if self.values.get("cid", "").startswith(OURS):
            return self.values["cid"], "cid"
        for name in _LINKS:
            text = unquote(self.values.get(name, ""))
            inside = dict(parse_qsl(text.partition("?")[2] or text))
            if inside.get("cid", "").startswith(OURS):
                return inside["cid"], name
        return "", ""

    def order(self) -> str:
        """The order's id, also where it stands in AppsFlyer's ``event_value``, a JSON object."""
        try:
            given = json.loads(self.values.get("event_value", "{}"))
        except (ValueError, RecursionError):
            given = {}
        inside = {str(name): _plain(value) for name, value in given.items()} if isinstance(given, dict) else {}
        return next((found for name in _ORDERS if (found := self.first(name) or inside.get(name, ""))), "")[:100]

    def key(self, device: str, *parts: str, dated: str) -> str:
        """What tells the message from others: the device and these parts; without a device, everything in a message that
        has a time; "" for one that has neither.
        """
        if device:
            return joined(device, *parts)
        return joined(*(f"{name}={value}" for name, value in sorted(self.values.items()))) if dated else ""


class Mmp(ABC):
    """One MMP: how to know its message, and how to read it."""

    name: ClassVar[str]
    title: ClassVar[str]
    signs: ClassVar[frozenset[str]]  # any of these fields says that it is this one's
    contact_fields: ClassVar[tuple[str, ...]]  # where the contact stands

    @abstractmethod
    def read(self, found: Fields) -> Reading:
        """What the message says. Raises ``Unreadable``."""

    @abstractmethod
    def template(self, url: str) -> str:
        """The address to put into the MMP's dashboard: ours with this MMP's macros."""

    @abstractmethod
    def example(self, *, contact: str, flow: str, now: datetime) -> Mapping[str, str]:
        """The fields of a test postback."""


def fields_of(query: str, body: str, content_type: str) -> Fields:
    """The fields of a message, of its query and of its JSON or form body, which wins. Raises ``Unreadable``."""
    found = _of_form(query)
    text = body.strip()
    if text.startswith("{") or "json" in content_type.lower():
        if text:
            found |= _of_json(text)
    elif text:
        found |= _of_form(text)
    found.pop("secret", None)
    kept = {str(name)[:100]: str(value).strip()[:LONGEST] for name, value in without_nul(found).items()}
    kept = {name: value for name, value in kept.items() if value.lower() not in _EMPTY}
    left = {name: value for name, value in sorted(kept.items()) if _MACRO.fullmatch(value)}
    return Fields({name: value for name, value in kept.items() if name not in left}, left)


def _of_form(text: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MOST))
    except ValueError:
        raise Unreadable(f"It has more than {MOST} fields, which is more than any MMP sends.") from None


def _of_json(text: str) -> dict[str, str]:
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        raise Unreadable("The body says it is JSON and is not.") from None
    if not isinstance(given, dict):
        raise Unreadable("The body is JSON, but no object.")
    if len(given) > MOST:
        raise Unreadable(f"It has more than {MOST} fields, which is more than any MMP sends.")
    return {str(name): _plain(value) for name, value in given.items()}


def _plain(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def joined(*parts: str) -> str:
    """A key from what tells messages apart; "" when none of it is there."""
    return blake2b("\x1f".join(parts).encode(), digest_size=20).hexdigest() if any(parts) else ""


def moment(text: str) -> datetime | None:
    """A time as MMPs write it: Unix seconds or milliseconds, ISO, or ``yyyy-mm-dd hh:mm:ss`` in UTC."""
    try:
        if re.fullmatch(r"\d{9,14}(\.\d+)?", text):
            number = float(text)
            return datetime.fromtimestamp(number / 1000 if number > 10**11 else number, UTC)
        at = datetime.fromisoformat(text)
        return at if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        return None


def amount(text: str) -> Decimal | None:
    """A sum of money, None for what is none, negative or not finite."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value.quantize(Decimal("0.0001")) if value.is_finite() and 0 <= value < 10**13 else None
