"""What lies beside a file: an architecture under its name, the parts of weights, a folder."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from builders import keras_files as build
from tfmac.observe.model_files import ModelReader, models_in
from tfmac.schema.model_content import Architecture, Content, ModelFormat

TEXT = json.dumps({**build.SEQUENTIAL, "keras_version": "2.9.0"}).encode()
ARCHITECTURE = Architecture(
    file="m.json", configuration=json.loads(TEXT), stated={"keras_version": "2.9.0"}
)


@pytest.fixture(scope="module")
def reader() -> Iterator[ModelReader]:
    with ModelReader() as reader:
        yield reader
        assert reader.mistakes == []


def weights(place: Path) -> Path:
    """Write the weights of the model that ``build.SEQUENTIAL`` describes."""
    if place.name.endswith(".weights.h5"):
        place.write_bytes(build.owners())
        return place
    return build.write_weights(place)


class TestArchitecture:
    @pytest.mark.parametrize(
        "name", ["m.h5", "m_weights.h5", "m-weights.hdf5", "m.weights.h5", "m.weights.H5"]
    )
    def test_is_read_beside_weights_of_its_name(
        self, tmp_path: Path, reader: ModelReader, name: str
    ) -> None:
        (tmp_path / "m.json").write_bytes(TEXT)

        content = reader.read(weights(tmp_path / name))

        assert content.beside == ARCHITECTURE
        assert content.configuration is None

    @pytest.mark.parametrize("text", [b"", b"{", b"[1]", b'{"class_name": "Sequential"}'])
    def test_is_not_what_is_none(self, tmp_path: Path, reader: ModelReader, text: bytes) -> None:
        (tmp_path / "m.json").write_bytes(text)

        content = reader.read(weights(tmp_path / "m.h5"))

        assert (content.beside, content.problems) == (None, ())

    @pytest.mark.parametrize("name", ["weights.h5", ".weights.h5", "other.weights.h5", "m.weights"])
    def test_of_another_name_is_left(self, tmp_path: Path, reader: ModelReader, name: str) -> None:
        for other in ("m.json", ".json"):
            (tmp_path / other).write_bytes(TEXT)

        assert reader.read(weights(tmp_path / name)).beside is None

    def test_behind_a_link_or_in_a_pipe_is_left(self, tmp_path: Path, reader: ModelReader) -> None:
        (tmp_path / "elsewhere.json").write_bytes(TEXT)
        (tmp_path / "m.json").symlink_to("elsewhere.json")
        os.mkfifo(tmp_path / "n.json")

        for name in ("m.h5", "n.h5"):
            assert reader.read(weights(tmp_path / name)).beside is None

    def test_is_not_looked_for_beside_a_whole_model(
        self, tmp_path: Path, reader: ModelReader
    ) -> None:
        (tmp_path / "m.json").write_bytes(TEXT)

        assert reader.read(build.write_whole(tmp_path / "m.h5")).beside is None


class TestShards:
    def index(self, folder: Path, *names: str) -> Path:
        place = folder / "m.weights.json"
        shards = {f"layers/{number}/vars": name for number, name in enumerate(names)}
        place.write_text(json.dumps({"metadata": {"total_size": 0.1}, "weight_map": shards}))
        return place

    def test_are_read_with_their_index(self, tmp_path: Path, reader: ModelReader) -> None:
        names = ("m_00000.weights.h5", "m_00001.weights.h5")
        for name, top in zip(names, ("layers", "_layer_checkpoint_dependencies")):
            build.write_owners(tmp_path / name, top=top)
        index = self.index(tmp_path, *names)
        single = [reader.read(tmp_path / name) for name in names]

        content = reader.read(index)

        assert content.format is ModelFormat.KERAS_WEIGHTS
        assert content.tensors == single[0].tensors + single[1].tensors
        assert content.groups == single[0].groups + single[1].groups
        assert [one.name for one in content.members] == list(names)
        sizes = [one.stat().st_size for one in (index, *(tmp_path / name for name in names))]
        assert content.bytes == sum(sizes)
        assert content.problems == ()

    def test_that_are_missing_or_linked_are_problems(
        self, tmp_path: Path, reader: ModelReader
    ) -> None:
        build.write_owners(tmp_path / "real.weights.h5")
        (tmp_path / "m_00001.weights.h5").symlink_to("real.weights.h5")

        content = reader.read(self.index(tmp_path, "m_00000.weights.h5", "m_00001.weights.h5"))

        assert content.tensors == ()
        assert [one.location for one in content.problems] == [
            "m_00000.weights.h5",
            "m_00001.weights.h5",
        ]

    def test_elsewhere_are_never_opened(self, tmp_path: Path, reader: ModelReader) -> None:
        build.write_owners(tmp_path / "real.weights.h5")
        inner = tmp_path / "inner"
        inner.mkdir()

        content = reader.read(self.index(inner, "../real.weights.h5"))

        assert content.tensors == ()
        assert [one.statement for one in content.problems] == ["names a part that lies elsewhere"]


class TestFolder:
    def folder(self, place: Path) -> Path:
        place.mkdir()
        for name, data in build.archive_members().items():
            (place / name).parent.mkdir(exist_ok=True)
            (place / name).write_bytes(data)
        return place

    def read_packed(self, place: Path, reader: ModelReader) -> Content:
        place.write_bytes(build.pack(build.archive_members()))
        return reader.read(place)

    def test_is_read_as_the_archive_that_it_is(self, tmp_path: Path, reader: ModelReader) -> None:
        packed = self.read_packed(tmp_path / "packed.keras", reader)

        content = reader.read(self.folder(tmp_path / "model.keras"))

        assert content.format is ModelFormat.KERAS_ARCHIVE
        assert content.tensors == packed.tensors
        assert content.configuration == packed.configuration
        assert (content.training, content.stated) == (packed.training, packed.stated)
        assert {one.name for one in content.members} == {one.name for one in packed.members}
        assert content.hint == "a folder, not packed into an archive"
        assert content.problems == ()

    def test_is_found_as_one_model(self, tmp_path: Path) -> None:
        folder = self.folder(tmp_path / "model.keras")

        assert list(models_in(tmp_path)) == [str(folder)]

    def test_with_a_link_for_its_weights_has_none(
        self, tmp_path: Path, reader: ModelReader
    ) -> None:
        folder = self.folder(tmp_path / "model.keras")
        (folder / "model.weights.h5").rename(tmp_path / "outside.h5")
        (folder / "model.weights.h5").symlink_to(tmp_path / "outside.h5")

        content = reader.read(folder)

        assert content.tensors == ()
        assert "is a symbolic link, which is not followed" in [
            one.statement for one in content.problems
        ]

    def test_without_metadata_is_no_model(self, tmp_path: Path, reader: ModelReader) -> None:
        folder = self.folder(tmp_path / "model.keras")
        (folder / "metadata.json").unlink()

        assert reader.read(folder).format is ModelFormat.UNKNOWN
