"""Coming into an organization: by an invitation, by making one, or from another one of one's own."""

from typing import cast

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chat33.dashboard.people.forms import NewOrganizationForm
from chat33.lib.clock import utcnow
from chat33.lib.secrets import digest
from chat33.orgs.adapter import INVITATION
from chat33.orgs.invitations import accept_invitation, open_invitation
from chat33.orgs.models import Membership, User
from chat33.orgs.roles import Permission
from chat33.orgs.selectors import membership_for
from chat33.orgs.services import NotAllowed, create_organization
from chat33.pages.door import ORGANIZATION, PageRequest, door
from chat33.pages.saying import say


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """What an invitation's link leads to: who invites, to what, and as whom one would come."""
    fingerprint = digest(token)
    invitation = open_invitation(fingerprint=fingerprint, now=utcnow())
    if invitation is None:
        request.session.pop(INVITATION, None)
        return render(request, "dashboard/join.html", status=404)
    if request.method == "POST" and request.user.is_authenticated:
        return _accepted(request, fingerprint)
    request.session[INVITATION] = fingerprint
    email = getattr(request.user, "email", "")
    other = bool(invitation.email and email and invitation.email.lower() != email.lower())
    return render(request, "dashboard/join.html", {"invitation": invitation, "other": other})


def _accepted(request: HttpRequest, fingerprint: str) -> HttpResponse:
    user = cast(User, request.user)
    try:
        membership = accept_invitation(fingerprint=fingerprint, user=user, now=utcnow())
    except NotAllowed as error:
        say(request, str(error), kind="bad")
        return redirect("home")
    request.session.pop(INVITATION, None)
    request.session[ORGANIZATION] = membership.organization.public_id
    say(request, f"You are in. This is {membership.organization}.")
    return redirect("home")


@login_required
@require_safe
def no_organization(request: HttpRequest) -> HttpResponse:
    """For who belongs to no organization: what to do about it."""
    user = cast(User, request.user)
    if membership_for(user=user) is not None:
        return redirect("home")
    context = {"form": NewOrganizationForm(), "may_make": _may_make(user)}
    return render(request, "dashboard/no_organization.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_organization(request: HttpRequest) -> HttpResponse:
    """Make another organization, and go there."""
    user = cast(User, request.user)
    if not _may_make(user):
        return render(request, "dashboard/new_organization.html", {"may_make": False}, status=403)
    form = NewOrganizationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = create_organization(name=form.cleaned_data["name"], owner=user, timezone=form.cleaned_data["timezone"])
        request.session[ORGANIZATION] = made.public_id
        say(request, f"{made} is there, and you own it.")
        return redirect("home")
    context = {"form": form, "may_make": True}
    return render(request, "dashboard/new_organization.html", context, status=422 if form.errors else 200)


@door(Permission.READ)
@require_safe
def organizations(request: PageRequest) -> HttpResponse:
    """The organizations to switch to, for the menu that is just being opened."""
    user = request.here.user
    places = Membership.objects.filter(user=user).select_related("organization").order_by("organization__name")[:100]
    return render(request, "dashboard/_organizations.html", {"places": places, "may_make": _may_make(user)})


@login_required
@require_POST
def switch(request: HttpRequest) -> HttpResponse:
    """Work in another one of one's organizations from now on."""
    wanted = request.POST.get("organization", "")
    membership = membership_for(user=cast(User, request.user), organization_id=wanted) if wanted else None
    if membership is None:
        raise Http404
    request.session[ORGANIZATION] = membership.organization.public_id
    say(request, f"You work in {membership.organization} now.")
    return redirect("home")


def _may_make(user: User) -> bool:
    """Where nobody signs up by themselves, organizations are made by operators."""
    return bool(settings.SIGNUP_OPEN) or user.is_superuser
