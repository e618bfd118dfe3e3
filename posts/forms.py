"""What pages take in about posts and files."""

from collections.abc import Sequence
from typing import Any

from django import forms

from posts.library import MAX_ALT, Unfit, tags_in
from posts.models import Media
from posts.shelf import SHAPES, Wish


class WishForm(forms.Form):
    """The library's filters, in the address; what cannot be read is no filter."""

    q = forms.CharField(required=False, max_length=100)
    kind = forms.ChoiceField(required=False, choices=[("", "All kinds"), ("image", "Pictures"), ("video", "Videos")])
    shape = forms.ChoiceField(
        required=False, choices=[("", "All shapes"), *((shape, shape.capitalize()) for shape in SHAPES)]
    )
    tag = forms.CharField(required=False, max_length=40)
    unused = forms.BooleanField(required=False)

    def __init__(self, *args: Any, tags: Sequence[str] = (), **given: Any) -> None:
        super().__init__(*args, **given)
        self.tags = tags

    def wish(self) -> Wish:
        """What is looked for."""
        self.is_valid()
        found = self.cleaned_data
        return Wish(
            search=found.get("q", ""),
            kind=found.get("kind", ""),
            shape=found.get("shape", ""),
            tag=found.get("tag", ""),
            unused=found.get("unused", False),
        )


class MediaForm(forms.Form):
    """What people say of a file."""

    name = forms.CharField(max_length=150, label="Name")
    alt_text = forms.CharField(
        required=False,
        max_length=MAX_ALT,
        label="Description",
        help_text="What it shows, for people who cannot see it. New posts start with it as the alternative text.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    tags = forms.CharField(required=False, max_length=1000, label="Tags", help_text="Separated by commas.")

    @staticmethod
    def of(media: Media) -> dict[str, str]:
        """What is said of it now; the extension is the file's own and not for people to change."""
        return {"name": media.name.rpartition(".")[0], "alt_text": media.alt_text, "tags": ", ".join(media.tags)}

    def clean_name(self) -> str:
        """With an ending, as only what is before the last dot is the name's."""
        return f"{self.cleaned_data['name']}.file"

    def clean_tags(self) -> list[str]:
        """Each once."""
        try:
            return tags_in(self.cleaned_data["tags"])
        except Unfit as error:
            raise forms.ValidationError(str(error)) from None
