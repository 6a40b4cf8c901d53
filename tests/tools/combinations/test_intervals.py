"""From points to intervals: what may be said, and what may not."""

from collections.abc import Mapping
from typing import ClassVar, Optional

import msgspec
from tools.combinations.intervals import Points, clashes, intervals
from tools.combinations.reaching import NUMPY_1_CAUSE

from tfmac.schema.combinations import Combination, Interval, Reach
from tfmac.schema.knowledge import Step

IMPORT, FIT, WORKS = Step.IMPORT, Step.FIT, Step.WORKS
Ends = Mapping[str, Mapping[str, tuple[str, str]]]


def ran(
    version: Optional[str],
    step: Step = WORKS,
    *,
    tensorflow: str = "2.18.1",
    package: str = "six",
    python: str = "3.11",
    cause: Optional[str] = None,
    **beside: str,
) -> Combination:
    return Combination(
        tensorflow=tensorflow,
        package=package,
        version=version,
        python=python,
        step=step,
        cause=cause,
        beside=beside,
    )


def points(
    *runs: Combination,
    installable: Optional[Ends] = None,
    compiled: tuple[str, ...] = (),
    contradicting: tuple[int, ...] = (),
) -> Points:
    return Points(
        combinations=runs,
        baselines={run.tensorflow: {"numpy": "2.0.2"} for run in runs},
        installable=installable or {},
        compiled_for_numpy=frozenset(compiled),
        contradicting={"jaxlib": frozenset(contradicting)},
    )


def told(*made: Interval) -> list[tuple[tuple[str, str], Optional[tuple[str, str]], Step]]:
    return [(one.tensorflow, one.versions, one.step) for one in made]


ONE = ("2.18", "2.18")
PAIR = "jaxlib-not-matching-jax"


class TestVersions:
    def test_neighbours_that_agree_make_an_interval(self) -> None:
        made = intervals(points(ran("1.0", IMPORT), ran("1.5", IMPORT), ran("2.0"), ran("3.0")))

        assert told(*made) == [(ONE, ("1.0", "1.5"), IMPORT), (ONE, ("2.0", "3.0"), WORKS)]
        assert [one.runs for one in made] == [(0, 1), (2, 3)]

    def test_breaks_at_different_steps_are_one_interval_at_the_later_one(self) -> None:
        """A broken import breaks the fit, too; nothing says where the step changes."""
        made = intervals(points(ran("1.0", IMPORT), ran("2.0", FIT)))

        assert told(*made) == [(ONE, ("1.0", "2.0"), FIT)]

    def test_a_later_step_is_not_joined_with_what_works(self) -> None:
        made = intervals(points(ran("1.0", Step.SAVE_LOAD), ran("2.0")))

        assert told(*made) == [(ONE, ("1.0", "1.0"), Step.SAVE_LOAD), (ONE, ("2.0", "2.0"), WORKS)]

    def test_runs_that_disagree_say_nothing(self) -> None:
        """Neither of the version, nor of what lies beside it."""
        several = (ran("1.0"), ran("2.0"), ran("2.0", IMPORT, tensorflow="2.18.0"), ran("3.0"))

        made = intervals(points(*several))

        assert told(*made) == [(ONE, ("1.0", "1.0"), WORKS), (ONE, ("3.0", "3.0"), WORKS)]

    def test_versions_are_ordered_as_versions(self) -> None:
        made = intervals(points(ran("1.10"), ran("1.9", IMPORT)))

        assert [one.versions for one in made] == [("1.9", "1.9"), ("1.10", "1.10")]

    def test_the_order_of_the_points_plays_no_part(self) -> None:
        several = [
            ran("1.0", IMPORT),
            ran("2.0"),
            ran(None, IMPORT),
            ran("1.0", tensorflow="2.20.0"),
        ]

        forth, back = intervals(points(*several)), intervals(points(*several[::-1]))

        assert told(*forth) == told(*back)


class TestMinors:
    def test_between_two_minors_that_agree(self) -> None:
        several = (ran("1.0", tensorflow="2.16.2"), ran("1.0", tensorflow="2.19.1"))

        assert told(*intervals(points(*several))) == [(("2.16", "2.19"), ("1.0", "1.0"), WORKS)]

    def test_not_between_two_minors_that_differ(self) -> None:
        several = (ran("1.0", IMPORT, tensorflow="2.16.2"), ran("1.0", tensorflow="2.18.1"))

        assert [one.tensorflow for one in intervals(points(*several))] == [("2.16", "2.16"), ONE]

    def test_not_beyond_the_outermost_minor(self) -> None:
        assert [one.tensorflow for one in intervals(points(ran("1.0", IMPORT)))] == [ONE]

    def test_what_a_minor_leaves_open_is_filled_by_its_neighbours(self) -> None:
        several = (
            ran("1.0", IMPORT, tensorflow="2.17.1"),
            ran("1.5", IMPORT, tensorflow="2.17.1"),
            ran("1.0", IMPORT),
            ran("2.0"),
            ran("1.0", IMPORT, tensorflow="2.19.1"),
            ran("1.5", IMPORT, tensorflow="2.19.1"),
        )

        made = [one for one in intervals(points(*several)) if one.versions == ("1.0", "1.5")]

        assert [one.tensorflow for one in made] == [("2.17", "2.19")]

    def test_a_minor_in_which_runs_disagree_is_not_filled(self) -> None:
        several = (
            ran("1.0", tensorflow="2.17.1"),
            ran("1.0", IMPORT),
            ran("1.0", tensorflow="2.18.0"),
            ran("1.0", tensorflow="2.19.1"),
        )

        assert [one.tensorflow for one in intervals(points(*several))] == [
            ("2.17", "2.17"),
            ("2.19", "2.19"),
        ]

    def test_what_is_released_along_with_tensorflow_is_not_filled(self) -> None:
        """Keras 2.17 beside TensorFlow 2.17 is another thing than beside its neighbours."""
        several = (
            ran("2.17.0", IMPORT, package="keras", tensorflow="2.16.2"),
            ran("2.17.0", IMPORT, package="keras"),
        )

        made = intervals(points(*several))

        assert [one.tensorflow for one in made] == [("2.16", "2.16"), ("2.18", "2.18")]

    def test_absence_between_two_minors_that_agree(self) -> None:
        several = (
            ran(None, IMPORT, tensorflow="2.15.1"),
            ran(None, IMPORT, tensorflow="2.18.1"),
            ran(None, tensorflow="2.21.0"),
        )

        assert told(*intervals(points(*several))) == [
            (("2.15", "2.18"), None, IMPORT),
            (("2.21", "2.21"), None, WORKS),
        ]


class TestReach:
    ENDS: ClassVar = {"six": {"3.11": ("1.0", "3.0")}}

    def test_the_oldest_and_the_newest_that_can_be_installed(self) -> None:
        several = (ran("1.0", IMPORT), ran("2.0"), ran("3.0", IMPORT))

        made = intervals(points(*several, installable=self.ENDS))

        assert [(one.below, one.above) for one in made] == [
            (Reach.OLDEST, None),
            (None, None),
            (None, Reach.NEWEST),
        ]

    def test_others_reach_no_further(self) -> None:
        made = intervals(points(ran("1.1"), ran("2.9"), installable=self.ENDS))

        assert [(one.below, one.above) for one in made] == [(None, None)]

    def test_the_ends_of_another_python_do_not_count(self) -> None:
        made = intervals(points(ran("1.0", python="3.9"), installable=self.ENDS))

        assert made[0].below is None

    def test_what_was_built_for_numpy_1_reaches_down(self) -> None:
        several = (
            ran("1.5", IMPORT, package="pandas", cause=NUMPY_1_CAUSE),
            ran("2.2", package="pandas"),
        )

        old, new = intervals(points(*several, compiled=("pandas",)))

        assert (old.below, old.above, old.numpy) == (Reach.NUMPY_1, None, 2)
        assert (new.below, new.numpy) == (None, 2)

    def test_numpy_2_itself_reaches_up(self) -> None:
        several = (
            ran("1.26", package="numpy"),
            ran("2.0", IMPORT, package="numpy", cause=NUMPY_1_CAUSE),
        )

        _, new = intervals(points(*several))

        assert (new.below, new.above, new.numpy) == (None, Reach.NUMPY_1, None)

    def test_between_two_minors_that_reach_from_the_same_version(self) -> None:
        several = (ran("1.0", IMPORT, tensorflow="2.16.2"), ran("1.0", IMPORT))

        made = intervals(points(*several, installable=self.ENDS))

        assert [(one.tensorflow, one.below) for one in made] == [(("2.16", "2.18"), Reach.OLDEST)]

    def test_between_two_minors_of_which_one_reaches_no_further(self) -> None:
        several = (
            ran("1.0", IMPORT, tensorflow="2.16.2"),
            ran("1.0", IMPORT, python="3.12"),
        )

        made = intervals(points(*several, installable=self.ENDS))

        assert [one.below for one in made] == [Reach.OLDEST, None]

    def test_numpy_2_between_two_minors_whose_points_end_elsewhere(self) -> None:
        broken = [
            ran(version, IMPORT, package="numpy", cause=NUMPY_1_CAUSE, tensorflow=tensorflow)
            for version, tensorflow in (
                ("2.0", "2.15.1"),
                ("2.2", "2.15.1"),
                ("2.0", "2.17.1"),
                ("2.4", "2.17.1"),
            )
        ]

        made = {one.tensorflow: one for one in intervals(points(*broken))}

        between = made["2.15", "2.16"]
        assert (between.versions, between.above) == (("2.0", "2.2"), Reach.NUMPY_1)

    def test_only_the_outermost_version_has_to_be_built_for_numpy_1(self) -> None:
        """Newer ones of the same interval may break for another reason."""
        several = (
            ran("0.3", IMPORT, package="ml-dtypes", cause=NUMPY_1_CAUSE),
            ran("0.4", IMPORT, package="ml-dtypes", cause="ml-dtypes-mismatch"),
        )

        (made,) = intervals(points(*several, compiled=("ml-dtypes",)))

        assert (made.below, made.cause, made.numpy) == (Reach.NUMPY_1, None, 2)


class TestConditions:
    def test_compiled_packages_are_parted_by_numpy(self) -> None:
        several = (
            ran("1.0", IMPORT, package="h5py"),
            ran("1.0", package="h5py", numpy="1.26.4"),
            ran("2.0", IMPORT, package="h5py"),
        )

        made = intervals(points(*several, compiled=("h5py",)))

        assert [(one.numpy, one.versions, one.step) for one in made] == [
            (1, ("1.0", "1.0"), WORKS),
            (2, ("1.0", "2.0"), IMPORT),
        ]

    def test_pythons_are_parted_only_where_they_differ(self) -> None:
        differ = (ran(None), ran(None, IMPORT, python="3.12"))
        agree = (ran(None, IMPORT), ran(None, IMPORT, python="3.12"))

        assert [one.python for one in intervals(points(*differ))] == ["3.11", "3.12"]
        assert [one.python for one in intervals(points(*agree))] == [None]

    def test_a_python_whose_older_versions_work_is_kept_apart(self) -> None:
        """The oldest one of 3.11 breaks, older ones work on 3.9: not the version alone decides."""
        several = (
            ran("1.2", IMPORT),
            ran("1.5"),
            ran("1.0", python="3.9"),
            ran("1.1", python="3.9"),
        )

        made = intervals(points(*several, installable={"six": {"3.11": ("1.2", "1.5")}}))

        assert {(one.python, one.versions, one.step) for one in made} == {
            ("3.11", ("1.2", "1.2"), IMPORT),
            ("3.11", ("1.5", "1.5"), WORKS),
            ("3.9", ("1.0", "1.1"), WORKS),
        }

    def test_a_python_that_adds_an_older_boundary_is_not(self) -> None:
        several = (
            ran("1.2"),
            ran("1.5"),
            ran("1.0", IMPORT, python="3.9"),
            ran("1.1", python="3.9"),
        )

        assert {one.python for one in intervals(points(*several))} == {None}

    def test_a_point_that_lacked_another_package_says_nothing(self) -> None:
        lacking = msgspec.structs.replace(
            ran("1.0", IMPORT), error="ModuleNotFoundError: No module named 'chardet'"
        )

        assert intervals(points(lacking)) == ()

    def test_pythons_are_parted_only_beside_the_minors_where_they_differ(self) -> None:
        several = (
            ran(None, tensorflow="2.16.2"),
            ran(None),
            ran(None, IMPORT, python="3.9"),
            ran(None, tensorflow="2.20.0"),
        )

        made = intervals(points(*several))

        assert {(one.tensorflow, one.python, one.step) for one in made} == {
            (("2.16", "2.20"), None, WORKS),
            (("2.18", "2.18"), "3.11", WORKS),
            (("2.18", "2.18"), "3.9", IMPORT),
        }


class TestClashes:
    def test_pairs_that_contradict_and_break(self) -> None:
        several = (
            ran("0.4.20", IMPORT, package="jaxlib", cause=PAIR, jax="0.4.30"),
            ran("0.4.30", package="jaxlib", jax="0.4.30"),
            ran("0.4.20", IMPORT, package="jaxlib", cause=PAIR, jax="0.4.3", tensorflow="2.19.1"),
        )

        (clash,) = clashes(points(*several, contradicting=(0, 2)))

        assert (clash.requirer, clash.package) == ("jax", "jaxlib")
        assert (clash.tensorflow, clash.runs) == (("2.18", "2.19"), (0, 2))

    def test_a_contradiction_without_a_break_is_none(self) -> None:
        several = (ran("0.4.20", package="jaxlib", jax="0.4.30"),)

        assert clashes(points(*several, contradicting=(0,))) == ()

    def test_an_error_that_does_not_name_the_pair_shows_another_reason(self) -> None:
        several = (ran("0.4.20", IMPORT, package="jaxlib", jax="0.4.30"),)

        assert clashes(points(*several, contradicting=(0,))) == ()

    def test_such_points_make_no_intervals(self) -> None:
        several = (ran("0.4.20", IMPORT, package="jaxlib", jax="0.4.30"),)

        assert intervals(points(*several, contradicting=(0,))) == ()
