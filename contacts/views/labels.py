"""The page of labels: making, renaming and deleting them."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from chat33.orgs.roles import Permission
from chat33.pages.door import PageRequest, door, refused
from chat33.pages.listing import slice_of
from chat33.pages.saying import say
from contacts.forms import NameForm
from contacts.labels import UnableToLabel, delete_label, labels_named, rename_label
from contacts.models import Label
from contacts.selectors import COUNTED, label_uses, labels_for


def label_here(request: PageRequest, label_id: str) -> Label:
    """The organization's label of this id. Raises ``Http404``."""
    rows = labels_for(request.here.organization).select_related("organization")
    return get_object_or_404(rows, public_id=label_id.replace("\x00", ""))


@door(Permission.READ)
@require_http_methods(["GET", "HEAD", "POST"])
def labels(request: PageRequest) -> HttpResponse:
    """``/contacts/labels/``: each with how many have it; a POST makes one."""
    organization, form = request.here.organization, NameForm(request.POST or None)
    if request.method == "POST":
        if not request.here.may(Permission.CONTACTS):
            return refused(request, Permission.CONTACTS)
        if form.is_valid():
            try:
                labels_named(organization=organization, names=[form.cleaned_data["name"]])
            except UnableToLabel as error:
                form.add_error("name", str(error))
            else:
                say(request, f"There is a label {form.cleaned_data['name']} now.")
                return redirect("labels")
    found = slice_of(labels_for(organization), request.GET)
    uses = label_uses(found.rows)
    context = {
        "found": found,
        "rows": [(label, min(uses[label.pk], COUNTED), uses[label.pk] > COUNTED) for label in found.rows],
        "form": form,
        "may_change": request.here.may(Permission.CONTACTS),
    }
    return render(request, "contacts/labels.html", context, status=422 if form.errors else 200)


@door(Permission.CONTACTS)
@require_POST
def change_label(request: PageRequest, label_id: str) -> HttpResponse:
    """Rename it."""
    label = label_here(request, label_id)
    try:
        rename_label(label=label, name=request.POST.get("name", ""))
    except UnableToLabel as error:
        say(request, str(error), kind="bad")
    else:
        say(request, f"It is called {label.name} now.")
    return redirect("labels")


@door(Permission.CONTACTS)
@require_POST
def remove_label(request: PageRequest, label_id: str) -> HttpResponse:
    """Take it off everybody and forget it."""
    label = label_here(request, label_id)
    delete_label(label=label)
    say(request, f"{label.name} is gone.")
    return redirect("labels")
