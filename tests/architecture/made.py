"""A row of any model of an organization's, made from the model alone, for the walks that need one of each."""

from typing import Any

from django.db.models import CharField, DateTimeField, Field, FloatField, ForeignKey, IntegerField, TextField

from chat33.lib.clock import utcnow
from chat33.lib.ids import new_id
from chat33.orgs.models import Organization, User


def make_row(model: type[Any], organization: Organization) -> Any:
    """The least that the model takes, its foreign keys leading to rows of the same organization."""
    given = {
        field.name: _value(field, organization)
        for field in model._meta.concrete_fields
        if not field.primary_key and not field.has_default() and not field.null
    }
    return model._default_manager.create(**given)


def _value(field: "Field[Any, Any]", organization: Organization) -> Any:
    if isinstance(field, ForeignKey):
        return _row(field.remote_field.model, organization)
    if field.choices:
        return next(iter(field.flatchoices))[0]
    if isinstance(field, DateTimeField):
        return utcnow()
    if isinstance(field, IntegerField | FloatField):
        return 1
    if isinstance(field, CharField | TextField):
        return (new_id("row") if field.unique else "x@example.com")[: field.max_length]
    return field.get_default()


def _row(model: type[Any], organization: Organization) -> Any:
    if model is Organization:
        return organization
    if model is User:
        return User.objects.filter(memberships__organization=organization).order_by("pk").first()
    found = model._default_manager.filter(organization=organization).order_by("pk").last()
    return found or make_row(model, organization)
