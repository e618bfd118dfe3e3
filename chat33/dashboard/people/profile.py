"""What is a person's own: their profile, and what they are told by e-mail."""

from allauth.mfa.utils import is_mfa_enabled
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from chat33.dashboard import notifications
from chat33.dashboard.people.forms import PreferenceForm, ProfileForm
from chat33.orgs.models import Often
from chat33.orgs.preferences import Preference, preference_of, set_preference, stop_all, zone_of
from chat33.orgs.roles import Permission
from chat33.pages.door import PageRequest, door
from chat33.pages.saying import say


@door(Permission.READ)
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: PageRequest) -> HttpResponse:
    """Name and zone, and the ways to password, second factor and sessions."""
    user = request.here.user
    form = ProfileForm(request.POST or None, initial={"name": user.name, "timezone": user.timezone})
    if request.method == "POST" and form.is_valid() and not request.here.viewing:
        user.name, user.timezone = form.cleaned_data["name"], form.cleaned_data["timezone"]
        user.save(update_fields=["name", "timezone"])
        say(request, "Saved.")
        return redirect("profile")
    context = {"form": form, "two_factor": is_mfa_enabled(user)}
    return render(request, "dashboard/profile.html", context, status=422 if form.errors else 200)


@door(Permission.READ)
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: PageRequest) -> HttpResponse:
    """What the member wants to be told, and when."""
    member = request.here.membership
    if member is None:
        return redirect("settings")
    now = preference_of(member)
    initial = {"posts": now.posts, "accounts": now.accounts, "digest_hour": now.digest_hour}
    form = PreferenceForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        chosen = Preference(
            posts=Often(data["posts"]), accounts=Often(data["accounts"]), digest_hour=data["digest_hour"]
        )
        set_preference(membership=member, preference=chosen)
        say(request, "Saved.")
        return redirect("notifications")
    context = {"form": form, "zone": zone_of(member)}
    return render(request, "dashboard/notifications.html", context, status=422 if form.errors else 200)


@csrf_exempt  # mail programs follow it by themselves; the signed link is the proof
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """End a member's e-mails from the link in one of them. Looking at the page ends nothing: scanners look at links."""
    member = notifications.stopping_member(token)
    if member is None:
        return render(request, "dashboard/stop.html", status=404)
    if request.method == "POST":
        stop_all(membership=member)
    wants_nothing = request.method == "POST" or preference_of(member).wants_nothing
    return render(request, "dashboard/stop.html", {"member": member, "stopped": wants_nothing})
