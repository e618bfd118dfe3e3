"""``python -m chat33.runtime.setup``: bring the database in step and make the demo organization, in one process.

The one module here that knows Django.
"""

import os

import django
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor


def main() -> None:
    """Migrate if there is anything to migrate, then make sure of the demo organization."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chat33.settings")
    django.setup()
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", interactive=False, verbosity=1)
    call_command("demo", moved=True, month=True)


if __name__ == "__main__":
    main()
