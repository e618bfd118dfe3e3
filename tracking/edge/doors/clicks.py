"""``GET /api/t``: a tracked link (Chat33, "Link Tracking"). The click is stored, then the person goes on.

Links that we make are signed. Another one goes on only to a host that an organization has shown to be its own, or to an
address of a link that one has stored; for any other target the person is asked, and nothing is recorded.
"""

import re
from collections.abc import Mapping
from datetime import datetime

from chat33.lib.clock import utcnow
from chat33.lib.ids import new_id
from tracking.edge import pages
from tracking.edge.events import Asked, Kept
from tracking.edge.http import Refused, Request, Response, invalid, wrong_method
from tracking.edge.line import Full, Unavailable
from tracking.edge.lookups import Link, Owner
from tracking.edge.rows import row
from tracking.edge.state import State
from tracking.events import addresses
from tracking.events.agents import Visit, visit
from tracking.links.signing import leads_back
from tracking.links.targets import MAX_URL, NotATarget, appended, asked, encoded, host_of, signed_by

REF = re.compile(r"[A-Za-z0-9_.:-]{1,60}", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\\]")


async def get_tracked(state: State, request: Request) -> Response:
    """302 to the target, or the page that asks."""
    if request.method not in ("GET", "HEAD"):
        return wrong_method("GET", "HEAD")
    now = utcnow()
    url, given, signature = asked(request.query)
    given = {name: value for name, value in given.items() if REF.fullmatch(value)}
    try:
        if _CONTROL.search(url):
            raise NotATarget("The address has characters that no address has.")
        target = encoded(url)
        host = host_of(target)
        if leads_back(target):
            raise NotATarget("The address leads back here.")
    except (NotATarget, ValueError) as problem:
        return invalid([{"path": "url", "message": str(problem)}])
    onward = appended(target, given)
    try:
        owner, link = await _whose(state, url, host, given, signature)
        if owner is None:
            return pages.leaving(host, onward)
        await store_click(state, request, owner=owner, who=visit(request.headers, request.method), now=now,
                          event_id=new_id("clk"), target=target, given=given, link=link)  # fmt: skip
    except (Unavailable, Full):
        return pages.later()
    return redirect(onward)


async def _whose(
    state: State, url: str, host: str, given: Mapping[str, str], signature: str
) -> tuple[Owner | None, Link | None]:
    """The organization that vouches for the target, and the link of it that it is."""
    if signature and len(signature) <= 120 and signature.isascii():
        organization = signed_by(state.config.link_keys, url, given, signature)
        owner = await state.lookups.owners.get(organization) if organization else None
        if owner is not None:
            return owner, None
    owners = await state.lookups.hosts.get(host)
    if owners:
        if len(owners) > 1 and given.get("cid"):  # several have shown it: the contact says whose
            of = await state.lookups.contacts.get(given["cid"])
            return next((owner for owner in owners if owner.pk == of), owners[0]), None
        return owners[0], None
    link = await state.lookups.urls.get(url)
    return (link.owner, link) if link is not None else (None, None)


async def store_click(
    state: State,
    request: Request,
    *,
    owner: Owner,
    who: Visit,
    now: datetime,
    event_id: str,
    target: str,
    given: Mapping[str, str],
    link: Link | None,
    name: str = "click",
) -> Kept:
    """Store it. Raises ``Unavailable`` and ``Full``."""
    rows = [
        row(
            owner=owner, now=now, event_id=event_id, name=name, source="link", by=who.by,
            contact_ref=given.get("cid", ""), flow=given.get("fid", ""), channel=given.get("ch", ""),
            link_id=link.pk if link else None, campaign=link.campaign if link else "", post=link.post if link else "",
            influencer=link.influencer if link else "", url=addresses.kept(target),
            referrer=addresses.kept(request.headers.get("referer", ""), named=False),
            agent=(who.name or who.device)[:40].replace("\x00", ""),
        )
    ]  # fmt: skip
    await state.words.bound(owner.pk, rows)
    return await state.events.put(Asked(rows=rows))


def redirect(target: str) -> Response:
    """302 that nobody keeps. Raises ``Refused`` for what is too long to be a header."""
    if len(target) > MAX_URL * 2:
        raise Refused(invalid([{"path": "url", "message": "The address is too long."}]))
    return Response(
        302,
        b"",
        (
            (b"location", target.encode("ascii")),
            (b"cache-control", b"no-store"),
            (b"referrer-policy", b"no-referrer"),
            (b"x-robots-tag", b"noindex"),
        ),
    )
