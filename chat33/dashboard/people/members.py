"""Members, their roles, and who is invited."""

from typing import Any

from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chat33.bell import ring_on_commit
from chat33.dashboard.people.forms import SUMMARY, InviteForm, RoleForm
from chat33.lib.clock import utcnow
from chat33.orgs import invitations, services
from chat33.orgs.invitations import Invited, open_invitations
from chat33.orgs.models import Invitation, Membership, Role
from chat33.orgs.roles import GRANTED, Permission
from chat33.orgs.services import NotAllowed
from chat33.pages.door import PageRequest, door
from chat33.pages.listing import slice_of
from chat33.pages.saying import say

MAIL = "orgs.send_emails"


@door(Permission.READ)
@require_safe
def members(request: PageRequest) -> HttpResponse:
    """Who is in, and who is invited."""
    here = request.here
    people = Membership.objects.filter(organization=here.organization).select_related("user")
    return render(
        request,
        "dashboard/members.html",
        {
            "found": slice_of(people, request.GET),
            "invitations": open_invitations(organization=here.organization, now=utcnow())[:100],
            "may_manage": here.may(Permission.MANAGE),
            "form": InviteForm(by=here.role),
            "roles": _roles(InviteForm(by=here.role)),
            "table": [
                (f"{permission[:1].upper()}{permission[1:]}", [permission in GRANTED[role] for role in Role])
                for permission in Permission
            ],
            "all_roles": [(role.label, SUMMARY[role]) for role in Role],
        },
    )


@door(Permission.MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def member(request: PageRequest, user_id: str) -> HttpResponse:
    """One member: another role, or the end of their place."""
    here = request.here
    found = _member(request, user_id)
    form = RoleForm(request.POST or None, by=here.role, initial={"role": found.role})
    if request.method == "POST" and form.is_valid() and here.membership is not None:
        role = Role(form.cleaned_data["role"])
        try:
            services.change_role(membership=found, role=role, by=here.membership, now=utcnow())
        except NotAllowed as error:
            form.add_error(None, str(error))
        else:
            say(request, f"{found.user.get_short_name()} is now {role.label.lower()}.")
            return redirect("members")
    context = {"member": found, "form": form, "roles": _roles(form), "is_me": found.user_id == here.user.pk}
    return render(request, "dashboard/member.html", context, status=422 if form.errors else 200)


@door(Permission.MANAGE)
@require_POST
def remove(request: PageRequest, user_id: str) -> HttpResponse:
    """End a member's place."""
    found, me = _member(request, user_id), request.here.membership
    if me is not None:
        try:
            services.remove_member(membership=found, by=me, now=utcnow())
        except NotAllowed as error:
            say(request, str(error), kind="bad")
            return redirect("member", user_id)
        say(request, f"{found.user.get_short_name()} is no longer a member.")
    return redirect("members")


@door(Permission.MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: PageRequest) -> HttpResponse:
    """Make an invitation; its link is in the answer and nowhere else."""
    here = request.here
    form = InviteForm(request.POST or None, by=here.role)
    if request.method == "POST" and form.is_valid() and here.membership is not None:
        data = form.cleaned_data
        try:
            made = invitations.invite_member(
                organization=here.organization,
                email=data["email"],
                role=Role(data["role"]),
                by=here.membership,
                now=utcnow(),
            )
        except NotAllowed as error:
            form.add_error(None, str(error))
        else:
            ring_on_commit(MAIL)
            return _invited(request, made)
    status = 422 if form.errors else 200
    template = "dashboard/_invite.html" if request.htmx else "dashboard/invite.html"
    return render(request, template, {"form": form, "roles": _roles(form)}, status=status)


@door(Permission.MANAGE)
@require_POST
def renew(request: PageRequest, invitation_id: str) -> HttpResponse:
    """A new link in place of the old one."""
    found, me = _invitation(request, invitation_id), request.here.membership
    if me is None:
        return redirect("members")
    try:
        made = invitations.renew_invitation(invitation=found, by=me, now=utcnow())
    except NotAllowed as error:
        say(request, str(error), kind="bad")
        return redirect("members")
    ring_on_commit(MAIL)
    return _invited(request, made)


@door(Permission.MANAGE)
@require_POST
def revoke(request: PageRequest, invitation_id: str) -> HttpResponse:
    """Withdraw an invitation."""
    found, me = _invitation(request, invitation_id), request.here.membership
    if me is not None:
        try:
            invitations.revoke_invitation(invitation=found, by=me, now=utcnow())
            say(request, "The invitation is withdrawn. Its link opens nothing any more.")
        except NotAllowed as error:
            say(request, str(error), kind="bad")
    return redirect("members")


def _invited(request: PageRequest, made: Invited) -> HttpResponse:
    template = "dashboard/_invited.html" if request.htmx else "dashboard/invite.html"
    return render(request, template, {"invited": made})


def _roles(form: Any) -> list[tuple[str, str, str]]:
    """The roles that the form offers: value, word, and what it means."""
    return [(value, label, SUMMARY[Role(value)]) for value, label in form.fields["role"].choices]


def _member(request: PageRequest, user_id: str) -> Membership:
    rows = Membership.objects.filter(organization=request.here.organization).select_related("user", "organization")
    keys = Count(
        "user__api_keys",
        filter=Q(user__api_keys__organization=request.here.organization, user__api_keys__revoked_at=None),
    )
    return get_object_or_404(rows.annotate(keys=keys), user__public_id=user_id)


def _invitation(request: PageRequest, invitation_id: str) -> Invitation:
    rows = open_invitations(organization=request.here.organization, now=utcnow())
    found = rows.filter(public_id=invitation_id).first()
    if found is None:
        raise Http404
    return found
