"""Notices a process that lives but does not work: only what it was last heard to do can tell."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

ASK_SECONDS = 10.0
"""How often ``/readyz`` is asked."""

PATIENCE_SECONDS = 60.0
"""How long a process may be told silent, on end, before it is started anew."""

NEEDED = ("database", "redis")
"""Without these nobody can be heard, and starting anew would help nobody."""


@dataclass
class Watchdog:
    """Asks ``/readyz`` and names the processes to start anew; ``ask`` gives its status, 0 for none, and its body."""

    ask: Callable[[], tuple[int, str]]
    asked_at: float = 0.0
    silent_since: dict[str, float] = field(default_factory=dict)

    def wedged(self, now: float) -> list[str]:
        """The processes that have been silent for too long at the monotonic time ``now``; each is named once."""
        if now - self.asked_at < ASK_SECONDS:
            return []
        self.asked_at = now
        silent = _silent(*self.ask())
        self.silent_since = {name: self.silent_since.get(name, now) for name in silent}
        wedged = [name for name, since in self.silent_since.items() if now - since >= PATIENCE_SECONDS]
        for name in wedged:
            del self.silent_since[name]
        return wedged


def _silent(status: int, body: str) -> list[str]:
    """Which processes ``/readyz`` does not hear; none where it cannot know."""
    if status == 0:
        return ["edge"]
    if status == 502:  # the edge's word for a web server that does not answer
        return ["web"]
    try:
        checks: Mapping[str, str] = json.loads(body)["checks"]
    except (ValueError, KeyError, TypeError):
        return []
    if any(checks.get(name) != "ok" for name in NEEDED):
        return []
    return [name for name in ("worker", "chores", "beat") if checks.get(name) != "ok"]
