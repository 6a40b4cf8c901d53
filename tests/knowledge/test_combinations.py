"""Judging by environments that were really run, and by the intervals that follow from them."""

from typing import Optional

import msgspec
import pytest

from knowledge.conftest import Write
from tfmac.knowledge import combinations, store
from tfmac.knowledge.combinations import Broken, NotMeasured, Outcome, Question, Works, outcome
from tfmac.schema.combinations import Clash, Combination, CombinationTable, Interval, Reach
from tfmac.schema.knowledge import Step


def ran(
    version: Optional[str], step: Step, *, tensorflow: str = "2.18.1", package: str = "numpy"
) -> Combination:
    return Combination(
        tensorflow=tensorflow,
        package=package,
        version=version,
        python="3.11",
        step=step,
        error=None if step is Step.WORKS else f"ImportError: {version}",
        cause=None if step is Step.WORKS else "some-cause",
    )


RUNS = (
    ran("1.22.4", Step.IMPORT),
    ran("1.24.4", Step.FIT),
    ran("1.26.4", Step.WORKS),
    ran("2.2.6", Step.WORKS, tensorflow="2.20.0"),
    ran(None, Step.IMPORT),
    ran("3.8.0", Step.IMPORT, package="h5py"),
    ran("0.4.1", Step.IMPORT, package="jaxlib"),
    ran(None, Step.WORKS, package="setuptools"),
    msgspec.structs.replace(
        ran("2.11.0", Step.FIT, package="keras"), cause="package-too-old-for-python"
    ),
    ran(None, Step.IMPORT, package="setuptools"),
    ran("2.4.0", Step.FIT, package="tf-keras"),
    msgspec.structs.replace(
        ran("2.11.0", Step.FIT, package="tf-keras"), cause="package-too-old-for-python"
    ),
    ran("2.15.0", Step.FIT, package="tf-keras"),
)


def interval(package: str, *runs: int, **more: object) -> Interval:
    first = RUNS[runs[0]]
    made = Interval(
        package=package,
        tensorflow=("2.18", "2.20"),
        step=max((RUNS[run].step for run in runs), key=list(Step).index),
        runs=runs,
        versions=(first.version, RUNS[runs[-1]].version or "") if first.version else None,
    )
    return msgspec.structs.replace(made, **more)


@pytest.fixture
def table(write: Write) -> None:
    write(
        "combinations.json",
        CombinationTable(
            schema_version=1,
            measured="2026-11-01",
            platform="linux-x86_64",
            baselines={"2.18.1": {"numpy": "2.0.2"}},
            installable={},
            compiled_for_numpy=("h5py",),
            combinations=RUNS,
            intervals=(
                interval("numpy", 0, 1, below=Reach.OLDEST),
                interval("numpy", 2, 3, above=Reach.NEWEST),
                interval("numpy", 4),
                interval("h5py", 5, below=Reach.NUMPY_1, above=Reach.NEWEST, numpy=2),
                interval("setuptools", 7, python="3.11"),
                interval("keras", 8),
                interval("setuptools", 9, python="3.12"),
                interval("tf-keras", 10, 11, 12),
            ),
            clashes=(
                Clash(
                    requirer="jax",
                    package="jaxlib",
                    tensorflow=("2.18", "2.19"),
                    step=Step.IMPORT,
                    runs=(6,),
                ),
            ),
        ),
    )


def ask(
    package: str,
    version: Optional[str],
    tensorflow: str = "2.18.1",
    python: Optional[str] = "3.11",
    numpy: Optional[str] = "2.0.2",
) -> Outcome:
    return outcome(
        Question(
            tensorflow=tensorflow, package=package, version=version, python=python, numpy=numpy
        )
    )


@pytest.mark.usefixtures("table")
class TestAnswer:
    def test_a_version_that_was_run(self) -> None:
        """It has the outcome that was seen, at its own step, and is told to have been seen."""
        answer = ask("numpy", "1.22.4")

        assert isinstance(answer, Broken)
        assert answer.step is Step.IMPORT
        assert answer.seen
        assert answer.error == "ImportError: 1.22.4"
        assert answer.cause == "some-cause"

    def test_a_version_between_two_that_break(self) -> None:
        """It breaks at the later of their steps, with both as evidence, and was not seen."""
        answer = ask("numpy", "1.23.5")

        assert isinstance(answer, Broken)
        assert answer.step is Step.FIT
        assert not answer.seen
        assert [one.version for one in answer.evidence] == ["1.22.4", "1.24.4"]

    def test_a_version_that_was_run_beside_another_minor_was_not_seen_here(self) -> None:
        answer = ask("numpy", "1.24.4", tensorflow="2.19.0")

        assert isinstance(answer, Broken)
        assert not answer.seen

    @pytest.mark.parametrize("version", ["1.26.4", "2.0.0", "2.2.6"])
    def test_what_works(self, version: str) -> None:
        assert isinstance(ask("numpy", version), Works)

    def test_between_different_outcomes_nothing_is_said(self) -> None:
        answer = ask("numpy", "1.25.0")

        assert isinstance(answer, NotMeasured)
        assert "different outcomes" in answer.reason

    @pytest.mark.parametrize("tensorflow", ["2.17.1", "2.21.0", "2.2.0"])
    def test_other_minors_are_not_spoken_of(self, tensorflow: str) -> None:
        assert isinstance(ask("numpy", "1.22.4", tensorflow=tensorflow), NotMeasured)

    def test_absence(self) -> None:
        """A package that was taken out speaks for its absence and for no version."""
        assert isinstance(ask("numpy", None), Broken)
        assert isinstance(ask("h5py", None), NotMeasured)

    @pytest.mark.parametrize("version", ["newest", ""])
    def test_what_is_no_version(self, version: str) -> None:
        assert isinstance(ask("numpy", version), NotMeasured)


@pytest.mark.usefixtures("table")
class TestReach:
    def test_below_the_oldest_for_the_same_and_later_pythons(self) -> None:
        """An older version than the oldest one of 3.11 cannot be had on 3.12, but on 3.9."""
        assert isinstance(ask("numpy", "1.20.0"), Broken)
        assert isinstance(ask("numpy", "1.20.0", python="3.12"), Broken)
        assert isinstance(ask("numpy", "1.20.0", python="3.9"), NotMeasured)
        assert isinstance(ask("numpy", "1.20.0", python=None), NotMeasured)

    def test_above_the_newest_only_where_it_breaks(self) -> None:
        """What works today says nothing of a later release."""
        assert isinstance(ask("numpy", "2.5.0"), NotMeasured)
        assert isinstance(ask("h5py", "3.9.0"), Broken)
        assert isinstance(ask("h5py", "3.9.0", python="3.12"), NotMeasured)

    def test_older_than_what_was_built_for_numpy_1(self) -> None:
        """It is built for NumPy 1, too, whatever the Python."""
        answer = ask("h5py", "3.1.0", python="3.9")

        assert isinstance(answer, Broken)
        assert not answer.seen


@pytest.mark.usefixtures("table")
class TestConditions:
    @pytest.mark.parametrize("numpy", ["1.26.4", None])
    def test_another_numpy(self, numpy: Optional[str]) -> None:
        """A compiled package is judged only beside the generation of NumPy that was there."""
        assert isinstance(ask("h5py", "3.8.0", numpy=numpy), NotMeasured)
        assert isinstance(ask("h5py", "3.8.0", numpy="2.4.0"), Broken)

    def test_another_python(self) -> None:
        """Where Pythons differ the very one decides; they have to agree about another one."""
        assert isinstance(ask("setuptools", None), Works)
        assert isinstance(ask("setuptools", None, python="3.12"), Broken)
        assert isinstance(ask("setuptools", None, python="3.13"), NotMeasured)

    @pytest.mark.parametrize(
        ("python", "kind"),
        [("3.10", NotMeasured), ("3.11", Broken), ("3.12", Broken), (None, NotMeasured)],
    )
    def test_what_python_itself_lacks(self, python: Optional[str], kind: type[Outcome]) -> None:
        """An earlier Python may still have it."""
        assert isinstance(ask("keras", "2.11.0", python=python), kind)

    @pytest.mark.parametrize("version", ["2.5.0", "2.11.0", "2.13.0"])
    def test_other_runs_decide_where_python_still_has_it(self, version: str) -> None:
        """What breaks on both sides for another reason breaks on an earlier Python, too."""
        answer = ask("tf-keras", version, python="3.9")

        assert isinstance(answer, Broken)
        assert [one.version for one in answer.evidence] == ["2.4.0", "2.15.0"]

    def test_packages_that_break(self) -> None:
        """Only those of which something breaks have to be looked up in an environment."""
        assert combinations.packages("2.18.0") == (
            "numpy",
            "h5py",
            "setuptools",
            "keras",
            "tf-keras",
        )
        assert combinations.packages("2.17.0") == ()

    def test_clashes(self) -> None:
        (clash,) = combinations.clashes("2.19.1")

        assert (clash.requirer, clash.package) == ("jax", "jaxlib")
        assert combinations.evidence(clash, "2.19.1") == (RUNS[6],)
        assert combinations.clashes("2.20.0") == ()

    def test_platform_is_told(self) -> None:
        assert combinations.platform() == "linux-x86_64"


@pytest.mark.usefixtures("write")
def test_absent_file_means_nothing_measured() -> None:
    """Without the data file every question is answered by not measured."""
    assert isinstance(ask("numpy", "2.0.2"), NotMeasured)
    assert combinations.platform() is None
    assert combinations.packages("2.18.0") == ()
    assert combinations.clashes("2.18.0") == ()


class TestShipped:
    def test_it_decodes_strictly(self) -> None:
        """The shipped table has no field that its type does not know."""
        table = store.load("combinations.json", CombinationTable)
        again = msgspec.json.decode(msgspec.json.encode(table), type=CombinationTable)

        assert again == table
        assert all(one.tensorflow in table.baselines for one in table.combinations)

    def test_every_interval_names_the_runs_that_it_rests_on(self) -> None:
        table = store.load("combinations.json", CombinationTable)

        for one in table.intervals:
            runs = [table.combinations[place] for place in one.runs]
            assert runs
            assert {run.package for run in runs} == {one.package}
            assert {run.version is None for run in runs} == {one.versions is None}

    @pytest.mark.parametrize(
        ("tensorflow", "kind"), [("2.16.2", Broken), ("2.17.1", Broken), ("2.18.1", Works)]
    )
    def test_newest_numpy(self, tensorflow: str, kind: type[Outcome]) -> None:
        """NumPy 2.5, which Python 3.11 cannot have, was run on Python 3.12."""
        answer = ask("numpy", "2.5.5", tensorflow=tensorflow, python="3.12")

        assert isinstance(answer, kind)
        assert not isinstance(answer, NotMeasured)
        assert [one.python for one in answer.evidence] == ["3.12"]
