"""The forms of people's pages."""

from collections.abc import Mapping
from typing import Any

from django import forms

from chat33.orgs.forms import zones
from chat33.orgs.models import Often, Organization, Role, User
from chat33.orgs.roles import Permission, may
from tracking.events.currencies import CODES

SUMMARY: Mapping[Role, str] = {
    Role.OWNER: "Everything, and says who else is an owner.",
    Role.ADMIN: "Connects accounts, manages members, API keys and settings.",
    Role.EDITOR: "Schedules, publishes and approves posts.",
    Role.CONTRIBUTOR: "Writes drafts, uploads media and asks for approval.",
    Role.VIEWER: "Sees everything, changes nothing.",
}


def roles_to_give(by: str) -> list[tuple[str, str]]:
    """The roles that a member of the role ``by`` may give."""
    return [(role, role.label) for role in Role if role != Role.OWNER or may(by, Permission.OWN)]


class NewOrganizationForm(forms.Form):
    """What an organization is called, and when its day begins."""

    name = forms.CharField(max_length=Organization._meta.get_field("name").max_length)
    timezone = forms.ChoiceField(
        label="Time zone", choices=zones, help_text="Posts are planned and shown in it. You can change it later."
    )


class OrganizationForm(NewOrganizationForm):
    """The same of one that is there, and what its money is counted in."""

    currency = forms.ChoiceField(
        choices=[(code, code) for code in sorted(CODES)],
        help_text="Of purchases that a website or server tells without a currency. What is counted already stays as it is.",
    )

    def __init__(self, *args: Any, **given: Any) -> None:
        super().__init__(*args, **given)
        self.fields[
            "timezone"
        ].help_text = "Posts are planned and shown in it. Posts already scheduled keep their moment."


class LogoForm(forms.Form):
    """A picture to recognize the organization by."""

    logo = forms.FileField(
        label="Picture",
        help_text="JPEG, PNG, GIF or WebP, at most 2 MB. It is shown small and square.",
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/gif,image/webp"}),
    )


class InviteForm(forms.Form):
    """Whom to invite, as what."""

    email = forms.EmailField(
        label="E-mail",
        required=False,
        help_text="The link is sent there. Leave it empty to get a link that you hand over yourself.",
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    role = forms.ChoiceField(initial=Role.EDITOR)

    def __init__(self, *args: Any, by: str, **given: Any) -> None:
        super().__init__(*args, **given)
        self.fields["role"] = RoleForm(by=by).fields["role"]


class RoleForm(forms.Form):
    """A member's part."""

    role = forms.ChoiceField(initial=Role.EDITOR)

    def __init__(self, *args: Any, by: str, **given: Any) -> None:
        super().__init__(*args, **given)
        self.fields["role"] = forms.ChoiceField(choices=roles_to_give(by), initial=Role.EDITOR)


class ProfileForm(forms.Form):
    """A person, wherever they work."""

    name = forms.CharField(
        label="Your name",
        max_length=User._meta.get_field("name").max_length,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    timezone = forms.ChoiceField(
        label="Your time zone",
        required=False,
        choices=lambda: [("", "As the organization's"), *zones()],
        help_text="Your daily e-mail comes by it. Pages show the organization's; hover a time for yours.",
    )


class PreferenceForm(forms.Form):
    """What to be told of, and when."""

    posts = forms.ChoiceField(label="When a post fails", choices=Often.choices, widget=forms.RadioSelect)
    accounts = forms.ChoiceField(label="When an account needs care", choices=Often.choices, widget=forms.RadioSelect)
    digest_hour = forms.TypedChoiceField(
        label="Time of the daily e-mail", coerce=int, choices=[(hour, f"{hour:02}:00") for hour in range(24)]
    )
