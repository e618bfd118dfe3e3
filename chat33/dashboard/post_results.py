"""What came of a post, and what posts are called where results are shown: where publishing and tracking meet."""

from collections.abc import Collection, Mapping

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.text import Truncator
from django.views.decorators.http import require_safe

from chat33.orgs.models import Organization
from chat33.orgs.roles import Permission
from chat33.pages.door import PageRequest, door
from posts.models import Post
from tracking.models import Axis
from tracking.results.numbers import outcome_of

LONGEST = 60  # characters of a post


@door(Permission.READ)
@require_safe
def post_results(request: PageRequest, post_id: str) -> HttpResponse:
    """``/tracking/posts/<id>/``: the card that the post's page asks for."""
    organization = request.here.organization
    post = Post.objects.filter(organization=organization, public_id=post_id).first()
    if post is None:
        raise Http404
    outcome = outcome_of(organization, axis=Axis.POST, ref=post.public_id)
    return render(request, "tracking/_post_numbers.html", {"post": post, "outcome": outcome})


def post_labels(organization: Organization, refs: Collection[str]) -> Mapping[str, str]:
    """The beginnings of posts, by their ids."""
    rows = Post.objects.filter(organization=organization, public_id__in=refs).values_list("public_id", "text")
    return {public_id: Truncator(text or "A post without words").chars(LONGEST) for public_id, text in rows}
