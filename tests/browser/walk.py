"""Every page there is to look at: what the walk opens, and ``make screenshots`` takes pictures of.

A room adds its pages here, with the state they should be seen in.
"""

from collections.abc import Callable
from dataclasses import dataclass

from integrations.models import ConnectStage
from tests.browser import accounts
from tests.library.files import furnish, in_use
from tests.people import Person


@dataclass(frozen=True)
class Stop:
    """One page. ``path`` may ask the owner's rows for an address; ``before`` makes the rows it should show."""

    name: str
    path: str | Callable[[Person], str]
    before: Callable[[Person], object] | None = None
    anonymous: bool = False

    def address(self, owner: Person) -> str:
        """Where it is."""
        return self.path if isinstance(self.path, str) else self.path(owner)


STOPS: list[Stop] = [
    Stop("components", "/ui/"),
    Stop("library", "/library/", furnish),
    Stop("library-empty", "/library/"),
    Stop("library-file", lambda owner: f"/library/{in_use(owner).public_id}/", furnish),
    Stop("library-delete", lambda owner: f"/library/delete/?id={in_use(owner).public_id}", furnish),
    Stop("not-found", "/nothing-here/"),
    Stop("accounts", "/channels/", before=accounts.in_every_condition),
    Stop("accounts-empty", "/channels/"),
    Stop("account", accounts.facebook, before=accounts.in_every_condition),
    Stop("account-disconnect", lambda who: f"{accounts.facebook(who)}disconnect/", before=accounts.in_every_condition),
    Stop("connect", "/channels/connect/"),
    Stop("connect-one", "/channels/connect/youtube/"),
    Stop("connect-picking", accounts.attempt(ConnectStage.PICKING)),
    Stop("connect-other", accounts.attempt(ConnectStage.OTHER)),
    Stop("connect-done", accounts.attempt(ConnectStage.CONNECTED)),
    Stop("connect-cancelled", accounts.attempt(ConnectStage.CANCELLED, "You did not allow Chat33 at Facebook.")),
    Stop("connect-failed", accounts.attempt(ConnectStage.FAILED, "Facebook could not be reached. Connect again.")),
]
