import importlib
from pathlib import Path
from typing import Any

import pytest

from builders import keras_files as build
from tfmac.formats.byte_ranges import whole
from tfmac.formats.keras_hdf5 import read_keras_hdf5
from tfmac.schema.model_content import Content, ModelFormat

h5py: Any = importlib.import_module("h5py")
numpy: Any = importlib.import_module("numpy")


def read(path: Path) -> Content:
    with path.open("rb") as stream:
        return read_keras_hdf5(whole(stream), path=str(path))


def statements(content: Content) -> str:
    return "\n".join(f"{one.location}: {one.statement}" for one in content.problems)


@pytest.mark.parametrize("old", [True, False], ids=["h5py-2", "h5py-3"])
def test_a_whole_model_is_read_however_its_texts_are_written(tmp_path: Path, old: bool) -> None:  # noqa: FBT001
    content = read(build.write_whole(tmp_path / "m.h5", old=old))

    assert content.format is ModelFormat.KERAS_HDF5
    assert content.stated == {
        "keras_version": "2.2.4" if old else "2.15.0",
        "backend": "tensorflow",
    }
    assert content.configuration == build.SEQUENTIAL
    assert content.training == build.TRAINING
    assert content.entries == ("model_weights", "optimizer_weights")
    assert content.problems == ()


def test_weights_are_told_with_shape_type_and_bytes_in_the_writers_order(tmp_path: Path) -> None:
    content = read(build.write_whole(tmp_path / "m.h5"))

    assert [(one.name, one.shape, one.dtype, one.bytes) for one in content.tensors] == [
        ("first/kernel:0", (4, 3), "float32", 48),
        ("first/bias:0", (3,), "float32", 12),
        ("last/kernel:0", (3, 2), "float32", 24),
        ("last/bias:0", (2,), "float32", 8),
    ]
    assert [(one.layer, one.tensors) for one in content.groups] == [
        (
            "first",
            (
                "model_weights/first/first/kernel:0",
                "model_weights/first/first/bias:0",
            ),
        ),
        ("none", ()),
        (
            "last",
            ("model_weights/last/last/kernel:0", "model_weights/last/last/bias:0"),
        ),
    ]


def test_the_optimizers_arrays_are_kept_apart(tmp_path: Path) -> None:
    content = read(build.write_whole(tmp_path / "m.h5"))

    assert [(one.name, one.shape) for one in content.optimizer] == list(build.OPTIMIZER.items())
    assert len(content.tensors) == 4


def test_a_list_of_layers_that_was_cut_is_put_together(tmp_path: Path) -> None:
    """Keras cuts a list longer than an attribute may be into ``layer_names0`` and so on."""
    content = read(build.write_weights(tmp_path / "w.h5", chunks=3))

    assert content.format is ModelFormat.KERAS_HDF5_WEIGHTS
    assert [one.layer for one in content.groups] == ["first", "none", "last"]
    assert content.stated == {"keras_version": "2.9.0"}


def test_weights_of_the_model_itself_come_after_the_layers(tmp_path: Path) -> None:
    path = build.write_weights(tmp_path / "w.h5")
    with h5py.File(path, "a") as file:
        own = file.create_group("top_level_model_weights")
        build.write_texts(own, "weight_names", ["scale:0"])
        own.create_dataset("scale:0", data=numpy.ones(7))

    content = read(path)

    assert content.groups[-1].layer == "top_level_model_weights"
    assert content.tensors[-1].shape == (7,)


def test_an_array_that_no_layer_lists_is_no_weight(tmp_path: Path) -> None:
    path = build.write_weights(tmp_path / "w.h5")
    with h5py.File(path, "a") as file:
        file["first"].create_dataset("forgotten", data=numpy.ones(5))

    content = read(path)

    assert [one.path for one in content.others] == ["first/forgotten"]
    assert len(content.tensors) == 4


def test_what_is_listed_and_missing_is_a_problem(tmp_path: Path) -> None:
    path = build.write_weights(tmp_path / "w.h5")
    with h5py.File(path, "a") as file:
        del file["first/first/bias:0"]
        del file["last"]

    content = read(path)

    assert "first/first/bias:0: the array is listed, and there is none" in statements(content)
    assert "last: the layer is listed, and there is nothing of it" in statements(content)


@pytest.mark.parametrize("top", ["layers", "_layer_checkpoint_dependencies"])
def test_weights_by_owners_are_grouped_and_counted_as_numbers_are(tmp_path: Path, top: str) -> None:
    """``dense_10`` comes after ``dense_9``; metrics, seeds and the optimizer are no weights."""
    build.write_owners(tmp_path / "m.weights.h5", top)

    content = read(tmp_path / "m.weights.h5")

    named = [(one.layer, one.name) for one in content.groups if one.tensors]
    assert content.format is ModelFormat.KERAS_WEIGHTS
    assert named == [(f"{top}/dense{f'_{n}' if n else ''}", f"fc{n}") for n in range(12)]
    assert content.groups[-1].tensors == (
        f"{top}/dense_11/vars/0",
        f"{top}/dense_11/vars/1",
    )
    assert [one.path for one in content.optimizer] == ["optimizer/vars/0"]
    assert sorted(one.path for one in content.others) == [
        f"{top}/dropout/seed_generator/vars/0",
        "metrics/mean/vars/0",
    ]


def test_the_first_layout_of_keras_is_read(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "w.h5", "w") as file:
        file.attrs["nb_layers"] = 11
        for layer in (0, 2, 10):
            group = file.create_group(f"layer_{layer}")
            group.attrs["nb_params"] = 1
            group.create_dataset("param_0", data=numpy.ones(layer + 1))

    content = read(tmp_path / "w.h5")

    assert content.format is ModelFormat.KERAS_HDF5_WEIGHTS
    assert [one.layer for one in content.groups] == ["layer_0", "layer_2", "layer_10"]


def test_other_hdf5_is_named_as_that(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file.create_dataset("measured", data=numpy.ones((3, 2)))

    content = read(tmp_path / "data.h5")

    assert content.format is ModelFormat.OTHER_HDF5
    assert content.entries == ("measured",)
    assert content.tensors == ()


def test_bfloat16_is_named_by_what_keras_writes_beside_it(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "m.weights.h5", "w") as file:
        array = file.create_group("layers/dense/vars").create_dataset(
            "0", data=numpy.zeros(3, "uint16")
        )
        array.attrs["dtype"] = "bfloat16"

    (tensor,) = read(tmp_path / "m.weights.h5").tensors

    assert (tensor.dtype, tensor.bytes) == ("bfloat16", 6)


def test_a_block_before_the_file_is_stepped_over(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "m.h5", "w", userblock_size=1024) as file:
        build.write_layers(file)

    assert len(read(tmp_path / "m.h5").tensors) == 4


def test_no_data_is_read_however_much_there_is(tmp_path: Path) -> None:
    """The bytes that are taken of a file depend on its arrays' number, not on their size."""
    taken = []
    for length in (1000, 4_000_000):
        with h5py.File(tmp_path / "m.h5", "w") as file:
            build.write_layers(file, {"big": {"big/kernel:0": (length,)}})
        with (tmp_path / "m.h5").open("rb") as stream:
            counted = Counted(stream)
            content = read_keras_hdf5(whole(counted))  # type: ignore[arg-type]
        taken.append(counted.bytes)
        assert content.tensors[0].bytes == 4 * length

    assert taken[0] == taken[1] < 20_000


class Counted:
    """A stream that counts the bytes that are read of it."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.bytes = 0

    def seek(self, place: int, whence: int = 0) -> int:
        return int(self.stream.seek(place, whence))

    def read(self, size: int) -> bytes:
        data = self.stream.read(size)
        self.bytes += len(data)
        return bytes(data)
