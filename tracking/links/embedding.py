"""Who clicked, written into an app's download link so that the install comes back with it. Pure.

Google Play hands ``referrer`` to the app (Android Developers, "Play Install Referrer"). The measurement partners give back
what their links carry: AppsFlyer ``af_sub1`` to ``af_sub5`` ("Attribution link structure and parameters"), Adjust ``label``
("Tracker parameters"), Tenjin ``click_id``, Singular ``passthrough``; ``tracking.mmp`` reads them again. The App Store takes
nothing about a person. Any other address is a page of somebody's, where the pixel reads ``cid``, ``fid`` and ``ch``.
"""

from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import parse_qsl, urlencode, urlsplit

from tracking.links.targets import appended

APPLE, GOOGLE = "apps.apple.com", "play.google.com"
_PARTNERS = (
    ("appsflyer", ("onelink.me", "app.appsflyer.com")),
    ("adjust", ("app.adjust.com", "adj.st", "go.link")),
    ("tenjin", ("track.tenjin.com", "track.tenjin.io")),
    ("singular", ("sng.link",)),
)


def embedded(url: str, given: Mapping[str, str], *, influencer: str = "") -> str:
    """The target with ``given`` (``cid``, ``fid``, ``ch``, ``c33``, as far as there are) and the influencer's id."""
    host = _host(url)
    if host == APPLE:
        return url
    given = {name: value for name, value in given.items() if value}
    if host == GOOGLE:
        return _referred(url, {**given, **({"influencer": influencer} if influencer else {})})
    partner = partner_of(host)
    if not partner:
        return appended(url, given)
    contact, second = given.get("cid", ""), influencer or given.get("fid", "")
    names = {
        "appsflyer": {"af_sub1": contact, "af_sub2": second},
        "adjust": {"label": contact},
        "tenjin": {"click_id": contact},
        "singular": {"passthrough": contact},
    }[partner]
    return appended(url, {name: value for name, value in names.items() if value})


@lru_cache(maxsize=16_384)
def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


@lru_cache(maxsize=4_096)
def partner_of(host: str) -> str:
    """The measurement partner whose host it is; empty for nobody's."""
    return next(
        (name for name, hosts in _PARTNERS if any(host == one or host.endswith(f".{one}") for one in hosts)), ""
    )


def _referred(url: str, given: Mapping[str, str]) -> str:
    """Google Play's address, its referrer kept and added to; encoded once, as a whole."""
    known = dict(parse_qsl(urlsplit(url).query)).get("referrer", "")
    kept = [part for part in known.split("&") if part and part.partition("=")[0] not in given]
    referrer = "&".join([*kept, *([urlencode(given)] if given else [])])
    return appended(url, {"referrer": referrer}) if referrer else url
