"""One order earns once, however often it is told. Pure: what is known of an order in, who earns out.

A shop's page and its server both tell of a purchase; a page that is loaded again tells twice. Events of one name and one
order are one conversion. The one that earns is a server's or an MMP's with an amount, else any with an amount, else the
first; what only a browser said counts as verified once a server has told of the same order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True)
class Told:
    """An event that tells of the order."""

    pk: int
    verified: bool
    value: Decimal | None
    received_at: datetime
    event: int  # its number, which tells events of one moment apart


@dataclass(frozen=True)
class Verdict:
    """Which of them earns, and whether its amount is verified."""

    pk: int
    verified: bool


def verdict(told: Sequence[Told]) -> Verdict:
    """The same whatever the order they came in: it looks at what there is, not at what was decided before."""
    earner = min(
        told,
        key=lambda one: (not (one.verified and one.value is not None), one.value is None, one.received_at, one.event),
    )
    return Verdict(earner.pk, any(one.verified for one in told))
