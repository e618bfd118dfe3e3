"""What a file really is, read from its bytes: its name and the type somebody claimed count for nothing."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from posts.confined import UnreadableMedia, decode, unreadable

__all__ = ["SNIFFED", "Probe", "UnreadableMedia", "probe", "sniff", "unsupported"]

SNIFFED = 4096  # bytes that ``sniff`` can use
_MARGIN = 65_536  # bytes at either end of a file that are searched for another format

# Major brands of the ISO base media file format that hold video (mp4ra.org, registered brands, read 2026-11).
_MP4 = re.compile(rb"iso[m2-9a-c]|mp4[12]|mp71|avc1|hvc1|hev1|av01|M4V[ HP]|MSNV|dash|msdh|msix|cmfc|mmp4|[Ff]4v ")
_HEIF = frozenset((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis", b"crx "))
_BOXES = frozenset((b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"))  # QuickTime before it had brands
_FOREIGN = re.compile(rb"<script|<html|<!doctype|<svg|<\?php", re.IGNORECASE)

_CODECS = {
    "AVC": "h264", "HEVC": "h265", "VP8": "vp8", "VP9": "vp9", "AV1": "av1", "MPEG-4 Visual": "mpeg4",
    "ProRes": "prores", "AAC": "aac", "Opus": "opus", "Vorbis": "vorbis", "MPEG Audio": "mp3", "PCM": "pcm",
    "AC-3": "ac3", "E-AC-3": "eac3", "ALAC": "alac", "FLAC": "flac",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Probe:
    """The facts of one file. Width and height are as people see it, after any rotation the file asks for."""

    kind: Literal["image", "video"]
    content_type: str
    size: int  # bytes
    width: int  # pixels
    height: int
    duration: float | None = None  # seconds; videos alone
    fps: float | None = None  # frames a second, the average where it varies
    video_codec: str | None = None  # h264, h265, vp8, vp9, av1, or MediaInfo's name in lower case
    audio_codec: str | None = None  # aac, opus, vorbis, mp3, pcm, …; None is silent
    animated: bool = False  # a GIF, WebP or PNG of more than one frame


def sniff(head: bytes) -> str | None:
    """The content type that a file's first bytes (``SNIFFED`` are enough) announce, or None for what we do not take."""
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "image/webp"
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        # the DocType element (RFC 8794, 11.2.4) of the EBML header, which is short
        return "video/webm" if re.search(rb"\x42\x82(?:\x84|[\x40\x20\x10\x08\x01]\x00*\x04)webm", head[:256]) else None
    return _sniff_boxes(head)


def probe(path: Path) -> Probe:
    """The facts of a picture or video. Raises ``UnreadableMedia``; takes a tenth of a second or two."""
    with path.open("rb") as file:
        head = file.read(SNIFFED)
        content_type = sniff(head)
        if not head:
            raise unreadable("MEDIA_EMPTY")
        if content_type is None:
            raise unsupported(head)
        size = file.seek(0, 2)
        if _holds_another(file, size):
            raise unreadable("MEDIA_TWO_FORMATS")
        if content_type.startswith("image/"):
            facts, _ = decode("image", file, content_type=content_type)
            return Probe(
                kind="image",
                content_type=content_type,
                size=size,
                width=facts["width"],
                height=facts["height"],
                animated=facts["animated"],
            )
        facts, _ = decode("video", file, content_type=content_type)
    if facts["duration"] is None:
        raise unreadable("MEDIA_NO_DURATION")
    return Probe(
        kind="video",
        content_type=content_type,
        size=size,
        width=facts["width"],
        height=facts["height"],
        duration=facts["duration"],
        fps=facts["fps"],
        video_codec=_codec(facts["video_codec"]),
        audio_codec=_codec(facts["audio_codec"]),
    )


def _sniff_boxes(head: bytes) -> str | None:
    kind = head[4:8]
    if kind in _BOXES:
        return "video/quicktime"
    if kind != b"ftyp":
        return None
    end = min(int.from_bytes(head[:4], "big"), len(head))
    major, compatible = head[8:12], [head[at : at + 4] for at in range(16, end - 3, 4)]
    if major == b"qt  ":
        return "video/quicktime"
    if major in _HEIF or not any(_MP4.fullmatch(brand) for brand in (major, *compatible)):
        return None
    return "video/mp4"


def unsupported(head: bytes) -> UnreadableMedia:
    """What to say of a file that begins like this and is nothing we take."""
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF:
        return UnreadableMedia(
            "MEDIA_UNSUPPORTED", "HEIC and AVIF pictures are not taken by the networks. Save it as JPEG."
        )
    return unreadable("MEDIA_UNSUPPORTED")


def _holds_another(file: BinaryIO, size: int) -> bool:
    """Whether it would also open as an archive, a document or a web page."""
    file.seek(0)
    begin = file.read(_MARGIN)
    file.seek(max(0, size - _MARGIN))
    end = file.read(_MARGIN)
    return b"%PDF-" in begin[:1024] or bool(_FOREIGN.search(begin) or _FOREIGN.search(end)) or _ends_as_zip(end)


def _ends_as_zip(end: bytes) -> bool:
    """Whether an end-of-central-directory record closes the file (APPNOTE.TXT 6.3.10, 4.3.16)."""
    at = end.rfind(b"PK\x05\x06")
    while at >= 0:
        comment = int.from_bytes(end[at + 20 : at + 22], "little")
        if at + 22 + comment == len(end):
            return True
        at = end.rfind(b"PK\x05\x06", 0, at)
    return False


def _codec(name: str | None) -> str | None:
    return _CODECS.get(name, name.lower()) if name else None
