"""What the edge is told, from the same settings that Django has."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from psycopg.conninfo import make_conninfo

from tracking.links.signing import link_keys
from tracking.pixel.script import BUILT


@dataclass(frozen=True, kw_only=True)
class Config:
    """Where things are, and what holds here."""

    conninfo: str
    base_url: str
    behind_proxy: bool
    web: str  # unix:/path of a socket, or http://host:port
    link_keys: tuple[bytes, ...]
    limits: Mapping[str, str]
    script: Path = BUILT
    carriers: int = 1


def from_settings() -> Config:
    """The settings' way of saying it."""
    return Config(
        conninfo=conninfo(settings.DATABASES["default"]),
        base_url=settings.BASE_URL,
        behind_proxy=settings.BEHIND_PROXY,
        web=settings.WEB_ADDRESS,
        link_keys=link_keys(),
        limits={name: settings.LIMITS[name] for name in ("EVENTS", "PIXEL")},
        carriers=settings.EDGE_CARRIERS,
    )


def conninfo(database: Mapping[str, Any]) -> str:
    """Django's way of naming a database, for libpq. The edge never waits long for an answer, nor for a lock."""
    options = {name: value for name, value in database["OPTIONS"].items() if name not in ("options", "pool")}
    given = {
        "dbname": database["NAME"],
        "user": database["USER"],
        "password": database["PASSWORD"],
        "host": database["HOST"],
        "port": database["PORT"],
        **options,
        "connect_timeout": 2,
        "application_name": "chat33-edge",
        "options": "-c statement_timeout=1500 -c lock_timeout=1000 -c plan_cache_mode=force_generic_plan -c jit=off",
    }
    return make_conninfo(**{name: str(value) for name, value in given.items() if value not in ("", None)})
