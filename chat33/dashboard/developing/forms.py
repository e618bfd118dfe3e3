"""Forms of the developers' pages."""

from datetime import datetime, timedelta

from django import forms

from chat33.api import scopes
from integrations.addresses import LONGEST

ALL, READ, SOME = "all", "read", "some"
NEVER = "never"


class NewKeyForm(forms.Form):
    """A key to make: what it is for, what it may, and how long."""

    name = forms.CharField(max_length=100, help_text="What it is for, so that you know it later: Website, Zapier, CI.")
    access = forms.ChoiceField(
        choices=[(ALL, "Everything"), (READ, "Reading only"), (SOME, "Some of it, as chosen below")],
        widget=forms.RadioSelect,
        initial=ALL,
        label="Access",
    )
    scopes = forms.MultipleChoiceField(
        choices=[(scope, f"{scope} — {says}") for scope, says in scopes.ORDINARY.items()],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        label="Scopes",
    )
    expires = forms.ChoiceField(
        choices=[(NEVER, "Never"), ("30", "In 30 days"), ("90", "In 90 days"), ("365", "In a year")],
        label="Expires",
        initial=NEVER,
    )

    def clean(self) -> dict[str, object]:
        """Some of it means at least one scope."""
        given = super().clean() or {}
        if given.get("access") == SOME and not given.get("scopes"):
            self.add_error("scopes", "Choose at least one.")
        return given

    def granted(self) -> list[str]:
        """The scopes that were chosen."""
        if self.cleaned_data["access"] == SOME:
            return list(self.cleaned_data["scopes"])
        return sorted(scopes.READING) if self.cleaned_data["access"] == READ else list(scopes.ORDINARY)

    def expires_at(self, now: datetime) -> datetime | None:
        """When it ends, if ever."""
        chosen = self.cleaned_data["expires"]
        return None if chosen == NEVER else now + timedelta(days=int(chosen))


class TestCallbackForm(forms.Form):
    """Where to send a callback to see it arrive."""

    url = forms.CharField(
        label="Address",
        max_length=LONGEST,
        strip=True,
        widget=forms.URLInput(attrs={"placeholder": "https://example.com/hooks/chat33", "autocomplete": "url"}),
        help_text="We send one signed POST there, about a post that does not exist. It is tried once.",
    )
