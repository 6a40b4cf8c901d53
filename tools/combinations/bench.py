"""One TensorFlow release in an environment of its own, changed package by package."""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Optional

import msgspec
from tools.combinations.messages import error_line
from tools.combinations.program import PROGRAM, RUN_LIMIT, Outcome, judged, loaded
from tools.combinations.records import Point
from tools.combinations.settings import setting

from tfmac.schema.knowledge import Step

_INSTALL_LIMIT = 900
_TENSORFLOW = "tensorflow_cpu"


class BrokenBaselineError(Exception):
    """The environment does not work before anything was changed."""


class Bench:
    """An environment and the versions that it started from."""

    def __init__(self, work: Path, tensorflow: str, python: str) -> None:
        self.tensorflow = tensorflow
        self.python = python
        self.root = work / f"tf-{tensorflow}-{python}"
        self.baseline: dict[str, str] = {}
        self.loaded: tuple[str, ...] = ()
        self._work = work
        self.interpreter = self.root / "bin" / "python"

    def make(self) -> Outcome:
        """Make the environment, run the program in it; the baseline has to work."""
        shutil.rmtree(self.root, ignore_errors=True)
        interpreter = self._uv("python", "find", self.python).strip()
        self._uv("venv", "--quiet", "--python", interpreter, str(self.root))
        chosen = setting(self.tensorflow)
        binary = () if chosen.builds else ("--only-binary", ":all:")
        wanted = (f"tensorflow-cpu=={self.tensorflow}", *chosen.constraints)
        self._pip("install", *binary, *wanted)
        self.baseline = self.versions()
        outcome = self.run("--loaded")
        if outcome.step is not Step.WORKS:
            raise BrokenBaselineError(f"{outcome.step.value}: {error_line(outcome)}")
        return outcome

    def put(self, point: Point) -> None:
        """Give the environment the baseline's packages with the change of a point."""
        self.put_packages({**dict(point.beside), point.package: point.version})

    def put_packages(self, changed: Mapping[str, Optional[str]]) -> None:
        """Give the environment the baseline's packages with some changed; None takes one out."""
        packages = {**self.baseline, **changed}
        self._sync({name: version for name, version in packages.items() if version is not None})
        self._mend()

    def restore(self) -> None:
        """Put the baseline back and compare all versions."""
        self._sync(self.baseline)
        self._mend()
        if self.versions() != self.baseline:
            raise BrokenBaselineError("the baseline could not be restored")

    def versions(self) -> dict[str, str]:
        """Give what is installed."""
        listed = json.loads(self._pip("list", "--format", "json"))
        return {str(entry["name"]): str(entry["version"]) for entry in listed}

    def conflicts(self) -> bool:
        """Whether the declared metadata alone say that something is wrong."""
        try:
            self._pip("check")
        except OSError:
            return True
        return False

    def run(self, *options: str) -> Outcome:
        """Run the program in a process group of its own, within the time limit."""
        place = self._work / "run"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        program = place / "program.py"
        program.write_text(PROGRAM)
        report = place / "report.jsonl"
        stderr = place / "stderr"
        started = time.monotonic()
        with stderr.open("wb") as stream:
            command = [str(self.interpreter), str(program), str(place), *options]
            returncode = _ended(
                subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=stream,
                    cwd=place,
                    env=_environment(),
                    start_new_session=True,
                )
            )
        lines = report.read_text().splitlines() if report.exists() else []
        if options:
            self.loaded = loaded(lines)
        outcome = judged(lines, returncode, stderr.read_text(errors="replace"))
        return msgspec.structs.replace(outcome, seconds=round(time.monotonic() - started, 1))

    def discard(self) -> None:
        """Delete the environment and its largest wheel from the cache."""
        shutil.rmtree(self.root, ignore_errors=True)
        self._uv("cache", "clean", "--quiet", "tensorflow-cpu")

    def _mend(self) -> None:
        """Install TensorFlow again where a package took files of it along when it went."""
        sites = self.root.glob(f"lib/python*/site-packages/{_TENSORFLOW}-*.dist-info/RECORD")
        for record in sites:
            site = record.parent.parent
            paths = (line.rpartition(",")[0].rpartition(",")[0] for line in record.open())
            if all((site / path).exists() for path in paths if path.startswith("tensorflow/")):
                continue
            wanted = f"tensorflow-cpu=={self.baseline['tensorflow-cpu']}"
            self._pip("install", "--no-deps", "--reinstall-package", "tensorflow-cpu", wanted)

    def _sync(self, packages: Mapping[str, str]) -> None:
        wanted = self._work / "wanted.txt"
        wanted.write_text("".join(f"{name}=={packages[name]}\n" for name in sorted(packages)))
        self._pip("sync", str(wanted))

    def _pip(self, verb: str, *arguments: str) -> str:
        return self._uv("pip", verb, "--quiet", "--python", str(self.interpreter), *arguments)

    def _uv(self, *arguments: str) -> str:
        try:
            done = subprocess.run(
                ["uv", *arguments],  # noqa: S607 - the user's uv
                capture_output=True,
                text=True,
                timeout=_INSTALL_LIMIT,
                check=False,
                env={**os.environ, "UV_CACHE_DIR": str(self._work / "cache"), "NO_COLOR": "1"},
            )
        except subprocess.TimeoutExpired as error:
            raise OSError(f"uv {arguments[0]} took more than {_INSTALL_LIMIT} s") from error
        if done.returncode:
            raise OSError(done.stderr.strip() or f"uv exited with {done.returncode}")
        return done.stdout


def _ended(child: "subprocess.Popen[bytes]") -> Optional[int]:
    """Wait for the end of a child; None when it ran past the limit and was killed."""
    with child:
        try:
            return child.wait(timeout=RUN_LIMIT)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            return None


def _environment() -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    return {
        **kept,
        "CUDA_VISIBLE_DEVICES": "-1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONNOUSERSITE": "1",
    }
