"""What a media file really is, read from its bytes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PIL import Image


class UnreadableMedia(Exception):
    """The bytes are no media that can be published."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, kw_only=True)
class Probe:
    """The facts of a file."""

    kind: Literal["image", "video"]
    content_type: str
    size: int
    width: int | None = None
    height: int | None = None
    duration: float | None = None


def sniff(head: bytes) -> str | None:
    """The content type by the first bytes."""
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG"):
        return "image/png"
    return "video/mp4" if head[4:8] == b"ftyp" else None


def probe(path: Path) -> Probe:
    """Read a file's facts. Raises ``UnreadableMedia``."""
    with path.open("rb") as file:
        kind = sniff(file.read(64))
    if kind is None:
        raise UnreadableMedia("MEDIA_UNREADABLE", "This file is neither an image nor a video that can be published.")
    if kind.startswith("video"):
        return Probe(kind="video", content_type=kind, size=path.stat().st_size)
    with Image.open(path) as image:
        width, height = image.size
    return Probe(kind="image", content_type=kind, size=path.stat().st_size, width=width, height=height)
