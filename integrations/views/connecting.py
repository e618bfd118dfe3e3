"""Pages of connecting an account: which network, there and back, which of the accounts found, and how it went."""

from django.conf import settings
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from chat33.lib.clock import utcnow
from chat33.lib.ids import is_id
from chat33.orgs.roles import Permission
from chat33.pages.door import PageRequest, door
from chat33.pages.saying import say
from integrations import connecting
from integrations.conditions import condition_of
from integrations.connecting import UnableToConnect, Way
from integrations.models import Channel, ConnectAttempt, ConnectStage, Platform
from integrations.selectors import channels_for

_PICKING = (ConnectStage.PICKING, ConnectStage.OTHER)


@door(Permission.CONNECT)
@require_safe
def choose(request: PageRequest) -> HttpResponse:
    """``/channels/connect/``: every network that can be connected here."""
    ways = connecting.ways()
    context = {
        "real": [way for way in ways if not way.is_sandbox],
        "practice": [way for way in ways if way.is_sandbox],
        "is_staff": request.here.user.is_staff,
    }
    return render(request, "integrations/connect.html", context)


@door(Permission.CONNECT)
@require_http_methods(["GET", "HEAD", "POST"])
def connect_channel(request: PageRequest, platform: str) -> HttpResponseBase:
    """``/channels/connect/<platform>/``: what will be asked; POST goes there. ``channel`` names one to connect again."""
    if platform not in Platform.values:
        raise Http404
    given = request.POST if request.method == "POST" else request.GET
    channel = _again(request, platform, given.get("channel", ""))
    practice = channel.is_sandbox if channel else {"1": True, "0": False}.get(given.get("practice", ""))
    try:
        way = connecting.way(platform, is_sandbox=practice)
    except UnableToConnect as refused:
        say(request, str(refused), kind="bad")
        return redirect("connect")
    if request.method != "POST":
        context = {"way": way, "channel": channel}
        return render(request, "integrations/connect_one.html", context)
    _, url = connecting.start_attempt(
        organization=request.here.organization,
        user=request.here.user,
        session_key=_session(request),
        to=way,
        redirect_uri=_return_address(request, way),
        channel=channel,
        now=utcnow(),
    )
    # A page that goes on by itself: browsers hold redirects after a form to form-action, and networks redirect at will.
    return render(request, "integrations/leaving.html", {"way": way, "url": url})


@door(Permission.CONNECT)
@require_GET
def connect_return(request: PageRequest, platform: str) -> HttpResponseBase:
    """``/channels/callback/<platform>/``: the browser is back from the network. What it brought leaves the address."""
    query = {name: str(value) for name, value in request.GET.items()}
    try:
        attempt = connecting.take_attempt(
            platform=platform,
            state=query.get("state", ""),
            organization=request.here.organization,
            user=request.here.user,
            session_key=_session(request),
            now=utcnow(),
        )
    except UnableToConnect as refused:
        return _refused(request, refused, platform)
    attempt = connecting.finish_attempt(attempt=attempt, query=query, now=utcnow())
    return redirect("connecting", attempt.public_id)


@door(Permission.CONNECT)
@require_http_methods(["GET", "HEAD", "POST"])
def connecting_page(request: PageRequest, attempt_id: str) -> HttpResponseBase:
    """``/channels/connecting/<id>/``: how it went; where there is a choice, POST makes it."""
    mine = ConnectAttempt.objects.filter(organization=request.here.organization, user=request.here.user)
    if not is_id(attempt_id, "con"):
        raise Http404
    attempt = get_object_or_404(mine.select_related("channel", "organization"), public_id=attempt_id)
    complaint = ""
    if request.method == "POST":
        try:
            connecting.pick_accounts(attempt=attempt, remote_ids=request.POST.getlist("account"), now=utcnow())
            return redirect("connecting", attempt.public_id)
        except UnableToConnect as refused:
            if refused.reason != "nothing_picked":
                return _refused(request, refused, attempt.platform)
            complaint = str(refused)
    if attempt.stage in _PICKING and attempt.expires_at <= utcnow():
        return _refused(request, UnableToConnect("expired"), attempt.platform)
    way = Way(platform=Platform(attempt.platform), is_sandbox=attempt.is_sandbox)
    context = {"attempt": attempt, "way": way, "complaint": complaint, **_found(attempt)}
    template = f"integrations/connect_{attempt.stage}.html"
    return render(request, template, context, status=422 if complaint else 200)


def _found(attempt: ConnectAttempt) -> dict[str, object]:
    """The accounts to choose from, or those that were connected."""
    ours = channels_for(attempt.organization).filter(platform=attempt.platform)
    if attempt.stage in _PICKING:
        found = connecting.candidates(attempt)
        known = set(ours.filter(remote_id__in=[one.remote_id for one in found]).values_list("remote_id", flat=True))
        return {"found": [(one, one.remote_id in known) for one in found]}
    if attempt.stage == ConnectStage.CONNECTED:
        channels = list(ours.filter(public_id__in=attempt.connected))
        told = [(channel, condition_of(channel, found="ok")) for channel in channels]
        return {"channels": told, "lacking": [one for one in told if one[1].word != "ok"]}
    return {}


def _again(request: PageRequest, platform: str, channel_id: str) -> Channel | None:
    """The channel to connect again, if one is named."""
    if not channel_id:
        return None
    if not is_id(channel_id, "chan"):
        raise Http404
    mine = channels_for(request.here.organization).filter(platform=platform)
    return get_object_or_404(mine, public_id=channel_id)


def _session(request: PageRequest) -> str:
    return request.session.session_key or ""


def _return_address(request: PageRequest, way: Way) -> str:
    """Where the network sends the browser back to. A real one knows a single registered address; practice goes back to
    whatever name this browser uses for us, else its session would be another one.
    """
    path = reverse("connect_return", args=[way.platform])
    return request.build_absolute_uri(path) if way.is_sandbox else f"{settings.BASE_URL}{path}"


def _refused(request: PageRequest, refused: UnableToConnect, platform: str) -> HttpResponse:
    """A return or a choice that is worth nothing: why, and how to begin again."""
    known = Platform(platform) if platform in Platform.values else None
    context = {"refused": refused, "platform": known, "network": known.label if known else ""}
    return render(request, "integrations/connect_refused.html", context, status=400)
