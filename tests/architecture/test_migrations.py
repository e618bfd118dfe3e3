"""The migrations say what the models say."""

import pytest
from django.core.management import call_command
from django.db.migrations.loader import MigrationLoader

OURS = ("orgs", "api", "integrations", "contacts", "posts", "tracking", "dashboard")


@pytest.mark.django_db
def test_migrations_are_in_step() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.django_db
def test_migrations_have_names_and_one_end_each() -> None:
    loader = MigrationLoader(None)

    assert {app: len(loader.graph.leaf_nodes(app)) for app in OURS} == dict.fromkeys(OURS, 1)
    assert [name for app, name in loader.disk_migrations if app in OURS and "_auto_" in name] == []
