"""``tfmac migrate``: an old model in, a current one out; what is proved is in the slow tests."""

import json
import os
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from builders.model_files import write_hdf5
from builders.models import input_2, layer_2, model
from cli.console import document, everything_in, refused, started, tfmac


def with_layer(class_name: str, **arguments: object) -> "dict[str, Any]":
    """Give a model of Keras 2 with an input ``x`` and a layer ``d``."""
    written = model(
        "Functional", "m", input_2("x", None, 4), layer_2(class_name, "d", "x", **arguments)
    )
    written["config"].update(input_layers=[["x", 0, 0]], output_layers=[["d", 0, 0]])
    return written


PLAIN = with_layer("Dense", units=3)
OWN = with_layer("Mine", units=3)
SATURATED = with_layer("Dense", units=3, activation="hard_sigmoid")


def test_a_model_becomes_a_keras_file_beside_it() -> None:
    """Without a proof where none is asked for, and that is said."""
    before = write_hdf5(Path("old.h5"), PLAIN).read_bytes()
    code, out, _ = tfmac("migrate", "old.h5", "--no-verify", "--keras", "3.8.0")

    assert code == 0
    assert "old.h5 -> old.keras" in out
    assert "migrated for Keras 3.8.0" in out
    assert "not verified" in out
    assert Path("old.h5").read_bytes() == before
    with ZipFile("old.keras") as archive:
        assert json.loads(archive.read("metadata.json"))["keras_version"] == "3.8.0"
        assert set(archive.namelist()) == {"metadata.json", "config.json", "model.weights.h5"}


def test_the_answer_as_json() -> None:
    """The document is held against its schema; what was changed is in it."""
    write_hdf5(Path("gate.h5"), SATURATED)
    ended = tfmac(
        *("migrate", "gate.h5", "-o", "new.keras", "--no-verify"),
        *("--keras", "3.12.0", "--format", "json"),
    )
    (one,) = document(ended.out, "migration")["models"]

    assert ended.code == 0
    assert (one["source"], one["output"], one["keras"]) == ("gate.h5", "new.keras", "3.12.0")
    assert (one["migrated"], one["verified"], one["arrays"]) == (True, "not-run", 2)
    assert [change["layer"] for change in one["changes"] if "hard_sigmoid" in change["statement"]]


def test_what_cannot_be_translated_is_named_and_nothing_is_written() -> None:
    """With what the user must supply."""
    write_hdf5(Path("own.h5"), OWN)
    code, out, _ = tfmac("migrate", "own.h5", "--keras", "3.8.0")

    assert code == 1
    assert "not migrated: nothing was written" in out
    assert "d (Mine)" in out
    assert "--custom module:Mine" in " ".join(out.split())
    assert os.listdir() == ["own.h5"]


def test_an_output_that_is_there_is_kept() -> None:
    """Only --force replaces it."""
    write_hdf5(Path("old.h5"), PLAIN)
    Path("old.keras").write_text("mine")
    call = ("migrate", "old.h5", "--no-verify", "--keras", "3.8.0")
    refused(tfmac(*call), 2, "old.keras is there already", "--force")
    assert Path("old.keras").read_text() == "mine"
    assert tfmac(*call, "--force").code == 0
    assert Path("old.keras").read_bytes().startswith(b"PK")


def test_a_dry_run_shows_a_difference_and_writes_nothing() -> None:
    """As a difference of the two configurations."""
    write_hdf5(Path("gate.h5"), SATURATED)
    code, out, _ = tfmac("migrate", "gate.h5", "--dry-run", "--keras", "3.12.0")

    assert code == 0
    assert '-     "batch_input_shape": [' in out
    assert '+     "batch_shape": [' in out
    assert "can be migrated for Keras 3.12.0: nothing was written" in out
    assert os.listdir() == ["gate.h5"]


def test_a_proof_that_cannot_be_made_keeps_nothing() -> None:
    """There is no index here: 5, and with --keep-unverified the file."""
    write_hdf5(Path("old.h5"), PLAIN)
    call = ("migrate", "old.h5", "--keras", "3.8.0", "--offline")
    code, out, _ = tfmac(*call)
    assert code == 5
    assert "not verified: " in out
    assert os.listdir() == ["old.h5"]

    code, out, _ = tfmac(*call, "--keep-unverified")
    assert code == 5
    assert sorted(os.listdir()) == ["old.h5", "old.keras"]


def test_a_zoo() -> None:
    """A pattern that the shell has not expanded; a tree that is kept; one that fails."""
    for name in ("a/one.h5", "a/b/two.h5", "bad.h5"):
        Path("models", name).parent.mkdir(parents=True, exist_ok=True)
        write_hdf5(Path("models", name), PLAIN)
    Path("models/bad.h5").write_bytes(b"\x89HDF\r\n\x1a\nnothing")
    call = ("migrate", "models/**/*.h5", "--out", "new", "--no-verify", "--keras", "3.8.0")
    ended = started(*call, "--workers", "2", "--format", "json")
    models = document(ended.out, "migration")["models"]

    assert ended.code == 1
    assert sorted((one["source"], one["migrated"]) for one in models) == [
        ("models/a/b/two.h5", True),
        ("models/a/one.h5", True),
        ("models/bad.h5", False),
    ]
    assert {path for path in everything_in(Path("new")) if path.endswith(".keras")}
    again = document(started(*call, "--format", "json").out, "migration")["models"]
    assert [one["migrated"] for one in again] == [one["migrated"] for one in models]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("gone.h5",), 3, ("gone.h5",)),
        (("old.h5", "--keras", "banana"), 2, ("banana", "3.8.0")),
        (("old.h5", "--keras", "2.15.0"), 2, ("2.15.0",)),
        (("old.h5", "--custom", "Mine"), 2, ("--custom Mine", "module:Class")),
        (("old.h5", "other.h5"), 2, ("2 files", "--out DIR")),
        (("old.h5", "--workers", "2"), 2, ("--out DIR",)),
        (("old.h5", "--out", "new", "--dry-run"), 2, ("--dry-run",)),
        (("old.h5", "-o", "no/folder/new.keras"), 4, ("no/folder",)),
        (("old.h5", "--python", "no-such-python"), 3, ("no-such-python",)),
        (("old.h5", "--out", "new", "--cluster", "tcp://127.0.0.1:9"), 4, ("127.0.0.1:9",)),
        (("*.nothing", "--out", "new"), 3, ("*.nothing",)),
    ],
)
def test_mistakes(arguments: "tuple[str, ...]", code: int, words: "tuple[str, ...]") -> None:
    """Each is named, with its exit code, and nothing is written."""
    write_hdf5(Path("old.h5"), PLAIN)
    refused(tfmac("migrate", *arguments, "--no-verify"), code, *words)
    assert not Path("old.keras").exists()
