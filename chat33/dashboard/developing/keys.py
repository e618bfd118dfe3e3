"""API keys: making one, which is shown once, and revoking."""

from dataclasses import dataclass

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chat33.api import scopes
from chat33.api.errors import RateLimited
from chat33.dashboard.developing.forms import NewKeyForm
from chat33.dashboard.developing.start import steps
from chat33.lib.clock import utcnow
from chat33.lib.ids import is_id
from chat33.orgs.roles import Permission
from chat33.pages.door import PageRequest, door
from chat33.pages.listing import slice_of
from chat33.pages.saying import say
from integrations import services
from integrations.auth import MANAGING_KEYS
from integrations.models import ApiKey
from integrations.selectors import api_keys_for


@dataclass(frozen=True, kw_only=True)
class KeyRow:
    """A key as it stands in the list."""

    key: ApiKey
    access: str
    state: str  # live, expired, revoked

    @property
    def is_live(self) -> bool:
        """Whether it opens anything."""
        return self.state == "live"


@require_safe
@door(Permission.READ)
def keys(request: PageRequest) -> HttpResponse:
    """``/settings/keys/``: every key there is or was, newest first."""
    now = utcnow()
    found = slice_of(api_keys_for(request.here.organization).select_related("created_by"), request.GET)
    rows = [KeyRow(key=key, access=_access(key), state=_state(key, live=key.is_live(now))) for key in found.rows]
    context = {"found": found, "rows": rows, "may_manage": request.here.may(MANAGING_KEYS)}
    return render(request, "developers/keys.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@door(MANAGING_KEYS)
def new_key(request: PageRequest) -> HttpResponse:
    """``/settings/keys/new/``: the form, and once it is filled in the key, in this answer and nowhere else."""
    form = NewKeyForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        now = utcnow()
        try:
            key, raw, _ = services.make_api_key(
                organization=request.here.organization,
                name=form.cleaned_data["name"],
                by=request.here.user,
                scopes=form.granted(),
                expires_at=form.expires_at(now),
                overrides=request.here.organization.limits(now),
                now=now,
            )
        except RateLimited as error:
            form.add_error(None, f"So many keys were made of late that we stop here. {error.detail}")
        else:
            context = {"key": key, "raw": raw, "access": _access(key), "steps": steps(request.here.organization)[:1]}
            return render(request, "developers/key_made.html", context)
    return render(request, "developers/key_new.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
@door(MANAGING_KEYS)
def revoke_key(request: PageRequest, key_id: str) -> HttpResponse:
    """Revoke a key; twice changes nothing."""
    if not is_id(key_id, "key"):
        raise Http404
    key = get_object_or_404(api_keys_for(request.here.organization), public_id=key_id)
    services.revoke_api_key(key=key, now=utcnow())
    say(request, f"{key.name} is revoked. Whatever used it gets 401 from now on.")
    return redirect("keys")


def _access(key: ApiKey) -> str:
    held = set(key.scopes)
    if held >= scopes.ORDINARY.keys():
        return "Everything" if held <= scopes.ORDINARY.keys() else "Everything and administration"
    return "Reading only" if held == scopes.READING else ", ".join(key.scopes)


def _state(key: ApiKey, *, live: bool) -> str:
    if live:
        return "live"
    return "revoked" if key.revoked_at else "expired"
