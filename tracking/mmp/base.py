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
from urllib.parse import parse_qsl

_MACRO = re.compile(r"^(?:\{\{?[^{}]*\}?\}|\[[A-Za-z_ ]+\]|%7B.*%7D|\$\{.*\})$", re.I)
_EMPTY = frozenset({"", "null", "none", "n/a", "na", "undefined", "(null)", "nil", "-"})

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
    key: str
    contact: str = ""
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
    fields: Mapping[str, str] = field(default_factory=dict)
    unreplaced: tuple[str, ...] = ()  # macros that the MMP left as they were


@dataclass(frozen=True)
class Fields:
    """What came, without what is as good as missing."""

    values: Mapping[str, str]
    unreplaced: tuple[str, ...]

    def first(self, *names: str) -> str:
        """The first of these that has a value."""
        return next((self.values[name] for name in names if self.values.get(name)), "")


class Mmp(ABC):
    """One MMP: how to know its message, and how to read it."""

    name: ClassVar[str]
    title: ClassVar[str]
    signs: ClassVar[frozenset[str]]  # any of these fields says that it is this one's

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
    found: dict[str, str] = dict(parse_qsl(query, keep_blank_values=True, max_num_fields=300))
    text = body.strip()
    if text.startswith("{") or "json" in content_type.lower():
        if text:
            found |= _of_json(text)
    elif text:
        try:
            found |= dict(parse_qsl(text, keep_blank_values=True, max_num_fields=300))
        except ValueError:
            raise Unreadable("The form has more fields than any MMP sends.") from None
    found.pop("secret", None)
    left = tuple(sorted(name for name, value in found.items() if _MACRO.match(value.strip())))
    kept = {name: value.strip()[:2000] for name, value in found.items() if name not in left}
    return Fields({name: value for name, value in kept.items() if value.lower() not in _EMPTY}, left)


def _of_json(text: str) -> dict[str, str]:
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        raise Unreadable("The body says it is JSON and is not.") from None
    if not isinstance(given, dict):
        raise Unreadable("The body is JSON, but no object.")
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
