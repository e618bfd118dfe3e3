"""Requests about links as drafts, and refusals by the names that the API has for fields."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from rest_framework.exceptions import ValidationError

from chat33.orgs.models import Organization
from tracking.links import utm
from tracking.links.drafts import Draft
from tracking.links.selectors import channel_named, contact_named
from tracking.links.stores import both
from tracking.links.targets import NotATarget
from tracking.links.utm import UnableToBuild

T = TypeVar("T")
# The API's name of each field that is simply taken over.
NAMES: Mapping[str, str] = {
    "url": "url",
    "kind": "kind",
    "code": "code",
    "title": "title",
    "iosUrl": "ios_url",
    "androidUrl": "android_url",
    "deepLink": "deep_link",
    "flowId": "flow",
    "campaign": "campaign",
    "postId": "post",
    "influencerId": "influencer",
    "folder": "folder",
    "tags": "tags",
    "expiresAt": "expires_at",
    "expiredUrl": "expired_url",
    "clickLimit": "click_limit",
}
_PATHS = {
    **{ours: theirs for theirs, ours in NAMES.items()},
    "contact": "contactId",
    "channel": "channelId",
    **{f"utm_{name}": f"utm.{name}" for name in utm.FIELDS},
}


def draft_from(data: Mapping[str, Any], *, organization: Organization, base: Draft | None = None) -> Draft:
    """What the body asks for, on top of what there is. Raises ``ValidationError``."""
    base = base or Draft()
    changes: dict[str, Any] = {ours: data[theirs] for theirs, ours in NAMES.items() if theirs in data}
    if "contactId" in data:
        found = contact_named(organization, data["contactId"]) if data["contactId"] else None
        changes["contact"] = _there(found, data["contactId"], "contactId", "contact")
    if "channelId" in data:
        channel = channel_named(organization, data["channelId"]) if data["channelId"] else None
        changes["channel"] = _there(channel, data["channelId"], "channelId", "account")
    if "utm" in data:
        given = dict(data["utm"] or {})
        changes |= {"exact": given.pop("exact", False), "utm": given}
    if data.get("store"):
        made = told(lambda: both(data["store"].get("appStore"), data["store"].get("googlePlay")), below="store")
        changes |= {"ios_url": made.ios_url, "android_url": made.android_url}
    if base.kind and "kind" not in data and {"ios_url", "android_url", "deep_link", "utm"} & changes.keys():
        changes["kind"] = ""  # it follows from what it is now
    return replace(base, **changes)


def named(data: Mapping[str, Any], *, organization: Organization) -> tuple[str, str]:
    """The ids of the contact and the account that the body names, empty for none. Raises ``ValidationError``."""
    contact, channel = data.get("contactId") or "", data.get("channelId") or ""
    _there(contact_named(organization, contact) if contact else None, contact, "contactId", "contact")
    _there(channel_named(organization, channel) if channel else None, channel, "channelId", "account")
    return contact, channel


def told(build: Callable[[], T], *, below: str = "") -> T:
    """What is built, or a ``ValidationError`` with the API's names of fields, which are ``below`` another."""
    start = f"{below}." if below else ""
    try:
        return build()
    except UnableToBuild as error:
        raise ValidationError(
            {start + _PATHS.get(name, name): [message] for name, message in error.problems.items()}
        ) from None
    except NotATarget as error:
        raise ValidationError({f"{start}url": [str(error)]}) from None


def _there(found: T | None, given: str | None, path: str, what: str) -> T | None:
    if given and found is None:
        raise ValidationError({path: [f"There is no such {what}."]})
    return found
