"""``tfmac create``: the environment of a plan, wholly or not at all."""

import hashlib
import os
from pathlib import Path

import pytest

from cli.console import RUNNING, document, everything_in, refused, started, tfmac
from cli.creation import (
    installed,
    much_space,
    named,
    on_a_mac,
    plan_of,
    this_machine,
    write_plan,
)
from cli.private_index import Best
from environments.local_wheels import make_wheel
from tfmac.schema.platform import OperatingSystem, Target

PLAN_FILES = ("plan.json", "requirements.txt", "pylock.toml")


@pytest.fixture(autouse=True)
def spacious(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every disk large enough for a real TensorFlow."""
    much_space(monkeypatch)


@pytest.fixture
def chosen(index: Path, best: Best) -> "tuple[str, ...]":
    """Ask for the running Python; only ``pip.conf`` knows the index."""
    assert index.is_dir()
    return ("--python", best.python, "--no-gpu")


@pytest.fixture
def plan_file(tmp_path: Path, index: Path, best: Best) -> Path:
    """A plan of the best set, without hashes."""
    assert index.is_dir()
    return write_plan(tmp_path / "best.json", plan_of(*named(best)))


def test_from_wishes(tmp_path: Path, chosen: "tuple[str, ...]", best: Best) -> None:
    """What was wished is planned and made; how to use and to prove it is said."""
    directory = tmp_path / "made" / "my env"

    code, out, err = tfmac("create", directory, *chosen)

    assert code == 0, err
    assert named(best) <= installed(directory)
    assert os.listdir(directory.parent) == ["my env"]
    lines = out.splitlines()
    assert lines[0] == f"{directory}: made by uv, {len(best.wheels)} packages"
    assert f"source '{directory}/bin/activate'" in out
    assert lines[-1].split(maxsplit=1) == ["prove", f"tfmac doctor --deep --env '{directory}'"]
    for note in ("looking at this machine", "resolving", f"plan for {best.target}", "making"):
        assert note in err


def test_the_default_directory(plan_file: Path) -> None:
    """Without DIR it is ``.venv-tf`` in the working directory, for a plan's file, too."""
    assert tfmac("create", plan_file).code == 0
    assert os.listdir(Path.cwd()) == [".venv-tf"]
    refused(tfmac("create", plan_file), 2, ".venv-tf", "--replace")
    refused(tfmac("create"), 2, ".venv-tf", "--replace")


@pytest.mark.parametrize("name", PLAN_FILES)
def test_every_plan_file_gives_the_same_environment(
    tmp_path: Path, chosen: "tuple[str, ...]", index: Path, best: Best, name: str
) -> None:
    """What ``tfmac plan -o`` wrote is installed as it is, with its hashes."""
    directory = tmp_path / "env"
    assert tfmac("plan", *chosen, "-o", name).code == 0

    code, out, err = tfmac("create", name, directory, "--format", "json")

    assert code == 0, err
    assert "resolving" not in err
    report = document(out, "creation")
    assert (report["directory"], report["manager"]) == (str(directory), "uv")
    assert report["kernel"] is None
    assert report["plan"]["interpreter"].endswith(f"python{RUNNING}")
    hashes = {pin["name"]: pin["hashes"] for pin in report["plan"]["pins"]}
    for wheel in best.wheels:
        (path,) = (index / "files").glob(f"{wheel.name}-*")
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        assert hashes[wheel.name] == [f"sha256:{digest}"]
    assert named(best) <= installed(directory)


@pytest.mark.parametrize("name", PLAN_FILES)
def test_a_wheel_that_was_changed_after_the_plan_is_refused(
    tmp_path: Path,
    chosen: "tuple[str, ...]",
    index: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    """Nothing is made by it, and what was there is kept."""
    old = tmp_path / "old"
    assert tfmac("plan", *chosen, "-o", name).code == 0
    assert tfmac("create", name, old).code == 0
    before = everything_in(old)
    make_wheel(index / "files", "keras", "3.8.0", requires=("numpy",), code="# changed\n")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "another-cache"))

    refused(tfmac("create", name, tmp_path / "new/env"), 4, "could not install", "keras", "ash")
    refused(tfmac("create", name, old, "--replace"), 4, "could not install", "keras", "ash")

    assert not (tmp_path / "new").exists()
    assert everything_in(old) == before
    assert not (tmp_path / ".old.tfmac").exists()


def test_a_plan_of_another_machine(tmp_path: Path) -> None:
    """It is for that machine; nothing is made."""
    mac = this_machine().system is OperatingSystem.MACOS
    target = Target.parse("linux-x86_64" if mac else "macos-15-arm64")
    path = write_plan(tmp_path / "plan.json", plan_of("numpy==1.26.4", target=target))

    ended = tfmac("create", path, tmp_path / "env")

    refused(ended, 2, f"the plan is for {target}, and this machine is {this_machine()}")
    assert not (tmp_path / "env").exists()


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("macos-26-arm64", "the plan is for macos-26-arm64, and this machine is macos-15"),
        ("macos-15.2-arm64", "the plan is for macos-15.2-arm64"),
        ("macos-14-x86_64", "the plan is for macos-14-x86_64"),
        ("macos-15-arm64", "Python 3.12, and none is here; --download-python"),
        ("macos-12-arm64", "Python 3.12, and none is here; --download-python"),
    ],
)
def test_a_plan_of_another_mac(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, words: str
) -> None:
    """That of an older macOS holds; each Python needs its own."""
    on_a_mac(monkeypatch, "3.13.1", "3.11.2")
    plan = plan_of("numpy==1.26.4", target=Target.parse(target), python="3.12")
    path = write_plan(tmp_path / "plan.json", plan)
    refused(tfmac("create", path, tmp_path / "env"), 2, words)
    assert not (tmp_path / "env").exists()


def test_a_python_that_is_not_here_is_fetched_when_that_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked of uv, which cannot reach anything here; venv does not fetch any."""
    on_a_mac(monkeypatch, "3.13.1")
    absent = "3.11" if RUNNING == "3.12" else "3.12"  # the running one is on the PATH
    plan = plan_of("numpy==1.26.4", target=Target.parse("macos-14-arm64"), python=absent)
    path = write_plan(tmp_path / "plan.json", plan)
    fetch = ("create", path, tmp_path / "env", "--download-python")
    refused(tfmac(*fetch), 4, f"uv could not make an environment on {absent}")
    refused(tfmac(*fetch, "--manager", "venv"), 2, f"Python {absent}, and none is here")
    assert not (tmp_path / "env").exists()


@pytest.mark.parametrize(
    "wish",
    [
        ("--python", "3.12"),
        ("--no-gpu",),
        ("--tensorflow", "2.18"),
        ("--keras", "<3"),
        ("--with", "pandas"),
        ("--requirements", "requirements.txt"),
        ("--for-model", "model.keras"),
        ("--stack", "tensorflow"),
        ("--prefer", "proven"),
        ("--profile", "classic"),
    ],
)
def test_wishes_do_not_go_with_a_plan_file(plan_file: Path, wish: "tuple[str, ...]") -> None:
    """Which of the two would win is not guessed."""
    refused(tfmac("create", plan_file, "env", *wish), 2, plan_file, "is a plan already")
    assert os.listdir(Path.cwd()) == []


def test_names_that_are_no_plan_and_folder(tmp_path: Path) -> None:
    """Three names, files that are not there, and a folder in a file's place."""
    refused(tfmac("create", "a", "b", "c"), 2, "a plan's file and a folder", "not 3 names")
    refused(tfmac("create", "gone.json", "env"), 3, "gone.json: No such file")
    for name in ("gone.json", "requirments.txt", "sub/pylock.toml"):
        refused(tfmac("create", name), 3, f"{name}: No such file")
    refused(tfmac("create", tmp_path, "env"), 3, f"{tmp_path}: Is a directory")
    assert os.listdir(Path.cwd()) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("numpy==1.26.4\n", "tfmac plan did not make it"),
        ("", "tfmac plan did not make it"),
        ("{}", "can be read back"),
        ('{"schema_version": 1, "pins"', "can be read back"),
    ],
)
def test_a_file_that_is_no_plan(tmp_path: Path, text: str, words: str) -> None:
    """It is named, and nothing is made."""
    path = tmp_path / "notes"
    path.write_text(text)
    refused(tfmac("create", path, tmp_path / "new/env"), 2, path, words)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("name", ["environment.yml", "pixi.toml", "pyproject.toml"])
def test_a_plan_in_a_form_for_another_tool(chosen: "tuple[str, ...]", name: str) -> None:
    """It says which forms can be read back."""
    assert tfmac("plan", *chosen, "-o", name).code == 0
    refused(tfmac("create", name, "env"), 2, name, "requirements and pylock of tfmac plan")


def test_what_is_there_is_replaced_when_that_is_asked_for(tmp_path: Path, plan_file: Path) -> None:
    """Else it is left as it is; what is no environment always."""
    directory = tmp_path / "env"
    assert tfmac("create", plan_file, directory).code == 0
    (directory / "lib/mine").touch()
    before = everything_in(directory)
    refused(tfmac("create", plan_file, directory), 2, directory, "--replace")
    assert everything_in(directory) == before
    assert tfmac("create", plan_file, directory, "--replace").code == 0
    assert not (directory / "lib/mine").exists()
    assert not (tmp_path / ".env.tfmac").exists()
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis/chapter.txt").touch()
    refused(tfmac("create", plan_file, tmp_path / "thesis", "--replace"), 2, "is left alone")
    assert os.listdir(tmp_path / "thesis") == ["chapter.txt"]


def test_no_plan(tmp_path: Path) -> None:
    """Wishes that collide are a result: exit code 1, and nothing made."""
    directory = tmp_path / "new/env"
    wish = ("--tensorflow", "99", "--no-gpu")
    ended = tfmac("create", directory, *wish, "--format", "json")
    assert ended.code == 1
    assert document(ended.out, "no-plan")["conflicts"][0]["wishes"] == ["--tensorflow 99"]
    assert not (tmp_path / "new").exists()


def test_in_a_process_of_its_own(tmp_path: Path, plan_file: Path) -> None:
    """Refusals as a shell sees them."""
    (tmp_path / "file").touch()
    refused(started("create", plan_file, tmp_path / "file"), 2, "is a file")
    refused(started("create", tmp_path / "gone", tmp_path / "env"), 3, "No such file")
