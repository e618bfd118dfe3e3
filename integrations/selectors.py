"""Reads about keys, channels and callbacks, always from one organization; and how channels are, for operators."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from django.db.models import Case, Q, QuerySet, Value, When

from chat33.orgs.models import Organization
from integrations.models import ApiKey, Callback, Channel


def channels_for(organization: Organization) -> QuerySet[Channel]:
    """The organization's channels, inactive ones too."""
    return Channel.objects.filter(organization=organization).order_by("id")


def api_keys_for(organization: Organization) -> QuerySet[ApiKey]:
    """The organization's keys, newest first."""
    return ApiKey.objects.filter(organization=organization).order_by("-id")


def callbacks_for(organization: Organization) -> QuerySet[Callback]:
    """The organization's callbacks, newest first."""
    return Callback.objects.filter(organization=organization).order_by("-id")


# What may be wrong with a channel, worst first; one that none of it is true of is ok.
HEALTH: Mapping[str, Callable[[datetime], Q]] = {
    "disconnected": lambda now: Q(is_active=False),
    "expired": lambda now: Q(token_expires_at__lte=now),
    "failing": lambda now: Q(last_error_at__gt=now - timedelta(hours=24)),
}


def health(now: datetime) -> Case:
    """How each channel is, as an expression: a word of ``HEALTH`` or ``ok``."""
    return Case(*(When(rule(now), then=Value(word)) for word, rule in HEALTH.items()), default=Value("ok"))
