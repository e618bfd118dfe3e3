"""What is answered about links: the shape of each reply as the schema tells it, and the making of them."""

from typing import Any

from rest_framework import serializers

from chat33.api.bodies import Body
from chat33.lib.clock import stamp
from tracking.links.signing import short_url
from tracking.links.stats import Count, Sources, Stats
from tracking.models import Link, LinkKind


class UtmReply(Body):
    """Campaign parameters; those that are not there are left out."""

    source_ = serializers.CharField(required=False)
    medium = serializers.CharField(required=False)
    campaign = serializers.CharField(required=False)
    term = serializers.CharField(required=False)
    content = serializers.CharField(required=False)
    id = serializers.CharField(required=False)


class LinkReply(Body):
    """A stored link."""

    id = serializers.CharField()
    kind = serializers.ChoiceField(choices=LinkKind.choices)
    code = serializers.CharField()
    shortUrl = serializers.CharField(help_text="What to share.")
    qrUrl = serializers.CharField(help_text="The QR code of `shortUrl`, as SVG; opened with your key.")
    title = serializers.CharField()
    url = serializers.CharField()
    iosUrl = serializers.CharField()
    androidUrl = serializers.CharField()
    deepLink = serializers.CharField()
    contactId = serializers.CharField(allow_null=True)
    channelId = serializers.CharField(allow_null=True)
    flowId = serializers.CharField()
    campaign = serializers.CharField()
    postId = serializers.CharField()
    influencerId = serializers.CharField()
    utm = UtmReply()
    folder = serializers.CharField()
    tags = serializers.ListField(child=serializers.CharField())
    expiresAt = serializers.DateTimeField(allow_null=True)
    expiredUrl = serializers.CharField()
    clickLimit = serializers.IntegerField(allow_null=True)
    clicks = serializers.IntegerField(help_text="By people.")
    archivedAt = serializers.DateTimeField(allow_null=True)
    createdBy = serializers.CharField()
    createdAt = serializers.DateTimeField()
    updatedAt = serializers.DateTimeField()


class LinkPageReply(Body):
    """A page of links."""

    items = LinkReply(many=True)
    total = serializers.IntegerField()
    page = serializers.IntegerField()
    limit = serializers.IntegerField()
    hasMore = serializers.BooleanField()


class WrappedReply(Body):
    """A tracked link; nothing is stored."""

    url = serializers.CharField()


class BuiltUtmReply(Body):
    """A UTM link; nothing is stored."""

    url = serializers.CharField()
    utm = UtmReply(help_text="The values as they are written.")
    channelGroup = serializers.CharField(help_text="Where Google Analytics 4 would show it.")
    warnings = serializers.ListField(child=serializers.CharField())


class BuiltStoreReply(Body):
    """App store links; nothing is stored."""

    iosUrl = serializers.CharField()
    androidUrl = serializers.CharField()
    warnings = serializers.ListField(child=serializers.CharField())


class ClicksReply(Body):
    """Clicks by who caused them."""

    people = serializers.IntegerField()
    confirmed = serializers.IntegerField(help_text="Of the people: those whom the pixel saw arrive.")
    previews = serializers.IntegerField(help_text="Messengers that drew a preview.")
    prefetches = serializers.IntegerField(help_text="Browsers that looked ahead.")
    bots = serializers.IntegerField()
    expired = serializers.IntegerField(help_text="People who came when the link had ended.")


class DayReply(ClicksReply):
    """A day's clicks."""

    date = serializers.DateField()


class NumberReply(Body):
    """How many of the clicks."""

    name = serializers.CharField(help_text="Empty where it is not known.")
    clicks = serializers.IntegerField()


class LinkStatsReply(Body):
    """What came of a link."""

    id = serializers.CharField()
    first = serializers.DateField()
    last = serializers.DateField()
    timezone = serializers.CharField(help_text="Whose days they are.")
    total = ClicksReply()
    days = DayReply(many=True)
    referrers = NumberReply(many=True, help_text="Hosts that people came from.")
    devices = NumberReply(many=True, help_text="`ios`, `android`, `desktop`.")
    previews = NumberReply(many=True, help_text="Which messengers drew previews.")
    sourcesOf = serializers.IntegerField(
        help_text="How many of the latest clicks `referrers`, `devices` and `previews` look at."
    )


def link_body(link: Link) -> dict[str, Any]:
    """A link."""
    short = short_url(link.code)
    return {
        "id": link.public_id,
        "kind": link.kind,
        "code": link.code,
        "shortUrl": short,
        "qrUrl": f"{short.rpartition('/l/')[0]}/api/v1/links/{link.public_id}/qr.svg",
        "title": link.title,
        "url": link.url,
        "iosUrl": link.ios_url,
        "androidUrl": link.android_url,
        "deepLink": link.deep_link,
        "contactId": link.contact.public_id if link.contact else None,
        "channelId": link.channel.public_id if link.channel else None,
        "flowId": link.flow,
        "campaign": link.campaign,
        "postId": link.post,
        "influencerId": link.influencer,
        "utm": link.utm,
        "folder": link.folder,
        "tags": link.tags,
        "expiresAt": stamp(link.expires_at),
        "expiredUrl": link.expired_url,
        "clickLimit": link.click_limit,
        "clicks": link.clicks,
        "archivedAt": stamp(link.archived_at),
        "createdBy": link.created_by,
        "createdAt": stamp(link.created_at),
        "updatedAt": stamp(link.updated_at),
    }


def stats_body(link: Link, stats: Stats, sources: Sources) -> dict[str, Any]:
    """A link's figures."""
    return {
        "id": link.public_id,
        "first": stats.first.isoformat(),
        "last": stats.last.isoformat(),
        "timezone": link.organization.timezone,
        "total": _clicks(stats.total),
        "days": [{"date": day.isoformat(), **_clicks(count)} for day, count in stats.days],
        "referrers": _numbers(sources.referrers),
        "devices": _numbers(sources.devices),
        "previews": _numbers(sources.previews),
        "sourcesOf": sources.of,
    }


def _clicks(count: Count) -> dict[str, int]:
    return {
        "people": count.people,
        "confirmed": count.confirmed,
        "previews": count.previews,
        "prefetches": count.prefetches,
        "bots": count.bots,
        "expired": count.expired,
    }


def _numbers(found: Any) -> list[dict[str, Any]]:
    return [{"name": name, "clicks": number} for name, number in found]
