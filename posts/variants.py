"""Makes the JPEG that a network takes out of a picture it does not."""

import os
import tempfile
from pathlib import Path

from posts.confined import UnreadableMedia, decode
from posts.probe import SNIFFED, Probe, sniff


def jpeg_variant(
    source: Path, target: Path, *, max_bytes: int, max_width: int | None, min_width: int | None = None
) -> Probe:
    """Write ``source`` as a JPEG to ``target``, whole or not at all, and tell its facts.

    Turned as its EXIF says, in sRGB, without any metadata (a place, say), on white where it was transparent, the first
    frame where it moved. At most ``max_width`` pixels wide, enlarged to ``min_width`` where it is narrower; quality
    and then size go down until it has at most ``max_bytes``. Raises ``UnreadableMedia``.
    """
    with source.open("rb") as file:
        content_type = sniff(file.read(SNIFFED)) or ""
        if not content_type.startswith("image/"):
            raise UnreadableMedia("MEDIA_UNSUPPORTED", "Only a picture can be made into a JPEG.")
        wish = {"max_bytes": max_bytes, "max_width": max_width, "min_width": min_width}
        facts, picture = decode("jpeg", file, content_type=content_type, wish=wish)
    handle, part = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(picture)
        Path(part).replace(target)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise
    return Probe(
        kind="image", content_type="image/jpeg", size=len(picture), width=facts["width"], height=facts["height"]
    )
