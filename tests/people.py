"""The three standing people: the owner, a teammate, and a stranger from another organization."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from rest_framework.test import APIClient

from chat33.lib.clock import utcnow
from chat33.orgs.models import Organization, User
from integrations.models import ApiKey


@dataclass(frozen=True)
class Person:
    """Someone with an API key in an organization."""

    user: User
    organization: Organization
    key: str

    def api(self, **headers: str) -> "Client":
        """Their client, with the key."""
        return Client(headers={"x-api-key": self.key, **headers})

    def noted(self) -> None:
        """Their keys' use is noted for a day, and not in the middle of what is counted, as it is once a minute."""
        ApiKey.objects.filter(organization=self.organization).update(last_used_at=utcnow() + timedelta(days=1))

    def browser(self, *, csrf: bool = False) -> "Client":
        """Their client, with a session."""
        client = Client(enforce_csrf_checks=csrf)
        client.force_login(self.user)
        return client


class Client(APIClient):
    """DRF's client, speaking JSON below /api/v1/."""

    def send(self, method: str, path: str, body: Any = None, **extra: Any) -> Any:
        """``send("POST", "posts", {...})``."""
        options = {"data": body, "format": "json"} if body is not None else {}
        return getattr(self, method.lower())(f"/api/v1/{path}", **options, **extra)
