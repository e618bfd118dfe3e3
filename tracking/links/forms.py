"""What pages take in about links."""

from collections.abc import Mapping
from typing import Any

from django import forms

from chat33.orgs.models import Organization
from contacts.models import Contact
from integrations.models import Channel
from integrations.selectors import channels_for
from tracking.links import utm
from tracking.links.drafts import NO_REF, REF, Draft
from tracking.links.selectors import Wish, channel_named, contact_named
from tracking.links.signing import wrap_link
from tracking.links.stores import CAMPAIGN_MOST
from tracking.links.targets import NotATarget
from tracking.links.utm import UnableToBuild
from tracking.links.vocabulary import FIELDS as WORD_FIELDS
from tracking.models import Link, LinkKind

LONGEST = 8_000


class WishForm(forms.Form):
    """The list's filters, in the address; what cannot be read is no filter."""

    q = forms.CharField(required=False, max_length=200)
    kind = forms.ChoiceField(required=False, choices=[("", "All kinds"), *LinkKind.choices])
    folder = forms.CharField(required=False, max_length=80)
    tag = forms.CharField(required=False, max_length=40)
    archived = forms.BooleanField(required=False)

    def wish(self) -> Wish:
        """What is looked for."""
        self.is_valid()
        found = self.cleaned_data
        return Wish(
            search=found.get("q", ""),
            kind=found.get("kind", ""),
            folder=found.get("folder", ""),
            tag=found.get("tag", ""),
            archived=found.get("archived", False),
        )


def _text(label: str, most: int = 200, **given: Any) -> forms.CharField:
    attrs = {"autocomplete": "off", **given.pop("attrs", {})}
    return forms.CharField(
        label=label,
        max_length=most,
        required=given.pop("required", False),
        widget=forms.TextInput(attrs=attrs),
        **given,
    )


def _address(label: str, **given: Any) -> forms.CharField:
    return _text(label, LONGEST, attrs={"inputmode": "url", "placeholder": "https://", "spellcheck": "false"}, **given)


class UtmForm(forms.Form):
    """The UTM builder."""

    url = _address("Website address", required=True, help_text="The page that the link leads to.")
    utm_source = _text("Campaign source", required=True, help_text="Where people come from: instagram, newsletter.")
    utm_medium = _text("Campaign medium", required=True, help_text="By which means: social, email, cpc.")
    utm_campaign = _text("Campaign name", required=True, help_text="What it is part of: spring-sale.")
    utm_term = _text("Campaign term", help_text="A paid search's keyword.")
    utm_content = _text("Campaign content", help_text="Which of several links it is: story, bio.")
    utm_id = _text("Campaign ID", help_text="As your ads call it.")
    exact = forms.BooleanField(
        required=False, label="Keep capital letters and spaces", help_text="Analytics count Sale and sale as two."
    )

    def __init__(self, *args: Any, **given: Any) -> None:
        super().__init__(*args, **given)
        _offer(self, {f"utm_{name}": name for name in WORD_FIELDS})

    def built(self) -> utm.Built | None:
        """The link, or None with the errors in the form."""
        if not self.is_valid():
            return None
        values = {name: self.cleaned_data[f"utm_{name}"] for name in utm.FIELDS}
        try:
            return utm.build(self.cleaned_data["url"], values, exact=self.cleaned_data["exact"])
        except UnableToBuild as error:
            tell(self, {f"utm_{name}": message for name, message in error.problems.items()})
        except ValueError as error:
            self.add_error("url", str(error))
        return None


class WhomForm(forms.Form):
    """Whom a link is for and who sends it: what arrives with the person."""

    contact = _text("Contact ID", 60, help_text="Whom it is for: cm… It arrives as cid.")
    flow = _text("Flow ID", 60, help_text="The flow that sends it. It arrives as fid.")
    channel = forms.ChoiceField(label="Account", required=False, help_text="That it is sent by. It arrives as ch.")

    def __init__(self, *args: Any, organization: Organization, sender: Channel | None = None, **given: Any) -> None:
        super().__init__(*args, **given)
        self.organization = organization
        channels = channels_for(organization).filter(is_active=True)[:200]
        choices = {one.public_id: f"{one.name} ({one.platform})" for one in channels}
        if sender is not None:
            choices.setdefault(sender.public_id, sender.name)
        field = self.fields["channel"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "None"), *choices.items()]

    def clean_contact(self) -> Contact | None:
        """The contact, if there is one of this id here."""
        given = str(self.cleaned_data["contact"])
        found = contact_named(self.organization, given) if given else None
        if given and found is None:
            raise forms.ValidationError("There is no such contact.")
        return found


class WrapForm(WhomForm):
    """An address to track, and whom it is sent to."""

    url = _address("Website address", required=True, help_text="The page that the link leads to.")

    def clean_flow(self) -> str:
        """An id."""
        found = str(self.cleaned_data["flow"])
        if found and not REF.fullmatch(found):
            raise forms.ValidationError(NO_REF)
        return found

    def wrapped(self) -> str:
        """The tracked link; empty with the errors in the form."""
        if not self.is_valid():
            return ""
        found = self.cleaned_data
        contact = found["contact"].public_id if found["contact"] else ""
        try:
            return wrap_link(
                found["url"],
                organization=self.organization,
                contact=contact,
                flow=found["flow"],
                channel=found["channel"],
            )
        except NotATarget as error:
            self.add_error("url", str(error))
        return ""


class StoreForm(forms.Form):
    """The app store builder: one store or both."""

    app = _text(
        "App ID", 500, help_text="Found in your App Store Connect URL: apps.apple.com/app/id[THIS_NUMBER]"
    )  # fmt: skip
    provider = _text("Provider token (pt)", 40, help_text="App Store Connect shows it under App Analytics, Campaigns.")
    campaign = _text("Campaign token (ct)", CAMPAIGN_MOST, help_text="At most 30 characters.")
    package = _text("Package name", 500, help_text="com.example.app, or the app's address in Google Play.")
    source = _text("Campaign source", help_text="instagram, newsletter.")
    medium = _text("Campaign medium", help_text="social, email.")
    name = _text("Campaign name", help_text="spring-sale.")
    term = _text("Campaign term")
    content = _text("Campaign content")

    def __init__(self, *args: Any, **given: Any) -> None:
        super().__init__(*args, **given)
        _offer(self, {"campaign": "campaign", "source": "source", "medium": "medium", "name": "campaign",
                      "term": "term", "content": "content"})  # fmt: skip

    def halves(self) -> tuple[dict[str, str] | None, dict[str, str] | None]:
        """What was written about the App Store and about Google Play; None for a store that was left out."""
        self.is_valid()
        given = {name: str(value or "") for name, value in self.cleaned_data.items()}
        apple = {name: given.get(name, "") for name in ("app", "provider", "campaign")}
        google = {name: given.get(name, "") for name in ("package", "source", "medium", "term", "content")}
        google["campaign"] = given.get("name", "")
        return apple if any(apple.values()) else None, google if any(google.values()) else None


class LinkForm(WhomForm, UtmForm):
    """A link to make or to change."""

    url = _address("Destination", help_text="Where it leads without a better target below.")
    title = _text("Title", help_text="As your team knows it.")
    code = _text("Short address", 32, help_text="Share this one; change it if you like. It stays for good.")
    ios_url = _address("iPhone and iPad", help_text="Your app in the App Store, or a page of its own.")
    android_url = _address("Android", help_text="Your app in Google Play, or a page of its own.")
    deep_link = _text(
        "Deep link", LONGEST, help_text="Opens the app where it is installed: myapp://sale. Tried first on a phone."
    )
    campaign = _text("Campaign", 100, help_text="Left out, it is the UTM campaign.")
    post = _text("Post ID", 60)
    influencer = _text("Influencer ID", 100, help_text="Goes into download links, so that installs come back with it.")
    folder = _text("Folder", 80, attrs={"list": "folders"})
    tags = _text("Tags", 1000, help_text="Separated by commas.")
    expires_at = forms.DateTimeField(
        label="Ends at",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    click_limit = forms.IntegerField(
        label="Ends after clicks", required=False, min_value=1, help_text="By people; previews and bots are free."
    )
    expired_url = _address("When it has ended, lead to", help_text="Left out, a page says that it is over.")

    def __init__(self, *args: Any, organization: Organization, link: Link | None = None, **given: Any) -> None:
        super().__init__(*args, organization=organization, sender=link.channel if link else None, **given)
        self.link = link
        for name in ("url", "utm_source", "utm_medium", "utm_campaign"):
            self.fields[name].required = False
        if link is not None:
            del self.fields["code"]

    @staticmethod
    def of(link: Link) -> dict[str, Any]:
        """What the link says now."""
        plain = ("url", "title", "ios_url", "android_url", "deep_link", "flow", "campaign", "post", "influencer", "folder",
                 "expires_at", "click_limit", "expired_url")  # fmt: skip
        return {
            **{name: getattr(link, name) for name in plain},
            **{f"utm_{name}": value for name, value in link.utm.items()},
            "contact": link.contact.public_id if link.contact else "",
            "channel": link.channel.public_id if link.channel else "",
            "tags": ", ".join(link.tags),
            "exact": any(value != value.lower() or " " in value for value in link.utm.values()),
        }

    def clean_expires_at(self) -> Any:
        """The end; the one that stands there already is kept to the second, though the page shows it by the minute."""
        given = self.cleaned_data["expires_at"]
        stands = self.link.expires_at if self.link else None
        return stands if stands and given == stands.replace(second=0, microsecond=0) else given

    def draft(self) -> Draft:
        """What was asked for, as far as it can be read."""
        self.is_valid()
        found: dict[str, Any] = {name: self.cleaned_data.get(name, "") for name in self.fields}
        taken = ("url", "title", "ios_url", "android_url", "deep_link", "flow", "campaign", "post", "influencer", "folder",
                 "expired_url")  # fmt: skip
        ios_url, android_url = found["ios_url"], found["android_url"]
        is_store = self.link is not None and self.link.kind == LinkKind.STORE
        return Draft(
            **{name: found[name] or "" for name in taken},
            code=found.get("code") or "",
            kind=LinkKind.STORE if is_store and (ios_url or android_url) and not found["deep_link"] else "",
            contact=found["contact"] or None,
            channel=channel_named(self.organization, found["channel"]) if found["channel"] else None,
            utm={name: found[f"utm_{name}"] or "" for name in utm.FIELDS},
            exact=bool(found["exact"]),
            tags=[tag for tag in (found["tags"] or "").split(",") if tag.strip()],
            expires_at=found["expires_at"] or None,
            click_limit=found["click_limit"] or None,
        )


class WordForm(forms.Form):
    """A word for the vocabulary."""

    field = forms.ChoiceField(choices=[(name, name.capitalize()) for name in WORD_FIELDS], label="For")
    value = _text("Word", utm.MAX_VALUE, required=True)


class DomainForm(forms.Form):
    """A host to verify."""

    host = _text("Your website's host", 300, required=True, help_text="shop.example.com, or an address on it.")


def tell(form: forms.Form, problems: Mapping[str, str]) -> None:
    """Put each problem at its field, or above them all."""
    for name, message in problems.items():
        at = name if name in form.fields else None
        if at is None or not form.has_error(at):
            form.add_error(at, message)


def _offer(form: forms.Form, words: Mapping[str, str]) -> None:
    """Let fields offer the organization's words, by which of them; the page has the words in lists."""
    for name, field in words.items():
        form.fields[name].widget.attrs["list"] = f"words-{field}"
