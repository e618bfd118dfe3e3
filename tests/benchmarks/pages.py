"""The dashboard's pages: what the first load of each weighs, and what it costs the server with ten posts and with a hundred
thousand.

The pages are those that the browser tests walk (tests/browser/walk.py), so that a new one is measured from its first day.
Weight: everything that a Chromium with an empty cache asks for, each answer compressed as a proxy does, pictures and videos
of the customers' aside. Floor: an empty page behind the same door, in the same shell. Naive: a list of posts by COUNT and
OFFSET.
"""

import gzip
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import MultipleObjectsReturned
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from playwright.sync_api import BrowserContext, Response, sync_playwright

from chat33.orgs.models import Role
from integrations.services import create_api_key
from posts.models import PostStatus
from tests import chromium
from tests.benchmarks import rows
from tests.benchmarks.client import Connection
from tests.benchmarks.figures import Report, median
from tests.benchmarks.instance import Instance
from tests.benchmarks.tenants import FEW, MANY, naive_server
from tests.browser.walk import STOPS, Stop
from tests.factories import make_channel, make_member, make_organization, make_post
from tests.people import Person

TURNS = 20
HEAVIEST = 100_000  # bytes
SLOWER = 3.0  # times the same page with few posts
DEEP = MANY // 50 - 5  # a page of 50, nearly the last
OK = range(200, 300)
NO_ROOM = {"components"}  # shows every part there is, the charts' library too, to who makes pages; never in production

Ask = Callable[[], object]


@dataclass(frozen=True)
class Place:
    """A page in an organization that has what it shows."""

    person: Person
    path: str
    cookie: str


Places = dict[str, Place]


def measure(instance: Instance) -> Report:
    """Needs the whole instance."""
    report = Report(f"Pages: an organization with {FEW} posts and one with {MANY:,}")
    stops = [stop for stop in STOPS if not stop.anonymous]
    places = {"few": _places(stops, FEW), "many": _places(stops, MANY)}
    rows.settle()
    _costs(report, instance, places)
    _weights(report, instance, places["many"])
    return report


def _places(stops: list[Stop], count: int) -> Places:
    """Every page, each in the first organization that takes what it needs: the rows of two pages may not go together, as
    each was written for an organization of its own. Then each organization gets its posts.
    """
    people: list[tuple[Person, set[Any]]] = []
    found: Places = {}
    for stop in stops:
        for person, done in [*people, _newcomer(count, len(people))]:
            try:
                with transaction.atomic():
                    if stop.before and stop.before not in done:
                        stop.before(person)
                    path = stop.address(person)
            except (MultipleObjectsReturned, IntegrityError):
                continue
            done.add(stop.before)
            people += [] if any(person is known for known, _ in people) else [(person, done)]
            cookie = str(person.browser().cookies[settings.SESSION_COOKIE_NAME].value)
            found[stop.name] = Place(person, path, cookie)
            break
    for person, _ in people:
        _fill(person, count)
    return found


def _newcomer(count: int, number: int) -> tuple[Person, set[Any]]:
    organization = make_organization(name=f"Company of {count} posts, {number}")
    owner = make_member(organization, Role.OWNER)
    _, key = create_api_key(organization=organization, name="bench", by=owner)
    return Person(owner, organization, key), set()


def _fill(person: Person, count: int) -> None:
    """Posts of a year, a tenth of them failed."""
    template = make_post(
        make_channel(person.organization, "x"), text="A text of some length, as people write them. " * 3
    )
    when = f"now() - interval '1 year' + n * interval '1 year' / {count}"
    status = f"CASE WHEN mod(n, 10) = 0 THEN '{PostStatus.FAILED}' ELSE '{PostStatus.PUBLISHED}' END"
    rows.copies(template, count - 1, status=status, created_at=when, published_at=when, scheduled_at=when)


def _costs(report: Report, instance: Instance, places: dict[str, Places]) -> None:
    """Milliseconds and queries of each page."""
    queries = {size: {name: _queries(place) for name, place in found.items()} for size, found in places.items()}
    asked = [name for name, count in queries["many"].items() if count is not None and queries["few"][name] is not None]
    with naive_server(instance, "tests.benchmarks.pages_wsgi", probe="/up") as (port, _):
        asks: dict[str, Ask] = {}
        ours, beside = Connection(instance.port), Connection(port)
        for size, found in places.items():
            for name in asked:
                asks[f"{size} {name}"] = _asking(ours, found[name], found[name].path)
            anywhere = next(iter(found.values()))
            asks[f"{size} floor"] = _asking(beside, anywhere, "/floor/")
            asks[f"{size} naive"] = _asking(beside, anywhere, "/naive/")
            asks[f"{size} deep"] = _asking(beside, anywhere, f"/naive/?page={DEEP}")
        taken = _in_turn(asks)
    floor, naive = taken["many floor"], taken["many naive"]
    report.add("an empty page (the floor)", floor, "ms")
    report.add("the naive list, first page", naive, "ms", ("the floor", floor), ("it with few", taken["few naive"]))
    report.add("the naive list, a deep page", taken["many deep"], "ms", ("the floor", floor))
    for name in asked:
        here, there = taken[f"many {name}"], taken[f"few {name}"]
        report.goal(
            f"{name}, {queries['many'][name]} queries", here, "ms", ("the floor", floor), ("the naive list", naive),
            (f"it with {FEW}", there), goal=f"{SLOWER:g} × or less", met=here <= SLOWER * there,
        )  # fmt: skip
    more = [name for name in asked if (queries["many"][name] or 0) > (queries["few"][name] or 0)]
    told = f"pages with more queries for more posts {', '.join(more)}".strip()
    report.goal(told, len(more), "", goal="0", met=not more, promise=True)


def _asking(connection: Connection, place: Place, path: str) -> Ask:
    headers = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={place.cookie}"}
    return partial(connection.send, "GET", path, headers=headers)


def _queries(place: Place) -> int | None:
    """How many queries the page takes; None when it is not one that is shown (a 404 on purpose)."""
    client = place.person.browser()
    client.get(place.path)
    with CaptureQueriesContext(connection) as captured:
        reply = client.get(place.path)
    return len(captured) if reply.status_code in OK else None


def _in_turn(asks: dict[str, Ask]) -> dict[str, float]:
    """The median of each, all asked in turn."""
    taken: dict[str, list[float]] = {name: [] for name in asks}
    for turn in range(TURNS + 3):
        for name, ask in asks.items():
            started = time.perf_counter()
            ask()
            if turn >= 3:
                taken[name].append((time.perf_counter() - started) * 1000)
    return {name: median(values) for name, values in taken.items()}


def _weights(report: Report, instance: Instance, places: Places) -> None:
    """Kilobytes of each page's first load."""
    heavy = []
    with _browser() as fresh:
        for name, place in places.items():
            weight = _weight(fresh, f"{instance.url}{place.path}", place.cookie)
            if name in NO_ROOM:
                report.add(f"first load of {name}", weight / 1000, "KB")
                continue
            heavy += [name] if weight > HEAVIEST else []
            report.goal(
                f"first load of {name}",
                weight / 1000,
                "KB",
                goal=f"{HEAVIEST // 1000} KB or less",
                met=weight <= HEAVIEST,
            )
    told = f"pages over {HEAVIEST // 1000} KB {', '.join(heavy)}".strip()
    report.goal(told, len(heavy), "", goal="0", met=not heavy, promise=True)


@contextmanager
def _browser() -> Iterator[Callable[[], BrowserContext]]:
    with sync_playwright() as playwright:
        found = chromium.installed()
        browser = playwright.chromium.launch(executable_path=found or None, args=["--disable-dev-shm-usage"])
        try:
            yield browser.new_context
        finally:
            browser.close()


def _weight(fresh: Callable[[], BrowserContext], url: str, cookie: str) -> int:
    """Bytes of everything that the page asks for, compressed."""
    answers: list[Response] = []
    context = fresh()
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": url}])
    page = context.new_page()
    page.on("response", lambda answer: answers.append(answer))
    page.goto(url)
    page.wait_for_load_state("networkidle")
    total = sum(_size(answer) for answer in answers if not _is_media(answer))
    context.close()
    return total


def _is_media(answer: Response) -> bool:
    return answer.request.resource_type in ("image", "media") and not urlsplit(answer.url).path.startswith("/static/")


def _size(answer: Response) -> int:
    """What goes over the wire for it behind a proxy that compresses: head and body."""
    head = sum(len(name) + len(value) + 4 for name, value in answer.headers.items())
    if answer.status not in OK:
        return head
    body = answer.body()
    return head + min(len(body), len(gzip.compress(body, 6)))
