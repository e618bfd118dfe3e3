"""The library's pages: looking through it, one file, tags, deleting; and the picker that the composer opens."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chat33.lib.clock import utcnow
from chat33.orgs.roles import Permission
from chat33.pages.door import PageRequest, door, refused
from chat33.pages.listing import slice_of
from chat33.pages.saying import say
from posts.forms import MediaForm, WishForm
from posts.library import StillUsed, Unfit, delete_media, describe_media, tag_media, tags_in
from posts.media import media_url
from posts.models import Media
from posts.shelf import PAGE, Wish, media_like, media_named, shown, storage, tags_of, uses_of, who_added

PICKED = 24  # files on a page of the picker


@door(Permission.READ)
@require_safe
def library(request: PageRequest) -> HttpResponse:
    """Every file, newest first, as the filters in the address say; for htmx the grid alone."""
    template = "posts/_shelf.html" if _wants(request, "shelf") else "posts/library.html"
    context = _shelf(request, PAGE)
    if template == "posts/library.html":
        context["storage"] = storage(request.here.organization)
    return render(request, template, context)


@door(Permission.READ)
@require_safe
def picker(request: PageRequest) -> HttpResponse:
    """A dialog to choose files from; for htmx inside it, the files alone. ``kind`` in the address narrows it."""
    template = "posts/_picker_shelf.html" if _wants(request, "picker-shelf") else "posts/_picker.html"
    return render(request, template, {**_shelf(request, PICKED), "several": request.GET.get("several") != "0"})


@door(Permission.READ)
@require_http_methods(["GET", "HEAD", "POST"])
def media(request: PageRequest, media_id: str) -> HttpResponse:
    """One file: what it is, what is said of it, which posts show it."""
    found = _named(request, media_id)
    form = MediaForm(request.POST or None, initial=MediaForm.of(found))
    if request.method == "POST":
        if not request.here.may(Permission.WRITE):
            return refused(request, Permission.WRITE)
        if form.is_valid():
            describe_media(media=found, **form.cleaned_data)
            say(request, "Saved.")
            return redirect("library_file", media_id=media_id)
    (file,) = shown([found])
    context = {
        "file": file,
        "form": form,
        "uses": uses_of([found]),
        "added_by": who_added(found),
        "may_write": request.here.may(Permission.WRITE),
    }
    return render(request, "posts/media.html", context, status=422 if form.errors else 200)


@door(Permission.WRITE)
@require_POST
def tag(request: PageRequest) -> HttpResponse:
    """Put tags on the chosen files, or take one off."""
    ids = request.POST.getlist("id")[:PAGE]
    remove = request.POST.get("remove", "").strip()
    try:
        add = tags_in(request.POST.get("tags", ""))
        number = tag_media(organization=request.here.organization, ids=ids, add=add, remove=remove)
    except Unfit as error:
        say(request, str(error), kind="bad")
    else:
        say(request, f"Tagged {_files(number)}." if add else f"Nothing to add to {_files(number)}.")
    return redirect(_back(request))


@door(Permission.WRITE)
@require_http_methods(["GET", "POST"])
def delete(request: PageRequest) -> HttpResponse:
    """Ask what deleting the chosen files would break, then delete them."""
    here, given = request.here, request.POST if request.method == "POST" else request.GET
    files = media_named(here.organization, given.getlist("id")[:PAGE])
    if not files:
        raise Http404
    if request.method == "POST":
        try:
            number = delete_media(
                organization=here.organization,
                ids=[one.public_id for one in files],
                seen=_number(given.get("seen")),
                may_break_planned=here.may(Permission.PUBLISH),
                from_drafts="from_drafts" in given,
                now=utcnow(),
            )
        except StillUsed as refusal:
            return _asked(request, files, refusal)
        say(request, f"Deleted {_files(number)}.")
        return redirect("library")
    return _asked(request, files)


def _asked(request: PageRequest, files: list[Media], refusal: StillUsed | None = None) -> HttpResponse:
    uses = refusal.uses if refusal else uses_of(files)
    context = {
        "files": shown(files),
        "uses": uses,
        "refused": refusal is not None,
        "may_delete": not uses.busy and (not uses.planned or request.here.may(Permission.PUBLISH)),
    }
    template = "posts/_delete.html" if request.htmx else "posts/delete.html"
    return render(request, template, context, status=422 if refusal else 200)


def _shelf(request: PageRequest, size: int) -> dict[str, Any]:
    organization = request.here.organization
    tags = tags_of(organization)
    form = WishForm(request.GET, tags=tags)
    wish = form.wish()
    page = slice_of(media_like(organization, wish), request.GET, size=size)
    return {
        "page": page,
        "files": shown(page.rows),
        "form": form,
        "filtered": wish != Wish(),
        "tags": tags,
        "may_write": request.here.may(Permission.WRITE),
    }


def _named(request: PageRequest, media_id: str) -> Media:
    found = media_named(request.here.organization, [media_id])
    if not found:
        raise Http404
    return found[0]


def _wants(request: PageRequest, target: str) -> bool:
    return bool(request.htmx) and request.htmx.target == target


def _back(request: PageRequest) -> str:
    """The library as it was filtered; the address comes from the page, so only its query is believed."""
    query = request.POST.get("back", "").partition("?")[2]
    return f"{reverse('library')}?{query}" if query else reverse("library")


def _files(number: int) -> str:
    return "1 file" if number == 1 else f"{number} files"


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None


def picked(media: Media, preview: str) -> dict[str, str]:
    """What the picker and the upload tell of a file."""
    return {
        "id": media.public_id,
        "url": media_url(media),
        "kind": media.kind,
        "name": media.name,
        "alt": media.alt_text,
        "preview": preview,
    }
