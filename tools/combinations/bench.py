"""One TensorFlow release in an environment of its own, changed package by package."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Optional

import msgspec
from tools.combinations.messages import error_line
from tools.combinations.processes import run, uv
from tools.combinations.program import PROGRAM, Outcome, judged, loaded
from tools.combinations.records import Point
from tools.combinations.settings import setting

from tfmac.schema.knowledge import Step

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
        ran = run(self.interpreter, PROGRAM, self._work / "run", *options)
        if options:
            self.loaded = loaded(ran.report)
        outcome = judged(ran.report, ran.returncode, ran.stderr)
        return msgspec.structs.replace(outcome, seconds=ran.seconds)

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
        return uv(*arguments, cache=self._work / "cache")
