"""Callbacks: what was sent to the organization's servers, sending it again, trying one, and the secret that signs them."""

import json
from datetime import timedelta

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chat33.api.errors import RateLimited
from chat33.bell import ring_on_commit
from chat33.dashboard.developing.forms import TestCallbackForm
from chat33.dashboard.developing.reference import Block, shown
from chat33.dashboard.developing.verifying import VERIFYING
from chat33.lib.clock import utcnow
from chat33.lib.http import Refused
from chat33.lib.ids import is_id
from chat33.lib.secrets import Undecipherable
from chat33.logs import current_request_id
from chat33.orgs.roles import Permission
from chat33.pages.door import PageRequest, door
from chat33.pages.listing import slice_of
from chat33.pages.saying import say
from integrations import callbacks as service
from integrations.models import Callback, CallbackStatus
from integrations.selectors import callbacks_for, callbacks_like, signing_secrets_of
from integrations.services import ROTATION, rotate_signing_secret, signing_secrets

SENDING = "integrations.send_callbacks"
TRIES = 50  # of a callback that are shown, the latest


@require_safe
@door(Permission.READ)
def callbacks(request: PageRequest) -> HttpResponse:
    """``/developers/callbacks/``: newest first, by status and post."""
    given = request.GET
    status = given.get("status", "") if given.get("status") in CallbackStatus.values else ""
    subject = given.get("post", "")[:40].replace("\x00", "").strip()
    rows = callbacks_like(request.here.organization, status=status, subject=subject)
    context = {
        "found": slice_of(rows, given),
        "status": status,
        "subject": subject,
        "statuses": CallbackStatus.choices,
        "may_send": request.here.may(Permission.PUBLISH),
    }
    return render(request, "developers/callbacks.html", context)


@require_safe
@door(Permission.READ)
def callback(request: PageRequest, callback_id: str) -> HttpResponse:
    """``/developers/callbacks/<id>/``: every try at it; fresh by itself while it is on its way."""
    row = _named(request, callback_id)
    tries = list(row.tries.order_by("-id")[:TRIES])
    context = {
        "row": row,
        "body": service.document(row),
        "tries": [(attempt, json.dumps(attempt.request_headers, indent=2)) for attempt in tries],
        "is_moving": row.status == CallbackStatus.PENDING and (not row.attempts or row.leased_until is not None),
        "most": 1 if row.is_test else len(service.SCHEDULE),
        "may_send": request.here.may(Permission.PUBLISH),
    }
    return render(request, "developers/_callback.html" if request.htmx else "developers/callback.html", context)


@require_POST
@door(Permission.PUBLISH)
def replay(request: PageRequest, callback_id: str) -> HttpResponse:
    """Send it again now."""
    row = service.resend_callback(callback=_named(request, callback_id), now=utcnow())
    ring_on_commit(SENDING)
    say(request, "It is on its way again, with the same webhook-id.")
    return redirect("callback_delivery", row.public_id)


@require_http_methods(["GET", "HEAD", "POST"])
@door(Permission.PUBLISH)
def test_callback(request: PageRequest) -> HttpResponse:
    """``/developers/callbacks/test/``: send one to an address, and see what it answers."""
    form = TestCallbackForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        now = utcnow()
        try:
            row = service.send_test_callback(
                organization=request.here.organization,
                url=form.cleaned_data["url"],
                overrides=request.here.organization.limits(now),
                now=now,
                request_id=current_request_id(),
            )
        except Refused as error:
            form.add_error("url", str(error))
        except RateLimited as error:
            form.add_error(None, str(error.detail))
        else:
            ring_on_commit(SENDING)
            return redirect("callback_delivery", row.public_id)
    return render(request, "developers/callback_test.html", {"form": form}, status=422 if form.errors else 200)


@require_safe
@door(Permission.READ)
def signing(request: PageRequest) -> HttpResponse:
    """``/developers/callbacks/signing/``: how to check a signature, and the secret to check it with."""
    context = {
        "secrets": signing_secrets_of(request.here.organization, now=utcnow()),
        "example": Block(id="verify", title="Check a signature", samples=shown(VERIFYING)),
        "hours": ROTATION // timedelta(hours=1),
        "may_manage": request.here.may(Permission.MANAGE),
    }
    return render(request, "developers/signing.html", context)


@require_POST
@door(Permission.MANAGE)
def reveal(request: PageRequest) -> HttpResponse:
    """The secrets that sign now, newest first, in this answer alone."""
    try:
        found = signing_secrets(organization=request.here.organization, now=utcnow())
    except Undecipherable:
        found = []
    template = "developers/_secrets.html" if request.htmx else "developers/secrets.html"
    return render(request, template, {"found": found})


@require_POST
@door(Permission.MANAGE)
def rotate(request: PageRequest) -> HttpResponse:
    """A new secret; the old one signs beside it for a day."""
    rotate_signing_secret(organization=request.here.organization, now=utcnow())
    say(request, "There is a new secret. Callbacks carry a signature of both until tomorrow.")
    return redirect("signing")


def _named(request: PageRequest, callback_id: str) -> Callback:
    if not is_id(callback_id, "cb"):
        raise Http404
    return get_object_or_404(callbacks_for(request.here.organization), public_id=callback_id)
