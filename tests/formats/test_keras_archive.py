import importlib
import io
import json
import stat
import struct
import zipfile
from typing import Any

import pytest

from builders import keras_files as build
from tfmac.formats.byte_ranges import held
from tfmac.formats.keras_archive import read_keras_archive, read_shard_index
from tfmac.schema.model_content import Content, ModelFormat

numpy: Any = importlib.import_module("numpy")


def read(data: bytes) -> Content:
    return read_keras_archive(held(data))


def statements(content: Content) -> str:
    return "\n".join(f"{one.location}: {one.statement}" for one in content.problems)


def with_entry(entry: zipfile.ZipInfo, data: bytes = b"x") -> Content:
    """Read an archive that has one more member."""
    packed = io.BytesIO(build.pack(build.archive_members()))
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr(entry, data)
    return read(packed.getvalue())


@pytest.mark.parametrize("deflated", [False, True], ids=["stored", "deflated"])
def test_an_archive_is_read_stored_or_packed_again(deflated: bool) -> None:  # noqa: FBT001
    content = read(build.pack(build.archive_members(), deflated=deflated))

    assert content.format is ModelFormat.KERAS_ARCHIVE
    assert content.stated == {"keras_version": "3.8.0", "date_saved": "2025-01-01@00:00:00"}
    assert content.configuration == {
        **build.SEQUENTIAL,
        "module": "keras",
        "compile_config": build.TRAINING,
    }
    assert content.training == build.TRAINING
    assert len(content.tensors) == 24
    assert content.entries == ("layers", "metrics", "optimizer", "vars")
    assert [(one.name, one.stored) for one in content.members] == [
        (name, not deflated) for name in build.archive_members()
    ]
    assert content.problems == ()


def test_stored_weights_are_read_in_place(tmp_path: Any) -> None:
    """No more of the archive is taken than the structure: not the bytes of the arrays."""
    members = build.archive_members()
    h5py: Any = importlib.import_module("h5py")
    packed = io.BytesIO()
    with h5py.File(packed, "w") as file:
        file.create_dataset("layers/dense/vars/0", data=numpy.zeros(2_000_000, "float32"))
    data = build.pack({**members, "model.weights.h5": packed.getvalue()})
    path = tmp_path / "big.keras"
    path.write_bytes(data)
    with path.open("rb") as stream:
        counted = Counted(stream, path.stat().st_size)
        content = read_keras_archive(counted)  # type: ignore[arg-type]

    assert content.tensors[0].bytes == 8_000_000
    assert counted.bytes < 100_000


class Counted:
    """A stream that counts the bytes that are read of it."""

    def __init__(self, stream: Any, size: int) -> None:
        self.stream = stream
        self.size = size
        self.bytes = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def read(self, size: int = -1) -> bytes:
        data = self.stream.read(size)
        self.bytes += len(data)
        return bytes(data)


def test_a_zip_without_keras_members_is_another_zip() -> None:
    content = read(build.pack({"archive/data.pkl": b"", "archive/version": b"3"}))

    assert (content.format, content.hint) == (ModelFormat.OTHER_ZIP, "PyTorch")


def test_missing_members_are_problems() -> None:
    members = build.archive_members()
    del members["config.json"], members["model.weights.h5"]

    content = read(build.pack(members))

    assert content.format is ModelFormat.KERAS_ARCHIVE
    assert "config.json: cannot be read: there is no such member" in statements(content)
    assert "there are no weights in the archive" in statements(content)


def test_a_damaged_configuration_leaves_the_weights() -> None:
    content = read(build.pack({**build.archive_members(), "config.json": b"{"}))

    assert "config.json: cannot be read: not JSON" in statements(content)
    assert len(content.tensors) == 24


def test_damaged_weights_are_placed_in_their_member() -> None:
    content = read(build.pack({**build.archive_members(), "model.weights.h5": b"no HDF5"}))

    assert content.format is ModelFormat.KERAS_ARCHIVE
    assert content.problems[0].location == "model.weights.h5:"


def test_the_last_of_two_members_of_a_name_counts_as_it_does_for_python() -> None:
    packed = io.BytesIO(build.pack(build.archive_members()))
    with zipfile.ZipFile(packed, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("metadata.json", b'{"keras_version": "9.9"}')

    content = read(packed.getvalue())

    assert content.stated == {"keras_version": "9.9"}
    assert "metadata.json: the archive has two members of this name" in statements(content)


@pytest.mark.parametrize(
    "name", ["../config.json", "/etc/x", "assets/../../x", "\\x", "c:/x", "assets\\..\\x"]
)
def test_names_that_lead_outside_are_problems(name: str) -> None:
    content = with_entry(zipfile.ZipInfo(name))

    assert "a member's name leads out of the archive" in statements(content)


def test_a_symbolic_link_is_a_problem() -> None:
    entry = zipfile.ZipInfo("assets/link")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16

    assert "assets/link: is a symbolic link" in statements(with_entry(entry, b"/etc/passwd"))


def test_an_encrypted_member_is_not_read() -> None:
    data = bytearray(build.pack(build.archive_members()))
    place = data.index(b"PK\x01\x02")
    data[place + 8] |= 1

    content = read(bytes(data))

    assert "metadata.json: cannot be read: is encrypted" in statements(content)


def test_an_archive_that_was_cut_off_says_so() -> None:
    data = build.pack(build.archive_members())

    content = read(data[: len(data) - 500])

    assert content.format is ModelFormat.OTHER_ZIP
    assert "the directory at its end is missing: the file is incomplete" in statements(content)


def test_a_member_that_inflates_beyond_the_limit_is_not_inflated() -> None:
    """A bomb is refused by its stated size, and by what comes out where that lies."""
    bomb = bytes((1 << 26) + 10)
    data = build.pack({**build.archive_members(), "model.weights.h5": bomb}, deflated=True)
    lying = data.replace(struct.pack("<L", len(bomb)), struct.pack("<L", 1000))

    assert "larger than 64 MiB" in statements(read(data))
    assert "inflates to more than 64 MiB" in statements(read(lying))


def test_a_directory_that_claims_too_much_is_not_read() -> None:
    data = bytearray(build.pack(build.archive_members()))
    place = data.rindex(b"PK\x05\x06")
    struct.pack_into("<HH", data, place + 8, 65_000, 65_000)

    assert "its directory claims 65000 members" in statements(read(bytes(data)))


def test_a_zip64_directory_that_claims_too_much_is_not_read() -> None:
    data = build.pack(build.archive_members())
    place = data.rindex(b"PK\x05\x06")
    record = struct.pack(
        "<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1 << 40, 1 << 40, 1 << 50, 0
    )
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, place, 1)

    content = read(data[:place] + record + locator + data[place:])

    assert f"its directory claims {1 << 40} members" in statements(content)


def test_a_header_that_names_another_member_is_told() -> None:
    """The directory and the members' own headers have to agree, or readers differ."""
    data = bytearray(build.pack(build.archive_members()))
    place = data.index(b"config.json")
    data[place : place + 6] = b"CONFIG"

    content = read(bytes(data))

    assert "config.json: cannot be read: its own header has another name" in statements(content)


def test_a_member_beyond_the_end_is_told() -> None:
    data = bytearray(build.pack(build.archive_members()))
    place = data.rindex(b"PK\x01\x02")
    struct.pack_into("<LL", data, place + 20, 1 << 30, 1 << 30)

    assert "lies beyond the end of the archive" in statements(read(bytes(data)))


def test_pickled_weights_are_told_and_their_arrays_listed() -> None:
    """The ``npz`` form of the weights is unpickled by Keras."""
    packed = io.BytesIO()
    numpy.savez(packed, first=numpy.zeros((2, 3), "float32"), objects=numpy.array({"a": 1}))
    members = build.archive_members()
    del members["model.weights.h5"]

    content = read(build.pack({**members, "model.weights.npz": packed.getvalue()}))

    assert "the weights are pickled" in statements(content)
    assert [(one.path, one.shape, one.dtype) for one in content.tensors] == [
        ("first", (2, 3), "float32"),
        ("objects", (), "object"),
    ]


def test_weights_in_parts_are_put_together() -> None:
    members = build.archive_members()
    weights = members.pop("model.weights.h5")
    index = json.dumps({"weight_map": {}}).encode()
    parts = {f"model_0000{number}.weights.h5": weights for number in range(2)}

    content = read(build.pack({**members, "model.weights.json": index, **parts}))

    assert len(content.tensors) == 48


def test_the_index_of_weights_in_parts_names_them() -> None:
    shards = {"/layers/a/vars": "m_00000.weights.h5", "/layers/b/vars": ["../m.weights.h5"]}

    content = read_shard_index(json.dumps({"metadata": {}, "weight_map": shards}).encode())

    assert content is not None
    assert content.format is ModelFormat.KERAS_WEIGHTS
    assert content.hint.startswith("the index of weights in 2 files: m_00000.weights.h5")
    assert "../m.weights.h5: names a part that lies elsewhere" in statements(content)


@pytest.mark.parametrize("text", [b"{}", b"[1]", b"{", b'{"weight_map": 3}'])
def test_other_json_is_no_index(text: bytes) -> None:
    assert read_shard_index(text) is None
