"""The rooms of the settings."""

from typing import Any

from django import template
from django.template.context import Context
from django.urls import NoReverseMatch, reverse

register = template.Library()

# Name of the address, title, icon, in the order they are shown.
ROOMS = (
    ("settings", "Organization", "building-office"),
    ("members", "Members", "users"),
    ("keys", "API keys", "key"),
    ("integrations", "Integrations", "puzzle-piece"),
    ("notifications", "Notifications", "bell"),
    ("profile", "Your profile", "user-circle"),
)


@register.simple_tag(takes_context=True)
def settings_rooms(context: Context) -> list[tuple[str, str, str, bool]]:
    """Title, address, icon and whether it is this one, of each that is there."""
    found: list[tuple[str, str, str, bool]] = []
    path: Any = context["request"].path
    for name, title, icon in ROOMS:
        try:
            url = reverse(name)
        except NoReverseMatch:
            continue
        current = path == url if name == "settings" else path.startswith(url)
        found.append((title, url, icon, current))
    return found
