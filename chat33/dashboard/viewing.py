"""How an operator starts and stops viewing an organization, and what keeps them from changing anything meanwhile."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from chat33.lib.clock import utcnow
from chat33.operators import change_url
from chat33.orgs import viewing
from chat33.orgs.models import Membership, Organization, Role, User

MEMBERS = 200  # offered by name
# Where an operator acts as themselves, or with a key: the admin, the API (its own authentication refuses a session that
# views), and the ways out.
OWN = ("/admin/", "/api/")
WAYS_OUT = ("stop_viewing", "account_logout")

if TYPE_CHECKING:
    Form = forms.Form
else:
    from django.forms import Form


class ViewForm(Form):
    """As whom, and why."""

    whom = forms.ChoiceField(label="As", widget=UnfoldAdminSelectWidget)
    reason = forms.CharField(
        min_length=viewing.SHORTEST,
        max_length=500,
        widget=UnfoldAdminTextInputWidget,
        help_text="It is kept with your name, for the organization to ask for. A ticket's number and a word will do.",
    )

    def __init__(self, *args: Any, organization: Organization, **options: Any) -> None:
        super().__init__(*args, **options)
        places = Membership.objects.filter(organization=organization).select_related("user").order_by("id")[:MEMBERS]
        self.members = {f"member:{place.user.public_id}": place for place in places}
        people = [(key, f"{place.user} ({place.role})") for key, place in self.members.items()]
        roles = [(f"role:{role.value}", f"any {role.label.lower()}") for role in Role]
        field: Any = self.fields["whom"]
        field.choices = [("A role", roles), *([("A member", people)] if people else [])]

    def who(self) -> tuple[Role, User | None]:
        """The role, and the member if one was chosen; once the form is valid."""
        chosen = self.cleaned_data["whom"]
        if chosen in self.members:
            return Role(self.members[chosen].role), self.members[chosen].user
        return Role(chosen.removeprefix("role:")), None


@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest, organization_id: str) -> HttpResponse:
    """The question in the admin, and the way into the dashboard."""
    if not viewing.may_view(request.user):
        raise PermissionDenied
    organization = get_object_or_404(Organization, public_id=organization_id)
    member = request.GET.get("member", "")
    initial = {"whom": f"member:{member}" if member else f"role:{Role.OWNER}"}
    form = ViewForm(request.POST or None, organization=organization, initial=initial)
    if request.method == "POST" and form.is_valid():
        role, user = form.who()
        try:
            viewing.start_viewing(
                request=request,
                organization=organization,
                role=role,
                member=user,
                reason=form.cleaned_data["reason"],
                now=utcnow(),
            )
        except viewing.UnableToView as error:
            form.add_error("reason", str(error))
        else:
            return redirect("home")
    context = {
        **admin.site.each_context(request),
        "title": f"View {organization}",
        "organization": organization,
        "organization_url": change_url(Organization, organization.pk),
        "form": form,
        "minutes": int(viewing.LASTS.total_seconds() // 60),
    }
    return render(request, "operators/view_as.html", context)


@require_POST
def stop(request: HttpRequest) -> HttpResponse:
    """Back to the admin, where the viewing began; whoever views nothing goes home."""
    ended = viewing.stop_viewing(request=request, now=utcnow())
    if ended is None:
        return redirect("home")
    messages.success(request, f"You no longer view {ended.organization}.")
    if request.user.has_perm("orgs.view_organization"):
        return redirect(change_url(Organization, ended.organization_id))
    return redirect("admin:index")


class ReadOnly:
    """Refuses whatever would change something while the session views, and also the first of it after the time ran out:
    what is on that screen belongs to another organization than the operator's own.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, or refuse with 403."""
        if request.method in viewing.SAFE or settings.SESSION_COOKIE_NAME not in request.COOKIES or self._own(request):
            return self.get_response(request)
        if not viewing.is_flagged(request):
            return self.get_response(request)
        runs = viewing.viewing_in(request) is not None
        text = viewing.REFUSED if runs else "Your viewing has ended, so this was not done. Open the page again."
        response = render(request, "operators/viewing_refused.html", {"text": text, "runs": runs}, status=403)
        response["X-Says"] = text
        return response

    def _own(self, request: HttpRequest) -> bool:
        return request.path_info.startswith(OWN) or request.path_info in [reverse(name) for name in WAYS_OUT]
