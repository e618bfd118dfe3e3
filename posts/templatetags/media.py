"""What templates say of files in one way."""

from typing import Any

from django import template

from posts.media import EXTENSIONS, LIBRARY_MAX_BYTES
from posts.models import Media

register = template.Library()

_FORMATS = {
    "image/jpeg": "JPEG", "image/png": "PNG", "image/gif": "GIF", "image/webp": "WebP",
    "video/mp4": "MP4", "video/quicktime": "QuickTime", "video/webm": "WebM",
}  # fmt: skip


@register.simple_tag
def upload_limits() -> dict[str, Any]:
    """For ``<media-upload>``: content types and bytes, as the upload takes them."""
    return {
        "accept": ",".join(EXTENSIONS),
        "image": LIBRARY_MAX_BYTES["image"],
        "video": LIBRARY_MAX_BYTES["video"],
        "words": f"Pictures up to {LIBRARY_MAX_BYTES['image'] // 1_000_000} MB, "
        f"videos up to {LIBRARY_MAX_BYTES['video'] // 1_000_000_000} GB.",
    }


@register.filter
def sort(media: Media) -> str:
    """What it is, as people say it: Picture (JPEG)."""
    word = "Video" if media.kind == "video" else "Picture"
    return f"{word} ({_FORMATS.get(media.content_type, media.content_type)})"


@register.filter
def megabytes(size: int) -> str:
    """Bytes in the unit people would say: 812 kB, 4.2 MB, 1.3 GB, each a thousand of the one before."""
    for unit, bytes_ in (("GB", 1_000_000_000), ("MB", 1_000_000)):
        if size >= bytes_:
            return f"{size / bytes_:.1f} {unit}"
    return f"{max(1, round(size / 1000))} kB" if size else "0 kB"


@register.filter
def length(seconds: float | None) -> str:
    """Seconds as a player shows them: 0:07, 12:30, 1:02:03."""
    if seconds is None:
        return ""
    whole = round(seconds)
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
