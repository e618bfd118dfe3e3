"""Signing tracked links, and the links that a flow sends: wrapped, signed, and naming whom they were sent to."""

import hmac
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.encoding import force_bytes

from tracking.links.targets import appended, signature, target_of, wrapped

if TYPE_CHECKING:  # the edge reads the keys without any rows being set up
    from chat33.orgs.models import Organization

PURPOSE = b"chat33.tracking.links"


def link_keys() -> tuple[bytes, ...]:
    """The keys that links are signed with: derived from the installation's secret, the present one first. Those of its
    earlier secrets (``SECRET_KEY_FALLBACKS``) are believed, so that links already sent keep working.
    """
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return tuple(hmac.digest(force_bytes(secret), PURPOSE, sha256) for secret in secrets)


def wrap_link(url: str, *, organization: "Organization", contact: str = "", flow: str = "", channel: str = "") -> str:
    """The address to send instead of ``url``: clicks on it are recorded, and ``cid``, ``fid`` and ``ch`` (public ids) arrive
    with the person. A short link of ours gets them itself; one that is wrapped already stays as it is. Raises
    ``targets.NotATarget``.
    """
    target = target_of(url)
    given = {name: value for name, value in (("cid", contact), ("fid", flow), ("ch", channel)) if value}
    if is_short(target):
        return appended(target, given)
    if leads_back(target):
        return target
    return wrapped(settings.BASE_URL, target, given, signature(link_keys()[0], organization.public_id, target, given))


def short_url(code: str) -> str:
    """The address of a stored link."""
    return f"{settings.BASE_URL}/l/{code}"


def is_short(url: str) -> bool:
    """Whether it is the address of a stored link."""
    return url.startswith(f"{settings.BASE_URL}/l/")


def leads_back(url: str) -> bool:
    """Whether it leads to one of our own redirects."""
    ours, parts = urlsplit(settings.BASE_URL), urlsplit(url)
    same = (parts.hostname, parts.port) == (ours.hostname, ours.port)
    return same and (parts.path.rstrip("/") == "/api/t" or parts.path.startswith("/l/"))
