"""The inbox of MMP postbacks: what came, what became of it and why; replaying; sending a test; what stores reported."""

import json

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chat33.lib.clock import utcnow
from chat33.lib.ids import is_id
from chat33.orgs.roles import Permission
from chat33.pages.door import PageRequest, door
from chat33.pages.listing import slice_of
from chat33.pages.saying import say
from tracking.forms import PostbackTestForm
from tracking.mmp.registry import MMPS
from tracking.models import Postback, PostbackStatus
from tracking.postbacks import inbox
from tracking.postbacks.reading import replay, replay_all
from tracking.postbacks.trying import send_test

DAYS = (30, 90, 365)
TITLES = {name: mmp.title for name, mmp in MMPS.items()}


@door(Permission.READ)
@require_safe
def postbacks(request: PageRequest) -> HttpResponse:
    """``/tracking/postbacks/``: newest first, by MMP, status and search."""
    organization, given = request.here.organization, request.GET
    mmp = given.get("mmp", "") if given.get("mmp") in MMPS else ""
    status = given.get("status", "") if given.get("status") in PostbackStatus.values else ""
    search = given.get("q", "")[: inbox.SEARCHED].strip()
    found = slice_of(inbox.postbacks_like(organization, mmp=mmp, status=status, search=search), given)
    context = {
        "found": found,
        "titles": TITLES,
        "statuses": PostbackStatus.choices,
        "mmp": mmp,
        "status": status,
        "search": search,
        "filtered": bool(mmp or status or search),
        "waiting": inbox.waiting_in(organization),
        "may_replay": request.here.may(Permission.CONTACTS),
        "may_test": request.here.may(Permission.MANAGE),
    }
    return render(request, "tracking/postbacks.html", context)


@door(Permission.READ)
@require_safe
def postback(request: PageRequest, postback_id: str) -> HttpResponse:
    """``/tracking/postbacks/<id>/``: one as it came and as it was read; fresh by itself until it has been."""
    row = _named(request, postback_id)
    context = {
        "row": row,
        "titles": TITLES,
        "body": _pretty(inbox.masked(row.body)),
        "query": inbox.query_of(row),
        "read": sorted((name, value) for name, value in row.fields.items() if name.lower() != "secret"),
        "warnings": inbox.warnings_of(row),
        "is_moving": row.status == PostbackStatus.PENDING,
        "may_replay": request.here.may(Permission.CONTACTS),
    }
    return render(request, "tracking/_postback.html" if request.htmx else "tracking/postback.html", context)


@door(Permission.CONTACTS)
@require_POST
def replay_one(request: PageRequest, postback_id: str) -> HttpResponse:
    """Read it once more."""
    row = _named(request, postback_id)
    replay(postback=row, now=utcnow())
    say(request, "It is read once more. What it brought already does not count again.")
    return redirect("postback", row.public_id)


@door(Permission.CONTACTS)
@require_POST
def replay_waiting(request: PageRequest) -> HttpResponse:
    """Read all once more that are unmatched or could not be read."""
    number = replay_all(rows=inbox.postbacks_for(request.here.organization), now=utcnow())
    say(request, "1 postback is read once more." if number == 1 else f"{number} postbacks are read once more.")
    return redirect("postbacks")


@door(Permission.MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def test_postback(request: PageRequest) -> HttpResponse:
    """``/tracking/postbacks/test/``: send one as an MMP would, and see what becomes of it."""
    here, form = request.here, PostbackTestForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        tried = send_test(organization=here.organization, by=here.by, now=utcnow(), **form.cleaned_data)
        if tried.postback is not None:
            say(request, f"The door answered {tried.status} in {tried.milliseconds} ms.")
            return redirect("postback", tried.postback.public_id)
        form.add_error(None, tried.problem)
    return render(request, "tracking/postback_test.html", {"form": form}, status=422 if form.errors else 200)


@door(Permission.READ)
@require_safe
def reports(request: PageRequest) -> HttpResponse:
    """``/tracking/postbacks/stores/``: what stores reported without saying whose, by campaign."""
    given = request.GET.get("days", "")
    days = int(given) if given in {str(number) for number in DAYS} else DAYS[0]
    now = utcnow().astimezone(request.here.zone)
    rows = inbox.reports_by_campaign(request.here.organization, since=inbox.day_before(now, days))
    return render(request, "tracking/store_reports.html", {"rows": rows, "days": days, "choices": DAYS})


def _named(request: PageRequest, postback_id: str) -> Postback:
    if not is_id(postback_id, "pb"):
        raise Http404
    return get_object_or_404(
        inbox.postbacks_for(request.here.organization).select_related("contact"), public_id=postback_id
    )


def _pretty(body: str) -> str:
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False) if body.strip().startswith("{") else body
    except (ValueError, RecursionError):
        return body
