"""An environment is made wholly or not at all."""

import contextlib
import io
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Optional

import pytest

from environments.local_wheels import make_wheel, uv_on
from tfmac.environments.create import create_environment
from tfmac.environments.failures import ChangeFailure, EnvironmentChangeFailed
from tfmac.environments.tools.protocol import EnvironmentTool
from tfmac.environments.tools.uv import UvTool
from tfmac.environments.tools.venv import VenvTool
from tfmac.environments.uv import Uv
from tfmac.schema.actions import BuildAction, CreateEnvironment, InstallPins
from tfmac.schema.plans import Pin

# A program that builds an environment and stops, as long as a pipe is open, in the middle.
_SLOW_BUILDER = """
import sys, time, venv
from tfmac.environments.create import create_environment
from tfmac.environments.failures import EnvironmentChangeFailed
from tfmac.environments.tools.venv import VenvTool
from tfmac.schema.actions import CreateEnvironment
class Slow(VenvTool):
    movable = sys.argv[2] == "movable"
    def create(self, action, held):
        venv.create(action.path)
        print("made", flush=True)
        time.sleep(60)
try:
    create_environment(sys.argv[1], [CreateEnvironment(path=sys.argv[1], python=sys.executable)],
                       tool=Slow(), replace=True)
except EnvironmentChangeFailed as error:
    print(error.kind.value, flush=True)
"""


@pytest.fixture(scope="session")
def uv(tmp_path_factory: pytest.TempPathFactory) -> Uv:
    wheels = tmp_path_factory.mktemp("wheels")
    make_wheel(wheels, "framework", "1.0", requires=["helper"])
    make_wheel(wheels, "framework", "2.0", requires=["helper"])
    make_wheel(wheels, "helper", "1.0")
    code = "import sys\n\ndef main() -> None:\n    print(sys.prefix)\n"
    make_wheel(wheels, "located", "1.0", script="where", code=code)
    return uv_on(wheels)


def actions(directory: Path, *pins: str, python: str = sys.executable) -> list[BuildAction]:
    parts = [pin.split("==") for pin in pins]
    wanted = tuple(Pin(name=name, version=version) for name, version in parts)
    return [
        CreateEnvironment(path=str(directory), python=python),
        InstallPins(environment=str(directory), pins=wanted),
    ]


def build(
    directory: Path,
    uv: Optional[Uv],
    *pins: str,
    progress: Optional[io.StringIO] = None,
    **options: Any,
) -> None:
    wanted = pins or ("framework==1.0",)
    create_environment(
        str(directory), actions(directory, *wanted), tool=tool_of(uv, progress), **options
    )


def tool_of(uv: Optional[Uv], progress: Optional[io.StringIO] = None) -> EnvironmentTool:
    return VenvTool(progress) if uv is None else UvTool(uv, progress)


def version_in(directory: Path) -> str:
    question = "import framework; print(framework.__version__)"
    command = [str(directory / "bin/python"), "-c", question]
    return subprocess.check_output(command, text=True).strip()


def left_behind(directory: Path) -> list[str]:
    """Name what is in the folder around an environment, besides it."""
    return sorted(name for name in os.listdir(directory.parent) if name != directory.name)


@contextlib.contextmanager
def failing(kind: ChangeFailure, *words: str) -> Iterator[None]:
    with pytest.raises(EnvironmentChangeFailed) as caught:
        yield
    assert caught.value.kind is kind, caught.value
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize("name", ["plain", "with spaces", "Größe_測試"])
def test_an_environment_with_exactly_the_pins(tmp_path: Path, uv: Uv, name: str) -> None:
    """What is pinned is installed and nothing else, at any path."""
    directory = tmp_path / name / "environment"
    progress = io.StringIO()
    build(directory, uv, "framework==1.0", progress=progress)
    assert version_in(directory) == "1.0"
    assert not list(directory.glob("lib/*/site-packages/helper"))
    assert left_behind(directory) == []
    assert "framework" in progress.getvalue()


def test_an_empty_directory_is_welcome(tmp_path: Path, uv: Uv) -> None:
    """A directory that somebody has made before may be filled."""
    directory = tmp_path / "made"
    directory.mkdir()
    build(directory, uv)
    assert version_in(directory) == "1.0"


def test_a_failure_in_the_middle_leaves_nothing(tmp_path: Path, uv: Uv) -> None:
    """A pin that does not exist: the directory and the folders above it are gone again."""
    directory = tmp_path / "new" / "er" / "environment"
    with failing(ChangeFailure.TOOL_FAILED, "framework==9.0"):
        build(directory, uv, "framework==9.0")
    assert os.listdir(tmp_path) == []
    empty = tmp_path / "empty"
    empty.mkdir()
    with failing(ChangeFailure.TOOL_FAILED):
        build(empty, uv, "framework==9.0")
    assert list(empty.iterdir()) == []


def test_a_python_that_is_not_there(tmp_path: Path, uv: Uv) -> None:
    """The words of uv say which Python is missing, and nothing is downloaded."""
    directory = tmp_path / "environment"
    wanted = actions(directory, "framework==1.0", python=str(tmp_path / "no-python"))
    with failing(ChangeFailure.TOOL_FAILED, "no-python"):
        create_environment(str(directory), wanted, tool=UvTool(uv))
    assert os.listdir(tmp_path) == []


def test_a_finished_environment_is_kept_unless_replaced(tmp_path: Path, uv: Uv) -> None:
    """A second run is refused; with replace the new environment takes the old one's place."""
    directory = tmp_path / "environment"
    build(directory, uv, "framework==1.0")
    with failing(ChangeFailure.EXISTS, "--replace"):
        build(directory, uv, "framework==2.0")
    assert version_in(directory) == "1.0"
    build(directory, uv, "framework==2.0", replace=True)
    assert version_in(directory) == "2.0"
    assert left_behind(directory) == []


def test_a_failed_replacement_brings_the_old_one_back(tmp_path: Path, uv: Uv) -> None:
    """Who replaces and fails still has what was there."""
    directory = tmp_path / "environment"
    build(directory, uv, "framework==1.0")
    with failing(ChangeFailure.TOOL_FAILED):
        build(directory, uv, "framework==9.0", replace=True)
    assert version_in(directory) == "1.0"
    assert left_behind(directory) == []


def test_what_is_not_an_environment_is_left_alone(tmp_path: Path, uv: Uv) -> None:
    """A folder with the user's files is never deleted, not even with replace."""
    folder = tmp_path / "thesis"
    folder.mkdir()
    (folder / "chapter.txt").write_text("years of work")
    for replace in (False, True):
        with failing(ChangeFailure.NOT_AN_ENVIRONMENT, "thesis"):
            build(folder, uv, replace=replace)
    assert (folder / "chapter.txt").read_text() == "years of work"
    with failing(ChangeFailure.NOT_AN_ENVIRONMENT):
        build(folder / "chapter.txt", uv)


def test_an_environment_with_the_users_files_in_it_is_left_alone(tmp_path: Path, uv: Uv) -> None:
    """A project whose root is the environment would be lost: it is not replaced."""
    directory = tmp_path / "project"
    build(directory, uv, "framework==1.0")
    (directory / "train.py").write_text("import framework")
    with failing(ChangeFailure.NOT_AN_ENVIRONMENT, "train.py"):
        build(directory, uv, "framework==2.0", replace=True)
    assert version_in(directory) == "1.0"


def test_the_environment_that_tfmac_runs_from_is_left_alone(
    tmp_path: Path, uv: Uv, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody saws off the branch that he sits on."""
    directory = tmp_path / "own"
    build(directory, uv, "framework==1.0")
    monkeypatch.setattr(sys, "prefix", str(directory))
    with failing(ChangeFailure.NOT_AN_ENVIRONMENT, "runs from"):
        build(directory, uv, replace=True)


def test_a_read_only_parent(tmp_path: Path, uv: Uv, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing can be written nothing is tried."""

    def refuse(path: str, _mode: int) -> bool:
        return path != str(tmp_path)

    monkeypatch.setattr(os, "access", refuse)
    with failing(ChangeFailure.NOT_WRITABLE, str(tmp_path)):
        build(tmp_path / "deep" / "environment", uv)
    assert os.listdir(tmp_path) == []


def test_a_directory_that_cannot_be_made(
    tmp_path: Path, uv: Uv, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system's refusal is passed on, and the old environment is brought back."""
    directory = tmp_path / "environment"
    build(directory, uv, "framework==1.0")

    def refuse(path: str) -> None:
        raise OSError(28, "No space left on device", path)

    monkeypatch.setattr(os, "mkdir", refuse)
    with failing(ChangeFailure.NO_SPACE, "No space left"):
        build(directory, uv, replace=True)
    assert version_in(directory) == "1.0"


def test_too_little_space(tmp_path: Path, uv: Uv) -> None:
    """Space is looked at before anything is written."""
    with failing(ChangeFailure.NO_SPACE, "MB are needed"):
        build(tmp_path / "environment", uv, needed_bytes=10**18)
    assert os.listdir(tmp_path) == []
    build(tmp_path / "environment", uv, needed_bytes=1000)


def test_actions_for_another_directory_are_refused(tmp_path: Path, uv: Uv) -> None:
    """The transaction covers one directory, so the actions may touch no other."""
    with pytest.raises(ValueError, match="other"):
        create_environment(str(tmp_path / "one"), actions(tmp_path / "other"), tool=UvTool(uv))


def test_an_interruption_brings_the_old_one_back(
    tmp_path: Path, uv: Uv, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C in the middle of the installation."""
    directory = tmp_path / "environment"
    build(directory, uv, "framework==1.0")

    def interrupt(*_arguments: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(10)

    monkeypatch.setattr(UvTool, "install", interrupt)
    with failing(ChangeFailure.INTERRUPTED):
        build(directory, uv, "framework==2.0", replace=True)
    assert version_in(directory) == "1.0"
    assert left_behind(directory) == []


def start_slow_builder(directory: Path, *, movable: bool = True) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", _SLOW_BUILDER, str(directory), "movable" if movable else "bound"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "made\n"
    return process


@pytest.mark.parametrize("movable", [True, False])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signals_from_outside(tmp_path: Path, number: signal.Signals, *, movable: bool) -> None:
    """Whoever ends the program politely finds nothing half-made."""
    directory = tmp_path / "new" / "environment"
    with start_slow_builder(directory, movable=movable) as process:
        process.send_signal(number)
        assert process.stdout is not None
        assert process.stdout.read() == "interrupted\n"
    assert os.listdir(tmp_path) == []


def test_a_killed_run_is_cleared_away_by_the_next(tmp_path: Path, uv: Uv) -> None:
    """After SIGKILL the old environment comes back; the next run needs no replace for a new one."""
    directory = tmp_path / "environment"
    build(directory, uv, "framework==1.0")
    with start_slow_builder(directory) as process:
        with failing(ChangeFailure.BUSY):
            build(directory, uv, replace=True)
        process.kill()
    assert version_in(directory) == "1.0"  # the old one never left its place
    with failing(ChangeFailure.EXISTS):
        build(directory, uv)
    assert version_in(directory) == "1.0"
    assert left_behind(directory) == []
    shutil.rmtree(directory)
    with start_slow_builder(directory) as process:
        process.kill()
    build(directory, uv, "framework==2.0")
    assert version_in(directory) == "2.0"


def test_a_killed_run_in_place_is_taken_back_by_the_next(tmp_path: Path, uv: Uv) -> None:
    """After SIGKILL half an environment is there; the next run brings the old one back."""
    directory = tmp_path / "environment"
    build(directory, uv, "framework==1.0")
    with start_slow_builder(directory, movable=False) as process:
        with failing(ChangeFailure.BUSY):
            build(directory, uv, replace=True)
        process.kill()
    assert not list(directory.glob("lib/*/site-packages/framework"))
    with failing(ChangeFailure.EXISTS):
        build(directory, uv)
    assert version_in(directory) == "1.0"
    assert left_behind(directory) == []


def test_an_environment_can_be_verified_before_it_counts(tmp_path: Path, uv: Uv) -> None:
    """It runs already where it was built; one that is refused never takes the place."""
    directory = tmp_path / "environment"
    seen = []

    def verify(folder: str) -> None:
        seen.append(version_in(Path(folder)))
        if seen[-1] == "2.0":
            raise EnvironmentChangeFailed(ChangeFailure.TOOL_FAILED, "it does not work")

    build(directory, uv, "framework==1.0", verify=verify)
    with failing(ChangeFailure.TOOL_FAILED, "does not work"):
        build(directory, uv, "framework==2.0", replace=True, verify=verify)
    assert seen == ["1.0", "2.0"]
    assert version_in(directory) == "1.0"
    assert left_behind(directory) == []


@pytest.mark.parametrize("with_uv", [True, False])
def test_scripts_find_their_environment(
    tmp_path: Path, uv: Uv, monkeypatch: pytest.MonkeyPatch, *, with_uv: bool
) -> None:
    """What was built beside the directory runs in it: scripts, activation, pip."""
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", uv.settings.variables["UV_FIND_LINKS"])
    directory = tmp_path / "with spaces" / "environment"
    build(directory, uv if with_uv else None, "located==1.0")
    said = subprocess.check_output([str(directory / "bin/where")], text=True).strip()
    assert said == str(directory)
    command = f'. "{directory}/bin/activate" && echo "$VIRTUAL_ENV" && where'
    said = subprocess.check_output(["/bin/bash", "-c", command], text=True)
    assert said.splitlines() == [str(directory)] * 2
    for path in (directory / "bin").iterdir():
        if path.is_file() and not path.is_symlink():
            assert b".tfmac/new" not in path.read_bytes(), path


def test_from_another_thread(tmp_path: Path, uv: Uv) -> None:
    """A notebook may build in a thread, where no signal handler can be set."""
    directory = tmp_path / "environment"
    thread = threading.Thread(target=build, args=(directory, uv))
    thread.start()
    thread.join()
    assert version_in(directory) == "1.0"


def test_without_uv(tmp_path: Path, uv: Uv, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no uv runs, venv and pip do the same."""
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", uv.settings.variables["UV_FIND_LINKS"])
    directory = tmp_path / "environment"
    build(directory, None, "framework==1.0")
    assert version_in(directory) == "1.0"
    assert not list(directory.glob("lib/*/site-packages/helper"))
    with failing(ChangeFailure.TOOL_FAILED, "framework==9.0"):
        build(directory, None, "framework==9.0", replace=True)
    assert version_in(directory) == "1.0"


def test_hashes_are_held(tmp_path: Path, uv: Uv) -> None:
    """A wheel that is not the one that was pinned is not installed."""
    directory = tmp_path / "environment"
    pin = Pin(name="framework", version="1.0", hashes=("sha256:" + "0" * 64,))
    wanted = [*actions(directory)[:1], InstallPins(environment=str(directory), pins=(pin,))]
    with failing(ChangeFailure.TOOL_FAILED, "sha256"):
        create_environment(str(directory), wanted, tool=UvTool(uv))
    assert os.listdir(tmp_path) == []
