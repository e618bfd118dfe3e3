"""Campaign links for analytics: the five UTM parameters, written so that one campaign is one row. Pure.

Google Analytics takes case as a difference ("Campaigns and traffic sources", Analytics Help, read 2026-11), so values are
put in lower case with hyphens unless the person wants them as they are.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from tracking.targets import appended, encoded, host_of

FIELDS = ("source", "medium", "campaign", "term", "content", "id")
REQUIRED = ("source", "medium", "campaign")
MAX_VALUE = 100

# Analytics Help, "Default channel group" (GA4), read 2026-11: which source and medium make which channel.
_SOCIAL = re.compile(
    r"facebook|instagram|tiktok|twitter|^x$|x\.com|youtube|linkedin|pinterest|reddit|threads|whatsapp|telegram|messenger"
)
_SEARCH = re.compile(r"google|bing|yahoo|baidu")
_PAID = re.compile(r"^(.*cp.*|ppc|retargeting|paid.*)$")
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
    base = encoded(url)
    host_of(base)
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


def clean(value: str, *, exact: bool = False) -> str:
    """The value as it is stored: trimmed, and unless ``exact`` in lower case with hyphens for spaces."""
    value = " ".join(value.split())
    return value if exact else re.sub(r"[\s_]+", "-", value).lower()


def channel_of(source: str, medium: str) -> str:
    """The default channel group that GA4 would show it in."""
    source, medium = source.lower(), medium.lower()
    paid, social = bool(_PAID.search(medium)), bool(_SOCIAL.search(source))
    rules = (
        ("Paid Social", paid and social),
        ("Paid Search", paid and bool(_SEARCH.search(source))),
        ("Organic Social", social or medium in _SOCIAL_MEDIA),
        ("Email", bool(re.search(r"e[-_ ]?mail", f"{source} {medium}"))),
        ("SMS", "sms" in (source, medium)),
        ("Affiliates", medium == "affiliate"),
        ("Display", medium in _DISPLAY),
        ("Mobile Push Notifications", medium.endswith("push") or "mobile" in medium),
        ("Referral", medium in _REFERRAL),
    )
    return next((name for name, holds in rules if holds), "Unassigned")
