"""One link: making it with a preview, what came of it, changing it, its QR code, putting it away."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chat33.lib.clock import utcnow
from chat33.lib.ids import is_id
from chat33.orgs.roles import Permission
from chat33.pages.door import PageRequest, door
from chat33.pages.saying import say
from tracking.links.codes import CHOSEN, new_code
from tracking.links.drafts import Sound, checked
from tracking.links.forms import LinkForm, tell
from tracking.links.qr import qr_svg
from tracking.links.selectors import folders_of, link_named
from tracking.links.services import archive_link, create_link, restore_link, update_link
from tracking.links.signing import short_url
from tracking.links.stats import PERIODS, sources_of, stats_of
from tracking.links.utm import UnableToBuild
from tracking.links.vocabulary import strays, suggestions
from tracking.models import Axis, Link
from tracking.results.numbers import outcome_of
from tracking.results.period import Period


@door(Permission.PUBLISH)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: PageRequest) -> HttpResponse:
    """A link to make; the address may begin it, as the builders do."""
    here = request.here
    if request.method != "POST":
        begun = {**request.GET.dict(), "code": new_code()}
        return _form(request, LinkForm(initial=begun, organization=here.organization))
    form = LinkForm(request.POST, organization=here.organization)
    if _is_sound(form, None):
        try:
            made = create_link(organization=here.organization, draft=form.draft(), by=here.by, now=utcnow())
        except UnableToBuild as error:  # a short address that is taken
            tell(form, error.problems)
        else:
            say(request, "The link is made. Share its short address.")
            return redirect("link", link_id=made.public_id)
    return _form(request, form)


@door(Permission.PUBLISH)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: PageRequest, link_id: str) -> HttpResponse:
    """Change a link; its short address stays."""
    found = _named(request, link_id)
    organization = request.here.organization
    if request.method != "POST":
        return _form(request, LinkForm(initial=LinkForm.of(found), organization=organization, link=found), found)
    form = LinkForm(request.POST, organization=organization, link=found)
    if _is_sound(form, found):
        update_link(link=found, draft=form.draft(), now=utcnow())
        say(request, "Saved.")
        return redirect("link", link_id=link_id)
    return _form(request, form, found)


@door(Permission.PUBLISH)
@require_POST
def preview(request: PageRequest) -> HttpResponse:
    """What the form would make: the short address with its code, and where it leads by device. Nothing is stored."""
    organization = request.here.organization
    given = request.POST.get("link", "")
    link = link_named(organization, given) if is_id(given, "link") else None
    form = LinkForm(request.POST, organization=organization, link=link)
    context = _previewed(form, link, request.POST.get("code", ""))
    return render(request, "tracking/_link_preview.html", context)


@door(Permission.READ)
@require_safe
def link(request: PageRequest, link_id: str) -> HttpResponse:
    """What came of a link."""
    found = _named(request, link_id)
    given = request.GET.get("days", "")
    days = int(given) if given in {str(period) for period in PERIODS} else 30
    now = utcnow()
    stats = stats_of(found, last=timezone.localdate(now), days=days)
    context = {
        "link": found,
        "short": short_url(found.code),
        "qr": qr_markup(short_url(found.code)),
        "days": days,
        "periods": PERIODS,
        "stats": stats,
        "outcome": outcome_of(
            request.here.organization, axis=Axis.LINK, ref=str(found.pk), period=Period(stats.first, stats.last)
        ),
        "sources": sources_of(found, since=now - timedelta(days=days)),
        "ended": _ended(found),
        "may_write": request.here.may(Permission.PUBLISH),
    }
    return render(request, "tracking/link.html", context)


@door(Permission.READ)
@require_safe
def qr(request: PageRequest, link_id: str) -> HttpResponse:
    """The QR code as a file."""
    found = _named(request, link_id)
    response = HttpResponse(qr_svg(short_url(found.code)), content_type="image/svg+xml")
    response["Content-Disposition"] = f'attachment; filename="{found.code}.svg"'
    return response


@door(Permission.PUBLISH)
@require_POST
def archive(request: PageRequest, link_id: str) -> HttpResponse:
    """Put it away."""
    archive_link(link=_named(request, link_id), now=utcnow())
    say(request, "Archived. Its short address leads nowhere now.")
    return redirect("link", link_id=link_id)


@door(Permission.PUBLISH)
@require_POST
def restore(request: PageRequest, link_id: str) -> HttpResponse:
    """Bring it back."""
    restore_link(link=_named(request, link_id))
    say(request, "Back. Its short address leads on again.")
    return redirect("link", link_id=link_id)


def qr_markup(url: str) -> SafeString:
    """The QR code for a page: ours from the first letter to the last, as a code holds the address in black and white."""
    return mark_safe(qr_svg(url))  # noqa: S308 — modules of a code, no text


def _is_sound(form: LinkForm, link: Link | None) -> bool:
    """Whether what was sent can be stored; else everything wrong with it stands at its fields."""
    draft = form.draft()
    try:
        checked(draft, now=utcnow(), link=link)
    except UnableToBuild as error:
        tell(form, error.problems)
    return form.is_valid()


def _form(request: PageRequest, form: LinkForm, link: Link | None = None) -> HttpResponse:
    organization = request.here.organization
    status = 422 if form.is_bound else 200
    before = form if form.is_bound else LinkForm(_said(form), organization=organization, link=link)
    code = link.code if link else str(form["code"].value() or "")
    context = {
        "form": form,
        "link": link,
        "words": suggestions(organization),
        "folders": folders_of(organization),
        "zone": organization.timezone,
        **_previewed(before, link, code),
    }
    return render(request, "tracking/link_form.html", context, status=status)


def _said(form: LinkForm) -> Mapping[str, Any]:
    """What an unbound form shows, as if it had been sent."""
    return {name: form[name].value() or "" for name in form.fields}


def _previewed(form: LinkForm, link: Link | None, code: str) -> dict[str, Any]:
    """What the form would make, as far as it holds."""
    draft = form.draft()
    sound: Sound | None = None
    problems: list[str] = []
    if any((draft.url, draft.ios_url, draft.android_url)):
        try:
            sound = checked(draft, now=utcnow(), link=link)
        except UnableToBuild as error:
            problems = [str(form.fields[name].label) for name in error.problems if name in form.fields]
    code = link.code if link else code
    short = short_url(code) if CHOSEN.fullmatch(code) else ""
    fields = sound.fields if sound else {}
    return {
        "short": short,
        "qr": qr_markup(short) if short else "",
        "sound": sound,
        "target": fields,
        "unclear": problems,
        "warnings": [*sound.warnings, *strays(form.organization, fields["utm"])] if sound else [],
    }


def _named(request: PageRequest, link_id: str) -> Link:
    found = link_named(request.here.organization, link_id) if is_id(link_id, "link") else None
    if found is None:
        raise Http404
    return found


def _ended(link: Link) -> str:
    """Why it leads nowhere or elsewhere now; empty while it leads on."""
    if link.archived_at:
        return "Archived"
    if link.expires_at and link.expires_at <= utcnow():
        return "Expired"
    return "Used up" if link.click_limit is not None and link.clicks >= link.click_limit else ""
