"""``%load_ext tfmac`` and ``with tfmac.explained()``, in IPython and in a program."""

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from tfmac import explained
from tfmac.notebook.extension import own_arguments

SOURCE = Path(__file__).parents[2] / "src"
KNOWN = "raise ModuleNotFoundError(\"No module named 'keras.engine'\")"


def cells(tmp_path: Path, *lines: str) -> str:
    """Type lines into IPython; give all that it says."""
    settings = {"IPYTHONDIR": str(tmp_path / "ipython"), "PYTHONPATH": str(SOURCE)}
    end = subprocess.run(
        [
            sys.executable,
            "-m",
            "IPython",
            "--simple-prompt",
            "--no-confirm-exit",
            "--colors=nocolor",
        ],
        input="\n".join(lines) + "\n",
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, **settings},
        timeout=240,
    )
    return click.unstyle(end.stdout + end.stderr)


def test_an_exception_in_a_cell_is_explained_once(tmp_path: Path) -> None:
    """Under its traceback; what is not known, and what is caught, is left alone."""
    said = cells(
        tmp_path,
        "%load_ext tfmac",
        KNOWN,
        "{}['mine']",
        "%unload_ext tfmac",
        KNOWN,
    )
    assert said.count("keras-private-module-moved (certain)") == 1
    assert said.count("KeyError") >= 1
    assert "Simple custom exception handler" not in said


def test_the_commands_are_offered(tmp_path: Path) -> None:
    """For this notebook's own environment."""
    said = cells(tmp_path, "%load_ext tfmac", "%tfmac cause keras-private-module-moved")
    assert "keras-private-module-moved" in said


def test_a_command_looks_at_the_notebooks_own_environment() -> None:
    """Unless another one is named."""
    assert own_arguments(["doctor"]) == ["doctor", "--python", sys.executable]
    assert own_arguments(["doctor", "--env", "x"]) == ["doctor", "--env", "x"]
    assert own_arguments(["plan"]) == ["plan"]
    assert own_arguments([]) == ["--help"]


def test_a_block_explains_and_raises_again(capsys: pytest.CaptureFixture[str]) -> None:
    """The traceback first."""
    with pytest.raises(ModuleNotFoundError, match="keras"), explained():
        raise ModuleNotFoundError("No module named 'keras.engine'")
    said = capsys.readouterr().err
    traceback, _, explanation = said.partition("\n\n")
    assert traceback.startswith("Traceback (most recent call last)")
    assert "keras-private-module-moved" in explanation


def test_a_block_says_nothing_of_what_it_does_not_know(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Somebody's own mistake."""
    with pytest.raises(KeyError), explained():
        raise KeyError("mine")
    assert capsys.readouterr().err == ""


def test_a_program_shows_its_traceback_once(tmp_path: Path) -> None:
    """With the explanation under it, and the exit code of an uncaught exception."""
    path = tmp_path / "program.py"
    path.write_text(f"import tfmac\nwith tfmac.explained():\n    {KNOWN}\n")
    end = subprocess.run(
        [sys.executable, str(path)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
    )
    assert end.returncode == 1
    assert end.stderr.count("Traceback (most recent call last)") == 1
    assert end.stderr.index("Traceback") < end.stderr.index("keras-private-module-moved")
