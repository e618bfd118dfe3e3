"""Runs the decoder in a process of its own, which is told no secret and cannot outlive its limits."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Literal

_DECODER = Path(__file__).with_name("decoder.py")
_WALL = 90.0  # seconds; the decoder stops itself earlier
_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH")  # all it is told: a decoder that was taken over finds no password

_SENTENCES = {
    "MEDIA_EMPTY": "The file is empty.",
    "MEDIA_UNSUPPORTED": "This is no picture or video we know. Use JPEG, PNG, GIF, WebP, MP4, MOV or WebM.",
    "MEDIA_TWO_FORMATS": "The file is two formats in one, which no network takes. Export it again as one of them.",
    "MEDIA_TRUNCATED": "The file is incomplete: it ends before the picture or video does. Upload it again.",
    "MEDIA_BROKEN": "The file is damaged and cannot be read. Export it again from the program it comes from.",
    "MEDIA_TOO_MANY_PIXELS": "The picture has too many pixels. Make it at most 8000 pixels wide and high.",
    "MEDIA_TOO_COMPLEX": "The file takes too much time or memory to read. Export it again in a simpler form.",
    "MEDIA_NO_VIDEO": "The file holds sound but no video.",
    "MEDIA_NO_DURATION": "The video does not say how long it is. Export it again.",
    "MEDIA_CANNOT_FIT": "The picture cannot be made small enough for this network without becoming unreadable.",
}


class UnreadableMedia(Exception):
    """The file cannot be published: ``code`` (``MEDIA_…``) for programs, ``message`` for the person who chose it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def decode(
    command: Literal["image", "video", "jpeg"],
    file: BinaryIO,
    *,
    content_type: str,
    wish: Mapping[str, int | None] | None = None,
) -> tuple[dict[str, Any], bytes]:
    """The decoder's facts and, for ``jpeg``, the picture. Raises ``UnreadableMedia``."""
    file.seek(0)
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and file; what came from outside is standard input
            [sys.executable, "-I", str(_DECODER), command, content_type, json.dumps(wish or {})],
            stdin=file,
            capture_output=True,
            env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
            timeout=_WALL,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise unreadable("MEDIA_TOO_COMPLEX") from None
    if done.returncode < 0:  # a signal: it hit a limit, or the file made it crash
        raise unreadable("MEDIA_TOO_COMPLEX")
    if done.returncode:
        raise RuntimeError(f"The decoder does not work: {done.stderr[-2000:].decode(errors='replace')}")
    line, _, payload = done.stdout.partition(b"\n")
    facts: dict[str, Any] = json.loads(line)
    if "code" in facts:
        raise unreadable(facts["code"])
    return facts, payload


def unreadable(code: str) -> UnreadableMedia:
    """The error of a code, with its sentence."""
    return UnreadableMedia(code, _SENTENCES[code])
