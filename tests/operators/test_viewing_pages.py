"""The pages while an operator looks on: the bar with the way out, every room as the role sees it, no form
taken, no secret shown.
"""

from datetime import timedelta

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from chat33.lib.clock import utcnow
from chat33.orgs.models import Organization, Role, User, ViewAs
from chat33.orgs.roles import may
from integrations.services import rotate_signing_secret
from tests.architecture.routes import page_routes
from tests.architecture.rows import add_every_state, add_rows, snapshot
from tests.operators.test_viewing import start
from tests.people import Person
from tests.security.pages import FORM_ONLY, SHUT, places, row_counts, tried

PAGES = page_routes()


@pytest.fixture
def filled(owner: Person, settings: Settings) -> Person:
    """The owner, with rows of everything in every state."""
    settings.LIMITS = {**settings.LIMITS, "API": "off"}
    add_rows(owner, 1)
    add_every_state(owner)
    return owner


def test_every_page_says_whose_it_is_and_how_to_stop(desk: Client, owner: Person) -> None:
    start(desk, owner.organization, "role:viewer")

    text = desk.get("/ui/").content.decode()

    assert f"You view <strong>{owner.organization.name}</strong> as viewer" in text
    assert 'action="/view-as/stop/"' in text
    assert "You view" not in owner.browser().get("/ui/").content.decode()


@pytest.mark.parametrize("role", [Role.OWNER, Role.CONTRIBUTOR, Role.VIEWER])
def test_it_opens_what_the_role_opens_and_takes_no_form(desk: Client, filled: Person, role: Role) -> None:
    start(desk, filled.organization, f"role:{role}")
    found = places(PAGES, filled.organization)
    rows, before, wrong = row_counts(), snapshot(filled.organization), []

    for route, url in found:
        assert route.permission is not None
        looked, sent = tried(desk, "GET", url), tried(desk, "POST", url, {"text": "Changed", "name": "Changed"})
        if looked.status >= 500 or (
            looked.status != FORM_ONLY and (looked.status == SHUT) == may(role, route.permission)
        ):
            wrong.append(f"{looked} {looked.text[:300] if looked.status >= 500 else ''}")
        if sent.status != SHUT or "nothing can be changed" not in sent.text:
            wrong.append(str(sent))

    assert wrong == []
    assert snapshot(filled.organization) == before
    assert row_counts() == rows


def test_no_secret_is_shown(desk: Client, filled: Person) -> None:
    secret = rotate_signing_secret(organization=filled.organization, now=utcnow())
    start(desk, filled.organization, "role:owner")

    for route, url in places(PAGES, filled.organization):
        looked = tried(desk, "GET", url)
        assert secret not in looked.text, route
        assert secret.removeprefix("whsec_") not in looked.text, route
        assert filled.key not in looked.text, route
    settings_of_api = desk.get("/api/v1/api-keys").content.decode()
    assert filled.key not in settings_of_api


def test_the_operator_s_own_organization_is_not_mixed_in(desk: Client, owner: Person, operator: User) -> None:
    mine = Organization.objects.create(name="The operator's own")
    mine.memberships.create(user=operator, role=Role.OWNER)
    start(desk, owner.organization)
    assert "The operator's own".replace("'", "&#x27;") not in desk.get("/ui/").content.decode()

    ViewAs.objects.update(ends_at=utcnow() - timedelta(seconds=1))

    text = desk.get("/ui/").content.decode()
    assert "The operator&#x27;s own" in text
    assert "You view" not in text
