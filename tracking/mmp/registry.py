"""Whose message is it: said by ``mmp=``, else known by its fields."""

from collections.abc import Mapping

from tracking.mmp import stores
from tracking.mmp.adjust import Adjust
from tracking.mmp.appsflyer import AppsFlyer
from tracking.mmp.base import Fields, Mmp, Reading, Unreadable
from tracking.mmp.singular import Singular
from tracking.mmp.tenjin import Tenjin

MMPS: Mapping[str, Mmp] = {kind.name: kind for kind in (AppsFlyer(), Adjust(), Tenjin(), Singular())}

_RELAYS = (("skad_", "appsflyer"), ("sk_", "adjust"))  # how they call a store's fields


def mmp_of(found: Fields) -> Mmp:
    """The MMP that sent it: the one with most of its own fields in it. Raises ``Unreadable``."""
    said = found.values.get("mmp", "").lower()
    if said in MMPS:
        return MMPS[said]
    names = {name.lower() for name in found.values} | {name.lower() for name in found.unreplaced}
    counted = {kind: len(kind.signs & names) for kind in MMPS.values()}
    best = max(counted, key=lambda kind: counted[kind])
    if counted[best]:
        return best
    if {"network", "source"} & names:
        return MMPS["singular"]
    if {"campaign_id", "site_id"} & names:
        return MMPS["tenjin"]
    raise Unreadable(
        "No field of it is AppsFlyer's, Adjust's, Tenjin's or Singular's. Add mmp= and its name to the address."
    )


def read(found: Fields) -> Reading:
    """The message, read by its MMP or as a store's report. Raises ``Unreadable``."""
    if stores.is_store_report(found):
        return stores.read(found, mmp=_passed_on_by(found))
    return mmp_of(found).read(found)


def _passed_on_by(found: Fields) -> str:
    try:
        return mmp_of(found).name
    except Unreadable:
        names = set(found.values)
        return next((mmp for start, mmp in _RELAYS if any(name.startswith(start) for name in names)), "")
