"""``tfmac parity`` and ``tfmac bench`` where there is nothing to compare or to time."""

from pathlib import Path

import pytest

from builders import trees
from cli.console import document, refused, tfmac

_CRASHES = "import os, signal; os.kill(os.getpid(), signal.SIGILL)"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A file that nobody gets to read."""
    path = tmp_path / "model.keras"
    path.write_bytes(b"")
    return path


@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        ("parity", 3, "TensorFlow, PyTorch or JAX has to be in this environment"),
        ("bench", 4, "tensorflow is not installed in this environment"),
    ],
)
def test_no_framework(tmp_path: Path, model: Path, command: str, code: int, words: str) -> None:
    """It is said what is missing, not what Python could not import first."""
    root = trees.running_environment(tmp_path / "env")
    ended = tfmac(command, model, "--env", root)
    assert ended.code == code, ended
    assert words in " ".join(ended.out.split()), ended.out


def test_no_framework_for_operations(tmp_path: Path) -> None:
    """The same is said before any operation."""
    root = trees.running_environment(tmp_path / "env")
    ended = tfmac("parity", "--ops", "--env", root, "--format", "json")
    assert ended.code == 3, ended
    assert document(ended.out, "operation-parity")["failure"]["kind"] == "no-framework"


def test_a_framework_that_cannot_be_imported(tmp_path: Path, model: Path) -> None:
    """Its own words are quoted."""
    root = trees.running_environment(tmp_path / "env", tensorflow="raise ImportError('no _ABI')")
    ended = tfmac("parity", model, "--env", root)
    assert ended.code == 4, ended
    assert "importing tensorflow fails: ImportError: no _ABI" in " ".join(ended.out.split())


@pytest.mark.parametrize("command", ["parity", "bench"])
def test_a_framework_that_crashes(tmp_path: Path, model: Path, command: str) -> None:
    """The signal is named, and nothing is guessed."""
    root = trees.running_environment(tmp_path / "env", tensorflow=_CRASHES)
    ended = tfmac(command, model, "--env", root, "--backend", "tensorflow")
    assert ended.code == 4, ended
    assert "SIGILL" in ended.out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["parity"], 2, ["a model or a script is needed"]),
        (["parity", "--only", "Dense", "model.keras"], 2, ["go with --ops"]),
        (["parity", "--ops", "model.keras"], 2, ["takes no model"]),
        (["parity", "gone.keras"], 3, ["gone.keras"]),
        (["parity", "--ops", "--ops-from", "gone.py"], 3, ["gone.py"]),
        (["parity", "model.keras", "--env", "nowhere"], 3, ["nowhere"]),
        (["bench", "--batch", "8,x"], 2, ["8,x"]),
        (["bench", "--repeats", "2"], 2, ["--repeats"]),
        (["bench", "gone.keras"], 3, ["gone.keras"]),
        (["bench", "--png", "nowhere/a.png"], 2, ["nowhere"]),
    ],
)
def test_mistakes(
    model: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: "list[str]",
    code: int,
    words: "list[str]",
) -> None:
    """Each is named, with its exit code."""
    monkeypatch.chdir(model.parent)
    refused(tfmac(*arguments), code, *words)


def test_a_file_of_the_users_is_not_overwritten(
    tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither where the script goes, nor where its numbers go; one that parity wrote is."""
    monkeypatch.chdir(tmp_path)
    root = trees.running_environment(tmp_path / "env")
    mine = tmp_path / "mine.py"
    mine.write_text("print('mine')\n")
    (tmp_path / "inputs.npz").write_bytes(b"mine")
    (tmp_path / "parity_minimal.py").write_text("print('mine too')\n")
    for arguments, words in (
        (["--minimal", "mine.py"], "mine.py exists"),
        (["--minimal", "inputs.py"], "inputs.npz exists"),
        (["--minimal", "mine.txt"], "mine.txt does not end in .py"),
        ([], "parity_minimal.py exists"),
    ):
        ended = tfmac("parity", model, "--env", root, *arguments)
        assert ended.code == 2, ended
        assert words in " ".join(ended.err.split()), ended.err
    (tmp_path / "parity_minimal.py").write_text('"""Shows: dense.\n\nWritten by tfmac parity."""\n')
    (tmp_path / "parity_minimal.npz").write_bytes(b"")
    assert tfmac("parity", model, "--env", root).code == 3  # no framework: it went on
    assert mine.read_text() == "print('mine')\n"
