"""Pictures and videos made in code, small and real: decoders read them, and they say what they were asked to say.

Videos are one grey H.264 key frame followed by frames that repeat it (ITU-T H.264, 7.3: every macroblock skipped), with
silent AAC beside it, in an ISO base media file (ISO/IEC 14496-12), or VP8 key frames in WebM (RFC 9559, RFC 9649).
"""

import io
import random
import struct
from collections.abc import Iterable
from functools import lru_cache

from PIL import Image

ORIENTATION = 0x0112  # the EXIF tag
AUDIO_RATE = 48_000  # Hz
AAC_SAMPLES = 1024  # a frame


def picture(width: int, height: int, *, mode: str = "RGB", noise: bool = False, seed: int = 0) -> Image.Image:
    """A gradient, or noise that no encoder makes small. Modes with alpha get a transparent left half."""
    if noise:
        image = Image.frombytes("RGB", (width, height), random.Random(seed).randbytes(width * height * 3))
    else:
        across = Image.linear_gradient("L").rotate(90).resize((width, height))
        down = Image.linear_gradient("L").resize((width, height))
        image = Image.merge("RGB", (across, down, Image.new("L", (width, height), seed % 256)))
    if mode == "RGBA":
        alpha = Image.new("L", (width, height), 255)
        alpha.paste(0, (0, 0, width // 2, height))
        image.putalpha(alpha)
        return image
    return image.convert(mode)


def jpeg(
    width: int = 640,
    height: int = 480,
    *,
    quality: int = 80,
    orientation: int | None = None,
    gps: bool = False,
    mode: str = "RGB",
    noise: bool = False,
    seed: int = 0,
) -> bytes:
    """``orientation`` is EXIF's 1 to 8; ``gps`` adds a place, as telephones do; ``mode`` may be L or CMYK."""
    exif = Image.Exif()
    if orientation is not None:
        exif[ORIENTATION] = orientation
    if gps:
        exif.get_ifd(0x8825).update({1: "N", 2: (47.0, 22.0, 0.0), 3: "E", 4: (8.0, 32.0, 0.0)})
        exif[0x010F] = "Maker of cameras"
    return _saved(picture(width, height, mode=mode, noise=noise, seed=seed), "JPEG", quality=quality, exif=exif)


def png(width: int = 640, height: int = 480, *, mode: str = "RGB", noise: bool = False, seed: int = 0) -> bytes:
    """``mode`` RGBA has a transparent left half."""
    return _saved(picture(width, height, mode=mode, noise=noise, seed=seed), "PNG")


def gif(width: int = 320, height: int = 240, *, frames: int = 1, seed: int = 0) -> bytes:
    """More than one frame makes it move, ten a second."""
    return _animated("GIF", width, height, frames, seed, loop=0, duration=100)


def webp(width: int = 640, height: int = 480, *, frames: int = 1, mode: str = "RGB", seed: int = 0) -> bytes:
    """Lossy; more than one frame makes it move, ten a second."""
    if frames == 1:
        return _saved(picture(width, height, mode=mode, seed=seed), "WEBP", quality=70)
    return _animated("WEBP", width, height, frames, seed, duration=100)


def mp4(
    width: int = 640,
    height: int = 360,
    *,
    seconds: float = 5.0,
    fps: int = 30,
    size: int | None = None,
    audio: bool = True,
    rotation: int = 0,
) -> bytes:
    """H.264 and AAC, playable. ``size`` pads the file to so many bytes; ``rotation`` is 0, 90, 180 or 270 degrees
    clockwise, told in the header as telephones do. Sides are even.
    """
    brands = _box(b"ftyp", b"isom", _u32(512), b"isomiso2avc1mp41")
    return _iso_file(brands, width, height, seconds, fps, size, audio, rotation)


def mov(
    width: int = 640,
    height: int = 360,
    *,
    seconds: float = 5.0,
    fps: int = 30,
    size: int | None = None,
    audio: bool = True,
    rotation: int = 0,
) -> bytes:
    """As ``mp4``, marked as QuickTime."""
    brands = _box(b"ftyp", b"qt  ", _u32(0x20050300), b"qt  ")
    return _iso_file(brands, width, height, seconds, fps, size, audio, rotation)


def webm(
    width: int = 640,
    height: int = 360,
    *,
    seconds: float = 5.0,
    fps: int = 10,
    size: int | None = None,
    live: bool = False,
) -> bytes:
    """VP8 without sound, playable; every frame a key frame, so keep it short. ``live`` says neither its length nor its
    size, as browsers record it.
    """
    frame = _vp8_key_frame(width, height)
    count = max(1, round(seconds * fps))
    info = _ebml(
        "1549A966",
        _ebml("2AD7B1", _number(1_000_000)),  # ticks of a millisecond
        b"" if live else _ebml("4489", struct.pack(">d", count * 1000 / fps)),
        _ebml("4D80", b"tests"),
        _ebml("5741", b"tests"),
    )
    video = _ebml("E0", _ebml("B0", _number(width)), _ebml("BA", _number(height)))
    track = _ebml(
        "AE",
        _ebml("D7", _number(1)),
        _ebml("73C5", _number(1)),
        _ebml("83", _number(1)),
        _ebml("86", b"V_VP8"),
        _ebml("23E383", _number(1_000_000_000 // fps)),
        video,
    )
    clusters = []
    for first in range(0, count, fps):
        blocks = [
            _ebml("A3", b"\x81", struct.pack(">h", round((at - first) * 1000 / fps)), b"\x80", frame)
            for at in range(first, min(first + fps, count))
        ]
        clusters.append(_ebml("1F43B675", _ebml("E7", _number(round(first * 1000 / fps))), *blocks))
    head = _ebml(
        "1A45DFA3",
        *(_ebml(name, _number(value)) for name, value in (("4286", 1), ("42F7", 1), ("42F2", 4), ("42F3", 8))),
        _ebml("4282", b"webm"),
        *(_ebml(name, _number(value)) for name, value in (("4287", 4), ("4285", 2))),
    )
    segment = _ebml("18538067", info, _ebml("1654AE6B", track), *clusters)
    if size is not None:
        spare = size - len(head) - len(segment) - 9
        if spare < 0:
            raise ValueError(f"cannot be as small as {size} bytes")
        segment = _ebml("18538067", info, _ebml("1654AE6B", track), *clusters, _ebml("EC", bytes(spare)))
    if live:
        segment = segment[:4] + b"\x01" + b"\xff" * 7 + segment[12:]
    return head + segment


def _saved(image: Image.Image, form: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def _animated(form: str, width: int, height: int, frames: int, seed: int, **options: object) -> bytes:
    images = [picture(width, height, seed=seed + 40 * number) for number in range(frames)]
    if frames > 1:
        options.update(save_all=True, append_images=images[1:])
    return _saved(images[0], form, **options)


# ---- ISO base media ----


def _u16(*values: int) -> bytes:
    return b"".join(struct.pack(">H", value) for value in values)


def _u32(*values: int) -> bytes:
    return b"".join(struct.pack(">I", value) for value in values)


def _box(name: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return _u32(8 + len(body)) + name + body


def _full(name: bytes, *parts: bytes, version: int = 0, flags: int = 0) -> bytes:
    return _box(name, _u32(version << 24 | flags), *parts)


def _matrix(rotation: int, width: int, height: int) -> bytes:
    one = 1 << 16
    a, b, c, d, x, y = {
        0: (one, 0, 0, one, 0, 0),
        90: (0, one, -one, 0, height << 16, 0),
        180: (-one, 0, 0, -one, width << 16, height << 16),
        270: (0, -one, one, 0, 0, width << 16),
    }[rotation]
    return struct.pack(">9i", a, b, 0, c, d, 0, x, y, 1 << 30)


def _iso_file(
    ftyp: bytes, width: int, height: int, seconds: float, fps: int, size: int | None, audio: bool, rotation: int
) -> bytes:
    frames = h264_frames(width, height, max(1, round(seconds * fps)))
    picture_bytes = b"".join(frames)
    silence = _aac_silence()
    sounds = max(1, round(seconds * AUDIO_RATE / AAC_SAMPLES)) if audio else 0

    def movie(start: int) -> bytes:
        milliseconds = round(seconds * 1000)
        traks = [_video_trak(width, height, fps, [len(frame) for frame in frames], start, milliseconds, rotation)]
        if audio:
            traks.append(_audio_trak(sounds, len(silence), start + len(picture_bytes), milliseconds))
        header = _full(
            b"mvhd", _u32(0, 0, 1000, milliseconds, 1 << 16), _u16(0x0100), bytes(10),
            _matrix(0, 0, 0), bytes(24), _u32(len(traks) + 1),
        )  # fmt: skip
        return _box(b"moov", header, *traks)

    samples = picture_bytes + silence * sounds
    head = len(ftyp) + len(movie(0)) + 8
    spare = 0 if size is None else size - head - len(samples)
    if spare < 0:
        raise ValueError(f"cannot be as small as {size} bytes")
    return ftyp + movie(head) + _box(b"mdat", samples, bytes(spare))


def _trak(
    number: int, milliseconds: int, shape: bytes, handler: bytes, media_header: bytes, scale: int, length: int,
    stbl: bytes, volume: int = 0,
) -> bytes:  # fmt: skip
    tkhd = _full(
        b"tkhd", _u32(0, 0, number, 0, milliseconds), bytes(8), _u16(0, 0, volume, 0), shape, flags=3
    )  # fmt: skip
    mdhd = _full(b"mdhd", _u32(0, 0, scale, length), _u16(0x55C4, 0))
    hdlr = _full(b"hdlr", _u32(0), handler, bytes(12), b"tests\0")
    dinf = _box(b"dinf", _full(b"dref", _u32(1), _full(b"url ", flags=1)))
    return _box(b"trak", tkhd, _box(b"mdia", mdhd, hdlr, _box(b"minf", media_header, dinf, stbl)))


def _video_trak(
    width: int, height: int, fps: int, sizes: list[int], start: int, milliseconds: int, rotation: int
) -> bytes:
    sps, pps = _sps(width, height), _pps()
    avcc = _box(
        b"avcC", bytes((1, sps[1], sps[2], sps[3], 0xFF, 0xE1)), _u16(len(sps)), sps, b"\x01", _u16(len(pps)), pps
    )
    entry = _box(
        b"avc1", bytes(6), _u16(1), bytes(16), _u16(width, height), _u32(72 << 16, 72 << 16, 0), _u16(1),
        bytes(32), _u16(24, 0xFFFF), avcc,
    )  # fmt: skip
    scale = 1000 * fps
    stbl = _box(
        b"stbl",
        _full(b"stsd", _u32(1), entry),
        _full(b"stts", _u32(1, len(sizes), 1000)),
        _full(b"stss", _u32(1, 1)),
        _full(b"stsc", _u32(1, 1, len(sizes), 1)),
        _full(b"stsz", _u32(0, len(sizes)), struct.pack(f">{len(sizes)}I", *sizes)),
        _full(b"stco", _u32(1, start)),
    )
    shape = _matrix(rotation, width, height) + _u32(width << 16, height << 16)
    return _trak(1, milliseconds, shape, b"vide", _full(b"vmhd", bytes(8), flags=1), scale, len(sizes) * 1000, stbl)


def _audio_trak(count: int, each: int, start: int, milliseconds: int) -> bytes:
    config = _Bits().u(5, 2).u(4, 3).u(4, 1).u(3, 0).done(stop=False)  # AAC LC, 48 kHz, one channel
    decoder = _descriptor(4, b"\x40\x15" + bytes(3) + _u32(16_000, 16_000), _descriptor(5, config))
    esds = _full(b"esds", _descriptor(3, _u16(2), b"\0", decoder, _descriptor(6, b"\x02")))
    entry = _box(
        b"mp4a", bytes(6), _u16(1), bytes(8), _u16(1, 16, 0, 0), _u32(AUDIO_RATE << 16), esds
    )  # fmt: skip
    stbl = _box(
        b"stbl",
        _full(b"stsd", _u32(1), entry),
        _full(b"stts", _u32(1, count, AAC_SAMPLES)),
        _full(b"stsc", _u32(1, 1, count, 1)),
        _full(b"stsz", _u32(each, count)),
        _full(b"stco", _u32(1, start)),
    )
    length = count * AAC_SAMPLES
    shape = _matrix(0, 0, 0) + _u32(0, 0)
    return _trak(2, milliseconds, shape, b"soun", _full(b"smhd", bytes(4)), AUDIO_RATE, length, stbl, volume=0x0100)


def _descriptor(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return bytes((tag, len(body))) + body


# ---- H.264 and AAC, bit by bit ----


class _Bits:
    """Bits in the order they are written: fixed width, and Exp-Golomb numbers (ITU-T H.264, 9.1)."""

    def __init__(self) -> None:
        self._text: list[str] = []

    def u(self, width: int, value: int) -> "_Bits":
        self._text.append(f"{value:0{width}b}")
        return self

    def ue(self, *values: int) -> "_Bits":
        for value in values:
            code = f"{value + 1:b}"
            self._text.append("0" * (len(code) - 1) + code)
        return self

    def raw(self, text: str) -> "_Bits":
        self._text.append(text)
        return self

    def done(self, *, stop: bool = True) -> bytes:
        text = "".join(self._text) + ("1" if stop else "")
        text += "0" * (-len(text) % 8)
        return int(text, 2).to_bytes(len(text) // 8, "big")


def _escaped(payload: bytes) -> bytes:
    """Emulation prevention (7.4.1): no start code inside a unit."""
    out = bytearray()
    zeros = 0
    for byte in payload:
        if zeros >= 2 and byte <= 3:
            out.append(3)
            zeros = 0
        out.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return bytes(out)


def _blocks(side: int) -> int:
    return -(-side // 16)


def _sps(width: int, height: int) -> bytes:
    if width % 2 or height % 2:
        raise ValueError("the sides of a video are even numbers")
    right, below = (_blocks(width) * 16 - width) // 2, (_blocks(height) * 16 - height) // 2
    bits = _Bits().u(8, 66).u(8, 0xC0).u(8, 52).ue(0, 0, 2, 1).u(1, 0)
    bits.ue(_blocks(width) - 1, _blocks(height) - 1).u(1, 1).u(1, 1)
    bits.u(1, 1).ue(0, right, 0, below).u(1, 0)
    return b"\x67" + _escaped(bits.done())


def _pps() -> bytes:
    return b"\x68" + _escaped(_Bits().ue(0, 0).u(2, 0).ue(0, 0, 0).u(3, 0).ue(0, 0, 0).u(1, 1).u(2, 0).done())


@lru_cache(maxsize=32)
def _units(width: int, height: int) -> tuple[bytes, tuple[bytes, ...]]:
    """The key frame, and the frame that repeats it for each of the sixteen frame numbers."""
    blocks = _blocks(width) * _blocks(height)
    # a macroblock: Intra 16x16 predicted from its neighbours' mean, no residual: 00100 1 1 1
    key = _Bits().ue(0, 7, 0).u(4, 0).ue(0).u(2, 0).ue(0, 1).raw("00100111" * blocks)
    repeats = tuple(_Bits().ue(0, 5, 0).u(4, number).u(2, 0).u(1, 0).ue(0, 1).ue(blocks).done() for number in range(16))
    return _sized(b"\x65", key.done()), tuple(_sized(b"\x41", repeat) for repeat in repeats)


def _sized(header: bytes, payload: bytes) -> bytes:
    unit = header + _escaped(payload)
    return _u32(len(unit)) + unit


def h264_frames(width: int, height: int, count: int) -> list[bytes]:
    """So many frames of a still grey picture, each with its length before it."""
    key, repeats = _units(width, height)
    return [key, *(repeats[number % 16] for number in range(1, count))]


def _aac_silence() -> bytes:
    """One single channel element that codes no band, then the end (ISO/IEC 14496-3, 4.4.2.1)."""
    return _Bits().u(3, 0).u(4, 0).u(8, 100).u(1, 0).u(2, 0).u(1, 0).u(6, 0).u(1, 0).u(3, 0).u(3, 7).done(stop=False)


# ---- WebM ----


def _ebml(name: str, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return bytes.fromhex(name) + struct.pack(">Q", 1 << 56 | len(body)) + body


def _number(value: int) -> bytes:
    return value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big")


def _vp8_key_frame(width: int, height: int) -> bytes:
    """What a lossy WebP carries in its VP8 chunk (RFC 9649, 2.5) is a VP8 key frame."""
    data = _saved(Image.new("RGB", (width, height), (90, 120, 160)), "WEBP", quality=50)
    for name, body in _riff_chunks(data):
        if name == b"VP8 ":
            return body
    raise AssertionError("the WebP encoder wrote no VP8 chunk")


def _riff_chunks(data: bytes) -> Iterable[tuple[bytes, bytes]]:
    at = 12
    while at + 8 <= len(data):
        length = struct.unpack("<I", data[at + 4 : at + 8])[0]
        yield data[at : at + 4], data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2
