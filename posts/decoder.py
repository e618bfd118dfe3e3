"""Decodes one file that came from outside. Run as a process of its own by ``posts.confined``, never imported.

The file is standard input; the answer is one line of JSON on standard output, after which a picture may follow. Before
the first byte is read the process gives up, for good, most of what a decoder that was taken over could use: memory and
time are limited, and no file or socket can be opened any more.
"""

import io
import json
import os
import resource
import signal
import struct
import sys
from collections.abc import Mapping
from typing import Any, BinaryIO

# Named here, and not found when first needed, as no file can be opened by then.
from PIL import Image, ImageCms, MpoImagePlugin, TiffImagePlugin, WebPImagePlugin
from pymediainfo import MediaInfo

LOADED = (MpoImagePlugin, TiffImagePlugin, WebPImagePlugin)  # beside those that ``Image.preinit`` loads
FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/gif": "GIF", "image/webp": "WEBP"}
ORIENTATION = 0x0112  # EXIF
TURNED = (5, 6, 7, 8)  # orientations that swap width and height

MEMORY = 1 << 30  # bytes of address space
CPU = {"image": 5, "video": 5, "jpeg": 20}  # seconds
MAX_PIXELS = 64_000_000
# Pillow keeps four bytes a pixel, but a JPEG can be decoded at an eighth of its size.
MAX_JPEG_PIXELS = 220_000_000
MAX_SIDE = 30_000  # pixels
MAX_SECONDS = 1_000_000  # of a video; what says more is nonsense

QUALITIES = (90, 82, 74, 66, 58)
SMALLEST = 64  # pixels wide


class Unreadable(Exception):
    """Its argument is the code."""


def confine(*, cpu: int) -> None:
    """Give up what is not needed from here on; ``cpu`` is in seconds."""
    for kind, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, cpu),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 0),
    ):
        _, allowed = resource.getrlimit(kind)
        most = most if allowed == resource.RLIM_INFINITY else min(most, allowed)
        resource.setrlimit(kind, (most, most))
    signal.alarm(4 * cpu)


# Pictures


def webp_size(file: BinaryIO) -> tuple[int, int]:
    """Width and height as the container says (RFC 9649, 2.4 to 2.7): the decoder would take memory for them at once."""
    file.seek(0)
    head = file.read(30)
    if struct.unpack("<I", head[4:8])[0] + 8 > os.fstat(file.fileno()).st_size:
        raise Unreadable("MEDIA_TRUNCATED")
    form, body = head[12:16], head[20:]
    if form == b"VP8X":
        return int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1
    if form == b"VP8L":
        bits = struct.unpack("<I", body[1:5])[0]
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if form == b"VP8 ":
        width, height = struct.unpack("<HH", body[6:10])
        return width & 0x3FFF, height & 0x3FFF
    raise Unreadable("MEDIA_BROKEN")


def gif_ends(file: BinaryIO) -> bool:
    """Whether the blocks lead to the trailer (GIF89a, section 27)."""
    file.seek(0)
    data = file.read()
    at = 13 + (3 << (data[10] & 7) + 1 if data[10] & 0x80 else 0)
    while at < len(data):
        kind = data[at]
        if kind == 0x3B:
            return True
        if kind == 0x21:
            at += 2
        elif kind == 0x2C and at + 9 < len(data):
            packed = data[at + 9]
            at += 11 + (3 << (packed & 7) + 1 if packed & 0x80 else 0)
        else:
            return False
        while at < len(data) and data[at]:
            at += data[at] + 1
        at += 1
    return False


def png_ends(file: BinaryIO) -> bool:
    """Whether the chunks lead to IEND (W3C PNG, third edition, 11.2.4)."""
    size = os.fstat(file.fileno()).st_size
    at = 8
    while at + 12 <= size:
        file.seek(at)
        length, kind = struct.unpack(">I4s", file.read(8))
        at += 12 + length
        if kind == b"IEND":
            return bool(at <= size)
    return False


def check_size(width: int, height: int, content_type: str) -> None:
    """Refuse what would take too much memory, before any is taken."""
    limit = MAX_JPEG_PIXELS if content_type == "image/jpeg" else MAX_PIXELS
    if width * height > limit or max(width, height) > MAX_SIDE:
        raise Unreadable("MEDIA_TOO_MANY_PIXELS")
    if width < 1 or height < 1:
        raise Unreadable("MEDIA_BROKEN")


def opened(file: BinaryIO, content_type: str) -> Image.Image:
    """The picture with its header read, and nothing decoded."""
    if content_type == "image/webp":
        check_size(*webp_size(file), content_type)
    if content_type == "image/gif" and not gif_ends(file):
        raise Unreadable("MEDIA_TRUNCATED")
    if content_type == "image/png" and not png_ends(file):
        raise Unreadable("MEDIA_TRUNCATED")
    file.seek(0)
    image = Image.open(file, formats=[FORMATS[content_type]])
    check_size(image.width, image.height, content_type)
    return image


def orientation(image: Image.Image) -> int:
    """EXIF's 1 to 8; a broken EXIF block is no orientation."""
    try:
        return int(image.getexif().get(ORIENTATION, 1))
    except Exception:
        return 1


def shown_size(image: Image.Image) -> tuple[int, int]:
    """Width and height as people see it."""
    return (image.height, image.width) if orientation(image) in TURNED else (image.width, image.height)


def read_image(file: BinaryIO, content_type: str) -> dict[str, Any]:
    """The facts of a picture that was decoded once, so that a broken one is found here."""
    image = opened(file, content_type)
    width, height = shown_size(image)
    animated = content_type != "image/jpeg" and bool(getattr(image, "is_animated", False))
    image.seek(0)
    if content_type == "image/jpeg":
        image.draft(None, (max(1, image.width // 8), max(1, image.height // 8)))
    load(image)
    return {"width": width, "height": height, "animated": animated}


def load(image: Image.Image) -> None:
    """Decode. Raises ``Unreadable`` for a picture that stops half-way."""
    try:
        image.load()
    except OSError as error:
        raise Unreadable("MEDIA_TRUNCATED" if "truncated" in str(error) else "MEDIA_BROKEN") from error


# Videos


def read_video(file: BinaryIO, content_type: str) -> dict[str, Any]:
    """The facts of a video's container and first tracks."""
    whole = boxes_end(file) if content_type != "video/webm" else segment_ends(file)
    if not whole:
        raise Unreadable("MEDIA_TRUNCATED")
    tracks = inspect(file, 0.5)
    if not duration(tracks):
        # browsers record WebM without saying how long it is
        tracks = inspect(file, 1.0)
    video, audio = first(tracks, "Video"), first(tracks, "Audio")
    if not video:
        raise Unreadable("MEDIA_NO_VIDEO" if audio else "MEDIA_BROKEN")
    width, height = int(float(video["Width"])), int(float(video["Height"]))
    if float(video.get("Rotation") or 0) % 180:
        width, height = height, width
    length, rate = duration(tracks), float(video.get("FrameRate") or 0)
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE and (length is None or 0 < length < MAX_SECONDS)):
        raise Unreadable("MEDIA_BROKEN")
    return {
        "width": width,
        "height": height,
        "duration": length,
        "fps": rate or None,
        "video_codec": video.get("Format"),
        "audio_codec": audio.get("Format"),
    }


def boxes_end(file: BinaryIO) -> bool:
    """Whether the boxes that matter are there up to their end (ISO/IEC 14496-12, 4.2). What follows them may be cut."""
    size = os.fstat(file.fileno()).st_size
    at, described = 0, False
    while at + 8 <= size:
        file.seek(at)
        length, kind, long = struct.unpack(">I4sQ", file.read(16).ljust(16, b"\0"))
        length = long if length == 1 else length or size - at
        if length < 8:
            break
        at += length
        described = described or kind == b"moov"
        if at > size and kind in (b"moov", b"mdat", b"moof"):
            return False
    return described


def segment_ends(file: BinaryIO) -> bool:
    """Whether the segment is there up to its end (RFC 9559, 5.1); a live recording does not say where that is."""
    file.seek(0)
    head = file.read(512)
    header, at = element_size(head, 4)
    at += header or 0
    if head[at : at + 4] != b"\x18\x53\x80\x67":
        return False
    length, begin = element_size(head, at + 4)
    return length is None or begin + length <= os.fstat(file.fileno()).st_size


def element_size(data: bytes, at: int) -> tuple[int | None, int]:
    """An EBML size and where it ends (RFC 8794, 6); all ones are None, unknown."""
    octets = 9 - data[at].bit_length()
    value = int.from_bytes(data[at : at + octets], "big") & (1 << 7 * octets) - 1
    return (None if value == (1 << 7 * octets) - 1 else value), at + octets


def inspect(file: BinaryIO, speed: float) -> list[dict[str, Any]]:
    """What MediaInfo sees. It is given bytes and no name, so that it follows no reference to another file."""
    file.seek(0)
    media = json.loads(MediaInfo.parse(file, output="JSON", parse_speed=speed, full=False)).get("media") or {}
    tracks: list[dict[str, Any]] = media.get("track") or []
    return tracks


def first(tracks: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    """The first track of a kind, or nothing."""
    return next((track for track in tracks if track.get("@type") == kind), {})


def duration(tracks: list[dict[str, Any]]) -> float | None:
    """Seconds."""
    value = first(tracks, "Video").get("Duration") or first(tracks, "General").get("Duration")
    return float(value) if value else None


# A JPEG of any picture


def make_jpeg(file: BinaryIO, content_type: str, wish: Mapping[str, int | None]) -> tuple[dict[str, Any], bytes]:
    """The picture as a JPEG of at most ``max_bytes`` and ``max_width``, at least ``min_width`` wide."""
    max_bytes, max_width, min_width = wish["max_bytes"] or 0, wish["max_width"] or MAX_SIDE, wish["min_width"]
    source = opened(file, content_type)
    turn = orientation(source)
    width, height = shown_size(source)
    target = min(max(width, min_width or 0), max_width)
    wanted = (target, max(1, round(height * target / width)))
    source.draft(None, wanted if turn not in TURNED else (wanted[1], wanted[0]))
    load(source)
    image = flat(source, wanted if turn not in TURNED else (wanted[1], wanted[0]))
    source.close()
    image = upright(image, turn)
    floor = max(min_width or 0, min(SMALLEST, target))
    while True:
        data = b""
        for quality in QUALITIES:
            data = encoded(image, quality)
            if len(data) <= max_bytes:
                return {"width": image.width, "height": image.height}, data
        if image.width <= floor:
            raise Unreadable("MEDIA_CANNOT_FIT")
        smaller = max(floor, int(image.width * min(0.9, (max_bytes / len(data)) ** 0.5)))
        image = image.resize((smaller, max(1, round(image.height * smaller / image.width))), Image.Resampling.LANCZOS)


def flat(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Resized, in sRGB and without transparency, on white."""
    profile = image.info.get("icc_profile")
    if image.mode.startswith("I;16"):
        image = image.convert("I").point(lambda value: value / 257).convert("L")
    elif "transparency" in image.info or image.mode in ("P", "PA", "LA", "La", "RGBa"):
        image = image.convert("RGBA")
    if image.size != size:
        # premultiplied, so that no colour of an invisible pixel bleeds into its neighbours
        image = image.convert("RGBa") if image.mode == "RGBA" else image
        image = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
        image = image.convert("RGBA") if image.mode == "RGBa" else image
    alpha = image.getchannel("A") if image.mode == "RGBA" else None
    image = in_srgb(image.convert("RGB") if alpha else image, profile)
    if alpha:
        white = Image.new("RGB", image.size, (255, 255, 255))
        white.paste(image, mask=alpha)
        return white
    return image


def in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """The same colours without the profile they were described by; an unusable profile is left out."""
    if profile and image.mode in ("RGB", "CMYK", "L"):
        try:
            given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            made = ImageCms.profileToProfile(image, given, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError):
            made = None
        if made is not None:
            return made
    return image.convert("RGB")


def upright(image: Image.Image, turn: int) -> Image.Image:
    """Turned as the EXIF orientation says (CIPA DC-008, 4.6.5)."""
    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
    return image.transpose(turns[turn]) if turn in turns else image


def encoded(image: Image.Image, quality: int) -> bytes:
    """A baseline JPEG with no metadata at all."""
    out = io.BytesIO()
    image.info = {}
    image.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()


def answer(command: str, content_type: str, wish: str) -> tuple[dict[str, Any], bytes]:
    """What was asked for, or the code of what is wrong."""
    file = sys.stdin.buffer
    try:
        if command == "jpeg":
            return make_jpeg(file, content_type, json.loads(wish))
        return (read_video(file, content_type) if command == "video" else read_image(file, content_type)), b""
    except Unreadable as error:
        return {"code": str(error)}, b""
    except MemoryError:
        return {"code": "MEDIA_TOO_COMPLEX"}, b""
    except Exception:  # a decoder may raise anything at all over a malformed file
        return {"code": "MEDIA_BROKEN"}, b""


def main() -> None:
    """``decoder.py image|video|jpeg CONTENT-TYPE WISH < file``."""
    Image.MAX_IMAGE_PIXELS = None  # check_size is stricter
    Image.preinit()
    MediaInfo.can_parse()  # loads the library
    command, content_type, wish = sys.argv[1:]
    confine(cpu=CPU[command])
    facts, payload = answer(command, content_type, wish)
    sys.stdout.buffer.write(json.dumps(facts).encode() + b"\n" + payload)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
