"""The way to every room, in the order of the sidebar."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

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
            Room("channels", "Accounts", "share", "g a", tabbar="Accounts"),
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
COMPOSE = Room("compose", "New post", "plus", permission=Permission.WRITE)


def rooms(request: HttpRequest) -> dict[str, Any]:
    """For the shell: the groups of rooms that this person may open, the phone's tab bar, where to compose and search."""
    here = getattr(request, "here", None)
    if here is None:
        return {}
    shown = [
        (title, [one for room in group if here.may(room.permission) and (one := _shown(request, room))])
        for title, group in GROUPS
    ]
    return {
        "rooms": {
            "groups": [{"title": title, "rooms": found} for title, found in shown if found],
            "tabbar": [one for _, found in shown for one in found if one["short"]],
            "compose": (_shown(request, COMPOSE) or {}).get("url") if here.may(COMPOSE.permission) else None,
            "search": _address("search"),
            "themes": [("", "System"), *((theme, theme.capitalize()) for theme in THEMES)],
        }
    }


def _shown(request: HttpRequest, room: Room) -> dict[str, Any] | None:
    url = _address(room.name)
    if not url:
        return None
    inside = request.path == url if url == "/" else request.path.startswith(url)
    return {
        "title": room.title,
        "icon": room.icon,
        "key": room.key,
        "short": room.tabbar,
        "url": url,
        "current": inside,
    }


def _address(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
