"""Callbacks: signed POSTs to integrators' URLs, retried for four days, each try kept.

The rows are the queue: whoever makes one only inserts it. Workers claim due rows one by one, for each receiver one at a
time and for each organization two, so that one that is slow or dead costs one thread for ten seconds, never a publisher
and never another organization.
"""

import json
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import structlog
from django.db import connection, transaction
from django.db.models.functions import Now

from chat33.api import limits
from chat33.lib import metrics
from chat33.lib.clock import utcnow
from chat33.lib.failpoints import reach
from chat33.lib.http import NotSent, Refused, Reply, ReplyLost
from chat33.lib.secrets import Undecipherable
from chat33.orgs.models import Organization
from integrations.addresses import LONGEST, check_address
from integrations.channels import http_client
from integrations.models import Callback, CallbackAttempt, CallbackStatus
from integrations.services import signing_secrets
from integrations.signing import sign

logger = structlog.get_logger(__name__)

# Seconds before each of the 13 attempts: 99 h 37 m in all.
SCHEDULE = (0, 5, 30, 120, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400, 86400)
_ORDER = ("postId", "status", "externalPostId", "externalPostUrl", "error")
WALL = 10.0  # seconds for connecting, sending and reading together
READ = 16_384  # bytes of the answer that are read
KEPT = 1_000  # characters of it that are kept
LEASE = timedelta(seconds=30)
MAX_WAIT = timedelta(hours=24)
AT_ONCE = 2  # of one organization
TEST = "post_test"
TEST_BODY: Mapping[str, Any] = {
    "postId": TEST,
    "status": "PUBLISHED",
    "externalPostId": "17889341234",
    "externalPostUrl": "https://example.com/posts/17889341234",
    "error": None,
}


def create_callback(
    *,
    organization: Organization,
    subject: str,
    url: str,
    body: Mapping[str, Any],
    now: datetime,
    request_id: str = "",
) -> Callback:
    """Queue a callback; it leaves within seconds."""
    return Callback.objects.create(
        organization=organization,
        subject=subject,
        url=url,
        body=dict(body),
        due_at=now,
        created_at=now,
        request_id=request_id,
    )


def send_test_callback(
    *, organization: Organization, url: str, overrides: Mapping[str, Any], now: datetime, request_id: str = ""
) -> Callback:
    """Queue a callback about a post that never was, for a person to see it arrive; it is tried once.

    ``overrides`` are the package's limits. Raises ``Refused`` for an address we never send to, and ``RateLimited``.
    """
    if len(url) > LONGEST:
        raise Refused(f"The address is longer than {LONGEST:,} characters.")
    check_address(url)
    limit = limits.limit_for("TEST_CALLBACKS", overrides)
    with transaction.atomic():
        limits.consume(name="TEST_CALLBACKS", subject=organization.public_id, limit=limit, now=now)
        callback = create_callback(
            organization=organization, subject=TEST, url=url, body=TEST_BODY, now=now, request_id=request_id
        )
        callback.is_test = True
        callback.save(update_fields=["is_test"])
    return callback


def resend_callback(*, callback: Callback, now: datetime) -> Callback:
    """Send it again now, with the same id and the whole schedule before it."""
    with transaction.atomic():
        row = Callback.objects.select_for_update().get(pk=callback.pk)
        row.status, row.attempts, row.due_at, row.leased_until = CallbackStatus.PENDING, 0, now, None
        row.fence += 1
        row.save(update_fields=["status", "attempts", "due_at", "leased_until", "fence"])
    return row


def due_callbacks(limit: int) -> int:
    """How many callbacks wait to be sent, counted up to ``limit``."""
    return Callback.objects.filter(due_at__lte=Now()).order_by()[:limit].count()


def claim_callback() -> Callback | None:
    """The callback that is due longest among those that may be sent now, leased; None when there is none."""
    with transaction.atomic(), connection.cursor() as cursor:
        # One claim at a time, or two senders would each find the same receiver free.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('callbacks:claim', 0))")
        cursor.execute(
            """
            WITH busy AS MATERIALIZED (
                SELECT organization_id, substring(url FROM %(origin)s) AS origin FROM integrations_callback
                WHERE due_at > statement_timestamp() AND due_at <= statement_timestamp() + make_interval(secs => %(lease)s)
                    AND leased_until > statement_timestamp()
            )
            UPDATE integrations_callback SET
                fence = fence + 1,
                leased_until = statement_timestamp() + make_interval(secs => %(lease)s),
                due_at = statement_timestamp() + make_interval(secs => %(lease)s)
            WHERE id = (
                SELECT id FROM integrations_callback AS due WHERE due_at <= statement_timestamp() AND NOT EXISTS (
                    SELECT 1 FROM busy
                    WHERE busy.organization_id = due.organization_id AND busy.origin = substring(due.url FROM %(origin)s)
                ) AND (SELECT count(*) FROM busy WHERE busy.organization_id = due.organization_id) < %(at_once)s
                ORDER BY due_at LIMIT 1 FOR UPDATE OF due SKIP LOCKED
            ) RETURNING id
            """,
            {"lease": LEASE.total_seconds(), "origin": "^[^:]*://[^/?#]*", "at_once": AT_ONCE},
        )
        row = cursor.fetchone()
    return Callback.objects.select_related("organization").get(pk=row[0]) if row else None


def deliver_callback(*, callback: Callback, now: datetime) -> CallbackStatus:
    """Send it once and store what came of it, unless the lease was lost meanwhile."""
    body = json.dumps(document(callback), separators=(",", ":")).encode()
    started = time.monotonic()
    headers: dict[str, str] = {}
    try:
        secrets = signing_secrets(organization=callback.organization, now=now)
        signed = sign(secrets=secrets, message_id=callback.public_id, timestamp=int(now.timestamp()), body=body)
        headers = {"Content-Type": "application/json", **signed}
        sent = _post(callback.url, body, headers)
    except Undecipherable:
        logger.exception("callback_unsigned", callback=callback.public_id)
        sent = _Sent(failure="The signing secret cannot be read here. Rotate it.")
    milliseconds = int((time.monotonic() - started) * 1000)
    return _settle(callback, sent, headers=headers, milliseconds=milliseconds, now=now)


@dataclass(frozen=True, kw_only=True)
class _Sent:
    """What came of one try: the answer if there was one, why it does not count, and whether trying again could help."""

    reply: Reply | None = None
    failure: str = ""
    final: bool = False


def document(callback: Callback) -> dict[str, Any]:
    """What is sent, its fields in the documented order, which the database does not keep."""
    known = {name: callback.body[name] for name in _ORDER if name in callback.body}
    return {**known, **callback.body}


def _post(url: str, body: bytes, headers: Mapping[str, str]) -> _Sent:
    try:
        reach("callbacks.before_send")
        reply = http_client().request("POST", url, data=body, headers=headers, wall=WALL, max_bytes=READ, truncate=True)
        reach("callbacks.after_send")
    except Refused as error:
        return _Sent(failure=str(error), final=True)
    except (NotSent, ReplyLost) as error:
        return _Sent(failure=str(error))
    return _Sent(reply=reply, failure="" if reply.ok else _explain(reply), final=reply.status == 410)


def _settle(
    callback: Callback, sent: _Sent, *, headers: Mapping[str, str], milliseconds: int, now: datetime
) -> CallbackStatus:
    reply, failure = sent.reply, sent.failure
    number = callback.attempts + 1
    status = CallbackStatus.DELIVERED if not failure else CallbackStatus.PENDING
    if failure and (sent.final or callback.is_test or number >= len(SCHEDULE)):
        status = CallbackStatus.FAILED
    due_at = now + _wait(number, reply, now) if status == CallbackStatus.PENDING else None
    with transaction.atomic():
        kept = Callback.objects.filter(pk=callback.pk, fence=callback.fence).update(
            status=status,
            attempts=number,
            due_at=due_at,
            leased_until=None,
            last_error=failure,
            delivered_at=now if status == CallbackStatus.DELIVERED else None,
        )
        CallbackAttempt.objects.create(
            callback=callback,
            organization_id=callback.organization_id,
            number=number,
            created_at=now,
            http_status=reply.status if reply else None,
            error=failure,
            milliseconds=milliseconds,
            address=reply.address if reply else "",
            request_headers={name: value for name, value in headers.items() if name != "webhook-signature"},
            response_head=reply.body[:KEPT].decode("utf-8", "replace").replace("\x00", "") if reply else "",
        )
    outcome = "retry" if status == CallbackStatus.PENDING else status.lower()
    metrics.count(metrics.callbacks, outcome)
    if kept:
        logger.info("callback_attempted", status=str(status), attempt=number)
    return CallbackStatus(status)


def _explain(reply: Reply) -> str:
    if 300 <= reply.status < 400:
        return f"The receiver answered {reply.status}; redirects are not followed. Set the final address."
    if reply.status == 410:
        return "The receiver answered 410 Gone, so no further attempt is made."
    return f"The receiver answered {reply.status}; 2xx is expected."


def _wait(number: int, reply: Reply | None, now: datetime) -> timedelta:
    """The pause after attempt ``number``, with a fifth of jitter; a receiver's Retry-After counts up to a day."""
    pause = timedelta(seconds=SCHEDULE[number] * random.uniform(0.8, 1.2))
    asked = _retry_after(reply.headers.get("Retry-After", "").strip(), now) if reply else timedelta()
    return max(pause, min(asked, MAX_WAIT))


def _retry_after(value: str, now: datetime) -> timedelta:
    """What the header asks for, in seconds or as a date (RFC 9110, 10.2.3); nothing when it cannot be read."""
    if value.isascii() and value.isdigit():
        return timedelta(seconds=int(value[:9]))
    try:
        return parsedate_to_datetime(value).astimezone(UTC) - now
    except (ValueError, OverflowError):
        return timedelta()


def send_due(*, seconds: float) -> int:
    """Send due callbacks one after another until there are none or the time is up."""
    until = time.monotonic() + seconds
    sent = 0
    while time.monotonic() < until and (callback := claim_callback()):
        with structlog.contextvars.bound_contextvars(request_id=callback.request_id, callback=callback.public_id):
            deliver_callback(callback=callback, now=utcnow())
        sent += 1
    return sent
