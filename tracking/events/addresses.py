"""Addresses of pages as we keep them: without what may name a person or open something. Pure."""

import re
from functools import lru_cache
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

MAX_URL = 2_000
_CAMPAIGN = re.compile(r"utm_\w+", re.I | re.ASCII)
# What advertisers' networks append to tell a click, and what our links do.
_CLICK = re.compile(r"cid|fid|ch|c33|\w*clid|msclkid|[gw]braid|igshid|li_fat_id|epik|sccid|rdt_cid", re.I | re.ASCII)
_ROUTE = re.compile(r"!?/[^?]*")  # the fragment of an app that routes by it
_AT = re.compile(r"%40", re.ASCII)
_MAIL = re.compile(r"[^\s/?&=@]{1,64}@([^\s/?&=@]{1,255})")  # bounded, so that no text takes long to look through
_DOMAIN = re.compile(r"\.[A-Za-z]{2}")


def kept(url: str, *, named: bool = True) -> str:
    """The address with ``utm_*`` and click ids of its query, without user name and what looks like an e-mail address; of a
    fragment only a route stays. Click ids go, too, unless ``named``. Empty for what is no address.
    """
    return _kept(url[: MAX_URL * 4], named)  # cut first: what is remembered of a stranger's address is bounded


@lru_cache(maxsize=4_096)
def _kept(url: str, named: bool) -> str:
    if not url.isascii() or not url.isprintable():
        url = "".join(letter for letter in url if letter.isascii() and letter.isprintable())
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return ""
    query = ""
    if parts.query:
        try:
            pairs = parse_qsl(parts.query, max_num_fields=200)
        except ValueError:
            pairs = []
        kept_pairs = [
            (name, value)
            for name, value in pairs
            if _is_kept(name, named=named) and _anonymous(value) == _AT.sub("@", value)
        ]
        query = urlencode(kept_pairs)
    path = _anonymous(parts.path)
    route = _ROUTE.match(parts.fragment)
    fragment = _anonymous(route[0]) if route else ""
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2].lower(), path, query, fragment))[:MAX_URL]


def _anonymous(text: str) -> str:
    """The text with a hyphen for what looks like an e-mail address."""
    return _MAIL.sub(lambda found: "-" if _DOMAIN.search(found[1]) else found[0], _AT.sub("@", text))


def _is_kept(name: str, *, named: bool) -> bool:
    return _CAMPAIGN.fullmatch(name) is not None or (named and _CLICK.fullmatch(name) is not None)


def parameter(url: str, name: str) -> str:
    """A parameter of an address' query; empty if there is none."""
    try:
        return next((value for key, value in parse_qsl(urlsplit(url).query) if key == name), "")
    except ValueError:
        return ""
