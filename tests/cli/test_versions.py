"""``tfmac versions``: what is pasted into a bug report."""

from pathlib import Path
from typing import Any

import pytest

from builders import trees
from cli.console import document, refused, tfmac

MAC = ("--for", "macos-14-arm64")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """TensorFlow with a plug-in that does not load and a NumPy that it does not want."""
    site = tmp_path / "tree"
    trees.tensorflow(site, "2.18.1")
    trees.metal(site, "1.1.0", b"_TF_Gone")
    trees.distribution(site, "numpy", "1.26.4")
    return site


def lines_of(text: str) -> "dict[str, str]":
    return {line.split()[0]: " ".join(line.split()[1:]) for line in text.splitlines()}


def test_conflicts_are_marked(tree: Path) -> None:
    """Each version stands in a line, with what is known against it in words."""
    code, out, err = tfmac("versions", "--site-packages", tree, *MAC, "--python-version", "3.11")

    assert (code, err) == (0, "")
    lines = lines_of(out)
    assert lines["tensorflow"] == "2.18.1"
    assert lines["tensorflow-metal"] == "1.1.0 error: metal-plugin-older-than-tensorflow"
    assert lines["numpy"] == "1.26.4"
    assert lines["keras"] == "not installed"
    assert lines["Python"] == "3.11"
    assert lines["machine"] == "macos-14-arm64"
    assert lines["environment"] == f"{tree} (tree)"


def test_json_is_a_versions_document(tree: Path) -> None:
    """The JSON form holds to the schema that ships and says the same."""
    code, out, err = tfmac("versions", "--site-packages", tree, *MAC, "--format", "json")

    assert (code, err) == (0, "")
    versions: dict[str, dict[str, Any]] = {
        one["name"]: one for one in document(out, "versions")["versions"]
    }
    assert versions["tensorflow-metal"]["conflicts"] == [
        "error: metal-plugin-older-than-tensorflow"
    ]
    assert versions["keras"]["version"] is None


def test_an_unknown_python_is_not_an_absent_one(tmp_path: Path) -> None:
    """A tree does not say which Python it is for: that is unknown, not missing."""
    ended = tfmac("versions", "--site-packages", tmp_path)
    assert ended.code == 0
    assert lines_of(ended.out)["Python"] == "unknown"
    assert lines_of(ended.out)["tensorflow"] == "not installed"


def test_shared_versions_hold_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``--share`` takes the home folder out."""
    root = tmp_path / "accounts/jane/env"
    trees.virtual_environment(root, tmp_path / "python3.12")
    monkeypatch.setenv("HOME", str(tmp_path / "accounts/jane"))
    for form in ("text", "json"):
        ended = tfmac("versions", "--env", root, "--share", "--format", form)
        assert ended.code == 0
        assert "jane" not in ended.out
        assert "~/env (venv)" in ended.out


def test_modules_of_the_working_directory_do_not_matter(tree: Path) -> None:
    """Versions are those of the environment, wherever the command is given."""
    Path("numpy.py").write_text("")
    before = tfmac("versions", "--site-packages", tree, *MAC)
    Path("numpy.py").unlink()
    assert tfmac("versions", "--site-packages", tree, *MAC) == before


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--env", "nowhere"], 3, "nowhere is not a folder"),
        (["--site-packages", "nowhere"], 3, "nowhere is not a folder"),
        (["--env", ".", "--site-packages", "."], 2, "only one of"),
        (["--for", "macos"], 2, "'macos' is not a target"),
    ],
)
def test_a_wrong_usage(arguments: "list[str]", code: int, words: str) -> None:
    """The documented exit codes, with a message."""
    refused(tfmac("versions", *arguments), code, words)
