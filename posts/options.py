"""The form that a network's published options make: fields from its JSON Schema, and values back from the form. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any, Literal
from zoneinfo import ZoneInfo

from integrations.providers.registry import PROVIDERS
from integrations.providers.rules import Draft, MediaFacts
from posts.composing import FIRST_COMMENT, TEXT
from posts.schedule import NotATime, moment

Kind = Literal["choice", "flag", "number", "line", "words", "list", "moment"]
WORDY = 500  # characters from which a field has room for several lines
MOST = 10_000  # characters of one field that are read at all
_FAR = datetime(9000, 1, 1, tzinfo=UTC)  # a time is only read here, not judged

# Names that splitting a key at its capitals does not make.
_NAMES = {
    "isAigc": "AI-generated",
    "madeWithAi": "Made with AI",
    "autoAddMusic": "Let TikTok add music",
    "brandOrganic": "Promotes your own business",
    "brandContent": "Paid partnership",
    "coverTimestampMs": "Cover frame (milliseconds)",
    "thumbOffset": "Cover frame (milliseconds)",
    "categoryId": "Category number",
    "locationId": "Place (its page number)",
    "publishAt": "Make public at",
    "privacyLevel": "Who can see it",
    "privacy": "Who can see it",
    "replySettings": "Who can reply",
    "containsSyntheticMedia": "Altered or generated material",
    "disableComment": "No comments",
    "disableDuet": "No duets",
    "disableStitch": "No stitches",
}
_CHOICES = {
    "SELF_ONLY": "Only me",
    "PUBLIC_TO_EVERYONE": "Everyone",
    "MUTUAL_FOLLOW_FRIENDS": "Friends",
    "FOLLOWER_OF_CREATOR": "Followers",
    "mentionedUsers": "People mentioned",
    "following": "People you follow",
}


@dataclass(frozen=True, kw_only=True)
class OptionField:
    """One option as the composer shows it. ``value`` is the text in its field; of a flag, ``on`` or empty."""

    platform: str
    key: str
    label: str
    kind: Kind
    help: str
    choices: tuple[tuple[str, str], ...] = ()
    limit: int | None = None  # characters
    low: int | None = None
    high: int | None = None
    value: str = ""
    applies: bool = True  # to the files as they are

    @property
    def name(self) -> str:
        """The form's field."""
        return f"option.{self.platform}.{self.key}"

    @property
    def path(self) -> str:
        """Its place in a request, as issues name it."""
        return f"platformConfig.{self.platform}.{self.key}"


@cache
def fields_of(platform: str) -> tuple[OptionField, ...]:
    """The network's options in the order it publishes them, without the text, which has a field of its own."""
    properties: Mapping[str, Any] = PROVIDERS[platform].rules.options.get("properties", {})
    return tuple(_field(platform, key, schema) for key, schema in properties.items() if key != TEXT)


def filled(
    platform: str,
    options: Mapping[str, Any],
    *,
    zone: str,
    media: Sequence[MediaFacts] = (),
    media_type: str | None = None,
) -> tuple[OptionField, ...]:
    """The fields with what is chosen in them. One that these files have no use for, and that says nothing, does not
    apply: the network's own rules say so.
    """
    draft = Draft(text="", media=tuple(media), media_type=media_type)
    return tuple(
        replace(
            field,
            value=_shown(field, options.get(field.key, _schema(field).get("default")), zone),
            applies=field.key in options or not _is_ignored(field, draft),
        )
        for field in fields_of(platform)
    )


def read(platform: str, given: Mapping[str, str], *, zone: str, kept: Mapping[str, Any]) -> dict[str, Any]:
    """The options that a form says, by their fields' names. What is empty or the network's own default is left out, what
    cannot be understood goes as it was written, so that the network's rules name it. ``kept`` are those the post had:
    unknown ones stay.
    """
    fields = fields_of(platform)
    known = {field.key for field in fields} | {TEXT}
    options = {key: value for key, value in kept.items() if key not in known}
    for field in fields:
        value = _value(field, given.get(field.name, "")[:MOST], zone)
        if value is not None and value != _schema(field).get("default", False if field.kind == "flag" else None):
            options[field.key] = value
    return options


def label(key: str) -> str:
    """``shareToFeed`` as people read it: Share to feed."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", key).lower()
    return _NAMES.get(key) or words[:1].upper() + words[1:]


def _schema(field: OptionField) -> Mapping[str, Any]:
    schema: Mapping[str, Any] = PROVIDERS[field.platform].rules.options["properties"][field.key]
    return schema


def _field(platform: str, key: str, schema: Mapping[str, Any]) -> OptionField:
    kind = _kind(schema)
    return OptionField(
        platform=platform,
        key=key,
        label=label(key),
        kind=kind,
        help=str(schema.get("description", "")),
        choices=_choices(schema),
        limit=schema.get("maxLength"),
        low=schema.get("minimum"),
        high=schema.get("maximum"),
    )


def _kind(schema: Mapping[str, Any]) -> Kind:
    if "enum" in schema:
        return "choice"
    if schema.get("format") == "date-time":
        return "moment"
    match schema.get("type"):
        case "boolean":
            return "flag"
        case "integer":
            return "number"
        case "array":
            return "list"
    return "words" if schema.get("maxLength", 0) >= WORDY else "line"


def _choices(schema: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    if "enum" not in schema:
        return ()
    unset = () if "default" in schema else (("", "As the account has it"),)
    return (*unset, *((value, _CHOICES.get(value) or label(value)) for value in schema["enum"]))


def _shown(field: OptionField, value: Any, zone: str) -> str:
    if value is None or value is False:
        return ""
    if field.kind == "list" and isinstance(value, list):
        return ", ".join(str(item) for item in value)
    if field.kind == "moment":
        try:
            return f"{datetime.fromisoformat(str(value)).astimezone(ZoneInfo(zone)):%Y-%m-%dT%H:%M}"
        except ValueError:
            return str(value)
    return "on" if value is True else str(value)


def _value(field: OptionField, text: str, zone: str) -> Any:
    """The value that the field's text means; None is nothing."""
    if field.kind == "flag":
        return bool(text)
    if not text.strip():
        return None
    match field.kind:
        case "number":
            return int(text) if re.fullmatch(r"\s*-?[0-9]{1,12}\s*", text) else text
        case "list":
            return [word for item in re.split(r"[,\n]", text) if (word := item.strip())]
        case "moment":
            try:
                return moment(text, zone, now=_FAR).at.isoformat()
            except NotATime:
                return text
    return text if field.key == FIRST_COMMENT else text.strip()


def _is_ignored(field: OptionField, draft: Draft) -> bool:
    sample: Any = {"flag": True, "number": 0, "list": ["a"]}.get(field.kind, "a")
    issues = PROVIDERS[field.platform].check(replace(draft, options={field.key: sample}))
    return any(issue.path == field.path and issue.code.endswith("_IGNORED") for issue in issues)
