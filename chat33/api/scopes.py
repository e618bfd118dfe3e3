"""The closed list of scopes an API key can hold."""

from collections.abc import Iterable

ORDINARY: dict[str, str] = {
    "accounts:read": "list connected social channels",
    "posts:read": "read post status and history",
    "posts:write": "create, schedule, edit, and cancel posts",
    "media:write": "upload media files",
    "contacts:read": "read contacts, their labels and timelines",
    "contacts:write": "create, change, label and delete contacts",
    "links:read": "list links and read their figures",
    "links:write": "create, change, and archive links",
}
ADMIN: dict[str, str] = {
    "users:admin": "create and update users and read packages",
}
ALL = {**ORDINARY, **ADMIN}
READING = frozenset({"accounts:read", "posts:read", "contacts:read", "links:read"})


def unknown(scopes: Iterable[str]) -> list[str]:
    """Those that are not on the list."""
    return sorted(set(scopes) - ALL.keys())
