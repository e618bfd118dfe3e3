"""The sandbox's control doors, for operators who steer it: fault rules, its clock, what it made visible."""

from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import quote

from django.conf import settings

from chat33.lib.http import NotSent, Refused, ReplyLost
from integrations.channels import http_client

STEPS: tuple[str, ...] = ("prepare", "poll", "commit", "confirm", "comment", "connect", "refresh", "send", "template")
MODES = {
    "error": "refuse it: nothing is done",
    "hang": "say nothing: nothing is done",
    "drop_after": "do it, and lose the answer",
    "slow": "do it, after a while",
}
WALL = 5.0  # seconds


class SandboxAway(Exception):
    """It is not there, or does not answer as it should; the message says how."""


@dataclass(frozen=True, kw_only=True)
class FaultRule:
    """A fault that the sandbox plays ``times`` times at one step of one network (``*``: of all); ``seconds`` is how long
    it hangs or is slow, ``status`` and ``body`` what it refuses with.
    """

    platform: str
    step: str
    mode: str
    times: int = 1
    status: int = 500
    seconds: float = 60.0
    body: Any = None


def is_there() -> bool:
    """Whether this installation has a sandbox at all."""
    return bool(settings.SANDBOX_URL)


def fault_rules() -> list[dict[str, Any]]:
    """The rules it has, oldest first, used ones too. Raises ``SandboxAway``."""
    return _items(_ask("GET", "rules"))


def add_rule(rule: FaultRule) -> None:
    """One more. Raises ``SandboxAway``."""
    _ask("POST", "rules", asdict(rule))


def drop_rule(rule_id: str) -> None:
    """Without that one; without an id, without any. Raises ``SandboxAway``."""
    _ask("DELETE", f"rules/{quote(rule_id, safe='')}" if rule_id else "rules")


def visible_posts(platform: str = "") -> list[dict[str, Any]]:
    """What anybody could see at its networks, newest first. Raises ``SandboxAway``."""
    return _items(_ask("GET", f"posts?platform={quote(platform)}" if platform else "posts"))[::-1]


def advance_clock(seconds: float) -> str:
    """Move its clock and say what it shows then, in ISO 8601; 0 seconds only asks. Raises ``SandboxAway``."""
    told = _ask("POST", "clock", {"advance_seconds": seconds})
    return str(told.get("now", ""))


def _items(told: dict[str, Any]) -> list[dict[str, Any]]:
    return [item for item in told.get("items", []) if isinstance(item, dict)]


def _ask(method: str, path: str, body: Any = None) -> dict[str, Any]:
    try:
        reply = http_client().request(
            method, f"{settings.SANDBOX_URL}/_control/{path}", json=body, wall=WALL, max_bytes=20_000_000
        )
    except (NotSent, Refused, ReplyLost) as error:
        raise SandboxAway(f"The sandbox at {settings.SANDBOX_URL} does not answer: {error}") from None
    told = reply.json()
    if not reply.ok or not isinstance(told, dict):
        raise SandboxAway(f"The sandbox at {settings.SANDBOX_URL} answered {reply.status}.")
    return told
