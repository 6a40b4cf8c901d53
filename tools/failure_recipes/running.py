"""Runs a recipe in its environments and gives what was printed, made neutral."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Optional

from tools.failure_recipes.environments import CannotRun, Environment, load_environments
from tools.failure_recipes.parsing import Recipe, Step

from tfmac.environments.uv import find_uv

__all__ = ["CannotRun", "Environment", "Workshop", "load_environments"]

_SHELLS: Final = Path(__file__).with_name("shells_script.py")
_EXTRA: Final = {"3.7": "ipython==7.34.0", "3.8": "ipython==7.34.0"}
_NEWER_EXTRA: Final = "ipython==8.18.1"
_SECONDS: Final = 240
_ADDRESS: Final = re.compile(r"\b0x[0-9a-f]{9,16}\b")
_HOST: Final = re.compile(r"in binary running on [\w.-]+?\. ")
_PYTHON_HOME: Final = "/Users/ada/.pyenv/versions"


class Workshop:
    """The folder in which environments are made and programs run."""

    def __init__(self, work: Path, corpus: Optional[Path]) -> None:
        self._work = work
        self._corpus = corpus
        self._environments = load_environments()

    def record(self, recipe: Recipe, environment: str, runner: str) -> str:
        """Give what the recipe prints in this environment."""
        folder = self._work / "run" / recipe.cause / f"{recipe.name}-{environment}-{runner}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self._place(recipe, folder)
        for step in recipe.before:
            self._prepare(step, folder, recipe.variables)
        name = "test_training.py" if runner == "pytest" else "train.py"
        (folder / name).write_text(recipe.code, encoding="utf-8")
        output, _ = self._run(environment, folder, (runner, name), recipe.variables)
        return self._neutral(output, environment, folder)

    def _place(self, recipe: Recipe, folder: Path) -> None:
        for path, name in recipe.files:
            if self._corpus is None:
                message = f"{recipe.cause}/{recipe.name} needs the corpus (--corpus)"
                raise CannotRun(message)
            source, target = self._corpus / path, folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target)
            else:
                shutil.copyfile(source, target)

    def _prepare(self, step: Step, folder: Path, variables: tuple[str, ...]) -> None:
        script = folder / "prepare.py"
        script.write_text(step.code, encoding="utf-8")
        output, status = self._run(step.environment, folder, ("plain", script.name), variables)
        script.unlink()
        if status:
            message = f"the step in {step.environment} failed:\n{output[-2000:]}"
            raise CannotRun(message)

    def _run(
        self, environment: str, folder: Path, how: tuple[str, str], variables: tuple[str, ...]
    ) -> tuple[str, int]:
        """Run the file as the runner does; give what it prints, and its status."""
        done = subprocess.run(
            [str(self._python(environment)), *_command(*how)],
            cwd=folder,
            env=self._variables(environment, variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_SECONDS,
            check=False,
        )
        return done.stdout.decode("utf-8", "replace"), done.returncode

    def _variables(self, environment: str, variables: tuple[str, ...]) -> dict[str, str]:
        """Give a child's variables: nothing of the user's but the PATH."""
        home = self._work / "homes" / environment
        home.mkdir(parents=True, exist_ok=True)
        inherited = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"}
        shells = {"PYTHONPATH": str(self._shells(environment)), "PYTHONDONTWRITEBYTECODE": "1"}
        return {**inherited, **shells, **dict(one.split("=", 1) for one in variables)}

    def _python(self, name: str) -> Path:
        """Give the environment's interpreter; made when it is not there."""
        place = self._work / "environments" / name
        python = place / "bin" / "python"
        if not python.exists():
            environment = self._environments[name]
            uv = _uv()
            # Some of these sets contradict what the releases declare, as users' sets do.
            overrides = self._work / "overrides.txt"
            overrides.write_text("\n".join(environment.requirements) + "\n", encoding="utf-8")
            _do([uv, "venv", "--quiet", "--python", environment.python, str(place)])
            install = [uv, "pip", "install", "--quiet", "--python", str(python)]
            _do([*install, "--override", str(overrides), *environment.requirements])
        return python

    def _shells(self, name: str) -> Path:
        """Give the folder with IPython and pytest; made when it is not there."""
        python = self._environments[name].python
        wanted = _EXTRA.get(python, _NEWER_EXTRA)
        place = self._work / "shells" / wanted
        if not place.exists():
            version = python if python in _EXTRA else "3.9"
            target = ["--python-version", version, "--target", str(place)]
            _do([_uv(), "pip", "install", "--quiet", *target, wanted, "pytest"])
        return place

    def _neutral(self, text: str, environment: str, folder: Path) -> str:
        """Take this machine's paths and names out of what was printed."""
        shown = self._environments[environment].shown
        text = text.replace(str(folder), "/Users/ada/project")
        for path in self._spellings(environment):
            text = text.replace(path, shown)
        text = re.sub(r"/[\w./-]*/\.pyenv/versions", _PYTHON_HOME, text)
        packages = f"{shown}/lib/python/site-packages"
        for path in self._shell_spellings():
            text = text.replace(path, packages)
        text = text.replace(str(_SHELLS.parent), f"{shown}/bin")
        text = _HOST.sub("in binary running on adas-laptop. ", text)
        return _ADDRESS.sub(_stable_addresses(), text)

    def _spellings(self, environment: str) -> Iterator[str]:
        place = self._work / "environments" / environment
        yield str(place)
        yield str(place.resolve())

    def _shell_spellings(self) -> Iterator[str]:
        for wanted in {*_EXTRA.values(), _NEWER_EXTRA}:
            place = self._work / "shells" / wanted
            yield str(place)
            yield str(place.resolve())


def _uv() -> str:
    uv = find_uv()
    if uv is None:
        message = "there is no uv"
        raise CannotRun(message)
    return str(uv.path)


def _command(runner: str, name: str) -> list[str]:
    if runner in {"plain", "cold"}:
        return [name]
    if runner == "pytest":
        return ["-m", "pytest", "-q", "-p", "no:cacheprovider", name]
    return [str(_SHELLS), runner, name]


def _do(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotRun(done.stderr)


class _stable_addresses:  # noqa: N801 - used like a function
    """The same made-up address for the same object, so that a second recording differs little."""

    def __init__(self) -> None:
        self._seen: dict[str, str] = {}

    def __call__(self, match: "re.Match[str]") -> str:
        return self._seen.setdefault(match[0], f"0x{0x16F2A4000 + 0x40 * len(self._seen):x}")
