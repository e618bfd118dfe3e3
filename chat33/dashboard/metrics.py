"""``/metrics`` for Prometheus: what the processes counted, and how the queue stands at this moment."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Any

import structlog
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import Count
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from chat33.lib import metrics
from chat33.lib.clock import utcnow
from integrations.models import Callback, Channel
from integrations.selectors import HEALTH, health
from posts.models import Post, PostStatus
from posts.queue import oldest_due

logger = structlog.get_logger(__name__)

DAY = timedelta(hours=24)
PATIENCE = 3000  # milliseconds a scrape may cost the database in one query


@require_safe
def exposition(request: HttpRequest) -> HttpResponse:
    """The Prometheus text format, for who has the installation's token, or an operator who looks."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme:
        if scheme.lower() != "bearer" or not compare_digest(given.strip().encode(), settings.METRICS_TOKEN.encode()):
            return _refused(401, "This is not the metrics token.")
    elif not request.user.is_authenticated:
        return _refused(401, "Send the metrics token: Authorization: Bearer …")
    elif not (request.user.is_staff and request.user.is_active):
        return _refused(403, "Metrics are for operators.")
    registry = metrics.collected()
    body = generate_latest(registry) + generate_latest(_Present())
    return HttpResponse(body, content_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})


def _refused(status: int, text: str) -> HttpResponse:
    response = HttpResponse(f"{text}\n", status=status, content_type="text/plain; charset=utf-8")
    if status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="chat33"'
    return response


class _Present(Collector):
    """Gauges read from the rows when they are asked for. While the database is away there are none of them."""

    def collect(self) -> Iterable[Metric]:
        """Each gauge."""
        found: list[Metric] = []
        try:
            with transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute(f"SET LOCAL statement_timeout = {PATIENCE:d}")
                found = list(_gauges(utcnow()))
        except DatabaseError as error:
            logger.warning("gauges_unread", error=type(error).__name__)
        yield GaugeMetricFamily("chat33_database_up", "Whether the rows could be read.", value=float(bool(found)))
        yield from found


def _gauges(now: datetime) -> Iterator[Metric]:
    due = Post.objects.filter(due_at__lte=Now()).order_by()
    yield GaugeMetricFamily("chat33_posts_due", "Posts whose time has come.", value=due.count())
    since = oldest_due()
    late = max(0.0, (now - since).total_seconds()) if since else 0.0
    yield GaugeMetricFamily("chat33_posts_oldest_due_seconds", "How long the longest of them waits.", value=late)
    recent = Post.objects.filter(created_at__gt=now - DAY).order_by().values_list("status").annotate(Count("id"))
    yield _by("chat33_posts_recent", "Posts made in the last 24 hours.", "status", PostStatus.values, recent)
    waiting = Callback.objects.filter(due_at__isnull=False).order_by()
    yield GaugeMetricFamily("chat33_callbacks_pending", "Callbacks yet to be delivered.", value=waiting.count())
    channels = Channel.objects.order_by().values_list(health(now)).annotate(Count("id"))
    yield _by("chat33_channels", "Channels, by how they are.", "health", [*HEALTH, "ok"], channels)


def _by(name: str, text: str, label: str, values: Iterable[str], rows: Iterable[tuple[Any, ...]]) -> Metric:
    """A gauge with a sample for every value, those that no row has included."""
    family = GaugeMetricFamily(name, text, labels=[label])
    counted = {str(value): count for value, count in rows}
    for value in values:
        family.add_metric([value], counted.get(value, 0))
    return family
