"""The form of signing up: a person, and the organization they make or were invited to."""

from contextlib import suppress
from typing import TYPE_CHECKING, Any
from zoneinfo import available_timezones

from allauth.account.adapter import get_adapter
from allauth.account.forms import SignupForm as AllauthSignupForm
from allauth.core import context
from django import forms
from django.db import transaction
from django.http import HttpRequest

from chat33.lib.clock import utcnow
from chat33.orgs.adapter import INVITATION, followed_invitation
from chat33.orgs.invitations import accept_invitation
from chat33.orgs.logins import Plain
from chat33.orgs.models import Organization, User
from chat33.orgs.services import NotAllowed, create_organization

if TYPE_CHECKING:
    Base = forms.Form
else:
    Base = AllauthSignupForm


def zones() -> list[tuple[str, str]]:
    """Every time zone there is to choose, by name."""
    names = sorted(name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "SystemV/")))
    return [("UTC", "UTC"), *((name, name.replace("_", " ")) for name in names)]


class SignupForm(Plain, Base):
    """allauth's, with our two questions; who was invited is not asked for an organization."""

    name = forms.CharField(label="Your name", max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    organization = forms.CharField(
        label="Organization",
        max_length=Organization._meta.get_field("name").max_length,
        help_text="Your company or team. You can change it later.",
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    timezone = forms.ChoiceField(
        label="Time zone", choices=zones, initial="UTC", help_text="Posts are planned and shown in it."
    )
    field_order = ["name", "email", "password1", "organization", "timezone"]

    def __init__(self, *args: Any, **given: Any) -> None:
        super().__init__(*args, **given)
        self.invitation = followed_invitation(context.request)
        if self.invitation is not None:
            del self.fields["organization"], self.fields["timezone"]
            self.fields["email"].initial = self.invitation.email

    def save(self, request: HttpRequest) -> User:
        """The person and their place, or neither."""
        with transaction.atomic():
            user: User = super().save(request)  # type: ignore[misc]  # allauth's has it
        return user

    def signup(self, request: HttpRequest, user: User) -> None:
        """Called by allauth once the person is stored: gives them their place."""
        if self.invitation is None:
            data = self.cleaned_data
            create_organization(name=data["organization"], owner=user, timezone=data["timezone"])
            return
        if self.invitation.email == user.email:  # who came by the link that was sent there has shown that it is theirs
            get_adapter().stash_verified_email(request, user.email)
        with suppress(NotAllowed):  # somebody else has just used the link: they have an account, and no place yet
            accept_invitation(fingerprint=self.invitation.digest, user=user, now=utcnow())
        request.session.pop(INVITATION, None)
