"""The library's upload: one file a request, as it is, streamed to disk as it arrives.

The file is the body itself, not a field of a form: so the session, the permission and the CSRF header are checked before
a byte of it is read, and nothing is written twice.
"""

import errno
import math
import threading
from collections.abc import Iterator

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import UnreadablePostError
from django.views.decorators.http import require_POST

from chat33.api.errors import RateLimited
from chat33.lib.clock import utcnow
from chat33.orgs.roles import Permission
from chat33.pages.door import PageRequest, door
from posts.media import LIBRARY_MAX_BYTES, UnableToFetch, store_stream, too_large
from posts.models import Media
from posts.shelf import shown
from posts.thumbnails import make_thumbnail
from posts.uploads import Count, counted
from posts.views.library import picked

logger = structlog.get_logger(__name__)

CHUNK = 262_144
LARGE = 1_000_000  # bytes from which an upload takes a place among the large ones
RETRY_AFTER = 1  # seconds
# A large file may take minutes to come in, and takes a thread as long; one at least stays for everybody else.
_places = threading.BoundedSemaphore(max(1, settings.WEB_THREADS - 1))


@door(Permission.WRITE)
@require_POST
def upload(request: PageRequest) -> HttpResponse:
    """Take in the file that is the body, called ``?name=``. 201 with what the picker tells of it, else a ``message``."""
    size = _announced(request)
    if size > LIBRARY_MAX_BYTES["video"]:
        return _no(413, too_large("video", LIBRARY_MAX_BYTES))
    if request.content_type != "application/octet-stream":
        return _no(415, "Send the file itself as the body, as application/octet-stream.")
    place = Place(size)
    if not place.taken:
        return _no(503, "Other large files are coming in right now. Try again in a minute.", retry_after=RETRY_AFTER)
    try:
        return _taken(request, place)
    finally:
        place.leave()


def _taken(request: PageRequest, place: "Place") -> HttpResponse:
    organization, now, count = request.here.organization, utcnow(), Count()
    try:
        with counted(organization=organization, overrides=organization.limits(now), now=now, count=count):
            media = store_stream(
                organization=organization,
                chunks=_body(request, place),
                name=request.GET.get("name", ""),
                by=request.here.by,
            )
    except RateLimited as error:
        seconds = int(error.headers["Retry-After"])
        message = f"Your organization has uploaded as much as it may for now. Try again in {_minutes(seconds)}."
        return _no(429, message, retry_after=seconds)
    except UnableToFetch as error:
        return _no(400, str(error))
    except UnreadablePostError:
        return _no(408, "The upload was interrupted. Try again.")
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        logger.exception("disk_full")
        return _no(507, "There is no room left for files. Tell whoever runs Chat33.")
    return JsonResponse(_told(media), status=201)


def _told(media: Media) -> dict[str, str]:
    if media.kind == "image":
        make_thumbnail(media=media, now=utcnow())
    (file,) = shown([media])
    return picked(media, file.preview)


def _body(request: HttpRequest, place: "Place") -> Iterator[bytes]:
    """The body piece by piece, after which the place is free. Raises ``UnreadablePostError`` when it ends early."""
    left = _announced(request)
    while left > 0:
        chunk = request.read(min(CHUNK, left))
        if not chunk:
            raise UnreadablePostError("The body ended early.")
        left -= len(chunk)
        yield chunk
    place.leave()


def _announced(request: HttpRequest) -> int:
    """The body's length by its header."""
    given = str(request.META.get("CONTENT_LENGTH") or "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 16 else 0


class Place:
    """A place among the large files that are coming in; a small one needs none."""

    def __init__(self, size: int) -> None:
        self._held = size >= LARGE and _places.acquire(blocking=False)
        self.taken = self._held or size < LARGE

    def leave(self) -> None:
        """Let the next one in; more than once does nothing."""
        if self._held:
            self._held = False
            _places.release()


def _minutes(seconds: int) -> str:
    minutes = math.ceil(seconds / 60)
    return "a minute" if minutes == 1 else f"{minutes} minutes"


def _no(status: int, message: str, *, retry_after: int | None = None) -> HttpResponse:
    response = JsonResponse({"message": message}, status=status)
    if retry_after is not None:
        response["Retry-After"] = str(retry_after)
    return response
