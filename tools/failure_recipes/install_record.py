"""Records what pip and uv print when something cannot be installed.

``python -m tools.failure_recipes.install_record --work DIR [CAUSE…]`` runs the lines of
``install_runs.json``: real installers, on request with a Mac's answers about the system
(``install_mac_script.py``), so that the lists of versions are those of a Mac.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Optional

import msgspec
from tools.failure_recipes.environments import CannotRun
from tools.failure_recipes.forms import FORMS
from tools.failure_recipes.install_forms import INSTALL_FORMS
from tools.failure_recipes.provenance import Provenance

from tfmac.environments.uv import find_uv

_HERE: Final = Path(__file__).parent
_LOGS: Final = _HERE.parents[1] / "tests" / "data" / "logs"
_SECONDS: Final = 240
_KEPT: Final = ("PATH", "PIP_CERT", "SSL_CERT_FILE")
_OF_THIS_MACHINE: Final = re.compile(
    r"Looking in (?:indexes|links)|_distutils_hack/__init__|setuptools is replacing distutils"
    r"|Disabling truststore|^\s+warnings\.warn\($|hardlink files",
    re.IGNORECASE,
)
_ADDRESS: Final = re.compile(r"https?://[\w.-]+/(?:packages/(?:\w+/)+|simple/)")


class Run(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One call of an installer that ends in an error."""

    cause: str
    name: str
    tool: str
    """``pip==VERSION`` or ``uv``."""
    python: str
    mac: Optional[str] = None
    """macOS and processor, ``12.6/arm64``; this machine when it is not given."""
    present: tuple[str, ...] = ()
    """What is installed before, without its own requirements."""
    files: dict[str, str] = {}
    """Files that lie in the folder, empty for a wheel."""
    variables: dict[str, str] = {}
    arguments: tuple[str, ...]
    shown: str = ""
    """The command as the user gave it; it stands before the output."""
    place: str = "/Users/ada/tf/.venv"
    forms: tuple[str, ...] = ()


def main(arguments: Optional[list[str]] = None) -> int:
    """Record every run that was named; 1 when one of them printed nothing."""
    parser = argparse.ArgumentParser(prog="install_record", description=__doc__)
    parser.add_argument("causes", nargs="*", help="CAUSE or CAUSE/NAME; all when none is named")
    parser.add_argument("--work", type=Path, required=True, help="where environments are made")
    parser.add_argument("--missing", action="store_true", help="only logs that are not there yet")
    given = parser.parse_args(arguments)
    empty = 0
    for run in _runs(set(given.causes)):
        target = _LOGS / run.cause / f"{run.name}.txt"
        if given.missing and target.exists():
            continue
        try:
            text = _recorded(run, given.work.resolve())
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            print(f"{run.cause}/{run.name}: {error}", file=sys.stderr)
            empty += 1
            continue
        print(f"== {run.cause}/{run.name}: {len(text)}", file=sys.stderr)
        empty += not text.strip()
        _write(target, text, run)
    return int(empty > 0)


def _runs(wanted: set[str]) -> Iterator[Run]:
    table = (_HERE / "install_runs.json").read_bytes()
    for run in msgspec.json.decode(table, type=list[Run]):
        if not wanted or {run.cause, f"{run.cause}/{run.name}"} & wanted:
            yield run


def _recorded(run: Run, work: Path) -> str:
    place = work / "installs" / f"{run.python}-{run.tool}-{'-'.join(run.present)}"[:120]
    python = place / "bin" / "python"
    if not python.exists():
        _make(place, run)
    folder = work / "folder"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, text in run.files.items():
        (folder / name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        _command(run, python),
        cwd=folder,
        env={**_variables(folder), **run.variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=_SECONDS,
        check=False,
    )
    text = done.stdout.decode("utf-8", "replace")
    return (f"{run.shown}\n" if run.shown else "") + _neutral(text, run, place, folder)


def _command(run: Run, python: Path) -> list[str]:
    if run.tool == "uv":
        return [_uv(), *(one.format(python=python) for one in run.arguments)]
    if run.mac is None:
        return [str(python), "-m", "pip", *run.arguments]
    return [str(python), str(_HERE / "install_mac_script.py"), run.mac, *run.arguments]


def _variables(folder: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    quiet = {"PIP_CONFIG_FILE": os.devnull}
    return {**kept, **quiet, "HOME": str(folder), "LANG": "C.UTF-8", "PIP_NO_CACHE_DIR": "1"}


def _make(place: Path, run: Run) -> None:
    uv = _uv()
    tool = [] if run.tool == "uv" else [run.tool, "setuptools", "wheel"]
    _do([uv, "venv", "--quiet", "--python", run.python, str(place)])
    python = str(place / "bin" / "python")
    if [*tool, *run.present]:
        _do([uv, "pip", "install", "--quiet", "--no-deps", "--python", python, *tool, *run.present])
    for note in place.glob("lib/*/site-packages/pip-*.dist-info/INSTALLER"):
        note.write_text("pip\n", encoding="utf-8")  # only then does pip tell that it is old


def _uv() -> str:
    found = find_uv()
    if found is None:
        message = "uv is not on the PATH"
        raise CannotRun(message)
    return str(found.path)


def _do(command: list[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _neutral(text: str, run: Run, place: Path, folder: Path) -> str:
    kept = (line for line in text.splitlines() if not _OF_THIS_MACHINE.search(line))
    text = "\n".join(kept) + "\n"
    for path, shown in ((place, run.place), (folder, "/Users/ada/tf")):
        text = text.replace(str(path), shown)
    text = re.sub(r"/[\w./-]*/\.pyenv/versions", "/Users/ada/.pyenv/versions", text)
    text = re.sub(r"/tmp/(?=pip-|tmp)", "/private/var/folders/x1/T/", text)  # noqa: S108
    return _ADDRESS.sub("https://packages.example.org/", text)


def _write(target: Path, text: str, run: Run) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    provenance = Provenance(_LOGS)
    changes = {**FORMS, **INSTALL_FORMS}
    system = f"as on macOS {run.mac}" if run.mac else "on Linux"
    for form in ("", *run.forms):
        path = target.with_name(f"{target.stem}-{form}.txt") if form else target
        path.write_text(changes[form](text) if form else text, encoding="utf-8")
        provenance.add(
            path,
            how=f"recorded, then {form}" if form else "recorded",
            source=f"tools/failure_recipes/install_runs.json: {run.cause}/{run.name}",
            versions=(run.tool, f"python {run.python}", system, *run.present),
        )
    provenance.save()


if __name__ == "__main__":
    sys.exit(main())
