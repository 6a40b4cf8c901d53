"""The process that reads model files: kept, replaced when it dies, and limited."""

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from builders import keras_files as build
from tfmac.observe.model_files import ModelReader, ModelsExtraMissing, read_model
from tfmac.schema.model_content import Content, ModelFormat


def statements(content: Content) -> list[str]:
    return [one.statement for one in content.problems]


def test_one_process_reads_many_files(tmp_path: Path) -> None:
    path = build.write_whole(tmp_path / "m.h5")
    with ModelReader() as reader:
        reader.read(path)
        first = reader.process
        reader.read(path)

        assert first is not None
        assert reader.process == first
        assert reader.peak > 0
    assert reader.process is None


def test_the_peak_is_that_of_the_process_and_not_ours(tmp_path: Path) -> None:
    ours = bytearray(200 << 20)
    ours[:: 1 << 12] = b"x" * len(ours[:: 1 << 12])
    with ModelReader() as reader:
        reader.read(build.write_whole(tmp_path / "m.h5"))

        assert 0 < reader.peak < len(ours)


def test_a_process_that_died_meanwhile_is_replaced(tmp_path: Path) -> None:
    path = build.write_whole(tmp_path / "m.h5")
    with ModelReader() as reader:
        reader.read(path)
        _kill(reader, signal.SIGKILL)

        assert reader.read(path).format is ModelFormat.KERAS_HDF5


def test_a_file_that_ends_the_process_is_a_problem_and_the_next_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stand-in dies as the C library does, where HDF5 is read."""
    stand_in = "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"
    (tmp_path / "h5py.py").write_text(stand_in)
    monkeypatch.syspath_prepend(str(tmp_path))
    path = build.write_whole(tmp_path / "m.h5")
    other = build.write_bytes(tmp_path, "m.onnx", build.onnx())
    with ModelReader() as reader:
        content = reader.read(path)

        assert statements(content) == ["ends the process that reads it (SIGSEGV)"]
        assert content.bytes == path.stat().st_size
        assert reader.deaths == 1
        assert reader.read(other).format is ModelFormat.ONNX


def _kill(reader: ModelReader, number: int) -> None:
    assert reader.process is not None
    os.kill(reader.process, number)


def test_a_reading_that_hangs_ends_in_time(tmp_path: Path) -> None:
    path = build.write_whole(tmp_path / "m.h5")
    with ModelReader() as reader:
        reader.read(path)
        _kill(reader, signal.SIGSTOP)
        content = reader.read(path, time_limit=0.2)

        assert statements(content) == ["could not be read within 0.2 seconds"]
        assert reader.hangs == 1
        assert reader.read(path).format is ModelFormat.KERAS_HDF5


def test_an_answer_that_nobody_waited_for_is_not_the_next_ones(tmp_path: Path) -> None:
    """Ctrl-C during a reading must not make a later one get its answer."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    path = build.write_whole(tmp_path / "m.h5")
    other = build.write_bytes(tmp_path, "m.onnx", build.onnx())
    before = signal.signal(signal.SIGALRM, interrupt)
    with ModelReader() as reader:
        reader.read(path)
        process = reader.process
        assert process is not None
        _kill(reader, signal.SIGSTOP)
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        try:
            with pytest.raises(KeyboardInterrupt):
                reader.read(path)
        finally:
            signal.signal(signal.SIGALRM, before)
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGCONT)

        assert reader.read(other).format is ModelFormat.ONNX


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS does not hold a process to it")
def test_a_reading_that_takes_too_much_memory_is_a_problem(tmp_path: Path) -> None:
    """Inflated weights of 60 MB do not fit into what is given."""
    members = {**build.archive_members(), "model.weights.h5": bytes(60 << 20)}
    path = build.write_bytes(tmp_path, "m.keras", build.pack(members, deflated=True))
    with ModelReader(memory_limit=96 << 20) as reader:
        content = reader.read(path)

        assert statements(content) == [
            "needs more memory to be read than a model's structure takes"
        ]
        assert reader.read(build.write_whole(tmp_path / "m.h5")).problems == ()


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS does not hold a process to it")
def test_texts_that_are_all_the_same_large_one_do_not_fill_the_memory(tmp_path: Path) -> None:
    """Each of 3,000 elements refers to one text of a megabyte, which is read 3,000 times."""
    path = build.write_bytes(tmp_path, "m.h5", build.repeated_text(3000, 1 << 20))
    with ModelReader() as reader:
        content = reader.read(path)

        assert content.problems
        assert reader.peak < 256 << 20
        assert reader.mistakes == []


def test_a_missing_library_is_named_with_what_brings_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in = "raise ModuleNotFoundError(\"No module named 'h5py'\", name='h5py')"
    (tmp_path / "h5py.py").write_text(stand_in)
    monkeypatch.syspath_prepend(str(tmp_path))
    with ModelReader() as reader:
        assert reader.read(build.write_bytes(tmp_path, "m.onnx", build.onnx())).problems == ()
        with pytest.raises(ModelsExtraMissing, match=r"pip install 'tfmac\[models\]'"):
            reader.read(build.write_whole(tmp_path / "m.h5"))


@pytest.mark.parametrize(
    "stand_in",
    [
        "raise ImportError('libhdf5.so.200: cannot open shared object file')",
        "raise ImportError(\"cannot import name '_errors'\", name='anything')",
        "raise ValueError('numpy.dtype size changed, may indicate binary incompatibility')",
        "import nothing_of_this_name",
        "x = )",
    ],
)
def test_a_library_that_does_not_import_is_no_mistake_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stand_in: str
) -> None:
    (tmp_path / "h5py.py").write_text(stand_in)
    monkeypatch.syspath_prepend(str(tmp_path))
    with ModelReader() as reader:
        with pytest.raises(ModelsExtraMissing, match=r"pip install 'tfmac\[models\]'"):
            reader.read(build.write_whole(tmp_path / "m.h5"))
        assert reader.mistakes == []


def test_the_shared_reader_reads(tmp_path: Path) -> None:
    path = build.write_whole(tmp_path / "m.h5")

    assert read_model(path).format is ModelFormat.KERAS_HDF5
    assert read_model(str(path), time_limit=30.0).tensors == read_model(path).tensors
