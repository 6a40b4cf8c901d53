"""What is run next: the ends, some between them, then towards the boundary."""

from collections.abc import Sequence
from typing import Optional

import pytest
from tools.combinations.bisection import boundaries, next_version

from tfmac.schema.knowledge import Step

VERSIONS = tuple(f"1.{number}" for number in range(33))


def search(first_good: int, **options: object) -> list[str]:
    """Run versions as they are asked for; all from ``first_good`` on work."""
    known: dict[str, Step] = {}
    asked: list[str] = []
    while (version := next_version(VERSIONS, known, **options)) is not None:  # type: ignore[arg-type]
        works = VERSIONS.index(version) >= first_good
        known[version] = Step.WORKS if works else Step.IMPORT
        asked.append(version)
    return asked


def test_the_ends_come_first_and_agreement_ends_the_search() -> None:
    assert search(0) == ["1.0", "1.32"]


@pytest.mark.parametrize("first_good", [1, 7, 31, 32])
def test_a_boundary_is_found_between_two_neighbours(first_good: int) -> None:
    asked = search(first_good)

    assert {f"1.{first_good - 1}", f"1.{first_good}"} <= set(asked)
    assert len(asked) <= 8


def test_a_boundary_known_from_elsewhere_is_tried_first() -> None:
    assert search(20, hints=[("1.19", "1.20")]) == ["1.0", "1.32", "1.19", "1.20"]


def test_versions_between_agreeing_ends() -> None:
    asked = search(0, between=2)

    assert asked[:2] == ["1.0", "1.32"]
    assert len(asked) == 4


def test_a_series_that_is_known_is_not_run_again() -> None:
    known = {"1.0.1": Step.WORKS, "1.1.0": Step.WORKS, "1.2.0": Step.WORKS}
    assert next_version(("1.0.1", "1.1.0", "1.1.5", "1.2.0"), known, between=1) is None


def test_a_later_step_than_the_fit_is_no_break() -> None:
    known = {"1.0": Step.SAVE_LOAD, "1.9": Step.WORKS}
    assert next_version(("1.0", "1.5", "1.9"), known) is None


@pytest.mark.parametrize(("versions", "version"), [((), None), (("1.0",), "1.0")])
def test_few_versions(versions: Sequence[str], version: Optional[str]) -> None:
    assert next_version(versions, {}) == version


def test_boundaries() -> None:
    known = {"1.10": Step.WORKS, "1.9": Step.FIT, "1.8": Step.IMPORT, "2.0": Step.IMPORT}
    assert boundaries(known) == (("1.9", "1.10"), ("1.10", "2.0"))
