"""Sending a test postback: over HTTP, to our own public door, as the MMP would, by a secret that lives for that long."""

import secrets as random
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode, urlsplit

from django.conf import settings

from chat33.lib.http import Guard, HttpClient, NotSent, Opener, ReplyLost
from chat33.lib.secrets import digest, prefix
from chat33.orgs.models import Organization
from tracking.mmp.registry import MMPS
from tracking.models import Postback, Token, TokenKind
from tracking.postbacks import reading

DOOR = "/api/webhooks/mmp"
HEADER = "X-Chat33-Test"
SECONDS = 8.0
LIVES = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What came of it: the message as it arrived, or what went wrong on the way."""

    postback: Postback | None = None
    problem: str = ""
    status: int = 0
    milliseconds: int = 0


def client() -> HttpClient:
    """The way out; our own host may be a private one."""
    own = urlsplit(settings.BASE_URL).hostname or ""
    return HttpClient(guard=Guard(frozenset({own, *settings.ALLOW_PRIVATE_HOSTS})))


def door_url(secret: str) -> str:
    """The address for an MMP's dashboard."""
    return f"{settings.BASE_URL}{DOOR}?secret={secret}"


def send_test(
    *, organization: Organization, mmp: str, contact: str, flow: str, by: str, now: datetime, way: Opener = client
) -> Tried:
    """Send an install as this MMP does, and read what came. Not in a transaction: the edge must see the secret."""
    given = {"mmp": mmp, **MMPS[mmp].example(contact=contact, flow=flow, now=now), "test": f"t{random.token_hex(8)}"}
    raw = random.token_urlsafe(32)
    token = Token.objects.create(
        organization=organization, kind=TokenKind.MMP, name="Test", prefix=prefix(raw), digest=digest(raw), created_by=by,
        created_at=now, expires_at=now + LIVES,
    )  # fmt: skip
    try:
        reply = way().request(
            "GET", f"{door_url(raw)}&{urlencode(given)}", headers={HEADER: "1"}, wall=SECONDS, max_bytes=10_000
        )
    except (NotSent, ReplyLost) as error:
        return Tried(problem=f"{settings.BASE_URL} could not be reached from here: {error}")
    finally:
        token.delete()
    if not reply.ok:
        return Tried(problem=f"The door answered {reply.status}.", status=reply.status, milliseconds=reply.milliseconds)
    found = (
        Postback.objects.filter(organization=organization, is_test=True, received_at__gte=now - LIVES)
        .filter(query__contains=given["test"])
        .order_by("-id")
        .first()
    )
    if found is None:
        return Tried(problem="The door answered, but nothing arrived.", status=reply.status)
    reading.read_now(postback=found)
    found.refresh_from_db()
    return Tried(postback=found, status=reply.status, milliseconds=reply.milliseconds)
