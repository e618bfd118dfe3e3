"""Telling the person what came of it: a line in the corner, with a way back where there is one."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers

Kind = Literal["good", "warn", "bad"]
_LEVELS = {"good": messages.SUCCESS, "warn": messages.WARNING, "bad": messages.ERROR}


@dataclass(frozen=True)
class Undo:
    """A way back: the address that takes it, and the signed token that says what it was."""

    url: str
    token: str


def say(request: HttpRequest, text: str, *, kind: Kind = "good", undo: Undo | None = None) -> None:
    """Show the text with the next answer: the page that a redirect leads to, or htmx's fragment."""
    extra = json.dumps({"url": undo.url, "token": undo.token}) if undo else ""
    messages.add_message(request, _LEVELS[kind], text, extra_tags=extra)


class Toasts:
    """Adds what was said to the fragments that htmx asked for; whole pages show it themselves."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, toasts last."""
        response = self.get_response(request)
        htmx = getattr(request, "htmx", False)
        if not htmx or not isinstance(response, HttpResponse) or "HX-Redirect" in response.headers:
            return response
        patch_vary_headers(response, ["HX-Request"])
        html = response.get("Content-Type", "").startswith("text/html")
        if html and response.status_code in (200, 422) and not getattr(htmx, "boosted", False):
            said = messages.get_messages(request)
            if len(said):
                response.content += render_to_string(
                    "components/_toasts.html", {"said": said, "oob": True}, request
                ).encode()
        return response
