"""What follows from news of organizations."""

from datetime import datetime
from typing import Any

from chat33.orgs.models import Organization, Role, User
from chat33.orgs.roles import Permission, may
from integrations.auth import scopes_of
from integrations.models import ApiKey


def revoke_keys(
    sender: Any, *, organization: Organization, user: User, role: Role | None, now: datetime, **_: Any
) -> None:
    """Receives ``member_changed``: a key never does what the person who made it, and has seen it, may no longer do."""
    if role is not None and may(role, Permission.MANAGE):
        return
    keys = ApiKey.objects.filter(organization=organization, created_by=user, revoked_at=None)
    if role is not None:
        keys = keys.exclude(scopes__contained_by=sorted(scopes_of(role)))
    keys.update(revoked_at=now)
