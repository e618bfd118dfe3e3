"""What every template knows."""

from typing import Any

from django.http import HttpRequest

THEMES = ("light", "dark")


def page(request: HttpRequest) -> dict[str, Any]:
    """``here`` (None without a session) and the color scheme that the person chose."""
    theme = request.COOKIES.get("theme", "")
    return {"here": getattr(request, "here", None), "theme": theme if theme in THEMES else ""}
