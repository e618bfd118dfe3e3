"""An operator at work."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from chat33.orgs.models import User


@pytest.fixture
def operator(db: None) -> User:
    """May do everything in the admin."""
    return User.objects.create_superuser("operator@example.com", "correct horse battery", name="Olga")


@pytest.fixture
def desk(operator: User) -> Client:
    """The operator's browser."""
    client = Client()
    client.force_login(operator)
    return client


@pytest.fixture
def act(desk: Client) -> Callable[..., list[str]]:
    """Choose an action for rows in their list; what the operator is told."""

    def run(action: str, *rows: Any, client: Client | None = None) -> list[str]:
        name = f"{rows[0]._meta.app_label}/{rows[0]._meta.model_name}"
        form = {"action": action, "_selected_action": [row.pk for row in rows], "index": 0, "select_across": 0}
        reply = (client or desk).post(f"/admin/{name}/", form, follow=True)
        assert reply.status_code == 200
        return [str(message) for message in reply.context["messages"]]

    return run
