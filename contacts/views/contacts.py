"""The list of contacts and the page of each."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chat33.lib.clock import utcnow
from chat33.orgs.roles import Permission
from chat33.pages.door import PageRequest, door, refused
from chat33.pages.listing import slice_of
from chat33.pages.saying import say
from contacts import services
from contacts.forms import ContactForm, wish_of
from contacts.labels import UnableToLabel, label_names, labels_named, put_labels, take_labels
from contacts.models import Contact, Kind
from contacts.selectors import (
    contacts_for,
    contacts_like,
    contacts_named,
    is_contact_id,
    labels_called,
    labels_for,
    labels_of,
)
from contacts.services import Unfit
from contacts.timeline import timeline_of

PAGE = 50
OFFERED = 200  # labels to choose from
ICONS: Mapping[str, str] = {
    Kind.MESSAGE: "chat-bubble-left-right", Kind.CAMPAIGN: "megaphone", Kind.CLICK: "cursor-arrow-rays",
    Kind.PAGE: "globe-alt", Kind.EVENT: "bolt", Kind.PURCHASE: "banknotes", Kind.INSTALL: "device-phone-mobile",
    Kind.LABEL: "tag", Kind.CONTACT: "user",
}  # fmt: skip


def contact_here(request: PageRequest, contact_id: str) -> Contact:
    """The organization's contact of this id. Raises ``Http404``."""
    if not is_contact_id(contact_id):
        raise Http404
    rows = contacts_for(request.here.organization).select_related("organization")
    return get_object_or_404(rows, public_id=contact_id)


@door(Permission.READ)
@require_safe
def contacts(request: PageRequest) -> HttpResponse:
    """``/contacts/``, as the address filters it; for htmx the list alone."""
    organization, wish = request.here.organization, wish_of(request.GET)
    found = slice_of(contacts_like(organization, wish), request.GET, size=PAGE)
    on = labels_of(found.rows)
    context = {
        "found": found,
        "rows": [(contact, on[contact.pk]) for contact in found.rows],
        "labels": labels_for(organization)[:OFFERED],
        "wish": wish,
        "filtered": bool(wish),
        "may_change": request.here.may(Permission.CONTACTS),
    }
    fragment = request.htmx and request.htmx.target == "contact-list"
    return render(request, "contacts/_list.html" if fragment else "contacts/contacts.html", context)


@door(Permission.CONTACTS)
@require_http_methods(["GET", "HEAD", "POST"])
def new_contact(request: PageRequest) -> HttpResponse:
    """Make one by hand."""
    here, form = request.here, ContactForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.create_contact(
                organization=here.organization, by=here.by, now=utcnow(), source="page", **form.cleaned_data
            )
        except Unfit as error:
            form.add_error(error.field or None, str(error))
        else:
            say(request, f"{made} is a contact now.")
            return redirect("contact", made.public_id)
    return render(request, "contacts/new.html", {"form": form}, status=422 if form.errors else 200)


@door(Permission.READ)
@require_http_methods(["GET", "HEAD", "POST"])
def contact(request: PageRequest, contact_id: str) -> HttpResponse:
    """``/contacts/<id>/``: what is known, labels, and the timeline; for htmx the timeline's next page alone."""
    found = contact_here(request, contact_id)
    form = ContactForm(request.POST or None, initial=ContactForm.of(found))
    if request.method == "POST":
        if not request.here.may(Permission.CONTACTS):
            return refused(request, Permission.CONTACTS)
        if form.is_valid():
            try:
                services.update_contact(contact=found, changes=form.cleaned_data, by=request.here.by, now=utcnow())
            except Unfit as error:
                form.add_error(error.field or None, str(error))
            else:
                say(request, "Saved.")
                return redirect("contact", contact_id)
    kind = request.GET.get("kind", "")
    kind = kind if kind in Kind.values else ""
    page = timeline_of(found, kinds=[kind] if kind else (), cursor=request.GET.get("cursor", ""))
    context: dict[str, Any] = {
        "contact": found,
        "entries": [(entry, ICONS.get(entry.kind, "bolt")) for entry in page.entries],
        "next": f"?{urlencode({'kind': kind, 'cursor': page.next})}" if page.next else "",
        "kind": kind,
        "kinds": Kind.choices,
    }
    if request.htmx and request.htmx.target == "older":
        return render(request, "contacts/_entries.html", context)
    context |= {
        "form": form,
        "labels": labels_of([found])[found.pk],
        "offered": labels_for(request.here.organization)[:OFFERED],
        "may_change": request.here.may(Permission.CONTACTS),
    }
    return render(request, "contacts/contact.html", context, status=422 if form.errors else 200)


@door(Permission.CONTACTS)
@require_POST
def delete_contact(request: PageRequest, contact_id: str) -> HttpResponse:
    """Let the contact be found no more."""
    found = contact_here(request, contact_id)
    services.delete_contact(contact=found, by=request.here.by, now=utcnow())
    say(request, f"{found} is deleted.")
    return redirect("contacts")


@door(Permission.CONTACTS)
@require_POST
def label_contacts(request: PageRequest) -> HttpResponse:
    """Put a label on the chosen contacts, or take one off."""
    organization = request.here.organization
    chosen = list(contacts_named(organization, request.POST.getlist("id")[:PAGE]).values_list("pk", flat=True))
    try:
        said = _relabelled(request, chosen)
    except UnableToLabel as error:
        say(request, str(error), kind="bad")
    else:
        say(request, said)
    return redirect(_back(request))


def _relabelled(request: PageRequest, chosen: list[int]) -> str:
    organization, by, now = request.here.organization, request.here.by, utcnow()
    add, remove = label_names([request.POST.get("add", "")]), label_names([request.POST.get("remove", "")])
    if not chosen or not (add or remove):
        return "Nothing was chosen."
    if add:
        number = put_labels(contacts=chosen, labels=labels_named(organization=organization, names=add), by=by, now=now)
        return f"{add[0]} is on {_contacts(number)} more." if number else f"{add[0]} was there already."
    number = take_labels(contacts=chosen, labels=labels_called(organization, remove), by=by, now=now)
    return f"{remove[0]} is off {_contacts(number)}." if number else f"{remove[0]} was on none of them."


def _contacts(number: int) -> str:
    return "1 contact" if number == 1 else f"{number} contacts"


def _back(request: PageRequest) -> str:
    """Where the form was: the list as it was filtered, or a contact. The address comes from the page, so only its query, or
    a contact's id in it, is believed.
    """
    path, _, query = request.POST.get("back", "").partition("?")
    name = path.strip("/").rpartition("/")[2]
    url = reverse("contact", args=[name]) if is_contact_id(name) else reverse("contacts")
    return f"{url}?{query}" if query else url
