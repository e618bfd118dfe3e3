"""Campaign links for analytics: the five UTM parameters, written so that one campaign is one row. Pure.

Google Analytics takes case as a difference ("Campaigns and traffic sources", Analytics Help, read 2026-11), so values are
put in lower case with hyphens unless the person wants them as they are.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from tracking.links.targets import appended, target_of

FIELDS = ("source", "medium", "campaign", "term", "content", "id")
REQUIRED = ("source", "medium", "campaign")
MAX_VALUE = 100
_NAMES = frozenset(f"utm_{name}" for name in FIELDS)

# Analytics Help, "Default channel group" (GA4), read 2026-11: which source and medium make which channel.
_SOCIAL = re.compile(
    r"(?:^|[^a-z])(?:facebook|fb|instagram|ig|tiktok|twitter|t\.co|x\.com|linkedin|pinterest|reddit|threads|snapchat|"
    r"whatsapp|telegram|messenger)(?:[^a-z]|$)|^x$"
)
_VIDEO = re.compile(r"(?:^|[^a-z])(?:youtube|vimeo|twitch|dailymotion)(?:[^a-z]|$)")
_SEARCH = re.compile(r"(?:^|[^a-z])(?:google|bing|yahoo|baidu|duckduckgo|yandex|ecosia|naver)(?:[^a-z]|$)")
_PAID = re.compile(r"^(.*cp.*|ppc|retargeting|paid.*)$")
_MAIL = re.compile(r"e[-_ ]?mail")
_SOCIAL_MEDIA = frozenset({"social", "social-network", "social-media", "sm", "social network", "social media"})
_DISPLAY = frozenset({"display", "banner", "expandable", "interstitial", "cpm"})
_REFERRAL = frozenset({"referral", "app", "link"})


class UnableToBuild(ValueError):
    """The link cannot be made; ``problems`` says why by field."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(problems.values()))
        self.problems = problems


@dataclass(frozen=True)
class Built:
    """A campaign link, and what a person may want to know of it."""

    url: str
    values: Mapping[str, str]
    channel: str  # as GA4 would group it
    warnings: tuple[str, ...] = ()


def build(url: str, given: Mapping[str, str], *, exact: bool = False) -> Built:
    """The address with the parameters; those that are there already are replaced, query and fragment stay. ``exact`` keeps
    the values as they are written. Raises ``UnableToBuild``, and ``targets.NotATarget`` for the address.
    """
    base = target_of(url)
    values = {name: clean(given.get(name, ""), exact=exact) for name in FIELDS}
    problems = {name: f"The {name} is missing." for name in REQUIRED if not values[name]}
    problems |= {
        name: f"The {name} is longer than {MAX_VALUE} characters."
        for name, value in values.items()
        if len(value) > MAX_VALUE
    }
    if problems:
        raise UnableToBuild(problems)
    kept = {name: value for name, value in values.items() if value}
    changed = [name for name in kept if kept[name] != given.get(name, "").strip()]
    warnings = [f"Written as {kept[name]}: analytics tell capital letters and spaces apart." for name in changed]
    replaced = [
        name
        for name, _ in parse_qsl(urlsplit(base).query)
        if name.removeprefix("utm_") in kept and name.startswith("utm_")
    ]
    warnings += [f"{name} was in the address and is replaced." for name in replaced]
    made = appended(base, {f"utm_{name}": value for name, value in kept.items()})
    return Built(made, kept, channel_of(kept["source"], kept["medium"]), tuple(warnings))


def without(url: str) -> str:
    """The address without the six parameters."""
    parts = urlsplit(url)
    kept = [part for part in parts.query.split("&") if part and part.partition("=")[0] not in _NAMES]
    return urlunsplit(parts._replace(query="&".join(kept)))


def clean(value: str, *, exact: bool = False) -> str:
    """The value as it is stored: trimmed, and unless ``exact`` in lower case with hyphens for spaces."""
    value = " ".join(value.split())
    return value if exact else value.replace(" ", "-").lower()


def channel_of(source: str, medium: str) -> str:
    """The default channel group that GA4 would show it in."""
    source, medium = source.lower(), medium.lower()
    paid, social = bool(_PAID.search(medium)), bool(_SOCIAL.search(source))
    video, search = bool(_VIDEO.search(source)), bool(_SEARCH.search(source))
    rules = (
        ("Paid Search", paid and search),
        ("Paid Social", paid and social),
        ("Paid Video", paid and video),
        ("Display", medium in _DISPLAY),
        ("Paid Other", paid),
        ("Organic Social", social or medium in _SOCIAL_MEDIA),
        ("Organic Video", video or "video" in medium),
        ("Organic Search", search or medium == "organic"),
        ("Referral", medium in _REFERRAL),
        ("Email", bool(_MAIL.fullmatch(source) or _MAIL.fullmatch(medium))),
        ("Affiliates", medium == "affiliate"),
        ("Audio", medium == "audio"),
        ("SMS", "sms" in (source, medium)),
        ("Mobile Push Notifications", medium.endswith("push") or "mobile" in medium or "notification" in medium),
    )
    return next((name for name, holds in rules if holds), "Unassigned")
