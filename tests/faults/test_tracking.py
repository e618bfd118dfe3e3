"""Events and clicks under 64 connections while something dies: what was acknowledged is there, once, and nobody waits long.

Counted by the events' own ids in the database, against what each client was told. A client that got no answer sends the same
event again, as the pixel does, and some do although they got one.
"""

import json
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from urllib.parse import parse_qs, urlsplit

import psutil
import psycopg
import pytest
import requests

from chat33.lib.ids import new_id
from chat33.lib.secrets import digest, new_key
from tests.faults.plant import Plant
from tests.faults.test_servers import restart

pytestmark = pytest.mark.fault

CONNECTIONS = 64
PERSON = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/141.0 Safari/537.36"


@dataclass
class Load:
    """64 connections: half send events, half click."""

    port: int
    token: str
    contact: str = ""
    events: list[str] = field(default_factory=list)
    clicks: list[str] = field(default_factory=list)
    answers: Counter[int] = field(default_factory=Counter)
    told: Counter[str] = field(default_factory=Counter)
    cut: int = 0
    slowest: float = 0.0
    refused: list[tuple[float, str]] = field(default_factory=list)  # seconds to a 503, and when to come back
    until: float = float("inf")

    def run(self, number: int) -> None:
        """One connection."""
        http = HTTPConnection("127.0.0.1", self.port, timeout=20)
        event_id = new_id("evt")
        who = {"contactId": self.contact} if self.contact else {}
        while time.monotonic() < self.until:
            began = time.monotonic()
            try:
                if number % 2:
                    http.request("POST", f"/api/webhooks/events?token={self.token}",
                                 json.dumps({"event": "signup", "eventId": event_id, **who}))  # fmt: skip
                else:
                    http.request("GET", "/l/faults", headers={"User-Agent": PERSON})
                reply = http.getresponse()
                body = reply.read()
            except (OSError, HTTPException):
                self.cut += 1
                http.close()
                time.sleep(0.05)
                continue
            taken = time.monotonic() - began
            self.slowest = max(self.slowest, taken)
            self.answers[reply.status] += 1
            if reply.status == 503:
                self.refused.append((taken, reply.headers.get("Retry-After", "")))
            if reply.status == 202:
                told = json.loads(body)
                self.events.append(told["eventId"])
                self.told[told["status"]] += 1
                comes_again = told["status"] == "accepted" and len(self.events) % 8 == 0  # though it was stored
                event_id = event_id if comes_again else new_id("evt")
            elif reply.status == 302:
                self.clicks.append(parse_qs(urlsplit(reply.headers["Location"]).query)["c33"][0])
            else:
                time.sleep(0.05)
        http.close()

    def goes_on(self, plant: Plant, events: int = 50) -> None:
        """Wait until so many more are acknowledged."""
        before = len(self.events)
        plant.wait(lambda: len(self.events) > before + events, seconds=60, what="going on")


@contextmanager
def loaded(plant: Plant, token: str, contact: str = "") -> Iterator[Load]:
    """The load, for as long as the block lasts and two seconds more."""
    load = Load(plant.port, token, contact)
    threads = [threading.Thread(target=load.run, args=(number,), daemon=True) for number in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    try:
        plant.wait(lambda: min(len(load.events), len(load.clicks)) > CONNECTIONS, seconds=60, what="the load")
        yield load
    finally:
        load.until = time.monotonic() + 2
        for thread in threads:
            thread.join(30)


@pytest.fixture(scope="module")
def token(plant: Plant) -> str:
    """A server token of the demo's, and a link to click."""
    made = new_key()
    with psycopg.connect(plant.layout.database_url, autocommit=True) as connection:
        (organization,) = connection.execute("SELECT id FROM orgs_organization ORDER BY id LIMIT 1").fetchone() or (0,)
        connection.execute(
            "INSERT INTO tracking_token (public_id, organization_id, kind, name, prefix, digest, shown, origins, created_by,"
            " created_at, seen_origin) VALUES (%s, %s, 'server', '', '', %s, '', '{}', '', now(), '')",
            [new_id("tok"), organization, digest(made)],
        )
        connection.execute(
            "INSERT INTO tracking_link (public_id, organization_id, code, kind, title, url, ios_url, android_url, deep_link,"
            " flow, campaign, post, influencer, utm, folder, tags, expired_url, clicks, created_by, created_at, updated_at)"
            " VALUES (%s, %s, 'faults', 'tracked', '', 'https://shop.example/', '', '', '', 'f1', '', '', '', '{}', '',"
            " '{}', '', 0, '', now(), now())",
            [new_id("link"), organization],
        )
    return made


def verdict(plant: Plant, load: Load) -> None:
    """Nothing acknowledged is lost, nothing is there twice, and rollups, links and ledger say the same."""
    stored = Counter(row[0] for row in plant.rows("SELECT event_id FROM tracking_event"))
    acknowledged = [*load.events, *load.clicks]
    assert load.events
    assert load.clicks
    assert load.told["duplicate"]
    assert [one for one in acknowledged if not stored[one]] == []
    assert [one for one, count in stored.items() if count > 1] == []
    total = sum(stored.values())
    assert plant.rows("SELECT sum(events) FROM tracking_rollup WHERE axis = 0")[0][0] == total
    assert plant.rows("SELECT count(*) FROM tracking_eventkey")[0][0] == total
    assert plant.rows("SELECT sum(stored), sum(received - stored - duplicates - rejected) FROM tracking_ledger")[0] == (
        total, 0,
    )  # fmt: skip
    clicks = plant.rows("SELECT count(*) FROM tracking_event WHERE name = 'click' AND by = 'person'")[0][0]
    assert plant.rows("SELECT clicks FROM tracking_link WHERE code = 'faults'")[0][0] == clicks


def unhurried() -> float:
    """Seconds that a client may wait: two, and what others on this machine take."""
    return 2.0 * max(1.0, os.getloadavg()[0] / 4 / (os.cpu_count() or 1))


@pytest.mark.parametrize("victim", ["edge", "web", "postgres", "redis"])
def test_a_kill_under_load_loses_nothing_acknowledged_and_stores_nothing_twice(
    plant: Plant, token: str, victim: str
) -> None:
    with loaded(plant, token) as load:
        for _ in range(2):
            if victim in ("edge", "web"):
                plant.kill(victim)
                plant.tend()
            else:
                restart(plant, victim, away=0.5)
            load.goes_on(plant)
    assert set(load.answers) <= {202, 302, 503}, load.answers
    if victim in ("web", "redis"):  # which these doors do not need
        assert (load.cut, load.answers[503]) == (0, 0)
    assert load.slowest < unhurried()
    verdict(plant, load)


def test_a_settling_worker_killed_under_load_tells_each_event_once(plant: Plant, token: str) -> None:
    reply = requests.post(
        f"{plant.url}/api/v1/contacts", json={"name": "Ada"}, headers={"x-api-key": plant.facts["api_key"]}, timeout=15
    )
    contact = reply.json()["id"]
    with loaded(plant, token, contact) as load:
        for _ in range(3):
            load.goes_on(plant, 100)
            plant.kill("chores")
            plant.tend()
    assert (load.cut, load.answers[503]) == (0, 0)
    verdict(plant, load)
    left = "SELECT count(*) FROM tracking_eventwork"
    plant.wait(lambda: plant.rows(left)[0][0] == 0, seconds=180, what="settled")
    events = plant.rows(f"SELECT count(*) FROM tracking_event WHERE contact_ref = '{contact}'")[0][0]
    told = plant.rows(
        "SELECT entry.kind, count(*) FROM contacts_timelineentry AS entry JOIN contacts_contact AS contact"
        f" ON contact.id = entry.contact_id WHERE contact.public_id = '{contact}' GROUP BY 1"
    )
    assert events >= len(set(load.events)) > 0
    assert dict(told)["event"] == events
    assert dict(told)["label"] == 1


def test_a_deaf_redis_keeps_nobody_waiting(plant: Plant, token: str) -> None:
    assert plant.servers is not None
    redis = psutil.Process(plant.servers.children["redis"].process.pid)
    with loaded(plant, token) as load:
        redis.suspend()
        try:
            before = len(load.events)
            time.sleep(3)
        finally:
            redis.resume()
        assert len(load.events) > before
    assert (load.cut, set(load.answers)) == (0, {202, 302})
    assert load.slowest < unhurried()
    verdict(plant, load)


def test_while_the_database_is_away_everything_is_refused_at_once_with_when_to_come_back(
    plant: Plant, token: str
) -> None:
    assert plant.servers is not None
    with loaded(plant, token) as load:
        plant.servers.children["postgres"].process.kill()
        plant.servers.children["postgres"].process.wait()
        plant.wait(lambda: len(load.refused) > CONNECTIONS, seconds=30, what="the end of what was under way")
        load.refused.clear()
        plant.wait(lambda: len(load.refused) > 4 * CONNECTIONS, seconds=30, what="refusing")
        refused = list(load.refused)
        assert requests.get(f"{plant.url}/readyz", timeout=10).status_code == 503
        restart(plant, "postgres")
        load.goes_on(plant)
    assert all(int(after) > 0 for _, after in refused)
    assert sorted(taken for taken, _ in refused)[len(refused) // 2] < unhurried() / 4  # it waits for nothing
    verdict(plant, load)


def frozen(plant: Plant, do: Callable[[psutil.Process], None]) -> None:
    assert plant.servers is not None
    postmaster = psutil.Process(plant.servers.children["postgres"].process.pid)
    for process in [postmaster, *postmaster.children(recursive=True)]:
        with suppress(psutil.Error):
            do(process)


@pytest.mark.parametrize(("times", "seconds"), [(1, 4.0), (6, 1.5)])
def test_a_database_that_hangs_is_refused_for_within_two_seconds_and_used_again(
    plant: Plant, token: str, times: int, seconds: float
) -> None:
    edge = plant.children["edge"].process.pid
    with loaded(plant, token) as load:
        load.slowest = 0.0
        for _ in range(times):
            frozen(plant, lambda process: process.suspend())
            try:
                time.sleep(seconds)
            finally:
                frozen(plant, lambda process: process.resume())
            load.goes_on(plant)
    assert load.answers[503]
    assert load.slowest < unhurried()
    assert (plant.children["edge"].process.pid, plant.children["edge"].exit_code()) == (edge, None)
    verdict(plant, load)
