"""Where a tracked link may lead, how it is signed, and what is appended to it. Pure.

A signature covers the target and everything appended, so that a link of ours cannot be bent to another place or person
(OWASP, "Unvalidated Redirects and Forwards Cheat Sheet").
"""

import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from urllib.parse import parse_qsl, quote, quote_plus, urlencode, urlsplit, urlunsplit

MAX_URL = 8_000
MAX_HOST = 254  # of a name in DNS with its last dot (RFC 1035, 2.3.4)
APPENDED = ("cid", "fid", "ch")
_BAD = re.compile(r"[\x00-\x20\x7f\\]|[^\x00-\x7f]")
_SNEAKED = re.compile(r"[\x00-\x1f\x7f\\]")
_APP = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,40}://[A-Za-z0-9\-._~:/?#\[\]@!$&()*+,;=%]*")
# Schemes that a browser carries out, or opens from the person's own disk.
_RUNS = frozenset(
    {"javascript", "data", "vbscript", "file", "blob", "filesystem", "about", "view-source", "jar", "content", "chrome"}
)


class NotATarget(ValueError):
    """Nothing that a link may lead to; the message says why."""


def host_of(url: str) -> str:
    """The host that a link leads to, in lower case. Raises ``NotATarget``."""
    if not url:
        raise NotATarget("The address is missing.")
    if len(url) > MAX_URL:
        raise NotATarget("The address is too long.")
    if _BAD.search(url):
        raise NotATarget("The address has characters that no address has. Encode it.")
    parts = urlsplit(url)
    if parts.scheme.lower() not in ("http", "https"):
        raise NotATarget("Only http and https addresses can be tracked.")
    if "@" in parts.netloc:
        raise NotATarget("The address carries a user name. Leave it out.")
    try:
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or not parts.netloc:
        raise NotATarget("The address has no host.")
    if len(host) > MAX_HOST:
        raise NotATarget("The address' host is too long.")
    return host.rstrip(".").lower()


def encoded(url: str) -> str:
    """The address with what is not ASCII percent-encoded, and its host in the form that DNS has."""
    parts = urlsplit(url.strip())
    netloc = parts.netloc
    if not netloc.isascii():
        host, colon, port = netloc.partition(":")
        try:
            netloc = f"{host.encode('idna').decode()}{colon}{port}"
        except UnicodeError:
            netloc = parts.netloc
    safe = "/:?#[]@!$&'()*+,;=%-._~"
    return urlunsplit(
        (parts.scheme, netloc, quote(parts.path, safe), quote(parts.query, safe), quote(parts.fragment, safe))
    )


def target_of(url: str) -> str:
    """The address as a link may lead to it, encoded. Raises ``NotATarget``, also for what ``urlsplit`` would pass over."""
    url = url.strip()
    if _SNEAKED.search(url):
        raise NotATarget("The address has characters that no address has. Encode it.")
    try:
        found = encoded(url)
    except ValueError:
        raise NotATarget("The address cannot be read.") from None
    host_of(found)
    return found


def app_address(url: str) -> str:
    """An address that opens an app: ``myapp://sale/4``, or an https one that the app has claimed. Raises ``NotATarget``."""
    url = url.strip()
    scheme = url.partition("://")[0].lower()
    if scheme in ("http", "https"):
        return target_of(url)
    if len(url) > MAX_URL or not _APP.fullmatch(url) or scheme in _RUNS:
        raise NotATarget("Write what opens the app, such as myapp://sale.")
    return url


def appended(url: str, given: Mapping[str, str]) -> str:
    """The address with these parameters: one that is there already is replaced, the rest of it stays as it was written."""
    start, end = _without(url, tuple(given))
    added = "&".join([f"{name}={quote_plus(value)}" for name, value in given.items() if value])
    if not added:
        return f"{start}{end}"
    return f"{start}{'' if start.endswith('?') else '&' if '?' in start else '?'}{added}{end}"


@lru_cache(maxsize=2_048)
def _without(url: str, names: tuple[str, ...]) -> tuple[str, str]:
    """The address up to its fragment, without these parameters, and the fragment."""
    parts = urlsplit(url)
    kept = [part for part in parts.query.split("&") if part and part.partition("=")[0] not in names]
    start = urlunsplit(parts._replace(query="&".join(kept), fragment=""))
    return start, f"#{parts.fragment}" if parts.fragment else ""


def asked(query: str) -> tuple[str, dict[str, str], str]:
    """The target, what is to be appended, and the signature of a tracked link's query. A target that was not encoded is read
    as far as it goes: to the first ``&`` of the query.
    """
    given = dict(reversed(parse_qsl(query, keep_blank_values=True)))
    return given.get("url", ""), {name: given[name] for name in APPENDED if given.get(name)}, given.get("s", "")


def signature(key: bytes, organization: str, url: str, given: Mapping[str, str]) -> str:
    """What vouches for a link: organization, then 22 characters of an HMAC over it, the target and what is appended."""
    text = "\n".join([organization, url, *(given.get(name, "") for name in APPENDED)])
    made = hmac.digest(key, text.encode("utf-8", "replace"), sha256)[:16]
    return f"{organization}.{urlsafe_b64encode(made).decode().rstrip('=')}"


def signed_by(keys: Sequence[bytes], url: str, given: Mapping[str, str], found: str) -> str:
    """The organization whose signature it is, under any of the keys; empty when it is nobody's."""
    organization = found.partition(".")[0]
    given_bytes = found.encode("utf-8", "replace")  # compare_digest takes no text beyond ASCII
    made = (signature(key, organization, url, given).encode("utf-8", "replace") for key in keys)
    return organization if organization and any(hmac.compare_digest(one, given_bytes) for one in made) else ""


def wrapped(base_url: str, url: str, given: Mapping[str, str], found: str) -> str:
    """The tracked link itself, percent-encoded and signed."""
    return f"{base_url}/api/t?{urlencode({'url': url, **given, 's': found})}"
