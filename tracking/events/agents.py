"""Who asks: a person, a program that reads, a messenger that draws a preview, a browser that looks ahead. Pure.

Messengers name themselves in ``User-Agent`` when they fetch a page for its preview: WhatsApp/2, TelegramBot,
Slackbot-LinkExpanding, facebookexternalhit (Meta, "Meta Web Crawlers"), Twitterbot, Discordbot, LinkedInBot, Mastodon (each
its own pages; all read 2026-11). Browsers that look ahead say so in ``Sec-Purpose: prefetch`` (Fetch Standard, 2.2.2) or the
older ``Purpose`` and ``X-Moz``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

By = Literal["person", "bot", "preview", "prefetch"]
Device = Literal["ios", "android", "desktop", ""]

_PREVIEWS = (
    (
        "iMessage",
        re.compile(r"facebookexternalhit/1\.1 Facebot Twitterbot/1\.0", re.I),
    ),  # names two others, so comes first
    ("WhatsApp", re.compile(r"^WhatsApp(?:/|$)", re.I)),  # Signal says the same
    ("Telegram", re.compile(r"TelegramBot", re.I)),
    ("Slack", re.compile(r"Slackbot|Slack-ImgProxy", re.I)),
    ("Facebook", re.compile(r"facebookexternalhit|facebookcatalog|meta-externalagent|meta-externalfetcher", re.I)),
    ("X", re.compile(r"Twitterbot", re.I)),
    ("LinkedIn", re.compile(r"LinkedInBot", re.I)),
    ("Discord", re.compile(r"Discordbot", re.I)),
    ("Mastodon", re.compile(r"\bMastodon/|Pleroma|Misskey|Akkoma", re.I)),
    ("Microsoft Teams", re.compile(r"SkypeUriPreview|MicrosoftPreview", re.I)),
    ("Viber", re.compile(r"^Viber", re.I)),
    ("Pinterest", re.compile(r"Pinterestbot|^Pinterest/", re.I)),  # "[Pinterest/iOS]" is a person inside the app
    ("Snapchat", re.compile(r"Snap URL Preview", re.I)),
    ("Reddit", re.compile(r"redditbot", re.I)),
    ("LINE", re.compile(r"line-poker|Line-Parts", re.I)),
    ("Google", re.compile(r"Google-PageRenderer|Google-Safety|GoogleImageProxy|APIs-Google", re.I)),
    ("Apple", re.compile(r"Applebot", re.I)),
)
# CUBOT makes telephones.
_PROGRAMS = re.compile(
    r"(?<!\bcu)bot\b|crawl|spider|slurp|scan|monitor|preview|fetch|archiver|validator|headless|phantom|puppeteer|playwright|"
    r"curl/|wget/|python|java/|okhttp|go-http|axios|undici|libwww|httpclient|ruby|perl|php/|guzzle|postman|insomnia|"
    r"lighthouse|pingdom|uptime|zgrab|nmap|masscan|nuclei|feedly|feedbin|\brss",
    re.I,
)
_BROWSER = re.compile(r"Mozilla/5\.0 \(|Opera/")


@dataclass(frozen=True)
class Visit:
    """Who asked; ``name`` is the messenger's or the program's where it is known."""

    by: By
    device: Device
    name: str = ""


def visit(headers: Mapping[str, str], method: str = "GET") -> Visit:
    """Who asks with these headers (names in lower case)."""
    agent = headers.get("user-agent", "")[:500]
    found = _by_agent(agent)
    if found.by == "preview":
        return found
    if "prefetch" in headers.get("sec-purpose", headers.get("purpose", headers.get("x-moz", ""))).lower():
        return Visit("prefetch", found.device, "Browser")
    return Visit("bot", found.device, _named(agent)) if method == "HEAD" else found


@lru_cache(maxsize=4_096)  # people share a few hundred browsers
def _by_agent(agent: str) -> Visit:
    device = device_of(agent)
    for name, pattern in _PREVIEWS:
        if pattern.search(agent):
            return Visit("preview", device, name)
    if not _BROWSER.search(agent) or _PROGRAMS.search(agent):
        return Visit("bot", device, _named(agent))
    return Visit("person", device)


def _named(agent: str) -> str:
    return agent.partition("/")[0][:40]


def device_of(agent: str) -> Device:
    """What kind of device its browser says it is on. An iPad of iPadOS 13 and later says it is a Mac, and counts as one."""
    if re.search(r"iPhone|iPad|iPod", agent):
        return "ios"
    if "Android" in agent:
        return "android"
    return "desktop" if re.search(r"Windows|Macintosh|Linux|CrOS", agent) else ""
