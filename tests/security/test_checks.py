"""``manage.py check``: silent for a production set up as documented, and one clear error for each way to get it wrong."""

import base64
import os
import re
import secrets
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import checks
from pytest_django.fixtures import Settings

from chat33.runtime.layout import ROOT


def documented(tmp_path: Path) -> dict[str, str]:
    """The environment that docs/deploy.md asks for, and no other variable of ours."""
    names = re.findall(r"^\| `([A-Z0-9_]+)` \|", required_table(), re.MULTILINE)
    values = {
        "DATABASE_URL": "postgresql://chat33:secret@127.0.0.1:5432/chat33",
        "REDIS_URL": "redis://127.0.0.1:6379/0",
        "CHAT33_BASE_URL": "https://chat33.example.com",
        "CHAT33_ALLOWED_HOSTS": "chat33.example.com",
        "CHAT33_SECRET_KEY": secrets.token_urlsafe(48),
        "CHAT33_ENCRYPTION_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "CHAT33_METRICS_TOKEN": secrets.token_hex(24),
        "CHAT33_EMAIL_URL": "smtp+tls://chat33:secret@smtp.example.com:587",
    }
    inherited = {name: value for name, value in os.environ.items()
                 if not name.startswith(("CHAT33_", "DJANGO_", "DATABASE_", "REDIS_", "PROMETHEUS_"))}  # fmt: skip
    return {**inherited, **{name: values[name] for name in names}, "CHAT33_DATA_DIR": str(tmp_path)}


def required_table() -> str:
    text = (ROOT / "docs" / "deploy.md").read_text()
    return text.partition("Required in production:")[2].partition("\n\nWhere")[0]


def check(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)


def test_the_documented_production_environment_is_clean(tmp_path: Path) -> None:
    done = check(documented(tmp_path))

    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_each_required_variable_is_required(tmp_path: Path) -> None:
    environment = documented(tmp_path)
    for name in [name for name in environment if name.startswith("CHAT33_") and name != "CHAT33_DATA_DIR"]:
        del environment[name]

    done = check(environment)

    assert done.returncode == 1
    assert re.findall(r"\((chat33\.E\d+)\)", done.stderr) == ["chat33.E006", "chat33.E007"] + ["chat33.E008"] * 3
    for name in ("SECRET_KEY", "ENCRYPTION_KEYS", "METRICS_TOKEN"):
        assert f"CHAT33_{name} is not set." in done.stderr


@pytest.mark.parametrize("hours", ["24 h", "nan"])
def test_a_number_that_is_none_is_named_in_one_line(tmp_path: Path, hours: str) -> None:
    done = check({**documented(tmp_path), "CHAT33_LATE_LIMIT_HOURS": hours})

    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].endswith(f"CHAT33_LATE_LIMIT_HOURS is {hours!r}; write a number.")


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("smtp+tls://ana:p%40ss@mail.example.com", "mail.example.com 587 True False ana p@ss mandatory False"),
        ("smtp+ssl://mail.example.com", "mail.example.com 465 False True   mandatory False"),
        ("smtp://mail.example.com:2525", "mail.example.com 2525 False False   mandatory False"),
        ("", " 25 False False   none False"),
    ],
)
def test_the_mail_server_s_address_is_read(tmp_path: Path, url: str, found: str) -> None:
    names = ("EMAIL_HOST", "EMAIL_PORT", "EMAIL_USE_TLS", "EMAIL_USE_SSL", "EMAIL_HOST_USER", "EMAIL_HOST_PASSWORD",
             "ACCOUNT_EMAIL_VERIFICATION", "SIGNUP_OPEN")  # fmt: skip
    told = f"from chat33 import settings; print(*(getattr(settings, name) for name in {names}))"
    environment = {**documented(tmp_path), "CHAT33_EMAIL_URL": url}

    done = subprocess.run(
        [sys.executable, "-c", told], env=environment, cwd=ROOT, capture_output=True, text=True, timeout=240
    )

    assert done.stdout.rstrip("\n") == found, done.stderr


def ids(**_: Any) -> set[str | None]:
    return {found.id for found in checks.run_checks() if str(found.id).startswith("chat33.")}


@pytest.fixture
def production(settings: Settings) -> Settings:
    """Settings as production has them."""
    settings.ENVIRONMENT = "production"
    settings.BASE_URL = "https://chat33.example.com"
    settings.ALLOWED_HOSTS = ["chat33.example.com"]
    settings.ALLOW_PRIVATE_HOSTS = []
    settings.UNSET, settings.SIGNUP_OPEN = [], True
    return settings


def test_production_as_it_should_be_is_clean(production: Settings) -> None:
    assert ids() == set()


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("LIMITS", {"POSTS": "thirty an hour"}, "chat33.E001"),
        ("LIMITS", {"POSTS": "30/y"}, "chat33.E001"),
        ("LIMITS", {"POSTS": ""}, "chat33.E001"),
        ("DAILY_LIMITS", {"x": "-1"}, "chat33.E002"),
        ("DAILY_LIMITS", {"x": "lots"}, "chat33.E002"),
        ("LATE_LIMIT", timedelta(0), "chat33.E003"),
        ("LATE_LIMIT", timedelta(hours=-1), "chat33.E003"),
        ("LATE_LIMIT", timedelta(days=4000), "chat33.E003"),
        ("LEASE", timedelta(0), "chat33.E004"),
        ("LEASE", timedelta(days=1), "chat33.E004"),
        ("ENCRYPTION_KEYS", ["too short"], "chat33.E005"),
        ("ENCRYPTION_KEYS", [], "chat33.E005"),
        ("BASE_URL", "http://chat33.example.com", "chat33.E006"),
        ("BASE_URL", "chat33.example.com", "chat33.E006"),
        ("UNSET", ["CHAT33_BASE_URL"], "chat33.E006"),
        ("ALLOWED_HOSTS", [], "chat33.E007"),
        ("ALLOWED_HOSTS", ["*"], "chat33.E007"),
        ("UNSET", ["CHAT33_SECRET_KEY"], "chat33.E008"),
        ("UNSET", ["CHAT33_ENCRYPTION_KEYS"], "chat33.E008"),
        ("UNSET", ["CHAT33_METRICS_TOKEN"], "chat33.E008"),
        ("ALLOW_PRIVATE_HOSTS", ["127.0.0.1"], "chat33.W001"),
        ("SENDS_EMAIL", False, "chat33.E009"),
    ],
)
def test_each_mistake_has_its_id(production: Settings, name: str, value: Any, found: str) -> None:
    setattr(production, name, value)

    assert ids() == {found}


def test_no_way_for_email_to_leave_is_told_where_only_invitations_want_one(production: Settings) -> None:
    production.SENDS_EMAIL, production.SIGNUP_OPEN = False, False

    assert ids() == {"chat33.W002"}


def test_at_home_nothing_of_production_is_asked_for(settings: Settings) -> None:
    settings.ENVIRONMENT = "local"
    settings.ALLOW_PRIVATE_HOSTS = ["127.0.0.1"]
    settings.UNSET = ["CHAT33_SECRET_KEY"]

    assert ids() == set()
