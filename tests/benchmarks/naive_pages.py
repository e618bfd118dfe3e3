"""What the pages are measured beside: an empty page behind the same door in the same shell (the floor), and the list of
posts as Django's paginator makes it, by COUNT and OFFSET (the naive one).
"""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.template import engines
from django.urls import path

from chat33 import urls
from chat33.dashboard.health import healthz
from chat33.orgs.roles import Permission
from chat33.pages.door import PageRequest, door
from posts.models import Post

ROWS = 50
LIST = """{% extends "base.html" %}{% block content %}<p>{{ page.paginator.count }} posts</p>
<table>{% for post in page %}<tr><td>{{ post.text }}</td><td>{{ post.status }}</td><td>{{ post.channel.name }}</td>
<td>{{ post.scheduled_at }}</td></tr>{% endfor %}</table>{% endblock %}"""


@door(Permission.READ)
def floor(request: PageRequest) -> HttpResponse:
    """Nothing but the shell."""
    return render(request, "base.html")


@door(Permission.READ)
def naive(request: PageRequest) -> HttpResponse:
    """A page of the list, counted and skipped to."""
    rows = Post.objects.filter(organization=request.here.organization).select_related("channel").order_by("-id")
    page = Paginator(rows, ROWS).get_page(request.GET.get("page"))
    return HttpResponse(engines["django"].from_string(LIST).render({"page": page, "here": request.here}, request))


urlpatterns = [path("up", healthz), path("floor/", floor), path("naive/", naive), *urls.urlpatterns]
