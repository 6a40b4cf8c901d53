"""A file is migrated whole or not at all, and what was there stays."""

import hashlib
import importlib
import json
import os
import signal
import stat
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from packaging.version import Version

from builders.keras_files import write_weights, write_whole
from tfmac.migration.files import CannotWrite, Migration, OutputExists, migrate_file
from tfmac.schema.model_content import ModelFormat

NEWEST = Version("3.15.1")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Give a whole model with a batch's shape, as Keras 2 writes it."""
    path = write_whole(tmp_path / "old.h5")
    with h5py.File(path, "r+") as file:
        model = json.loads(file.attrs["model_config"])
        model["config"]["layers"][0]["config"]["batch_input_shape"] = [None, 4]
        file.attrs["model_config"] = json.dumps(model)
        kernel = file["model_weights/first/first/kernel:0"]
        kernel[...] = np.arange(12).reshape(4, 3)
    return path


def _migrated(source: Path, output: Path, **options: bool) -> Migration:
    return migrate_file(source, output, keras=NEWEST, **options)  # type: ignore[arg-type]


def test_every_array_comes_over_bit_for_bit(source: Path, tmp_path: Path) -> None:
    """The archive has the arrays by the objects that own them, and names the wanted Keras."""
    output = tmp_path / "new.keras"
    before = source.read_bytes()

    found = _migrated(source, output)

    assert found.model.migrated
    assert (found.model.arrays, found.model.bytes) == (4, 4 * (12 + 3 + 6 + 2))
    assert found.model.format is ModelFormat.KERAS_HDF5
    assert found.sources["first"] == "first"
    assert before == source.read_bytes()
    with zipfile.ZipFile(output) as archive:
        assert json.loads(archive.read("metadata.json"))["keras_version"] == "3.15.1"
        assert found.after == json.loads(archive.read("config.json"))
        with archive.open("model.weights.h5") as member, h5py.File(member) as weights:
            assert np.array_equal(weights["layers/dense/vars/0"], np.arange(12).reshape(4, 3))
            assert weights["layers/dense_1/vars/1"].shape == (2,)


def test_the_same_file_gives_the_same_bytes(source: Path, tmp_path: Path) -> None:
    """Who migrates twice has the same file twice."""
    _migrated(source, tmp_path / "a.keras")
    time.sleep(1.1)
    _migrated(source, tmp_path / "b.keras")

    first, second = (
        hashlib.sha256((tmp_path / name).read_bytes()).digest() for name in ("a.keras", "b.keras")
    )
    assert first == second


def test_what_is_there_is_overwritten_only_when_that_is_asked_for(
    source: Path, tmp_path: Path
) -> None:
    """Without ``force`` the file stays as it is."""
    output = tmp_path / "new.keras"
    output.write_bytes(b"mine")

    with pytest.raises(OutputExists):
        _migrated(source, output)
    assert output.read_bytes() == b"mine"

    assert _migrated(source, output, force=True).model.migrated
    assert zipfile.is_zipfile(output)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["new.keras", "old.h5"]


def test_a_dry_run_writes_nothing(source: Path, tmp_path: Path) -> None:
    """It tells both configurations, and what would be carried over."""
    found = _migrated(source, tmp_path / "new.keras", dry_run=True)

    assert found.model.migrated
    assert found.model.output is None
    assert found.model.arrays == 4
    assert found.before != found.after
    assert [one.name for one in tmp_path.iterdir()] == ["old.h5"]


def test_weights_alone_need_an_architecture(source: Path, tmp_path: Path) -> None:
    """With one they are migrated, without one the answer says what is missing."""
    weights = write_weights(tmp_path / "w.h5")

    bare = _migrated(weights, tmp_path / "a.keras")
    together = migrate_file(weights, tmp_path / "b.keras", keras=NEWEST, architecture=source)

    assert not bare.model.migrated
    assert "architecture" in bare.model.problems[-1].statement
    assert together.model.migrated
    assert not (tmp_path / "a.keras").exists()


def test_a_state_that_stays_behind_is_told(source: Path, tmp_path: Path) -> None:
    """The optimizer's arrays are not lost in silence; who strips them knows."""
    told = _migrated(source, tmp_path / "a.keras").model.changes
    asked_for = _migrated(source, tmp_path / "b.keras", strip_optimizer=True).model.changes

    assert any(one.rule == "optimizer-state" for one in told)
    assert not any(one.rule == "optimizer-state" for one in asked_for)


def test_arrays_that_do_not_fit_are_no_model(source: Path, tmp_path: Path) -> None:
    """Nothing is written when a layer's arrays have another shape than it says."""
    with h5py.File(source, "r+") as file:
        del file["model_weights/last/last/bias:0"]
        file["model_weights/last/last/bias:0"] = np.zeros(5, "float32")

    found = _migrated(source, tmp_path / "new.keras")

    assert not found.model.migrated
    assert [one.layer for one in found.model.untranslated] == ["last"]
    assert [one.name for one in tmp_path.iterdir()] == ["old.h5"]


@pytest.mark.parametrize("damage", [2000, 900, 100])
def test_a_damaged_file_leaves_nothing(source: Path, tmp_path: Path, damage: int) -> None:
    """A file that was cut off is no model, and its process takes nobody along."""
    source.write_bytes(source.read_bytes()[:-damage])

    found = _migrated(source, tmp_path / "new.keras")

    assert not found.model.migrated
    assert [one.name for one in tmp_path.iterdir()] == ["old.h5"]


def test_a_folder_that_is_missing_is_said_to_be(source: Path, tmp_path: Path) -> None:
    """It is not made: it may be a slip of the pen."""
    with pytest.raises(CannotWrite, match="no folder"):
        _migrated(source, tmp_path / "nowhere" / "new.keras")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_said_to_be(source: Path, tmp_path: Path) -> None:
    """The system's own word for it is passed on."""
    folder = tmp_path / "closed"
    folder.mkdir()
    folder.chmod(stat.S_IRUSR | stat.S_IXUSR)

    with pytest.raises(CannotWrite):
        _migrated(source, folder / "new.keras")


def test_the_model_itself_is_no_output(source: Path) -> None:
    """The input is never touched, whatever is forced."""
    with pytest.raises(CannotWrite):
        _migrated(source, source, force=True)


def test_there_has_to_be_a_file(tmp_path: Path) -> None:
    """A name that is none is told before a process is started."""
    with pytest.raises(FileNotFoundError):
        _migrated(tmp_path / "none.h5", tmp_path / "new.keras")


_CHILD = """
import sys
from packaging.version import Version
from tfmac.migration.files import migrate_file
migrate_file(sys.argv[1], sys.argv[2], keras=Version("3.15.1"))
"""

# It has no types that mypy reads everywhere.
h5py: Any = importlib.import_module("h5py")


@pytest.mark.parametrize("after", [0.2, 0.5, 0.8, 1.1, 1.5])
def test_a_run_that_is_killed_leaves_nothing_or_the_whole(
    source: Path, tmp_path: Path, after: float
) -> None:
    """At whatever moment the whole group of processes is killed."""
    with h5py.File(source, "r+") as file:
        weights = file["model_weights/first/first"]
        for name, shape in (("kernel:0", (1_000_000, 3)), ("bias:0", (3,))):
            del weights[name]
            weights.create_dataset(name, data=np.ones(shape, "float32"))
    output = tmp_path / "new.keras"
    process = subprocess.Popen(
        [sys.executable, "-c", _CHILD, str(source), str(output)], start_new_session=True
    )
    time.sleep(after)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    time.sleep(0.2)

    left = {one.name for one in tmp_path.iterdir()} - {"old.h5"}
    assert left <= {"new.keras"}
    if left:
        with zipfile.ZipFile(output) as archive:
            assert archive.testzip() is None
