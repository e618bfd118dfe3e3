"""The JPEG made for a network looks like the picture, fits, and tells nothing about where it was taken."""

import io
from pathlib import Path

import pytest
from PIL import Image, ImageCms, ImageOps

from posts.probe import Probe, UnreadableMedia, probe
from posts.variants import jpeg_variant
from tests import media_files as media


def variant(
    folder: Path, content: bytes, *, max_bytes: int = 1_000_000, max_width: int = 1440, min_width: int | None = None
) -> tuple[Probe, Image.Image]:
    source, target = folder / "source", folder / "target.jpg"
    source.write_bytes(content)
    made = jpeg_variant(source, target, max_bytes=max_bytes, max_width=max_width, min_width=min_width)
    assert made == probe(target)
    assert made.size <= max_bytes
    assert made.width <= max_width
    image = Image.open(io.BytesIO(target.read_bytes()))
    image.load()
    return made, image


def near(found: object, wanted: tuple[int, ...], by: int = 12) -> bool:
    assert isinstance(found, tuple)
    return all(abs(one - other) <= by for one, other in zip(found, wanted, strict=True))


def quarters(mode: str = "RGB") -> Image.Image:
    """Four colours in the corners, so that every turn and mirror shows."""
    image = Image.new(mode, (320, 160), "red")
    image.paste("lime", (160, 0, 320, 80))
    image.paste("blue", (0, 80, 160, 160))
    image.paste("white", (160, 80, 320, 160))
    return image


def saved(image: Image.Image, form: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


@pytest.mark.parametrize("turn", range(1, 9))
def test_it_stands_as_people_saw_it(tmp_path: Path, turn: int) -> None:
    exif = Image.Exif()
    exif[media.ORIENTATION] = turn
    content = saved(quarters(), "JPEG", quality=95, exif=exif)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
    assert upright is not None
    made, image = variant(tmp_path, content)
    assert (made.width, made.height) == upright.size
    for x in (0.25, 0.75):
        for y in (0.25, 0.75):
            at = (int(made.width * x), int(made.height * y))
            seen = upright.getpixel(at)
            assert isinstance(seen, tuple)
            assert near(image.getpixel(at), seen)


def test_nothing_is_told_of_place_and_camera(tmp_path: Path) -> None:
    content = media.jpeg(gps=True, orientation=6)
    assert b"Maker of cameras" in content
    _, image = variant(tmp_path, content)
    written = (tmp_path / "target.jpg").read_bytes()
    assert b"Maker of cameras" not in written
    assert b"Exif" not in written
    assert not image.getexif()
    _, image = variant(tmp_path, saved(quarters(), "JPEG", comment=b"at home", dpi=(300, 300), xmp=b"<x:xmpmeta/>"))
    assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


@pytest.mark.parametrize("form", ["PNG", "WEBP", "GIF", "palette", "grey"])
def test_what_was_transparent_is_white(tmp_path: Path, form: str) -> None:
    clear = quarters("RGBA")
    clear.paste((0, 0, 0, 0), (0, 0, 160, 160))
    content = {
        "PNG": lambda: saved(clear, "PNG"),
        "WEBP": lambda: saved(clear, "WEBP", lossless=True),
        "GIF": lambda: saved(clear, "GIF"),
        "palette": lambda: saved(clear.quantize(8), "PNG"),
        "grey": lambda: saved(clear.convert("LA"), "PNG"),
    }[form]()
    _, image = variant(tmp_path, content, max_width=200)
    assert image.mode == "RGB"
    assert near(image.getpixel((20, 20)), (255, 255, 255))
    assert near(image.getpixel((20, 80)), (255, 255, 255))
    lime = (0, 255, 0) if form != "grey" else (150, 150, 150)
    assert near(image.getpixel((150, 20)), lime)


@pytest.mark.parametrize("mode", ["CMYK", "L"])
def test_other_colour_models_become_rgb(tmp_path: Path, mode: str) -> None:
    made, image = variant(tmp_path, media.jpeg(64, 48, mode=mode))
    assert (image.mode, made.content_type) == ("RGB", "image/jpeg")


def test_sixteen_bits_a_pixel_keep_their_brightness(tmp_path: Path) -> None:
    _, image = variant(tmp_path, saved(Image.new("I;16", (64, 48), 0x8000), "PNG"))
    assert near(image.getpixel((30, 20)), (128, 128, 128), by=3)


def test_a_colour_profile_is_applied_before_it_is_left_out(tmp_path: Path) -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # red and green change places, so that what the file calls red is to be seen as green
    swapped = srgb.replace(b"rXYZ", b"----").replace(b"gXYZ", b"rXYZ").replace(b"----", b"gXYZ")
    red = Image.new("RGB", (64, 48), (255, 0, 0))
    _, image = variant(tmp_path, saved(red, "PNG", icc_profile=swapped))
    assert near(image.getpixel((30, 20)), (0, 255, 0))
    _, image = variant(tmp_path, saved(red, "PNG", icc_profile=b"no profile at all" * 20))
    assert near(image.getpixel((30, 20)), (255, 0, 0))


def test_a_moving_picture_stands_still_at_its_beginning(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (64, 48), colour) for colour in ("red", "lime", "blue")]
    _, image = variant(tmp_path, saved(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert near(image.getpixel((30, 20)), (255, 0, 0))


def test_it_is_made_narrower_and_keeps_its_shape(tmp_path: Path) -> None:
    made, _ = variant(tmp_path, media.jpeg(3000, 2000), max_width=1440)
    assert (made.width, made.height) == (1440, 960)
    made, _ = variant(tmp_path, media.jpeg(3000, 2000, orientation=8), max_width=1000)
    assert (made.width, made.height) == (1000, 1500)


def test_a_narrow_one_is_enlarged_to_the_least_width(tmp_path: Path) -> None:
    made, _ = variant(tmp_path, media.png(100, 50), min_width=320)
    assert (made.width, made.height) == (320, 160)
    made, _ = variant(tmp_path, media.png(100, 50))
    assert (made.width, made.height) == (100, 50)


def test_quality_goes_first_and_then_size(tmp_path: Path) -> None:
    noise = media.jpeg(1200, 900, noise=True, quality=95)
    roomy, _ = variant(tmp_path, noise, max_bytes=1_000_000)
    assert roomy.width == 1200
    tight, _ = variant(tmp_path, noise, max_bytes=60_000)
    assert tight.width < 1200
    assert tight.size > 30_000


def test_what_cannot_fit_is_refused_and_nothing_is_left_behind(tmp_path: Path) -> None:
    with pytest.raises(UnreadableMedia) as caught:
        variant(tmp_path, media.jpeg(1200, 900, noise=True), max_bytes=5000, min_width=1000)
    assert caught.value.code == "MEDIA_CANNOT_FIT"
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


@pytest.mark.parametrize("content", [media.mp4(seconds=1), b"<svg/>", b""], ids=["video", "svg", "nothing"])
def test_only_a_picture_becomes_one(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(UnreadableMedia):
        variant(tmp_path, content)


def test_an_older_one_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    variant(tmp_path, media.jpeg(64, 48))
    before = (tmp_path / "target.jpg").read_bytes()
    with pytest.raises(UnreadableMedia):
        variant(tmp_path, media.jpeg()[:3000])
    assert (tmp_path / "target.jpg").read_bytes() == before
