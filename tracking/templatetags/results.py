"""How results are written: money in its currency, parts, and how far a figure is from the one before."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django import template
from django.http import QueryDict

from tracking.events.currencies import digits_of

register = template.Library()


@register.filter
def money(value: Decimal | None, currency: str) -> str:
    """``1,204.50 USD``, with the currency's own digits; empty for None."""
    if value is None:
        return ""
    return f"{amount(value, currency)} {currency}".strip()


@register.filter
def amount(value: Decimal, currency: str) -> str:
    """``1,204.50``: the same without the currency."""
    digits = digits_of(currency)
    return f"{value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP):,.{digits}f}"


@register.filter
def part(value: Any) -> str:
    """A part of one in percent: ``12.5 %``, ``under 0.1 %``."""
    percent = 100 * Decimal(str(value))
    if 0 < percent < Decimal("0.1"):
        return "under 0.1 %"
    return f"{percent:.1f} %".replace(".0 %", " %")


@register.filter
def counted(value: Decimal) -> str:
    """A sum of shares: ``12`` or ``3.25``."""
    return f"{value:,.2f}".rstrip("0").rstrip(".")


@register.filter
def without(query: QueryDict, names: str) -> list[tuple[str, str]]:
    """What the address asks for but for these parameters, to be asked again. (``request.GET.items`` in a template would be
    the parameter of that name.)
    """
    left_out = names.split()
    return [(name, str(value)) for name, value in query.items() if name not in left_out]
