"""Contacts and labels, for operators."""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.paginator import InfinitePaginator

from chat33.lib.clock import utcnow
from chat33.operators import (
    NOTHING,
    OwnedAdmin,
    UnableToDo,
    WordFilter,
    action,
    anchor,
    display,
    excerpt,
    list_url,
)
from chat33.orgs.models import User
from contacts.models import Contact, Label
from contacts.selectors import labels_of
from contacts.services import delete_contact, restore_contact
from contacts.timeline import timeline_of

if TYPE_CHECKING:
    from django.db.models import QuerySet

BY_ORGANIZATION = ("organization", AutocompleteSelectFilter)


class StateFilter(WordFilter):
    """Contacts by whether they are there."""

    title = "state"
    parameter_name = "state"
    words = {
        "there": ("There", lambda now: Q(deleted_at=None)),
        "deleted": ("Deleted", lambda now: Q(deleted_at__isnull=False)),
    }


@admin.register(Contact)
class ContactAdmin(OwnedAdmin):
    """The people that organizations talk to."""

    list_display = ["who", "owner", "source", "created_at", "last_seen_at", "deleted_at"]
    list_filter = [StateFilter, BY_ORGANIZATION]
    paginator = InfinitePaginator
    ordering = ["-id"]
    search_fields = ["=public_id"]
    search_help_text = "A whole cm…"
    actions = ["delete_contacts", "restore_contacts"]
    fieldsets = [
        (None, {"fields": ["public_id", "name", "email", "phone", "owner", "labels", "source"]}),
        ("When", {"fields": ["created_at", "updated_at", "last_seen_at", "deleted_at"]}),
        ("Newest of the timeline", {"fields": ["story"]}),
    ]
    readonly_fields = ["owner", "labels", "story"]

    def offers(self, row: Contact) -> list[str]:
        """What its state allows."""
        return ["restore_contacts"] if row.deleted_at else ["delete_contacts"]

    @action("Delete (can be restored)")
    def delete_contacts(self, request: HttpRequest, rows: "QuerySet[Contact]") -> None:
        """They are found no more."""

        def change(contact: Contact) -> None:
            if not delete_contact(contact=contact, by=_by(request), now=utcnow()):
                raise UnableToDo("It is deleted already.")

        self.run(request, rows, change, "deleted")

    @action("Restore")
    def restore_contacts(self, request: HttpRequest, rows: "QuerySet[Contact]") -> None:
        """They are found again, with the events that named them meanwhile."""

        def change(contact: Contact) -> None:
            if not restore_contact(contact=contact, by=_by(request), now=utcnow()):
                raise UnableToDo("It is not deleted.")

        self.run(request, rows, change, "restored")

    @display(description="Contact", header=True)
    def who(self, contact: Contact) -> list[str]:
        """Their name and id."""
        return [excerpt(str(contact), 50), contact.public_id]

    @display(description="Labels")
    def labels(self, contact: Contact) -> str:
        """By name."""
        return ", ".join(label.name for label in labels_of([contact])[contact.pk]) or NOTHING

    @display(description="Timeline")
    def story(self, contact: Contact) -> str:
        """The newest entries, a line each."""
        lines = [f"{entry.at:%Y-%m-%d %H:%M} {entry.kind}: {entry.title}" for entry in timeline_of(contact).entries]
        return "\n".join(lines) or NOTHING


@admin.register(Label)
class LabelAdmin(OwnedAdmin):
    """The words that mark contacts."""

    list_display = ["name", "public_id", "owner", "created_at"]
    list_filter = [BY_ORGANIZATION]
    search_fields = ["=public_id", "name__istartswith"]
    search_help_text = "A whole lbl_…, or the beginning of its name"
    ordering = ["-id"]
    fieldsets = [(None, {"fields": ["name", "public_id", "owner", "created_at", "people"]})]
    readonly_fields = ["owner", "people", "created_at"]

    @display(description="Contacts")
    def people(self, label: Label) -> SafeString | str:
        """Its organization's."""
        return anchor(list_url(Contact, organization__id__exact=label.organization_id), "the organization's contacts")


def _by(request: HttpRequest) -> str:
    assert isinstance(request.user, User)
    return request.user.public_id
