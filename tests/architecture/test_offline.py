"""What tests ask of the internet is answered here."""

import socket

import pytest


@pytest.mark.parametrize("host", ["example.com", b"www.wikipedia.org", "xn--mnchen-3ya.de", "nobody.invalid"])
def test_a_name_of_the_internet_is_not_found(host: str | bytes) -> None:
    with pytest.raises(socket.gaierror) as told:
        socket.getaddrinfo(host, 443)
    assert told.value.errno == socket.EAI_NONAME


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", b"127.0.0.1", "2130706433", "0x7f.1", "::1", None])
def test_this_machine_is_found(host: str | bytes | None) -> None:
    assert socket.getaddrinfo(host, 80, type=socket.SOCK_STREAM)
