"""What each role may do. One table; every door asks it."""

from collections.abc import Mapping
from enum import StrEnum

from chat33.orgs.models import Role


class Permission(StrEnum):
    """What a door may ask of whoever comes in; the value completes "may …"."""

    READ = "see everything here"
    WRITE = "write drafts and upload media"
    PUBLISH = "schedule, publish and approve posts"
    CONTACTS = "change contacts, labels and rules"
    CONNECT = "connect and disconnect accounts"
    MANAGE = "manage members, keys and settings"
    OWN = "make owners and close the organization"


_VIEWER = frozenset({Permission.READ})
_CONTRIBUTOR = _VIEWER | {Permission.WRITE}
_EDITOR = _CONTRIBUTOR | {Permission.PUBLISH, Permission.CONTACTS}
_ADMIN = _EDITOR | {Permission.CONNECT, Permission.MANAGE}

GRANTED: Mapping[str, frozenset[Permission]] = {
    Role.OWNER: _ADMIN | {Permission.OWN},
    Role.ADMIN: _ADMIN,
    Role.EDITOR: _EDITOR,
    Role.CONTRIBUTOR: _CONTRIBUTOR,
    Role.VIEWER: _VIEWER,
}


def may(role: str, permission: Permission) -> bool:
    """Whether the role allows it."""
    return permission in GRANTED[role]


def roles_that_may(permission: Permission) -> tuple[Role, ...]:
    """The roles that allow it, from most to least powerful."""
    return tuple(role for role in Role if permission in GRANTED[role])
