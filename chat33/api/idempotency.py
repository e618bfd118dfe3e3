"""``Idempotency-Key``: the same key and request give the first answer again, never a second effect.

Fast effects run in one transaction with their memory under an advisory lock, so a crash leaves neither. Slow ones (a file
fetched from elsewhere) hold a committed row under a lease instead. Refusals are not kept. (IETF draft-ietf-httpapi-
idempotency-key-header-07, §2: 422 for another payload, 409 while the first is running.)
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from chat33.api.errors import Conflict, IdempotencyMismatch
from chat33.api.models import IdempotencyRecord

KEEP = timedelta(hours=72)


class InFlight(Conflict):
    """409: the first request with this key is still running."""

    default_detail = "A request with this Idempotency-Key is still running. Try again in a second."
    headers = {"Retry-After": "1"}


@dataclass(frozen=True)
class Keyed:
    """A keyed request: whose key, the key, and what the request was."""

    owner: str
    key: str
    fingerprint: str


def keyed(request: Request, *, owner: str, content: str | None = None) -> Keyed | None:
    """The request's key, bare or quoted; None without the header. ``content`` stands for the body where it is not JSON."""
    header = request.headers.get("Idempotency-Key")
    if header is None:
        return None
    key = header.strip()
    if len(key) >= 2 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not 1 <= len(key) <= 255 or not key.isprintable():
        raise ValidationError({"Idempotency-Key": ["Use 1 to 255 printable characters."]})
    body = content if content is not None else json.dumps(request.data, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(f"{request.method}\n{request.path}\n{body}".encode()).hexdigest()
    return Keyed(owner, key, digest)


def recall(keyed: Keyed | None, *, now: datetime) -> Response | None:
    """The kept answer, before any work is done for a request that had its answer already. Raises as ``once``."""
    if keyed is None:
        return None
    record = IdempotencyRecord.objects.filter(owner=keyed.owner, key=keyed.key, created_at__gt=now - KEEP).first()
    return _replay(record, keyed) if record is not None and record.status is not None else None


def once(keyed: Keyed | None, effect: Callable[[], Response], *, now: datetime) -> Response:
    """Run ``effect`` in a transaction, once per key. Raises ``InFlight`` and ``IdempotencyMismatch``."""
    with transaction.atomic():
        if keyed is None:
            return effect()
        _try_lock(keyed)
        record = IdempotencyRecord.objects.filter(owner=keyed.owner, key=keyed.key).first()
        if record is not None and record.created_at > now - KEEP:
            return _replay(record, keyed)
        response = effect()
        IdempotencyRecord.objects.update_or_create(
            owner=keyed.owner,
            key=keyed.key,
            defaults={
                "fingerprint": keyed.fingerprint,
                "status": response.status_code,
                "body": _plain(response.data),
                "leased_until": None,
                "created_at": now,
            },
        )
        return response


def once_slowly(
    keyed: Keyed | None, effect: Callable[[], Response], *, now: datetime, lease: timedelta = timedelta(minutes=6)
) -> Response:
    """Run a slow ``effect`` outside any transaction, once per key; a crash frees the key when the lease ends."""
    if keyed is None:
        return effect()
    with transaction.atomic():
        _try_lock(keyed)
        record = IdempotencyRecord.objects.filter(owner=keyed.owner, key=keyed.key).first()
        if record is not None and record.created_at > now - KEEP:
            expired = record.status is None and record.leased_until is not None and record.leased_until <= now
            if not expired:
                return _replay(record, keyed)
            record.delete()
        elif record is not None:
            record.delete()
        mine = IdempotencyRecord.objects.create(
            owner=keyed.owner, key=keyed.key, fingerprint=keyed.fingerprint, leased_until=now + lease, created_at=now
        )
    try:
        response = effect()
    except BaseException:
        mine.delete()
        raise
    # Another request may hold the key by now, if this one outlived its lease: then the row is gone, and so be it.
    IdempotencyRecord.objects.filter(pk=mine.pk).update(
        status=response.status_code, body=_plain(response.data), leased_until=None
    )
    return response


def prune(*, now: datetime) -> int:
    """Forget the answers that are older than promised."""
    deleted, _ = IdempotencyRecord.objects.filter(created_at__lt=now - KEEP).delete()
    return deleted


def _try_lock(keyed: Keyed) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [f"idempotency:{keyed.owner}:{keyed.key}"]
        )
        row = cursor.fetchone()
    if not row or not row[0]:
        raise InFlight


def _replay(record: IdempotencyRecord, keyed: Keyed) -> Response:
    if record.fingerprint != keyed.fingerprint:
        raise IdempotencyMismatch
    if record.status is None:
        raise InFlight
    return Response(record.body, status=record.status, headers={"Idempotent-Replayed": "true"})


def _plain(data: Any) -> Any:
    return json.loads(json.dumps(data))
