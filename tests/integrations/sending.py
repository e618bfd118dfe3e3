"""Callbacks of tests: one that is due, sent as a worker does, and what came of it at the receiver."""

from datetime import datetime
from typing import Any

from chat33.lib.clock import utcnow
from integrations import callbacks
from integrations.models import Callback
from tests.factories import make_callback
from tests.lib.misbehaving import answer, says
from tests.people import Person

BODY = {"postId": "post_1", "status": "PUBLISHED", "externalPostId": "17", "externalPostUrl": None, "error": None}
OK = says(answer("200 OK"))


def due(person: Person, url: str, **given: Any) -> Callback:
    """A callback whose time has come."""
    return make_callback(person.organization, **{"url": url, "body": BODY, "due_at": utcnow(), **given})


def send(callback: Callback, now: datetime | None = None) -> Callback:
    """Send it once, as a worker does, and read it again."""
    callback.refresh_from_db()
    callbacks.deliver_callback(callback=callback, now=now or utcnow())
    callback.refresh_from_db()
    return callback


def message(raw: bytes) -> tuple[dict[str, str], bytes]:
    """Headers (in lower case) and body of a request."""
    head, _, body = raw.partition(b"\r\n\r\n")
    fields = [line.decode().split(": ", 1) for line in head.split(b"\r\n")[1:]]
    return {name.lower(): value for name, value in fields}, body
