"""Whatever the way, a conversion is given away whole: shares sum to 1 and money to the value, to the last digit."""

from decimal import Decimal
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from tracking.attribution.orders import Told, verdict
from tracking.attribution.shares import NOBODY, Axes, Step, portions

AXES = st.builds(
    Axes, link=st.integers(0, 3), campaign=st.sampled_from(["", "a", "b"]), flow=st.sampled_from(["", "f"])
)
STEPS = st.lists(st.builds(Step, AXES, st.sampled_from(["certain", "probable"])), max_size=100)
VALUES = st.none() | st.decimals(0, Decimal(10) ** 13, places=4)


@given(steps=STEPS, value=VALUES)
def test_nothing_is_lost_and_nothing_made(steps: list[Step], value: Decimal | None) -> None:
    found = portions(steps, value)
    for model in ("first", "last", "linear"):
        of_it = [portion for portion in found if portion.model == model]
        assert sum(portion.share for portion in of_it) == 1
        assert all(portion.share > 0 for portion in of_it)
        assert len({portion.step for portion in of_it}) == len(of_it)
        if value is None:
            assert all(portion.value is None for portion in of_it)
        else:
            assert sum(portion.value or 0 for portion in of_it) == value
            assert all((portion.value or 0) >= 0 for portion in of_it)


@given(steps=STEPS)
def test_first_and_last_go_to_one_step(steps: list[Step]) -> None:
    found = {portion.model: portion.step for portion in portions(steps, None) if portion.model != "linear"}
    assert found == {"first": steps[0] if steps else NOBODY, "last": steps[-1] if steps else NOBODY}


def test_what_does_not_divide_goes_to_the_last() -> None:
    steps = [Step(Axes(campaign=name), "certain") for name in "abc"]
    parts = {one.step.axes.campaign: (one.share, one.value) for one in portions(steps, Decimal("0.01"))
             if one.model == "linear"}  # fmt: skip
    assert parts == {
        "a": (Decimal("0.33333333"), Decimal("0.00333333")), "b": (Decimal("0.33333333"), Decimal("0.00333333")),
        "c": (Decimal("0.33333334"), Decimal("0.00333334")),
    }  # fmt: skip


TOLD = st.builds(
    Told, pk=st.integers(1, 9), verified=st.booleans(), value=st.none() | st.decimals(0, 99, places=2),
    received_at=st.datetimes(), event=st.integers(1, 9),
)  # fmt: skip


@given(
    told=st.lists(TOLD, min_size=1, max_size=6, unique_by=(lambda one: one.pk, lambda one: one.event)),
    seed=st.randoms(),
)
def test_who_earns_does_not_depend_on_who_came_first(told: list[Told], seed: Random) -> None:
    shuffled = [*told]
    seed.shuffle(shuffled)
    found = verdict(told)
    assert verdict(shuffled) == found
    earner = next(one for one in told if one.pk == found.pk)
    assert found.verified == any(one.verified for one in told)
    if any(one.verified and one.value is not None for one in told):
        assert earner.verified
        assert earner.value is not None
