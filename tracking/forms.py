"""What pages take in about tokens, postbacks and rules."""

from django import forms

from contacts.labels import NAME
from tracking.mmp.registry import MMPS
from tracking.rules import EVENT

ORIGINS = 8_000  # characters


class OverlapForm(forms.Form):
    """How long a token that is replaced still opens."""

    OFFERED = (("now", "Not at all"), ("1h", "For an hour"), ("24h", "For a day"), ("7d", "For a week"))
    keep = forms.ChoiceField(choices=OFFERED)


class OriginsForm(forms.Form):
    """The websites that may send by the pixel token."""

    origins = forms.CharField(
        label="Allowed origins",
        required=False,
        max_length=ORIGINS,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "placeholder": "https://www.example.com"}),
        help_text="One a line. With none, any website may send.",
    )


class PostbackTestForm(forms.Form):
    """A postback to send as an MMP would."""

    mmp = forms.ChoiceField(label="As", choices=[(name, mmp.title) for name, mmp in MMPS.items()])
    contact = forms.CharField(
        max_length=64,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="A contact's id, such as cm…, to see it matched. Empty: nobody's.",
    )
    flow = forms.CharField(
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="What AppsFlyer sends as af_sub2.",
    )


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
