"""Every answer says what a browser may do with it, whatever answers: API, pages, admin, files, errors."""

import re
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from chat33.orgs.models import User
from integrations.models import Channel
from tests.factories import make_post
from tests.people import Person
from tests.posts.flow import stored

STRICT = {
    "default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "img-src": "'self' data:",
    "font-src": "'self'", "connect-src": "'self'", "media-src": "'self'", "form-action": "'self'",
    "base-uri": "'none'", "frame-ancestors": "'none'",
}  # fmt: skip
PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000 1f15c4890000000d49444154789c6360606060000000050001a5f64540"
    "0000000049454e44ae426082".replace(" ", "")
)


def policy(text: str) -> dict[str, str]:
    return dict(part.strip().partition(" ")[::2] for part in text.split(";") if part.strip())


@pytest.fixture
def operator(db: None) -> User:
    """An operator."""
    return User.objects.create_superuser("operator@example.com", "correct horse battery")


@pytest.fixture
def answers(owner: Person, channel: Channel, operator: User) -> dict[str, Any]:
    """An answer of every kind."""
    desk = Client(raise_request_exception=False)
    desk.force_login(operator)
    api = owner.api()
    media = stored(owner, "dot.png", PICTURE)
    found = {
        "api": api.send("GET", "posts"),
        "api refusal": Client().get("/api/v1/posts"),
        "api created": api.send("POST", "posts", {"accountIds": [channel.public_id], "text": "Hello"}),
        "api nowhere": api.get("/api/v1/nowhere"),
        "page nowhere": Client().get("/nowhere"),
        "health": Client().get("/healthz"),
        "metrics refusal": Client().get("/metrics"),
        "login": Client().get("/accounts/login/"),
        "admin": desk.get("/admin/"),
        "admin login": Client().get("/admin/login/"),
        "admin redirect": Client().get("/admin/posts/post/"),
        "admin row": desk.get(f"/admin/posts/post/{make_post(channel).pk}/change/"),
        "admin nowhere": desk.get("/admin/nowhere/"),
        "media": Client().get(media[media.index("/media/") :]),
        "static": Client().get("/static/dashboard/admin.css"),
    }
    for answer in found.values():
        answer.close()
    return found


def test_every_answer_bears_every_header(answers: dict[str, Any]) -> None:
    for kind, answer in answers.items():
        headers = answer.headers
        assert headers["X-Content-Type-Options"] == "nosniff", kind
        assert headers["X-Frame-Options"] == "DENY", kind
        assert headers["Referrer-Policy"] == "same-origin", kind
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin", kind
        assert "camera=()" in headers["Permissions-Policy"], kind
        assert headers["Cross-Origin-Resource-Policy"] == ("cross-origin" if kind == "media" else "same-origin"), kind
        assert re.fullmatch(r"req_[0-9a-z]{26}", headers["X-Request-ID"]), kind
        assert "Server" not in headers or "Django" not in headers["Server"], kind


def test_the_content_policy_is_strict_but_for_the_admin(answers: dict[str, Any]) -> None:
    for kind, answer in answers.items():
        found = policy(answer.headers["Content-Security-Policy"])
        if kind == "media":
            assert found == {"default-src": "'none'", "sandbox": ""}
        elif kind.startswith("admin"):
            assert found == {**STRICT, "script-src": "'self' 'unsafe-eval'", "style-src-attr": "'unsafe-inline'"}, kind
        else:
            assert found == STRICT, kind


def test_a_failure_of_ours_bears_them_too(owner: Person, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("posts.api.v1.posts.posts_like", broken)
    client = owner.api()
    client.raise_request_exception = False
    reply = client.send("GET", "posts")

    assert reply.status_code == 500
    assert policy(reply.headers["Content-Security-Policy"]) == STRICT
    assert reply.headers["X-Frame-Options"] == "DENY"


def test_cookies_are_for_us_alone(operator: User, settings: Settings) -> None:
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    client = Client()
    client.post("/admin/login/", {"username": operator.email, "password": "correct horse battery"})

    session = client.cookies["sessionid"]
    assert session["httponly"]
    assert session["secure"]
    assert session["samesite"] == "Lax"
    assert client.get("/admin/").cookies.get("csrftoken", session)["secure"]
