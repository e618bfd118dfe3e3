"""JPEGs made of images that a network would not take as they are."""

from pathlib import Path

from PIL import Image


def jpeg_variant(source: Path, target: Path, *, max_bytes: int, max_width: int | None) -> None:
    """Write a JPEG of the image."""
    with Image.open(source) as image:
        image.convert("RGB").save(target, "JPEG", quality=85)
