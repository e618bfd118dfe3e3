"""``POST /api/webhooks/events``: events from a server (Chat33, "Webhook Events API")."""

from datetime import datetime

from chat33.lib.clock import utcnow
from tracking.edge.events import Asked, Counted, Kept, retry_after
from tracking.edge.http import Refused, Request, Response, invalid, json, limited, wrong_method
from tracking.edge.lookups import Token
from tracking.edge.rows import sent_row
from tracking.edge.state import State
from tracking.events.intake import MAX_BODY, NotReadable, Sent, events_in, read_body, read_event

SOURCE = "server"


async def post_events(state: State, request: Request) -> Response:
    """202 with what became of each event; all of a batch is stored, or nothing of it."""
    if request.method != "POST":
        return wrong_method("POST")
    now = utcnow()
    token = await state.token(request, "server", now=now)
    state.notes.seen(token.pk, "")
    body = await request.body(MAX_BODY)
    sent, is_batch = _read(state, token, body, now)
    rows = [
        sent_row(one, owner=token.owner, now=now, source=SOURCE, by="server",
                 verified=True)
        for one in sent
    ]  # fmt: skip
    counted = _counted(state, token, len(rows), now)
    await state.words.bound(token.owner.pk, rows)
    kept = await state.events.put(Asked(rows=rows, counted=counted))
    if counted and kept.wait:
        raise _limited(state, token, counted, len(rows), kept.wait, now)
    return json(202, _told([row["event_id"] for row in rows], kept, is_batch=is_batch))


def _read(state: State, token: Token, body: bytes, now: datetime) -> tuple[list[Sent], bool]:
    try:
        given = read_body(body)
        events = events_in(given)
    except NotReadable as error:
        state.notes.rejected(token.owner.pk, token.owner.day(now), SOURCE, 1)
        raise Refused(invalid([], str(error))) from None
    is_batch = isinstance(given, dict) and "events" in given
    sent: list[Sent] = []
    wrong: list[dict[str, str]] = []
    for number, event in enumerate(events):
        read = read_event(event, now=now)
        if isinstance(read, Sent):
            sent.append(read)
        else:
            start = f"events.{number}" if is_batch else ""
            wrong += [{"path": ".".join(filter(None, (start, one.path))), "message": one.message} for one in read]
    if wrong:
        state.notes.rejected(token.owner.pk, token.owner.day(now), SOURCE, len(events))
        raise Refused(invalid(wrong))
    return sent, is_batch


def _counted(state: State, token: Token, wanted: int, now: datetime) -> Counted | None:
    """What is to be counted. Raises ``Refused`` when it is known already that the limit is reached."""
    limit = token.limits["EVENTS"]
    if limit is None:
        return None
    moment = int(now.timestamp() * 1000)
    counted = Counted(token=token.pk, organization=token.owner.pk, limit=limit, now=moment)
    seconds = state.keeper.shield.wait(token.pk, limit, now=moment, wanted=wanted)
    if seconds:
        raise _limited(state, token, counted, wanted, seconds, now)
    return counted


def _limited(state: State, token: Token, counted: Counted, wanted: int, seconds: float, now: datetime) -> Refused:
    state.notes.rejected(token.owner.pk, token.owner.day(now), SOURCE, wanted)
    return Refused(limited(counted.limit.count, retry_after(seconds)))


def _told(ids: list[str], kept: Kept, *, is_batch: bool) -> object:
    told = [{"eventId": one, "status": status} for one, status in zip(ids, kept.statuses, strict=True)]
    return {"events": told} if is_batch else told[0]
