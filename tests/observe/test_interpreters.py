"""Interpreters found in a made-up home and PATH, with links to the one that runs the tests.

The places that do not depend on variables (Homebrew's, python.org's) are the machine's own; what
was found there is left out.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from builders import trees
from tfmac.observe.interpreters import FoundInterpreter, find_interpreters
from tfmac.schema.platform import Architecture

REAL = Path(os.path.realpath(sys.executable))
MINOR = f"3.{sys.version_info[1]}"
VERSION = ".".join(map(str, sys.version_info[:3]))


def find(root: Path, **variables: str) -> "list[FoundInterpreter]":
    """Give what was found below a folder."""
    asked: Mapping[str, str] = {"HOME": str(root / "home"), "PATH": "", **variables}
    found = find_interpreters(asked)
    return [one for one in found if one.choice.path.startswith(str(root))]


def paths(found: "list[FoundInterpreter]", root: Path) -> "list[tuple[str, str]]":
    return [(one.choice.origin, str(Path(one.choice.path).relative_to(root))) for one in found]


def test_an_interpreter_on_path_is_found_once(tmp_path: Path) -> None:
    """Several names and folders that lead to one file are one interpreter."""
    for name in (f"a/python{MINOR}", "a/python3", "b/python3"):
        trees.link(tmp_path / name, REAL)

    found = find(tmp_path, PATH=f"{tmp_path / 'a'}:{tmp_path / 'b'}")

    assert paths(found, tmp_path) == [("PATH", f"a/python{MINOR}")]
    assert found[0].choice.version == VERSION
    assert found[0].choice.minor == MINOR
    assert found[0].architecture is Architecture.of(os.uname().machine)


@pytest.mark.parametrize(
    ("place", "origin"),
    [
        ("home/.pyenv/versions/3.x/bin/python", "pyenv"),
        ("home/.local/share/uv/python/cpython-3.x/bin/python", "uv"),
        ("home/miniforge3/bin/python", "conda"),
        ("home/miniconda3/envs/tf/bin/python", "conda"),
        ("home/anaconda3/bin/python", "conda"),
    ],
)
def test_the_places_of_installers_are_looked_in(tmp_path: Path, place: str, origin: str) -> None:
    """An interpreter that no PATH names is found where its installer puts it."""
    trees.link(tmp_path / f"{place}{MINOR}", REAL)

    assert paths(find(tmp_path), tmp_path) == [(origin, f"{place}{MINOR}")]


def test_variables_move_the_places(tmp_path: Path) -> None:
    """Pyenv and uv may be told to lie elsewhere."""
    trees.link(tmp_path / f"elsewhere/versions/3/bin/python{MINOR}", REAL)

    found = find(tmp_path, PYENV_ROOT=str(tmp_path / "elsewhere"))

    assert [one.choice.origin for one in found] == ["pyenv"]


def test_a_home_with_brackets_is_taken_literally(tmp_path: Path) -> None:
    """The name of a folder is never a pattern."""
    root = tmp_path / "[home]"
    trees.link(root / f"home/.pyenv/versions/3/bin/python{MINOR}", REAL)

    assert len(find(root)) == 1


def test_environments_that_conda_lists_are_found(tmp_path: Path) -> None:
    """Conda writes every environment that it makes into one list."""
    trees.write(tmp_path / "home/.conda/environments.txt", f"{tmp_path / 'project'}\n/nowhere\n")
    trees.link(tmp_path / "project/bin/python", REAL)

    assert paths(find(tmp_path), tmp_path) == [("conda", "project/bin/python")]


def test_a_virtual_environment_is_left_out(tmp_path: Path) -> None:
    """An environment cannot be built on another one."""
    trees.virtual_environment(tmp_path / "env", REAL, python=VERSION)

    assert find(tmp_path, PATH=str(tmp_path / "env/bin")) == []


def test_an_activated_environment_does_not_hide_its_base(tmp_path: Path) -> None:
    """The links of an environment, first on PATH, lead to the base that comes later there."""
    trees.virtual_environment(tmp_path / "env", REAL, python=VERSION)
    trees.link(tmp_path / "base/python3", REAL)

    found = find(tmp_path, PATH=f"{tmp_path / 'env/bin'}:{tmp_path / 'base'}")

    assert paths(found, tmp_path) == [("PATH", "base/python3")]


@pytest.mark.parametrize(
    "script", ["#!/bin/sh\nexit 1\n", "#!/bin/sh\necho hello\n", "#!/no/such/program\n", "text"]
)
def test_what_gives_no_answer_is_left_out(tmp_path: Path, script: str) -> None:
    """A script of an interpreter's name that does not answer like one is none."""
    trees.write(tmp_path / "bin/python3", script).chmod(0o755)

    assert find(tmp_path, PATH=str(tmp_path / "bin")) == []


def test_a_file_that_may_not_be_run_is_left_out(tmp_path: Path) -> None:
    """A file without the right to be executed is no interpreter."""
    trees.write(tmp_path / "bin/python3", "#!/bin/sh\n").chmod(0o644)

    assert find(tmp_path, PATH=str(tmp_path / "bin")) == []


@pytest.mark.parametrize("name", ["python3.12-config", "python3.13t", "python3.12.bak", "python3."])
def test_other_names_are_not_started(tmp_path: Path, name: str) -> None:
    """Beside interpreters lie programs that are called like them; they are never run."""
    trace = tmp_path / "started"
    script = trees.write(tmp_path / f"home/miniforge3/bin/{name}", f"#!/bin/sh\ntouch {trace}\n")
    script.chmod(0o755)

    assert find(tmp_path) == []
    assert not trace.exists()


def test_a_shim_is_not_started(tmp_path: Path) -> None:
    """Pyenv's shims choose a Python by the working directory; the Pythons themselves are found."""
    trace = tmp_path / "started"
    shims = tmp_path / "home/.pyenv/shims"
    trees.write(shims / "python3", f"#!/bin/sh\ntouch {trace}\n").chmod(0o755)

    assert find(tmp_path, PATH=str(shims)) == []
    assert not trace.exists()
