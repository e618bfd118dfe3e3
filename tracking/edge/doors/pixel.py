"""``POST /api/pixel``: events from browsers, by a token that anybody may read.

The body is JSON sent as ``text/plain``, so that browsers ask nothing beforehand (Fetch Standard, "CORS-safelisted
request-header"). ``Sec-GPC`` (W3C, "Global Privacy Control") and ``DNT`` take out everything that names somebody.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from chat33.lib.clock import utcnow
from tracking.edge.events import Asked, Kept, Row, retry_after
from tracking.edge.failures import response_to
from tracking.edge.http import Gone, Refused, Request, Response, empty, error, invalid, json, limited, wrong_method
from tracking.edge.lookups import Token
from tracking.edge.rows import sent_row
from tracking.edge.state import State
from tracking.events import addresses
from tracking.events.agents import Visit, visit
from tracking.events.intake import MAX_BODY, NotReadable, Problem, events_in, key_of, read_body, read_event

SOURCE = "pixel"
_REF = re.compile(r"[A-Za-z0-9_.:-]{1,60}", re.ASCII)
_VISITOR = re.compile(r"[A-Za-z0-9_-]{1,40}", re.ASCII)
_CORS = (
    (b"access-control-allow-origin", b"*"),
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"cache-control", b"no-store"),
)
_PREFLIGHT = (
    (b"access-control-allow-methods", b"POST"),
    (b"access-control-allow-headers", b"content-type, x-chat33-token"),
    (b"access-control-max-age", b"86400"),
)


async def post_pixel(state: State, request: Request) -> Response:
    """202 with what became of each event; one that cannot be read is rejected alone, so that it never comes again."""
    if request.method == "OPTIONS":
        return empty(204, *_CORS, *_PREFLIGHT)
    try:
        found = await _take(state, request) if request.method == "POST" else wrong_method("POST", "OPTIONS")
    except Gone:
        raise
    except Exception as failure:  # whatever it is, the browser shall be able to read it
        found = response_to(failure)
    return found._replace(headers=(*found.headers, *_CORS))


async def _take(state: State, request: Request) -> Response:
    now = utcnow()
    try:
        given = read_body(await request.body(MAX_BODY))
        events = events_in(given)
    except NotReadable as problem:
        return invalid([], str(problem))
    shown = given.get("token") if isinstance(given, dict) else None
    token = await state.token(request, "pixel", "server", given=shown if isinstance(shown, str) else "", now=now)
    origin = request.headers.get("origin", "")
    if token.origins and origin.lower() not in token.origins:
        state.notes.rejected(token.owner.pk, token.owner.day(now), SOURCE, len(events))
        return error(
            403, "FORBIDDEN", f"This token takes no events from {origin[:260] or 'pages that do not say whose'}."
        )
    state.notes.seen(token.pk, origin if origin != "null" else "")
    _count(state, token, len(events), now)
    who = visit(request.headers)
    named = request.headers.get("sec-gpc") != "1" and request.headers.get("dnt") != "1"
    read = [_read(event, token=token, who=who, named=named, now=now) for event in events]
    rows = [row for row in read if isinstance(row, dict)]
    if len(rows) < len(read):
        state.notes.rejected(token.owner.pk, token.owner.day(now), SOURCE, len(read) - len(rows))
    kept = Kept()
    if rows:
        arrivals = [found for row in rows if (found := _arrival(row, token)) and state.arrived.is_new(found)]
        await state.words.bound(token.owner.pk, rows)
        for row in rows:
            row.pop("click", None)
        kept = await state.events.put(Asked(rows=rows, arrivals=arrivals))
        state.arrived.remember(arrivals)
    return json(202, {"events": _told(read, events, kept)})


def _count(state: State, token: Token, wanted: int, now: datetime) -> None:
    limit = token.limits["PIXEL"]
    if limit is None:
        return
    seconds = state.wall.use(token.pk, limit, now=int(now.timestamp() * 1000), wanted=wanted)
    if seconds:
        state.notes.rejected(token.owner.pk, token.owner.day(now), SOURCE, wanted)
        raise Refused(limited(limit.count, retry_after(seconds)))


def _read(given: Any, *, token: Token, who: Visit, named: bool, now: datetime) -> Row | list[Problem]:
    """The row of an event, or what is wrong with it."""
    sent = read_event(given, now=now)
    if isinstance(sent, list):
        return sent
    if not named:
        sent = sent._replace(contact="")
    row = sent_row(
        sent,
        owner=token.owner,
        now=now,
        source=SOURCE,
        by=who.by,
        visitor=_matching(given, "visitor", _VISITOR) if named else "",
        flow=_matching(given, "fid", _REF),
        channel=_matching(given, "ch", _REF),
        url=addresses.kept(_text(given, "url"), named=named),
        referrer=addresses.kept(_text(given, "referrer"), named=False),
        agent=(who.name or who.device)[:40],
    )
    if named:
        row["click"] = _matching(given, "c33", _REF) or addresses.parameter(row.get("url", ""), "c33")[:64]
    return row


def _arrival(row: Row, token: Token) -> Row | None:
    """What of the event confirms a click: the click's id, else that the page's address names the contact."""
    if row["by"] != "person":
        return None
    click: UUID | None = key_of(row["click"]) if row.get("click") else None
    contact = addresses.parameter(row.get("url", ""), "cid") if row["name"] == "page_view" else ""
    if click is None and (not contact or contact != row.get("contact_ref")):
        return None
    return {
        "organization_id": token.owner.pk, "zone": token.owner.zone, "at": row["received_at"], "click": click,
        "contact_ref": contact,
    }  # fmt: skip


def _told(read: list[Row | list[Problem]], events: list[Any], kept: Kept) -> list[Mapping[str, object]]:
    statuses = iter(kept.statuses)
    told: list[Mapping[str, object]] = []
    for row, event in zip(read, events, strict=True):
        if isinstance(row, dict):
            told.append({"eventId": row["event_id"], "status": next(statuses)})
        else:
            given = event.get("eventId") if isinstance(event, dict) else None
            problems = [{"path": problem.path, "message": problem.message} for problem in row]
            told.append({"eventId": given if isinstance(given, str) else "", "status": "rejected", "details": problems})
    return told


def _text(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name)
    return value if isinstance(value, str) else ""


def _matching(given: Mapping[str, Any], name: str, form: re.Pattern[str]) -> str:
    value = given.get(name)
    return value if isinstance(value, str) and form.fullmatch(value) else ""
