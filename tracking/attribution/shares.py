"""How a conversion is shared among the touches before it. Pure arithmetic in exact decimals."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

GRAIN = Decimal("0.00000001")  # of shares and of money, as their columns have it
MODELS = ("first", "last", "linear")
SAID = ("campaign", "flow", "channel", "post", "influencer")  # by name, beside the link


@dataclass(frozen=True, order=True)
class Axes:
    """What a touch came by; blank where it says nothing."""

    link: int = 0  # its number; 0 is none
    campaign: str = ""
    flow: str = ""
    channel: str = ""
    post: str = ""
    influencer: str = ""

    def __bool__(self) -> bool:
        return self != Axes()

    def adds_to(self, other: "Axes") -> bool:
        """Whether something is said here that is not said there."""
        return any(mine and mine != theirs for mine, theirs in zip(self.words, other.words, strict=True))

    def over(self, other: "Axes") -> "Axes":
        """This, with what is not said here as it is said there."""
        return Axes(
            self.link or other.link,
            self.campaign or other.campaign,
            self.flow or other.flow,
            self.channel or other.channel,
            self.post or other.post,
            self.influencer or other.influencer,
        )

    @property
    def words(self) -> tuple[int | str, ...]:
        """All of it."""
        return (self.link, self.campaign, self.flow, self.channel, self.post, self.influencer)


@dataclass(frozen=True, order=True)
class Step:
    """A touch on the way to a conversion."""

    axes: Axes
    certainty: str


NOBODY = Step(Axes(), "none")


@dataclass(frozen=True)
class Portion:
    """What a step gets of a conversion; ``value`` is None where there is no money."""

    model: str
    step: Step
    share: Decimal
    value: Decimal | None


def portions(steps: Sequence[Step], value: Decimal | None) -> list[Portion]:
    """The portions of all models, steps in the order they were taken; without any the conversion is nobody's. Of each model
    the shares sum to exactly 1 and the values to exactly the value; equal steps are one portion.
    """
    given = [*steps] or [NOBODY]
    found = []
    for model in MODELS:
        merged: dict[Step, tuple[Decimal, Decimal]] = {}
        for step, share, part in _given(model, given, value or Decimal(0)):
            before = merged.get(step, (Decimal(0), Decimal(0)))
            merged[step] = (before[0] + share, before[1] + part)
        found += [
            Portion(model, step, share, None if value is None else part) for step, (share, part) in merged.items()
        ]
    return found


def _given(model: str, steps: Sequence[Step], value: Decimal) -> list[tuple[Step, Decimal, Decimal]]:
    if model == "first":
        return [(steps[0], Decimal(1), value)]
    if model == "last":
        return [(steps[-1], Decimal(1), value)]
    shares = even(Decimal(1), len(steps))
    values = even(value, len(steps))
    return list(zip(steps, shares, values, strict=True))


def even(whole: Decimal, parts: int) -> list[Decimal]:
    """As many parts of the whole, equal to the grain; what is left over is the last one's."""
    part = (whole / parts).quantize(GRAIN, rounding=ROUND_DOWN)
    return [*[part] * (parts - 1), whole - part * (parts - 1)]
