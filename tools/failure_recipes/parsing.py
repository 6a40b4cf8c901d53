"""Reads the text files in which the recipes stand."""

from collections.abc import Iterator
from pathlib import Path
from typing import Optional

import msgspec

FOLDER = Path(__file__).parent / "recipes"
_RECIPE = "=== "
_STEP = "--- "


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """Code that one release runs before the error, to write the file that is read."""

    environment: str
    code: str


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """How one error is provoked."""

    cause: str
    """Where its logs go; ``foreign`` and ``harmless`` are folders too."""
    name: str
    environments: tuple[str, ...]
    """Each of them gives a log."""
    runners: tuple[str, ...] = ("plain",)
    """``plain``, ``ipython``, ``coloured``, ``pytest``, ``log``, ``cold`` (imported anew)."""
    forms: tuple[str, ...] = ()
    """What is made of each log besides."""
    variables: tuple[str, ...] = ()
    """NAME=VALUE of the environment."""
    files: tuple[tuple[str, str], ...] = ()
    """A path of the corpus, and the name under which it lies beside the code."""
    before: tuple[Step, ...] = ()
    code: str


class CannotRead(ValueError):
    """A recipe's text does not follow the rules."""


def recipes(causes: tuple[str, ...] = ()) -> Iterator[Recipe]:
    """Read the recipes of these causes; of all when none is named."""
    for path in sorted(FOLDER.glob("*.txt")):
        if not causes or path.stem in causes:
            yield from parse(path.stem, path.read_text(encoding="utf-8"))


def parse(cause: str, text: str) -> Iterator[Recipe]:
    """Read a cause's recipes: ``=== NAME``, settings, ``--- before ENVIRONMENT``, ``--- run``."""
    for part in ("\n" + text).split("\n" + _RECIPE)[1:]:
        name, _, body = part.partition("\n")
        yield _recipe(cause, name.strip(), body)


def _recipe(cause: str, name: str, body: str) -> Recipe:
    head, *sections = ("\n" + body).split("\n" + _STEP)
    settings = dict(_settings(head))
    before: list[Step] = []
    code: Optional[str] = None
    for section in sections:
        title, _, lines = section.partition("\n")
        if title.startswith("before "):
            before.append(Step(environment=title.split()[1], code=lines))
        else:
            code = lines
    if code is None or "in" not in settings:
        message = f"{cause}/{name} says neither what to run nor where"
        raise CannotRead(message)
    return Recipe(
        cause=cause,
        name=name,
        environments=tuple(settings["in"].split()),
        runners=tuple(settings.get("as", "plain").split()),
        forms=tuple(settings.get("forms", "").split()),
        variables=tuple(settings.get("with", "").split()),
        files=tuple(_file(one) for one in settings.get("files", "").split(",") if one.strip()),
        before=tuple(before),
        code=code,
    )


def _settings(head: str) -> Iterator[tuple[str, str]]:
    for line in head.splitlines():
        name, colon, value = line.partition(":")
        if colon:
            yield name.strip(), value.strip()


def _file(text: str) -> tuple[str, str]:
    path, name = text.split()
    return path, name
