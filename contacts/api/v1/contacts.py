"""Contacts: list, create, read, change, delete, and their timelines."""

from typing import Any, ClassVar

from django.db import transaction
from django.http import Http404
from django.shortcuts import get_object_or_404
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from chat33.api import idempotency
from chat33.api.bodies import read_body
from chat33.api.pagination import limit_of
from chat33.api.schema import Operation
from chat33.api.views import ApiView
from chat33.lib.clock import utcnow
from contacts import services
from contacts.api.v1 import docs
from contacts.api.v1.replies import contact_body, entry_body, timeline_body
from contacts.api.v1.serializers import ContactFields, CreateContactRequest, UpdateContactRequest
from contacts.labels import UnableToLabel, labels_named, put_labels, take_labels
from contacts.models import Contact, Kind
from contacts.selectors import (
    SEARCHED,
    Wish,
    contacts_for,
    contacts_like,
    is_contact_id,
    labels_called,
    labels_of,
)
from contacts.timeline import place_of, timeline_of
from integrations.auth import caller


def read_contact(kind: type[ContactFields], request: Request) -> dict[str, Any]:
    """The body, checked, null as empty text. Raises ``ValidationError``."""
    return {name: "" if value is None else value for name, value in read_body(kind, request).items()}


def contact_named(request: Request, contact_id: str) -> Contact:
    """The caller's contact of this id. Raises ``Http404``."""
    if not is_contact_id(contact_id):
        raise Http404
    rows = contacts_for(caller(request).organization).select_related("organization")
    return get_object_or_404(rows, public_id=contact_id)


def described(contact: Contact) -> dict[str, Any]:
    """The contact as it is answered."""
    return contact_body(contact, labels_of([contact])[contact.pk])


class ContactsView(ApiView):
    """``/contacts``."""

    scopes: ClassVar[dict[str, str]] = {"GET": "contacts:read", "POST": "contacts:write"}
    operations: ClassVar[dict[str, Operation]] = {"GET": docs.LIST_CONTACTS, "POST": docs.CREATE_CONTACT}

    def get(self, request: Request) -> Response:
        """A page of contacts, newest first."""
        limit = limit_of(request)
        rows = contacts_like(caller(request).organization, _wish(request))
        cursor = request.query_params.get("cursor", "")
        if cursor:
            if not is_contact_id(cursor):
                raise ValidationError({"cursor": ["Use the nextCursor of a page before."]})
            last = Contact.objects.filter(organization=caller(request).organization, public_id=cursor).first()
            rows = rows.filter(pk__lt=last.pk) if last else rows.none()
        found = list(rows[: limit + 1])
        more, found = len(found) > limit, found[:limit]
        labels = labels_of(found)
        return Response(
            {
                "items": [contact_body(contact, labels[contact.pk]) for contact in found],
                "limit": limit,
                "hasMore": more,
                "nextCursor": found[-1].public_id if more else None,
            }
        )

    def post(self, request: Request) -> Response:
        """Create a contact."""
        who, now = caller(request), utcnow()
        data = read_contact(CreateContactRequest, request)

        def effect() -> Response:
            try:
                contact = services.create_contact(
                    organization=who.organization, by=who.public_id, now=now, source="api", **data
                )
            except (services.Unfit, UnableToLabel) as error:
                raise _invalid(error) from None
            return Response(described(contact), status=201)

        return idempotency.once(idempotency.keyed(request, owner=who.organization.public_id), effect, now=now)


class ContactView(ApiView):
    """``/contacts/{id}``."""

    scopes: ClassVar[dict[str, str]] = {"GET": "contacts:read", "PATCH": "contacts:write", "DELETE": "contacts:write"}
    operations: ClassVar[dict[str, Operation]] = {
        "GET": docs.GET_CONTACT,
        "PATCH": docs.UPDATE_CONTACT,
        "DELETE": docs.DELETE_CONTACT,
    }

    def get(self, request: Request, contact_id: str) -> Response:
        """One contact with the newest of its timeline."""
        contact = contact_named(request, contact_id)
        newest = timeline_of(contact)
        return Response({**described(contact), "timeline": [entry_body(entry) for entry in newest.entries]})

    def patch(self, request: Request, contact_id: str) -> Response:
        """Change what is named."""
        contact = contact_named(request, contact_id)
        data = read_contact(UpdateContactRequest, request)
        try:
            return Response(described(_changed(contact, data, by=caller(request).public_id)))
        except (services.Unfit, UnableToLabel) as error:
            raise _invalid(error) from None

    def delete(self, request: Request, contact_id: str) -> Response:
        """Let it be found no more."""
        contact = contact_named(request, contact_id)
        services.delete_contact(contact=contact, by=caller(request).public_id, now=utcnow())
        return Response({"id": contact.public_id, "deleted": True})


class TimelineView(ApiView):
    """``/contacts/{id}/timeline``."""

    scopes: ClassVar[dict[str, str]] = {"GET": "contacts:read"}
    operations: ClassVar[dict[str, Operation]] = {"GET": docs.GET_TIMELINE}

    def get(self, request: Request, contact_id: str) -> Response:
        """A page of it."""
        contact = contact_named(request, contact_id)
        limit = limit_of(request)
        kind, cursor = request.query_params.get("kind", ""), request.query_params.get("cursor", "")
        if kind and kind not in Kind.values:
            raise ValidationError({"kind": [f"Use one of {', '.join(Kind.values)}."]})
        if cursor and place_of(cursor) is None:
            raise ValidationError({"cursor": ["Use the nextCursor of a page before."]})
        return Response(timeline_body(timeline_of(contact, kinds=[kind] if kind else (), cursor=cursor, size=limit)))


@transaction.atomic
def _changed(contact: Contact, data: dict[str, Any], *, by: str) -> Contact:
    now = utcnow()
    changes = {name: data[name] for name in services.FIELDS if name in data}
    changed = services.update_contact(contact=contact, changes=changes, by=by, now=now, labels=data.get("labels"))
    organization = contact.organization
    if add := data.get("addLabels"):
        put_labels(contacts=[contact.pk], labels=labels_named(organization=organization, names=add), by=by, now=now)
    if remove := data.get("removeLabels"):
        take_labels(contacts=[contact.pk], labels=labels_called(organization, remove), by=by, now=now)
    return changed


def _wish(request: Request) -> Wish:
    """The list's filters. Raises ``ValidationError`` for what is longer than anything could be."""
    given = {
        name: request.query_params.get(name, "").replace("\x00", "") for name in ("search", "label", "email", "phone")
    }
    for name, value in given.items():
        if len(value) > (SEARCHED if name == "search" else 254):
            raise ValidationError({name: ["This is too long."]})
    label = ""
    if given["label"]:
        found = labels_called(caller(request).organization, [given["label"]])
        label = found[0].public_id if found else "none"
    return Wish(search=given["search"], label=label, email=given["email"], phone=given["phone"])


def _invalid(error: services.Unfit | UnableToLabel) -> ValidationError:
    field = error.field if isinstance(error, services.Unfit) else "labels"
    return ValidationError({field or "non_field_errors": [str(error)]})
