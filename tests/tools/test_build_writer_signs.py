"""What files of real releases prove of others is worked out from which of them have a key."""

import json
from pathlib import Path

from tools.build_writer_signs import counted, files_of, main, release_of, signs

from builders.models import input_2, layer_2, model
from tfmac.models.signs import Subject


def having(*keys: str, files: int = 3, subject: str = "Thing") -> "list[dict[str, Subject]]":
    found = Subject(some=frozenset(keys), every=frozenset(keys), location="")
    return [{subject: found}] * files


def found(**releases: "list[dict[str, Subject]]") -> "dict[str, object]":
    """Give the signs of releases, named ``v2_4_0``, for the one subject that they have."""
    named = {name[1:].replace("_", "."): counted(files) for name, files in releases.items()}
    return {
        key: (one.after, one.since, one.before, one.always_from, one.always_to)
        for keys in signs(named).values()
        for key, one in keys.items()
    }


def test_a_key_that_came() -> None:
    """It is of no release up to the last one without it; from the first with it none lacks it."""
    assert found(
        v2_4_0=having("old"), v2_6_0=having("old", "new"), v2_9_0=having("old", "new")
    ) == {"new": ("2.4.0", None, None, "2.6.0", None)}


def test_a_key_that_went() -> None:
    """It is of no release from the first one without it on."""
    assert found(v2_4_0=having("old"), v2_6_0=having("old"), v2_9_0=having()) == {
        "old": (None, None, "2.9.0", "2.4.0", "2.6.0")
    }


def test_a_key_of_some_releases() -> None:
    """It came and went."""
    assert found(v2_4_0=having(), v2_6_0=having("odd"), v2_9_0=having()) == {
        "odd": ("2.4.0", None, "2.9.0", "2.6.0", "2.6.0")
    }


def test_what_changed_with_keras_3() -> None:
    """Between the last measured Keras 2 and the first Keras 3 lies Keras 3.0."""
    assert found(v2_16_0=having("old"), v3_0_5=having("new")) == {
        "new": (None, "3.0", None, "3.0", None),
        "old": (None, None, "3.0", "2.16.0", "2.16.0"),
    }


def test_a_key_that_comes_and_goes_tells_nothing() -> None:
    """It belongs to the models that were saved."""
    assert found(v2_4_0=having("x"), v2_6_0=having(), v2_9_0=having("x")) == {}


def test_a_key_that_all_have_tells_nothing() -> None:
    """It tells no release from another."""
    assert found(v2_4_0=having("x"), v2_6_0=having("x")) == {}


def test_a_key_of_some_files_of_a_release() -> None:
    """An argument is written always or never; beside a layer it may depend on the model."""
    some = [*having("x"), *having()]
    beside = [*having("x", subject="hdf5 layer"), *having(subject="hdf5 layer")]

    assert found(v2_4_0=having(), v2_6_0=some) == {}
    assert found(v2_4_0=having(subject="hdf5 layer"), v2_6_0=beside) == {
        "x": ("2.4.0", None, None, None, None)
    }


def test_few_files_say_nothing_of_a_missing_key() -> None:
    """Two files may have it by chance."""
    assert found(v2_4_0=having(), v2_6_0=having("x", files=2)) == {
        "x": ("2.4.0", None, None, None, None)
    }


def test_the_constructors_narrow_it_down() -> None:
    """Between two measured releases the API history knows who takes the argument first."""
    attention = "MultiHeadAttention"
    before, later = having(subject=attention), having("seed", subject=attention)

    assert found(v3_0_5=before, v3_11_3=later) == {"seed": ("3.0.5", "3.4", None, "3.11.3", None)}


def test_files_of_a_folder(tmp_path: Path) -> None:
    """Each file is read, the release is what most of them state, and a table comes of it."""
    for folder, version, keys in (("a", "2.2.4", {}), ("b", "2.4.0", {"groups": 1})):
        (tmp_path / folder).mkdir()
        configuration = model("Functional", "m", input_2("x", 3), layer_2("Conv2D", "c", **keys))
        for number in range(3):
            path = tmp_path / folder / f"m{number}.json"
            path.write_text(json.dumps({**configuration, "keras_version": version}))
    (tmp_path / "a" / "notes.txt").write_text("no model")
    (tmp_path / "a" / "damaged.h5").write_text("no model either")

    assert release_of(files_of(tmp_path / "a")) == "2.2.4"
    assert main([str(tmp_path / "a"), str(tmp_path / "b"), "--output", str(tmp_path / "t")]) == 0
    table = json.loads((tmp_path / "t").read_text())
    assert table["measured"] == {"2.2.4": "3 files", "2.4.0": "3 files"}
    assert table["signs"]["Conv2D"]["groups"]["after"] == "2.2.4"
