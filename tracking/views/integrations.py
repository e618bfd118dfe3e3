"""Settings → Integrations: the tokens, and what to paste where."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from chat33.api.limits import limit_for
from chat33.lib.clock import utcnow
from chat33.lib.ids import is_id
from chat33.orgs.models import Organization
from chat33.orgs.roles import Permission
from chat33.pages.door import PageRequest, door
from chat33.pages.saying import say
from tracking import installing
from tracking.forms import OriginsForm, OverlapForm
from tracking.models import Token, TokenKind
from tracking.postbacks.trying import door_url
from tracking.tokens import (
    OVERLAPS,
    Held,
    NoOrigin,
    UnableToMake,
    make_token,
    revoke_token,
    rotate_token,
    set_origins,
    tokens_of,
)


@dataclass(frozen=True, kw_only=True)
class Card:
    """A kind of token as it stands on the page. ``raw`` is there right after it was made, and always for the pixel's."""

    kind: str
    title: str
    noun: str
    says: str
    held: Held
    raw: str


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Where a pixel was last seen."""

    host: str
    at: datetime


_WORDS = (
    (
        TokenKind.SERVER,
        "MMP Token",
        "Token",
        "For your server, which sends events by it. The pixel takes it too, but everybody can read a website.",
    ),
    (TokenKind.MMP, "MMP Webhook Secret", "Secret", "For AppsFlyer, Adjust, Tenjin or Singular to report installs by."),
    (TokenKind.PIXEL, "Pixel Token", "Token", "For your website. It is public and can do nothing but report."),
)


@door(Permission.READ)
@require_safe
def integrations(request: PageRequest) -> HttpResponse:
    """``/settings/integrations/``."""
    return _page(request)


@door(Permission.READ)
@require_safe
def seen(request: PageRequest) -> HttpResponse:
    """Whether the pixel has been seen, asked again by the page itself."""
    return render(request, "tracking/_pixel_seen.html", {"seen": seen_in(request.here.organization)})


@door(Permission.MANAGE)
@require_POST
def generate(request: PageRequest, token_kind: str) -> HttpResponse:
    """The first token of a kind, in this answer and nowhere else."""
    if token_kind not in TokenKind.values:
        raise Http404
    here = request.here
    try:
        _, raw = make_token(organization=here.organization, kind=TokenKind(token_kind), by=here.by, now=utcnow())
    except UnableToMake as error:
        say(request, str(error), kind="warn")
        return redirect("integrations")
    return _page(request, fresh={token_kind: raw})


@door(Permission.MANAGE)
@require_POST
def rotate(request: PageRequest, token_id: str) -> HttpResponse:
    """A new one in its place, in this answer and nowhere else."""
    token, form = _named(request, token_id), OverlapForm(request.POST)
    keep = OVERLAPS[form.cleaned_data["keep"]] if form.is_valid() else OVERLAPS["24h"]
    try:
        _, raw = rotate_token(token=token, keep=keep, by=request.here.by, now=utcnow())
    except UnableToMake as error:
        say(request, str(error), kind="warn")
        return redirect("integrations")
    return _page(request, fresh={token.kind: raw})


@door(Permission.MANAGE)
@require_POST
def revoke(request: PageRequest, token_id: str) -> HttpResponse:
    """It opens nothing any more."""
    token = _named(request, token_id)
    revoke_token(token=token, now=utcnow())
    say(request, f"{token.prefix}… is revoked. Whoever comes with it gets 401 from now on.")
    return redirect("integrations")


@door(Permission.MANAGE)
@require_POST
def origins(request: PageRequest) -> HttpResponse:
    """Which websites may send by the pixel token."""
    token = tokens_of(request.here.organization, now=utcnow())[TokenKind.PIXEL].current
    form = OriginsForm(request.POST)
    if token is None:
        say(request, "Generate a pixel token first.", kind="warn")
        return redirect("integrations")
    if form.is_valid():
        try:
            kept = set_origins(token=token, text=form.cleaned_data["origins"])
        except NoOrigin as error:
            form.add_error("origins", str(error))
        else:
            say(request, f"{len(kept)} may send now, no other." if kept else "Any website may send now.")
            return redirect("integrations")
    return _page(request, form=form, status=422)


def seen_in(organization: Organization) -> Seen | None:
    """The latest sight of a pixel, by whichever token."""
    rows = Token.objects.filter(
        organization=organization, kind__in=[TokenKind.PIXEL, TokenKind.SERVER], revoked_at=None
    )
    found = rows.exclude(seen_origin="").filter(seen_at__isnull=False).order_by("-seen_at").first()
    if found is None or found.seen_at is None:
        return None
    return Seen(host=urlsplit(found.seen_origin).netloc or found.seen_origin, at=found.seen_at)


def _page(
    request: PageRequest, *, fresh: dict[str, str] | None = None, form: OriginsForm | None = None, status: int = 200
) -> HttpResponse:
    organization, now = request.here.organization, utcnow()
    held, raw = tokens_of(organization, now=now), fresh or {}
    pixel = held[TokenKind.PIXEL].current
    public = pixel.shown if pixel else ""
    base, secret = settings.BASE_URL, raw.get(TokenKind.MMP, "")
    server = raw.get(TokenKind.SERVER, "") or installing.TOKEN
    cards = [
        Card(
            kind=kind,
            title=title,
            noun=noun,
            says=says,
            held=held[kind],
            raw=public if kind == TokenKind.PIXEL else raw.get(kind, ""),
        )
        for kind, title, noun, says in _WORDS
    ]
    context = {
        "cards": cards,
        "pixel": pixel,
        "snippet": installing.snippet(base, public or installing.TOKEN),
        "seen": seen_in(organization),
        "form": form or OriginsForm(initial={"origins": "\n".join(pixel.origins) if pixel else ""}),
        "samples": installing.samples(base, server),
        "recipes": installing.recipes(door_url(secret or installing.SECRET)),
        "allowed": installing.allowed(limit_for("EVENTS", organization.limits(now))),
        "has_secret": bool(secret),
        "overlaps": OverlapForm.OFFERED,
        "may_manage": request.here.may(Permission.MANAGE),
    }
    return render(request, "tracking/integrations.html", context, status=status)


def _named(request: PageRequest, token_id: str) -> Token:
    rows = Token.objects.filter(organization=request.here.organization).select_related("organization")
    found = rows.filter(public_id=token_id).first() if is_id(token_id, "tok") else None
    if found is None:
        raise Http404
    return found
