"""``manage.py demo [--json] [--month] [--reset]``: the demo organization, made when there is none."""

import json
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from chat33.dashboard.demo import UnableToReachSandbox, demo_facts
from chat33.dashboard.demo_month import empty_month, fill_month
from chat33.dashboard.demo_results import empty_results, fill_results, settle_results
from chat33.lib.clock import utcnow
from chat33.lib.http import NotSent, ReplyLost
from chat33.orgs.models import Organization


class Command(BaseCommand):
    help = "Print the demo organization's addresses and keys; make it when there is none."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one flat JSON object")
        parser.add_argument("--moved", action="store_true", help="write the installation's addresses anew")
        parser.add_argument(
            "--month", action="store_true", help="fill it with a month of posts and of what came back, once"
        )
        parser.add_argument(
            "--reset", action="store_true", help="delete every post and file of it, and fill it with a month anew"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            facts = _patiently(moved=options["moved"])
            if options["month"] or options["reset"]:
                _fill(facts, anew=options["reset"])
        except (UnableToReachSandbox, NotSent, ReplyLost) as error:
            raise CommandError(f"{error} Start it with `make run`, which starts everything.") from error
        if options["json"]:
            self.stdout.write(json.dumps(facts))
            return
        for name, value in facts.items():
            self.stdout.write(f"{name}: {value if isinstance(value, str) else json.dumps(value)}")


def _fill(facts: dict[str, Any], *, anew: bool) -> None:
    organization = Organization.objects.get(public_id=facts["organization"])
    if anew:
        empty_results(organization=organization)
        empty_month(organization=organization)
    fill_month(organization=organization, password=facts["password"], now=utcnow())
    if fill_results(organization=organization, now=utcnow()):
        settle_results()


def _patiently(*, moved: bool) -> dict[str, Any]:
    """The facts; a sandbox that is only just starting is given ten seconds."""
    until = time.monotonic() + 10
    while True:
        try:
            return demo_facts(now=utcnow(), moved=moved)
        except NotSent:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
