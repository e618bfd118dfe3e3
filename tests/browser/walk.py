"""Every page there is to look at: what the walk opens, and ``make screenshots`` takes pictures of.

A room adds its pages here, with the state they should be seen in.
"""

from collections.abc import Callable
from dataclasses import dataclass

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
    Stop("not-found", "/nothing-here/"),
]
