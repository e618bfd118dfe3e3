"""What is answered about contacts: the shape of each reply as the schema tells it, and its making from rows."""

from collections.abc import Iterable
from typing import Any

from rest_framework import serializers

from chat33.api.bodies import Body
from chat33.lib.clock import stamp
from contacts.models import Contact, Kind, Label, TimelineEntry
from contacts.timeline import Page


class ContactReply(Body):
    """A contact."""

    id = serializers.CharField(help_text="What tracked links carry as `cid`.")
    name = serializers.CharField(allow_null=True)
    email = serializers.CharField(allow_null=True)
    phone = serializers.CharField(allow_null=True, help_text="As it was written.")
    source_ = serializers.CharField(allow_null=True, help_text="Where they came from: api, page, a network.")
    labels = serializers.ListField(child=serializers.CharField(), help_text="By name, in order of the alphabet.")
    createdAt = serializers.DateTimeField()
    updatedAt = serializers.DateTimeField()
    lastSeenAt = serializers.DateTimeField(allow_null=True, help_text="The latest event of theirs.")


class TimelineEntryReply(Body):
    """Something that happened to or by a contact."""

    at = serializers.DateTimeField()
    kind = serializers.ChoiceField(choices=Kind.values)
    title = serializers.CharField(help_text="In plain words.")
    data_ = serializers.DictField(help_text="What else is known, by kind.")


class TimelineReply(Body):
    """A page of a timeline."""

    items = TimelineEntryReply(many=True)
    hasMore = serializers.BooleanField()
    nextCursor = serializers.CharField(allow_null=True, help_text="The `cursor` of the next page; null on the last.")


class ContactDetailsReply(ContactReply):
    """A contact with the newest of its timeline."""

    timeline = TimelineEntryReply(many=True, help_text="The newest 30; the rest is at /contacts/{id}/timeline.")


class ContactListReply(Body):
    """A page of contacts."""

    items = ContactReply(many=True)
    limit = serializers.IntegerField()
    hasMore = serializers.BooleanField()
    nextCursor = serializers.CharField(allow_null=True, help_text="The `cursor` of the next page; null on the last.")


class DeletedContactReply(Body):
    """The contact is there no more."""

    id = serializers.CharField()
    deleted = serializers.ChoiceField(choices=[True])


def contact_body(contact: Contact, labels: Iterable[Label]) -> dict[str, Any]:
    """``Contact``."""
    return {
        "id": contact.public_id,
        "name": contact.name or None,
        "email": contact.email or None,
        "phone": contact.phone or None,
        "source": contact.source or None,
        "labels": [label.name for label in labels],
        "createdAt": stamp(contact.created_at),
        "updatedAt": stamp(contact.updated_at),
        "lastSeenAt": stamp(contact.last_seen_at),
    }


def entry_body(entry: TimelineEntry) -> dict[str, Any]:
    """``TimelineEntry``."""
    return {"at": stamp(entry.at), "kind": entry.kind, "title": entry.title, "data": entry.data}


def timeline_body(page: Page) -> dict[str, Any]:
    """``Timeline``."""
    return {
        "items": [entry_body(entry) for entry in page.entries],
        "hasMore": bool(page.next),
        "nextCursor": page.next or None,
    }
