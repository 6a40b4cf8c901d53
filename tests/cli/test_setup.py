"""``tfmac setup``: one environment, wholly or not at all, and never called proved when it is not.

The wheels bear TensorFlow's name and nothing of it, so that every set-up ends unproved.
"""

import io
import os
import shlex
import shutil
import signal
import stat
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Optional

import pytest

from cli.console import RUNNING, document, everything_in, refused, started, tfmac, wait_for
from cli.private_index import Best, damage
from tfmac import api
from tfmac.environments import uv as uv_module
from tfmac.environments.failures import ChangeFailure, EnvironmentChangeFailed
from tfmac.observe.host import host_from_sysctl
from tfmac.observe.interpreters import FoundInterpreter
from tfmac.planner.stacks import Candidate
from tfmac.schema.plans import InterpreterChoice, Plan, Wish
from tfmac.schema.platform import Architecture

HOSTS = Path(__file__).parent.parent / "data" / "hosts"
GIGABYTES = 1 << 40

# The program with enough space on the disk, and with another uv where one is given.
_PROGRAM = """
import os, shutil, sys
from typing import NamedTuple
class Usage(NamedTuple):
    total: int; used: int; free: int
shutil.disk_usage = lambda path: Usage(1 << 40, 0, 1 << 40)
from tfmac.environments import uv
if os.environ.get("STAND_IN"):
    uv._packaged_uv = lambda: os.environ["STAND_IN"]
from tfmac.cli import main
main()
"""
# A uv that does all that uv does, and stops for ever where it is told to.
_SLOW_UV = """#!{python}
import os, sys, time
if {word!r} in sys.argv[1:]:
    open({ready!r}, "w").close()
    time.sleep(600)
os.execv({uv!r}, [{uv!r}, *sys.argv[1:]])
"""


class Usage(NamedTuple):
    """What ``shutil.disk_usage`` gives."""

    total: int
    used: int
    free: int


@pytest.fixture(autouse=True)
def spacious(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every disk large enough for a real TensorFlow."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(GIGABYTES, 0, GIGABYTES))


@pytest.fixture
def chosen(index: Path, best: Best) -> "tuple[str, ...]":
    """Ask for the running Python; only ``pip.conf`` knows the index."""
    assert index.is_dir()
    return ("--python", best.python, "--no-gpu")


def site_packages(directory: Path) -> Path:
    (folder,) = directory.glob("lib/python3.*/site-packages")
    return folder


def beside(directory: Path) -> "list[str]":
    """Name what lies in the folder around a directory, besides it."""
    return sorted(set(os.listdir(directory.parent)) - {directory.name})


def test_an_environment_that_cannot_be_proved(
    tmp_path: Path, chosen: "tuple[str, ...]", best: Best
) -> None:
    """It is made, kept, and said not to be proved: exit code 5."""
    directory = tmp_path / "made" / "env"

    code, out, err = tfmac("setup", directory, *chosen)

    assert code == 5
    for wheel in best.wheels:
        assert (site_packages(directory) / f"{wheel.name}-{wheel.version}.dist-info").is_dir()
    assert os.access(directory / "bin/python", os.X_OK)
    assert beside(directory) == []
    assert not list(directory.glob(".tfmac*"))
    assert f"{directory}: NOT proved: see above (cannot-load)" in out
    assert "in stage import, by an exception: ImportError" in out
    assert out.splitlines()[-4].split() == ["activate", "source", f"{directory}/bin/activate"]
    assert out.splitlines()[-1].endswith(f"{directory}/bin/python")
    for note in ("looking at this machine", "resolving", f"making {directory}", "proving it"):
        assert note in err
    assert f"plan for {best.target}: tensorflow, on the CPU" in err
    assert f"tensorflow=={best.tensorflow}" in err


@pytest.mark.parametrize("name", ["Jürgens Ordner/環境 1", "$HOME; 'quoted'"])
def test_any_path(tmp_path: Path, chosen: "tuple[str, ...]", name: str) -> None:
    """Spaces, letters of any script and what a shell would take for its own; result as JSON."""
    directory = tmp_path / name

    code, out, err = tfmac("setup", directory, *chosen, "--format", "json")

    if "$" in name and sys.version_info < (3, 10):
        assert (code, directory.exists()) == (4, False)
        assert "takes a $ in the path" in err
        return
    assert code == 5
    report = document(out, "setup")
    assert report["directory"] == str(directory)
    assert report["proved"] is False
    assert report["diagnosis"]["tensorflow"]["state"] == "cannot-load"
    assert (directory / "bin/activate").is_file()
    said = subprocess.run(
        [directory / "bin/python", "-c", "import keras; print(keras.__version__)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout == "3.8.0\n"
    text = tfmac("setup", directory, *chosen, "--replace").out
    (line,) = (line for line in text.splitlines() if line.startswith("  activate"))
    assert shlex.split(line) == ["activate", "source", str(directory / "bin/activate")]


def test_the_default_directory(chosen: "tuple[str, ...]") -> None:
    """Without DIR it is ``.venv-tf`` in the working directory."""
    assert tfmac("setup", *chosen).code == 5
    assert (Path.cwd() / ".venv-tf/pyvenv.cfg").is_file()
    assert os.listdir(Path.cwd()) == [".venv-tf"]


def test_a_finished_environment_is_refused_without_replace(
    tmp_path: Path, chosen: "tuple[str, ...]", monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second run changes nothing and says what would; with it the environment is made anew."""
    directory = tmp_path / "env"
    assert tfmac("setup", directory, *chosen).code == 5
    mark = site_packages(directory) / "mine.py"
    mark.write_text("")
    before = everything_in(directory)

    refused(tfmac("setup", directory, *chosen), 2, directory, "--replace")
    assert everything_in(directory) == before

    assert tfmac("setup", directory, *chosen, "--replace").code == 5
    assert not mark.exists()
    assert not any(name.endswith("tfmac-replaced") for name in beside(directory))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    refused(tfmac("setup", directory), 2, "--replace")


def test_what_is_not_an_environment_is_left_alone(tmp_path: Path) -> None:
    """A folder with files, a file, a folder with a project in it: refused, with replace, too."""
    folder, file = tmp_path / "thesis", tmp_path / "thesis" / "chapter.txt"
    folder.mkdir()
    file.write_text("years of work")
    project = tmp_path / "project"
    project.mkdir()
    (project / "pyvenv.cfg").write_text("home = /usr/bin\n")
    (project / "train.py").write_text("import tensorflow\n")

    for options in ((), ("--replace",)):
        refused(tfmac("setup", folder, *options), 2, folder, "left alone")
        refused(tfmac("setup", file, *options), 2, file, "is a file")
        refused(tfmac("setup", project, *options), 2, project)
    assert file.read_text() == "years of work"
    assert (project / "train.py").exists()


def test_an_empty_folder_is_welcome(tmp_path: Path, chosen: "tuple[str, ...]") -> None:
    """A folder that was made for it is filled; without a plan it stays empty."""
    directory = tmp_path / "made"
    directory.mkdir()
    assert tfmac("setup", directory, *chosen, "--with", "numpy<1").code == 1
    assert list(directory.iterdir()) == []
    assert tfmac("setup", directory, *chosen).code == 5


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--download-python", "--use-existing-python"], "only one of --download-python"),
        (["--python", "2.7"], "'2.7' is not a Python version"),
        (["--tensorflow", "newest"], "--tensorflow 'newest' is not a version specifier"),
        (["--with", "@@"], "--with '@@' is not a requirement"),
        (["--for", "macos-15-arm64"], "--for"),
        (["--time-limit", "0"], "--time-limit"),
        (["one", "two"], "two"),
    ],
)
def test_a_wrong_usage(arguments: "list[str]", words: str) -> None:
    """Exit code 2, a message that says what is wrong, and nothing made."""
    refused(tfmac("setup", *arguments), 2, words)
    assert os.listdir(Path.cwd()) == []


def test_no_plan(tmp_path: Path) -> None:
    """Wishes that collide are a result: exit code 1, and nothing made."""
    directory = tmp_path / "new/env"
    wish = ("--tensorflow", "99", "--no-gpu")

    code, out, _ = tfmac("setup", directory, *wish)
    assert code == 1
    assert out.startswith("no plan for ")
    code, out, _ = tfmac("setup", directory, *wish, "--format", "json")
    assert code == 1
    assert document(out, "no-plan")["conflicts"][0]["wishes"] == ["--tensorflow 99"]
    assert not (tmp_path / "new").exists()


def test_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An index that cannot be reached: exit code 4, and nothing made."""
    monkeypatch.setenv("UV_OFFLINE", "0")
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:1/simple")
    ended = tfmac("setup", tmp_path / "new/env", "--python", RUNNING)
    refused(ended, 4, "the package index cannot be reached", "127.0.0.1:1")
    assert not (tmp_path / "new").exists()


def test_a_damaged_wheel(
    tmp_path: Path,
    chosen: "tuple[str, ...]",
    index: Path,
    best: Best,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A set-up that fails half-way leaves nothing, says what failed, and keeps what it replaces."""
    directory = tmp_path / "new/env"
    (wheel,) = (index / "files").glob("tensorflow-*.whl")
    sound = wheel.read_bytes()
    damage(wheel)
    ended = tfmac("setup", directory, *chosen)
    refused(ended, 4, "could not install", f"tensorflow=={best.tensorflow}", wheel.name)
    assert not (tmp_path / "new").exists()

    wheel.write_bytes(sound)
    assert tfmac("setup", directory, *chosen).code == 5
    before = everything_in(directory)
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "another-cache"))
    damage(wheel)
    refused(tfmac("setup", directory, *chosen, "--replace"), 4, "could not install", wheel.name)
    assert everything_in(directory) == before
    assert beside(directory) == []


def test_a_wheel_that_is_gone(tmp_path: Path, chosen: "tuple[str, ...]", index: Path) -> None:
    """A file that the index lists and does not have is not taken for a collision of wishes."""
    (wheel,) = (index / "files").glob("numpy-*.whl")
    wheel.unlink()
    ended = tfmac("setup", tmp_path / "new/env", *chosen)
    assert ended.code == 4
    assert "numpy" in ended.err
    assert not (tmp_path / "new").exists()


def test_a_full_disk(
    tmp_path: Path, chosen: "tuple[str, ...]", monkeypatch: pytest.MonkeyPatch
) -> None:
    """Space is looked at before anything is installed."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(GIGABYTES, GIGABYTES, 5_000_000))
    ended = tfmac("setup", tmp_path / "new/env", *chosen)
    refused(ended, 4, "has 5 MB free", "MB are needed")
    assert not (tmp_path / "new").exists()


def test_a_read_only_parent(
    tmp_path: Path, chosen: "tuple[str, ...]", monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder without the right to write is named; root, who may always, is told the same."""
    parent = tmp_path / "locked"
    parent.mkdir()
    parent.chmod(stat.S_IRUSR | stat.S_IXUSR)
    if os.geteuid() == 0:
        monkeypatch.setattr(os, "access", lambda path, _mode: path != str(parent))
    refused(tfmac("setup", parent / "env", *chosen), 4, parent, "is not writable")
    assert os.listdir(parent) == []


def test_a_parent_that_is_a_file(tmp_path: Path, chosen: "tuple[str, ...]") -> None:
    """Where nothing can be made that is said, with the path."""
    (tmp_path / "file").write_text("text")
    directory = tmp_path / "file/env"
    refused(tfmac("setup", directory, *chosen), 4, directory)
    assert (tmp_path / "file").read_text() == "text"


def test_a_synchronised_folder(
    tmp_path: Path, chosen: "tuple[str, ...]", monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is warned of before anything is made, beside the result."""
    monkeypatch.setattr(
        "tfmac.environments.synchronised.synchronised_folder", lambda _path: "Dropbox"
    )
    ended = tfmac("setup", tmp_path / "env", *chosen)
    assert ended.code == 5
    assert f"warning: {tmp_path}/env is synchronised by Dropbox" in ended.err


class Terminal(io.StringIO):
    """Somebody who types, or ends the input."""

    def isatty(self) -> bool:
        return True


def on_a_mac(monkeypatch: pytest.MonkeyPatch, *versions: str) -> None:
    """Be an M3 on macOS 15.1.1 that has some Pythons."""
    text = (HOSTS / "m3-macos-15.txt").read_text(encoding="utf-8")
    host = host_from_sysctl(text, machine="arm64")
    found = tuple(
        FoundInterpreter(
            choice=InterpreterChoice(
                path=f"/opt/homebrew/bin/python{version}", version=version, origin="Homebrew"
            ),
            architecture=Architecture.ARM64,
        )
        for version in versions
    )
    monkeypatch.setattr("tfmac.observe.host.observe_host", lambda: host)
    monkeypatch.setattr("tfmac.observe.interpreters.find_interpreters", lambda _env: found)


def test_the_best_set_needs_another_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a terminal the existing Python is taken, and what that costs is said."""
    on_a_mac(monkeypatch, "3.13.1")
    for options in ((), ("--use-existing-python",)):
        ended = tfmac("setup", tmp_path / "env", *options)
        refused(ended, 4, "using a Python that is here", "on Python 3.13 instead of")
        assert "TensorFlow 2.19.1 + tensorflow-metal 1.2.0 on Python 3.12, so no GPU" in ended.err


def test_no_python_that_is_here_fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It stops with exit code 1, says which Python is needed, and fetches nothing."""
    on_a_mac(monkeypatch, "3.14.0")
    for options in ((), ("--use-existing-python",)):
        ended = tfmac("setup", tmp_path / "env", *options)
        refused(ended, 1, "Python 3.12 is not here", "--download-python")
    on_a_mac(monkeypatch, "3.13.1")
    refused(tfmac("setup", tmp_path / "env", "--gpu"), 1, "Python 3.12 is not here")
    assert not (tmp_path / "env").exists()


def test_a_python_is_fetched_only_when_that_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``--download-python`` is the wish for the best set."""
    on_a_mac(monkeypatch, "3.13.1")
    ended = tfmac("setup", tmp_path / "env", "--download-python")
    refused(ended, 4, "and Python 3.12 is not here; uv fetches it", "cannot be reached")


@pytest.mark.parametrize(
    ("answer", "words"),
    [("y\n", "cannot be reached"), ("n\n", "using a Python that is here"), ("", "interrupted")],
)
def test_on_a_terminal_it_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, words: str
) -> None:
    """The question names the Python and the loss; no answer is no consent."""
    on_a_mac(monkeypatch, "3.13.1")
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    ended = tfmac("setup", tmp_path / "env", terminal=True)
    assert ended.code == 4
    assert "Let uv fetch Python 3.12? [Y/n]" in ended.err
    assert "so no GPU" in ended.err
    assert words in ended.err
    assert ended.out.strip() == ""
    assert ("using a Python that is here" in ended.err) is (answer == "n\n")


def test_a_yes_on_the_terminal_is_as_good_as_the_option(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the user agreed to reaches the installer: uv may fetch the Python."""
    on_a_mac(monkeypatch, "3.13.1")
    monkeypatch.setattr(sys, "stdin", Terminal("y\n"))
    allowed: list[object] = []

    def planned(wish: Wish, candidate: Candidate, **given: Any) -> Plan:
        return Plan(
            target=wish.target,
            python=candidate.python,
            stack=candidate.stack,
            gpu=candidate.gpu,
            requirements=candidate.requirements,
            pins=(),
            rationale=(),
            rejected=(),
            interpreter=given["interpreter"],
        )

    def created(*_: object, **given: object) -> None:
        allowed.append(given["download_python"])
        raise EnvironmentChangeFailed(ChangeFailure.NO_INDEX, "no Python could be fetched")

    monkeypatch.setattr(api, "plan_candidate", planned)
    monkeypatch.setattr(api, "create", created)

    ended = tfmac("setup", tmp_path / "env", terminal=True)

    assert (ended.code, allowed) == (4, [True])


def test_without_uv(
    tmp_path: Path, chosen: "tuple[str, ...]", monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no uv runs, venv and pip of the existing Python make the same environment."""
    pytest.importorskip("ensurepip")
    monkeypatch.setattr(uv_module, "find_uv", lambda **_: None)
    have = subprocess.run(
        [os.path.realpath(sys.executable), "-m", "pip", "--version"],
        capture_output=True,
        check=False,
    )
    if have.returncode != 0:
        pytest.skip("the interpreter has no pip")
    ended = tfmac("setup", tmp_path / "env", *chosen)
    assert ended.code == 5, ended.err
    assert (site_packages(tmp_path / "env") / "tensorflow").is_dir()


def test_another_uv_on_the_path(
    tmp_path: Path,
    chosen: "tuple[str, ...]",
    machine: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A packaged uv that does not run gives way to the one on PATH."""
    real = uv_module._packaged_uv()
    assert real is not None
    (machine / "bin/uv").symlink_to(real)
    broken = machine / "broken-uv"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(uv_module, "_packaged_uv", lambda: str(broken))
    assert tfmac("setup", tmp_path / "env", *chosen).code == 5


class Waiting(NamedTuple):
    """A run of the program that has come to where a tool or TensorFlow waits."""

    process: "subprocess.Popen[str]"

    def interrupted(self) -> "tuple[int, str, str]":
        """Press Ctrl-C, as a terminal does: every process of the group gets the signal."""
        os.killpg(self.process.pid, signal.SIGINT)
        out, err = self.process.communicate()
        return self.process.returncode, out, err


@contextmanager
def waiting(machine: Path, *arguments: object, word: Optional[str] = None) -> Iterator[Waiting]:
    """Start the program, with a uv that stops at a command, and wait until something waits."""
    ready = machine / "ready"
    variables = {**os.environ, "READY": str(ready)}
    if word is not None:
        variables["STAND_IN"] = str(_stand_in(machine, word, ready))
    process = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=variables,
        text=True,
        encoding="utf-8",
        start_new_session=True,
    )
    with process:
        wait_for(ready, process)
        yield Waiting(process)


def _stand_in(folder: Path, word: str, ready: Path) -> Path:
    uv = uv_module._packaged_uv()
    assert uv is not None
    path = folder / "slow-uv"
    code = _SLOW_UV.format(python=sys.executable, word=word, ready=str(ready), uv=uv)
    path.write_text(code, encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("word", ["compile", "venv", "install"])
def test_ctrl_c(tmp_path: Path, chosen: "tuple[str, ...]", machine: Path, word: str) -> None:
    """While it resolves, makes or installs: exit code 4, one last line, nothing left."""
    directory = tmp_path / "new/env"
    with waiting(machine, "setup", directory, *chosen, word=word) as run:
        code, out, err = run.interrupted()
    assert (code, out) == (4, "")
    assert "Traceback" not in err
    assert "interrupted" in err.splitlines()[-1]
    assert not (tmp_path / "new").exists()


def test_ctrl_c_while_replacing(tmp_path: Path, chosen: "tuple[str, ...]", machine: Path) -> None:
    """The environment that was there is there again."""
    directory = tmp_path / "env"
    assert tfmac("setup", directory, *chosen).code == 5
    before = everything_in(directory)
    with waiting(machine, "setup", directory, *chosen, "--replace", word="install") as run:
        code, _, err = run.interrupted()
    assert code == 4
    assert err.splitlines()[-1] == f"tfmac: interrupted: {directory} is as it was before"
    assert everything_in(directory) == before


def test_ctrl_c_during_the_proof(
    tmp_path: Path, chosen: "tuple[str, ...]", machine: Path, index: Path
) -> None:
    """The environment is complete: it stays, and how to prove it is said."""
    directory = tmp_path / "my env"
    code = "import os, time\nopen(os.environ['READY'], 'w').close()\ntime.sleep(600)\n"
    _replace_module(index, "tensorflow", code)
    with waiting(machine, "setup", directory, *chosen) as run:
        ended, out, err = run.interrupted()
    assert (ended, out) == (5, "")
    assert "is complete but not proved" in err.splitlines()[-1]
    assert f"tfmac doctor --deep --env '{directory}'" in err.splitlines()[-1]
    assert (site_packages(directory) / "tensorflow").is_dir()


def _replace_module(index: Path, name: str, code: str) -> None:
    """Give a wheel of the index another module, with no hash of it."""
    (wheel,) = (index / "files").glob(f"{name}-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        members = {one.filename: archive.read(one) for one in archive.infolist()}
    with zipfile.ZipFile(wheel, "w") as archive:
        for member, data in members.items():
            if member == f"{name}/__init__.py":
                archive.writestr(member, code)
            elif member.endswith("RECORD"):
                lines = data.decode().splitlines()
                kept = [f"{one.split(',')[0]},," for one in lines]
                archive.writestr(member, "\n".join(kept) + "\n")
            else:
                archive.writestr(member, data)


def test_a_reader_of_the_progress_that_goes_away(tmp_path: Path, chosen: "tuple[str, ...]") -> None:
    """Whoever closes standard error has no environment then, and no 0 either."""
    reading, writing = os.pipe()
    os.close(reading)
    end = subprocess.run(
        [sys.executable, "-c", _PROGRAM, "setup", str(tmp_path / "new/env"), *chosen],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=writing,
        check=False,
    )
    os.close(writing)
    assert (end.returncode, end.stdout) == (4, b"")
    assert not (tmp_path / "new").exists()


def test_in_a_process_of_its_own(tmp_path: Path, best: Best) -> None:
    """Refusals as a shell sees them."""
    (tmp_path / "file").write_text("")
    refused(started("setup", tmp_path / "file"), 2, "is a file")
    refused(started("setup", tmp_path / "env", "--python", best.python), 4, "cannot be reached")
