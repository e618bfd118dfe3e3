"""``/api/webhooks/mmp``: an MMP's postback is kept as it came and read by a worker.

200 once it is kept, whatever it says; 401 for a bad secret; 5xx only when it could not be kept: then they send it again.
"""

from chat33.lib.clock import utcnow
from chat33.lib.ids import new_id
from tracking.edge.http import Request, Response, json, wrong_method
from tracking.edge.postbacks import Postback
from tracking.edge.state import State

MAX_BODY = 262_144
MAX_QUERY = 16_384
TEST = "x-chat33-test"  # a header that marks what our own page sends


async def take_postback(state: State, request: Request) -> Response:
    """Keep it."""
    if request.method == "HEAD":  # how an MMP asks whether the address is there
        return json(200, {"status": "ok"})
    if request.method not in ("GET", "POST"):
        return wrong_method("GET", "HEAD", "POST")
    now = utcnow()
    token = await state.token(request, "mmp", parameter="secret", now=now)
    body = await request.body(MAX_BODY) if request.method == "POST" else b""
    state.notes.seen(token.pk, "")
    await state.postbacks.put(
        Postback(
            public_id=new_id("pb"),
            organization_id=token.owner.pk,
            received_at=now,
            method=request.method,
            content_type=_clean(request.headers.get("content-type", ""))[:100],
            query=_clean(request.without("secret"))[:MAX_QUERY],
            body=body.decode("utf-8", "replace").replace("\x00", ""),
            is_test=request.headers.get(TEST) == "1",
        )
    )
    return json(200, {"status": "ok"})


def _clean(text: str) -> str:
    return text.replace("\x00", "")
