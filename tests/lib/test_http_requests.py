"""What goes out is what the caller asked for, and nothing from the machine it runs on."""

import json
from pathlib import Path
from typing import Any

import pytest

from chat33.lib.http import Guard, HttpClient
from tests.lib.misbehaving import answer, says, serving

OK = answer("200 OK")


def client(*, user_agent: str = "Chat33/1.0") -> HttpClient:
    return HttpClient(guard=Guard(frozenset({"127.0.0.1"})), user_agent=user_agent)


def sent(**options: Any) -> tuple[bytes, dict[str, str], bytes]:
    with serving(says(OK)) as server:
        method = str(options.pop("method", "POST"))
        client(user_agent="Chat33/9").request(method, server.url + "a%20b/ü?x=1", wall=60, **options)
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    line, *fields = head.decode("latin-1").split("\r\n")
    return line.encode(), {name.lower(): value for name, value in (one.split(": ", 1) for one in fields)}, body


def test_the_request_is_what_was_asked_for() -> None:
    line, fields, body = sent(json={"a": "ü"}, params={"q": "1 2"}, headers={"X-Trace": "t"})
    assert line == b"POST /a%20b/%C3%BC?x=1&q=1+2 HTTP/1.1"
    assert fields["content-type"] == "application/json"
    assert int(fields["content-length"]) == len(body)
    assert json.loads(body) == {"a": "ü"}
    assert fields["x-trace"] == "t"
    assert fields["user-agent"] == "Chat33/9"
    assert fields["accept-encoding"] == "identity"


def test_forms_files_and_passwords_are_written_as_browsers_do() -> None:
    _, fields, body = sent(data={"a": "1 2"}, auth=("user", "word"))
    assert (fields["content-type"], body) == ("application/x-www-form-urlencoded", b"a=1+2")
    assert fields["authorization"] == "Basic dXNlcjp3b3Jk"
    _, fields, body = sent(files={"media": ("a.jpg", b"\xff\xd8", "image/jpeg")}, data={"segment_index": "0"})
    assert fields["content-type"].startswith("multipart/form-data; boundary=")
    assert b"\xff\xd8" in body
    assert b'name="segment_index"' in body


def test_a_body_is_announced_even_where_there_is_none() -> None:
    assert sent(method="PUT")[1]["content-length"] == "0"
    assert "content-length" not in sent(method="GET")[1]


def test_a_caller_cannot_ask_for_what_the_client_could_not_bear() -> None:
    asked = {
        "Host": "other", "accept-encoding": "gzip", "Connection": "keep-alive", "Expect": "100-continue", "TE": "gzip",
    }  # fmt: skip
    _, fields, _ = sent(headers=asked)
    assert fields["host"].startswith("127.0.0.1:")
    assert (fields["accept-encoding"], fields["connection"]) == ("identity", "close")
    assert "expect" not in fields
    assert "te" not in fields


def test_the_environment_names_no_proxy_and_no_password(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    with serving(says(answer("502 Bad Gateway"))) as proxy, serving(says(OK)) as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY", "https_proxy"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.setenv("NETRC", str(netrc))
        assert client().request("POST", server.url, json={}, wall=60).ok
    assert proxy.connections == 0
    assert b"authorization" not in server.requests[0].lower()


def test_no_cookie_is_kept() -> None:
    with serving(says(answer("200 OK", "Set-Cookie: a=b; Path=/"))) as server:
        sharing = client()
        for _ in range(2):
            sharing.request("GET", server.url, wall=60)
    assert all(b"cookie" not in request.lower() for request in server.requests)
