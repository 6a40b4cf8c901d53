"""Records what fails while TensorFlow and its neighbours are imported.

``python -m tools.failure_recipes.import_record --work DIR [CAUSE…]``: the recipes of
``import_recipes`` in the environments of ``import_environments.json``, whose releases contradict
one another on purpose.
"""

import argparse
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import CalledProcessError, TimeoutExpired
from typing import Final, Optional

import msgspec
from tools.failure_recipes.environments import CannotRun, Environment
from tools.failure_recipes.forms import FORMS
from tools.failure_recipes.parsing import Recipe, parse
from tools.failure_recipes.provenance import Provenance
from tools.failure_recipes.running import Workshop

from tfmac.environments.uv import find_uv

_HERE: Final = Path(__file__).parent
_LOGS: Final = _HERE.parents[1] / "tests" / "data" / "logs"


class ImportWorkshop(Workshop):
    """A workshop with the environments that contradict themselves."""

    def __init__(self, work: Path) -> None:
        super().__init__(work, None)
        text = (_HERE / "import_environments.json").read_bytes()
        self._environments = msgspec.json.decode(text, type=dict[str, Environment])

    def requirements(self, environment: str) -> tuple[str, ...]:
        """Give what is installed in an environment."""
        return self._environments[environment].requirements

    def remove(self, environment: str) -> None:
        """Take an environment away: each is some hundred megabytes."""
        shutil.rmtree(self._work / "environments" / environment, ignore_errors=True)

    def _python(self, name: str) -> Path:
        """Give the environment's interpreter; uv finds the base, old ones on the PATH too."""
        place = self._work / "environments" / name
        python = place / "bin" / "python"
        if not python.exists():
            environment = self._environments[name]
            uv = _uv()
            overrides = self._work / "overrides.txt"
            overrides.write_text("\n".join(environment.requirements) + "\n", encoding="utf-8")
            _do([uv, "venv", "--quiet", "--python", environment.python, str(place)])
            install = [uv, "pip", "install", "--quiet", "--python", str(python)]
            try:
                _do([*install, "--override", str(overrides), *environment.requirements])
            except CalledProcessError:
                shutil.rmtree(place)
                raise
        return python

    def _neutral(self, text: str, environment: str, folder: Path) -> str:
        """Make the paths of all environments neutral, the longest names first."""
        shown = self._environments[environment].shown
        for other in sorted(self._environments, key=len, reverse=True):
            for path in self._spellings(other):
                text = text.replace(path, shown)
        python = self._environments[environment].python
        text = re.sub(
            r"/lib/python3\.\d+/site-packages", f"/lib/python{python}/site-packages", text
        )
        return super()._neutral(text, environment, folder)


def _uv() -> str:
    found = find_uv()
    if found is None:
        message = "uv is not on the PATH"
        raise CannotRun(message)
    return str(found.path)


def _do(command: list[str]) -> None:
    subprocess.run(command, check=True)


def main(arguments: Optional[list[str]] = None) -> int:
    """Record the recipes, one environment after the other; 1 when one could not be run."""
    parser = argparse.ArgumentParser(prog="import_record", description=__doc__)
    parser.add_argument("causes", nargs="*", help="CAUSE; all when none is named")
    parser.add_argument("--work", type=Path, required=True, help="where environments are made")
    parser.add_argument("--missing", action="store_true", help="only logs that are not there yet")
    given = parser.parse_args(arguments)
    workshop = ImportWorkshop(given.work.resolve())
    failed = 0
    for recipe, environment, runner in sorted(_runs(set(given.causes)), key=lambda one: one[1]):
        target = _LOGS / recipe.cause / f"{_name(recipe, environment, runner)}.txt"
        if given.missing and target.exists():
            continue
        try:
            text = workshop.record(recipe, environment, runner)
        except (CannotRun, CalledProcessError, TimeoutExpired) as error:
            failed += 1
            print(f"{recipe.cause}/{target.stem}: {error}", file=sys.stderr)
            continue
        print(f"== {recipe.cause}/{target.stem}: {len(text)}", file=sys.stderr)
        _write(target, text, recipe, workshop.requirements(environment))
    return int(failed > 0)


def _runs(wanted: set[str]) -> Iterator[tuple[Recipe, str, str]]:
    for path in sorted((_HERE / "import_recipes").glob("*.txt")):
        if wanted and path.stem not in wanted:
            continue
        for recipe in parse(path.stem, path.read_text(encoding="utf-8")):
            for environment in recipe.environments:
                for runner in recipe.runners:
                    yield recipe, environment, runner


def _name(recipe: Recipe, environment: str, runner: str) -> str:
    parts = [recipe.name, environment.replace(".", "-")]
    return "-".join(parts if runner == "plain" else [*parts, runner])


def _write(target: Path, text: str, recipe: Recipe, versions: tuple[str, ...]) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    provenance = Provenance(_LOGS)
    source = f"tools/failure_recipes/import_recipes/{recipe.cause}.txt: {recipe.name}"
    for form in ("", *recipe.forms):
        path = target.with_name(f"{target.stem}-{form}.txt") if form else target
        path.write_text(FORMS[form](text) if form else text, encoding="utf-8")
        how = f"recorded, then {form}" if form else "recorded"
        provenance.add(path, how=how, source=source, versions=versions)
    provenance.save()


if __name__ == "__main__":
    sys.exit(main())
