"""The way to every room, in the order of the sidebar."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from chat33.orgs.roles import Permission
from chat33.pages.context import THEMES


@dataclass(frozen=True)
class Room:
    """One entry. ``name`` is its address' name, ``key`` the keys that lead there, ``tabbar`` its word on a phone."""

    name: str
    title: str
    icon: str
    key: str = ""
    permission: Permission = Permission.READ
    tabbar: str = ""


GROUPS: tuple[tuple[str, tuple[Room, ...]], ...] = (
    (
        "",
        (
            Room("home", "Home", "home", "g h", tabbar="Home"),
            Room("posts", "Posts", "calendar-days", "g p", tabbar="Posts"),
            Room("reviews", "Approvals", "clipboard-document-check", "g r"),
            Room("library", "Library", "photo", "g l", tabbar="Library"),
            Room("contacts", "Contacts", "users", "g c"),
            Room("channels", "Accounts", "share", "g a", tabbar="Accounts"),
        ),
    ),
    (
        "Results",
        (
            Room("results", "Overview", "chart-bar", "g o"),
            Room("revenue", "Revenue", "banknotes", "g m"),
            Room("links", "Links", "link", "g k"),
            Room("events", "Events", "bolt", "g e"),
            Room("postbacks", "Postbacks", "inbox-arrow-down", "g b"),
        ),
    ),
    (
        "Set up",
        (
            Room("developers", "Developers", "code-bracket", "g d"),
            Room("settings", "Settings", "cog-6-tooth", "g s"),
        ),
    ),
)
COMPOSE = Room("compose", "New post", "plus-circle", permission=Permission.WRITE, tabbar="New")


def rooms(request: HttpRequest) -> dict[str, Any]:
    """For the shell: the groups of rooms that this person may open, the phone's tab bar, where to compose and search."""
    here = getattr(request, "here", None)
    if here is None:
        return {}
    shown = [(title, [_shown(room) for room in group if here.may(room.permission)]) for title, group in GROUPS]
    flat = [room for _, found in shown for room in found]
    inside = [room for room in flat if request.path.startswith(room["url"]) and room["url"] != "/"]
    current = max(inside, key=lambda room: len(room["url"]), default=None)
    for room in flat:
        room["current"] = room is current or request.path == room["url"]
    compose = _shown(COMPOSE) if here.may(COMPOSE.permission) else None
    tabs = [room for room in flat if room["short"]]
    return {
        "rooms": {
            "groups": [{"title": title, "rooms": found} for title, found in shown if found],
            "tabbar": [*tabs[:2], compose, *tabs[2:]] if compose else tabs,
            "compose": compose["url"] if compose else None,
            "search": reverse("search"),
            "themes": [("", "System"), *((theme, theme.capitalize()) for theme in THEMES)],
        }
    }


def _shown(room: Room) -> dict[str, Any]:
    return {
        "title": room.title,
        "icon": room.icon,
        "key": room.key,
        "short": room.tabbar,
        "url": reverse(room.name),
        "current": False,
    }
