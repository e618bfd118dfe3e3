"""The API reference as pages: an operation a page, with the reader's own ids in the code, and each as Markdown beside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from chat33.dashboard.developers import build
from chat33.dashboard.developing.standins import standins
from chat33.dashboard.developing.verifying import VERIFYING
from chat33.dashboard.reference.errors import ERRORS
from chat33.dashboard.reference.reading import Page, Reference, read
from chat33.dashboard.reference.rendering import contents, highlighted
from chat33.dashboard.reference.samples import Sample, calls, replaced, samples
from chat33.lib.clock import utcnow
from chat33.orgs.roles import Permission
from chat33.pages.door import PageRequest, door

LANGUAGES = {"curl": "bash", "Python": "python", "JavaScript": "javascript"}
LONGEST = 100  # characters of a search that are looked at


@cache
def reference() -> Reference:
    """The reference of this installation, read once a process."""
    return read(build())


@dataclass(frozen=True, kw_only=True)
class Shown:
    """Code on a page, highlighted."""

    name: str
    html: SafeString


@dataclass(frozen=True, kw_only=True)
class Block:
    """The same call in every language; ``id`` is what its elements are called after."""

    id: str
    title: str
    samples: tuple[Shown, ...]


def shown(found: tuple[Sample, ...]) -> tuple[Shown, ...]:
    """Samples as they stand on a page."""
    return tuple(Shown(name=one.name, html=highlighted(one.code, one.language)) for one in found)


def blocks(page: Page, ids: Mapping[str, str]) -> list[Block]:
    """An operation's code; for the webhook, how its signature is checked."""
    if page.is_webhook:
        return [Block(id="verify", title="Check the signature", samples=shown(VERIFYING))]
    found = calls(page, reference().base_url, ids)
    return [
        Block(
            id=f"call-{number}",
            title=name.capitalize() if len(found) > 1 else "Request",
            samples=shown(samples(call)),
        )
        for number, (name, call) in enumerate(found.items())
    ]


@require_safe
@door(Permission.READ)
def overview(request: PageRequest) -> HttpResponse:
    """``/developers/reference/``: how the API works and all operations; with ``?q=`` those that are meant."""
    query = request.GET.get("q", "")[:LONGEST].strip()
    found = reference().found(query) if query else None
    context = {"reference": reference(), "query": query, "found": found, "contents": contents(reference().introduction)}
    if request.htmx and request.htmx.target == "reference-nav":
        return render(request, "developers/_reference_nav.html", context)
    return render(request, "developers/reference.html", context)


@require_safe
@door(Permission.READ)
def operation(request: PageRequest, slug: str) -> HttpResponse:
    """``/developers/reference/create-post/``."""
    page = reference().page(slug)
    if page is None:
        raise Http404
    ids = standins(request.here.organization, page, now=utcnow())
    context = {
        "reference": reference(),
        "page": page,
        "blocks": blocks(page, ids),
        "answer": (
            replaced(page.reply.example.value, ids)
            if page.reply and page.reply.example and page.reply.is_json
            else None
        ),
        "is_own": any(name in ids for name in ("chan_abc123", "post_abc123", "cb_abc123", "key_abc123")),
    }
    return render(request, "developers/operation.html", context)


@require_safe
@door(Permission.READ)
def errors(request: PageRequest) -> HttpResponse:
    """``/developers/reference/errors/``: every error code, and what to do about it."""
    return render(request, "developers/errors.html", {"reference": reference(), "errors": ERRORS})


@require_safe
@cache_control(public=True, max_age=300)
def as_text(request: HttpRequest, slug: str) -> HttpResponse:
    """``/developers/reference/create-post.md``: for everyone, with the examples of the document."""
    page = reference().page(slug)
    if page is None:
        raise Http404
    parts = [page.text]
    found: tuple[Sample, ...] = VERIFYING
    if not page.is_webhook:
        found = samples(next(iter(calls(page, reference().base_url, {}).values())))
    parts += [f"**{one.name}:**\n```{one.language}\n{one.code}\n```\n" for one in found]
    return HttpResponse("\n".join(parts), content_type="text/markdown; charset=utf-8")


def page_url(method: str, route: str) -> str:
    """The page of an operation by method and address, if there is one; else empty."""
    page = reference().page_at(method, route)
    return reverse("reference_page", args=[page.slug]) if page else ""
