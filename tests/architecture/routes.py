"""All addresses of Chat33, read from the URL configuration, so that a new one is tested from its first day."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.urls import URLPattern, URLResolver, get_resolver

from chat33.api.views import ApiView
from chat33.orgs.roles import Permission

API = "api/v1/"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Route:
    """One address: its template, such as ``api/v1/posts/<str:post_id>``, and what answers there."""

    template: str
    view: Any

    @property
    def names(self) -> tuple[str, ...]:
        """Its parameters."""
        return tuple(re.findall(r"<(?:\w+:)?(\w+)>", self.template))

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that its view has."""
        return tuple(method for method in METHODS if hasattr(self.view, method.lower()))

    def url(self, value: str = "") -> str:
        """The address with every parameter set to a value."""
        return "/" + re.sub(r"<[^>]+>", value, self.template)

    def filled(self, values: Mapping[str, str]) -> str:
        """The address with each parameter set to the value of its name, as a client would write it."""
        return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: quote(values[found[1]], safe=""), self.template)

    @property
    def permission(self) -> Permission | None:
        """What the page's door asks; None for what is no page."""
        found = getattr(self.view, "permission", None)
        return found if isinstance(found, Permission) else None

    def __str__(self) -> str:
        return self.template


def patterns() -> Iterator[Route]:
    """Every address there is."""
    yield from _walk(get_resolver().url_patterns, "")


def api_routes() -> list[Route]:
    """The public API's: those whose view is one of ours."""
    return [route for route in patterns() if isinstance(route.view, type) and issubclass(route.view, ApiView)]


def page_routes() -> list[Route]:
    """The dashboard's pages: those whose view stands behind the door."""
    return [route for route in patterns() if route.permission is not None]


def _walk(found: list[Any], prefix: str) -> Iterator[Route]:
    for pattern in found:
        here = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, here)
        elif isinstance(pattern, URLPattern):
            callback: Any = pattern.callback
            yield Route(here, getattr(callback, "cls", None) or getattr(callback, "view_class", None) or callback)
