"""What the command bar finds: a few of each kind of row, pages of settings, and operations of the API."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.text import Truncator
from django.views.decorators.http import require_safe

from chat33.dashboard.developing.reference import reference
from chat33.orgs.roles import Permission
from chat33.pages.door import Here, PageRequest, door
from contacts.selectors import contacts_found
from integrations.auth import MANAGING_KEYS
from integrations.selectors import channels_for
from posts.finding import media_found, posts_found
from tracking.links.selectors import Wish, links_like

SHORTEST, LONGEST = 2, 100  # characters
EACH = 5  # of a kind


@dataclass(frozen=True, kw_only=True)
class Hit:
    """One thing that was found; ``platform`` shows a network's mark in place of the icon."""

    title: str
    url: str
    note: str = ""
    icon: str = ""
    platform: str = ""


@dataclass(frozen=True, kw_only=True)
class Group:
    """Those of a kind."""

    title: str
    hits: list[Hit]


@dataclass(frozen=True, kw_only=True)
class Place:
    """A page that is not a room; ``words`` are others it goes by."""

    name: str
    title: str
    icon: str
    words: str = ""
    permission: Permission = Permission.READ


PLACES = (
    Place(name="settings", title="Organization settings", icon="cog-6-tooth", words="name zone timezone logo"),
    Place(name="labels", title="Labels", icon="tag", words="contacts tags"),
    Place(name="rules", title="Rules", icon="bolt", words="events labels tagging automatic"),
    Place(name="utm_builder", title="UTM builder", icon="link", words="campaign source medium google analytics"),
    Place(
        name="store_builder", title="App store links", icon="device-phone-mobile", words="apple google play campaign"
    ),
    Place(name="words", title="Sources and campaigns", icon="tag", words="utm vocabulary"),
    Place(name="domains", title="Domains", icon="globe-alt", words="hosts verified links redirect"),
    Place(
        name="results", title="Results", icon="chart-bar", words="overview tracking analytics visitors clicks signups"
    ),
    Place(name="funnel", title="Funnel", icon="funnel", words="conversion drop-off steps results"),
    Place(name="revenue", title="Revenue", icon="banknotes", words="money attribution campaigns influencers results"),
    Place(
        name="window", title="Attribution window", icon="adjustments-horizontal", words="recount touches days credit"
    ),
    Place(name="live", title="Live", icon="signal", words="now realtime visitors results"),
    Place(name="events", title="Events", icon="bolt", words="explorer purchases installs tracking results"),
    Place(name="members", title="Members", icon="users", words="people team invite roles"),
    Place(name="notifications", title="Notifications", icon="bell", words="email digest"),
    Place(name="keys", title="API keys", icon="key", words="token scopes"),
    Place(name="new_key", title="Make an API key", icon="key", words="new token", permission=MANAGING_KEYS),
    Place(
        name="integrations", title="Integrations", icon="puzzle-piece", words="pixel token mmp secret snippet origins"
    ),
    Place(
        name="postbacks",
        title="Postbacks",
        icon="device-phone-mobile",
        words="mmp installs appsflyer adjust tenjin singular replay",
    ),
    Place(
        name="store_reports", title="Store reports", icon="chart-bar", words="skadnetwork skan adattributionkit apple"
    ),
    Place(name="reference", title="API reference", icon="book-open", words="documentation docs"),
    Place(name="explorer", title="API explorer", icon="beaker", words="swagger try"),
    Place(name="reference_errors", title="API errors", icon="exclamation-triangle", words="codes"),
    Place(name="requests", title="Request log", icon="list-bullet", words="api calls"),
    Place(name="callbacks", title="Callbacks", icon="arrow-uturn-right", words="webhooks deliveries replay"),
    Place(name="signing", title="Signing secret", icon="shield-check", words="webhook signature whsec rotate"),
    Place(name="imports", title="Import posts", icon="document-arrow-up", words="csv", permission=Permission.WRITE),
)


@require_safe
@door(Permission.READ)
def search(request: PageRequest) -> HttpResponse:
    """``/search/?q=``: the options that the command bar shows below its own commands."""
    text = request.GET.get("q", "").replace("\x00", "").strip()[:LONGEST]
    groups = list(found(request.here, text)) if len(text) >= SHORTEST else []
    return render(request, "dashboard/_found.html", {"groups": groups})


def found(here: Here, text: str) -> Iterator[Group]:
    """Whatever has the text in it, of what the person may see, by kind."""
    kinds = {
        "Posts": _posts(here, text),
        "Contacts": _contacts(here, text),
        "Links": _links(here, text),
        "Accounts": _accounts(here, text),
        "Library": _files(here, text),
        "Pages": _places(here, text),
        "API reference": _operations(text),
    }
    yield from (Group(title=title, hits=hits) for title, hits in kinds.items() if hits)


def _posts(here: Here, text: str) -> list[Hit]:
    return [
        Hit(
            title=Truncator(post.text or "No words").chars(80),
            url=f"/posts/{post.public_id}/",
            note=post.get_status_display().capitalize(),
            platform=post.channel.platform,
        )
        for post in posts_found(here.organization, text, limit=EACH)
    ]


def _contacts(here: Here, text: str) -> list[Hit]:
    return [
        Hit(
            title=str(contact),
            url=reverse("contact", args=[contact.public_id]),
            note=contact.email if contact.name else "",
            icon="user",
        )
        for contact in contacts_found(here.organization, text, limit=EACH)
    ]


def _links(here: Here, text: str) -> list[Hit]:
    return [
        Hit(
            title=link.title or link.url.partition("://")[2],
            url=reverse("link", args=[link.public_id]),
            note=f"/l/{link.code}",
            icon="link",
        )
        for link in links_like(here.organization, Wish(search=text))[:EACH]
    ]


def _accounts(here: Here, text: str) -> list[Hit]:
    named = (
        Q(name__icontains=text) | Q(username__icontains=text.removeprefix("@")) | Q(platform__startswith=text.lower())
    )
    return [
        Hit(
            title=channel.name,
            url=reverse("channel", args=[channel.public_id]),
            note=f"@{channel.username}" if channel.username else channel.get_platform_display(),
            platform=channel.platform,
        )
        for channel in channels_for(here.organization).filter(named | Q(public_id=text))[:EACH]
    ]


def _files(here: Here, text: str) -> list[Hit]:
    return [
        Hit(
            title=file.name,
            url=reverse("library_file", args=[file.public_id]),
            icon="film" if file.kind == "video" else "photo",
        )
        for file in media_found(here.organization, text, limit=EACH)
    ]


def _places(here: Here, text: str) -> list[Hit]:
    asked = text.lower()
    meant = [
        place for place in PLACES if asked in f"{place.title} {place.words}".lower() and here.may(place.permission)
    ]
    return [Hit(title=place.title, url=url, icon=place.icon) for place in meant if (url := _address(place.name))][:EACH]


def _operations(text: str) -> list[Hit]:
    return [
        Hit(
            title=page.summary,
            url=reverse("reference_page", args=[page.slug]),
            note=f"{page.method} {page.path}".strip(),
            icon="code-bracket",
        )
        for page in reference().found(text)[:EACH]
    ]


def _address(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
