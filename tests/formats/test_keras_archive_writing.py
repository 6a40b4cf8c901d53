"""The archive that is written is what zip and HDF5 readers take it for."""

import importlib
import io
import zipfile
from typing import Any

import numpy as np
import pytest

from tfmac.formats.keras_archive_writing import NewArray, NotAsDescribed, write_archive
from tfmac.formats.tensor_values import Described

# It has no types that mypy reads everywhere.
h5py: Any = importlib.import_module("h5py")

KERNEL = np.arange(12, dtype="float32").reshape(3, 4)


def _array(path: str, values: Any) -> NewArray:
    described = Described(values.dtype.name, tuple(values.shape))
    return NewArray(path=path, described=described, blocks=lambda: [values.tobytes()])


def _archive(*arrays: NewArray) -> io.BytesIO:
    file = io.BytesIO()
    write_archive(file, {"config.json": b"{}", "assets/a.txt": b"a\nb"}, arrays)
    return file


def _weights(file: io.BytesIO) -> io.BytesIO:
    with zipfile.ZipFile(file) as archive:
        return io.BytesIO(archive.read("model.weights.h5"))


ARRAYS = (
    _array("layers/dense/vars/0", KERNEL),
    _array("layers/dense/vars/1", np.zeros(4, "float16")),
    _array("layers/normalization/vars/2", np.array(3, "int64")),
    _array("layers/none/vars/0", np.zeros((0, 2), "float32")),
    _array("layers/flag/vars/0", np.array([True, False])),
)


def test_what_is_written_is_read_back() -> None:
    """Each array is where it was put, of its type and shape, and the zip is sound."""
    with zipfile.ZipFile(_archive(*ARRAYS)) as archive:
        assert archive.testzip() is None
        assert all(one.compress_type == zipfile.ZIP_STORED for one in archive.infolist())
        assert archive.read("assets/a.txt") == b"a\nb"
        with h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as weights:
            for one in ARRAYS:
                found = weights[one.path]
                assert one.described == Described(found.dtype.name, found.shape)
                assert b"".join(one.blocks()) == found[()].tobytes()


def test_the_same_arrays_give_the_same_bytes() -> None:
    """No clock and no chance is in the file."""
    assert _archive(*ARRAYS).getvalue() == _archive(*ARRAYS).getvalue()


def test_a_type_that_numpy_has_not_is_named_beside_the_bytes() -> None:
    """Keras reads bfloat16 by the attribute beside it."""
    array = NewArray(
        path="a/vars/0", described=Described("bfloat16", (2,)), blocks=lambda: [b"\x80\x3f\x00\x40"]
    )
    with h5py.File(_weights(_archive(array))) as weights:
        assert weights["a/vars/0"].attrs["dtype"] == "bfloat16"
        assert weights["a/vars/0"][()].tobytes() == b"\x80\x3f\x00\x40"


@pytest.mark.parametrize("blocks", [[b"1234"], [bytes(48), b"1"]], ids=["less", "more"])
def test_an_array_of_another_size_is_not_written(blocks: "list[bytes]") -> None:
    """Neither does the next array move, nor is one filled up with zeros."""
    array = NewArray(path="a", described=Described("float32", (3, 4)), blocks=lambda: blocks)

    with pytest.raises(NotAsDescribed):
        _archive(array)


def test_a_model_without_variables_is_an_archive_too() -> None:
    """Its file of weights has what the model itself owns, which is nothing: Keras 3.0 asks."""
    with h5py.File(_weights(_archive())) as weights:
        assert list(weights) == ["vars"]
        assert list(weights["vars"]) == []


def test_what_the_model_itself_owns_stands_at_the_top() -> None:
    """Its variables and the group that is always there are one."""
    with h5py.File(_weights(_archive(_array("vars/0", KERNEL)))) as weights:
        assert np.array_equal(weights["vars/0"], KERNEL)
