"""Tenjin's callbacks (Tenjin, "Callback macros", read 2026-11 as partners show them): an address of the marketer's with
``{{macro}}`` in it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from tracking.mmp.base import Fields, Kind, Mmp, Reading, amount, moment

_MACROS = (
    "advertising_id", "bundle_id", "store_id", "click_id", "platform", "campaign_id", "campaign_name", "ad_network",
    "site_id", "creative_name", "country", "acquired_at_ms", "engaged_at_ms", "time_in_ms", "value", "revenue_usd_gross",
)  # fmt: skip


class Tenjin(Mmp):
    """Tenjin."""

    name: ClassVar[str] = "tenjin"
    title: ClassVar[str] = "Tenjin"
    signs: ClassVar[frozenset[str]] = frozenset({"acquired_at_ms", "engaged_at_ms", "ad_network", "revenue_usd_gross"})
    contact_fields: ClassVar[tuple[str, ...]] = ("click_id",)

    def read(self, found: Fields) -> Reading:
        """``click_id`` is what our links put there: the contact. Without an event's name it is an install."""
        word = found.first("event", "event_name", "event_type").lower()
        kind: Kind = "install" if word in ("", "install", "acquisition") else "event"
        usd = amount(found.first("revenue_usd_gross", "revenue_usd_net"))
        value = usd if usd is not None else amount(found.first("value", "revenue"))
        if kind == "event" and word == "purchase":
            kind = "purchase"
        device = found.first("click_id") or found.first("advertising_id")
        contact, by = found.contact(*self.contact_fields)
        at = found.first("time_in_ms", "engaged_at_ms", "acquired_at_ms")
        return Reading(
            mmp=self.name,
            kind=kind,
            event="install" if kind == "install" else word,
            key=found.key(device, word, found.first("acquired_at_ms") if kind == "install" else at, dated=at),
            contact=contact,
            contact_by=by,
            flow=found.first("fid"),
            influencer=found.first("influencer"),
            network=found.first("ad_network", "site_id"),
            campaign=found.first("campaign_name", "campaign_id"),
            app=found.first("bundle_id", "store_id"),
            platform=found.first("platform").lower(),
            device=found.first("advertising_id"),
            occurred_at=moment(at),
            value=value,
            currency="USD" if usd is not None else found.first("currency").upper(),
            order=found.order(),
            fields=found.values,
            unreplaced=found.unreplaced,
        )

    def template(self, url: str) -> str:
        """The address with Tenjin's macros, ``{{name}}``."""
        return f"{url}&mmp=tenjin&" + "&".join(f"{name}={{{{{name}}}}}" for name in _MACROS)

    def example(self, *, contact: str, flow: str, now: datetime) -> Mapping[str, str]:
        """An install."""
        milliseconds = str(int(now.timestamp() * 1000))
        return {
            "click_id": contact,
            "advertising_id": f"test-{milliseconds}",
            "bundle_id": "com.example.app",
            "campaign_id": "test-postback",
            "campaign_name": "Test postback",
            "site_id": "chat33",
            "ad_network": "chat33",
            "platform": "android",
            "acquired_at_ms": milliseconds,
        }
