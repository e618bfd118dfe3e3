"""The import room: a file of posts is uploaded, checked by a worker, and made into posts."""

from collections.abc import Iterator
from datetime import timedelta

from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chat33.bell import ring_on_commit
from chat33.lib.clock import utcnow
from chat33.lib.ids import is_id
from chat33.lib.sheets import written
from chat33.orgs.roles import Permission
from chat33.pages.door import PageRequest, door, refused
from chat33.pages.listing import slice_of
from chat33.pages.saying import say
from integrations.selectors import channels_for
from posts import imports as importing
from posts.import_rows import COLUMNS, column_named
from posts.imports import MAX_BYTES, MAX_ROWS, UnableToImport
from posts.models import Import, ImportRow, ImportRowStatus, ImportStatus
from posts.schedule import clock

WORK = "posts.run_imports"
ROWS = 100
SHOWS = {"problems": "Problems", "warnings": "Warnings", "ready": "Ready", "all": "All"}


@door(Permission.WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def imports(request: PageRequest) -> HttpResponse:
    """Uploading a file, and the files before it."""
    problem = ""
    if request.method == "POST":
        try:
            found = _uploaded(request)
        except UnableToImport as error:
            problem = str(error)
        else:
            ring_on_commit(WORK)
            return redirect("import", found.public_id)
    context = {
        "found": slice_of(_mine(request), request.GET, size=20),
        "problem": problem,
        "columns": COLUMN_WORDS,
        "zone": request.here.zone.key,
        "rows": MAX_ROWS,
    }
    return render(request, "posts/imports.html", context, status=422 if problem else 200)


@door(Permission.WRITE)
@require_safe
def one(request: PageRequest, import_id: str) -> HttpResponse:
    """How far a file is, and what is wrong with its rows."""
    return render(
        request,
        "posts/_import.html" if request.htmx else "posts/import.html",
        _context(request, _named(request, import_id)),
    )


@door(Permission.WRITE)
@require_POST
def create(request: PageRequest, import_id: str) -> HttpResponse:
    """Make posts of the rows that are ready."""
    found = _named(request, import_id)
    if importing.progress(found).scheduled and not request.here.may(Permission.PUBLISH):
        return refused(request, Permission.PUBLISH)
    try:
        importing.confirm_import(found=found, now=utcnow())
        ring_on_commit(WORK)
    except UnableToImport as error:
        say(request, str(error), kind="bad")
    return redirect("import", import_id)


@door(Permission.WRITE)
@require_POST
def cancel(request: PageRequest, import_id: str) -> HttpResponse:
    """Stop."""
    try:
        importing.cancel_import(found=_named(request, import_id))
        say(request, "The import is cancelled. Posts that were made already stay.")
    except UnableToImport as error:
        say(request, str(error), kind="bad")
    return redirect("import", import_id)


@door(Permission.WRITE)
@require_safe
def problems(request: PageRequest, import_id: str) -> HttpResponseBase:
    """The rows that cannot become posts, to be mended and uploaded again."""
    found = _named(request, import_id)
    rows = ImportRow.objects.filter(import_of=found, status=ImportRowStatus.FAULTY).order_by("number")
    names = [name for name in COLUMNS if name in {column_named(header) for header in found.columns}]

    def lines() -> Iterator[list[str]]:
        yield [*names, "problem"]
        for row in rows:
            told = "; ".join(issue["message"] for issue in row.issues if issue["severity"] == "error")
            yield [*(row.cells.get(name, "") for name in names), told]

    return _csv(lines(), "problems.csv")


@door(Permission.READ)
@require_safe
def template(request: PageRequest) -> HttpResponseBase:
    """An empty sheet with an example, in the words of the organization's own accounts."""
    channel = channels_for(request.here.organization).filter(is_active=True).first()
    account = f"{channel.platform}:{channel.username}" if channel else "x:youraccount"
    soon = clock(utcnow(), request.here.zone) + timedelta(days=30)
    example = {
        "text": "Fresh beans are in. Come and smell them.", "accounts": account, "scheduled_at": f"{soon:%Y-%m-%d} 09:00",
        "timezone": request.here.zone.key, "status": "draft",
    }  # fmt: skip
    return _csv(iter([list(COLUMNS), [example.get(name, "") for name in COLUMNS]]), "posts-template.csv")


def _uploaded(request: PageRequest) -> Import:
    upload = request.FILES.get("file")
    if not isinstance(upload, UploadedFile):
        raise UnableToImport("Choose a CSV file first.")
    if (upload.size or 0) > MAX_BYTES:
        raise UnableToImport("The file is larger than 2 MB. Split it and upload the parts.")
    return importing.start_import(
        organization=request.here.organization,
        name=upload.name or "posts.csv",
        body=upload.read(MAX_BYTES + 1),
        timezone=request.here.zone.key,
        by=request.here.by,
        now=utcnow(),
    )


def _context(request: PageRequest, found: Import) -> dict[str, object]:
    state = importing.progress(found)
    show = request.GET.get("show", "")
    if show not in SHOWS:
        show = "problems" if state.faulty else "all"
    rows = ImportRow.objects.filter(import_of=found)
    if show == "problems":
        rows = rows.filter(status=ImportRowStatus.FAULTY)
    elif show == "ready":
        rows = rows.filter(status__in=(ImportRowStatus.READY, ImportRowStatus.CREATED))
    elif show == "warnings":
        rows = rows.filter(issues__contains=[{"severity": "warning"}])
    first = request.GET.get("from", "")
    rows = rows.filter(number__gte=int(first)) if first.isdecimal() and len(first) < 9 else rows
    listed = list(rows.order_by("number").prefetch_related("made__post", "made__channel")[: ROWS + 1])
    working = found.status in (ImportStatus.CHECKING, ImportStatus.CREATING)
    return {
        "import": found,
        "state": state,
        "is_working": working,
        "done": state.done if found.status == ImportStatus.CHECKING else state.created + state.faulty,
        "show": show,
        "shows": SHOWS,
        "rows": listed[:ROWS],
        "next": listed[ROWS].number if len(listed) > ROWS else None,
        "unread": [header for header in found.columns if header and column_named(header) is None],
        "may_create": not state.scheduled or request.here.may(Permission.PUBLISH),
        "faulty_posts": state.faulty,
    }


def _mine(request: PageRequest) -> QuerySet[Import]:
    return Import.objects.filter(organization=request.here.organization)


def _named(request: PageRequest, import_id: str) -> Import:
    """The organization's import of this id. Raises ``Http404``."""
    if not is_id(import_id, "imp"):
        raise Http404
    return get_object_or_404(_mine(request), public_id=import_id)


def _csv(rows: Iterator[list[str]], name: str) -> HttpResponseBase:
    response = StreamingHttpResponse(written(rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


COLUMN_WORDS = (
    ("text", "What the post says."),
    ("accounts", "Where it goes: @handle, name, network:handle or id. Several are apart by a bar: @one | @two."),
    ("scheduled_at", "When: 2026-04-15 09:00. Empty makes a draft."),
    ("timezone", "The zone of that time, such as America/New_York. Empty is your workspace's."),
    ("media_urls", "Addresses of pictures or a video, apart by a bar or a blank."),
    ("media_type", "image, video, reel or carousel. Empty: the files say it themselves."),
    ("first_comment", "Put below the post, where the network takes one."),
    ("alt_texts", "What the pictures show, in their order, apart by a bar."),
    ("status", "draft or scheduled. Empty: scheduled when there is a time."),
    ("text_instagram, text_x, …", "Another text for one network."),
)
