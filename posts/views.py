"""The files of posts for whoever knows their address, the networks first: cacheable, and by range."""

import re
from collections.abc import Iterator

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from posts.models import Media

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_CHUNK = 262_144


@require_safe
def media_file(request: HttpRequest, token: str, name: str) -> HttpResponseBase:
    """A whole file, or the range asked for (RFC 9110 §14; several ranges at once give the whole)."""
    media = get_object_or_404(Media, token=token)
    if not media.file.storage.exists(str(media.file.name)):
        raise Http404
    start, end = 0, media.size - 1
    asked = _RANGE.fullmatch(request.headers.get("Range", ""))
    if asked and asked.group(0) != "bytes=-":
        start, end = _bounds(asked[1], asked[2], media.size)
        if start > end:
            return HttpResponse(status=416, headers={"Content-Range": f"bytes */{media.size}"})
    partial = bool(asked)
    response: HttpResponseBase
    if request.method == "HEAD":
        response = HttpResponse(status=206 if partial else 200)
    else:
        response = StreamingHttpResponse(_read(media, start, end), status=206 if partial else 200)
    response["Content-Type"] = media.content_type
    response["Content-Length"] = str(end - start + 1)
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    response["ETag"] = f'"{media.public_id}"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    if partial:
        response["Content-Range"] = f"bytes {start}-{end}/{media.size}"
    return response


def _bounds(first: str, last: str, size: int) -> tuple[int, int]:
    if not first:
        return max(0, size - int(last)), size - 1
    return int(first), min(int(last), size - 1) if last else size - 1


def _read(media: Media, start: int, end: int) -> Iterator[bytes]:
    with media.opened() as file:
        file.seek(start)
        left = end - start + 1
        while left > 0 and (chunk := file.read(min(_CHUNK, left))):
            left -= len(chunk)
            yield chunk
