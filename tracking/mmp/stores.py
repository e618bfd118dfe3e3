"""What stores report of installs without saying whose, as it comes from the store itself or from an MMP that passes it on.

SKAdNetwork: Apple, "Identifying the parameters in install-validation postbacks" (versions 2.0 to 4.0). AdAttributionKit:
Apple, "Identifying the parameters in a postback": a JWS (RFC 7515) whose payload has the fields, and unsigned ones beside
it. Adjust passes fields on as ``sk_…`` ("Activity: SKAdNetwork install"), AppsFlyer as ``skad_…`` ("SKAN postback copies");
Singular's and Tenjin's words for them are not public, so Apple's own and ``skan_…`` are taken. Read 2026-11. A signature is
not checked here: the secret says whose word it is.
"""

import base64
import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tracking.mmp.base import Fields, Reading, StoreReport, Unreadable, joined, moment

SKAN, AAK = "SKAN", "AAK"
_PREFIX = re.compile(r"^(?:skad|skan|sk)_")
_JWS = re.compile(r"[\w-]+\.([\w-]+)\.[\w-]*", re.ASCII)
_NO = frozenset({"false", "0", "no"})


def is_store_report(found: Fields) -> bool:
    """Whether a message is one of a store's."""
    names = set(found.values) | set(found.unreplaced)
    if "jws-string" in names or "sk_payload" in names:
        return True
    if any(_PREFIX.match(name) and name.endswith("transaction_id") for name in names):
        return True
    return "transaction-id" in names and bool(names & {"ad-network-id", "attribution-signature"})


def read(found: Fields, *, mmp: str) -> Reading:
    """The report. ``mmp`` is who passed it on, empty for the store itself. Raises ``Unreadable``."""
    given = _plain_names(found.values)
    signed = _payload(found.values["jws-string"]) if "jws-string" in found.values else {}
    inside = _object(found.values.get("sk_payload", ""))
    own = {**given, **_plain_names(inside), **_plain_names(signed)}

    def first(*names: str) -> str:
        return next((own[name] for name in names if own.get(name)), "")

    number = first("postback_identifier", "transaction_id")
    if not number:
        raise Unreadable("It has no transaction-id, so that it could not be told from a repetition.")
    sequence = first("postback_sequence_index", "sequence_index")
    network = first("ad_network_id", "ad_network_identifier", "network_id")
    return Reading(
        mmp=mmp,
        kind="aggregate",
        event="store install",
        key=joined(number, sequence),
        occurred_at=_when(found),
        fields=found.values,
        unreplaced=found.unreplaced,
        store=StoreReport(
            framework=AAK if signed or "postback_identifier" in own else SKAN,
            version=first("version")[:10],
            network=(first("media_source", "ad_network_name", "network_name") or network)[:100],
            campaign=(
                first("ad_network_campaign_name", "campaign_name", "campaign", "source_identifier", "campaign_id")
            )[:100],
            app=first("app_id", "advertised_item_identifier")[:100],
            conversion=first("conversion_value", "coarse_conversion_value", "coarse_value")[:20],
            won=first("did_win").lower() not in _NO,
        ),
    )


def _plain_names(given: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in sorted(given.items(), key=lambda item: not _PREFIX.match(item[0])):
        plain = _PREFIX.sub("", name.replace("-", "_"))
        text = value if isinstance(value, str) else json.dumps(value)
        found.setdefault(plain, text)  # what says that it is the store's wins over the MMP's own field of that name
    return found


def _payload(jws: str) -> Mapping[str, Any]:
    match = _JWS.fullmatch(jws)
    if not match:
        raise Unreadable("Its jws-string is no JWS.")
    try:
        found = json.loads(base64.urlsafe_b64decode(match[1] + "=" * (-len(match[1]) % 4)))
    except (ValueError, RecursionError):
        raise Unreadable("Its jws-string holds no JSON.") from None
    if not isinstance(found, dict):
        raise Unreadable("Its jws-string holds no object.")
    return found


def _object(text: str) -> Mapping[str, Any]:
    """The JSON object of ``sk_payload``, where it is sound: the other fields say the same."""
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _when(found: Fields) -> datetime | None:
    return moment(found.first("sk_ts", "timestamp", "ad_network_timestamp", "skad_timestamp", "created_at"))
