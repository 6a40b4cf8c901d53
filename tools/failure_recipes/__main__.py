"""Provokes known errors and records what is printed.

``python -m tools.failure_recipes record [CAUSE…] --work DIR`` makes the environments in DIR,
runs the recipes and writes ``tests/data/logs/CAUSE/NAME.txt`` and a line of
``tests/data/logs/provenance.json`` for each. ``list`` shows the recipes.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Optional

from tools.failure_recipes.environments import CannotRun, load_environments
from tools.failure_recipes.forms import FORMS
from tools.failure_recipes.parsing import Recipe, recipes
from tools.failure_recipes.provenance import Provenance
from tools.failure_recipes.warm import WarmWorkshop

LOGS = Path(__file__).parents[2] / "tests" / "data" / "logs"


def main(arguments: Optional[list[str]] = None) -> int:
    """Do what the verb says; 1 when a recipe could not be run."""
    parser = argparse.ArgumentParser(prog="failure_recipes", description=__doc__)
    verbs = parser.add_subparsers(required=True)
    one = verbs.add_parser("record", help="run recipes and write their logs")
    one.add_argument("causes", nargs="*", help="CAUSE or CAUSE/NAME; all when none is named")
    one.add_argument("--work", type=Path, required=True, help="environments and files")
    one.add_argument("--corpus", type=Path, help="the folder of model files by writer")
    one.add_argument("--missing", action="store_true", help="only logs that are not there yet")
    one.set_defaults(verb=_record)
    verbs.add_parser("list", help="list the recipes").set_defaults(verb=_list)
    given = parser.parse_args(arguments)
    return int(given.verb(given))


def _list(_: argparse.Namespace) -> int:
    for recipe in recipes():
        print(f"{recipe.cause}/{recipe.name}: {' '.join(recipe.environments)}")
    return 0


def _record(given: argparse.Namespace) -> int:
    workshop = WarmWorkshop(given.work.resolve(), given.corpus and given.corpus.resolve())
    failed = 0
    # By environment, so that each is imported once.
    for recipe, environment, runner in sorted(_runs(tuple(given.causes)), key=lambda run: run[1]):
        target = LOGS / recipe.cause / f"{_name(recipe, environment, runner)}.txt"
        if given.missing and target.exists():
            continue
        try:
            text = workshop.record(recipe, environment, runner)
        except (CannotRun, OSError) as error:
            failed += 1
            print(f"{target.stem}: {error}", file=sys.stderr)
            continue
        _write(target, text, recipe, environment)
    workshop.close()
    return int(failed > 0)


def _runs(wanted: tuple[str, ...]) -> Iterator[tuple[Recipe, str, str]]:
    causes = tuple(one.split("/")[0] for one in wanted)
    for recipe in recipes(causes):
        if wanted and not {recipe.cause, f"{recipe.cause}/{recipe.name}"} & set(wanted):
            continue
        for environment in recipe.environments:
            for runner in recipe.runners:
                yield recipe, environment, runner


def _name(recipe: Recipe, environment: str, runner: str) -> str:
    parts = [recipe.name, environment.replace(".", "-")]
    return "-".join(parts if runner in {"plain", "cold"} else [*parts, runner])


def _write(target: Path, text: str, recipe: Recipe, environment: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    requirements = load_environments()[environment].requirements
    provenance = Provenance(LOGS)
    source = f"tools/failure_recipes/recipes/{recipe.cause}.txt: {recipe.name}"
    for form in ("", *recipe.forms):
        path = target.with_name(f"{target.stem}-{form}.txt") if form else target
        path.write_text(FORMS[form](text) if form else text, encoding="utf-8")
        how = f"recorded, then {form}" if form else "recorded"
        provenance.add(path, how=how, source=source, versions=requirements)
    provenance.save()


if __name__ == "__main__":
    sys.exit(main())
