"""Hosts that are the organization's own."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from chat33.lib.clock import utcnow
from chat33.lib.ids import is_id
from chat33.orgs.roles import Permission
from chat33.pages.door import PageRequest, door, refused
from chat33.pages.saying import say
from tracking.links.domains import META, add_domain, check_domain, domains_for, file_path, remove_domain
from tracking.links.forms import DomainForm, tell
from tracking.links.utm import UnableToBuild
from tracking.models import Domain


@door(Permission.READ)
@require_http_methods(["GET", "HEAD", "POST"])
def domains(request: PageRequest) -> HttpResponse:
    """The hosts, and one more."""
    here = request.here
    form = DomainForm(request.POST or None)
    if request.method == "POST":
        if not here.may(Permission.MANAGE):
            return refused(request, Permission.MANAGE)
        if form.is_valid():
            try:
                add_domain(organization=here.organization, host=form.cleaned_data["host"], now=utcnow())
            except UnableToBuild as error:
                tell(form, error.problems)
            else:
                say(request, "Added. Put the file or the tag there, then check.")
                return redirect("domains")
    context = {
        "form": form,
        "rows": [(domain, file_path(domain)) for domain in domains_for(here.organization)],
        "meta": META,
        "may_manage": here.may(Permission.MANAGE),
    }
    return render(request, "tracking/domains.html", context, status=422 if form.errors else 200)


@door(Permission.MANAGE)
@require_POST
def check(request: PageRequest, domain_id: str) -> HttpResponse:
    """Look for the proof now."""
    domain = check_domain(domain=_named(request, domain_id), now=utcnow())
    if domain.problem:
        say(request, domain.problem, kind="bad")
    else:
        say(request, f"{domain.host} is verified.")
    return redirect("domains")


@door(Permission.MANAGE)
@require_POST
def remove(request: PageRequest, domain_id: str) -> HttpResponse:
    """Forget it."""
    domain = _named(request, domain_id)
    remove_domain(domain=domain)
    say(request, f"{domain.host} is taken away. Unsigned links ask before they lead there.")
    return redirect("domains")


def _named(request: PageRequest, domain_id: str) -> Domain:
    rows = Domain.objects.filter(organization=request.here.organization)
    found = rows.filter(public_id=domain_id).first() if is_id(domain_id, "dom") else None
    if found is None:
        raise Http404
    return found
