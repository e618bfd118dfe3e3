"""What pages take in about what came back."""

from django import forms

from contacts.labels import NAME
from tracking.rules import EVENT


class RuleForm(forms.Form):
    """An event's name and the label that it puts on its contact."""

    event = forms.CharField(
        max_length=EVENT,
        label="When this event comes in",
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "purchase"}),
    )
    label = forms.CharField(
        max_length=NAME,
        label="put this label on its contact",
        widget=forms.TextInput(attrs={"autocomplete": "off", "list": "known-labels", "placeholder": "Purchased"}),
    )
