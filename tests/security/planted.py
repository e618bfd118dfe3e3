"""Pages made badly on purpose, so that the walk is seen to find what it looks for."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from chat33.orgs.roles import Permission
from chat33.pages.door import PageRequest, door
from chat33.urls import handler400, handler403, handler404, handler500
from chat33.urls import urlpatterns as real
from posts.models import Post

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]


def _post(request: PageRequest, post_id: str) -> Post:
    found = Post.objects.filter(organization=request.here.organization, public_id=post_id).first()
    if found is None:
        raise Http404
    return found


@door(Permission.READ)
def leaks(request: PageRequest, post_id: str) -> HttpResponse:
    """Shows everybody's posts."""
    found = Post.objects.filter(public_id=post_id).first()
    if found is None:
        raise Http404
    return HttpResponse(f"{found.organization.name}: {found.text}")


@door(Permission.READ)
def writes(request: PageRequest, post_id: str) -> HttpResponse:
    """Lets a viewer change a post."""
    found = _post(request, post_id)
    if request.method == "POST":
        Post.objects.filter(pk=found.pk).update(text="Changed")
        return redirect("home")
    return HttpResponse("A form")


@door(Permission.READ)
def visits(request: PageRequest, post_id: str) -> HttpResponse:
    """Changes a post when it is looked at."""
    found = _post(request, post_id)
    Post.objects.filter(pk=found.pk).update(reads=found.reads + 1)
    return HttpResponse("Seen")


@csrf_exempt
@door(Permission.WRITE)
def trusts(request: PageRequest) -> HttpResponse:
    """Takes forms from other sites."""
    return HttpResponse("Done")


@door(Permission.READ)
def believes(request: PageRequest) -> HttpResponse:
    """Takes every number for one, and repeats what it is told."""
    page = int(request.GET.get("page") or 1)
    return HttpResponse(f"<p>Page {page}: {request.GET.get('q', '')}")


@door(Permission.WRITE)
def stores(request: PageRequest) -> HttpResponse:
    """Keeps whatever comes in a column that takes forty characters."""
    Post.objects.filter(organization=request.here.organization).update(created_by=request.POST.get("text", ""))
    return HttpResponse("Kept")


@csrf_exempt
def swallows(request: Any) -> HttpResponse:
    """Takes a body of any size, and has no door to stop it."""
    return HttpResponse("Gone")


def opens(request: Any) -> HttpResponse:
    """Says that it is a page, and has no door."""
    return HttpResponse("Come in")


swallows.permission = Permission.READ  # type: ignore[attr-defined]  # what a real door would have set
opens.permission = Permission.READ  # type: ignore[attr-defined]  # as above

BAD = {"leaks", "writes", "visits", "trusts", "believes", "stores", "swallows", "opens"}
urlpatterns = [
    path("leaks/<str:post_id>/", leaks),
    path("writes/<str:post_id>/", writes),
    path("visits/<str:post_id>/", visits),
    path("trusts/", trusts),
    path("believes/", believes),
    path("stores/", stores),
    path("swallows/", swallows),
    path("opens/", opens),
    *real,
]
