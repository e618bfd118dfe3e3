"""Fixtures that every test may use."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import TransactionTestCase
from hypothesis import HealthCheck
from hypothesis import settings as examples
from pytest_django.fixtures import Settings

from chat33.orgs.models import Organization, Role
from integrations.models import Channel
from integrations.services import create_api_key
from tests import chromium
from tests.emptying import empty
from tests.factories import make_channel, make_member, make_organization
from tests.mediaserver import serving
from tests.offline import offline
from tests.people import Person
from tests.sandboxes import RunningSandbox, running_sandbox
from tests.thrift import settle, static_files_known


def pytest_collection_finish() -> None:
    """Every module is loaded, and every test is known."""
    settle()


# The examples are the same at every run, unless it is asked to look further, and may take as long as this machine does.
examples.register_profile(
    "suite",
    deadline=None,
    derandomize="CHAT33_FUZZ_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
examples.load_profile("suite")


@pytest.fixture(scope="session", autouse=True)
def _emptied_by_row() -> Iterator[None]:
    """A test that committed leaves nothing, and costs the tables that it wrote to."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty)
        yield


@pytest.fixture(scope="session", autouse=True)
def _static_files_known() -> Iterator[None]:
    """What lies where is looked up once."""
    with static_files_known():
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    """A test is one transaction, and may do something else in it for as long as it likes."""
    connection.settings_dict["OPTIONS"]["options"] += " -c idle_in_transaction_session_timeout=0"


@pytest.fixture(scope="session", autouse=True)
def _offline() -> Iterator[None]:
    """No test asks the internet for anything."""
    with offline():
        yield


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[RunningSandbox]:
    """A fresh sandbox of the networks."""
    with running_sandbox(tmp_path / "sandbox") as running:
        yield running


@pytest.fixture
def sandboxed(sandbox: RunningSandbox, settings: Settings, _own_files: None) -> Iterator[RunningSandbox]:
    """The sandbox, with the settings leading there, and our files where it can fetch them."""
    settings.SANDBOX_URL = sandbox.url
    with serving(Path(settings.MEDIA_ROOT)) as url:
        settings.BASE_URL = url
        yield sandbox


@pytest.fixture(autouse=True)
def _own_files(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test leaves a file in the data directory."""
    settings.MEDIA_ROOT = tmp_path_factory.mktemp("media")
    settings.SCRATCH_DIR = tmp_path_factory.mktemp("scratch")


@pytest.fixture
def clean_cache() -> None:
    """An empty Redis database, for what counts there."""
    cache.clear()


def _person(organization: Organization, role: Role, email: str) -> Person:
    user = make_member(organization, role, email=email)
    _, key = create_api_key(organization=organization, name=email, by=user)
    return Person(user, organization, key)


@pytest.fixture
def owner(db: None) -> Person:
    """Owns Demo Coffee."""
    return _person(make_organization(name="Demo Coffee"), Role.OWNER, "owner@example.com")


@pytest.fixture
def teammate(owner: Person) -> Person:
    """An editor at Demo Coffee."""
    return _person(owner.organization, Role.EDITOR, "teammate@example.com")


@pytest.fixture
def stranger(db: None) -> Person:
    """Owns another company, and must never see Demo Coffee's."""
    return _person(make_organization(name="Another Company"), Role.OWNER, "stranger@example.com")


@pytest.fixture
def channel(owner: Person) -> Channel:
    """An X account of the owner's that leads nowhere."""
    return make_channel(owner.organization, "x")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """pytest-playwright starts the Chromium that ``make test`` found or installed."""
    found = chromium.installed()
    return {**browser_type_launch_args, **({"executable_path": found} if found else {})}
