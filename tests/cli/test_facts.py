"""``tfmac facts``: everything that doctor sees, for a bug report."""

import json
import os
import stat
from pathlib import Path

import pytest

from builders import trees
from cli.console import document, refused, started, tfmac
from tfmac.schema.codec import from_json
from tfmac.schema.facts import Facts

MAC = ("--for", "macos-14-arm64", "--python-version", "3.12")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    site = tmp_path / "tree"
    trees.tensorflow(site)
    trees.metal(site)
    return site


def test_json_is_a_facts_document(tree: Path) -> None:
    """The document holds to the schema that ships, and can be read again."""
    code, out, err = tfmac("facts", "--site-packages", tree, *MAC)

    assert (code, err) == (0, "")
    facts = document(out, "facts")
    names = [one["name"] for one in facts["distributions"]["value"]]
    assert names == ["tensorflow", "tensorflow-metal"]
    assert from_json(out.encode(), Facts, name="facts").target is not None


def test_a_file_holds_what_would_be_printed(tree: Path, tmp_path: Path) -> None:
    """``-o`` writes the same bytes and prints nothing."""
    path = tmp_path / "facts.json"
    printed = tfmac("facts", "--site-packages", tree, *MAC)

    assert tfmac("facts", "--site-packages", tree, *MAC, "-o", path) == (0, "", "")
    assert path.read_text(encoding="utf-8") == printed.out


def test_the_same_environment_gives_the_same_facts(tree: Path) -> None:
    """Nothing in a facts document depends on when it was written."""
    looking = ("facts", "--site-packages", tree, *MAC)
    assert started(*looking, PYTHONHASHSEED="1").out == started(*looking, PYTHONHASHSEED="2").out


def test_text_is_a_summary(tree: Path) -> None:
    """The text form counts what the JSON form lists."""
    code, out, err = tfmac("facts", "--site-packages", tree, *MAC, "--format", "text")

    assert (code, err) == (0, "")
    lines = {line.split()[0]: line.split()[1:] for line in out.splitlines()}
    assert lines["system"] == ["macos", "--for", "macos-14-arm64"]
    assert lines["chip"] == ["unknown", "macos-14-arm64", "does", "not", "say"]
    assert lines["distributions"] == ["2", str(tree)]
    assert lines["plugins"] == ["1", "tensorflow-plugins"]


def test_a_question_is_answered_whatever_is_wrong(tree: Path) -> None:
    """``facts`` judges nothing: exit code 0 for a broken environment."""
    (tree / "broken-1.0.dist-info").mkdir()
    (tree / trees.PLUGIN_FILE).write_bytes(b"\xcf\xfa\xed\xfe")
    facts = document(tfmac("facts", "--site-packages", tree, *MAC).out, "facts")
    assert [one["path"] for one in facts["damaged"]] == [str(tree / "broken-1.0.dist-info")]
    assert facts["plugins"]["value"][0]["binding"]["fact"] == "unknown"


def test_shared_facts_hold_no_name(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Homes of any system, this user's own home and credentials are taken out."""
    root = tmp_path / "accounts/jane/env"
    trees.virtual_environment(root, tmp_path / "python3.12")
    (root / "lib/python3.12/site-packages").rmdir()
    tree.rename(root / "lib/python3.12/site-packages")
    monkeypatch.setenv("HOME", str(tmp_path / "accounts/jane"))
    monkeypatch.setenv("PYTHONPATH", "/Users/jane/lib:/home/jane/lib")
    looking = ("facts", "--env", root, "--cwd", root)
    assert "jane" in tfmac(*looking).out

    for form in ("json", "text"):
        ended = tfmac(*looking, "--share", "--format", form)
        assert ended.code == 0
        assert "jane" not in ended.out
    shared = document(tfmac(*looking, "--share").out, "facts")
    assert shared["environment"]["root"] == "~/env"
    assert shared["variables"]["PYTHONPATH"] == "~/lib:~/lib"


def test_shared_facts_are_still_judged(tree: Path, tmp_path: Path) -> None:
    """What was taken out changes no finding."""
    (tree / trees.PLUGIN_FILE).write_bytes(trees.plugin_library(b"_TF_Gone"))
    looking = ("--site-packages", tree, *MAC)
    path = tmp_path / "facts.json"
    assert tfmac("facts", *looking, "--share", "-o", path).code == 0
    live = json.loads(tfmac("doctor", *looking, "--format", "json").out)
    judged = tfmac("doctor", "--facts", path, "--format", "json")
    assert judged.code == 1
    causes = [one["cause"] for one in json.loads(judged.out)["findings"]]
    assert causes == [one["cause"] for one in live["findings"]]


def test_a_file_that_cannot_be_written(tree: Path, tmp_path: Path) -> None:
    """Exit code 4, with the path and the reason."""
    path = tmp_path / "no/such/folder/facts.json"
    ended = tfmac("facts", "--site-packages", tree, "-o", path)
    refused(ended, 4, path, "cannot be written: No such file or directory")
    refused(tfmac("facts", "--site-packages", tree, "-o", tmp_path), 4, "Is a directory")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder(tree: Path, tmp_path: Path) -> None:
    """A folder without the right to write is named."""
    folder = tmp_path / "locked"
    folder.mkdir()
    folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    ended = tfmac("facts", "--site-packages", tree, "-o", folder / "f.json")
    refused(ended, 4, folder, "Permission denied")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--env", "nowhere"], 3, "nowhere is not a folder"),
        (["--env", "."], 3, "holds no Python environment"),
        (["--python", "no-such-python"], 3, "no-such-python does not exist"),
        (["--python-version", "3.12"], 2, "--python-version goes with"),
        (["--env", ".", "--python", "x"], 2, "only one of"),
        (["--for", "vax"], 2, "'vax' is not a target"),
        (["--facts", "f.json"], 2, "--facts"),
    ],
)
def test_a_wrong_usage(arguments: "list[str]", code: int, words: str) -> None:
    """The documented exit codes, with a message."""
    refused(tfmac("facts", *arguments), code, words)
