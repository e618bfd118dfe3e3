"""What the pages about people and of logging in ask of this installation."""

import re

from allauth.account.adapter import get_adapter
from django import template
from django.template.context import Context

from chat33.dashboard.people.mailbox import practices

register = template.Library()

_BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS", "macOS"),
    ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip


@register.simple_tag
def practice_inbox() -> bool:
    """Whether e-mails are to be read at ``/mail/``."""
    return practices()


@register.simple_tag(takes_context=True)
def signup_open(context: Context) -> bool:
    """Whether this browser may make an account."""
    return bool(get_adapter().is_open_for_signup(context["request"]))


@register.filter
def browser(user_agent: str) -> str:
    """A browser as its person knows it: "Chrome on Windows"; what names neither is shown as it is, shortened."""
    name = next((name for mark, name in _BROWSERS if re.search(rf"{mark}\w*/", user_agent)), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    return " on ".join(word for word in (name, system) if word) or user_agent[:60] or "Unknown"
