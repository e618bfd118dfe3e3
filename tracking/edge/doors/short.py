"""``GET /l/{code}``: a stored link. It may lead elsewhere by device, open an app, end at a time or after so many clicks.

Who clicked goes along in the way that the target understands (``tracking.links.embedding``), also into the app that opens.
"""

from datetime import datetime
from functools import lru_cache
from urllib.parse import parse_qsl

from chat33.lib.clock import utcnow
from chat33.lib.ids import new_id
from tracking.edge import pages
from tracking.edge.doors.clicks import REF, redirect, store_click
from tracking.edge.http import Request, Response, wrong_method
from tracking.edge.line import Full, Unavailable
from tracking.edge.lookups import Link
from tracking.edge.state import State
from tracking.events.agents import Visit, visit
from tracking.links.embedding import embedded
from tracking.links.targets import APPENDED, NotATarget, target_of

PREFIX = "/l/"
LONGEST = 32


async def get_short(state: State, request: Request) -> Response:
    """302 to where the link leads, or the page that opens the app, or the one that says that it is over."""
    if request.method not in ("GET", "HEAD"):
        return wrong_method("GET", "HEAD")
    now = utcnow()
    code = request.path.removeprefix(PREFIX)
    try:
        link = await state.lookups.links.get(code) if len(code) <= LONGEST and code.isascii() else None
        return pages.unknown() if link is None else await _follow(state, request, link, now)
    except NotATarget:  # of a row that nothing has checked
        return pages.unknown()
    except (Unavailable, Full):
        return pages.later()


async def _follow(state: State, request: Request, link: Link, now: datetime) -> Response:
    who = visit(request.headers, request.method)
    given = _given(request, link)
    click = new_id("clk")
    target = _target(link, who)
    ended = _has_ended(link, now)
    kept = await store_click(
        state, request, owner=link.owner, who=who, now=now, event_id=click, target=target, given=given, link=link,
        name="click.expired" if ended else "click",
    )  # fmt: skip
    if not ended and link.click_limit is not None and kept.clicks is not None:
        ended = kept.clicks > link.click_limit
    if ended:
        return redirect(_safe(link.expired_url)) if link.expired_url else pages.over()
    who_clicked = {**given, "c33": click}
    onward = embedded(target, who_clicked, influencer=link.influencer)
    if link.deep_link and who.by == "person" and who.device in ("ios", "android"):
        return pages.opening(embedded(link.deep_link, who_clicked, influencer=link.influencer), onward)
    return redirect(onward)


def _has_ended(link: Link, now: datetime) -> bool:
    spent = link.click_limit is not None and link.clicks >= link.click_limit
    return spent or (link.expires_at is not None and link.expires_at <= now)


def _given(request: Request, link: Link) -> dict[str, str]:
    """What the link says of contact, flow and channel; its address may say it, too, and then is believed."""
    stored = {"cid": link.contact, "fid": link.flow, "ch": link.channel}
    said = {}
    if request.query:
        try:
            said = {
                key: value
                for key, value in parse_qsl(request.query, max_num_fields=100)
                if key in APPENDED and REF.fullmatch(value)
            }
        except ValueError:
            said = {}
    return {name: value for name, value in {**stored, **said}.items() if value}


def _target(link: Link, who: Visit) -> str:
    by_device = {"ios": link.ios_url, "android": link.android_url}.get(who.device, "")
    return _safe(by_device or link.url)


@lru_cache(maxsize=16_384)
def _safe(url: str) -> str:
    """The address as a header can hold it; what was stored is checked again, for it is where people are sent. Raises
    ``NotATarget``.
    """
    return target_of(url)
