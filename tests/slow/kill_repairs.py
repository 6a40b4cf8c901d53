"""Kills ``tfmac setup``, ``create``, ``fix`` and ``undo`` at random moments and looks what is left.

    python tests/slow/kill_repairs.py --kills 200 [--seed 7]

Each kill is a SIGKILL, half of them to the installer as well. An environment that is built beside
its place has to work at once, as the old or the new one. One that is built in its place (with what
has to be compiled, or by conda) may be half built: the old one is whole beside it then, and the
next ``tfmac create`` brings it back. One that is changed where it is works after the next
``tfmac undo``, which says what it did.

Prints a line for each kill, and how many environments were broken; ends with 1 when one was.
"""

import argparse
import csv
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Optional

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))  # this file is run as a script, too

from cli.broken_environment import make_broken  # noqa: E402
from cli.console import ENTRY  # noqa: E402
from cli.creation import add_source, plan_of, write_plan  # noqa: E402
from cli.private_index import Wheel, make_index  # noqa: E402
from environments.conda_program import CondaProgram  # noqa: E402

OLD, NEW = "2.4.6", "1.26.4"
NOTHING, HALF, BROKEN = "none", "half-built", "broken"
# With enough space on the disk for a real TensorFlow, which the stub is not.
_PROGRAM = f"import shutil; shutil.disk_usage = lambda p: (1 << 40, 0, 1 << 40)\n{ENTRY}"
_PROGRAM = _PROGRAM.replace(
    "(1 << 40, 0, 1 << 40)", "shutil._ntuple_diskusage(1 << 40, 0, 1 << 40)"
)
_PATIENCE = 120
_PINS = ("tensorflow==2.15.1", "keras==2.15.0", f"numpy=={NEW}")
_WHOLE = frozenset({OLD, NEW})


class Command(NamedTuple):
    """A command that is killed, and what is promised for then.

    ``first`` is run before it, ``after`` after the kill. ``at_once`` are the states that the
    environment may be in in between, ``later`` those afterwards; ``ends_with`` is that of a run
    that nobody kills. ``also`` are modules of the new environment besides NumPy and Keras.
    """

    name: str
    arguments: "tuple[str, ...]"
    after: "tuple[str, ...]"
    at_once: "frozenset[str]" = _WHOLE
    later: "frozenset[str]" = _WHOLE
    first: "tuple[str, ...]" = ()
    ends_with: str = NEW
    starts_with_nothing: bool = False
    also: "tuple[str, ...]" = ()

    @property
    def cleans_up(self) -> bool:
        """Whether nothing is left beside the environment afterwards: nothing is kept for undo."""
        return self.arguments[0] == "create"


class Kill(NamedTuple):
    """One kill: what was killed, after how long, what was found at once and after the next run."""

    command: Command
    seconds: float
    at_once: str
    later: str
    said: str

    @property
    def broke(self) -> bool:
        """Whether the environment was in a state that it may not be in."""
        return not (self.at_once in self.command.at_once and self.later in self.command.later)

    def __str__(self) -> str:
        """Say it in a line."""
        return (
            f"{self.command.name:22} killed after {self.seconds:5.2f} s: {self.at_once}, "
            f"then {self.later} ({self.said})"
        )


class Workshop:
    """A folder with an index, plans, a stand-in for conda, and the old environment."""

    def __init__(self, folder: Path) -> None:
        self.environment = folder / "work" / "env"
        self._folder = folder
        settings = make_broken(folder, self.environment)
        self._prepare_index()
        self.variables = {
            **{name: value for name, value in os.environ.items() if not name.startswith("UV_")},
            "CONDA_EXE": str(CondaProgram(folder / "conda", "conda").path),
            "PIP_CONFIG_FILE": str(settings),
            "UV_CACHE_DIR": str(folder / "cache"),
            "UV_NO_CONFIG": "1",
            "UV_OFFLINE": "1",
        }

    def commands(self) -> "tuple[Command, ...]":
        """Give what is killed, with the promise of each."""
        place = str(self.environment)
        plan = str(write_plan(self._folder / "plan.json", plan_of(*_PINS)))
        compiled = plan_of(*_PINS, "framework==1.0", "addon==0.1", built=("addon",))
        with_build = str(write_plan(self._folder / "with-build.json", compiled))
        python = f"{sys.version_info[0]}.{sys.version_info[1]}"
        fix = ("fix", "--yes", "--env", place)
        undo = ("undo", "--env", place)
        between = _WHOLE | {HALF}
        wishes = ("--no-gpu", "--python", python, "--tensorflow", "2.15")
        in_conda = ("create", plan, place, "--manager", "conda")
        return (
            Command("fix", fix, undo),
            Command(
                "fix in-place",
                (*fix, "--in-place"),
                undo,
                at_once=_WHOLE | {BROKEN},
            ),
            Command("undo", undo, undo, later=frozenset({OLD}), first=fix, ends_with=OLD),
            Command("setup", ("setup", place, "--replace", *wishes), undo),
            Command("create", ("create", plan, place, "--replace"), ("create", plan, place)),
            Command(
                "create anew",
                ("create", plan, place),
                ("create", plan, place),
                at_once=frozenset({NOTHING, NEW}),
                later=frozenset({NEW}),
                starts_with_nothing=True,
            ),
            Command(
                "create with a build",
                ("create", with_build, place, "--replace"),
                ("create", with_build, place),
                at_once=between,
                also=("addon",),
            ),
            Command(
                "create by conda",
                (*in_conda, "--replace"),
                ("create", plan, place),
                at_once=between,
            ),
            Command(
                "create anew by conda",
                in_conda,
                in_conda,
                at_once=frozenset({NOTHING, NEW, HALF}),
                later=frozenset({NEW}),
                starts_with_nothing=True,
            ),
        )

    def make_ready(self, command: Command) -> None:
        """Bring back what a command begins with, whatever is there."""
        if state_of(self.environment) != OLD:
            self.run(("undo", "--env", str(self.environment)))
        if state_of(self.environment) != OLD:
            shutil.rmtree(self.environment, ignore_errors=True)
            make_broken(self._folder, self.environment)
            self._prepare_index()
        if beside(self.environment).exists():
            self.run(("undo", "--forget", "--env", str(self.environment)))
        if command.starts_with_nothing:
            shutil.rmtree(self.environment)
        if command.first:
            self.run(command.first)

    def run(self, arguments: "tuple[str, ...]") -> str:
        """Run a command to its end, again where a killed one's installer keeps it waiting."""
        for _ in range(_PATIENCE):
            end = subprocess.run(
                _command(arguments), env=self.variables, capture_output=True, text=True, check=False
            )
            if "another run" not in end.stderr:
                return f"{end.stderr}\n{end.stdout}"
            time.sleep(0.1)
        raise TimeoutError("the killed run's installer does not end")

    def killed(self, command: Command, seconds: float, *, installer: bool) -> float:
        """Kill a command after some seconds, or let it end before; tell how long it ran."""
        started = time.monotonic()
        process = subprocess.Popen(
            _command(command.arguments),
            env=self.variables,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            if installer:
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
            process.wait()
        return time.monotonic() - started

    def _prepare_index(self) -> None:
        make_index(self._folder / "index", (Wheel("framework", "1.0"),))
        add_source(self._folder / "index", "addon", "0.1")


def kills(folder: Path, number: int, seed: int) -> Iterator[Kill]:
    """Kill so often, each time with what the command begins with."""
    chance = random.Random(seed)  # noqa: S311 - moments, not secrets
    workshop = Workshop(folder)
    commands = workshop.commands()
    lengths = {command: _length(command, workshop) for command in commands}
    for _ in range(number):
        command = chance.choice(commands)
        wanted = chance.uniform(0, lengths[command])
        workshop.make_ready(command)
        seconds = workshop.killed(command, wanted, installer=chance.random() < 0.5)
        at_once = state_of(workshop.environment, command.also)
        said = workshop.run(command.after).strip().rpartition("\n")[2]
        said = said.replace(str(workshop.environment), "DIR")
        later = state_of(workshop.environment, command.also)
        if command.cleans_up and beside(workshop.environment).exists():
            later = f"{later} with leftovers"
        yield Kill(command, seconds, at_once, later, said)


def _length(command: Command, workshop: Workshop) -> float:
    """Tell how long a command takes when nobody kills it; fail where it does not do its work."""
    workshop.make_ready(command)
    started = time.monotonic()
    said = workshop.run(command.arguments)
    seconds = time.monotonic() - started
    state = state_of(workshop.environment, command.also)
    assert state == command.ends_with, f"{command.name}: {state}: {said}"
    return seconds


def _command(arguments: "tuple[str, ...]") -> "list[str]":
    return [sys.executable, "-c", _PROGRAM, *arguments]


def beside(environment: Path) -> Path:
    """Name the folder of the program's own beside an environment."""
    return environment.parent / f".{environment.name}.tfmac"


def state_of(environment: Path, also: "tuple[str, ...]" = ()) -> str:
    """Name what is there: by its NumPy, none, half-built with the old one whole beside, or broken.

    Half-built is what bears the mark of it, or the moment before, when nothing is in the place.
    The new one has the modules ``also``.
    """
    aside = beside(environment) / "displaced"
    marked = (environment / ".tfmac-unfinished").is_file()
    if marked or (aside.exists() and not environment.exists()):
        return HALF if _numpy_of(aside) == OLD or not aside.exists() else BROKEN
    if not environment.exists():
        return NOTHING
    return _numpy_of(environment, also) or BROKEN


def _numpy_of(environment: Path, also: "tuple[str, ...]" = ()) -> Optional[str]:
    """Give the version of a whole environment's NumPy; None for one that is not whole."""
    python = environment / "bin" / "python"
    if not python.exists():
        return None
    question = (
        "import numpy, keras, importlib; print(numpy.__version__); "
        f"numpy.__version__ == {NEW!r} and list(map(importlib.import_module, {also!r}))"
    )
    end = subprocess.run([str(python), "-c", question], capture_output=True, text=True, check=False)
    records = list(environment.glob("lib/*/site-packages/*.dist-info/RECORD"))
    if end.returncode != 0 or len(records) < 3 or not all(map(_complete, records)):
        return None
    return end.stdout.strip()


def _complete(record: Path) -> bool:
    base = record.parent.parent
    with record.open(encoding="utf-8", newline="") as file:
        return all((base / row[0]).exists() for row in csv.reader(file) if row)


def main() -> int:
    """Kill and print; 1 when an environment was broken."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    found: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="tfmac-kills-") as folder:
        for kill in kills(Path(folder), options.kills, options.seed):
            print(kill, "BROKEN" if kill.broke else "", flush=True)
            found["broken" if kill.broke else "whole"] += 1
            found[f"{kill.command.name}: {kill.at_once}"] += 1
    for name, number in sorted(found.items()):
        print(f"{name:40} {number:4}")
    print(f"{options.kills} kills, {found['broken']} broken environments")
    return int(found["broken"] > 0)


if __name__ == "__main__":
    sys.exit(main())
