"""Adjust's callbacks (Adjust help centre, "Set up callbacks" and "Available placeholders", read 2026-11): GET, with the
placeholders that the marketer chose, and ``nonce`` and ``random`` where they are in it. ``revenue`` is in cents,
``revenue_float`` in whole units ("Ad revenue callbacks", "Recommended placeholders").
"""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from tracking.mmp.base import Fields, Kind, Mmp, Reading, amount, joined, moment

_KINDS: Mapping[str, Kind] = {
    "install": "install",
    "reinstall": "reinstall",
    "reattribution": "reinstall",
    "reattribution_reinstall": "reinstall",
    "session": "session",
    "uninstall": "uninstall",
    "event": "event",
    "cost_updated": "cost",
    "ad_revenue": "event",
    "impression": "other",
    "click": "other",
    "att_update": "other",
}
_PLACEHOLDERS = (
    "activity_kind", "adid", "event", "event_name", "app_id", "app_name", "tracker", "tracker_name", "network_name",
    "campaign_name", "label", "created_at", "installed_at", "click_time", "revenue_float", "currency", "os_name", "nonce",
    "random",
)  # fmt: skip


class Adjust(Mmp):
    """Adjust."""

    name: ClassVar[str] = "adjust"
    title: ClassVar[str] = "Adjust"
    signs: ClassVar[frozenset[str]] = frozenset({"activity_kind", "adid", "tracker_name", "tracker", "gps_adid"})
    contact_fields: ClassVar[tuple[str, ...]] = ("label",)

    def read(self, found: Fields) -> Reading:
        """``label`` is the click label: the contact. ``tracker_name`` is network::campaign::adgroup::creative."""
        word = found.first("activity_kind").lower()
        rejected = word.startswith("rejected")
        kind: Kind = "rejected" if rejected else _KINDS.get(word, "event" if found.first("event") else "other")
        event = found.first("event_name", "event") or word or "event"
        whole, cents = amount(found.first("revenue_float")), amount(found.first("revenue"))
        value = whole if whole is not None or cents is None else cents / 100
        if kind == "event" and value is not None and event.lower() in ("purchase", "iap"):
            kind = "purchase"
        parts = found.first("tracker_name").split("::")
        at = found.first("created_at", "installed_at")
        own = joined(found.first("nonce"), found.first("random"))
        device = found.first("adid", "gps_adid", "idfa")
        contact, by = found.contact(*self.contact_fields)
        return Reading(
            mmp=self.name,
            kind=kind,
            event={"install": "install", "reinstall": "reinstall", "purchase": "purchase"}.get(kind, event),
            key=own or found.key(device, word, found.first("event"), at, dated=at),
            contact=contact,
            contact_by=by,
            flow=found.first("fid"),
            influencer=found.first("influencer"),
            network=found.first("network_name") or parts[0],
            campaign=found.first("campaign_name") or (parts[1] if len(parts) > 1 else ""),
            app=found.first("app_id", "app_name"),
            platform=found.first("os_name", "platform").lower(),
            device=device,
            occurred_at=moment(at),
            value=value,
            currency=found.first("currency").upper(),
            order=found.order(),
            fields=found.values,
            unreplaced=found.unreplaced,
        )

    def template(self, url: str) -> str:
        """The address with Adjust's placeholders, ``{name}``."""
        return f"{url}&mmp=adjust&" + "&".join(f"{name}={{{name}}}" for name in _PLACEHOLDERS)

    def example(self, *, contact: str, flow: str, now: datetime) -> Mapping[str, str]:
        """An install."""
        return {
            "activity_kind": "install",
            "adid": f"test{int(now.timestamp())}",
            "app_id": "com.example.app",
            "tracker_name": "Chat33::Test postback",
            "os_name": "android",
            "label": contact,
            "created_at": str(int(now.timestamp())),
            "nonce": f"test-{int(now.timestamp() * 1000)}",
        }
