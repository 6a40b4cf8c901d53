"""Which environments are drawn, and how what was said of them is counted."""

import random
from collections.abc import Sequence

from tools.combinations.companions import added
from tools.combinations.drawing import Change, Place, change, places
from tools.combinations.evaluation import Result, Score, Verdict, report, score
from tools.combinations.program import Outcome

from tfmac.schema.knowledge import Step

PLACE = Place("2.15.0", "3.11")
BASELINE = ("numpy", "protobuf", "keras", "six")


def drawer(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - drawn again by the same seed


def versions(_package: str, _python: str) -> Sequence[str]:
    return ("1.0.0", "1.0.1", "1.0.2", "2.0.0")


def draws(seed: int, count: int = 200) -> list[Change]:
    rng = drawer(seed)
    drawn = (change(rng, PLACE, BASELINE, versions) for _ in range(count))
    return [one for one in drawn if one is not None]


class TestDrawing:
    def test_the_seed_decides(self) -> None:
        assert draws(1) == draws(1)
        assert draws(1) != draws(2)
        assert places(drawer(1), 5, ()) == places(drawer(1), 5, ())

    def test_all_kinds_of_changes_are_drawn(self) -> None:
        drawn = draws(3)

        assert any(len(one.packages) == 2 for one in drawn)
        assert any(version is None for one in drawn for _, version in one.packages)
        assert any(name == "pandas" for one in drawn for name, _ in one.packages)

    def test_jax_and_jaxlib_come_together(self) -> None:
        names = [{name for name, _ in one.packages} for one in draws(4)]

        assert all(one == {"jax", "jaxlib"} for one in names if one & {"jax", "jaxlib"})

    def test_what_has_no_version_here_is_not_drawn(self) -> None:
        rng = drawer(5)
        drawn = [change(rng, PLACE, BASELINE, lambda _name, _python: ()) for _ in range(50)]

        assert all(one is None or one.packages[0][1] is None for one in drawn)

    def test_a_release_that_was_not_measured_is_preferred(self) -> None:
        drawn = {one.tensorflow for one in places(drawer(6), 16, {"2.15.1", "2.16.2"})}

        assert len(drawn) == 16
        assert not drawn & {"2.15.1", "2.16.2"}


def result(*, says_error: bool, conflict: bool, step: Step) -> Result:
    verdict = Verdict(
        tensorflow="2.15.0",
        python="3.11",
        packages=(("numpy", "2.0.2"), ("six", None)),
        says_error=says_error,
        causes=(),
        conflict=conflict,
    )
    return Result(verdict=verdict, outcome=Outcome(step=step))


class TestScore:
    def test_the_four_fields(self) -> None:
        pairs = [(True, True), (True, True), (True, False), (False, True), (False, False)]

        made = score(pairs)

        assert made == Score(hits=2, false_alarms=1, misses=1, rightly_silent=1)
        assert (made.precision, made.recall) == (2 / 3, 2 / 3)

    def test_nothing_said_and_nothing_broken(self) -> None:
        assert (score([]).precision, score([]).recall) == (1.0, 1.0)

    def test_a_failed_save_is_no_break(self) -> None:
        assert not result(says_error=False, conflict=True, step=Step.SAVE_LOAD).breaks

    def test_the_report_lists_what_disagrees(self) -> None:
        text = report(
            [
                result(says_error=True, conflict=True, step=Step.IMPORT),
                result(says_error=False, conflict=True, step=Step.FIT),
            ]
        )

        assert "doctor: 1 hits, 0 false alarms, 1 misses, 0 rightly silent" in text
        assert "declared metadata: 2 hits" in text
        assert text.count("DISAGREES") == 1
        assert "numpy 2.0.2, six removed" in text


def test_companions_are_what_an_environment_lacks() -> None:
    resolved = "numpy==1.26.4\npandas==2.0.0\npytz==2025.1 ; python_version > '3'\n\n"

    assert added(resolved, {"numpy", "pandas"}) == {"pytz": "2025.1"}
