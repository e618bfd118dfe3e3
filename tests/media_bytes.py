"""Small files that are what they say they are, as far as their first bytes tell."""

import random

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + b"\x00" * 64 + b"\xff\xd9"
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 64


def mp4(size: int) -> bytes:
    """An MP4's first box and then noise that is the same each time, so that a lost or doubled byte shows."""
    head = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"
    return head + random.Random(size).randbytes(size - len(head))
