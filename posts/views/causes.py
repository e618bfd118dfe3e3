"""The buttons beside a cause: all its posts retried, asked about, or put away."""

from collections.abc import Callable

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from chat33.bell import ring_on_commit
from chat33.lib.clock import utcnow
from chat33.lib.ids import is_id
from chat33.orgs.roles import Permission
from chat33.pages.door import PageRequest, door
from chat33.pages.saying import Undo, say
from integrations.models import Channel
from integrations.selectors import channels_for
from posts import remedies
from posts.attention import Kind
from posts.remedies import Mended
from posts.services import UnableToChange

PUBLISH = "posts.publish_due_posts"


@door(Permission.PUBLISH)
@require_POST
def retry_all(request: PageRequest, channel_id: str, kind: str) -> HttpResponse:
    """Queue all posts of a cause again."""
    channel, named = _named(request, channel_id, kind)

    def mend() -> Mended:
        return remedies.retry_all(
            organization=request.here.organization, channel=channel, kind=named, by=request.here.by, now=utcnow()
        )

    return _mended(request, mend, "goes out again now", "go out again now")


@door(Permission.PUBLISH)
@require_POST
def reconcile_all(request: PageRequest, channel_id: str) -> HttpResponse:
    """Ask the network about all unconfirmed posts of an account."""
    channel, _ = _named(request, channel_id, Kind.UNCONFIRMED)

    def mend() -> Mended:
        return remedies.reconcile_all(
            organization=request.here.organization, channel=channel, by=request.here.by, now=utcnow()
        )

    return _mended(request, mend, "is looked for at the network", "are looked for at the network")


@door(Permission.PUBLISH)
@require_POST
def dismiss(request: PageRequest, channel_id: str, kind: str) -> HttpResponse:
    """Do not show it any more, until it happens again."""
    channel, named = _named(request, channel_id, kind)
    remedies.dismiss(
        organization=request.here.organization, channel=channel, kind=named, by=request.here.by, now=utcnow()
    )
    undo = Undo(reverse("restore_cause", args=[channel_id, kind]), "restore")
    say(request, "Put away. It shows again when it happens again.", undo=undo)
    return redirect("home")


@door(Permission.PUBLISH)
@require_POST
def restore(request: PageRequest, channel_id: str, kind: str) -> HttpResponse:
    """Show again what was put away."""
    channel, named = _named(request, channel_id, kind)
    remedies.restore(channel=channel, kind=named)
    if not request.htmx:
        return redirect("home")
    response = HttpResponse(status=204)
    response["HX-Redirect"] = reverse("home")
    return response


def _named(request: PageRequest, channel_id: str, kind: str) -> tuple[Channel, Kind]:
    """The organization's channel and the kind. Raises ``Http404``."""
    if not is_id(channel_id, "chan") or kind not in set(Kind):
        raise Http404
    return get_object_or_404(channels_for(request.here.organization), public_id=channel_id), Kind(kind)


def _mended(request: PageRequest, mend: Callable[[], Mended], one: str, many: str) -> HttpResponse:
    try:
        mended = mend()
    except UnableToChange as error:
        say(request, str(error), kind="warn")
        return redirect("home")
    ring_on_commit(PUBLISH)
    if not mended.done:
        say(request, "There was nothing left to do: somebody was quicker.", kind="warn")
        return redirect("home")
    said = f"1 post {one}." if mended.done == 1 else f"{mended.done} posts {many}."
    if mended.more:
        said += " There are more: press again for the next."
    say(request, said)
    return redirect("home")
