"""The request log: what noting a request costs that request, and how fast the notes become rows.

Floor: the same step for a request whose caller is unknown, which is not noted. Naive: a row written while the caller waits.
"""

import logging
import time
from itertools import count
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.urls import resolve
from rest_framework.response import Response

from chat33.dashboard import middleware
from chat33.lib.clock import utcnow
from chat33.orgs.models import Role
from chat33.runtime.layout import Layout
from integrations import requestlog
from integrations.auth import Caller
from integrations.models import ApiKey, ApiRequest
from integrations.services import create_api_key
from tests.benchmarks.figures import Report, median, milliseconds
from tests.factories import make_member, make_organization

NOTED = 2_000  # at a time
ROWS = 10_000
MOST = 0.1  # ms that a request may pay


def measure(layout: Layout) -> Report:
    """Needs PostgreSQL alone."""
    report = Report("Request log: noted in passing, written by a thread")
    logging.getLogger("chat33.requests").setLevel(logging.WARNING)
    settings.REQUEST_LOG_DAYS = 7
    organization = make_organization(name="Many Requests")
    key, _ = create_api_key(organization=organization, name="bench", by=make_member(organization, Role.OWNER))
    request, answer, numbers = _request(key), Response({"items": []}), count()
    stranger = RequestFactory().get("/api/v1/posts")

    def noted() -> None:
        for _ in range(NOTED):
            middleware._keep(request, answer, 0.004, "req_bench")

    def unnoted() -> None:
        for _ in range(NOTED):
            middleware._keep(stranger, HttpResponse(), 0.004, "req_bench")

    def naive() -> None:
        requestlog._row(_note(key, next(numbers))).save()

    cost = median(milliseconds(noted, repeat=5)) / NOTED
    requestlog.stop()
    floor = median(milliseconds(unnoted, repeat=9)) / NOTED
    written = median(milliseconds(naive, repeat=50))
    report.goal("noting a request", cost, "ms", ("one that is not noted", floor), ("a row written at once", written),
                goal=f"{MOST} ms or less", met=cost <= MOST, promise=True)  # fmt: skip

    notes = [_note(key, number) for number in range(ROWS)]
    batches = [notes[start : start + requestlog.BATCH] for start in range(0, ROWS, requestlog.BATCH)]
    began = time.perf_counter()
    for batch in batches:
        requestlog._write(batch)
    taken = time.perf_counter() - began
    rate, naive_rate = ROWS / taken, 1000 / written
    report.add("rows a second that the writer writes", rate, "/s", ("one by one", naive_rate))

    ApiRequest.objects.update(created_at="2020-01-01T00:00:00Z")
    pruning = milliseconds(lambda: requestlog.prune(now=utcnow(), seconds=60), repeat=1, warm=0)[0]
    report.add(f"pruning {ROWS:,} rows", pruning, "ms")
    report.add("  and when there is nothing to prune",
               median(milliseconds(lambda: requestlog.prune(now=utcnow(), seconds=60), repeat=9)), "ms")  # fmt: skip
    requestlog.stop()
    return report


def _request(key: ApiKey) -> HttpRequest:
    """As DRF leaves it once it has authenticated."""
    request: Any = RequestFactory().get("/api/v1/posts?status=FAILED", headers={"User-Agent": "bench/1.0"})
    request.resolver_match = resolve("/api/v1/posts")
    request.auth = Caller(key.organization, frozenset(key.scopes), key.public_id, {}, key=key)
    return request  # type: ignore[no-any-return]  # it is one, with more on it


def _note(key: ApiKey, number: int) -> requestlog.Note:
    return requestlog.Note(
        organization_id=key.organization_id, key_id=key.pk, user_id=None, method="GET", route="/posts",
        path="/api/v1/posts", query=f"page={number}", status=200, error="", message="", milliseconds=4.2,
        request_id=f"req_{number}", address="127.0.0.1", client="bench/1.0", at=utcnow(),
    )  # fmt: skip
