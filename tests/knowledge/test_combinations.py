"""Judging by environments that were really run, and only by them."""

from typing import Optional

import msgspec
import pytest

from knowledge.conftest import Write
from tfmac.knowledge import combinations, store
from tfmac.knowledge.combinations import Broken, NotMeasured, Works, outcome
from tfmac.schema.knowledge import Combination, CombinationTable, Step


def ran(
    version: Optional[str],
    step: Step,
    *,
    tensorflow: str = "2.18.1",
    package: str = "numpy",
    error: Optional[str] = None,
) -> Combination:
    return Combination(
        tensorflow=tensorflow,
        package=package,
        version=version,
        python="3.11",
        step=step,
        error=error,
    )


@pytest.fixture
def table(write: Write) -> None:
    measured = (
        ran("1.22.4", Step.IMPORT, error="ImportError: one"),
        ran("1.24.4", Step.IMPORT, error="ImportError: two"),
        ran("1.26.4", Step.WORKS),
        ran("2.2.6", Step.WORKS),
        ran("2.3.5", Step.FIT, error="TypeError: fit"),
        ran("2.4.1", Step.IMPORT, error="ImportError: three"),
        ran(None, Step.IMPORT, error="ModuleNotFoundError: numpy"),
        ran("3.0.0", Step.WORKS, package="h5py"),
        ran("3.0.0", Step.IMPORT, package="h5py", tensorflow="2.18.0"),
        ran("3.9.0", Step.WORKS, package="h5py"),
    )
    write(
        "combinations.json",
        CombinationTable(
            schema_version=1,
            measured="2026-11-01",
            platform="linux-x86_64",
            baselines={"2.18.1": {"numpy": "2.0.2", "six": "1.17.0"}},
            combinations=measured,
        ),
    )


@pytest.mark.usefixtures("table")
class TestRule:
    def test_measured_version(self) -> None:
        """A version that was run has the outcome that was seen."""
        answer = outcome("2.18.1", "numpy", "1.24.4")

        assert isinstance(answer, Broken)
        assert answer.step is Step.IMPORT
        assert answer.error == "ImportError: two"
        assert [each.version for each in answer.evidence] == ["1.24.4"]

    def test_baseline_counts_as_measured(self) -> None:
        """The version of the working environment works."""
        assert isinstance(outcome("2.18.1", "numpy", "2.0.2"), Works)

    def test_same_minor_speaks(self) -> None:
        """What was seen under 2.18.1 is said of 2.18.0, but nothing of 2.17."""
        assert isinstance(outcome("2.18.0", "numpy", "1.26.4"), Works)
        assert isinstance(outcome("2.17.1", "numpy", "1.26.4"), NotMeasured)

    def test_between_two_that_work(self) -> None:
        """A version between two measured neighbours that work works, with both as evidence."""
        answer = outcome("2.18.1", "numpy", "2.1.0")

        assert isinstance(answer, Works)
        assert [each.version for each in answer.evidence] == ["2.0.2", "2.2.6"]

    def test_between_two_that_break_at_the_same_step(self) -> None:
        """A version between two neighbours that break at one step breaks there."""
        answer = outcome("2.18.1", "numpy", "1.23.5")

        assert isinstance(answer, Broken)
        assert answer.step is Step.IMPORT
        assert len(answer.evidence) == 2

    @pytest.mark.parametrize("version", ["1.25.0", "2.3.0", "2.4.0"])
    def test_between_different_outcomes(self, version: str) -> None:
        """Between neighbours that differ in outcome or step nothing is said."""
        assert isinstance(outcome("2.18.1", "numpy", version), NotMeasured)

    @pytest.mark.parametrize("version", ["1.22.3", "2.5.0"])
    def test_nothing_beyond_the_outermost(self, version: str) -> None:
        """Beyond the measured versions nothing is said, even where all of that side broke."""
        answer = outcome("2.18.1", "numpy", version)

        assert isinstance(answer, NotMeasured)
        assert "beyond" in answer.reason

    def test_removed_package(self) -> None:
        """A package that was taken out speaks for its absence and for no version."""
        assert isinstance(outcome("2.18.1", "numpy", None), Broken)
        assert isinstance(outcome("2.18.1", "h5py", None), NotMeasured)

    def test_other_spelling_of_a_version(self) -> None:
        """Two spellings of one version are one."""
        assert isinstance(outcome("2.18.1", "h5py", "3.9"), Works)

    def test_unknown_package(self) -> None:
        """Of a package that was never exchanged nothing is said, though the baseline has it."""
        assert isinstance(outcome("2.18.1", "six", "1.17.0"), NotMeasured)

    def test_malformed_version(self) -> None:
        """What is no version was not measured."""
        assert isinstance(outcome("2.18.1", "numpy", "newest"), NotMeasured)

    def test_patch_releases_that_disagree(self) -> None:
        """Where patch releases disagree the very one decides, and a third one is not judged."""
        assert isinstance(outcome("2.18.1", "h5py", "3.0.0"), Works)
        assert isinstance(outcome("2.18.0", "h5py", "3.0.0"), Broken)
        assert isinstance(outcome("2.18.2", "h5py", "3.0.0"), NotMeasured)
        assert isinstance(outcome("2.18.2", "h5py", "3.5.0"), NotMeasured)

    def test_platform_is_told(self) -> None:
        """Where the environments ran is part of the answer's meaning."""
        assert combinations.platform() == "linux-x86_64"


@pytest.mark.usefixtures("write")
def test_absent_file_means_nothing_measured() -> None:
    """Without the data file every question is answered by not measured."""
    assert isinstance(outcome("2.18.1", "numpy", "2.0.2"), NotMeasured)
    assert combinations.platform() is None


def test_shipped_table_decodes_strictly() -> None:
    """The shipped table, once there is one, has no field that its type does not know."""
    table = store.find("combinations.json", CombinationTable)

    if table is not None:
        again = msgspec.json.decode(msgspec.json.encode(table), type=CombinationTable)
        assert again == table
        assert all(each.tensorflow in table.baselines for each in table.combinations)


@pytest.mark.parametrize(
    ("tensorflow", "kind"), [("2.16.2", Broken), ("2.17.1", Broken), ("2.18.1", Works)]
)
def test_shipped_newest_numpy(tensorflow: str, kind: type[combinations.Outcome]) -> None:
    """NumPy 2.5, which Python 3.11 cannot have, was run on Python 3.12."""
    answer = outcome(tensorflow, "numpy", "2.5.5")

    assert isinstance(answer, kind)
    assert not isinstance(answer, NotMeasured)
    assert [each.python for each in answer.evidence] == ["3.12"]
