"""Home among a hundred thousand posts: every table of posts is read by an index, a bounded part of it."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chat33.lib.clock import utcnow
from integrations.models import Channel
from posts import attention, today
from posts.models import PostStatus
from tests.benchmarks.rows import copies
from tests.factories import make_channel, make_post
from tests.people import Person

HOUR = "interval '1 hour'"


def plans(queries: list[dict[str, str]]) -> list[dict[str, Any]]:
    """What PostgreSQL did for each query, every node of every plan."""
    nodes: list[dict[str, Any]] = []

    def walk(node: dict[str, Any]) -> None:
        nodes.append(node)
        for child in node.get("Plans", []):
            walk(child)

    for query in queries:
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + query["sql"].replace("%", "%%"), [])
            [(found,)] = cursor.fetchall()
        [plan] = json.loads(found) if isinstance(found, str) else found
        walk(plan["Plan"])
    return nodes


@pytest.fixture
def many(owner: Person) -> Channel:
    """A hundred thousand posts of two accounts: published, scheduled, failed, held."""
    now = utcnow()
    one, two = make_channel(owner.organization, "x"), make_channel(owner.organization, "instagram")
    copies(make_post(one, status=PostStatus.PUBLISHED), 60_000, settled_at=f"now() - n * {HOUR}")
    copies(
        make_post(two, status=PostStatus.QUEUED),
        29_000,
        scheduled_at=f"now() + n * {HOUR}",
        due_at=f"now() + n * {HOUR}",
    )
    codes = "CASE n %% 3 WHEN 0 THEN 'NETWORK' WHEN 1 THEN 'AUTH_EXPIRED' ELSE 'MISSED' END"
    copies(make_post(one, status=PostStatus.FAILED), 10_000, settled_at=f"now() - n * {HOUR} / 20", error_code=codes)
    held = make_post(two, status=PostStatus.QUEUED, held_until=now, held_reason="Full.")
    copies(held, 1_000, held_until=f"now() + n * {HOUR}")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE posts_post")
    return one


def test_no_list_of_home_reads_more_than_it_may_and_failures_are_counted_from_the_index_alone(
    owner: Person, many: Channel
) -> None:
    mine, now = owner.organization, utcnow()

    with CaptureQueriesContext(connection) as captured:
        found = attention.attention(organization=mine, now=now)
        today.sending(organization=mine, now=now)
        coming = today.coming(organization=mine, now=now)
        results = today.results(organization=mine)

    assert sum(cause.posts for cause in found.causes) == attention.SEEN
    assert (len(coming), len(results)) == (24, today.RESULTS)
    nodes = plans([query for query in captured.captured_queries if "posts_post" in query["sql"]])
    tables = [node for node in nodes if node.get("Relation Name") == "posts_post"]
    assert tables
    assert [node for node in tables if node["Node Type"] == "Seq Scan"] == []
    read = [node["Actual Rows"] * node["Actual Loops"] + node.get("Rows Removed by Filter", 0) for node in tables]
    assert max(read) <= attention.SEEN + 1  # the one that tells it from the next
    assert any(node["Node Type"] == "Index Only Scan" and node["Index Name"] == "post_results" for node in tables)
