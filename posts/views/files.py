"""The files of posts for whoever knows their address, the networks first: cacheable, and by range."""

import re
from collections.abc import Iterator

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from posts.models import Media

_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_CHUNK = 262_144
_FOREVER = "public, max-age=31536000, immutable"


@require_safe
def media_file(request: HttpRequest, token: str, name: str) -> HttpResponseBase:
    """A whole file, or the range asked for (RFC 9110 §13 and §14; several ranges at once give the whole)."""
    if not _TOKEN.fullmatch(token):
        raise Http404
    media = get_object_or_404(Media, token=token)
    if not media.file.storage.exists(str(media.file.name)):
        raise Http404
    tag = f'"{media.public_id}"'
    if _is_fresh(request.headers.get("If-None-Match", ""), tag):
        return HttpResponse(status=304, headers={"ETag": tag, "Cache-Control": _FOREVER})
    asked = _asked(request, tag, media.size)
    start, end = asked or (0, media.size - 1)
    if start > end:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{media.size}", "Accept-Ranges": "bytes"})
    response: HttpResponseBase
    if request.method == "HEAD":
        response = HttpResponse()
    else:
        response = StreamingHttpResponse(_read(media, start, end), status=206 if asked else 200)
    response["Content-Type"] = media.content_type
    response["Content-Length"] = str(end - start + 1)
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = _FOREVER
    response["ETag"] = tag
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    if asked:
        response["Content-Range"] = f"bytes {start}-{end}/{media.size}"
    return response


def _is_fresh(header: str, tag: str) -> bool:
    """Whether the caller has the file already. It never changes, so weak and strong tags are the same here."""
    known = [one.strip().removeprefix("W/") for one in header.split(",")]
    return tag in known or known == ["*"]


def _asked(request: HttpRequest, tag: str, size: int) -> tuple[int, int] | None:
    """First and last byte asked for, the first after the last when there are none such; None for the whole file."""
    match = _RANGE.fullmatch(request.headers.get("Range", "").strip())
    if request.method != "GET" or match is None or request.headers.get("If-Range", tag) != tag:
        return None
    first, last = match[1], match[2]
    if not first:
        return (max(0, size - int(last)), size - 1) if last else None
    if last and int(last) < int(first):
        return None  # no range at all
    return int(first), min(int(last), size - 1) if last else size - 1


def _read(media: Media, start: int, end: int) -> Iterator[bytes]:
    with media.opened() as file:
        file.seek(start)
        left = end - start + 1
        while left > 0 and (chunk := file.read(min(_CHUNK, left))):
            left -= len(chunk)
            yield chunk
