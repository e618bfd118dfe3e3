"""Pages that belong to no room: what is answered when something is wrong, and the gallery of components."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from chat33.api import errors
from chat33.orgs.roles import Permission
from chat33.pages.door import PageRequest, door
from chat33.pages.saying import Undo, say


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: JSON below /api/, a page elsewhere."""
    if request.path.startswith("/api/"):
        return errors.not_found(request, exception)
    return render(request, "errors/404.html", status=404)


def refused(request: HttpRequest, exception: Exception | None = None, reason: str = "") -> HttpResponse:
    """403, for a form that bears no valid token among others."""
    response = render(request, "errors/403.html", status=403)
    response["X-Says"] = "This page was open for too long. Reload it and try again."
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400."""
    return render(request, "errors/400.html", status=400)


def server_error(request: HttpRequest) -> HttpResponse:
    """500: JSON below /api/, a page elsewhere."""
    if request.path.startswith("/api/"):
        return errors.server_error(request)
    return render(request, "errors/500.html", status=500)


@door(Permission.READ)
def gallery(request: PageRequest) -> HttpResponse:
    """Every component in every state, where pages are made: not in production."""
    if not settings.LOCAL:
        raise Http404
    if request.method == "POST":
        say(request, "Moved to Tuesday, 09:00.", undo=Undo(request.path, "none"))
    return render(request, "dashboard/gallery.html", {"at": request.here.organization.created_at})
