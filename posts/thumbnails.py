"""Small pictures of the library's pictures, made once each."""

import time
from datetime import datetime
from pathlib import PurePosixPath

from chat33.lib.clock import utcnow
from posts.confined import UnreadableMedia
from posts.media import UnableToFetch, keep_file, scratch
from posts.models import Media
from posts.shelf import SMALL, THUMBNAIL
from posts.variants import jpeg_variant

SIDE = 320  # pixels, the longer one
MAX_BYTES = 60_000
_CHUNK = 262_144


def make_thumbnail(*, media: Media, now: datetime) -> Media | None:
    """The picture's small one, made where it is needed; None where the picture itself is small, or cannot be made so."""
    made = _made(media) if media.size > SMALL or max(media.width or 0, media.height or 0) > 4 * SIDE else None
    Media.objects.filter(pk=media.pk).update(thumbnail_at=now)
    return made


def make_missing(*, seconds: float) -> int:
    """Make those that are missing, the newest first, until there are none or the time is up. Returns how many it saw.

    Nothing is claimed: made twice at the same moment, a small picture is kept once.
    """
    until, seen = time.monotonic() + seconds, 0
    missing = Media.objects.filter(kind="image", variant_of=None, thumbnail_at=None).order_by("-pk")
    while time.monotonic() < until and (media := missing.first()) is not None:
        make_thumbnail(media=media, now=utcnow())
        seen += 1
    return seen


def _made(media: Media) -> Media | None:
    width, height = media.width or SIDE, media.height or SIDE
    with scratch() as source, scratch() as target:
        try:
            with media.opened() as stored, source.open("wb") as out:
                while chunk := stored.read(_CHUNK):
                    out.write(chunk)
            jpeg_variant(source, target, max_bytes=MAX_BYTES, max_width=max(1, SIDE * width // max(width, height)))
            name = f"{PurePosixPath(media.name).stem}.jpg"
            return keep_file(
                media.organization, target, name=name, by=media.created_by, variant_of=media, variant_key=THUMBNAIL
            )
        except (UnreadableMedia, UnableToFetch, FileNotFoundError):
            return None
