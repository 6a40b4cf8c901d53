import gzip
import json
import os
import pickle
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from builders import keras_files as build
from builders import tensorflow_files
from tfmac.observe.model_files import (
    ModelReader,
    models_in,
)
from tfmac.observe.model_search import MoreThanSearched
from tfmac.schema.model_content import Content, ModelFormat

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"


@pytest.fixture(scope="module")
def reader() -> Iterator[ModelReader]:
    with ModelReader() as reader:
        yield reader
        assert reader.mistakes == []


def statements(content: Content) -> list[str]:
    return [one.statement for one in content.problems]


def saved_model(folder: Path) -> Path:
    folder.mkdir()
    graph = tensorflow_files.saved_model(tensorflow_files.meta_graph(tensorflow_files.graph()))
    (folder / "saved_model.pb").write_bytes(graph)
    (folder / "variables").mkdir()
    return folder


def checkpoint(folder: Path, name: str = "model.ckpt") -> Path:
    for inner, data in tensorflow_files.checkpoint({"w": (2,)}, prefix=name).items():
        (folder / inner).write_bytes(data)
    return folder / name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("whole.h5", ModelFormat.KERAS_HDF5),
        ("small.weights.h5", ModelFormat.KERAS_WEIGHTS),
        ("small.keras", ModelFormat.KERAS_ARCHIVE),
        ("packed.keras", ModelFormat.KERAS_ARCHIVE),
        ("small.json", ModelFormat.KERAS_JSON),
        ("small.pkl", ModelFormat.PICKLE),
        ("packed.joblib", ModelFormat.PICKLE),
        ("small.tflite", ModelFormat.TFLITE),
        ("small.onnx", ModelFormat.ONNX),
        ("page.h5", ModelFormat.HTML_PAGE),
        ("pointer.h5", ModelFormat.GIT_LFS_POINTER),
    ],
)
def test_a_file_is_read_as_what_it_is(
    tmp_path: Path, reader: ModelReader, name: str, expected: ModelFormat
) -> None:
    data = build.various()[name]

    content = reader.read(build.write_bytes(tmp_path, name, data))

    assert content.format is expected
    assert content.path == str(tmp_path / name)
    assert content.bytes == len(data)


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("page.h5", "not-a-keras-model-file"),
        ("pointer.h5", "git-lfs-pointer"),
        ("empty.h5", "model-file-damaged"),
    ],
)
def test_what_is_no_model_is_a_problem_with_its_cause(
    tmp_path: Path, reader: ModelReader, name: str, cause: str
) -> None:
    content = reader.read(build.write_bytes(tmp_path, name, build.various().get(name)))

    assert [one.cause for one in content.problems] == [cause]


def test_a_pickle_is_named_with_what_it_calls_and_is_not_run(
    tmp_path: Path, reader: ModelReader
) -> None:
    class Marks:
        def __reduce__(self) -> tuple[Any, tuple[str]]:
            return (os.system, (f"touch {tmp_path}/ran",))

    packed = gzip.compress(pickle.dumps(Marks(), protocol=4))

    content = reader.read(build.write_bytes(tmp_path, "m.pkl", packed))

    assert content.imports == ("posix.system",)
    assert content.hint == "protocol 4, gzip"
    assert not (tmp_path / "ran").exists()


def test_an_architecture_tells_its_writer(tmp_path: Path, reader: ModelReader) -> None:
    text = json.dumps({**build.SEQUENTIAL, "keras_version": "2.4.0", "backend": "tensorflow"})

    twice = reader.read(build.write_bytes(tmp_path, "m.json", json.dumps(text).encode()))

    assert twice.format is ModelFormat.KERAS_JSON
    assert twice.stated == {"keras_version": "2.4.0", "backend": "tensorflow"}
    assert twice.hint == "JSON inside a JSON string"


def test_other_json_is_unknown(tmp_path: Path, reader: ModelReader) -> None:
    content = reader.read(build.write_bytes(tmp_path, "m.json", b'{"learning_rate": 1e999}'))

    assert (content.format, content.hint) == (ModelFormat.UNKNOWN, "JSON")


def test_numbers_and_texts_that_json_has_no_form_for_arrive(
    tmp_path: Path, reader: ModelReader
) -> None:
    """Python writes all of these into a configuration; they come as texts."""
    text = '{"class_name": "\\ud800", "config": {"a": NaN, "b": -Infinity, "c": 1%s}}' % ("0" * 40)

    content = reader.read(build.write_bytes(tmp_path, "m.json", text.encode()))

    assert content.configuration == {
        "class_name": "\\ud800",
        "config": {"a": "NaN", "b": "-Infinity", "c": "1" + "0" * 40},
    }


# -- folders


def test_a_saved_model_is_its_folder_and_its_main_file(tmp_path: Path, reader: ModelReader) -> None:
    folder = saved_model(tmp_path / "m")

    assert reader.read(folder).format is ModelFormat.SAVED_MODEL
    assert reader.read(folder / "saved_model.pb").format is ModelFormat.SAVED_MODEL
    assert list(models_in(folder)) == [str(folder)]


def test_a_link_inside_a_saved_model_is_not_followed(tmp_path: Path, reader: ModelReader) -> None:
    folder = saved_model(tmp_path / "m")
    (folder / "variables" / "variables.index").symlink_to("/etc/passwd")

    content = reader.read(folder)

    assert "is a symbolic link, which is not followed" in statements(content)
    assert [one.name for one in content.members] == ["saved_model.pb"]


def test_a_checkpoint_is_read_by_its_prefix_and_by_its_files(
    tmp_path: Path, reader: ModelReader
) -> None:
    prefix = checkpoint(tmp_path)
    data = next(path for path in tmp_path.iterdir() if ".data-" in path.name)

    for path in (prefix, Path(f"{prefix}.index"), data):
        assert reader.read(path).format is ModelFormat.CHECKPOINT
        assert list(models_in(path)) == [str(path)]


def test_a_folder_that_is_no_model_is_a_problem(tmp_path: Path, reader: ModelReader) -> None:
    assert statements(reader.read(tmp_path)) == ["is a folder that is no model itself"]


def test_models_are_found_by_name_and_by_beginning(tmp_path: Path) -> None:
    files = build.various()
    inner = tmp_path / "inner"
    inner.mkdir()
    saved_model(inner / "saved")
    checkpoint(inner)
    for name, data in {
        "a.keras": b"",
        "b.bin": files["whole.h5"],
        "c.json": files["small.json"],
        "d.tfl": files["small.tflite"],
        "notes.json": b"{}",
        "notes.txt": b"class_name",
        "m_00000.weights.h5": files["small.weights.h5"],
    }.items():
        build.write_bytes(tmp_path, name, data)
    (tmp_path / ".git").mkdir()
    build.write_bytes(tmp_path / ".git", "x.h5", b"")

    found = [str(Path(one).relative_to(tmp_path)) for one in models_in(tmp_path)]

    assert found == [
        *("a.keras", "b.bin", "c.json", "d.tfl"),
        *("inner/model.ckpt.index", "inner/saved"),
    ]


def test_links_in_a_folder_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "round").symlink_to(tmp_path)
    build.write_bytes(tmp_path, "m.h5", b"")
    (tmp_path / "again.h5").symlink_to(tmp_path / "m.h5")

    assert list(models_in(tmp_path)) == [str(tmp_path / "m.h5")]


def test_a_search_that_does_not_end_says_so(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["d"] * 20)
    deep.mkdir(parents=True)
    build.write_bytes(tmp_path, "m.h5", b"")

    found = models_in(tmp_path)

    assert next(found) == str(tmp_path / "m.h5")
    with pytest.raises(MoreThanSearched, match="too deep"):
        next(found)


# -- what cannot be read


def test_a_name_without_a_file_is_an_exception(tmp_path: Path, reader: ModelReader) -> None:
    with pytest.raises(FileNotFoundError):
        reader.read(tmp_path / "none.h5")
    with pytest.raises(FileNotFoundError):
        next(models_in(tmp_path / "none.h5"))


def test_a_pipe_is_refused_and_does_not_hang(tmp_path: Path, reader: ModelReader) -> None:
    os.mkfifo(tmp_path / "m.h5")

    content = reader.read(tmp_path / "m.h5")

    assert statements(content) == ["cannot be read: it is not a regular file"]


@pytest.mark.skipif(sys.platform == "darwin", reason="names of files are UTF-8 there")
def test_a_name_that_is_no_utf_8_is_read(tmp_path: Path, reader: ModelReader) -> None:
    path = os.path.join(os.fsencode(tmp_path), b"m\xff.json")
    with open(path, "wb") as file:
        file.write(build.various()["small.json"])

    content = reader.read(os.fsdecode(path))

    assert content.format is ModelFormat.KERAS_JSON
    assert content.path.endswith("m\\xff.json")


def test_names_inside_a_folder_that_are_no_utf_8_are_told(
    tmp_path: Path, reader: ModelReader
) -> None:
    if sys.platform == "darwin":
        pytest.skip("names of files are UTF-8 there")
    folder = saved_model(tmp_path / "m")
    with open(os.path.join(os.fsencode(folder), b"odd\xff"), "wb") as file:
        file.write(b"x")

    content = reader.read(folder)

    assert content.format is ModelFormat.SAVED_MODEL
    assert "odd\\xff" in [one.name for one in content.members]


# -- real files


@pytest.mark.slow
@pytest.mark.skipif(not CORPUS.is_dir(), reason="there are no files of real writers here")
def test_every_real_file_is_read_without_a_problem() -> None:
    with ModelReader() as reader:
        bad = {
            path: content.problems
            for path in models_in(CORPUS)
            if (content := reader.read(path)).problems
        }

        assert (bad, reader.mistakes, reader.deaths, reader.hangs) == ({}, [], 0, 0)


@pytest.mark.slow
@pytest.mark.skipif(not CORPUS.is_dir(), reason="there are no files of real writers here")
def test_shapes_of_real_files_are_those_that_keras_had() -> None:
    """Weights by layers come in the order of ``get_weights``, but for Keras 2.2.4.

    That one gave what is trained first. Weights by owners have no such order.
    """
    numpy = pytest.importorskip("numpy")
    compared = 0
    with ModelReader() as reader:
        for stored in sorted(CORPUS.glob("files/*/*_w.npz")):
            weights = numpy.load(stored)
            kept = [weights[f"a{number}"].shape for number in range(len(weights["names"]))]
            for path in _models_of(stored):
                content = reader.read(path)
                by_path = {one.path: one.shape for one in content.tensors}
                found = [by_path[place] for one in content.groups for place in one.tensors]
                ordered = content.format in {
                    ModelFormat.KERAS_HDF5,
                    ModelFormat.KERAS_HDF5_WEIGHTS,
                }
                if ordered and stored.parent.name != "w1":
                    assert found == kept, path
                assert sorted(found) == sorted(kept), path
                assert len(content.tensors) == len(kept), path
                compared += 1
    assert compared > 800


def _models_of(stored: Path) -> Iterator[Path]:
    model = stored.name[: -len("_w.npz")]
    for ending in (".h5", "_weights.h5", ".weights.h5", ".keras", "_hdf5.keras"):
        path = stored.with_name(f"{model}{ending}")
        if path.exists():
            yield path
