"""What comes in about links, checked field by field."""

from typing import Any

from rest_framework import serializers

from chat33.api.bodies import Body
from chat33.api.fields import BoundedListField, StringField
from tracking.links.drafts import MAX_CLICKS, MAX_TAGS, REF
from tracking.links.targets import MAX_URL
from tracking.models import LinkKind


class AddressField(StringField):
    """An address; what it may be is the link's to say."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**{"max_length": MAX_URL, "allow_blank": True, "required": False, **given})


class WordField(StringField):
    """A few words, which may be left out or empty."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**{"allow_blank": True, "required": False, **given})


class TruthField(serializers.BooleanField):
    """``true`` or ``false``, and none of the words and numbers that forms say it by."""

    def to_internal_value(self, data: Any) -> bool:
        """The value. Raises ``ValidationError``."""
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class UtmFields(Body):
    """Campaign parameters."""

    source_ = WordField(max_length=200, help_text="Where people come from: `instagram`.")
    medium = WordField(max_length=200, help_text="By which means: `social`, `email`, `cpc`.")
    campaign = WordField(max_length=200, help_text="What it is part of: `spring-sale`.")
    term = WordField(max_length=200, help_text="A paid search's keyword.")
    content = WordField(max_length=200, help_text="Which of several links it is.")
    id = WordField(max_length=200, help_text="The campaign's id.")
    exact = TruthField(
        required=False, default=False, help_text="Keep capital letters and spaces, which analytics tell apart."
    )


class AppStoreFields(Body):
    """An app in the App Store."""

    app = WordField(max_length=500, help_text="The number in apps.apple.com/app/id[THIS_NUMBER], or that address.")
    provider = WordField(max_length=40, help_text="Your provider token (`pt`) in App Store Connect.")
    campaign = WordField(max_length=100, help_text="The campaign token (`ct`), at most 30 characters.")


class GooglePlayFields(Body):
    """An app in Google Play."""

    package = WordField(max_length=500, help_text="`com.example.app`, or its address in Google Play.")
    source_ = WordField(max_length=200, help_text="`utm_source` of the referrer.")
    medium = WordField(max_length=200, help_text="`utm_medium` of the referrer.")
    campaign = WordField(max_length=200, help_text="`utm_campaign` of the referrer.")
    term = WordField(max_length=200, help_text="`utm_term` of the referrer.")
    content = WordField(max_length=200, help_text="`utm_content` of the referrer.")


class WrapRequest(Body):
    """An address to track."""

    url = AddressField(required=True, allow_blank=False, help_text="The page that the link leads to.")
    contactId = WordField(max_length=60, allow_null=True, help_text="Whom it is sent to; arrives as `cid`.")
    flowId = serializers.RegexField(
        f"^{REF.pattern}$",
        required=False,
        allow_blank=True,
        max_length=60,
        help_text="The flow that sends it; arrives as `fid`.",
    )
    channelId = WordField(max_length=60, allow_null=True, help_text="The account that it is sent by; arrives as `ch`.")


class BuildUtmRequest(UtmFields):
    """A UTM link to build."""

    url = AddressField(required=True, allow_blank=False, help_text="The page that the link leads to.")


class StoreFields(Body):
    """App store links to build: one store or both."""

    appStore = AppStoreFields(required=False, allow_null=True)
    googlePlay = GooglePlayFields(required=False, allow_null=True)


class BuildStoreRequest(StoreFields):
    """App store links to build: one store or both."""


class UpdateLinkRequest(Body):
    """What may change on a link. What is left out stays."""

    url = AddressField(help_text="Where it leads without a better target. Left out, it is the first of the others.")
    kind = serializers.ChoiceField(
        choices=LinkKind.choices, required=False, help_text="Left out, it follows from what is given."
    )
    title = WordField(max_length=300, help_text="As your team knows it.")
    iosUrl = AddressField(help_text="Where an iPhone or iPad goes: the App Store, say.")
    androidUrl = AddressField(help_text="Where an Android device goes: Google Play, say.")
    deepLink = AddressField(help_text="What opens the app, tried first on a phone: `myapp://sale`.")
    contactId = WordField(max_length=60, allow_null=True, help_text="Whom it was made for.")
    channelId = WordField(max_length=60, allow_null=True, help_text="The account that it is sent by.")
    flowId = WordField(max_length=60, help_text="The flow that it is part of.")
    campaign = WordField(max_length=200, help_text="Default: the campaign of `utm`.")
    postId = WordField(max_length=60, help_text="The post that it is in.")
    influencerId = WordField(max_length=200, help_text="The influencer who shares it.")
    utm = UtmFields(required=False, allow_null=True)
    store = StoreFields(required=False, allow_null=True, help_text="Builds `iosUrl` and `androidUrl`.")
    folder = WordField(max_length=100)
    tags = BoundedListField(child=StringField(max_length=100), required=False, max_length=MAX_TAGS)
    expiresAt = serializers.DateTimeField(required=False, allow_null=True, help_text="When it ends. ISO 8601.")
    expiredUrl = AddressField(help_text="Where it leads when it has ended; else a page says so.")
    clickLimit = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=MAX_CLICKS,
        help_text="It ends after so many clicks by people.",
    )


class PatchLinkRequest(UpdateLinkRequest):
    """What may change on a link. What is left out stays."""

    archived = TruthField(required=False, help_text="`false` brings an archived link back.")


class CreateLinkRequest(UpdateLinkRequest):
    """A link to make."""

    code = WordField(
        max_length=32, help_text="The end of its short address; left out, one is made that nobody can guess."
    )
