"""A file is what its bytes say, is read whole or refused with a sentence, and cannot hurt whoever asks."""

import contextlib
import io
import json
import random
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from posts.probe import SNIFFED, Probe, UnreadableMedia, probe, sniff
from tests import media_files as media


@pytest.fixture
def probed(tmp_path: Path) -> Callable[[bytes], Probe]:
    def ask(content: bytes) -> Probe:
        # the name promises something else, and counts for nothing
        path = tmp_path / "holiday.txt"
        path.write_bytes(content)
        return probe(path)

    return ask


Ask = Callable[[bytes], Probe]


def saved(image: Image.Image, form: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def phone_picture() -> bytes:
    """A picture with a second one behind it, as telephones write (CIPA DC-007)."""
    return saved(media.picture(400, 300), "MPO", save_all=True, append_images=[media.picture(200, 150)])


def moving_png() -> bytes:
    return saved(media.picture(40, 30), "PNG", save_all=True, append_images=[media.picture(40, 30, seed=99)])


PICTURES: dict[str, tuple[Callable[[], bytes], tuple[str, int, int, bool]]] = {
    "jpeg": (lambda: media.jpeg(640, 480), ("image/jpeg", 640, 480, False)),
    "jpeg, lying": (lambda: media.jpeg(640, 480, orientation=6, gps=True), ("image/jpeg", 480, 640, False)),
    "jpeg, upside down": (lambda: media.jpeg(640, 480, orientation=3), ("image/jpeg", 640, 480, False)),
    "jpeg, grey": (lambda: media.jpeg(64, 48, mode="L"), ("image/jpeg", 64, 48, False)),
    "jpeg, for print": (lambda: media.jpeg(64, 48, mode="CMYK"), ("image/jpeg", 64, 48, False)),
    "jpeg, progressive": (
        lambda: saved(media.picture(64, 48), "JPEG", progressive=True), ("image/jpeg", 64, 48, False),
    ),
    "jpeg, two in one": (phone_picture, ("image/jpeg", 400, 300, False)),
    "jpeg, with a tail": (lambda: media.jpeg(64, 48) + bytes(5000), ("image/jpeg", 64, 48, False)),
    "png": (lambda: media.png(640, 480), ("image/png", 640, 480, False)),
    "png, transparent": (lambda: media.png(64, 48, mode="RGBA"), ("image/png", 64, 48, False)),
    "png, moving": (moving_png, ("image/png", 40, 30, True)),
    "gif": (lambda: media.gif(320, 240), ("image/gif", 320, 240, False)),
    "gif, moving": (lambda: media.gif(320, 240, frames=3), ("image/gif", 320, 240, True)),
    "webp": (lambda: media.webp(640, 480), ("image/webp", 640, 480, False)),
    "webp, lossless": (lambda: saved(media.picture(64, 48), "WEBP", lossless=True), ("image/webp", 64, 48, False)),
    "webp, transparent": (lambda: media.webp(64, 48, mode="RGBA"), ("image/webp", 64, 48, False)),
    "webp, moving": (lambda: media.webp(640, 480, frames=4), ("image/webp", 640, 480, True)),
}  # fmt: skip


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture(name: str, probed: Ask) -> None:
    make, (content_type, width, height, animated) = PICTURES[name]
    content = make()
    assert probed(content) == Probe(
        kind="image", content_type=content_type, size=len(content), width=width, height=height, animated=animated
    )


VIDEOS: dict[str, tuple[Callable[[], bytes], dict[str, Any]]] = {
    "mp4": (
        lambda: media.mp4(1080, 1920, seconds=7.5, fps=25),
        {"content_type": "video/mp4", "width": 1080, "height": 1920, "duration": 7.5, "fps": 25.0},
    ),
    "mp4, lying": (lambda: media.mp4(640, 360, rotation=90), {"width": 360, "height": 640}),
    "mp4, upside down": (lambda: media.mp4(640, 360, rotation=180), {"width": 640, "height": 360}),
    "mp4, silent": (lambda: media.mp4(audio=False), {"audio_codec": None, "video_codec": "h264"}),
    "mp4, large": (lambda: media.mp4(size=20_000_000, seconds=60), {"duration": 60.0, "size": 20_000_000}),
    "mp4, with a tail": (lambda: media.mp4() + bytes(100), {"duration": 5.0}),
    "mov": (
        lambda: media.mov(640, 360),
        {"content_type": "video/quicktime", "video_codec": "h264", "audio_codec": "aac", "fps": 30.0},
    ),
    "webm": (
        lambda: media.webm(320, 240, seconds=3),
        {"content_type": "video/webm", "width": 320, "height": 240, "duration": 3.0, "video_codec": "vp8"},
    ),
    "webm, as a browser records": (lambda: media.webm(320, 240, seconds=3, live=True), {"duration": 3.0, "width": 320}),
}


@pytest.mark.parametrize("name", VIDEOS)
def test_a_video(name: str, probed: Ask) -> None:
    make, expected = VIDEOS[name]
    content = make()
    found = probed(content)
    assert found.kind == "video"
    assert found.size == len(content)
    for fact, value in expected.items():
        assert getattr(found, fact) == (pytest.approx(value) if isinstance(value, float) else value), fact


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.txt", "hello")
    return out.getvalue()


def heic() -> bytes:
    return struct.pack(">I", 24) + b"ftypheic" + bytes(4) + b"mif1heic" + bytes(500)


def sound_alone() -> bytes:
    whole = media.mp4()
    # the video's track goes by a name no reader looks for
    at = whole.index(b"trak")
    return whole[:at] + b"free" + whole[at + 4 :]


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", "MEDIA_EMPTY"),
    "text": (lambda: b"hello", "MEDIA_UNSUPPORTED"),
    "html": (lambda: b"<!DOCTYPE html><img src=x onerror=alert(1)>", "MEDIA_UNSUPPORTED"),
    "svg": (lambda: b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "MEDIA_UNSUPPORTED"),
    "zip": (zipped, "MEDIA_UNSUPPORTED"),
    "pdf": (lambda: b"%PDF-1.7\n", "MEDIA_UNSUPPORTED"),
    "tiff": (lambda: saved(media.picture(10, 10), "TIFF"), "MEDIA_UNSUPPORTED"),
    "bmp": (lambda: saved(media.picture(10, 10), "BMP"), "MEDIA_UNSUPPORTED"),
    "heic": (heic, "MEDIA_UNSUPPORTED"),
    "avif": (lambda: saved(media.picture(64, 64), "AVIF"), "MEDIA_UNSUPPORTED"),
    "sound": (lambda: struct.pack(">I", 24) + b"ftypM4A " + bytes(4) + b"M4A M4A " + bytes(500), "MEDIA_UNSUPPORTED"),
    "matroska": (lambda: media.webm(64, 48, seconds=1).replace(b"webm", b"mkv_"), "MEDIA_UNSUPPORTED"),
    "playlist": (lambda: b"#EXTM3U\nhttp://169.254.169.254/\n", "MEDIA_UNSUPPORTED"),
    "jpeg and zip": (lambda: media.jpeg() + zipped(), "MEDIA_TWO_FORMATS"),
    "mp4 and zip": (lambda: media.mp4() + zipped(), "MEDIA_TWO_FORMATS"),
    "gif and script": (lambda: b"GIF89a/*" + media.gif()[8:] + b"*/=1;<ScRiPt>alert(1)</script>", "MEDIA_TWO_FORMATS"),
    "png and php": (lambda: media.png(noise=True) + b"<?php system($_GET[0]);", "MEDIA_TWO_FORMATS"),
    "jpeg and pdf": (lambda: media.jpeg()[:20] + b"%PDF-1.4" + media.jpeg()[20:], "MEDIA_TWO_FORMATS"),
    "jpeg, half": (lambda: media.jpeg()[:6000], "MEDIA_TRUNCATED"),
    "png, half": (lambda: media.png(noise=True)[:60_000], "MEDIA_TRUNCATED"),
    "png, without its end": (lambda: media.png()[:-12], "MEDIA_TRUNCATED"),
    "gif, half": (lambda: media.gif()[:5000], "MEDIA_TRUNCATED"),
    "gif, moving, cut in the last picture": (lambda: media.gif(frames=3)[:-2000], "MEDIA_TRUNCATED"),
    "webp, half": (lambda: media.webp()[:1500], "MEDIA_TRUNCATED"),
    "mp4, half": (lambda: media.mp4(size=500_000)[:300_000], "MEDIA_TRUNCATED"),
    "mp4, cut before its description": (
        lambda: struct.pack(">I", 16) + b"ftypisom" + bytes(4) + b"\0\0\x10\0mdat", "MEDIA_TRUNCATED",
    ),
    "webm, half": (lambda: media.webm(seconds=1)[:-2000], "MEDIA_TRUNCATED"),
    "jpeg, made up": (lambda: b"\xff\xd8\xff" + bytes(900), "MEDIA_BROKEN"),
    "png, with a wrong sum": (lambda: media.png()[:29] + b"\0\0\0\0" + media.png()[33:], "MEDIA_BROKEN"),
    "mp4, without a picture": (sound_alone, "MEDIA_NO_VIDEO"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name: str, probed: Ask) -> None:
    make, code = REFUSED[name]
    with pytest.raises(UnreadableMedia) as caught:
        probed(make())
    assert caught.value.code == code
    assert caught.value.message.endswith(".")
    assert caught.value.message == str(caught.value)


@pytest.mark.parametrize("name", [*PICTURES, *VIDEOS])
def test_the_first_bytes_are_enough_for_the_type(name: str) -> None:
    make, expected = (PICTURES | VIDEOS)[name]
    announced = expected.get("content_type") if isinstance(expected, dict) else expected[0]
    found = sniff(make()[:SNIFFED])
    assert found is not None
    assert announced in (None, found)


def test_the_first_bytes_of_anything_else_are_nothing() -> None:
    for junk in (
        b"",
        b"\xff\xd8",
        b"RIFF\0\0\0\0AVI ",
        b"\0\0\0\x18ftypheic",
        b"\0\0\0\x08ftyp",
        b"OggS",
        b"ID3",
        b"PK\x03\x04",
    ):
        assert sniff(junk) is None  # fmt: skip


# Bombs


def png_of(width: int, height: int, *, depth: int = 8, colour: int = 2, pixels: bytes = b"") -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def zeros(count: int) -> bytes:
    """A zlib stream of so many zero bytes, made of the same block again and again (RFC 1950, 1951)."""
    block = 1_000_000
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    once = packer.compress(bytes(block)) + packer.flush(zlib.Z_FULL_FLUSH)
    times = -(-count // block)
    total = (times * block % 65521) << 16 | 1
    return b"\x78\x9c" + once * times + b"\x03\x00" + struct.pack(">I", total)


BOMBS: dict[str, Callable[[], bytes]] = {
    "png of 50,000 by 50,000, one bit a pixel, whole": lambda: png_of(
        50_000, 50_000, depth=1, colour=0, pixels=zeros(50_000 * 6251)
    ),
    "png of 50,000 by 50,000 by its header": lambda: png_of(50_000, 50_000, pixels=zlib.compress(b"")),
    "png, one long line": lambda: png_of(2_000_000, 1, pixels=zlib.compress(b"")),
    "gif of 65,535 by 65,535": lambda: b"GIF89a\xff\xff\xff\xff" + media.gif()[10:],
    "webp of 16,384 by 16,384": lambda: (
        b"RIFF\xfe\3\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + b"\xff\x3f\0" * 2 + bytes(1000)
    ),
    "jpeg of 65,500 by 65,500": lambda: media.jpeg(640, 480).replace(
        struct.pack(">HH", 480, 640), struct.pack(">HH", 65_500, 65_500), 1
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_a_picture_of_too_many_pixels_is_refused_by_its_header(name: str, probed: Ask) -> None:
    with pytest.raises(UnreadableMedia) as caught:
        probed(BOMBS[name]())
    assert caught.value.code == "MEDIA_TOO_MANY_PIXELS"


def test_a_bomb_takes_no_memory_from_anyone(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb"
    bomb.write_bytes(BOMBS["png of 50,000 by 50,000, one bit a pixel, whole"]())
    asking = """
import json, re, resource, sys
from pathlib import Path
from posts.probe import UnreadableMedia, probe
try:
    probe(Path(sys.argv[1]))
except UnreadableMedia as error:
    own = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
    print(json.dumps([error.code, own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss]))
"""
    said = subprocess.run([sys.executable, "-c", asking, bomb], capture_output=True, check=True, timeout=120)
    code, own, decoders = json.loads(said.stdout)
    assert code == "MEDIA_TOO_MANY_PIXELS"
    assert own < 100_000  # KiB, the interpreter itself included
    assert decoders < 150_000


def test_a_large_picture_that_is_honest_is_read(probed: Ask) -> None:
    found = probed(png_of(8000, 8000, depth=1, colour=0, pixels=zeros(8000 * 1001)))
    assert (found.width, found.height) == (8000, 8000)


def test_whatever_is_done_to_a_file_the_answer_is_facts_or_a_refusal(probed: Ask) -> None:
    dice = random.Random(33)
    files = [
        media.mp4(seconds=1),
        media.mov(seconds=1),
        media.webm(64, 48, seconds=1),
        media.jpeg(),
        media.webp(frames=2),
    ]
    for turn in range(15):
        content = bytearray(files[turn % len(files)])
        for _ in range(dice.choice((1, 5, 40))):
            at = dice.randrange(12, len(content) - 4)
            content[at : at + 4] = dice.choice((b"\xff\xff\xff\xff", b"\0\0\0\0", dice.randbytes(4), b""))
        with contextlib.suppress(UnreadableMedia):
            found = probed(bytes(content))
            assert found.width > 0
            assert found.height > 0
