"""Reads about keys, channels and callbacks, always from one organization."""

from django.db.models import QuerySet

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
