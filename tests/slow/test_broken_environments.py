"""Environments broken on purpose by real installations: what doctor says without importing them."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from builders.real_environments import add, make_environment, run, site_packages
from tfmac.cli import program
from tfmac.environments.uv import Uv

pytestmark = pytest.mark.slow


def doctor(root: Path, *options: str) -> dict[str, Any]:
    """Judge an environment; the working directory is empty unless an option says otherwise."""
    empty = root.parent / "empty"
    empty.mkdir(exist_ok=True)
    arguments = ["doctor", "--env", str(root), "--cwd", str(empty), "--format", "json"]
    document: dict[str, Any] = json.loads(
        CliRunner().invoke(program, [*arguments, *options]).stdout
    )
    return document


def causes(document: dict[str, Any]) -> set[str]:
    """All causes of a diagnosis."""
    return {one["cause"] for one in document["findings"]}


def test_a_sound_environment_has_no_findings(tensorflow_221: Path) -> None:
    """Nothing is said of a TensorFlow that works."""
    document = doctor(tensorflow_221)

    assert document["findings"] == []
    assert document["tensorflow"]["state"] == "no-gpu"


def test_numpy_2_beside_a_tensorflow_for_numpy_1(
    uv: Uv, interpreters: dict[str, str], tmp_path: Path
) -> None:
    """The break is an error because it was seen; the declared conflict beside it a warning."""
    root = make_environment(uv, interpreters, tmp_path / "env", "3.11", "tensorflow==2.15.1")
    add(uv, root, "numpy==2.4.*", "protobuf==6.*", resolve=False)

    document = doctor(root)
    assert causes(document) == {"numpy-2-with-numpy-1-binaries", "requirement-conflict"}
    severities = {one["cause"]: one["severity"] for one in document["findings"]}
    assert severities == {
        "numpy-2-with-numpy-1-binaries": "error",
        "requirement-conflict": "warning",
    }
    assert document["tensorflow"]["state"] == "cannot-load"
    assert run(root, "import tensorflow").returncode != 0


def test_a_deleted_native_library(uv: Uv, interpreters: dict[str, str], tmp_path: Path) -> None:
    """Neither pip nor uv looks; doctor names the library, and the import really dies."""
    root = make_environment(uv, interpreters, tmp_path / "env", "3.11", "tensorflow==2.21.0")
    (site_packages(root) / "tensorflow" / "python" / "lib_pywrap_tensorflow_common.so").unlink()

    document = doctor(root)
    assert causes(document) == {"tensorflow-install-incomplete"}
    assert document["tensorflow"]["state"] == "cannot-load"
    assert run(root, "import tensorflow").returncode != 0


def test_two_tensorflows_over_the_same_files(
    uv: Uv, interpreters: dict[str, str], tmp_path: Path
) -> None:
    """The mixture is said, and requirements of releases that may not be there are not."""
    root = make_environment(uv, interpreters, tmp_path / "env", "3.11", "tensorflow==2.21.0")
    add(uv, root, "tensorflow-cpu==2.18.1", resolve=False)

    assert causes(doctor(root)) == {"two-tensorflow-packages-mixed"}


def test_a_file_that_hides_keras(tensorflow_221: Path, tmp_path: Path) -> None:
    """``keras.py`` in the working directory hides the package, and only from there."""
    (tmp_path / "keras.py").write_text("", encoding="utf-8")

    document = doctor(tensorflow_221, "--cwd", str(tmp_path))
    assert causes(document) == {"source-folder-shadows-package"}
    assert document["tensorflow"]["state"] == "no-gpu"


def test_facts_judge_the_same_elsewhere(tensorflow_221: Path, tmp_path: Path) -> None:
    """What ``facts`` writes gives the same diagnosis, byte for byte."""
    runner = CliRunner()
    where = ["--env", str(tensorflow_221), "--cwd", str(tmp_path)]
    saved = tmp_path / "facts.json"
    runner.invoke(program, ["facts", *where, "-o", str(saved)])

    live = runner.invoke(program, ["doctor", *where, "--format", "json"])
    from_file = runner.invoke(program, ["doctor", "--facts", str(saved), "--format", "json"])
    assert live.stdout == from_file.stdout
