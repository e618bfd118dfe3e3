"""What is wrong with the settings of an installation, told by ``manage.py check`` under ids that stay.

Errors keep ``manage.py`` and the workers from starting; a warning is for ``check --deploy`` and whoever reads it.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.apps.config import AppConfig
from django.conf import settings
from django.core import checks

from chat33.api.limits import is_daily, is_rate
from chat33.lib.secrets import Cipher

PRODUCTION = "production"


def limits(app_configs: Sequence[AppConfig] | None, **_: Any) -> Iterable[checks.CheckMessage]:
    """E001, E002: limits that can be read."""
    found: list[checks.CheckMessage] = []
    for name, value in settings.LIMITS.items():
        if not is_rate(value):
            text = f"CHAT33_LIMIT_{name} is {value!r}, which is no limit."
            found.append(checks.Error(text, hint="Write 30/h, 10/15m or off.", id="chat33.E001"))
    for platform, value in settings.DAILY_LIMITS.items():
        if not is_daily(value):
            text = f"CHAT33_DAILY_{platform.upper()} is {value!r}, which is no number of posts."
            found.append(checks.Error(text, hint="Write a whole number or off.", id="chat33.E002"))
    return found


def times(app_configs: Sequence[AppConfig] | None, **_: Any) -> Iterable[checks.CheckMessage]:
    """E003, E004: times that make sense."""
    found: list[checks.CheckMessage] = []
    if not timedelta() < settings.LATE_LIMIT <= timedelta(days=366):
        text = f"CHAT33_LATE_LIMIT_HOURS is {settings.LATE_LIMIT.total_seconds() / 3600:g}."
        hint = "Write how many hours late a post may still go out: more than 0, at most a year's."
        found.append(checks.Error(text, hint=hint, id="chat33.E003"))
    if not timedelta(seconds=1) <= settings.LEASE <= timedelta(hours=1):
        text = f"CHAT33_LEASE_SECONDS is {settings.LEASE.total_seconds():g}."
        hint = "Write how many seconds a silent worker keeps a post: 1 to 3600; 25 is what was measured."
        found.append(checks.Error(text, hint=hint, id="chat33.E004"))
    return found


def encryption(app_configs: Sequence[AppConfig] | None, **_: Any) -> Iterable[checks.CheckMessage]:
    """E005: keys that encrypt."""
    try:
        Cipher(settings.ENCRYPTION_KEYS)
    except ValueError:
        hint = "Each is 32 bytes in URL-safe base64: openssl rand -base64 32 | tr '+/' '-_'"
        return [checks.Error("CHAT33_ENCRYPTION_KEYS cannot be used.", hint=hint, id="chat33.E005")]
    return []


def production(app_configs: Sequence[AppConfig] | None, **_: Any) -> Iterable[checks.CheckMessage]:
    """E006 to E008, W001: what production must be told, and what it had better not be."""
    if settings.ENVIRONMENT != PRODUCTION:
        return []
    found: list[checks.CheckMessage] = []
    base = urlsplit(settings.BASE_URL)
    if "CHAT33_BASE_URL" in settings.UNSET or base.scheme != "https" or not base.hostname:
        hint = "Set it to where people and networks reach this installation, such as https://chat33.example.com."
        found.append(checks.Error("CHAT33_BASE_URL is not an https address.", hint=hint, id="chat33.E006"))
    if not settings.ALLOWED_HOSTS or "*" in settings.ALLOWED_HOSTS:
        hint = "Set it to the host names we answer to, by commas; a * would answer to any, in links too."
        found.append(checks.Error("CHAT33_ALLOWED_HOSTS names no hosts.", hint=hint, id="chat33.E007"))
    for name in ("CHAT33_SECRET_KEY", "CHAT33_ENCRYPTION_KEYS", "CHAT33_METRICS_TOKEN"):
        if name in settings.UNSET:
            hint = "One made up in the data directory would be another on each machine, and lost with it."
            found.append(checks.Error(f"{name} is not set.", hint=hint, id="chat33.E008"))
    if settings.ALLOW_PRIVATE_HOSTS:
        text = f"Outbound requests may reach {', '.join(settings.ALLOW_PRIVATE_HOSTS)}."
        hint = "Take CHAT33_ALLOW_PRIVATE_HOSTS away: customers choose the addresses we call."
        found.append(checks.Warning(text, hint=hint, id="chat33.W001"))
    return found


def mail(app_configs: Sequence[AppConfig] | None, **_: Any) -> Iterable[checks.CheckMessage]:
    """E009, W002: a way for e-mail to leave."""
    if settings.ENVIRONMENT != PRODUCTION or settings.SENDS_EMAIL:
        return []
    hint = "Set CHAT33_EMAIL_URL, such as smtp+tls://user:password@smtp.example.com:587."
    if settings.SIGNUP_OPEN:
        text = "CHAT33_SIGNUP_OPEN is set, and no e-mail can be sent to prove addresses."
        return [checks.Error(text, hint=hint, id="chat33.E009")]
    text = "No e-mail is sent: neither invitations, nor new passwords, nor notifications."
    return [checks.Warning(text, hint=hint, id="chat33.W002")]


ALL = (limits, times, encryption, production, mail)


def register() -> None:
    """Make Django run them; ``AppConfig.ready`` calls it once."""
    for check in ALL:
        checks.register(check)
