"""Writes which variables each layer of Keras has: asks installed releases, then compares them.

    python tools/build_layer_variables.py PYTHON[:FOLDER] ...

``PYTHON`` is an interpreter that has a Keras; ``FOLDER`` is put before its packages, so that one
TensorFlow serves many releases. An argument that ends in ``.json`` is an answer kept from before
(``tools/layer_variables/measure_script.py`` prints it). At least one Keras 2 and one Keras 3 are
needed.
"""

import argparse
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Optional

import msgspec
from packaging.version import Version

from tfmac.knowledge.store import SCHEMA_VERSION
from tfmac.schema.layer_variables import (
    GIVEN,
    ClassVariables,
    LayerVariable,
    LayerVariables,
    Scalar,
    Size,
)

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "src" / "tfmac" / "knowledge" / "data" / "layer_variables.json"
QUESTION = ROOT / "tools" / "layer_variables" / "measure_script.py"
_MAJOR_3 = Version("3")
# What a wrapper is around has an entry of its own.
_INNER = {
    "TimeDistributed": ("layer",),
    "SpectralNormalization": ("layer",),
    "Bidirectional": ("forward_layer", "backward_layer"),
    "RNN": ("cell",),
    "StackedRNNCells": ("cells",),
}
# Of these alone it is certain that no other argument changes what they mean.
_TELLING = {"units", "filters", "input_dim", "output_dim"}
Measured = Mapping[str, Any]


def asked(source: str) -> dict[str, Any]:
    """Ask a release, or read what one answered."""
    if source.endswith(".json"):
        return dict(json.loads(Path(source).read_text(encoding="utf-8")))
    python, _, folder = source.partition(":")
    variables = {**os.environ, "PYTHONPATH": folder} if folder else dict(os.environ)
    answer = subprocess.run(
        [python, str(QUESTION)], stdout=subprocess.PIPE, check=True, env=variables
    )
    return dict(json.loads(answer.stdout))


class _Ways:
    """The ways in which one class was built by one release."""

    def __init__(self, class_name: str, entry: Measured) -> None:
        self._inner = _INNER.get(class_name, ())
        self.defaults: Mapping[str, Any] = entry["defaults"]
        self.ways: list[tuple[Mapping[str, Any], list[Measured]]] = [
            (way["arguments"], self._own(way["variables"])) for way in entry["ways"]
        ]

    def _own(self, variables: Iterable[Measured]) -> list[Measured]:
        own = [one for one in variables if one["object"].partition("/")[0] not in self._inner]
        return sorted(own, key=lambda one: int(one["order"]) if one["order"] >= 0 else 1 << 20)

    @property
    def fullest(self) -> tuple[Mapping[str, Any], list[Measured]]:
        """The way with the most variables; the first one of those."""
        return max(self.ways, key=lambda way: len(way[1]))

    def changed(self) -> Iterator[tuple[dict[str, Any], list[Measured]]]:
        """Give what each other way changes of the fullest, the smallest changes first."""
        base = self.fullest[0]
        found = []
        for arguments, variables in self.ways:
            names = {*base, *arguments}
            change = {
                name: self.value(arguments, name)
                for name in sorted(names)
                if self.value(arguments, name) != self.value(base, name)
            }
            found.append((change, variables))
        yield from sorted(found, key=lambda one: len(one[0]))

    def value(self, arguments: Mapping[str, Any], name: str) -> object:
        """Give an argument, or its default."""
        value = arguments.get(name, self.defaults.get(name))
        # Of a list or the like it only counts that there is one.
        return GIVEN if isinstance(value, (list, dict)) else value


def class_variables(
    class_name: str, keras: str, entry: Measured, names: Mapping[str, str]
) -> ClassVariables:
    """Work out the variables of a class from how it was built; ``names`` are the keys of names."""
    ways = _Ways(class_name, entry)
    arguments, variables = ways.fullest
    found = tuple(_variable(one, ways, arguments, names) for one in variables)
    used = {name for one in found for entry in one.absent for name in entry}
    _check(class_name, found, ways)
    return ClassVariables(
        since=keras,
        variables=found,
        defaults={name: ways.defaults[name] for name in sorted(used) if name in ways.defaults},
    )


def identity(variable: Measured) -> str:
    """Name a variable within its layer, without the marks of private attributes."""
    owner = "/".join(one.lstrip("_") for one in variable["object"].split("/"))
    name = variable["name"].rpartition("/")[2].partition(":")[0]
    return f"{owner}/{name}" if owner else name


def _variable(
    measured: Measured, ways: _Ways, arguments: Mapping[str, Any], names: Mapping[str, str]
) -> LayerVariable:
    own = identity(measured)
    absent: list[dict[str, Scalar]] = []
    for change, variables in ways.changed():
        if own in map(identity, variables):
            continue
        if not any(entry.items() <= change.items() for entry in absent):
            absent.append(_narrowed(own, change, ways))
    return LayerVariable(
        key=names.get(own, own),
        object=measured["object"],
        name=measured["name"].rpartition("/")[2].partition(":")[0],
        attributes=tuple(measured["attributes"]),
        trainable=measured["trainable"],
        absent=tuple(absent),
        sizes=_sizes(own, ways, arguments, measured["shape"]),
    )


def _narrowed(own: str, change: dict[str, Any], ways: _Ways) -> dict[str, Scalar]:
    """Add what else has to hold: other arguments may bring the variable back."""
    base = ways.fullest[0]
    found = dict(change)
    for other, variables in ways.changed():
        if own in map(identity, variables) and found.items() <= other.items():
            for name in other.keys() - found.keys():
                found[name] = ways.value(base, name)
    return found


def _sizes(
    own: str, ways: _Ways, arguments: Mapping[str, Any], shape: Sequence[int]
) -> tuple[Optional[Size], ...]:
    """Tell lengths by the arguments: sizes there are primes, so that no two are mistaken."""
    for change, variables in ways.changed():
        other = next((one["shape"] for one in variables if identity(one) == own), shape)
        if list(other) != list(shape) and change:
            return ()
    found = tuple(_size(length, arguments) for length in shape)
    return found if any(found) else ()


def _size(length: int, arguments: Mapping[str, Any]) -> Optional[Size]:
    for name in _TELLING & set(arguments):
        value = arguments[name]
        if isinstance(value, int):
            for times in (1, 2, 3, 4):
                if length == value * times:
                    return Size(name, times)
    return None


def _check(class_name: str, found: Sequence[LayerVariable], ways: _Ways) -> None:
    """Hold what was worked out against every way that was built: numbers and order."""
    for arguments, variables in ways.ways:
        names = {*ways.defaults, *arguments}
        config = {name: ways.value(arguments, name) for name in names}
        present = [
            one
            for one in found
            if not any(
                all(config.get(name) == value for name, value in entry.items())
                for entry in one.absent
            )
        ]
        seen = [identity(one) for one in variables]
        said = [identity({"object": one.object, "name": one.name}) for one in present]
        if seen != said:
            raise SystemExit(f"{class_name} with {arguments} has {seen}, not {said}")
        counts: dict[str, int] = {}
        for one in variables:
            number = counts.get(one["object"], 0)
            counts[one["object"]] = number + 1
            if one["number"] not in {str(number), ""}:
                raise SystemExit(f"{class_name}: {one} is not stored as {number}")


def renamed(old: Measured, new: Measured, class_name: str) -> dict[str, str]:
    """Find the keys of variables that Keras 3 calls otherwise: by their place and their size."""
    before, after = _Ways(class_name, old), _Ways(class_name, new)
    found: dict[str, str] = {}
    for (first, olds), (second, news) in itertools.product(before.ways, after.ways):
        known = {name for name in {*first, *second} if name in {*old["defaults"], *first}}
        if any(before.value(first, name) != after.value(second, name) for name in known):
            continue
        mine, theirs = [identity(one) for one in olds], [identity(one) for one in news]
        if sorted(mine) == sorted(theirs) or len(olds) != len(news):
            continue
        if [one["shape"] for one in olds] == [one["shape"] for one in news]:
            found.update((one, two) for one, two in zip(mine, theirs) if one != two)
    return found


def table(answers: Sequence[dict[str, Any]]) -> LayerVariables:
    """Put the answers together: an entry for each class where a release differs from the last."""
    ordered = sorted(answers, key=lambda one: Version(one["keras"]))
    newest = ordered[-1]["layers"]
    classes: dict[str, list[ClassVariables]] = {}
    for answer in ordered:
        is_old = Version(answer["keras"]) < _MAJOR_3
        for name, entry in answer["layers"].items():
            names = renamed(entry, newest[name], name) if is_old and name in newest else {}
            one = class_variables(name, answer["keras"], entry, names)
            records = classes.setdefault(name, [])
            last = records[-1] if records else None
            same_generation = last and (Version(last.since) < _MAJOR_3) is is_old
            if last is None or not same_generation or _differ(last, one):
                records.append(one)
    return LayerVariables(
        schema_version=SCHEMA_VERSION,
        releases=tuple(one["keras"] for one in ordered),
        classes={name: tuple(records) for name, records in sorted(classes.items())},
    )


def _differ(one: ClassVariables, other: ClassVariables) -> bool:
    return (one.variables, one.defaults) != (other.variables, other.defaults)


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Write the file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("sources", nargs="+", metavar="PYTHON[:FOLDER]")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    options = parser.parse_args(arguments)
    record = table([asked(one) for one in options.sources])
    text = msgspec.json.format(msgspec.json.encode(record), indent=1)
    options.output.write_bytes(text + b"\n")
    sys.stdout.write(f"{len(record.classes)} classes of {len(record.releases)} releases\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
