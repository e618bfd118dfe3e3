"""The request log: what an organization's programs asked and how it ended, without costing them anything."""

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
import requests
from django.db import connection
from pytest_django.fixtures import Settings

from chat33.lib import metrics
from chat33.lib.clock import utcnow
from integrations import requestlog
from integrations.models import ApiKey, ApiRequest, Channel
from integrations.selectors import RequestFilter, requests_page
from integrations.services import revoke_api_key
from tests.api.test_bell import web_server
from tests.people import Client, Person


@pytest.fixture
def log(transactional_db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The log is kept, by a thread of its own that is waited for."""
    settings.REQUEST_LOG_DAYS = 7
    monkeypatch.setattr(requestlog, "PATIENCE", 60)
    yield
    requestlog.stop()


def logged() -> list[ApiRequest]:
    requestlog.stop()
    return list(ApiRequest.objects.order_by("id"))


def test_a_request_by_a_key_is_kept(log: None, owner: Person) -> None:
    reply = owner.api(**{"User-Agent": "shop/1.0"}).send("GET", "posts?status=FAILED&page=1")

    (row,) = logged()
    assert (row.organization, row.key, row.user) == (owner.organization, ApiKey.objects.get(), None)
    assert (row.method, row.route, row.path, row.query) == ("GET", "/posts", "/api/v1/posts", "status=FAILED&page=1")
    assert (row.status, row.error, row.message) == (200, "", "")
    assert row.request_id == reply["X-Request-ID"]
    assert (row.address, row.client) == ("127.0.0.1", "shop/1.0")
    assert 0 < row.milliseconds < 5000
    assert abs(row.created_at - utcnow()) < timedelta(seconds=30)


@pytest.mark.parametrize(("before_us", "address"), [(True, "203.0.113.9"), (False, "127.0.0.1")])
def test_who_asked_is_told_by_the_edge_before_us_and_by_nobody_else(
    log: None, owner: Person, settings: Settings, before_us: bool, address: str
) -> None:
    settings.BEHIND_ANY = before_us
    owner.api(**{"X-Forwarded-For": "203.0.113.9"}).send("GET", "posts")

    assert [row.address for row in logged()] == [address]


def test_a_person_s_request_names_the_person(log: None, teammate: Person) -> None:
    teammate.browser().send("GET", "accounts")

    (row,) = logged()
    assert (row.organization, row.key, row.user) == (teammate.organization, None, teammate.user)


def test_an_error_says_what_was_answered(log: None, owner: Person, channel: Channel) -> None:
    body = {"accountIds": [channel.public_id, "chan_of_nobody"], "text": "A text that nobody shall find in a log"}
    owner.api().send("POST", "posts", body)
    owner.api().send("GET", "posts/post_of_nobody/logs")

    bad, missing = logged()
    assert (bad.status, bad.error, bad.message) == (
        400,
        "VALIDATION_ERROR",
        "accountIds.1: There is no such account.",
    )
    assert (missing.route, missing.path) == ("/posts/{id}/logs", "/api/v1/posts/post_of_nobody/logs")
    assert (missing.status, missing.error) == (404, "Not found")
    assert "nobody shall find" not in repr([row.__dict__ for row in (bad, missing)])


def test_a_key_that_was_one_is_seen_to_be_used_still(log: None, owner: Person) -> None:
    revoke_api_key(key=ApiKey.objects.get(), now=utcnow())

    assert owner.api().send("GET", "accounts").status_code == 401

    (row,) = logged()
    assert (row.organization, row.key) == (owner.organization, ApiKey.objects.get())
    assert (row.status, row.error) == (401, "Unauthorized")


def test_who_is_nobody_is_in_nobody_s_log(log: None, owner: Person) -> None:
    Client(headers={"x-api-key": owner.key[:-1] + "!"}).send("GET", "accounts")
    Client().send("GET", "accounts")
    Client().get("/llms.txt")

    assert logged() == []


def test_nothing_secret_is_kept(log: None, owner: Person) -> None:
    owner.api(**{"User-Agent": f"me {owner.key}"}).send(
        "GET", f"posts?api_key={owner.key}&note={owner.key}&status=DRAFT"
    )
    owner.api().send("GET", f"posts/{owner.key}")

    kept = repr([row.__dict__ for row in logged()])
    assert owner.key not in kept
    assert owner.key[12:] not in kept
    assert "status=DRAFT" in kept


def test_hostile_addresses_are_kept_harmlessly(log: None, owner: Person) -> None:
    owner.api().get("/api/v1/posts/" + "x" * 3000)
    owner.api().get("/api/v1/posts/%00")
    owner.api().get("/api/v1/posts?" + "&".join(f"a{number}=1" for number in range(900)))

    long, null, many = logged()
    assert len(long.path) == 500
    assert null.path == "/api/v1/posts/"
    assert many.query == "…"


def test_nothing_is_kept_where_the_log_is_off(log: None, owner: Person, settings: Settings) -> None:
    settings.REQUEST_LOG_DAYS = 0

    owner.api().send("GET", "accounts")

    assert logged() == []


def test_what_finds_no_room_is_counted(log: None, owner: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requestlog, "ROOM", 0)
    before = unlogged()

    assert owner.api().send("GET", "accounts").status_code == 200

    assert unlogged() == before + 1
    assert logged() == []


def test_it_goes_on_after_the_database_has_ended_its_connection(log: None, owner: Person) -> None:
    owner.api().send("GET", "accounts")
    eventually(lambda: ApiRequest.objects.count() == 1)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert (True,) in cursor.fetchall()

    owner.api().send("GET", "posts")

    eventually(lambda: ApiRequest.objects.count() == 2)


def test_a_row_that_points_nowhere_costs_no_other(
    log: None, owner: Person, stranger: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requestlog, "EVERY", 60)  # not while the organization is deleted
    stranger.api().send("GET", "accounts")
    owner.api().send("GET", "accounts")
    stranger.organization.delete()

    assert {row.organization for row in logged()} <= {owner.organization}
    assert ApiRequest.objects.filter(organization=owner.organization).count() == 1


def test_a_server_that_is_stopped_writes_its_last_requests(
    log: None, owner: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAT33_REQUEST_LOG_DAYS", "7")
    with web_server("redis://127.0.0.1:1/0") as url:
        for _ in range(3):
            requests.get(f"{url}/api/v1/accounts", headers={"x-api-key": owner.key}, timeout=60)

    assert ApiRequest.objects.count() == 3


def test_what_was_kept_as_long_as_promised_is_forgotten(
    db: None, owner: Person, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REQUEST_LOG_DAYS = 7
    monkeypatch.setattr(requestlog, "PRUNED", 10)
    fill(owner, 25, age=timedelta(days=7, minutes=1))
    fill(owner, 5, age=timedelta(days=6))

    assert requestlog.prune(now=utcnow(), seconds=10) == 25
    assert ApiRequest.objects.count() == 5
    settings.REQUEST_LOG_DAYS = 0
    assert requestlog.prune(now=utcnow(), seconds=10) == 5


class TestFinding:
    """Requests by what they were."""

    def paths(self, person: Person, **wanted: str) -> list[str]:
        return [row.path for row in requests_page(person.organization, RequestFilter(**wanted)).rows]

    def test_by_outcome_method_key_and_path(self, owner: Person, stranger: Person) -> None:
        key = ApiKey.objects.get(organization=owner.organization)
        fill(owner, 1, path="/api/v1/posts", status=201, method="POST", key=key)
        fill(owner, 1, path="/api/v1/posts/post_1", status=404)
        fill(owner, 1, path="/api/v1/accounts", status=503)
        fill(stranger, 1, path="/api/v1/secret", status=400)

        assert self.paths(owner) == ["/api/v1/accounts", "/api/v1/posts/post_1", "/api/v1/posts"]
        assert self.paths(owner, outcome="errors") == ["/api/v1/accounts", "/api/v1/posts/post_1"]
        assert self.paths(owner, outcome="5xx") == ["/api/v1/accounts"]
        assert self.paths(owner, outcome="4xx") == ["/api/v1/posts/post_1"]
        assert self.paths(owner, outcome="ok") == ["/api/v1/posts"]
        assert self.paths(owner, method="POST") == ["/api/v1/posts"]
        assert self.paths(owner, key=key.public_id) == ["/api/v1/posts"]
        assert self.paths(owner, key="key_of_nobody") == []
        assert self.paths(owner, path="POST_1") == ["/api/v1/posts/post_1"]

    def test_page_by_page(self, owner: Person) -> None:
        fill(owner, 5)

        first = requests_page(owner.organization, RequestFilter(), limit=3)
        second = requests_page(owner.organization, RequestFilter(), before=first.older, limit=3)

        assert (len(first.rows), len(second.rows), second.older) == (3, 2, None)
        assert first.rows[-1].pk > second.rows[0].pk

    def test_a_rare_one_is_looked_for_a_stretch_at_a_time(self, owner: Person, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("integrations.selectors.WINDOW", 10)
        fill(owner, 1, path="/api/v1/rare")
        fill(owner, 15)

        near = requests_page(owner.organization, RequestFilter(path="rare"))
        assert (near.rows, near.is_partial) == ([], True)
        far = requests_page(owner.organization, RequestFilter(path="rare"), before=near.older)
        assert ([row.path for row in far.rows], far.is_partial, far.older) == (["/api/v1/rare"], False, None)


def fill(person: Person, count: int, *, age: timedelta = timedelta(), **given: object) -> None:
    """Rows as the writer would have written them."""
    fields = {"method": "GET", "route": "/posts", "path": "/api/v1/posts", "status": 200, "milliseconds": 3.0, **given}
    ApiRequest.objects.bulk_create(
        ApiRequest(organization=person.organization, created_at=utcnow() - age, request_id="req_1", **fields)
        for _ in range(count)
    )


def unlogged() -> float:
    (counter,) = metrics.requests_unlogged.collect()
    return float(counter.samples[0].value)


def eventually(holds: object, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not holds():  # type: ignore[operator]  # a condition to wait for
        assert time.monotonic() < until
        time.sleep(0.05)
