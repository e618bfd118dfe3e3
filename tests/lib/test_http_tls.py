"""TLS proves the name that was asked for, at the address that was checked, before a byte of the request leaves."""

import socket
import ssl
from pathlib import Path
from typing import Any

import pytest

from chat33.lib.http import Guard, HttpClient, NotSent, Refused, ReplyLost
from tests.lib.certificates import Authority
from tests.lib.misbehaving import Peer, Script, Server, answer, says, serving

HOST = "hooks.example.test"
OK = answer("200 OK", body=b"ok")


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture(autouse=True)
def _every_name_is_here(monkeypatch: pytest.MonkeyPatch) -> None:
    here = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, port, **_: [(*here, ("127.0.0.1", port))])


def server_side(folder: Path, seen: list[str | None] | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    if seen is not None:
        context.sni_callback = lambda sock, name, _: seen.append(name)
    return context


def trusting(authority: Authority, host: str = HOST) -> HttpClient:
    return HttpClient(guard=Guard(frozenset({host})), tls=ssl.create_default_context(cadata=authority.pem))


def post(client: HttpClient, server: Server, host: str = HOST, **options: Any) -> Any:
    return client.request(
        "POST", f"https://{host}:{server.port}/", **{"json": {}, "wall": 60, "connect_timeout": 60, **options}
    )


def test_name_host_field_and_certificate_are_the_urls_while_the_address_is_the_checked_one(
    authority: Authority, tmp_path: Path
) -> None:
    names: list[str | None] = []
    with serving(says(OK), tls=server_side(authority.issue(tmp_path, HOST), names)) as server:
        reply = post(trusting(authority), server)
    assert (reply.status, reply.address) == (200, "127.0.0.1")
    assert names == [HOST]
    assert f"Host: {HOST}:{server.port}".encode() in server.requests[0]


def test_a_name_with_its_final_dot_is_the_same_name(authority: Authority, tmp_path: Path) -> None:
    with serving(says(OK), tls=server_side(authority.issue(tmp_path, HOST))) as server:
        assert post(trusting(authority), server, HOST + ".").ok


@pytest.mark.parametrize("wrong", ["another name", "expired", "an unknown authority", "the public authorities"])
def test_a_certificate_that_proves_nothing_ends_it_before_the_request(
    authority: Authority, tmp_path: Path, wrong: str
) -> None:
    signer = Authority() if wrong == "an unknown authority" else authority
    folder = signer.issue(
        tmp_path, "other.example.test" if wrong == "another name" else HOST, days=-1 if wrong == "expired" else 1
    )
    client = trusting(authority)
    if wrong == "the public authorities":
        client = HttpClient(guard=Guard(frozenset({HOST})))
    with serving(says(OK), tls=server_side(folder)) as server, pytest.raises(NotSent):
        post(client, server)
    assert server.requests == []


def hang(peer: Peer) -> None:
    peer.hang()


def drip_a_handshake(peer: Peer) -> None:
    peer.drip(b"\x16\x03\x03\x10\x00" + bytes(4096))


@pytest.mark.parametrize(
    "script",
    [hang, drip_a_handshake, lambda peer: peer.reset(), lambda peer: peer.write(OK), lambda peer: None],
    ids=["silence", "drip", "reset", "plain http", "closed"],
)
def test_no_handshake_is_not_sent_and_costs_no_more_than_the_connect_timeout(
    authority: Authority, script: Script
) -> None:
    with serving(script) as server:
        with pytest.raises(NotSent):
            post(trusting(authority), server, connect_timeout=0.3, wall=20)
        assert server.requests == []


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_old_tls_is_not_spoken(authority: Authority, tmp_path: Path) -> None:
    old = server_side(authority.issue(tmp_path, HOST))
    old.minimum_version = ssl.TLSVersion.TLSv1
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    with serving(says(OK), tls=old) as server, pytest.raises(NotSent):
        post(trusting(authority), server)


def test_a_reset_after_the_request_is_a_lost_reply(authority: Authority, tmp_path: Path) -> None:
    def slam(peer: Peer) -> None:
        peer.read()
        peer.reset()

    with serving(slam, tls=server_side(authority.issue(tmp_path, HOST))) as server:
        with pytest.raises(ReplyLost):
            post(trusting(authority), server)
        assert len(server.requests) == 1


def test_an_answer_without_length_counts_only_with_tls_own_farewell(authority: Authority, tmp_path: Path) -> None:
    body = answer("200 OK", length=False) + b"perhaps all of it"
    tls = server_side(authority.issue(tmp_path, HOST))

    def farewell(peer: Peer) -> None:
        peer.read()
        peer.write(body)
        assert isinstance(peer.sock, ssl.SSLSocket)
        peer.sock.unwrap()

    with serving(farewell, tls=tls) as server:
        assert post(trusting(authority), server).body == b"perhaps all of it"
    with serving(says(body), tls=tls) as server, pytest.raises(ReplyLost):
        post(trusting(authority), server)
    with serving(says(OK), tls=tls) as server:
        assert post(trusting(authority), server).body == b"ok"


def test_dripping_and_silence_inside_tls_end_at_the_wall(authority: Authority, tmp_path: Path) -> None:
    def drip(peer: Peer) -> None:
        peer.read()
        peer.drip(answer("200 OK", "Content-Length: 5000", length=False) + bytes(5000))

    def nothing(peer: Peer) -> None:
        peer.read()
        peer.hang()

    tls = server_side(authority.issue(tmp_path, HOST))
    for script in (drip, nothing):
        with serving(script, tls=tls) as server, pytest.raises(ReplyLost):
            post(trusting(authority), server, wall=2)  # shaking hands takes some of it


def test_a_large_body_passes(authority: Authority, tmp_path: Path) -> None:
    body = bytes(range(256)) * 20_000
    with serving(says(OK), tls=server_side(authority.issue(tmp_path, HOST))) as server:
        assert post(trusting(authority), server, json=None, data=body).ok
    assert server.requests[0].endswith(body)


@pytest.mark.parametrize("scheme", ["http", "HTTP"])
def test_a_redirect_never_leads_from_https_to_http(authority: Authority, tmp_path: Path, scheme: str) -> None:
    with serving(says(OK)) as plain:
        redirect = answer("302 Found", f"Location: {scheme}://{HOST}:{plain.port}/")
        with (
            serving(says(redirect), tls=server_side(authority.issue(tmp_path, HOST))) as secure,
            pytest.raises(Refused, match="https to http"),
            trusting(authority).download(f"https://{HOST}:{secure.port}/"),
        ):
            pass
    assert (len(secure.requests), plain.connections) == (1, 0)
