"""Campaign links for the App Store and Google Play. Pure.

Apple: "Create campaign links" in App Analytics (App Store Connect Help, read 2026-11): ``pt`` is the provider, ``ct`` the
campaign of at most 30 characters (older links of up to 40 still count), ``mt=8``. Numbers show after five first downloads,
so a campaign cannot carry a person. Google: "Google Play Install Referrer" (Android Developers, read 2026-11): what
``referrer`` holds reaches the app for 90 days.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from tracking.links.utm import FIELDS, UnableToBuild, clean

CAMPAIGN_SHOWN, CAMPAIGN_MOST = 30, 40
REFERRER_MOST = 500  # Google names no limit; longer ones were seen cut
_APP_ID = re.compile(r"(?:id)?(\d{5,12})")
_PROVIDER = re.compile(r"\d{1,12}")
_CAMPAIGN = re.compile(r"[A-Za-z0-9 \-_.~!*'()]+")
_PACKAGE = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)+")


@dataclass(frozen=True)
class StoreLink:
    """A store link, and what a person may want to know of it."""

    url: str
    warnings: tuple[str, ...] = ()


def app_store(*, app: str, provider: str, campaign: str) -> StoreLink:
    """The App Store's link. ``app`` is the number, ``id123`` or an apps.apple.com address. Raises ``UnableToBuild``."""
    problems: dict[str, str] = {}
    number = _APP_ID.fullmatch(app.strip()) or re.search(r"apps\.apple\.com/.*/id(\d{5,12})", app)
    if number is None:
        problems["app"] = "Write the app's number from App Store Connect: apps.apple.com/app/id[THIS NUMBER]."
    if not _PROVIDER.fullmatch(provider.strip()):
        problems["provider"] = "Write the provider token (pt) that App Store Connect shows: a number."
    name = campaign.strip()
    if not name or not _CAMPAIGN.fullmatch(name):
        problems["campaign"] = "A campaign has letters, digits, spaces and - _ . ~ ! * ' ( )."
    elif len(name) > CAMPAIGN_MOST:
        problems["campaign"] = f"Apple takes at most {CAMPAIGN_SHOWN} characters; this has {len(name)}."
    if problems or number is None:
        raise UnableToBuild(problems)
    warnings = (
        (f"Apple's help names {CAMPAIGN_SHOWN} characters; this has {len(name)} and may be cut.",)
        if len(name) > CAMPAIGN_SHOWN
        else ()
    )
    query = urlencode({"pt": provider.strip(), "ct": name, "mt": "8"})
    return StoreLink(f"https://apps.apple.com/app/apple-store/id{number[1]}?{query}", warnings)


def google_play(*, package: str, referrer: Mapping[str, str]) -> StoreLink:
    """Google Play's link; the referrer is encoded once, as a whole. Raises ``UnableToBuild``."""
    found = re.search(r"[?&]id=([\w.]+)", package)
    name = found[1] if found else package.strip()
    if not _PACKAGE.fullmatch(name):
        raise UnableToBuild(
            {"package": "Write the app's package, such as com.example.app, or its Google Play address."}
        )
    value = urlencode({key: text for key, text in referrer.items() if text})
    if len(value) > REFERRER_MOST:
        raise UnableToBuild(
            {"referrer": f"Everything together is at most {REFERRER_MOST} characters; this has {len(value)}."}
        )
    query = {"id": name, **({"referrer": value} if value else {})}
    return StoreLink(f"https://play.google.com/store/apps/details?{urlencode(query)}")


@dataclass(frozen=True)
class StoreLinks:
    """A campaign's links to both stores, as far as they were asked for; ``values`` are those of Google Play's."""

    ios_url: str = ""
    android_url: str = ""
    warnings: tuple[str, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)


def both(apple: Mapping[str, str] | None, google: Mapping[str, str] | None) -> StoreLinks:
    """The links of an app: ``apple`` has app, provider and campaign, ``google`` the package and the utm values. Raises
    ``UnableToBuild``, its problems named ``appStore.app``, ``googlePlay.package`` and so on.
    """
    problems: dict[str, str] = {}
    ios = android = StoreLink("")
    values = {name: clean(google.get(name, "")) for name in FIELDS} if google is not None else {}
    if apple is not None:
        try:
            ios = app_store(**{name: apple.get(name, "") for name in ("app", "provider", "campaign")})
        except UnableToBuild as error:
            problems |= {f"appStore.{name}": message for name, message in error.problems.items()}
    if google is not None:
        referrer = {f"utm_{name}": value for name, value in values.items()}
        try:
            android = google_play(package=google.get("package", ""), referrer=referrer)
        except UnableToBuild as error:
            problems |= {f"googlePlay.{name}": message for name, message in error.problems.items()}
    if apple is None and google is None:
        problems["appStore"] = "Write an app of the App Store, of Google Play, or both."
    if problems:
        raise UnableToBuild(problems)
    return StoreLinks(ios.url, android.url, ios.warnings + android.warnings, values)
