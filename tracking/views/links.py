"""The list of links."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from chat33.lib.clock import utcnow
from chat33.orgs.roles import Permission
from chat33.pages.door import PageRequest, door
from chat33.pages.listing import slice_of
from chat33.pages.saying import say
from tracking.links.forms import WishForm
from tracking.links.selectors import Wish, folders_of, links_like, tags_of
from tracking.links.services import move_links
from tracking.links.signing import short_url
from tracking.links.sparks import points
from tracking.links.stats import trends_of

PAGE = 50
DAYS = 28  # of the chart beside each


@door(Permission.READ)
@require_safe
def links(request: PageRequest) -> HttpResponse:
    """Every link, newest first, as the filters in the address say."""
    organization = request.here.organization
    form = WishForm(request.GET)
    wish = form.wish()
    page = slice_of(links_like(organization, wish), request.GET, size=PAGE)
    trends = trends_of(page.rows, last=timezone.localdate(utcnow()), days=DAYS)
    context = {
        "page": page,
        "rows": [(one, short_url(one.code), points(trends[one.pk]), sum(trends[one.pk])) for one in page.rows],
        "days": DAYS,
        "form": form,
        "wish": wish,
        "filtered": wish != Wish(),
        "folders": folders_of(organization),
        "tags": tags_of(organization),
        "may_write": request.here.may(Permission.PUBLISH),
    }
    return render(request, "tracking/links.html", context)


@door(Permission.PUBLISH)
@require_POST
def move(request: PageRequest) -> HttpResponse:
    """Put the chosen links into a folder."""
    folder = request.POST.get("folder", "")
    ids = request.POST.getlist("id")[:PAGE]
    number = move_links(organization=request.here.organization, ids=ids, folder=folder, now=utcnow())
    words = "1 link" if number == 1 else f"{number} links"
    say(request, f"Moved {words} to {folder.strip()}." if folder.strip() else f"Took {words} out of folders.")
    return redirect(reverse("links"))
