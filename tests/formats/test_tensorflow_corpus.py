"""SavedModels and checkpoints that real releases wrote, where they lie beside the checkout."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import IO

import pytest

from tfmac.formats.saved_model import read_saved_model
from tfmac.formats.tensor_bundle import read_checkpoint
from tfmac.schema.model_content import Content

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
WRITTEN = CORPUS / "files"
SAVED_MODELS = sorted(path.parent for path in CORPUS.rglob("saved_model.pb"))
CHECKPOINTS = sorted(WRITTEN.glob("*/*_ckpt"))
# TensorFlow of each environment, and its Keras, as the corpus says.
WRITERS = {
    "w1t": ("1.15.0", "2.2.4-tf"),
    "w2": ("2.3.4", "2.4.0"),
    "w3": ("2.6.5", "2.6.0"),
    "w4": ("2.9.3", "2.9.0"),
    "w5": ("2.12.1", "2.12.0"),
    "w7": ("2.15.1", "2.15.0"),
    "w8": ("2.16.2", None),
    "w10": ("2.20.0", None),
    "w11": ("2.21.0", None),
    "w12": ("2.16.2", "2.16.0"),
}
pytestmark = pytest.mark.skipif(not SAVED_MODELS, reason="the corpus is not here")


def read(path: Path) -> Content:
    files = sorted(item for item in path.rglob("*") if item.is_file())
    names = [(item.relative_to(path).as_posix(), item.stat().st_size) for item in files]

    def open_member(name: str) -> IO[bytes]:
        return (path / name).open("rb")

    if path.name.endswith("_ckpt"):
        return read_checkpoint(open_member, names, "ckpt", str(path))
    return read_saved_model(open_member, names, str(path))


def weights(path: Path) -> "list[tuple[str, tuple[int, ...]]] | None":
    """Read names and shapes that ``get_weights`` gave in the writer."""
    numpy = pytest.importorskip("numpy")
    model = re.sub(r"(\.savedmodel|_ckpt)$", "", path.name)
    file = path.parent / f"{model}_w.npz"
    if not file.exists():
        return None
    with numpy.load(file) as arrays:
        names = [str(name) for name in arrays["names"]]
        keys = [key for key in arrays.files if key != "names"]
        return list(zip(names, (arrays[key].shape for key in keys)))


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


@pytest.mark.parametrize("path", [*SAVED_MODELS, *CHECKPOINTS], ids=name_of)
def test_a_real_file_is_read_without_problems(path: Path) -> None:
    """Nothing that a release wrote is taken for damage."""
    assert read(path).problems == ()


@pytest.mark.parametrize("path", [*SAVED_MODELS, *CHECKPOINTS], ids=name_of)
def test_the_weights_are_those_of_the_model(path: Path) -> None:
    """Names and shapes are those of ``get_weights``; a SavedModel of Keras has their order too."""
    expected = weights(path)
    if expected is None:
        pytest.skip("the writer's weights are not recorded")
    content = read(path)

    found = [(item.name, item.shape) for item in content.tensors]

    assert Counter(found) == Counter((name.partition(":")[0], shape) for name, shape in expected)
    if path.suffix == ".savedmodel":
        assert [shape for _, shape in found] == [shape for _, shape in expected]


@pytest.mark.parametrize("path", SAVED_MODELS, ids=name_of)
def test_the_writer_is_the_one_that_wrote(path: Path) -> None:
    """The stated versions are those of the environment."""
    if path.parent.name not in WRITERS:
        pytest.skip("the writer is not recorded")
    tensorflow, keras = WRITERS[path.parent.name]
    content = read(path)

    assert content.graph is not None
    assert content.graph.tensorflow == tensorflow
    assert content.stated.get("keras_version") == keras
    assert ("exported_by" in content.stated) == (keras is None)
    assert (content.configuration is None) == (keras is None)


@pytest.mark.parametrize("path", SAVED_MODELS, ids=name_of)
def test_operations_fit_the_variables(path: Path) -> None:
    """Each variable is made, saved and restored by operations of the graph."""
    content = read(path)
    assert content.graph is not None
    operations = content.graph.operations
    stored = [*content.tensors, *content.optimizer, *content.others]
    variables = [item for item in stored if item.path.endswith("VARIABLE_VALUE")]

    assert operations["VarHandleOp"] >= len(variables)
    assert operations["RestoreV2"] >= 1
    assert all(re.fullmatch(r"[A-Z][A-Za-z0-9]*", kind) for kind in operations)
    assert content.graph.signatures


@pytest.mark.parametrize("path", SAVED_MODELS, ids=name_of)
def test_the_layers_are_those_of_the_configuration(path: Path) -> None:
    """Every layer of the architecture is an object with metadata of its own."""
    content = read(path)
    if content.configuration is None or "layers" not in content.configuration["config"]:
        pytest.skip("no list of layers in the file")
    assert content.graph is not None
    named = {
        node.metadata["name"]
        for node in content.graph.nodes
        if node.identifier.startswith("_tf_keras_") and node.metadata
    }

    layers = content.configuration["config"]["layers"]

    expected = {
        layer["config"].get("name", layer.get("name"))
        for layer in layers
        if layer["class_name"] != "InputLayer"
    }
    assert expected <= named


def test_the_architecture_is_that_of_the_json_file() -> None:
    """The configuration is what ``to_json`` gave for the same model."""
    compared = 0
    for path in SAVED_MODELS:
        file = path.parent / f"{path.name.partition('.')[0]}.json"
        content = read(path)
        if content.configuration is None or not file.exists():
            continue
        other = json.loads(file.read_text(encoding="utf-8"))
        assert content.configuration["class_name"] == other["class_name"]
        compared += 1
    assert compared > 20


@pytest.mark.parametrize("path", SAVED_MODELS[:3], ids=name_of)
def test_a_real_file_that_is_cut_off(path: Path, tmp_path: Path) -> None:
    """A download that stopped anywhere is told, never a crash."""
    whole = (path / "saved_model.pb").read_bytes()
    for part in range(1, 20):
        (tmp_path / "saved_model.pb").write_bytes(whole[: len(whole) * part // 20])
        assert read(tmp_path).problems
