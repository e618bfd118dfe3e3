"""What the doors of one process share."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from chat33.lib import secrets
from tracking.edge.arrivals import Arrived
from tracking.edge.config import Config
from tracking.edge.events import Asked, Keeper, Kept
from tracking.edge.http import Refused, Request, unauthorized
from tracking.edge.limits import Wall
from tracking.edge.line import Line, Unavailable
from tracking.edge.lookups import Lookups, Token
from tracking.edge.notes import Notes
from tracking.edge.postbacks import Postback, keep_postbacks
from tracking.edge.repair import mend
from tracking.edge.words import Words

LONGEST_TOKEN = 200
digest = lru_cache(maxsize=4_096)(secrets.digest)  # a token is shown with each of its events
_HINT = "Make one in Settings → Integrations."


@dataclass
class State:
    """Lines, look-ups and counts."""

    config: Config
    lookups: Lookups
    keeper: Keeper
    events: Line[Asked, Kept]
    postbacks: Line[Postback, None]
    words: Words
    notes: Notes
    wall: Wall = field(default_factory=Wall)
    arrived: Arrived = field(default_factory=Arrived)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    @classmethod
    def of(cls, config: Config) -> "State":
        """Nothing of it runs yet."""
        lookups = Lookups(config.conninfo, limits=config.limits)
        keeper = Keeper()
        return cls(
            config=config,
            lookups=lookups,
            keeper=keeper,
            events=Line(
                config.conninfo, keeper.keep, size=lambda asked: len(asked.rows), carriers=config.carriers, mend=mend
            ),
            postbacks=Line(config.conninfo, keep_postbacks),
            words=Words(lookups),
            notes=Notes(lookups),
        )

    @property
    def stores(self) -> bool:
        """Whether what comes now can be stored."""
        return self.events.is_up and self.postbacks.is_up

    def start(self) -> None:
        """Begin to carry."""
        self.events.start()
        self.postbacks.start()
        self.tasks = [asyncio.create_task(self.notes.write_on())]

    async def stop(self) -> None:
        """Store what waits, then end."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.events.stop()
        await self.postbacks.stop()
        with suppress(Unavailable):
            await self.notes.write()
        await self.lookups.stop()

    async def token(
        self, request: Request, *kinds: str, parameter: str = "token", given: str = "", now: datetime
    ) -> Token:
        """The live token that is shown, of one of these kinds. Raises ``Refused`` and ``Unavailable``."""
        shown = given or _shown(request, parameter)
        if not shown:
            raise Refused(unauthorized(f"The token is missing. {_HINT}"))
        token = await self.lookups.tokens.get(digest(shown)) if len(shown) <= LONGEST_TOKEN else None
        if token is None or token.kind not in kinds or not token.is_live(now):
            raise Refused(unauthorized(f"This token is unknown, revoked or not for this address. {_HINT}"))
        return token


def _shown(request: Request, parameter: str) -> str:
    if shown := request.parameter(parameter):
        return shown
    scheme, _, rest = request.headers.get("authorization", "").partition(" ")
    bearer = rest.strip() if scheme.lower() == "bearer" else ""
    return bearer or request.headers.get("x-chat33-token", "")
