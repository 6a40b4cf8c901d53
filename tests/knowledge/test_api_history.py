"""The API history as it is shipped, and the questions to it.

What is expected here was looked at in installed releases (docs/verification.md).
"""

import re
from pathlib import Path
from typing import Optional

import msgspec
import pytest

from tfmac.knowledge import api_history, api_names, store
from tfmac.knowledge.api_history import InvalidApiName, exists, look_up, parameter_exists
from tfmac.schema.api_history import ApiKind, ApiNames

DATA = Path(store.SHIPPED) / api_names.FOLDER


def runs(name: str) -> "list[tuple[str, str, str]]":
    """Give package, first and last release of every run in the answer."""
    return [
        (life.package, one.first, one.last) for life in look_up(name).lives for one in life.lived
    ]


def instead(name: str) -> "dict[str, str]":
    return {one.replacement: one.known_from for one in look_up(name).replacements}


def test_a_module_that_died() -> None:
    """It names the releases, what its names are called now, and the same path elsewhere."""
    page = look_up("keras.utils.np_utils")

    (life,) = page.lives
    (run,) = life.lived
    assert (run.first, run.last, run.kind) == ("2.2", "2.12", ApiKind.MODULE)
    assert life.read[0] == "2.2"
    assert "keras.utils.to_categorical" in {one.replacement for one in page.replacements}
    assert "tensorflow.python.keras.utils.np_utils" in {one.name for one in page.elsewhere}


def test_a_name_that_never_was() -> None:
    """It is found in none of the releases, and where its like was is told."""
    page = look_up("tf.keras.utils.np_utils")

    assert not page.found
    assert [life.package for life in page.lives] == ["TensorFlow", "Keras"]
    assert page.lives[0].read[0] == "2.0"
    assert page.lives[0].read[-1] == "2.15"
    assert page.lives[1].note == "tf.keras is Keras 3 from TensorFlow 2.16 on"
    assert "keras.utils.np_utils" in {one.name for one in page.elsewhere}


def test_a_method() -> None:
    """Members of a class and of the classes above it are found, with what the source advises."""
    assert ("Keras", "2.6", "2.15") in runs("keras.Model.fit_generator")
    assert runs("keras.Sequential.fit_generator")[0] == runs("keras.Model.fit_generator")[0]
    assert "keras.Model.fit" in instead("keras.Model.fit_generator")
    assert exists("keras.Model.fit_generator", "keras", "3.5") is False
    assert exists("keras.Model.fit", "keras", "3.5") is True
    assert exists("tf.keras.Sequential.predict_classes", "tensorflow", "2.5.3") is True
    assert exists("tf.keras.Sequential.predict_classes", "tensorflow", "2.6") is False


def test_a_name_of_before() -> None:
    """What TensorFlow 2 never had is answered by its own upgrade tool."""
    page = look_up("tf.placeholder")

    assert not page.found
    (replacement,) = page.replacements
    assert replacement.replacement == "tf.compat.v1.placeholder"
    assert "renames_v2.py" in replacement.known_from
    assert [one.name for one in page.elsewhere] == ["tensorflow.compat.v1.placeholder"]


def test_a_name_that_moved() -> None:
    """Another name of the same object that lives on is the replacement."""
    found = instead("tf.keras.layers.experimental.preprocessing.Rescaling")
    assert "tf.keras.layers.Rescaling" in found
    assert found["tf.keras.layers.Rescaling"].startswith("the same object in TensorFlow 2.")


@pytest.mark.parametrize(
    ("name", "parameter", "package", "version", "answer"),
    [
        ("keras.optimizers.Adam", "lr", "keras", "2.2.5", True),
        ("keras.optimizers.Adam", "lr", "keras", "2.15.0", True),
        ("keras.optimizers.Adam", "lr", "keras", "3.5.0", False),
        ("tf.keras.optimizers.Adam", "lr", "tensorflow", "2.10", True),
        ("tf.keras.optimizers.Adam", "lr", "tensorflow", "2.18", False),
        ("tf.keras.layers.Dense", "input_shape", "tensorflow", "2.18", True),
        ("tf.keras.layers.Dense", "weights", "tensorflow", "2.15", True),
        ("tf.keras.layers.Dense", "weights", "tensorflow", "2.16", False),
        ("tf.reduce_sum", "keepdims", "tensorflow", "2.0", True),
        ("tf.reduce_sum", "keep_dims", "tensorflow", "2.0", False),
        ("tf.compat.v1.reduce_sum", "keep_dims", "tensorflow", "2.0", True),
        ("keras.Model.fit", "workers", "keras", "2.15", True),
        ("keras.Model.fit", "workers", "keras", "3.0", False),
        ("keras.no_such_thing", "x", "keras", "3.0", None),
    ],
)
def test_parameters(
    name: str,
    parameter: str,
    package: str,
    version: str,
    answer: Optional[bool],  # noqa: FBT001
) -> None:
    """A keyword is accepted, is not, or the source does not tell."""
    assert parameter_exists(name, parameter, package, version) is answer


@pytest.mark.parametrize(
    ("name", "package", "version", "answer"),
    [
        ("tf.keras.preprocessing.text.Tokenizer", "tensorflow", "2.10", True),
        ("keras.preprocessing.text.Tokenizer", "keras", "3.0", False),
        ("keras.layers.Dense", "keras", "2.4.3", None),  # it took all names of tf.keras
        ("tf.keras.layers.Dense", "tensorflow-macos", "2.12.0", True),
        ("tf.keras.layers.Dense", "tensorflow", "2.18", True),
        ("tf.keras.layers.Dense", "tensorflow", "9.9", None),
        ("tf.keras.layers.Dense", "tensorflow", "1.15", None),
        ("tf.keras.layers.Dense", "numpy", "1.26", None),
        ("numpy.array", "tensorflow", "2.18", None),
        ("tf.keras.layers.Dense", "keras", "3.5", True),
        ("keras.layers.Dense", "tensorflow", "2.18", None),
        ("tf_keras.layers.Dense", "tf-keras", "2.16", True),
        ("tf.estimator.Estimator", "tensorflow", "2.12", None),  # a package of its own has it
        ("tf.estimator", "tensorflow", "2.18", False),
        ("tf.losses.Huber", "tensorflow", "2.12", True),
        ("tensorflow", "tensorflow", "2.12", True),
        ("tensorflow.python.keras.utils.np_utils", "tensorflow", "2.12", True),
    ],
)
def test_exists(
    name: str,
    package: str,
    version: str,
    answer: Optional[bool],  # noqa: FBT001
) -> None:
    """Whether a release has a name, as a tool asks it."""
    assert exists(name, package, version) is answer


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("tf.nn.relu", "tensorflow.nn.relu"),
        (" tf.nn.relu ", "tensorflow.nn.relu"),
        ("tensorflow._api.v2.compat.v2.__internal__", "tensorflow.__internal__"),
        ("tensorflow._api.v2.nn", "tensorflow.nn"),
        ("tf.compat.v2.nn.relu", "tensorflow.nn.relu"),
        ("tf.compat.v1.compat.v1.nn", "tensorflow.compat.v1.nn"),
        ("keras.api._v2.keras.layers", "tensorflow.keras.layers"),
        ("keras._tf_keras.keras.layers", "tensorflow.keras.layers"),
        ("tf-keras.layers", "tf_keras.layers"),
        ("tf_keras.layers", "tf_keras.layers"),
        ("keras.layers", "keras.layers"),
    ],
)
def test_spellings(spelling: str, name: str) -> None:
    """A name is known under what programs and messages call it."""
    assert api_history.spelled(spelling) == name


@pytest.mark.parametrize(
    "text", ["", " ", "a b", "a/b", "a..b", ".a", "a.", "1a", "a-b", "a" * 400]
)
def test_what_is_no_name(text: str) -> None:
    """A text that no program can have as a name is refused."""
    with pytest.raises(InvalidApiName):
        look_up(text)
    with pytest.raises(InvalidApiName):
        exists(text, "keras", "3.0")


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("tf.keras.layers.Dens", "tf.keras.layers.Dense"),
        ("keras.layers.dense", "keras.layers.Dense"),
        ("ImageDataGenerator", "keras.preprocessing.image.ImageDataGenerator"),
    ],
)
def test_near_names(name: str, near: str) -> None:
    """A name that is nowhere leads to those that are spelled alike."""
    page = look_up(name)
    assert not page.found
    assert near in page.near


def test_a_name_of_another_package() -> None:
    """Nothing is claimed of what was not read."""
    page = look_up("nowhere.at.all_of_it")
    assert (page.found, page.lives, page.replacements, page.elsewhere) == (False, (), (), ())


@pytest.mark.parametrize("package", api_names.packages())
def test_every_release_names_its_artifacts(package: str) -> None:
    """Provenance: file name and digest of what each minor was read from."""
    releases = api_names.releases(package)

    assert len({one.minor for one in releases}) == len(releases)
    for one in releases:
        assert one.version.startswith(f"{one.minor}.")
        assert one.artifacts
        for source in one.artifacts:
            assert source.name.endswith(".whl")
            assert re.fullmatch("[0-9a-f]{64}", source.sha256 or "")


def test_which_releases_were_read() -> None:
    """Every minor of TensorFlow 2 to 2.21, Keras 2.2 to 3.15 (there is no 2.5) and tf-keras."""
    assert api_names.minors("tensorflow") == tuple(f"2.{minor}" for minor in range(22))
    two = tuple(f"2.{minor}" for minor in range(2, 16) if minor != 5)
    assert api_names.minors("keras") == (*two, *(f"3.{minor}" for minor in range(16)))
    assert api_names.minors("tf_keras") == tuple(f"2.{minor}" for minor in range(14, 22))


def test_every_file_is_whole() -> None:
    """Runs are in order and apart, and their numbers are in the tables of the file."""
    for path, kind in api_names.files():
        record = store.load(path, kind)
        content = (Path(store.SHIPPED) / path).read_bytes()
        assert msgspec.json.decode(content, type=kind, strict=True) == record
        if not isinstance(record, ApiNames):
            continue
        for name, spans in record.names.items():
            ends = [-1]
            for span in spans:
                assert ends[-1] < span.first <= span.last < len(record.releases), name
                assert span.signature < len(record.signatures)
                assert span.definition < len(record.definitions)
                ends.append(span.last)


def test_a_damaged_history(tmp_path: Path) -> None:
    """What cannot be read is an error that says so, not a crash."""
    folder = tmp_path / api_names.FOLDER / "keras"
    folder.mkdir(parents=True)
    sound, broken = '"utils.np_utils":[[0,', '"utils.np_utils":[["zero",'
    for path in (DATA / "keras").iterdir():
        text = path.read_text(encoding="utf-8").replace(sound, broken)
        (folder / path.name).write_text(text, encoding="utf-8")
    store.use(str(tmp_path))
    try:
        with pytest.raises(store.KnowledgeError):
            look_up("keras.utils.np_utils")
    finally:
        store.use()


def test_the_files_are_small() -> None:
    """A question reads few of them, and all of them together stay small."""
    import zlib

    packed = sum(len(zlib.compress(path.read_bytes(), 9)) for path in DATA.rglob("*.json"))
    assert packed < 1_200_000
