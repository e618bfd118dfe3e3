"""Hosts that an organization shows to be its own, by a file or a meta tag; they are looked at again each day.

Unsigned links may lead to such a host. Where the proof has been missing for three days, they may no longer.
"""

import secrets
import time
from contextlib import suppress
from datetime import datetime, timedelta
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q

from chat33.lib.http import Guard, HttpClient, NotSent, Opener, Reply, ReplyLost
from chat33.orgs.models import Organization
from tracking.links.targets import NotATarget, host_of, target_of
from tracking.links.utm import UnableToBuild
from tracking.models import Domain

logger = structlog.get_logger(__name__)

META = "chat33-verification"
MOST = 50  # hosts of an organization
AGAIN = timedelta(days=1)
GRACE = timedelta(days=3)
SECONDS = 4.0  # for each of the two pages, with its redirects
LARGEST = 262_144  # bytes of a page that are read
HOPS = 3
MISSING = "Neither the file nor the meta tag was found."


def client() -> HttpClient:
    """The way out."""
    return HttpClient(guard=Guard(frozenset(settings.ALLOW_PRIVATE_HOSTS)))


def domains_for(organization: Organization) -> list[Domain]:
    """The organization's hosts, in order of the alphabet."""
    return list(Domain.objects.filter(organization=organization).order_by("host"))


def host_in(text: str) -> str:
    """The host that a person means by ``Shop.example``, ``https://shop.example/page`` or ``bücher.example``. Raises
    ``NotATarget``.
    """
    text = text.strip()
    host = host_of(target_of(text if "://" in text else f"https://{text}"))
    if "." not in host.strip(".") and ":" not in host:
        raise NotATarget("Write a whole host, such as shop.example.com.")
    if len(host) > 253:
        raise NotATarget("The host is too long.")
    return host


def add_domain(*, organization: Organization, host: str, now: datetime) -> Domain:
    """A host to be verified, with a challenge of its own. Raises ``UnableToBuild``."""
    try:
        name = host_in(host)
    except NotATarget as error:
        raise UnableToBuild({"host": str(error)}) from None
    if Domain.objects.filter(organization=organization).count() >= MOST:
        raise UnableToBuild({"host": f"There are {MOST} hosts already; take one away first."})
    try:
        with transaction.atomic():
            return Domain.objects.create(
                organization=organization, host=name, challenge=secrets.token_hex(16), created_at=now
            )
    except IntegrityError:
        raise UnableToBuild({"host": f"{name} is there already."}) from None


def remove_domain(*, domain: Domain) -> None:
    """Links may no longer lead there unsigned."""
    domain.delete()


def file_path(domain: Domain) -> str:
    """Where the file is looked for; it holds the challenge."""
    return f"/.well-known/chat33-{domain.challenge}.txt"


def check_domain(*, domain: Domain, now: datetime, way: Opener = client) -> Domain:
    """Look for the file, then for the tag, and note what was found."""
    out = way()
    found, problem = False, ""
    try:
        found = _has_file(out, domain) or _has_tag(out, domain)
        problem = "" if found else MISSING
    except (NotSent, ReplyLost) as error:
        problem = str(error)
    if found:
        domain.verified_at = domain.verified_at or now
        domain.failing_since = None
    else:
        domain.failing_since = domain.failing_since or now
        if domain.failing_since <= now - GRACE:
            domain.verified_at = None
    domain.checked_at, domain.problem = now, problem[:500]
    Domain.objects.filter(pk=domain.pk).update(  # it may have been taken away meanwhile
        verified_at=domain.verified_at, failing_since=domain.failing_since, checked_at=now, problem=domain.problem
    )
    logger.info("domain_checked", host=domain.host, found=found)
    return domain


def recheck_domains(*, now: datetime, most: int = 20, way: Opener = client) -> int:
    """Look again at the verified hosts that were not looked at for a day. Returns how many."""
    due = Q(checked_at__lte=now - AGAIN) & Q(verified_at__isnull=False)
    with transaction.atomic():
        rows = Domain.objects.select_for_update(skip_locked=True).filter(due).order_by("checked_at", "pk")
        domains = list(rows[:most])
        Domain.objects.filter(pk__in=[domain.pk for domain in domains]).update(checked_at=now)  # nobody else takes them
    for domain in domains:
        check_domain(domain=domain, now=now, way=way)
    return len(domains)


def _has_file(out: HttpClient, domain: Domain) -> bool:
    reply = _fetched(out, domain.host, file_path(domain))
    return reply is not None and reply.body.strip() == domain.challenge.encode()


def _has_tag(out: HttpClient, domain: Domain) -> bool:
    reply = _fetched(out, domain.host, "/")
    if reply is None:
        return False
    tags = _Tags()
    with suppress(AssertionError):  # html.parser gives up so on a section that no HTML has; what came before it is read
        tags.feed(reply.body.decode("utf-8", "replace"))
    return domain.challenge in tags.found


def _fetched(out: HttpClient, host: str, path: str) -> Reply | None:
    """A page of the host's; redirects are followed to itself with or without www alone, since another host proves nothing.
    Raises ``NotSent`` and ``ReplyLost``.
    """
    bare = host.removeprefix("www.")
    url = f"https://[{host}]{path}" if ":" in host else f"https://{host}{path}"
    until = time.monotonic() + SECONDS
    for _ in range(HOPS):
        reply = out.request("GET", url, wall=max(0.1, until - time.monotonic()), max_bytes=LARGEST, truncate=True)
        location = reply.headers.get("Location")
        if not 300 <= reply.status < 400 or not location:
            return reply if reply.ok else None
        try:
            url = urljoin(url, location)
            onward = urlsplit(url)
        except ValueError:
            return None
        if onward.scheme != "https" or onward.hostname not in (host, bare, f"www.{bare}"):
            return None
    return None


class _Tags(HTMLParser):
    """The challenges that a page's meta tags hold."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Read a meta tag."""
        given = dict(attrs)
        if tag == "meta" and given.get("name") == META:
            self.found.add((given.get("content") or "").strip())
