"""The guides' commands, run as they stand there, on stub wheels."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from builders.stub_tensorflow import WHEELS
from cli.broken_environment import SERVED, make_broken
from cli.console import RUNNING, Ended, tfmac
from cli.private_index import Wheel, make_index, pip_settings

GUIDES = Path(__file__).parents[2] / "docs" / "guides"
_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_OF_A_MAC = "# on a Mac"

pytestmark = pytest.mark.skipif(
    not SERVED or sys.platform != "linux", reason="the stubs are for Linux and these Pythons"
)


@pytest.fixture(autouse=True)
def spacious(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every disk large enough for a real TensorFlow."""
    large = shutil._ntuple_diskusage(1 << 40, 0, 1 << 40)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: large)


def commands(guide: str) -> "list[list[str]]":
    """Give the commands of a guide's blocks in their order; those for a Mac are left out."""
    text = (GUIDES / guide).read_text()
    blocks = [block for block in _BLOCK.findall(text) if not block.startswith(_OF_A_MAC)]
    lines = [line for block in blocks for line in block.splitlines()]
    words = [shlex.split(line, comments=True) for line in lines]
    return [[word.replace("3.11", RUNNING) for word in one] for one in words if one]


def run(guide: str) -> "list[tuple[str, Ended]]":
    """Run a guide's commands of this program; git's are for the reader."""
    return [(shlex.join(one), tfmac(*one[1:])) for one in commands(guide) if one[0] == "tfmac"]


def test_repair_an_environment(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Doctor finds something, everything after it is done, and undo brings the old one back."""
    monkeypatch.setenv("PIP_CONFIG_FILE", str(make_broken(machine, Path(".venv"))))
    inode = Path(".venv").stat().st_ino

    ended = run("repair-an-environment.md")

    assert [end.code for _, end in ended] == [1, 0, 0, 0], ended
    assert [line.split()[1] for line, _ in ended] == ["doctor", "fix", "fix", "undo"]
    assert Path(".venv").stat().st_ino == inode


def test_set_up_a_team(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One list becomes a plan for each machine; the environment of this one is made and used."""
    make_index(machine / "index", (*WHEELS, Wheel("tensorflow-metal", "1.2.0")))
    monkeypatch.setenv("PIP_CONFIG_FILE", str(pip_settings(machine, machine / "index")))
    Path("requirements.in").write_text(
        "tensorflow==2.15.1\nabsent-elsewhere; sys_platform == 'win32'\n"
    )

    ended = run("set-up-a-team.md")

    assert {end.code for _, end in ended} == {0}, ended
    assert "tensorflow-metal==1.2.0" in Path("requirements-macos.txt").read_text()
    linux = Path("requirements-linux.txt").read_text()
    assert "tensorflow==2.15.1" in linux
    assert "--hash=sha256:" in linux
    assert "metal" not in linux
    program = "import tensorflow; print(tensorflow.__version__)"
    command = [".venv/bin/python", "-c", program]
    seen = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert seen.strip() == "2.15.1"


@pytest.mark.parametrize("guide", sorted(path.name for path in GUIDES.glob("*.md")))
def test_every_command_of_a_guide_is_one_of_the_program(guide: str) -> None:
    """What a reader copies is understood: each command knows all its options."""
    for words in commands(guide):
        if words[0] == "tfmac":
            ended = tfmac(words[1], "--help")
            assert ended.code == 0
            options = [word for word in words[2:] if word.startswith("-")]
            assert all(option in ended.out for option in options), words
