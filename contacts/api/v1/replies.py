"""What is answered about contacts: the shape of each reply as the schema tells it, and its making from rows."""

import copy
from collections.abc import Iterable
from typing import Any, ClassVar

from rest_framework import serializers

from chat33.lib.clock import stamp
from contacts.models import Contact, Kind, Label, TimelineEntry
from contacts.timeline import Page


class Reply(serializers.Serializer[Any]):
    """A reply. ``reserved`` holds fields whose names are words of every field's or serializer's, so no attributes."""

    reserved: ClassVar[dict[str, serializers.Field[Any, Any, Any, Any]]] = {}

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """All of them."""
        return {**super().get_fields(), **copy.deepcopy(self.reserved)}


class ContactReply(Reply):
    """A contact."""

    reserved: ClassVar = {
        "source": serializers.CharField(allow_null=True, help_text="Where they came from: api, page, a network.")
    }

    id = serializers.CharField(help_text="What tracked links carry as `cid`.")
    name = serializers.CharField(allow_null=True)
    email = serializers.CharField(allow_null=True)
    phone = serializers.CharField(allow_null=True, help_text="As it was written.")
    labels = serializers.ListField(child=serializers.CharField(), help_text="By name, in order of the alphabet.")
    createdAt = serializers.DateTimeField()
    updatedAt = serializers.DateTimeField()
    lastSeenAt = serializers.DateTimeField(allow_null=True, help_text="The latest event of theirs.")


class TimelineEntryReply(Reply):
    """Something that happened to or by a contact."""

    reserved: ClassVar = {"data": serializers.DictField(help_text="What else is known, by kind.")}

    at = serializers.DateTimeField()
    kind = serializers.ChoiceField(choices=Kind.values)
    title = serializers.CharField(help_text="In plain words.")


class TimelineReply(Reply):
    """A page of a timeline."""

    items = TimelineEntryReply(many=True)
    hasMore = serializers.BooleanField()
    nextCursor = serializers.CharField(allow_null=True, help_text="The `cursor` of the next page; null on the last.")


class ContactDetailsReply(ContactReply):
    """A contact with the newest of its timeline."""

    timeline = TimelineEntryReply(many=True, help_text="The newest 30; the rest is at /contacts/{id}/timeline.")


class ContactListReply(Reply):
    """A page of contacts."""

    items = ContactReply(many=True)
    limit = serializers.IntegerField()
    hasMore = serializers.BooleanField()
    nextCursor = serializers.CharField(allow_null=True, help_text="The `cursor` of the next page; null on the last.")


class DeletedContactReply(Reply):
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
