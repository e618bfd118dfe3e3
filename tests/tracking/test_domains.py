"""A host is an organization's own when it says so over HTTPS, and as long as it does."""

import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from chat33.lib.http import Guard, HttpClient
from tests.lib.certificates import Authority
from tests.people import Person
from tracking.links import domains
from tracking.links.domains import META, add_domain, check_domain, domains_for, file_path, host_in, recheck_domains
from tracking.links.targets import NotATarget
from tracking.links.utm import UnableToBuild
from tracking.models import Domain

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOST = "shop.example.test"


class Site:
    """A website over HTTPS: ``pages`` by path, ``redirects`` by path."""

    def __init__(self) -> None:
        self.pages: dict[str, str] = {}
        self.redirects: dict[str, str] = {}
        self.asked: list[str] = []


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def client(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpClient]:
    """The way out, for which every name is this site, on the port that HTTPS has here."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append(self.path)
            onward, body = site.redirects.get(self.path), site.pages.get(self.path, "").encode()
            self.send_response(302 if onward else 200 if self.path in site.pages else 404)
            if onward:
                self.send_header("Location", onward)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    authority = Authority()
    folder = authority.issue(tmp_path, HOST)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    here = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.server_address[1]))
    monkeypatch.setattr(domains, "SECONDS", 20)  # a busy machine is no slow website
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **given: [here])
    yield HttpClient(guard=Guard(frozenset({HOST})), tls=ssl.create_default_context(cadata=authority.pem))
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def domain(owner: Person) -> Domain:
    return add_domain(organization=owner.organization, host=f"https://{HOST.upper()}/page", now=NOW)


def test_a_file_with_the_challenge_verifies(domain: Domain, site: Site, client: HttpClient) -> None:
    site.pages[file_path(domain)] = f"{domain.challenge}\n"

    checked = check_domain(domain=domain, now=NOW, way=lambda: client)

    assert (checked.verified_at, checked.problem, checked.checked_at) == (NOW, "", NOW)
    assert site.asked == [f"/.well-known/chat33-{domain.challenge}.txt"]


def test_a_meta_tag_verifies_also_behind_a_redirect_of_its_own(domain: Domain, site: Site, client: HttpClient) -> None:
    site.redirects["/"] = "/home"
    site.pages["/home"] = f'<html><head><META Name="{META}" CONTENT="{domain.challenge}"></head></html>'

    assert check_domain(domain=domain, now=NOW, way=lambda: client).verified_at == NOW


@pytest.mark.parametrize(
    "page",
    ["", "<meta name=chat33-verification content=another>", "<meta name=description content={0}>", "{0}",
     "<!-- <meta name=chat33-verification content={0}> -->"],
)  # fmt: skip
def test_nothing_else_verifies(domain: Domain, site: Site, client: HttpClient, page: str) -> None:
    site.pages["/"] = page.format(domain.challenge)
    site.pages[file_path(domain)] = "another"

    checked = check_domain(domain=domain, now=NOW, way=lambda: client)

    assert checked.verified_at is None
    assert checked.problem


def test_a_redirect_to_another_host_proves_nothing(domain: Domain, site: Site, client: HttpClient) -> None:
    site.redirects[file_path(domain)] = f"https://elsewhere.example.test{file_path(domain)}"
    site.redirects["/"] = "http://shop.example.test/plain"

    assert check_domain(domain=domain, now=NOW, way=lambda: client).verified_at is None
    assert len(site.asked) == 2


@pytest.mark.parametrize(
    ("page", "redirect"),
    [("<![nothing[]]>", ""), ("", "https://[nowhere"), ("", "https://shop.example.test:99999999/")],
)
def test_a_site_that_answers_nonsense_is_not_verified(
    domain: Domain, site: Site, client: HttpClient, page: str, redirect: str
) -> None:
    site.pages["/"] = page
    if redirect:
        site.redirects["/"] = redirect

    checked = check_domain(domain=domain, now=NOW, way=lambda: client)

    assert (checked.verified_at, checked.checked_at) == (None, NOW)
    assert checked.problem


def test_what_a_page_says_before_nonsense_counts(domain: Domain, site: Site, client: HttpClient) -> None:
    site.pages["/"] = f'<meta name="{META}" content="{domain.challenge}"><![nothing[]]>'

    assert check_domain(domain=domain, now=NOW, way=lambda: client).verified_at == NOW


def test_a_host_that_is_taken_away_while_it_is_looked_at_stays_away(domain: Domain, client: HttpClient) -> None:
    def meanwhile() -> HttpClient:
        Domain.objects.all().delete()
        return client

    check_domain(domain=domain, now=NOW, way=meanwhile)

    assert not Domain.objects.exists()


def test_a_private_address_is_not_asked(domain: Domain, settings: object) -> None:
    inside = HttpClient(guard=Guard())
    domain.host = "127.0.0.1"

    assert "public internet" in check_domain(domain=domain, now=NOW, way=lambda: inside).problem


def test_proof_that_goes_missing_counts_for_three_days_more(domain: Domain, site: Site, client: HttpClient) -> None:
    site.pages[file_path(domain)] = domain.challenge
    check_domain(domain=domain, now=NOW, way=lambda: client)
    del site.pages[file_path(domain)]

    def again(days: float) -> Domain:
        assert recheck_domains(now=NOW + timedelta(days=days), way=lambda: client) == 1
        return Domain.objects.get()

    assert again(1).verified_at == NOW
    assert again(2.5).verified_at == NOW
    assert again(4).verified_at is None
    assert recheck_domains(now=NOW + timedelta(days=9), way=lambda: client) == 0


def test_proof_that_comes_back_starts_anew(domain: Domain, site: Site, client: HttpClient) -> None:
    check_domain(domain=domain, now=NOW, way=lambda: client)
    site.pages[file_path(domain)] = domain.challenge
    check_domain(domain=domain, now=NOW + timedelta(days=10), way=lambda: client)

    found = Domain.objects.get()
    assert (found.verified_at, found.failing_since) == (NOW + timedelta(days=10), None)


def test_a_host_that_was_looked_at_today_is_left_alone(domain: Domain, site: Site, client: HttpClient) -> None:
    site.pages[file_path(domain)] = domain.challenge
    check_domain(domain=domain, now=NOW, way=lambda: client)

    assert recheck_domains(now=NOW + timedelta(hours=23), way=lambda: client) == 0


def test_two_organizations_may_show_the_same_host_each_by_its_own_challenge(
    domain: Domain, stranger: Person, site: Site, client: HttpClient
) -> None:
    theirs = add_domain(organization=stranger.organization, host=HOST, now=NOW)
    site.pages[file_path(domain)] = domain.challenge

    assert theirs.challenge != domain.challenge
    assert check_domain(domain=theirs, now=NOW, way=lambda: client).verified_at is None
    assert [one.host for one in domains_for(stranger.organization)] == [HOST]


def test_a_host_is_added_once(domain: Domain, owner: Person) -> None:
    with pytest.raises(UnableToBuild, match="there already"):
        add_domain(organization=owner.organization, host=HOST, now=NOW)


@pytest.mark.parametrize(
    ("text", "host"),
    [("Shop.Example", "shop.example"), ("https://bücher.example:8443/x", "xn--bcher-kva.example"), ("a.b.", "a.b")],
)
def test_a_host_is_read_from_what_people_write(text: str, host: str) -> None:
    assert host_in(text) == host


@pytest.mark.parametrize(
    "text", ["", "shop", "https://", "a b.example", "ftp://shop.example", "me@shop.example", "x" * 300 + ".y"]
)
def test_what_is_no_host_is_refused(text: str) -> None:
    with pytest.raises(NotATarget):
        host_in(text)
