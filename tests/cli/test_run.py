"""``tfmac run``: a program as it is, and after a failure what it means."""

import os
import signal
import sys
import venv
from pathlib import Path

import pytest

from cli.broken_environment import SERVED, make_broken
from cli.console import Ended, refused, started, tfmac

KNOWN = "import sys; print('out'); raise ModuleNotFoundError(\"No module named 'keras.engine'\")"


def ran(code: str, *arguments: str) -> Ended:
    """Run code as a script under the running interpreter."""
    Path("script.py").write_text(code)
    return started("run", "--python", sys.executable, "script.py", *arguments)


def plain(code: str) -> Ended:
    """Run the same script without tfmac."""
    import subprocess

    Path("script.py").write_text(code)
    end = subprocess.run([sys.executable, "script.py"], capture_output=True, check=False)
    return Ended(end.returncode, end.stdout.decode(), end.stderr.decode())


@pytest.mark.parametrize(
    "code",
    [
        "print('fine')",
        "import sys; print('out'); print('err', file=sys.stderr); sys.exit(7)",
        # Somebody's own error is not explained.
        "print('out'); {}['learning_rat']",
        "raise SystemExit('no data')",
    ],
)
def test_what_is_not_known_is_passed_on_unchanged(code: str) -> None:
    """Nothing is added, nothing is lost."""
    assert ran(code) == plain(code)


def test_a_known_error_is_explained_under_its_traceback() -> None:
    """On stderr alone; the exit code is the program's."""
    alone, explained = plain(KNOWN), ran(KNOWN)

    assert (explained.code, explained.out) == (1, "out\n")
    assert explained.err.startswith(alone.err)
    added = explained.err[len(alone.err) :]
    assert "keras-private-module-moved (certain)" in added
    assert "ModuleNotFoundError: No module named 'keras.engine'" in added
    assert "do " in added


def test_arguments_are_the_programs_own() -> None:
    """Also those that look like tfmac's."""
    ended = ran("import sys; print(sys.argv[1:])", "--help", "--timeout", "-m", "x y")
    assert ended == Ended(0, "['--help', '--timeout', '-m', 'x y']\n", "")


def test_a_module() -> None:
    """As with ``python -m``."""
    Path("mine").mkdir()
    Path("mine/__main__.py").write_text("import sys; print('module', sys.argv[1:])")
    ended = started("run", "--python", sys.executable, "-m", "mine", "--flag")
    assert ended == Ended(0, "module ['--flag']\n", "")


@pytest.mark.parametrize("number", [signal.SIGILL, signal.SIGABRT, signal.SIGKILL, signal.SIGTERM])
def test_a_death_is_passed_on_as_a_death(number: signal.Signals) -> None:
    """Who started tfmac sees the signal."""
    ended = ran(f"import os; os.kill(os.getpid(), {int(number)})")
    assert ended.code == -number


def test_a_hang_is_ended() -> None:
    """As timeout(1) does."""
    Path("script.py").write_text("import time; time.sleep(600)")
    ended = started("run", "--python", sys.executable, "--timeout", "1", "script.py")
    assert ended.code == 124
    assert "ended after 1 seconds" in ended.err


def test_a_program_that_takes_its_interpreter_away_is_explained(tmp_path: Path) -> None:
    """What is installed cannot be asked any more; the text says enough."""
    environment = tmp_path / "environment"
    venv.create(environment, with_pip=False)
    Path("script.py").write_text(f"import shutil; shutil.rmtree({str(environment)!r}); {KNOWN}")

    ended = started("run", "--python", environment / "bin" / "python", "script.py")

    assert (ended.code, ended.out) == (1, "out\n")
    assert "keras-private-module-moved (certain)" in ended.err


def test_the_end_is_passed_on_where_it_cannot_be_explained() -> None:
    """The program took the working directory away, in which doctor looks."""
    folder = Path.cwd()
    ended = ran(f"import shutil; shutil.rmtree({str(folder)!r}); {KNOWN}")
    folder.mkdir()

    assert (ended.code, ended.out) == (1, "out\n")
    assert "No module named 'keras.engine'" in ended.err
    assert "tfmac: this could not be explained: FileNotFoundError" in ended.err


@pytest.mark.skipif(not SERVED, reason="TensorFlow 2.15 has no wheel for this Python")
def test_a_cause_that_doctor_finds_too_is_one_finding(tmp_path: Path) -> None:
    """The log shows it, the environment has it: it stands there once, and is called confirmed."""
    environment = tmp_path / "environment"
    make_broken(tmp_path, environment)
    Path("script.py").write_text("raise ImportError('numpy.core.umath failed to import')")

    ended = started("run", "--env", environment, "script.py")

    assert ended.code == 1
    assert ended.err.count("numpy-2-with-numpy-1-binaries (") == 1
    words = " ".join(ended.err.split())
    assert "confirmed by tfmac doctor: numpy 2.4.6 is not what tensorflow declared" in words
    assert "for this machine, which wrote the text: " in words


def test_mistakes() -> None:
    """No program, no interpreter, two of them."""
    refused(tfmac("run"), 2, "SCRIPT")
    refused(tfmac("run", "--python", "no-such-python", "x.py"), 3, "no-such-python")
    refused(tfmac("run", "--python", "a", "--env", "b", "x.py"), 2, "--python and --env")
    missing = started("run", "--python", sys.executable, "gone.py")
    assert missing.code == 2
    assert "gone.py" in missing.err
    assert os.listdir() == []
