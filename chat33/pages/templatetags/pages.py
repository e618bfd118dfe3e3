"""What templates say in one way: times, people's initials, networks, addresses with one filter changed."""

import json
from datetime import datetime
from typing import Any

from django import template
from django.template.context import Context
from django.templatetags.static import static
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timesince import timesince

from chat33.lib.clock import utcnow
from chat33.pages.marks import MARKS

register = template.Library()

MINUTE, HOUR, DAY = 60, 3600, 86_400


@register.filter
def when(at: datetime | None, style: str = "full") -> str:
    """``<time>`` in the workspace's zone with the zone named: ``full`` (Mon 23 Nov 2026, 09:00 EST), ``day``, ``clock``,
    ``short`` (23 Nov, 09:00), ``ago`` (3 minutes ago, the full one on hover). Empty for None.
    """
    if at is None:
        return ""
    local = timezone.localtime(at)
    full = f"{format_date(local, 'D j M Y, H:i')} {zone_word(local)}"
    shown = {
        "full": full,
        "day": format_date(local, "D j M Y"),
        "clock": format_date(local, "H:i"),
        "short": format_date(local, "j M, H:i"),
        "ago": _ago(at),
    }[style]
    return format_html('<time datetime="{}" title="{}">{}</time>', at.isoformat(), full, shown)


def zone_word(local: datetime) -> str:
    """How people call the zone: EST where it has letters, else UTC+05:30."""
    name = local.tzname() or ""
    return name if name.isalpha() else f"UTC{local:%z}"[:6] + (f":{local:%z}"[-2:] if local.utcoffset() else "")


def _ago(at: datetime) -> str:
    seconds = (utcnow() - at).total_seconds()
    if -MINUTE < seconds < MINUTE:
        return "just now" if seconds >= 0 else "in a moment"
    words = timesince(at, depth=1) if seconds > 0 else timesince(utcnow(), at, depth=1)
    return f"{words} ago" if seconds > 0 else f"in {words}"


@register.filter
def initials(name: str) -> str:
    """Two letters for a person or an account without a picture."""
    words = [word for word in str(name).partition("@")[0].replace(".", " ").split() if word[0].isalnum()]
    return "".join(word[0] for word in words[:2]).upper() or "?"


@register.simple_tag
def network(platform: str, *, name: str = "") -> SafeString:
    """The network's mark; with a name it is spoken, else it decorates."""
    label = format_html('role="img" aria-label="{}"', name) if name else mark_safe('aria-hidden="true"')
    path = mark_safe(MARKS.get(platform, ""))  # noqa: S308 — ours, from a vendored file
    return format_html(
        '<span class="network is-{}" {}><svg viewBox="0 0 24 24"><path d="{}"/></svg></span>', platform, label, path
    )


@register.simple_tag(takes_context=True)
def here_with(context: Context, **changed: Any) -> str:
    """This page's address with parameters changed; an empty one goes away."""
    query = context["request"].GET.copy()
    for name, value in changed.items():
        if value in (None, ""):
            query.pop(name, None)
        else:
            query[name] = str(value)
    return f"?{query.urlencode()}" if query else context["request"].path


@register.filter
def undo_of(message: Any) -> dict[str, str] | None:
    """The way back that a toast carries."""
    try:
        found = json.loads(message.extra_tags or "null")
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


@register.simple_tag
def chart_library() -> str:
    """Where Chart.js is."""
    return static("vendor/chart.js/4.6.1/chart.umd.min.js")


@register.filter
def lookup(mapping: Any, key: Any) -> Any:
    """``mapping[key]``, None without."""
    return mapping.get(key) if mapping else None
