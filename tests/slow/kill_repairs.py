"""Kills ``tfmac setup``, ``fix`` and ``undo`` at random moments and looks at what they leave.

    python tests/slow/kill_repairs.py --kills 200 [--seed 7]

Each kill is a SIGKILL, half of them to the installer as well. An environment that is changed as a
whole has to work at once, as the old or the new one; one that is changed in place after the next
``tfmac undo``, which says what it did. Prints a line for each kill, and how many environments
were broken; ends with 1 when one was.
"""

import argparse
import csv
import os
import random
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

OLD, NEW = "2.4.6", "1.26.4"
# With enough space on the disk for a real TensorFlow, which the stub is not.
_PROGRAM = f"import shutil; shutil.disk_usage = lambda p: (1 << 40, 0, 1 << 40)\n{ENTRY}"
_PROGRAM = _PROGRAM.replace(
    "(1 << 40, 0, 1 << 40)", "shutil._ntuple_diskusage(1 << 40, 0, 1 << 40)"
)
_PATIENCE = 120


class Kill(NamedTuple):
    """One kill: what was killed, after how long, what was found at once and after the next run."""

    command: str
    seconds: float
    at_once: Optional[str]
    later: Optional[str]
    said: str

    @property
    def broke(self) -> bool:
        """Whether the environment was neither the old nor the new one when it had to be."""
        whole = self.later in {OLD, NEW}
        return not whole or ("in-place" not in self.command and self.at_once not in {OLD, NEW})

    def __str__(self) -> str:
        """Say it in a line."""
        return (
            f"{self.command:12} killed after {self.seconds:5.2f} s: NumPy {self.at_once}, "
            f"then {self.later} ({self.said})"
        )


def kills(folder: Path, number: int, seed: int) -> Iterator[Kill]:
    """Kill so often, each time with the old environment in place at the start."""
    chance = random.Random(seed)  # noqa: S311 - moments, not secrets
    environment = folder / "work" / "env"
    settings = make_broken(folder, environment)
    variables = {
        **{name: value for name, value in os.environ.items() if not name.startswith("UV_")},
        "PIP_CONFIG_FILE": str(settings),
        "UV_CACHE_DIR": str(folder / "cache"),
        "UV_NO_CONFIG": "1",
        "UV_OFFLINE": "1",
    }
    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    commands = (
        ("fix", "--yes", "--env", str(environment)),
        ("fix", "--yes", "--in-place", "--env", str(environment)),
        ("setup", str(environment), "--replace", "--no-gpu", "--python", python),
    )
    lengths = {command: _length(command, environment, variables) for command in commands}
    for _ in range(number):
        command = chance.choice(commands)
        wanted = chance.uniform(0, lengths[command])
        seconds = _killed(command, variables, wanted, installer=chance.random() < 0.5)
        at_once = state_of(environment)
        said = _run(("undo", "--env", str(environment)), variables).strip().rpartition(": ")[2]
        name = f"{command[0]} in-place" if "--in-place" in command else command[0]
        yield Kill(name, seconds, at_once, state_of(environment), said)
        _reset(folder, environment, variables)


def _length(command: "tuple[str, ...]", environment: Path, variables: "dict[str, str]") -> float:
    """Tell how long a command takes when nobody kills it; leaves the old environment."""
    started = time.monotonic()
    _run(command, variables)
    seconds = time.monotonic() - started
    _reset(environment.parent.parent, environment, variables)
    return seconds


def _reset(folder: Path, environment: Path, variables: "dict[str, str]") -> None:
    """Bring the old environment back, whatever is there."""
    if state_of(environment) != OLD:
        _run(("undo", "--env", str(environment)), variables)
    if state_of(environment) != OLD:
        subprocess.run(["/bin/rm", "-rf", str(environment)], check=True)
        make_broken(folder, environment)
    if (environment.parent / f".{environment.name}.tfmac").exists():
        _run(("undo", "--forget", "--env", str(environment)), variables)


def _command(arguments: "tuple[str, ...]") -> "list[str]":
    return [sys.executable, "-c", _PROGRAM, *arguments]


def _run(arguments: "tuple[str, ...]", variables: "dict[str, str]") -> str:
    """Run a command to its end; one that another one's installer keeps waiting is tried again."""
    for _ in range(_PATIENCE):
        end = subprocess.run(
            _command(arguments), env=variables, capture_output=True, text=True, check=False
        )
        if "another run" not in end.stderr:
            return f"{end.stderr}\n{end.stdout}"
        time.sleep(0.1)
    raise TimeoutError("the killed run's installer does not end")


def _killed(
    arguments: "tuple[str, ...]", variables: "dict[str, str]", seconds: float, *, installer: bool
) -> float:
    """Kill a command after some seconds, or let it end before; tell how long it ran."""
    started = time.monotonic()
    process = subprocess.Popen(
        _command(arguments),
        env=variables,
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


def state_of(environment: Path) -> Optional[str]:
    """Name the environment by its NumPy; None for one that is not whole."""
    python = environment / "bin" / "python"
    question = "import numpy, keras; print(numpy.__version__)"
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
            found["new" if kill.at_once == NEW else "old or between"] += 1
    print(f"{options.kills} kills, {found['broken']} broken environments; {dict(found)}")
    return int(found["broken"] > 0)


if __name__ == "__main__":
    sys.exit(main())
