"""Environments of conda, mamba and micromamba, with a program that stands for them."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Optional

import pytest

from environments.conda_program import CondaProgram
from environments.local_wheels import make_source, make_wheel
from tfmac.environments.create import create_environment
from tfmac.environments.failures import ChangeFailure, EnvironmentChangeFailed
from tfmac.environments.tools.conda import CondaTool, find_conda
from tfmac.schema.actions import (
    BuildAction,
    BuildPins,
    CreateEnvironment,
    InstallPins,
    SetVariables,
)
from tfmac.schema.plans import Pin, Variable

MINOR = "{}.{}".format(*sys.version_info[:2])


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    pytest.importorskip("pip")
    folder = tmp_path / "wheels"
    make_wheel(folder, "framework", "1.0", requires=["helper"])
    make_source(folder, "addon", "0.1")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def actions(directory: Path, *, python: str = MINOR) -> "list[BuildAction]":
    path = str(directory)
    return [
        CreateEnvironment(path=path, python=python),
        InstallPins(environment=path, pins=(Pin(name="framework", version="1.0"),)),
    ]


def build(directory: Path, tool: CondaTool, *more: BuildAction, **options: Any) -> None:
    create_environment(str(directory), [*actions(directory), *more], tool=tool, **options)


def said_by(directory: Path, code: str) -> str:
    return subprocess.check_output([str(directory / "bin/python"), "-c", code], text=True).strip()


@pytest.mark.usefixtures("wheels")
@pytest.mark.parametrize("name", ["micromamba", "mamba", "conda"])
def test_an_environment_is_made_where_it_stays(tmp_path: Path, name: str) -> None:
    """The program makes Python and pip of conda-forge; pip installs exactly the pins."""
    program = CondaProgram(tmp_path / "programs", name)
    directory = tmp_path / "with spaces" / "environment"

    build(directory, CondaTool(str(program.path), platform="osx-arm64"))

    arguments, variables = program.asked()
    assert arguments == [
        *("install", "--yes", "--prefix", str(directory)),
        *("--override-channels", "--channel", "conda-forge"),
        *(f"python={MINOR}", "pip"),
    ]
    assert variables["CONDA_SUBDIR"] == "osx-arm64"
    assert said_by(directory, "import framework; print(framework.__version__)") == "1.0"
    assert not list(directory.glob("lib/*/site-packages/helper"))
    assert (directory / "conda-meta" / "history").read_text() == "==> made <==\n"
    assert os.listdir(directory.parent) == ["environment"]


@pytest.mark.usefixtures("wheels")
def test_offline_is_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program gets its option for that; pip has none, and takes no index."""
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("CONDA_SUBDIR", raising=False)
    program = CondaProgram(tmp_path / "programs", "conda")
    build(tmp_path / "environment", CondaTool(str(program.path), offline=True))
    arguments, variables = program.asked()
    assert "--offline" in arguments
    assert "CONDA_SUBDIR" not in variables
    index = tmp_path / "index" / "distant"
    wheel = make_wheel(index, "distant", "1.0")
    (index / "index.html").write_text(f'<a href="{wheel.name}">{wheel.name}</a>')
    monkeypatch.setenv("PIP_INDEX_URL", index.parent.as_uri())
    with pytest.raises(EnvironmentChangeFailed, match=r"distant==1\.0"):
        build(
            tmp_path / "other",
            CondaTool(str(program.path), offline=True),
            InstallPins(
                environment=str(tmp_path / "other"), pins=(Pin(name="distant", version="1.0"),)
            ),
        )


@pytest.mark.usefixtures("wheels")
def test_a_users_pip_settings_lead_nowhere_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An environment of conda is none to pip, and shows the packages of the user's own folder."""
    program = CondaProgram(tmp_path / "programs", "conda")
    monkeypatch.setenv("PIP_REQUIRE_VIRTUALENV", "1")
    monkeypatch.setenv("PIP_USER", "1")
    monkeypatch.setenv("PYTHONUSERBASE", str(tmp_path / "user"))
    outside = tmp_path / "outside"
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "-q", "--no-deps"),
            *("--target", str(outside), "framework==1.0"),
        ],
        check=True,
        env={**os.environ, "PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0"},
    )
    monkeypatch.setenv("PYTHONPATH", str(outside))
    directory = tmp_path / "environment"
    build(directory, CondaTool(str(program.path)))
    assert list(directory.glob("lib/*/site-packages/framework/__init__.py"))


@pytest.mark.usefixtures("wheels")
def test_builds_and_variables(tmp_path: Path) -> None:
    """The other actions are carried out as in any environment."""
    program = CondaProgram(tmp_path / "programs", "mamba")
    directory = tmp_path / "environment"
    path = str(directory)
    build(
        directory,
        CondaTool(str(program.path)),
        BuildPins(environment=path, pins=(Pin(name="addon", version="0.1"),)),
        SetVariables(environment=path, variables=(Variable(name="KERAS_BACKEND", value="jax"),)),
    )
    assert Path(said_by(directory, "import addon; print(addon.FILE)")).is_relative_to(directory)
    code = "import os; print(os.environ['KERAS_BACKEND'])"
    assert said_by(directory, code) == "jax"


@pytest.mark.usefixtures("wheels")
@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [("fail", ChangeFailure.TOOL_FAILED), ("fail offline", ChangeFailure.NO_INDEX)],
)
def test_a_failure_brings_back_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, behaviour: str, kind: ChangeFailure
) -> None:
    """Its words are quoted; an older environment is in its place again, the same folder."""
    program = CondaProgram(tmp_path / "programs", "micromamba")
    directory = tmp_path / "environment"
    tool = CondaTool(str(program.path))
    build(directory, tool)
    inode = directory.stat().st_ino
    monkeypatch.setenv("STAND_IN", behaviour)
    for place in (directory, tmp_path / "new"):
        with pytest.raises(
            EnvironmentChangeFailed, match=r"(?s)cannot make .*(Conda|Packages)"
        ) as seen:
            build(place, tool, replace=True)
        assert seen.value.kind is kind
    assert directory.stat().st_ino == inode
    assert said_by(directory, "import framework; print(framework.__version__)") == "1.0"
    assert sorted(os.listdir(tmp_path)) == ["environment", "programs", "wheels"]


def test_a_path_of_an_interpreter_is_refused(tmp_path: Path) -> None:
    """The program takes a version: what it makes stands on no other Python."""
    directory = tmp_path / "environment"
    tool = CondaTool(str(tmp_path / "never-run"))
    with pytest.raises(EnvironmentChangeFailed, match="its own Python"):
        create_environment(str(directory), actions(directory, python=sys.executable), tool=tool)
    with pytest.raises(EnvironmentChangeFailed, match="never-run"):
        create_environment(str(directory), actions(directory), tool=tool)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("present", "variables", "expected"),
    [
        (("conda", "mamba", "micromamba"), {}, "path/micromamba"),
        (("conda", "mamba"), {}, "path/mamba"),
        (("conda",), {}, "path/conda"),
        ((), {}, None),
        (("mamba",), {"MAMBA_EXE": "own"}, "own"),
        (("mamba",), {"CONDA_EXE": "own", "MAMBA_EXE": "path/mamba"}, "own"),
        (("mamba",), {"CONDA_EXE": "gone"}, "path/mamba"),
        (("mamba",), {"CONDA_EXE": ""}, "path/mamba"),
    ],
)
def test_which_program_is_taken(
    tmp_path: Path, present: "tuple[str, ...]", variables: "dict[str, str]", expected: Optional[str]
) -> None:
    """What the user's shell was set up for, else the quickest one on PATH."""
    CondaProgram(tmp_path, "own")
    for name in present:
        CondaProgram(tmp_path / "path", name)
    found = find_conda(
        {
            "PATH": str(tmp_path / "path"),
            **{name: str(tmp_path / value) if value else "" for name, value in variables.items()},
        }
    )
    assert found == (None if expected is None else str(tmp_path / expected))
