"""The public API's own account of itself: the OpenAPI document, the explorer and llms.txt, all three from one schema."""

import hashlib
import json
from copy import deepcopy
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe
from drf_spectacular.settings import spectacular_settings

from chat33.api.markdown import to_markdown
from chat33.dashboard.reference.reading import Reference, read

INTRODUCTION = settings.BASE_DIR / "templates" / "developers" / "introduction.md"
FRESH = 300  # seconds that a copy of the document may be used without asking again


def introduce(result: dict[str, Any], generator: Any, **options: Any) -> dict[str, Any]:
    """The hook that puts the introduction in: its first line is the summary."""
    summary, _, description = INTRODUCTION.read_text().partition("\n\n")
    result["info"] |= {"summary": summary, "description": description}
    return result


def build() -> dict[str, Any]:
    """The document, made anew: where ``docs/openapi.json`` says ``/api/v1``, it says the whole address."""
    document: dict[str, Any] = spectacular_settings.DEFAULT_GENERATOR_CLASS().get_schema(request=None, public=True)
    document["servers"] = [{"url": f"{settings.BASE_URL}/api/v1"}]
    return deepcopy(document)  # its examples are the code's own


@cache
def _openapi() -> bytes:
    return json.dumps(build(), ensure_ascii=False, indent=1).encode()


@cache
def _llms() -> bytes:
    document = build()
    return f"{to_markdown(document)}\n{_pages(read(document))}".encode()


def _pages(reference: Reference) -> str:
    """The list of pages at the end of llms.txt, one an operation, each with code to copy."""
    found = [f"- [{page.summary}]({settings.BASE_URL}/developers/reference/{page.slug}.md)" for page in reference.pages]
    return "\n".join(["## Pages", "", "One operation each, with code in curl, Python and JavaScript:", "", *found, ""])


@require_safe
def openapi(request: HttpRequest) -> HttpResponseBase:
    """``/api/v1/openapi.json``: for everyone, from any site, made once a process."""
    response = _published(request, _openapi(), "application/json")
    response["Access-Control-Allow-Origin"] = "*"
    return response


@require_safe
def llms(request: HttpRequest) -> HttpResponseBase:
    """``/llms.txt``: the same as one Markdown page."""
    return _published(request, _llms(), "text/plain; charset=utf-8")


@require_safe
@ensure_csrf_cookie
def explorer(request: HttpRequest) -> HttpResponse:
    """``/developers/api/``: try every operation from the browser."""
    return render(request, "developers/explorer.html", {"base_url": settings.BASE_URL})


def _published(request: HttpRequest, content: bytes, content_type: str) -> HttpResponseBase:
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    known = request.headers.get("If-None-Match", "")
    response = HttpResponse(status=304) if etag in known else HttpResponse(content, content_type=content_type)
    response["ETag"] = etag
    response["Cache-Control"] = f"public, max-age={FRESH}"
    return response
