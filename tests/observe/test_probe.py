"""The probe says where and how an import really dies; stand-ins for TensorFlow die on purpose."""

import _thread
import os
import sys
import threading
import time
from pathlib import Path

import pytest

from tfmac.observe.interpreter_question import InterpreterCannotRun, ask_interpreter
from tfmac.observe.probe import run_probe
from tfmac.schema.proof import Death, DeathKind, ProbeReport, Stage

# A stand-in that does what the probe asks of TensorFlow up to the list of devices.
_LISTS_ONE_DEVICE = """
import types
__version__ = "2.99.0"
class _Device:
    name = "/physical_device:CPU:0"
    device_type = "CPU"
def _list(kind=None):
    return [_Device] if kind in (None, "CPU") else []
experimental = types.SimpleNamespace(get_device_details=lambda device: {"memory": 8})
config = types.SimpleNamespace(list_physical_devices=_list, experimental=experimental)
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return the folder that the target interpreter finds its TensorFlow in."""
    (tmp_path / "tensorflow").mkdir()
    return tmp_path


def probe(tree: Path, source: str, stage: Stage = Stage.IMPORT, limit: float = 60) -> ProbeReport:
    (tree / "tensorflow/__init__.py").write_text(source, encoding="utf-8")
    path = {"PYTHONPATH": str(tree)}
    return run_probe(sys.executable, time_limit=limit, stop_after=stage, environment=path)


def death_of(report: ProbeReport) -> Death:
    assert report.death is not None
    return report.death


def test_a_whole_run_has_no_death(tree: Path) -> None:
    """A probe that reaches the stage it was to stop after reports what it saw."""
    report = probe(tree, _LISTS_ONE_DEVICE, Stage.DEVICES)
    assert report.death is None
    assert report.versions["tensorflow"] == "2.99.0"
    assert report.versions["python"] == "{}.{}.{}".format(*sys.version_info)
    assert report.import_seconds is not None
    assert [(device.name, device.kind) for device in report.devices] == [
        ("/physical_device:CPU:0", "CPU")
    ]
    assert report.devices[0].details == {"memory": "8"}


def test_the_versions_are_those_of_the_target(tree: Path) -> None:
    """What TensorFlow requires is looked up by its metadata, extras left out."""
    for name, version in (("tensorflow", "2.99.0"), ("helper", "1.5"), ("spare", "3")):
        info = tree / f"{name}-{version}.dist-info"
        info.mkdir()
        requires = "Requires-Dist: helper>=1\nRequires-Dist: spare; extra == 'all'\n"
        text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        (info / "METADATA").write_text(text + (requires if name == "tensorflow" else ""))
    versions = probe(tree, _LISTS_ONE_DEVICE).versions
    assert versions["helper"] == "1.5"
    assert "spare" not in versions


def test_an_exception(tree: Path) -> None:
    """The last line is the detail, the traceback names the user's file."""
    death = death_of(probe(tree, "raise ImportError('dlopen: Library not loaded')"))
    assert (death.stage, death.kind) == (Stage.IMPORT, DeathKind.EXCEPTION)
    assert death.detail == "ImportError: dlopen: Library not loaded"
    assert "tensorflow/__init__.py" in death.output


def test_a_signal(tree: Path) -> None:
    """An illegal instruction is known by name, with the Python stack that it came from."""
    source = "import os, signal\nos.kill(os.getpid(), signal.SIGILL)\n"
    death = death_of(probe(tree, source))
    assert (death.stage, death.kind) == (Stage.IMPORT, DeathKind.SIGNAL)
    assert death.detail == "SIGILL"
    assert "tensorflow/__init__.py" in death.output


def test_a_hang(tree: Path) -> None:
    """A hang ends with the time limit; the stack says where; no child of the child stays."""
    mark = tree / "alive"
    source = (
        "import subprocess, sys, time\n"
        "code = 'import sys, time; time.sleep(4); open(sys.argv[1], chr(119))'\n"
        f"subprocess.Popen([sys.executable, '-c', code, {str(mark)!r}])\n"
        "time.sleep(600)\n"
    )
    started = time.monotonic()
    death = death_of(probe(tree, source, limit=2))
    assert (death.stage, death.kind, death.detail) == (Stage.IMPORT, DeathKind.HANG, "2")
    assert "tensorflow/__init__.py" in death.output
    time.sleep(max(0.0, 5 - (time.monotonic() - started)))
    assert not mark.exists()


@pytest.mark.parametrize("call", ["os._exit(3)", "sys.exit(3)"])
def test_an_exit(tree: Path, call: str) -> None:
    """A module that ends the process is told from one that raises."""
    death = death_of(probe(tree, f"import os, sys\n{call}\n"))
    assert (death.stage, death.kind) == (Stage.IMPORT, DeathKind.EXIT)
    assert death.detail == "exit status 3"


def test_no_tensorflow(tmp_path: Path) -> None:
    """A folder of the name that is no package is not taken for TensorFlow."""
    (tmp_path / "tensorflow").mkdir()
    path = {"PYTHONPATH": str(tmp_path)}
    report = run_probe(sys.executable, time_limit=60, environment=path)
    assert death_of(report).kind is DeathKind.EXCEPTION
    assert str(tmp_path) in death_of(report).detail


def test_output_in_floods_is_bounded(tree: Path) -> None:
    """Only the end of what a child says is kept."""
    source = (
        "import os, sys\nfor _ in range(3000):\n    os.write(2, b'x' * 1000)\n"
        "    os.write(1, b'y' * 1000)\nos.write(2, b'the end')\nos._exit(1)\n"
    )
    death = death_of(probe(tree, source))
    assert death.output.endswith("the end")
    assert len(death.output) < 20_000


def test_garbage_in_the_result_file(tree: Path) -> None:
    """A diagnosed program that writes into our file spoils nothing but its own lines."""
    source = (
        "import sys\n"
        "path = next(entry for entry in sys.argv if entry.endswith('.jsonl'))\n"
        "with open(path, 'ab') as file:\n"
        '    file.write(b\'\\xff\\n[1]\\n{"stage": "heaven"}\\n{"stage": [1]}\\n\')\n'
        "    file.write(b'[' * 5000)\n"
        '    file.write(b\'\\n{"stage": "devices", "event": "result", "devices": 7}\\n\')\n'
        + _LISTS_ONE_DEVICE
    )
    report = probe(tree, source)
    assert report.death is None
    assert report.versions["tensorflow"] == "2.99.0"
    assert report.devices == ()


@pytest.mark.parametrize(
    ("content", "mode", "words"),
    [(None, 0, "No such file"), ("no program", 0o755, "Exec format"), ("", 0o644, "denied")],
)
def test_an_interpreter_that_cannot_start(
    tmp_path: Path, content: "str | None", mode: int, words: str
) -> None:
    """A file that is missing, of another machine or not executable is no crash of ours."""
    path = tmp_path / "python"
    if content is not None:
        path.write_text(content)
        path.chmod(mode)
    death = death_of(run_probe(path, time_limit=10))
    assert (death.stage, death.kind) == (Stage.START, DeathKind.CANNOT_START)
    assert words in death.detail
    with pytest.raises(InterpreterCannotRun, match=words):
        ask_interpreter(path)


def test_a_wrapper_that_fails(tmp_path: Path) -> None:
    """A pyenv shim without its Python ends with a status and words of its own."""
    path = tmp_path / "python"
    path.write_text("#!/bin/sh\necho 'command not found' >&2\nexit 127\n")
    path.chmod(0o755)
    death = death_of(run_probe(path, time_limit=10))
    assert (death.stage, death.kind) == (Stage.START, DeathKind.EXIT)
    assert death.detail == "exit status 127"
    with pytest.raises(InterpreterCannotRun, match="command not found"):
        ask_interpreter(path)


def test_the_working_directory_shadows_only_where_it_is_given(tree: Path) -> None:
    """A module beside the user's script is found first, as it would be in a run of his."""
    folder = tree / "work"
    folder.mkdir()
    (folder / "tensorflow.py").write_text("raise RuntimeError('I am not TensorFlow')")
    (tree / "tensorflow/__init__.py").write_text(_LISTS_ONE_DEVICE)
    path = {"PYTHONPATH": str(tree)}

    def death(working_directory: "Path | None") -> "Death | None":
        return run_probe(
            sys.executable,
            time_limit=60,
            stop_after=Stage.IMPORT,
            working_directory=working_directory,
            environment=path,
        ).death

    shadowed = death(folder)
    assert shadowed is not None
    assert shadowed.detail == "RuntimeError: I am not TensorFlow"
    assert death(None) is None


def test_variables_for_the_child(tree: Path) -> None:
    """Variables can be set and taken away for the child alone."""
    (tree / "tensorflow/__init__.py").write_text(
        "import os\nraise RuntimeError(sorted(set(os.environ) & {'HOME', 'TF_WANTED'}))"
    )
    variables = {"PYTHONPATH": str(tree), "TF_WANTED": "1", "HOME": None}
    report = run_probe(sys.executable, time_limit=60, environment=variables)
    assert death_of(report).detail == "RuntimeError: ['TF_WANTED']"


def test_nothing_is_left_behind(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No byte code, no Keras settings, no temporary files, not even after a crash."""
    temporary = tree / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr("tempfile.tempdir", None)
    source = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n"
    assert death_of(probe(tree, source)).detail == "SIGKILL"
    assert os.listdir(temporary) == []
    assert os.listdir(tree / "tensorflow") == ["__init__.py"]


def test_an_interruption_kills_the_child(tree: Path) -> None:
    """Ctrl-C while the probe runs ends the probe, too."""
    mark = tree / "alive"
    source = f"import time\ntime.sleep(3)\nopen({str(mark)!r}, 'w')\n"
    timer = threading.Timer(1.0, _thread.interrupt_main)
    timer.start()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        probe(tree, source)
    timer.join()
    time.sleep(max(0.0, 4.5 - (time.monotonic() - started)))
    assert not mark.exists()


def test_a_stage_that_the_probe_cannot_stop_after() -> None:
    """Only stages that see something can be the last."""
    with pytest.raises(ValueError, match="done"):
        run_probe(sys.executable, time_limit=1, stop_after=Stage.DONE)


def test_an_interpreter_answers() -> None:
    """This very interpreter says the same of itself as we see."""
    answer = ask_interpreter(sys.executable)
    assert answer.version == "{}.{}.{}".format(*sys.version_info)
    assert answer.implementation == sys.implementation.name
    assert answer.executable == sys.executable
    assert answer.real_executable == os.path.realpath(sys.executable)
    assert answer.base_prefix == sys.base_prefix
    assert answer.pointer_bits == sys.maxsize.bit_length() + 1
    assert set(answer.site_packages) <= set(sys.path)
    assert Path(pytest.__file__).parents[1].as_posix() in answer.site_packages


def test_a_virtual_environment_answers_without_running_its_code(tmp_path: Path) -> None:
    """The environment's root comes from pyvenv.cfg; no .pth file is executed."""
    root = tmp_path / "größe"
    packages = root / "lib" / "python{}.{}".format(*sys.version_info) / "site-packages"
    packages.mkdir(parents=True)
    (root / "bin").mkdir()
    (root / "bin/python").symlink_to(os.path.realpath(sys.executable))
    home = os.path.dirname(os.path.realpath(sys.executable))
    (root / "pyvenv.cfg").write_text(f"home = {home}\n")
    mark = tmp_path / "ran"
    (packages / "evil.pth").write_text(f"import os; open({str(mark)!r}, 'w')\n")
    answer = ask_interpreter(root / "bin/python")
    assert answer.virtual
    assert answer.prefix == str(root)
    assert answer.site_packages == (str(packages),)
    (root / "pyvenv.cfg").write_text(f"home = {home}\ninclude-system-site-packages = true\n")
    answer = ask_interpreter(root / "bin/python")
    assert answer.site_packages[0] == str(packages)
    assert len(answer.site_packages) > 1
    assert not mark.exists()


def test_an_interpreter_that_does_not_answer(tmp_path: Path) -> None:
    """A program that hangs or says something else is none."""
    path = tmp_path / "python"
    for text, words in (("sleep 60", "no answer within 0.5"), ("echo hello", "no answer")):
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        with pytest.raises(InterpreterCannotRun, match=words):
            ask_interpreter(path, time_limit=0.5)
