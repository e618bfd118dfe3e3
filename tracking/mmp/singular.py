"""Singular's Internal BI postbacks and partner postbacks (Singular help centre, "Internal BI postbacks" and "Postback
macros and passthrough parameters", read 2026-11): JSON by POST, or ``{MACRO}`` of an address by GET. A parameter of a
tracking link that is not Singular's own comes back by a macro of its name.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from tracking.mmp.base import OURS, Fields, Kind, Mmp, Reading, amount, moment

_KINDS: Mapping[str, Kind] = {
    "install": "install",
    "__install__": "install",
    "reinstall": "reinstall",
    "session": "session",
    "__session__": "session",
    "__iap__": "purchase",
    "purchase": "purchase",
    "uninstall": "uninstall",
}
_MACROS = {
    "network": "NETWORK", "campaign": "CID", "passthrough": "passthrough", "event_name": "EVTNAME", "revenue": "AMOUNT",
    "currency": "CURRENCY", "longname": "LONGNAME", "idfa": "IDFA", "idfv": "IDFV", "aifa": "AIFA",
    "event_utc_timestamp": "UTCM",
}  # fmt: skip


class Singular(Mmp):
    """Singular."""

    name: ClassVar[str] = "singular"
    title: ClassVar[str] = "Singular"
    signs: ClassVar[frozenset[str]] = frozenset(
        {
            "event_utc_timestamp",
            "passthrough",
            "aifa",
            "is_viewthrough",
            "is_re_eng",
            "singular_id",
            "longname",
            "app_longname",
        }
    )
    contact_fields: ClassVar[tuple[str, ...]] = ("passthrough", "source")

    def read(self, found: Fields) -> Reading:
        """``passthrough``, or ``source`` where it is none of a network, is the contact."""
        word = found.first("event_name", "event")
        kind = _KINDS.get(word.lower(), "event") if word else "install"
        device = found.first("aifa", "idfa", "idfv", "android_id", "singular_id")
        source = found.first("source")
        names = self.contact_fields if source.startswith(OURS) else self.contact_fields[:1]
        contact, by = found.contact(*names)
        at = found.first("event_utc_timestamp", "event_timestamp", "utc", "install_utc_timestamp")
        return Reading(
            mmp=self.name,
            kind=kind,
            event={"install": "install", "reinstall": "reinstall", "purchase": "purchase"}.get(kind, word),
            key=found.key(device, word, at, dated=at),
            contact=contact,
            contact_by=by,
            flow=found.first("fid"),
            influencer=found.first("influencer"),
            network=found.first("network") or ("" if by == "source" else source),
            campaign=found.first("campaign", "campaign_name", "tracker_campaign_name", "cid"),
            app=found.first("app_longname", "longname", "app_name", "bundle_id"),
            platform=found.first("platform").lower(),
            device=device,
            occurred_at=moment(at),
            value=amount(found.first("revenue", "amount", "converted_revenue")),
            currency=found.first("currency", "revenue_currency").upper(),
            order=found.order(),
            fields=found.values,
            unreplaced=found.unreplaced,
        )

    def template(self, url: str) -> str:
        """The address with Singular's macros, ``{NAME}``."""
        return f"{url}&mmp=singular&" + "&".join(f"{name}={{{macro}}}" for name, macro in _MACROS.items())

    def example(self, *, contact: str, flow: str, now: datetime) -> Mapping[str, str]:
        """An install."""
        return {
            "event_name": "install",
            "network": "Chat33",
            "campaign": "Test postback",
            "passthrough": contact,
            "aifa": f"test-{int(now.timestamp() * 1000)}",
            "app_longname": "com.example.app",
            "platform": "android",
            "event_utc_timestamp": str(int(now.timestamp())),
        }
