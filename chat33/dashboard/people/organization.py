"""The organization's own settings."""

import secrets
import tempfile
from pathlib import PurePath

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from chat33.dashboard.people.forms import LogoForm, OrganizationForm
from chat33.lib.clock import utcnow
from chat33.orgs import services
from chat33.orgs.models import Organization, Role
from chat33.orgs.roles import Permission
from chat33.orgs.services import NotAllowed
from chat33.pages.door import PageRequest, door
from chat33.pages.saying import say
from posts.confined import UnreadableMedia, decode
from posts.probe import SNIFFED, sniff

LARGEST_LOGO = 2_000_000  # bytes
LOGO_SIDE, LOGO_BYTES = 256, 100_000
FOLDER = "logos"


@door(Permission.READ)
@require_safe
def settings(request: PageRequest) -> HttpResponse:
    """Name, zone, currency, logo, and the way out."""
    return _page(request, _form_of(request.here.organization), LogoForm())


@door(Permission.MANAGE)
@require_POST
def change(request: PageRequest) -> HttpResponse:
    """Store name, zone and currency."""
    form = OrganizationForm(request.POST)
    if not form.is_valid():
        return _page(request, form, LogoForm(), status=422)
    services.change_organization(
        organization=request.here.organization,
        name=form.cleaned_data["name"],
        timezone=form.cleaned_data["timezone"],
        currency=form.cleaned_data["currency"],
    )
    say(request, "Saved.")
    return redirect("settings")


@door(Permission.MANAGE)
@require_POST
def set_logo(request: PageRequest) -> HttpResponse:
    """Store the picture that was chosen, made anew from its pixels, or take it away."""
    here = request.here.organization
    if "remove" in request.POST:
        _store(here, b"")
        say(request, "The logo is removed.")
        return redirect("settings")
    form = LogoForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            _store(here, small_picture(form.cleaned_data["logo"]))
            say(request, "The logo is changed.")
            return redirect("settings")
        except UnreadableMedia as error:
            form.add_error("logo", error.message)
    return _page(request, _form_of(here), form, status=422)


def _form_of(organization: Organization) -> OrganizationForm:
    return OrganizationForm(initial={name: getattr(organization, name) for name in OrganizationForm.base_fields})


def small_picture(file: "UploadedFile[bytes]") -> bytes:
    """A JPEG of at most 256 pixels across, decoded where it can do no harm. Raises ``UnreadableMedia``."""
    if (file.size or 0) > LARGEST_LOGO:
        raise UnreadableMedia("MEDIA_TOO_LARGE", "The picture is larger than 2 MB. Choose a smaller one.")
    with tempfile.TemporaryFile() as copy:
        for chunk in file.chunks():
            copy.write(chunk)
        copy.seek(0)
        kind = sniff(copy.read(SNIFFED)) or ""
        if not kind.startswith("image/"):
            raise UnreadableMedia("MEDIA_UNSUPPORTED", "This is no picture we know. Use JPEG, PNG, GIF or WebP.")
        wish = {"max_bytes": LOGO_BYTES, "max_width": LOGO_SIDE, "min_width": None}
        return decode("jpeg", copy, content_type=kind, wish=wish)[1]


def _store(organization: Organization, picture: bytes) -> None:
    old = organization.logo.name
    name = f"{FOLDER}/{secrets.token_urlsafe(16)}.jpg"
    organization.logo = default_storage.save(name, ContentFile(picture)) if picture else ""
    organization.save(update_fields=["logo"])
    if old:
        transaction.on_commit(lambda: default_storage.delete(old))


@require_safe
def logo(request: HttpRequest, name: str) -> FileResponse:
    """The picture, for whoever was told its address: nobody guesses it, and it never changes."""
    path = PurePath(FOLDER) / name
    if path.suffix != ".jpg" or path.name != name or not default_storage.exists(str(path)):
        raise Http404
    response = FileResponse(default_storage.open(str(path)), content_type="image/jpeg")
    response["Cache-Control"] = "private, max-age=31536000, immutable"
    return response


@door(Permission.READ)
@require_POST
def leave(request: PageRequest) -> HttpResponse:
    """Give up one's own place."""
    if request.here.membership is not None:
        try:
            services.leave(membership=request.here.membership, now=utcnow())
        except NotAllowed as error:
            say(request, str(error), kind="bad")
            return redirect("settings")
        say(request, f"You have left {request.here.organization}.")
    return redirect("home")


def _page(request: PageRequest, form: OrganizationForm, logo: LogoForm, *, status: int = 200) -> HttpResponse:
    here = request.here
    if not here.may(Permission.MANAGE):
        for field in form.fields.values():
            field.disabled = True
    owners = here.organization.memberships.filter(role=Role.OWNER).count() if here.role == Role.OWNER else 0
    context = {
        "form": form,
        "logo_form": logo,
        "may_manage": here.may(Permission.MANAGE),
        "last_owner": here.role == Role.OWNER and owners == 1,
    }
    return render(request, "dashboard/organization.html", context, status=status)
