"""What requests about contacts may say, field by field."""

from typing import Any

from rest_framework import serializers

from chat33.api.fields import BoundedListField, StringField
from contacts.labels import NAME
from contacts.services import LONGEST

MOST_LABELS = 50


class ContactFields(serializers.Serializer[Any]):
    """What is known of a contact. At least one of name, email and phone is there."""

    name = StringField(required=False, allow_null=True, allow_blank=True, max_length=LONGEST["name"])
    email = StringField(required=False, allow_null=True, allow_blank=True, max_length=LONGEST["email"])
    phone = StringField(
        required=False, allow_null=True, allow_blank=True, max_length=LONGEST["phone"],
        help_text="Digits, with blanks and signs between them; kept as it is written.",
    )  # fmt: skip


class CreateContactRequest(ContactFields):
    """A contact to create."""

    labels = BoundedListField(
        child=StringField(max_length=NAME), required=False, max_length=MOST_LABELS,
        help_text="By name; those that are missing are made.",
    )  # fmt: skip


class UpdateContactRequest(ContactFields):
    """What changes; null or empty forgets a field, what is left out stays."""

    labels = BoundedListField(
        child=StringField(max_length=NAME), required=False, max_length=MOST_LABELS,
        help_text="The contact has these and no others then. Those that are missing are made.",
    )  # fmt: skip
    addLabels = BoundedListField(
        child=StringField(max_length=NAME),
        required=False,
        max_length=MOST_LABELS,
        help_text="Put on beside the others.",
    )
    removeLabels = BoundedListField(
        child=StringField(max_length=NAME), required=False, max_length=MOST_LABELS, help_text="Taken off."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Either all labels, or changes to them."""
        if "labels" in attrs and attrs.keys() & {"addLabels", "removeLabels"}:
            raise serializers.ValidationError({"labels": ["Give labels, or addLabels and removeLabels."]})
        return attrs
