"""One TensorFlow in an environment, and beside it one satellite after the other."""

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Optional

from tools.combinations.messages import error_line
from tools.combinations.processes import run, uv
from tools.combinations.program import judged
from tools.combinations.settings import setting
from tools.satellites.programs import program

from tfmac.planner.undeclared import constraints_for
from tfmac.schema.knowledge import Step
from tfmac.schema.satellites import Stage

TENSORFLOW = "tensorflow"
_SAID = 4000
_NATIVE = re.compile(
    r"undefined symbol|cannot open shared object|GLIBCXX|version `GLIBC|Symbol not found|"
    r"NotFoundError.*\.so\b|unable to open file: lib|^SIG[A-Z]+\b|compiled against A[BP]I"
)


class Outcome(NamedTuple):
    """How far the use of a package came, and what was said where it stopped."""

    stage: Stage
    error: Optional[str]
    said: str
    native: bool
    seconds: float


class Bench:
    """An environment of a TensorFlow; what lies beside it is exchanged."""

    def __init__(self, work: Path, tensorflow: str) -> None:
        self.tensorflow = tensorflow
        self.python = setting(tensorflow).python
        self._work = work
        self._root = work / f"tf-{tensorflow}"
        self._interpreter = self._root / "bin" / "python"

    def make(self) -> None:
        """Make an empty environment."""
        shutil.rmtree(self._root, ignore_errors=True)
        found = self._uv("python", "find", self.python).strip()
        self._uv("venv", "--quiet", "--python", found, str(self._root))

    def resolved(
        self, package: str, version: Optional[str], beside: Sequence[str]
    ) -> dict[str, str]:
        """Resolve a package beside TensorFlow as the planner does; ``OSError`` where it cannot.

        The satellites declare TensorFlow under this name and not as ``tensorflow-cpu``.
        """
        wanted = package if version is None else f"{package}=={version}"
        bounds = self._work / "bounds.txt"
        chosen = setting(self.tensorflow).constraints
        bounds.write_text("\n".join((*chosen, *constraints_for(self.tensorflow))) + "\n")
        command = ["pip", "compile", "--quiet", "--no-header", "--no-annotate"]
        command += ["--python", str(self._interpreter), "--constraints", str(bounds), "-"]
        asked = (f"{TENSORFLOW}=={self.tensorflow}", wanted, *beside)
        return pins(self._uv(*command, given="".join(f"{one}\n" for one in asked)))

    def put(self, packages: Mapping[str, str]) -> None:
        """Give the environment these packages and no others, with TensorFlow for the CPU alone."""
        named = {f"{name}-cpu" if name == TENSORFLOW else name: packages[name] for name in packages}
        wanted = self._work / "wanted.txt"
        wanted.write_text("".join(f"{name}=={named[name]}\n" for name in sorted(named)))
        self._uv("pip", "sync", "--quiet", "--python", str(self._interpreter), str(wanted))

    def use(self, package: str) -> Outcome:
        """Run the program of a package."""
        ran = run(self._interpreter, program(package), self._work / "run")
        outcome = judged(ran.report, ran.returncode, ran.stderr)
        entries: list[dict[str, Any]] = [json.loads(line) for line in ran.report]
        stages = [Stage(entry["stage"]) for entry in entries if "stage" in entry]
        stage = stages[-1] if stages else Stage.TENSORFLOW
        error = error_line(outcome)
        return Outcome(
            stage=Stage.WORKS if outcome.step is Step.WORKS else stage,
            error=error,
            said="" if error is None else ran.stderr[-_SAID:],
            native=is_native(f"{error}\n{outcome.message}\n{outcome.root_message}"),
            seconds=ran.seconds,
        )

    def discard(self) -> None:
        """Delete the environment and its largest wheel from the cache."""
        shutil.rmtree(self._root, ignore_errors=True)
        self._uv("cache", "clean", "--quiet", f"{TENSORFLOW}-cpu")

    def _uv(self, *arguments: str, given: Optional[str] = None) -> str:
        return uv(*arguments, given=given, cache=self._work / "cache")


def pins(resolved: str) -> dict[str, str]:
    """Read what a resolver wrote, one pin a line."""
    lines = (line.split(";")[0].strip() for line in resolved.splitlines())
    pairs = (line.partition("==") for line in lines if "==" in line)
    return {name: version for name, _, version in pairs}


def is_native(said: str) -> bool:
    """Whether an error speaks of compiled code: of a library that is not found, or does not fit."""
    return any(_NATIVE.search(line) for line in said.splitlines())
