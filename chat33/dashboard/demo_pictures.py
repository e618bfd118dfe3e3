"""The demo's pictures, drawn in code: nobody's photographs, a few kilobytes each."""

import io
from collections.abc import Callable, Mapping

from PIL import Image, ImageDraw

SIDE = 900  # pixels of the finished square
_SCALE = 2  # drawn larger, then made smaller, so that edges are smooth
_CREAM, _COFFEE, _MILK, _CLAY, _LEAF, _NIGHT, _SUN = (
    "#f5ead9", "#4a2c1d", "#fffaf2", "#c96f4a", "#6f8f72", "#23395b", "#f2b950",
)  # fmt: skip

Draw = ImageDraw.ImageDraw


def picture(name: str) -> bytes:
    """A JPEG of one of ``NAMES``."""
    side = SIDE * _SCALE
    background, draw = _DRAWINGS[name]
    image = Image.new("RGB", (side, side), background)
    draw(ImageDraw.Draw(image), side / 100)
    out = io.BytesIO()
    image.resize((SIDE, SIDE), Image.Resampling.BOX).save(out, "JPEG", quality=82)
    return out.getvalue()


def _box(unit: float, *corners: float) -> tuple[float, float, float, float]:
    left, top, right, bottom = (corner * unit for corner in corners)
    return left, top, right, bottom


def _cup(draw: Draw, unit: float) -> None:
    draw.ellipse(_box(unit, 12, 78, 88, 90), fill=_CLAY)
    draw.ellipse(_box(unit, 60, 44, 86, 68), outline=_MILK, width=int(5 * unit))
    draw.rounded_rectangle(_box(unit, 22, 38, 72, 82), radius=18 * unit, fill=_MILK)
    draw.ellipse(_box(unit, 22, 32, 72, 46), fill=_MILK)
    draw.ellipse(_box(unit, 26, 34, 68, 44), fill=_COFFEE)
    for left in (36, 46, 56):
        draw.arc(_box(unit, left, 10, left + 7, 22), 90, 270, fill=_MILK, width=int(1.6 * unit))
        draw.arc(_box(unit, left - 3, 20, left + 4, 30), 270, 90, fill=_MILK, width=int(1.6 * unit))


def _beans(draw: Draw, unit: float) -> None:
    for row in range(5):
        for column in range(5):
            left, top = 6 + column * 19 + (row % 2) * 5, 6 + row * 19
            draw.ellipse(_box(unit, left, top, left + 11, top + 15), fill=_COFFEE)
            draw.arc(_box(unit, left + 3, top, left + 13, top + 15), 110, 250, fill=_CREAM, width=int(1.2 * unit))


def _bag(draw: Draw, unit: float) -> None:
    draw.rounded_rectangle(_box(unit, 28, 18, 72, 88), radius=3 * unit, fill=_COFFEE)
    draw.rectangle(_box(unit, 28, 18, 72, 28), fill="#38200f")
    draw.rectangle(_box(unit, 34, 42, 66, 72), fill=_CREAM)
    draw.ellipse(_box(unit, 44, 48, 56, 64), fill=_CLAY)
    draw.arc(_box(unit, 47, 48, 59, 64), 110, 250, fill=_CREAM, width=int(1.4 * unit))


def _cake(draw: Draw, unit: float) -> None:
    draw.ellipse(_box(unit, 10, 66, 90, 86), fill=_MILK)
    for left, shade in ((20, _CLAY), (38, "#b65f3c"), (56, _CLAY)):
        draw.ellipse(_box(unit, left, 46, left + 26, 76), fill=shade)
        draw.arc(_box(unit, left + 5, 51, left + 21, 70), 0, 300, fill=_CREAM, width=int(2 * unit))
    draw.ellipse(_box(unit, 72, 10, 92, 30), fill=_SUN)


def _shop(draw: Draw, unit: float) -> None:
    draw.rectangle(_box(unit, 14, 40, 86, 90), fill=_CREAM)
    for number in range(6):
        left = 10 + number * 13.4
        shade = _CLAY if number % 2 else _MILK
        draw.rectangle(_box(unit, left, 26, left + 13.4, 40), fill=shade)
        draw.pieslice(_box(unit, left, 33, left + 13.4, 47), 0, 180, fill=shade)
    draw.rectangle(_box(unit, 22, 54, 52, 80), fill=_NIGHT)
    draw.rectangle(_box(unit, 60, 54, 78, 90), fill=_COFFEE)
    draw.ellipse(_box(unit, 63, 70, 66, 73), fill=_SUN)


def _window(draw: Draw, unit: float) -> None:
    draw.rectangle(_box(unit, 16, 12, 84, 78), fill=_NIGHT)
    draw.ellipse(_box(unit, 58, 20, 74, 36), fill=_SUN)
    draw.polygon([(16 * unit, 78 * unit), (40 * unit, 48 * unit), (62 * unit, 78 * unit)], fill=_LEAF)
    draw.polygon([(46 * unit, 78 * unit), (66 * unit, 56 * unit), (84 * unit, 78 * unit)], fill="#5c7a61")
    draw.rectangle(_box(unit, 49, 12, 51, 78), fill=_MILK)
    draw.rectangle(_box(unit, 16, 44, 84, 46), fill=_MILK)
    draw.rectangle(_box(unit, 10, 78, 90, 84), fill=_MILK)


_DRAWINGS: Mapping[str, tuple[str, Callable[[Draw, float], None]]] = {
    "cup": (_LEAF, _cup),
    "beans": ("#d9b48f", _beans),
    "bag": (_SUN, _bag),
    "cake": ("#8fb3c4", _cake),
    "shop": ("#a9c5a0", _shop),
    "window": (_CLAY, _window),
}
NAMES = tuple(_DRAWINGS)
TITLES: Mapping[str, str] = {
    "cup": "A cup of coffee on a clay saucer",
    "beans": "Coffee beans in rows",
    "bag": "A bag of coffee with a cream label",
    "cake": "Three cinnamon buns on a plate",
    "shop": "The café's front with a striped awning",
    "window": "Hills and the sun through a window",
}
TAGS: Mapping[str, tuple[str, ...]] = {
    "cup": ("bar",),
    "beans": ("products", "roastery"),
    "bag": ("products",),
    "cake": ("kitchen",),
    "shop": ("bar",),
    "window": ("seasons",),
}
