import importlib
import json
import struct
from pathlib import Path
from typing import Any

import pytest

from builders import keras_files as build
from tfmac.formats.byte_ranges import held, whole
from tfmac.formats.keras_hdf5 import read_keras_hdf5
from tfmac.schema.model_content import Content, ModelFormat

h5py: Any = importlib.import_module("h5py")
numpy: Any = importlib.import_module("numpy")


def read(path: Path) -> Content:
    with path.open("rb") as stream:
        return read_keras_hdf5(whole(stream), path=str(path))


def statements(content: Content) -> str:
    return "\n".join(f"{one.location}: {one.statement}" for one in content.problems)


def changed(path: Path, old: bytes, new: bytes) -> Content:
    """Read a file in which some bytes, which it has once, are others of the same number."""
    data = path.read_bytes()
    assert data.count(old) == 1
    return read_keras_hdf5(held(data.replace(old, new)))


# -- what is not followed


def test_links_are_told_and_not_followed(tmp_path: Path) -> None:
    outside = build.write_weights(tmp_path / "outside.h5")
    path = build.write_weights(tmp_path / "w.h5")
    with h5py.File(path, "a") as file:
        file["soft"] = h5py.SoftLink("/first")
        file["away"] = h5py.ExternalLink(str(outside), "/first")
        file["again"] = file["first"]

    content = read(path)

    assert "soft: is a soft link, which is not followed" in statements(content)
    assert "away: is a external link, which is not followed" in statements(content)
    assert "is an object that has another name too" in statements(content)
    assert not any(one.path.startswith(("soft", "away")) for one in content.others)


def test_a_soft_link_named_as_a_layer_is_not_followed(tmp_path: Path) -> None:
    """A list of layers must not lead where the tree itself does not."""
    path = build.write_weights(tmp_path / "w.h5")
    with h5py.File(path, "a") as file:
        file.move("first", "elsewhere")
        file["first"] = h5py.SoftLink("/elsewhere")

    content = read(path)

    assert "first: the layer is listed, and there is nothing of it" in statements(content)
    assert [one.layer for one in content.groups] == ["none", "last"]


def test_a_group_that_holds_itself_ends(tmp_path: Path) -> None:
    path = build.write_weights(tmp_path / "w.h5")
    with h5py.File(path, "a") as file:
        file["first/inside"] = file["/"]

    content = read(path)

    assert "first/inside: is an object that has another name too" in statements(content)


def test_virtual_and_external_arrays_are_told_and_their_files_not_opened(tmp_path: Path) -> None:
    """The sources are pipes: opening one of them would never end."""
    source = tmp_path / "source.h5"
    with h5py.File(source, "w") as file:
        file.create_dataset("x", data=numpy.ones(4), maxshape=(None,))
    path = tmp_path / "w.h5"
    with h5py.File(path, "w") as file:
        layout = h5py.VirtualLayout(shape=(4,), maxshape=(None,), dtype="float64")
        layout[: h5py.h5s.UNLIMITED] = h5py.VirtualSource(
            str(source), "x", shape=(4,), maxshape=(None,)
        )[: h5py.h5s.UNLIMITED]
        file.create_virtual_dataset("virtual", layout)
        file.create_dataset(
            "external",
            shape=(4,),
            dtype="float32",
            external=[(str(tmp_path / "raw"), 0, 16)],
        )
    source.unlink()
    Path(source).symlink_to("/dev/stdin")

    content = read(path)

    assert "virtual: is a virtual array" in statements(content)
    assert "external: has its data in another file" in statements(content)
    assert content.others == ()


def test_a_name_with_a_slash_is_no_path(tmp_path: Path) -> None:
    """The library would take it for one, and follow the links on it."""
    path = build.write_weights(tmp_path / "w.h5")
    with h5py.File(path, "a") as file:
        file.create_group("aXb")

    content = changed(path, b"aXb\0", b"a/b\0")

    assert "a/b: has a name that is no name" in statements(content)


# -- what is damaged or too large


def test_a_file_that_was_cut_off_says_so(tmp_path: Path) -> None:
    data = build.write_whole(tmp_path / "m.h5").read_bytes()

    content = read_keras_hdf5(held(data[: len(data) // 2]))

    assert content.format is ModelFormat.OTHER_HDF5
    assert "truncated file" in statements(content)
    assert content.problems[0].cause == "model-file-damaged"


def test_an_architecture_that_is_no_json_leaves_the_weights(tmp_path: Path) -> None:
    path = build.write_whole(tmp_path / "m.h5")
    with h5py.File(path, "a") as file:
        file.attrs["model_config"] = '{"class_name": '

    content = read(path)

    assert content.format is ModelFormat.KERAS_HDF5
    assert content.configuration is None
    assert "model_config cannot be read: not JSON" in statements(content)
    assert len(content.tensors) == 4


@pytest.mark.parametrize("text", ["[" * 100_000, json.dumps({"a": 1}) + " " * (1 << 25)])
def test_json_beyond_the_limits_is_not_read(tmp_path: Path, text: str) -> None:
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file.attrs["model_config"] = text

    assert "model_config cannot be read" in statements(read(tmp_path / "m.h5"))


def test_an_array_that_grows_a_thousandfold_is_told(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "w.h5", "w") as file:
        file.create_dataset(
            "huge", shape=(1 << 40,), dtype="float32", chunks=(1 << 10,), compression="gzip"
        )

    assert "huge: takes 0 bytes in the file and 4398046511104" in statements(
        read(tmp_path / "w.h5")
    )


def test_a_size_that_no_file_has_is_told(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "w.h5", "w") as file:
        file.create_dataset("huge", shape=(1 << 40, 1 << 20), dtype="float64", chunks=(8, 8))

    content = read(tmp_path / "w.h5")

    assert "huge: claims a size that no file has" in statements(content)
    assert content.others == ()


def test_more_objects_than_are_read_end_the_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tfmac.formats.hdf5_tree.MOST_OBJECTS", 10)
    build.write_owners(tmp_path / "w.h5")

    content = read(tmp_path / "w.h5")

    assert "has more objects than are read" in statements(content)


def test_groups_nested_deeper_than_any_model_end_there(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "w.h5", "w") as file:
        file.create_group("/".join(["g"] * 300) + "/vars")

    assert "groups are nested deeper than 64" in statements(read(tmp_path / "w.h5"))


def test_half_a_character_in_a_name_is_written_out(tmp_path: Path) -> None:
    path = build.write_weights(tmp_path / "w.h5")
    with h5py.File(path, "a") as file:
        file.create_dataset(b"odd\xff", data=numpy.ones(2))

    assert [one.path for one in read(path).others] == ["odd\\xff"]


@pytest.mark.parametrize(
    ("size", "index"), [(0, 0), ((1 << 64) - 16, 1)], ids=["free", "overflowing"]
)
def test_a_heap_whose_objects_have_no_length_does_not_hang(
    tmp_path: Path, size: int, index: int
) -> None:
    """HDF5 2.0 steps through a heap by its objects' sizes: by 0 bytes it never gets on."""
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file.attrs["model_config"] = json.dumps(build.SEQUENTIAL)
    data = bytearray((tmp_path / "m.h5").read_bytes())
    first = data.index(b"GCOL") + 16
    length = struct.unpack_from("<Q", data, first + 8)[0]
    second = first + 16 + -(-length // 8) * 8
    struct.pack_into("<HHIQ", data, second, index, 0, 0, size)

    content = read_keras_hdf5(held(bytes(data)))

    assert "a heap's objects do not fit into it" in statements(content)


def test_more_texts_than_a_model_has_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tfmac.formats.hdf5_tree.MOST_TEXTS", 5)

    content = read(build.write_weights(tmp_path / "w.h5"))

    assert "first@weight_names: is more text than any model has" in statements(content)


def test_a_heap_larger_than_the_file_is_not_read(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file.attrs["model_config"] = json.dumps(build.SEQUENTIAL)
    data = bytearray((tmp_path / "m.h5").read_bytes())
    struct.pack_into("<Q", data, data.index(b"GCOL") + 8, 1 << 40)

    content = read_keras_hdf5(held(bytes(data)))

    assert "a heap is larger than the file" in statements(content)


def test_a_heap_whose_free_blocks_go_round_does_not_fill_the_memory(tmp_path: Path) -> None:
    """HDF5 copies the list of free blocks: one that leads to itself takes all there is."""
    data = bytearray(build.write_weights(tmp_path / "w.h5").read_bytes())
    heap = data.index(b"HEAP")
    block, place = struct.unpack_from("<QQ", data, heap + 16)
    struct.pack_into("<Q", data, place + block, block)

    content = read_keras_hdf5(held(bytes(data)))

    assert "a heap's list of free blocks does not end" in statements(content)


def test_every_shorter_beginning_of_a_file_is_read_or_refused() -> None:
    """No length makes an exception."""
    data = build.owners()

    for length in range(0, len(data), 977):
        content = read_keras_hdf5(held(data[:length]))
        assert content.problems, length
