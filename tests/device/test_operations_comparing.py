"""Verdicts from numbers: what rounding explains is sound, what it does not is wrong."""

from typing import Any

import pytest

numpy = pytest.importorskip("numpy")

from tfmac.device.operations.comparing import (  # noqa: E402
    SAME,
    WITHIN,
    WRONG,
    Finding,
    judge,
    tolerance,
)

EXACT = numpy.random.default_rng(1).standard_normal((16, 16))
SINGLE = EXACT.astype(numpy.float32)


def verdict(tested: Any, reference: Any, dtype: str = "float32", terms: int = 1) -> Finding:
    return judge([tested], [reference], tolerance(dtype, terms), lambda: [EXACT])


def test_the_same_bits_are_the_same() -> None:
    """NaN in the same places included."""
    holes = SINGLE.copy()
    holes[3, 3] = numpy.nan
    assert verdict(SINGLE, SINGLE.copy()).verdict == SAME
    assert verdict(holes, holes.copy()).verdict == SAME


def test_rounding_is_within_the_tolerance() -> None:
    """One unit in the last place of each number."""
    beside = numpy.nextafter(SINGLE, numpy.float32(9))
    found = verdict(beside, SINGLE)
    assert found.verdict == WITHIN
    assert found.tested_error is None


def test_what_has_to_be_zero_is_no_fault() -> None:
    """Rounding alone has a size on each device, and no right value: nobody is to blame."""
    noise, other = (1e-8 * numpy.random.default_rng(seed).random(16) for seed in (2, 3))
    zero = numpy.zeros(16)
    results = [(5 * noise).astype(numpy.float32)], [other.astype(numpy.float32)]
    found = judge(*results, tolerance("float32", 1), lambda: [zero])
    assert found.verdict == WITHIN


def test_a_fault_beside_rounding_alone() -> None:
    """Each result is judged by itself: one without a right value hides no other."""
    noise = numpy.full(16, 1e-8, numpy.float32)
    tested = [3 * noise, (EXACT * 1.01).astype(numpy.float32)]
    found = judge(tested, [noise, SINGLE], tolerance("float32", 1), lambda: [0 * noise, EXACT])
    assert found.verdict == WRONG


def test_every_step_of_a_running_product_is_rounded() -> None:
    """Then errors grow with the steps in reduced precision, too."""
    once, each = (tolerance("float16", 64, rounds_each=one) for one in (False, True))
    assert each.slope == 8 * once.slope


@pytest.mark.parametrize("factor", [1.01, 1.001, 0.9999])
def test_a_wrong_factor(factor: float) -> None:
    """The error of both devices is told."""
    found = verdict((EXACT * factor).astype(numpy.float32), SINGLE)
    assert found.verdict == WRONG
    assert found.tested_error is not None
    assert found.reference_error is not None
    assert found.tested_error.rms > 100 * found.reference_error.rms


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_a_percent_in_reduced_precision(dtype: str) -> None:
    """In bfloat16 rounding alone is as large: the size of the result as a whole tells."""
    digits = {"float16": 10, "bfloat16": 7}[dtype]

    def rounded(values: Any) -> Any:
        mantissa, exponent = numpy.frexp(values)
        steps = numpy.round(mantissa * 2.0 ** (digits + 1)) / 2.0 ** (digits + 1)
        return numpy.ldexp(steps, exponent).astype(numpy.float32)

    assert verdict(rounded(EXACT * 1.01), rounded(EXACT), dtype).verdict == WRONG
    assert verdict(rounded(EXACT), rounded(rounded(EXACT * 1.5) / 1.5), dtype).verdict == WITHIN


def test_one_number_among_many() -> None:
    """The whole hides it, the number itself does not."""
    one = SINGLE.copy()
    one[5, 7] += 1e-4
    assert verdict(one, SINGLE).verdict == WRONG


@pytest.mark.parametrize("value", [numpy.nan, numpy.inf])
def test_a_number_that_is_none(value: float) -> None:
    """Wrong where the tested device has it, not its fault where the reference has it."""
    hole = SINGLE.copy()
    hole[0, 0] = value
    assert verdict(hole, SINGLE).verdict == WRONG
    assert verdict(SINGLE, hole).verdict == WITHIN


def test_the_reference_may_be_the_worse_one() -> None:
    """Nobody is blamed for being nearer to double precision."""
    coarse = (EXACT * 1.001).astype(numpy.float32)
    found = verdict(SINGLE, coarse)
    assert found.verdict == WITHIN
    assert "reference" in found.detail


def test_without_double_precision_the_tolerance_decides() -> None:
    """An operation may have no float64 kernel."""
    coarse = (EXACT * 1.001).astype(numpy.float32)
    assert judge([coarse], [SINGLE], tolerance("float32", 1), lambda: None).verdict == WRONG


def test_more_terms_allow_more_rounding() -> None:
    """The root of their number: errors of both signs."""
    one, many = tolerance("float32", 1), tolerance("float32", 100)
    assert many.rms == pytest.approx(10 * one.rms)
    assert tolerance("float16", 100) == tolerance("float16", 1)


def test_integers_are_not_rounded() -> None:
    """One of them is enough."""
    numbers = numpy.arange(10, dtype=numpy.int32)
    other = numbers.copy()
    other[4] += 1
    found = verdict(other, numbers)
    assert (found.verdict, found.detail) == (
        WRONG,
        "1 of 10 values of result 1 differ (int32)",
    )


def test_another_shape_or_type() -> None:
    """It is said what came instead."""
    found = verdict(SINGLE[:3], SINGLE)
    assert found.verdict == WRONG
    assert found.detail == "gives float32[3, 16], the reference float32[16, 16]"
    assert verdict(EXACT, SINGLE).verdict == WRONG


def test_zeros_that_are_none() -> None:
    """There is no size to be relative to, so the numbers themselves count."""
    zeros = numpy.zeros((4, 4), numpy.float32)
    assert judge([zeros + 1e-3], [zeros], tolerance("float32", 1), lambda: None).verdict == WRONG
    assert judge([zeros + 1e-9], [zeros], tolerance("float32", 1), lambda: None).verdict == WITHIN
