"""The builders: tracked, UTM and app store links. What is built stands in the page's address."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from chat33.orgs.roles import Permission
from chat33.pages.door import PageRequest, door
from tracking.links.forms import StoreForm, UtmForm, WrapForm, tell
from tracking.links.stores import StoreLinks, both
from tracking.links.utm import UnableToBuild
from tracking.links.vocabulary import strays, suggestions

_STORE_FIELDS = {
    "appStore.app": "app", "appStore.provider": "provider", "appStore.campaign": "campaign",
    "googlePlay.package": "package", "googlePlay.referrer": "name", "appStore": "app",
}  # fmt: skip


@door(Permission.READ)
@require_safe
def wrap_builder(request: PageRequest) -> HttpResponse:
    """The tracked link of what stands in the address; for htmx the result alone."""
    begun = any(request.GET.get(name) for name in WrapForm.base_fields)
    form = WrapForm(request.GET if begun else None, organization=request.here.organization)
    context = {"form": form, "wrapped": form.wrapped() if begun else ""}
    template = "tracking/_wrapped.html" if request.htmx and request.htmx.target == "built" else "tracking/wrap.html"
    return render(request, template, context)


@door(Permission.READ)
@require_safe
def utm_builder(request: PageRequest) -> HttpResponse:
    """The UTM link of what stands in the address; for htmx the result alone."""
    organization = request.here.organization
    begun = any(request.GET.get(name) for name in UtmForm.base_fields)
    form = UtmForm(request.GET if begun else None)
    built = form.built() if begun else None
    context: dict[str, Any] = {
        "form": form,
        "built": built,
        "warnings": [*built.warnings, *strays(organization, built.values)] if built else [],
        "save": _query({name: request.GET.get(name, "") for name in UtmForm.base_fields}),
        "may_write": request.here.may(Permission.PUBLISH),
        "words": suggestions(organization),
    }
    template = "tracking/_utm_built.html" if request.htmx and request.htmx.target == "built" else "tracking/utm.html"
    return render(request, template, context)


@door(Permission.READ)
@require_safe
def store_builder(request: PageRequest) -> HttpResponse:
    """The store links of what stands in the address; for htmx the result alone."""
    organization = request.here.organization
    begun = any(request.GET.get(name) for name in StoreForm.base_fields)
    form = StoreForm(request.GET if begun else None)
    built: StoreLinks | None = None
    if begun:
        try:
            built = both(*form.halves())
        except UnableToBuild as error:
            tell(form, {_STORE_FIELDS.get(name, name): message for name, message in error.problems.items()})
    saved = {"ios_url": built.ios_url, "android_url": built.android_url} if built else {}
    context = {
        "form": form,
        "built": built,
        "warnings": [*built.warnings, *strays(organization, built.values)] if built else [],
        "save": _query({**saved, "campaign": request.GET.get("campaign", "") or request.GET.get("name", "")}),
        "may_write": request.here.may(Permission.PUBLISH),
        "words": suggestions(organization),
    }
    template = (
        "tracking/_store_built.html" if request.htmx and request.htmx.target == "built" else "tracking/stores.html"
    )
    return render(request, template, context)


def _query(given: dict[str, str]) -> str:
    return urlencode({name: value for name, value in given.items() if value})
