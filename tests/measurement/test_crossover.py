"""Which device wins, from made-up numbers."""

import math
from typing import Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfmac.measurement.crossover import FEWEST, Won, crossover, faster, ratio, spread
from tfmac.schema.bench import CrossoverKind, Faster, Spread

TESTED, REFERENCE, UNDECIDED = Faster.TESTED, Faster.REFERENCE, Faster.UNDECIDED

times = st.floats(min_value=1e-6, max_value=1e3)
outcomes = st.lists(
    st.tuples(st.integers(1, 4096), st.sampled_from([None, *Faster])),
    unique_by=lambda one: one[0],
    max_size=8,
)


def won(*found: Optional[Faster]) -> list[Won]:
    return [Won(batch=2**place, faster=one) for place, one in enumerate(found)]


@pytest.mark.parametrize(
    ("found", "kind", "batch"),
    [
        ((TESTED, TESTED), CrossoverKind.ALWAYS, None),
        ((REFERENCE, REFERENCE), CrossoverKind.NEVER, None),
        ((REFERENCE, TESTED, TESTED), CrossoverKind.FROM, 2),
        ((REFERENCE, UNDECIDED, TESTED), CrossoverKind.FROM, 4),
        ((TESTED, REFERENCE, TESTED), CrossoverKind.FROM, 4),
        ((TESTED, REFERENCE), CrossoverKind.MIXED, None),
        ((REFERENCE, UNDECIDED), CrossoverKind.UNDECIDED, None),
        ((UNDECIDED, UNDECIDED), CrossoverKind.UNDECIDED, None),
        ((REFERENCE, None, TESTED), CrossoverKind.FROM, 4),
        ((None, None), CrossoverKind.NOT_TIMED, None),
        ((), CrossoverKind.NOT_TIMED, None),
    ],
)
def test_where_one_device_overtakes_the_other(
    found: tuple[Optional[Faster], ...], kind: CrossoverKind, batch: Optional[int]
) -> None:
    """A size is named only if the device wins there and at every larger size that was timed."""
    assert crossover(won(*found)) == (kind, batch)


@given(outcomes)
def test_a_crossover_holds_from_its_size_on(found: list[tuple[int, Optional[Faster]]]) -> None:
    """Whatever the order of the sizes, the sentence that is told of them is true."""
    kind, batch = crossover([Won(batch=size, faster=one) for size, one in found])

    timed = sorted((size, one) for size, one in found if one is not None)
    wins = [one is TESTED for _, one in timed]
    if kind is CrossoverKind.FROM:
        assert batch is not None
        assert all(one is TESTED for size, one in timed if size >= batch)
        assert [one for size, one in timed if size < batch][-1] is not TESTED
    else:
        assert batch is None
    assert (kind is CrossoverKind.ALWAYS) == (bool(wins) and all(wins))
    assert (kind is CrossoverKind.NOT_TIMED) == (not wins)
    if kind in {CrossoverKind.NEVER, CrossoverKind.UNDECIDED}:
        assert not any(wins)
    if kind is CrossoverKind.NEVER:
        assert all(one is REFERENCE for _, one in timed)
    if kind is CrossoverKind.MIXED:
        assert any(wins)
        assert not wins[-1]


@given(st.lists(times, min_size=1, max_size=40, unique=True))
def test_bounds_hold_the_median_and_are_measured_values(values: list[float]) -> None:
    """No value is made up for a bound, and as many lie below the bounds as above."""
    found = spread(values)

    assert found.lower <= found.median <= found.upper
    assert {found.lower, found.upper} <= set(values)
    ordered = sorted(values)
    assert ordered.index(found.lower) == ordered[::-1].index(found.upper)


@pytest.mark.parametrize(("count", "left_out"), [(1, 0), (5, 0), (7, 0), (8, 0), (9, 1), (15, 3)])
def test_the_bounds_are_those_of_the_sign_test(count: int, left_out: int) -> None:
    """The values at the ends are left out as tables of the sign test at 95 % say."""
    found = spread([float(value) for value in range(count)])

    assert found.lower == left_out
    assert found.upper == count - 1 - left_out


@given(st.lists(st.tuples(times, times), min_size=1, max_size=20))
def test_exchanging_the_devices_exchanges_the_answer(pairs: list[tuple[float, float]]) -> None:
    """It does not matter which of two devices is called the tested one."""
    one, other = [a for a, _ in pairs], [b for _, b in pairs]
    answers = {faster(ratio(one, other)), faster(ratio(other, one))}

    assert answers in ({TESTED, REFERENCE}, {UNDECIDED})


@given(st.lists(st.floats(0.5, 2.0), min_size=FEWEST, max_size=15), st.floats(1.2, 50.0))
def test_drift_that_both_devices_share_changes_nothing(drift: list[float], factor: float) -> None:
    """A machine that slows down during the run slows both of a pair: the ratio stays."""
    found = ratio([1.0 * slower for slower in drift], [factor * slower for slower in drift])

    assert math.isclose(found.median, factor)
    assert faster(found) is TESTED


def test_doubt_is_said() -> None:
    """A spread on both sides of one, or a difference of a hundredth, is no victory."""
    assert faster(Spread(median=1.3, lower=0.9, upper=1.5, count=7)) is UNDECIDED
    assert faster(Spread(median=1.01, lower=1.005, upper=1.012, count=7)) is UNDECIDED
    assert faster(Spread(median=3.0, lower=2.9, upper=3.1, count=FEWEST - 1)) is UNDECIDED


def test_nothing_has_no_median() -> None:
    """An empty series is a mistake of the caller."""
    with pytest.raises(ValueError, match="nothing"):
        spread([])
