"""``tfmac cause`` and the program's own options."""

import subprocess
import sys
from pathlib import Path

import pytest

from cli.console import document, refused, started, tfmac
from tfmac._version import __version__
from tfmac.checks.registry import CHECKS
from tfmac.knowledge import failures

CAUSE = "tensorflow-too-new-for-metal"
SCRIPT = Path(sys.executable).parent / "tfmac"


def test_the_list() -> None:
    """Every cause of the vocabulary is listed, under its category, with what it is."""
    code, out, err = tfmac("cause")

    assert (code, err) == (0, "")
    for cause in failures.causes():
        assert f"\n  {cause}\n" in out


def test_the_list_as_json() -> None:
    """The JSON form holds to the schema that ships."""
    listing = document(tfmac("cause", "--format", "json").out, "causes")
    assert [one["cause"] for one in listing["causes"]] == list(failures.causes())


def test_a_page() -> None:
    """A page says what a cause is, how it shows, what has to change, and what finds it."""
    code, out, err = tfmac("cause", CAUSE)

    assert (code, err) == (0, "")
    assert out.startswith(CAUSE)
    for label in ("what", "sign", "change", "see", "looks at", "matters", "repair", "sources"):
        assert f"\n  {label} " in out
    assert "check metal-plugin-loads:" in out


def test_a_page_as_json() -> None:
    """The JSON form holds to the schema that ships and names the checks."""
    page = document(tfmac("cause", CAUSE, "--format", "json").out, "cause")
    assert page["failure"]["cause"] == CAUSE
    assert [one["check"] for one in page["checks"]] == ["metal-plugin-loads"]


@pytest.mark.parametrize("form", ["text", "json"])
def test_every_page_can_be_shown(form: str) -> None:
    """No page of the vocabulary is without its parts."""
    found = {cause for check in CHECKS for cause in check.causes}
    assert found <= set(failures.causes())
    for cause in failures.causes():
        ended = tfmac("cause", cause, "--format", form)
        assert (ended.code, ended.err) == (0, "")
        assert cause in ended.out


def test_a_name_that_is_no_cause() -> None:
    """A usage error that says where the names are, and the nearest one."""
    refused(tfmac("cause", "flat-tyre"), 2, "'flat-tyre'", "tfmac cause lists all")
    refused(tfmac("cause", CAUSE[:-1]), 2, f"did you mean {CAUSE}?")


def test_the_program_itself() -> None:
    """Version and help are results; what is no command is a usage error."""
    assert tfmac("--version") == (0, f"tfmac {__version__}\n", "")
    for option in ("-h", "--help"):
        code, out, err = tfmac(option)
        assert (code, err) == (0, "")
        for command in ("setup", "doctor", "plan", "versions", "facts", "cause"):
            assert f"\n  {command} " in out
    refused(tfmac("diagnose"), 2, "No such command 'diagnose'")
    refused(tfmac("--share", "facts"), 2, "--share")


@pytest.mark.parametrize("command", ["setup", "doctor", "plan", "versions", "facts", "cause"])
def test_every_command_has_help_and_a_format(command: str) -> None:
    """Each command describes itself and takes ``--format text|json``."""
    code, out, err = tfmac(command, "--help")
    assert (code, err) == (0, "")
    assert out.startswith(f"Usage: tfmac {command}")
    assert "[text|json]" in out or "[json|text]" in out
    refused(tfmac(command, "--format", "xml"), 2, "'xml'")


def test_a_whole_page_reaches_a_pipe() -> None:
    """In a process of its own the same is printed, without colour."""
    assert started("cause", CAUSE, COLUMNS="100") == tfmac("cause", CAUSE)


@pytest.mark.skipif(not SCRIPT.exists(), reason="tfmac is not installed here")
def test_the_installed_script() -> None:
    """The script that the package installs is the same program."""
    end = subprocess.run([SCRIPT, "cause", "flat-tyre"], capture_output=True, check=False)
    assert (end.returncode, end.stdout) == (2, b"")
    end = subprocess.run([SCRIPT, "--version"], capture_output=True, check=False)
    assert (end.returncode, end.stdout) == (0, f"tfmac {__version__}\n".encode())
