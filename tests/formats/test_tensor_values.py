"""The values of stored arrays, block by block."""

import importlib
import io
import zipfile
from pathlib import Path
from typing import Any, Optional

import numpy as np
import pytest

from tfmac.formats import tensor_values
from tfmac.formats.byte_ranges import held
from tfmac.formats.tensor_values import (
    BundleValues,
    DamagedValues,
    Described,
    Hdf5Values,
    Located,
    UnreadableValues,
    stored_member,
)

# It has no types that mypy reads everywhere.
h5py: Any = importlib.import_module("h5py")

NUMBERS = np.arange(60_000, dtype="float32").reshape(300, 200)


def _file(path: Path, **options: object) -> Path:
    with h5py.File(path, "w") as file:
        file.create_dataset("a/b", data=NUMBERS, **options)
        file.create_dataset("scalar", data=np.int64(7))
        file.create_dataset("empty", shape=(0, 3), dtype="float32")
        file.create_dataset("big", data=NUMBERS.astype(">f4"))
        file.create_dataset("text", data=np.array([b"word"], dtype="S4"))
    return path


def _opened(path: Path) -> Hdf5Values:
    return Hdf5Values(io.BytesIO(path.read_bytes()), 0, path.stat().st_size)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"chunks": (7, 200)},
        {"chunks": (30, 3), "compression": "gzip"},
        {"chunks": (64, 64), "shuffle": True, "fletcher32": True},
    ],
    ids=["in one piece", "chunked", "packed", "filtered"],
)
def test_values_are_those_of_the_file_however_they_are_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, object]
) -> None:
    """Blocks put together are the array, and more than one is given of a large one."""
    monkeypatch.setattr(tensor_values, "BLOCK", 40_000)
    blocks = list(_opened(_file(tmp_path / "a.h5", **options)).blocks("a/b"))

    assert NUMBERS.tobytes() == b"".join(blocks)
    assert len(blocks) > 1


def test_the_high_byte_first_becomes_the_low_byte_first(tmp_path: Path) -> None:
    """Readers of Keras take an array as it is, so the order of this machine is written."""
    values = _opened(_file(tmp_path / "a.h5"))

    assert NUMBERS.tobytes() == b"".join(values.blocks("big"))
    assert Described("float32", (300, 200)) == values.described("big")


@pytest.mark.parametrize(("path", "size"), [("scalar", 8), ("empty", 0)])
def test_scalars_and_empty_arrays_are_read(tmp_path: Path, path: str, size: int) -> None:
    """Neither has rows to cut."""
    values = _opened(_file(tmp_path / "a.h5"))

    assert size == values.described(path).bytes == len(b"".join(values.blocks(path)))


def test_texts_are_no_numbers(tmp_path: Path) -> None:
    """An array of texts is refused, not copied as bytes."""
    with pytest.raises(UnreadableValues, match="type"):
        list(_opened(_file(tmp_path / "a.h5")).blocks("text"))


def test_a_file_that_ends_early_is_refused(tmp_path: Path) -> None:
    """Values that are not there do not become zeros."""
    path = _file(tmp_path / "a.h5")
    stream = io.BytesIO(path.read_bytes())
    values = Hdf5Values(stream, 0, path.stat().st_size)
    stream.truncate(100_000)

    with pytest.raises(UnreadableValues):
        list(values.blocks("a/b"))


def test_values_elsewhere_are_not_followed(tmp_path: Path) -> None:
    """A file may name another one, which nobody asked to have read."""
    (tmp_path / "secret").write_bytes(bytes(80))
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset(
            "a", shape=(10,), dtype="float64", external=[(str(tmp_path / "secret"), 0, 80)]
        )

    with pytest.raises(UnreadableValues, match="elsewhere"):
        list(_opened(tmp_path / "a.h5").blocks("a"))


def test_a_stored_member_is_read_in_place(tmp_path: Path) -> None:
    """The place of a stored member is found; a packed one has none."""
    inner = _file(tmp_path / "a.h5")
    outer = tmp_path / "a.zip"
    with zipfile.ZipFile(outer, "w") as archive:
        archive.writestr("before", b"1" * 1001)
        archive.write(inner, "a.h5")
        archive.writestr("packed", b"1" * 1000, zipfile.ZIP_DEFLATED)
    with outer.open("rb") as stream:
        place = stored_member(stream, "a.h5")
        assert place is not None
        values = Hdf5Values(stream, *place)

        assert NUMBERS.tobytes() == b"".join(values.blocks("a/b"))
        assert stored_member(stream, "packed") is None


def test_a_vocabulary_of_a_checkpoint_is_read() -> None:
    """Lengths, a checksum, and the texts behind it; numbers with their sign."""
    data = bytes([3, 0, 2]) + b"sums" + b"cat" + b"ox" + (-1).to_bytes(8, "little", signed=True)
    stream = io.BytesIO(data)
    values = BundleValues(
        [stream],
        {
            "words": Located(
                stream=0, offset=0, size=12, described=Described("string", (3,)), checksum=0
            ),
            "ends": Located(
                stream=0, offset=0, size=11, described=Described("string", (3,)), checksum=0
            ),
            "numbers": Located(
                stream=0, offset=12, size=8, described=Described("int64", (1,)), checksum=0
            ),
        },
    )

    assert values.texts("words") == [b"cat", b"", b"ox"]
    assert values.numbers("numbers") == [-1]
    with pytest.raises(UnreadableValues, match="do not agree"):
        values.texts("ends")


def test_no_file_is_no_values() -> None:
    """What HDF5 does not open is said to be so."""
    stream: object = held(b"nothing")

    with pytest.raises(UnreadableValues):
        Hdf5Values(stream, 0, 7)  # type: ignore[arg-type]


@pytest.mark.parametrize("damaged", [None, 0, 69_999, 139_999])
def test_values_of_a_checkpoint_match_their_checksum(
    monkeypatch: pytest.MonkeyPatch, damaged: Optional[int]
) -> None:
    """A byte that changed in the data is found, wherever it is, in blocks of any length."""
    monkeypatch.setattr(tensor_values, "BLOCK", 50_001)
    data = bytearray(np.arange(35_000, dtype="float32").tobytes())
    if damaged is not None:
        data[damaged] ^= 4
    located = Located(
        stream=0,
        offset=0,
        size=len(data),
        described=Described("float32", (35_000,)),
        checksum=0xF5B5089C,
    )
    values = BundleValues([io.BytesIO(bytes(data))], {"a": located})

    if damaged is None:
        assert b"".join(values.blocks("a")) == data
    else:
        with pytest.raises(DamagedValues, match="checksum"):
            list(values.blocks("a"))
