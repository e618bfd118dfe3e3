"""What the developers' pages say in one way: Markdown, code, HTTP statuses."""

import json
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from chat33.dashboard.reference import rendering

register = template.Library()


@register.filter
def markdown(text: str) -> SafeString:
    """Markdown as HTML."""
    return rendering.rendered(text)


@register.filter
def code(text: str, language: str) -> SafeString:
    """Code with its words coloured."""
    return rendering.highlighted(text, language)


@register.filter
def as_json(value: Any) -> SafeString:
    """A value as indented, coloured JSON."""
    return rendering.highlighted(json.dumps(value, indent=2, ensure_ascii=False), "json")


@register.filter
def anchor(words: str) -> str:
    """What a heading or an error code is linked by."""
    return rendering.anchor_of(words)


@register.filter
def below_api(path: str) -> str:
    """A path without the beginning that all of the API's have."""
    return path.removeprefix("/api/v1")


@register.filter
def status_pill(status: int | None) -> SafeString:
    """An HTTP status as a pill; a dash when no answer came."""
    if status is None:
        return format_html('<span class="pill is-bad number">{}</span>', "no answer")
    kind = "good" if status < 300 else "info" if status < 400 else "warn" if status < 500 else "bad"
    return format_html('<span class="pill is-{} number">{}</span>', kind, status)
