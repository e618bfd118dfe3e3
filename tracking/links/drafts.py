"""What a link is to be, read and checked: one way for the API, the pages and whoever builds links by code."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from contacts.models import Contact
from integrations.models import Channel
from tracking.links import utm
from tracking.links.codes import CHOSEN
from tracking.links.embedding import APPLE, GOOGLE
from tracking.links.signing import leads_back
from tracking.links.targets import NotATarget, app_address, target_of
from tracking.links.utm import UnableToBuild
from tracking.models import Link, LinkKind

MAX_TAGS, MAX_TAG = 20, 40
MAX_CLICKS = 1_000_000_000
REF = re.compile(r"[A-Za-z0-9_.:-]{1,60}", re.ASCII)
NO_REF = "An id has letters, digits and _ . : -, at most 60 of them."
_LENGTHS = {"title": 200, "campaign": 100, "influencer": 100, "folder": 80}


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What a person asks for; nothing of it is believed yet. Without ``kind`` it follows from the rest, without ``code`` one
    is made.
    """

    url: str = ""
    kind: str = ""
    code: str = ""
    title: str = ""
    ios_url: str = ""
    android_url: str = ""
    deep_link: str = ""
    contact: Contact | None = None
    channel: Channel | None = None
    flow: str = ""
    campaign: str = ""
    post: str = ""
    influencer: str = ""
    utm: Mapping[str, str] = field(default_factory=dict)
    exact: bool = False  # keep capital letters in utm
    folder: str = ""
    tags: Sequence[str] = ()
    expires_at: datetime | None = None
    expired_url: str = ""
    click_limit: int | None = None


@dataclass(frozen=True)
class Sound:
    """A draft that holds: the row's fields, and what a person may want to know."""

    fields: Mapping[str, Any]
    warnings: tuple[str, ...] = ()
    channel_group: str = ""  # as GA4 would group it


def draft_of(link: Link) -> Draft:
    """The link as a draft that would make it again."""
    return Draft(
        url=link.url, kind=link.kind, code=link.code, title=link.title, ios_url=link.ios_url,
        android_url=link.android_url, deep_link=link.deep_link, contact=link.contact, channel=link.channel,
        flow=link.flow, campaign=link.campaign, post=link.post, influencer=link.influencer, utm=link.utm, exact=True,
        folder=link.folder, tags=tuple(link.tags), expires_at=link.expires_at, expired_url=link.expired_url,
        click_limit=link.click_limit,
    )  # fmt: skip


def checked(draft: Draft, *, now: datetime, link: Link | None = None) -> Sound:
    """The draft's fields as they are stored. ``link`` is what it changes, if it does. Raises ``UnableToBuild``, its problems
    by the draft's fields, those of ``utm`` as ``utm_source`` and so on.
    """
    problems: dict[str, str] = {}
    ios_url = _address(draft.ios_url, target_of, "ios_url", problems)
    android_url = _address(draft.android_url, target_of, "android_url", problems)
    deep_link = _address(draft.deep_link, app_address, "deep_link", problems)
    expired_url = _address(draft.expired_url, target_of, "expired_url", problems)
    url = _address(draft.url or ios_url or android_url, target_of, "url", problems)
    if not url and not {"url", "ios_url", "android_url"} & problems.keys():
        problems["url"] = "Where does it lead? Write an address."
    if link is not None and link.utm and draft.url == link.url:
        url = utm.without(url)  # what it was given last time goes before what it is given now
    tagged = _tagged(draft, url, problems)
    words = {name: _words(getattr(draft, name), most, name, problems) for name, most in _LENGTHS.items()}
    refs = {name: _ref(getattr(draft, name), name, problems) for name in ("flow", "post")}
    tags = _tags(draft.tags, problems)
    kind = draft.kind or _kind(draft)
    problems |= _misfits(draft, kind, now, link)
    if problems:
        raise UnableToBuild(problems)
    fields = {
        "kind": kind, "url": tagged.url if tagged else url,
        "ios_url": ios_url, "android_url": android_url, "deep_link": deep_link, "expired_url": expired_url,
        "contact": draft.contact, "channel": draft.channel, "utm": dict(tagged.values) if tagged else {}, "tags": tags,
        "expires_at": draft.expires_at, "click_limit": draft.click_limit, **words, **refs,
    }  # fmt: skip
    follows = link is not None and link.campaign == link.utm.get("campaign") == draft.campaign
    if tagged and (follows or not fields["campaign"]):
        fields["campaign"] = tagged.values["campaign"]
    return Sound(fields, tagged.warnings if tagged else (), tagged.channel if tagged else "")


def _address(text: str, read: Callable[[str], str], name: str, problems: dict[str, str]) -> str:
    if not text.strip():
        return ""
    try:
        found = read(text)
    except NotATarget as error:
        problems[name] = str(error)
        return ""
    if leads_back(found):
        problems[name] = "The address is one of our own links: it would lead round in circles."
        return ""
    return found


def _tagged(draft: Draft, url: str, problems: dict[str, str]) -> utm.Built | None:
    given = {name: str(value) for name, value in draft.utm.items() if str(value).strip()}
    if not given:
        return None
    try:
        return utm.build(url or "https://example.com/", given, exact=draft.exact)
    except UnableToBuild as error:
        problems.update({f"utm_{name}": message for name, message in error.problems.items()})
        return None


def _words(text: str, most: int, name: str, problems: dict[str, str]) -> str:
    found = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    if len(found) > most:
        problems[name] = f"At most {most} characters; this has {len(found)}."
    return found


def _ref(text: str, name: str, problems: dict[str, str]) -> str:
    if text and not REF.fullmatch(text):
        problems[name] = NO_REF
    return text


def _tags(given: Sequence[str], problems: dict[str, str]) -> list[str]:
    tags: list[str] = []
    for text in given:
        words = " ".join("".join(c if c.isprintable() else " " for c in text).lower().replace("#", " ").split())
        if words and words not in tags:
            tags.append(words)
    if any(len(tag) > MAX_TAG for tag in tags):
        problems["tags"] = f"A tag has at most {MAX_TAG} characters."
    elif len(tags) > MAX_TAGS:
        problems["tags"] = f"A link has at most {MAX_TAGS} tags."
    return tags


def _kind(draft: Draft) -> str:
    if draft.deep_link or draft.ios_url or draft.android_url:
        return LinkKind.SMART
    return LinkKind.UTM if any(draft.utm.values()) else LinkKind.TRACKED


def _misfits(draft: Draft, kind: str, now: datetime, link: Link | None) -> dict[str, str]:
    """What does not go together."""
    problems = {}
    if kind not in LinkKind.values:
        problems["kind"] = f"Use one of {', '.join(LinkKind.values)}."
    if kind == LinkKind.SMART and not (draft.ios_url or draft.android_url or draft.deep_link):
        problems["ios_url"] = "A smart link leads elsewhere on a phone: write at least one such address."
    if kind == LinkKind.STORE and not {urlsplit(url).hostname for url in _urls(draft)} & {APPLE, GOOGLE}:
        problems["url"] = "An app store link leads to the App Store or Google Play."
    if kind == LinkKind.UTM and not any(draft.utm.values()):
        problems["utm_source"] = "A UTM link names at least source, medium and campaign."
    if link is None and draft.code and not CHOSEN.fullmatch(draft.code):
        problems["code"] = "3 to 32 letters, digits, hyphens and underscores, a letter or digit at both ends."
    if draft.expires_at and draft.expires_at <= now and (link is None or link.expires_at != draft.expires_at):
        problems["expires_at"] = "The time is past. Choose one ahead."
    if draft.click_limit is not None and not 1 <= draft.click_limit <= MAX_CLICKS:
        problems["click_limit"] = f"Write a number from 1 to {MAX_CLICKS:,}."
    return problems


def _urls(draft: Draft) -> list[str]:
    found = []
    for url in (draft.url, draft.ios_url, draft.android_url):
        try:
            found.append(target_of(url))
        except NotATarget:
            continue
    return found
