"""What has no wheel is built against what the environment has, where it will be."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Callable

import pytest

from environments.conda_program import CondaProgram
from environments.local_wheels import make_source, make_wheel, uv_on
from tfmac.environments.create import create_environment
from tfmac.environments.failures import ChangeFailure, EnvironmentChangeFailed
from tfmac.environments.tools.conda import CondaTool
from tfmac.environments.tools.protocol import EnvironmentTool
from tfmac.environments.tools.uv import UvTool
from tfmac.environments.tools.venv import VenvTool
from tfmac.schema.actions import BuildAction, BuildPins, CreateEnvironment, InstallPins
from tfmac.schema.plans import Pin

MakeTool = Callable[[Path], EnvironmentTool]
MINOR = "{}.{}".format(*sys.version_info[:2])
BROKEN = """
for number in range(200):
    print("compiling", number, flush=True)
raise SystemExit("fatal error: 'tensorflow/c/experimental/stream_executor.h' file not found")
"""


def uv_tool(wheels: Path) -> EnvironmentTool:
    return UvTool(uv_on(wheels))


def pip_tool(wheels: Path) -> EnvironmentTool:
    pytest.importorskip("pip")
    return CondaTool(str(CondaProgram(wheels, "conda").path), offline=True)


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "wheels"
    for version in ("1.0", "2.0"):
        make_wheel(folder, "framework", version)
    make_source(folder, "addon", "0.1")
    make_source(folder, "broken", "0.1", before=BROKEN)
    (tmp_path / "cache").mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    return folder


tools = pytest.mark.parametrize("make_tool", [uv_tool, pip_tool])


def build(
    directory: Path,
    tool: EnvironmentTool,
    built: Pin,
    *,
    framework: str = "1.0",
    keep: bool = False,
) -> None:
    path = str(directory)
    actions: list[BuildAction] = [
        CreateEnvironment(
            path=path, python=MINOR if isinstance(tool, CondaTool) else sys.executable
        ),
        InstallPins(environment=path, pins=(Pin(name="framework", version=framework),)),
        BuildPins(environment=path, pins=(built,)),
    ]
    create_environment(path, actions, tool=tool, replace=True, keep=keep)


def recorded(directory: Path) -> "list[str]":
    question = "import addon; print(addon.VERSION); print(addon.FILE)"
    command = [str(directory / "bin/python"), "-c", question]
    return subprocess.check_output(command, text=True).splitlines()


@tools
def test_it_is_built_against_what_is_installed_in_the_place_where_it_stays(
    tmp_path: Path, wheels: Path, make_tool: MakeTool
) -> None:
    """What was built for another environment, or from other versions, is not used again."""
    tool = make_tool(wheels)
    pin = Pin(name="addon", version="0.1")
    for name, framework in (("one", "1.0"), ("two", "1.0"), ("two", "2.0")):
        directory = tmp_path / name
        build(directory, tool, pin, framework=framework)
        version, file = recorded(directory)
        assert version == framework
        assert Path(file).is_file()
        assert Path(file).is_relative_to(directory)
    assert sorted(os.listdir(tmp_path)) == ["cache", "one", "two", "wheels"]


@tools
def test_a_failed_build_leaves_what_was_there_and_quotes_the_compiler(
    tmp_path: Path, wheels: Path, make_tool: MakeTool
) -> None:
    """The end of its messages says what is missing; nothing is left behind."""
    tool = make_tool(wheels)
    directory = tmp_path / "environment"
    build(directory, tool, Pin(name="addon", version="0.1"))
    before = recorded(directory)
    for place in (directory, tmp_path / "new"):
        with pytest.raises(EnvironmentChangeFailed, match=r"build broken==0\.1") as caught:
            build(place, tool, Pin(name="broken", version="0.1"), framework="2.0")
        assert caught.value.kind is ChangeFailure.TOOL_FAILED
        # uv wraps what a compiler says.
        assert "stream_executor.h' file not found" in " ".join(str(caught.value).split())
        assert "compiling 10\n" not in str(caught.value)
    assert recorded(directory) == before
    assert sorted(os.listdir(tmp_path)) == ["cache", "environment", "wheels"]


@tools
def test_a_source_that_is_not_the_pinned_one_is_not_built(
    tmp_path: Path, wheels: Path, make_tool: MakeTool
) -> None:
    """Its code would run: hashes are held before that."""
    tool = make_tool(wheels)
    digest = hashlib.sha256((wheels / "addon-0.1.tar.gz").read_bytes()).hexdigest()
    build(tmp_path / "one", tool, Pin(name="addon", version="0.1", hashes=(f"sha256:{digest}",)))
    assert recorded(tmp_path / "one")[0] == "1.0"
    wrong = Pin(name="addon", version="0.1", hashes=("sha256:" + "0" * 64,))
    with pytest.raises(EnvironmentChangeFailed, match=r"(?i)hash"):
        build(tmp_path / "two", tool, wrong)
    assert not (tmp_path / "two").exists()


@pytest.mark.usefixtures("wheels")
def test_venv_builds_as_well(tmp_path: Path) -> None:
    """Its pip does what any other does."""
    directory = tmp_path / "environment"
    build(directory, VenvTool(offline=True), Pin(name="addon", version="0.1"))
    assert Path(recorded(directory)[1]).is_relative_to(directory)
