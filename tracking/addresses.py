"""Addresses of pages as we keep them: without what may name a person or open something. Pure."""

import re
from functools import lru_cache
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

MAX_URL = 2_000
CLICK_IDS = frozenset(
    {
        *("gclid", "gbraid", "wbraid", "dclid", "fbclid", "msclkid", "ttclid", "twclid"),
        *("li_fat_id", "igshid", "epik", "sccid", "rdt_cid", "yclid"),
    }
)
OURS = frozenset({"cid", "fid", "ch", "c33"})
_PERSONAL = re.compile(r"[^\s/?&=@]+(?:@|%40)[^\s/?&=@]+\.[A-Za-z]{2,}")


@lru_cache(maxsize=4_096)
def kept(url: str, *, named: bool = True) -> str:
    """The address with ``utm_*``, click ids and ours of its query, without fragment, user name and what looks like an e-mail
    address; without ours, too, unless ``named``. Empty for what is none.
    """
    if not url.isascii() or not url.isprintable():
        url = "".join(letter for letter in url if letter.isascii() and letter.isprintable())
    try:
        parts = urlsplit(url[: MAX_URL * 4])
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return ""
    names = CLICK_IDS | OURS if named else CLICK_IDS
    query = ""
    if parts.query:
        try:
            pairs = parse_qsl(parts.query, max_num_fields=200)
        except ValueError:
            pairs = []
        query = urlencode(
            [
                pair
                for pair in pairs
                if (pair[0] in names or pair[0].startswith("utm_")) and not _PERSONAL.search(pair[1])
            ]
        )
    path = _PERSONAL.sub("-", parts.path)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2].lower(), path, query, ""))[:MAX_URL]


def parameter(url: str, name: str) -> str:
    """A parameter of an address' query; empty if there is none."""
    try:
        return next((value for key, value in parse_qsl(urlsplit(url).query) if key == name), "")
    except ValueError:
        return ""
