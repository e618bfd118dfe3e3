"""The request log: what the organization's programs asked of the API, and how it ended."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from chat33.dashboard.developing.reference import page_url
from chat33.dashboard.reference.errors import error_named
from chat33.lib.ids import is_id
from chat33.orgs.roles import Permission
from chat33.pages.door import PageRequest, door
from chat33.pages.listing import key_of
from integrations.selectors import OUTCOMES, RequestFilter, api_keys_for, requests_for, requests_page

METHODS = ("GET", "POST", "PATCH", "DELETE")
KEYS = 100  # that the filter offers, newest first
LONGEST = 200  # characters of a path that are looked for
_WORDS = {"ok": "Worked", "errors": "Errors", "4xx": "4xx, the caller's", "5xx": "5xx, ours"}


@require_safe
@door(Permission.READ)
def requests(request: PageRequest) -> HttpResponse:
    """``/developers/requests/``: newest first, by outcome, method, key and path; the first page keeps itself fresh."""
    given, organization = request.GET, request.here.organization
    wanted = RequestFilter(
        outcome=_one_of(given.get("status"), OUTCOMES),
        method=_one_of(given.get("method"), METHODS),
        key=given.get("key", "")[:40].replace("\x00", ""),
        path=given.get("path", "")[:LONGEST].replace("\x00", "").strip(),
    )
    before = key_of(given.get("before"))
    found = requests_page(organization, wanted, before=before)
    newest = str(found.rows[0].pk) if found.rows else "none"
    if request.htmx and given.get("newest") == newest:
        return HttpResponse(status=204)  # nothing has come since
    context: dict[str, Any] = {
        "found": found,
        "newest": newest,
        "is_live": before is None,
        "wanted": wanted,
        "is_filtered": wanted != RequestFilter(),
        "days": f"{settings.REQUEST_LOG_DAYS:g}",
        "is_logging": settings.REQUEST_LOG_DAYS > 0,
    }
    if request.htmx:
        return render(request, "developers/_requests.html", context)
    context |= {"outcomes": _WORDS, "methods": METHODS, "keys": api_keys_for(organization)[:KEYS]}
    return render(request, "developers/requests.html", context)


@require_safe
@door(Permission.READ)
def request_details(request: PageRequest, call_id: str) -> HttpResponse:
    """``/developers/requests/<id>/``: one request, and what its error means."""
    if not is_id(call_id, "call"):
        raise Http404
    row = get_object_or_404(requests_for(request.here.organization), public_id=call_id)
    context = {"row": row, "error": error_named(row.error), "page_url": page_url(row.method, row.route)}
    return render(request, "developers/request.html", context)


def _one_of(given: str | None, known: Any) -> str:
    return given if given is not None and given in known else ""
