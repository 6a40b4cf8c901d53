"""What was seen of packages beside a TensorFlow, and how far that reaches."""

from typing import Optional

import pytest

from knowledge.conftest import Write
from tfmac.knowledge import satellites
from tfmac.knowledge.satellites import Broken, Needs, NotMeasured, Outcome, Works
from tfmac.schema.satellites import Satellite, SatelliteTable, Stage


def ran(
    version: str,
    *needs: str,
    stage: Stage = Stage.WORKS,
    tensorflow: str = "2.18.1",
    cause: Optional[str] = None,
) -> Satellite:
    return Satellite(
        package="moon",
        version=version,
        tensorflow=tensorflow,
        python="3.11",
        stage=Stage.IMPORT if needs else stage,
        needs=needs,
        error=None if stage is Stage.WORKS and not needs else f"ImportError: {version}",
        cause=cause,
    )


def broken(version: str, *, cause: Optional[str] = None) -> Satellite:
    return ran(version, stage=Stage.IMPORT, cause=cause)


@pytest.fixture
def known(write: Write) -> None:
    """Releases 1 to 9 beside TensorFlow 2.18."""
    rows = (
        ran("1.0"),
        ran("3.0"),
        ran("5.0", "tf-keras==2.18.*"),
        ran("6.0", "tf-keras==2.18.*"),
        broken("7.0", cause="one"),
        broken("8.0", cause="one"),
        broken("9.0", cause="other"),
    )
    write(
        satellites.FILE,
        SatelliteTable(schema_version=1, measured="2026-01-02", platform="here", satellites=rows),
    )


def seen(version: str, tensorflow: str = "2.18.0") -> Outcome:
    return satellites.outcome("moon", version, tensorflow)


@pytest.mark.usefixtures("known")
def test_a_release_that_was_run_has_its_outcome() -> None:
    """However its version is written, and beside any release of that TensorFlow's minor."""
    assert isinstance(seen("1.0"), Works)
    assert isinstance(seen("1", "2.18.1"), Works)
    needs = seen("5.0")
    assert isinstance(needs, Needs)
    assert needs.requirements == ("tf-keras==2.18.*",)
    failed = seen("7.0")
    assert isinstance(failed, Broken)
    assert (failed.error, failed.cause) == ("ImportError: 7.0", "one")


@pytest.mark.usefixtures("known")
def test_between_two_of_the_same_outcome_it_is_theirs() -> None:
    """The newer one is quoted first; a cause is named where both name it."""
    assert isinstance(seen("2.0"), Works)
    assert isinstance(seen("5.5"), Needs)
    failed = seen("7.5")
    assert isinstance(failed, Broken)
    assert (failed.error, failed.cause) == ("ImportError: 8.0", "one")
    unlike = seen("8.5")
    assert isinstance(unlike, Broken)
    assert unlike.cause is None


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("version", ["0.9", "4.0", "6.5", "9.1", "not a version"])
def test_nothing_reaches_further(version: str) -> None:
    """Not below and above what was run, nor between two that differ, be it in their needs."""
    assert isinstance(seen(version), NotMeasured)


@pytest.mark.usefixtures("known")
def test_another_minor_and_another_package_are_not_known() -> None:
    """What was seen beside one TensorFlow says nothing of the next."""
    assert isinstance(seen("7.0", "2.19.0"), NotMeasured)
    assert isinstance(seen("7.0", "2.1.8"), NotMeasured)
    assert isinstance(satellites.outcome("sun", "7.0", "2.18.1"), NotMeasured)


@pytest.mark.usefixtures("known")
def test_what_is_worth_taking() -> None:
    """What works, and what nothing newer failed of; a newer release may be mended."""
    taken = {
        version: satellites.may_work("moon", version, "2.18.1")
        for version in ("0.9", "1.0", "4.0", "5.0", "6.5", "7.0", "7.5", "9.1")
    }
    assert [version for version, may in taken.items() if may] == ["1.0", "5.0", "9.1"]
    assert satellites.may_work("moon", "7.0", "2.17.0")


@pytest.mark.usefixtures("write")
def test_without_the_file_nothing_is_known() -> None:
    """A folder of knowledge may lack it."""
    assert isinstance(seen("1.0"), NotMeasured)
    assert satellites.may_work("moon", "1.0", "2.18.1")
    assert satellites.packages() == frozenset()
    assert satellites.measured() == ""


def test_the_shipped_rows() -> None:
    """tensorflow-probability needs tf-keras beside Keras 3, and tensorflow-addons fails there."""
    probability = satellites.outcome("tensorflow-probability", "0.25.0", "2.21.0")
    assert isinstance(probability, Needs)
    assert probability.requirements == ("tf-keras==2.21.*",)
    addons = satellites.outcome("tensorflow-addons", "0.23.0", "2.21.0")
    assert isinstance(addons, Broken)
    assert addons.cause == "keras-private-module-moved"
    assert satellites.measured().startswith("linux-x86_64, 20")
