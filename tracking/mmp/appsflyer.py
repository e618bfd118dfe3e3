"""AppsFlyer's Push API and partner postbacks (AppsFlyer help centre, "Push API streaming raw data" and "Push API fields",
read 2026-11): JSON by POST, or fields of a query by GET.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from tracking.mmp.base import Fields, Kind, Mmp, Reading, amount, moment

_KINDS: Mapping[str, Kind] = {
    "install": "install",
    "organic-install": "install",
    "reinstall": "reinstall",
    "re-attribution": "reinstall",
    "re-engagement": "session",
    "uninstall": "uninstall",
    "in-app-event": "event",
    "organic-in-app-event": "event",
    "re-engagement-in-app-event": "event",
}


class AppsFlyer(Mmp):
    """AppsFlyer."""

    name: ClassVar[str] = "appsflyer"
    title: ClassVar[str] = "AppsFlyer"
    signs: ClassVar[frozenset[str]] = frozenset(
        {"appsflyer_id", "appsflyer_device_id", "af_sub1", "af_c_id", "af_siteid"}
    )
    contact_fields: ClassVar[tuple[str, ...]] = ("af_sub1",)

    def read(self, found: Fields) -> Reading:
        """``event_type`` and ``event_name`` are both read: the first says what kind it is, the second which event."""
        kind_word = found.first("event_type").lower().replace("_", "-")
        event = found.first("event_name") or kind_word or "install"
        kind = _KINDS.get(kind_word) or _KINDS.get(event.lower().replace("_", "-"), "event")
        value = amount(found.first("event_revenue", "revenue", "af_revenue"))
        if kind == "event" and event.lower() in ("af_purchase", "purchase"):
            kind = "purchase"
        device = found.first("appsflyer_id", "appsflyer_device_id")
        sub2 = found.first("af_sub2")
        is_flow = sub2.startswith("flow")
        contact, by = found.contact(*self.contact_fields)
        at = found.first("event_time", "install_time")
        return Reading(
            mmp=self.name,
            kind=kind,
            event={"install": "install", "reinstall": "reinstall", "purchase": "purchase"}.get(kind, event),
            key=found.key(device, event, at, found.first("event_value"), dated=at),
            contact=contact,
            contact_by=by,
            flow=sub2 if is_flow else found.first("fid"),
            influencer=found.first("influencer") if is_flow else sub2 or found.first("influencer"),
            network=found.first("media_source"),
            campaign=found.first("campaign", "af_c_id"),
            app=found.first("app_id", "bundle_id", "app_name"),
            platform=found.first("platform").lower(),
            device=device,
            occurred_at=moment(at),
            value=value,
            currency=found.first("event_revenue_currency", "currency").upper(),
            order=found.order(),
            fields=found.values,
            unreplaced=found.unreplaced,
        )

    def template(self, url: str) -> str:
        """AppsFlyer fills the fields itself: the address alone."""
        return f"{url}&mmp=appsflyer"

    def example(self, *, contact: str, flow: str, now: datetime) -> Mapping[str, str]:
        """An install."""
        at = f"{now:%Y-%m-%d %H:%M:%S}.000"
        return {
            "event_type": "install",
            "event_name": "install",
            "app_id": "id123456789",
            "appsflyer_id": f"{int(now.timestamp() * 1000)}-1234567",
            "media_source": "chat33",
            "campaign": "Test postback",
            "af_sub1": contact,
            "af_sub2": flow,
            "platform": "ios",
            "event_time": at,
            "install_time": at,
        }
