"""When something is away or in the way: refused at once, or mended, and one request's trouble is never another's."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connection

from chat33.lib.clock import utcnow
from tests.people import Person
from tests.tracking.edges import RunningEdge, make_token, running_edge
from tests.tracking.pixel.places import until
from tracking.events.partitions import Month, months
from tracking.models import Event, Ledger, Link, Rollup, Token


def test_without_a_database_everything_is_refused_at_once_and_the_script_is_served(
    transactional_db: None, tmp_path: Path
) -> None:
    script = tmp_path / "pixel.js"
    script.write_text("1")
    nowhere = f"host={tmp_path} dbname=none connect_timeout=2"
    with running_edge(starting=0.1, conninfo=nowhere, script=script) as edge:
        began = time.monotonic()
        replies = [
            edge.send({"event": "signup"}, "token"),
            edge.pixel({"token": "token", "events": [{"event": "page_view"}]}),
            edge.get("/api/webhooks/mmp?secret=x"),
            edge.get("/l/code"),
            edge.get("/api/t?url=https://shop.example/"),
        ]
        assert time.monotonic() - began < 2
        assert [reply.status_code for reply in replies] == [503] * 5
        assert all(int(reply.headers["Retry-After"]) > 0 for reply in replies)
        assert replies[1].headers["Access-Control-Allow-Origin"] == "*"
        assert [reply.headers["Content-Type"] for reply in replies[2:4]] == [
            "application/json", "text/html; charset=utf-8",
        ]  # fmt: skip
        assert edge.get("/pixel.js").status_code == 200
        assert edge.get("/healthz/edge").json()["stores"] is False


def test_a_month_without_a_partition_gets_one(owner: Person, edge: RunningEdge) -> None:
    token = make_token(owner.organization)
    now = Month.of(utcnow())
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {now.table}")
    assert edge.send({"event": "signup"}, token).status_code == 202
    assert now in months()


def test_what_cannot_be_stored_harms_nobody_else(owner: Person, stranger: Person, edge: RunningEdge) -> None:
    """The rows of an organization that is deleted this very second break the batch that they are in."""
    sound, broken = make_token(owner.organization), make_token(stranger.organization)
    assert edge.send({"event": "signup"}, broken).status_code == 202
    with connection.cursor() as cursor:  # as if look-ups had not heard of it yet
        cursor.execute("CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
                       "$$ BEGIN RAISE foreign_key_violation; END $$")  # fmt: skip
        cursor.execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON tracking_eventkey FOR EACH ROW "
            f"WHEN (NEW.organization_id = {stranger.organization.pk}) EXECUTE FUNCTION refuse()"
        )
    try:
        with ThreadPoolExecutor(16) as pool:
            said = list(
                pool.map(
                    lambda number: edge.send({"event": "lead"}, (sound, broken)[number % 4 == 0]).status_code, range(64)
                )
            )
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER refuse ON tracking_eventkey")
            cursor.execute("DROP FUNCTION refuse")
    assert [code for number, code in enumerate(said) if number % 4] == [202] * 48
    assert {code for number, code in enumerate(said) if number % 4 == 0} == {400}
    assert Event.objects.filter(organization=owner.organization).count() == 48
    assert sum(Rollup.objects.filter(axis=0, name="lead").values_list("events", flat=True)) == 48


def test_a_count_that_cannot_be_written_is_not_the_last(owner: Person, edge: RunningEdge) -> None:
    token = make_token(owner.organization)
    with connection.cursor() as cursor:
        cursor.execute("CREATE SEQUENCE refusals")
        cursor.execute("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
                       "$$ BEGIN PERFORM nextval('refusals'); RAISE foreign_key_violation; END $$")  # fmt: skip
        cursor.execute("CREATE TRIGGER refuse BEFORE INSERT ON tracking_ledger FOR EACH ROW EXECUTE FUNCTION refuse()")

        def refused() -> bool:
            cursor.execute("SELECT is_called FROM refusals")
            return bool(cursor.fetchone() == (True,))

        try:
            assert edge.send({"event": ""}, token).status_code == 400
            until(refused)
        finally:
            cursor.execute("DROP TRIGGER refuse ON tracking_ledger")
            cursor.execute("DROP FUNCTION refuse")
            cursor.execute("DROP SEQUENCE refusals")
    assert edge.send({"event": ""}, token).status_code == 400
    until(lambda: Ledger.objects.filter(rejected=1).exists())


def test_unknown_tokens_cost_one_query_a_second_and_are_not_remembered_without_end(
    owner: Person, edge: RunningEdge
) -> None:
    asked = edge.edge.state.lookups.tokens
    for _ in range(5):
        assert edge.send({"event": "signup"}, "nobody").status_code == 401
    assert len(asked) == 1
    asked._kept = 10
    for number in range(30):
        edge.send({"event": "signup"}, f"nobody {number}")
    assert len(asked) <= 10


def test_a_token_made_just_now_works_although_it_was_unknown_a_moment_ago(owner: Person, edge: RunningEdge) -> None:
    token = make_token(owner.organization)
    row = Token.objects.get()
    digest, row.digest = row.digest, "not yet"
    row.save()
    assert edge.send({"event": "signup"}, token).status_code == 401
    row.digest = digest
    row.save()
    began = time.monotonic()
    until(lambda: edge.send({"event": "signup"}, token).status_code == 202)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "path", ["/l/%00", "/api/t?url=https://shop.example/%00", "/api/t?url=https://a.example&s=%00.x"]
)
def test_what_no_text_can_hold_keeps_nobody_from_being_answered(owner: Person, edge: RunningEdge, path: str) -> None:
    Link.objects.create(organization=owner.organization, code="go", url="https://shop.example/", created_by="x")
    edge.get(path)
    assert edge.get("/l/go").status_code == 302
