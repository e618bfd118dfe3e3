"""What an answer costs in queries does not grow with the rows in it.

The figures are in ``query_counts.json``, reviewed like code. ``CHAT33_WRITE_QUERY_COUNTS=1`` writes them anew.
"""

import json
import os
from pathlib import Path

from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from tests.architecture.routes import Route, api_routes
from tests.architecture.rows import add_rows, latest
from tests.people import Client, Person

BASELINE = Path(__file__).with_name("query_counts.json")
ROUTES = [route for route in api_routes() if "GET" in route.methods]


def cost(client: Client, route: Route, person: Person) -> int:
    url = route.url(latest(route.names[0], person.organization) if route.names else "")
    client.get(url)
    person.noted()
    with CaptureQueriesContext(connection) as captured:
        reply = client.get(url)
    return len(captured) if reply.status_code == 200 else -reply.status_code


def costs(person: Person) -> dict[str, dict[str, int]]:
    return {
        f"GET {route.url('{id}')}": {
            "key": cost(person.api(), route, person),
            "session": cost(person.browser(), route, person),
        }
        for route in ROUTES
    }


def test_twenty_rows_cost_as_many_queries_as_one_and_as_many_as_reviewed(owner: Person, settings: Settings) -> None:
    settings.LIMITS = {**settings.LIMITS, "API": "off"}
    add_rows(owner, 1)
    one = costs(owner)
    for number in range(2, 21):
        add_rows(owner, number)

    assert costs(owner) == one
    if os.environ.get("CHAT33_WRITE_QUERY_COUNTS"):
        BASELINE.write_text(json.dumps(one, indent=2, sort_keys=True) + "\n")
    assert one == json.loads(BASELINE.read_text())
