"""What pages take in about contacts."""

from typing import Any

from django import forms

from contacts.labels import NAME
from contacts.models import Contact
from contacts.selectors import SEARCHED, Wish
from contacts.services import LONGEST


class ContactForm(forms.Form):
    """What is known of a contact."""

    name = forms.CharField(
        required=False, max_length=LONGEST["name"], widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    email = forms.CharField(
        label="E-mail",
        required=False,
        max_length=LONGEST["email"],
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    phone = forms.CharField(
        required=False,
        max_length=LONGEST["phone"],
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "tel"}),
    )

    @staticmethod
    def of(contact: Contact) -> dict[str, Any]:
        """What is known now."""
        return {"name": contact.name, "email": contact.email, "phone": contact.phone}


class NameForm(forms.Form):
    """A label's name."""

    name = forms.CharField(max_length=NAME, widget=forms.TextInput(attrs={"autocomplete": "off"}))


def wish_of(given: Any) -> Wish:
    """What the address of the list looks for; nonsense looks for nothing."""
    return Wish(
        search=given.get("q", "").replace("\x00", "").strip()[:SEARCHED],
        label=given.get("label", "").replace("\x00", "")[:40],
    )
