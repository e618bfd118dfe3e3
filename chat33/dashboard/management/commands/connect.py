"""``manage.py connect``: connect another account of the sandbox to an organization."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from chat33.dashboard.demo import UnableToReachSandbox, connect_sandbox
from chat33.lib.clock import utcnow
from chat33.lib.http import NotSent, ReplyLost
from chat33.orgs.models import Organization
from integrations.models import Platform


class Command(BaseCommand):
    help = "Connect an account of the sandbox to an organization."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("platform", choices=Platform.values)
        parser.add_argument("--organization", required=True, help="its id, org_…")
        parser.add_argument("--username", required=True)
        parser.add_argument("--name", default="")

    def handle(self, *args: Any, **options: Any) -> None:
        organization = Organization.objects.filter(public_id=options["organization"]).first()
        if organization is None:
            raise CommandError("There is no such organization; `manage.py demo` prints the demo's id.")
        try:
            channel = connect_sandbox(
                organization=organization,
                platform=options["platform"],
                username=options["username"],
                name=options["name"] or options["username"],
                now=utcnow(),
            )
        except (UnableToReachSandbox, NotSent, ReplyLost) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(channel.public_id)
