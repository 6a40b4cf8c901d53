"""Operations of the user's own, from a Python file.

The file has a list ``OPERATIONS`` of dictionaries: ``name`` and ``function`` (called with tensors,
returns one or several); and, where it matters, ``inputs`` (a function of a NumPy generator and a
shape that returns arrays; by default one of normal numbers), ``shapes``, ``dtypes``, ``gradient``
(whether there is one) and ``terms`` (how many products or sums go into one number).
"""

from __future__ import annotations

import runpy
import zlib
from typing import TYPE_CHECKING, Any, Callable

import numpy as np

from ..failures import WorkProblem
from .drawing import Draw
from .entries import FLOATS, SHAPES, Entry, Shape, Task

if TYPE_CHECKING:
    from collections.abc import Iterator

_KNOWN = {"name", "function", "inputs", "shapes", "dtypes", "gradient", "terms"}


def entries(path: str) -> Iterator[Entry]:
    """Yield the entries of a file; raise ``WorkProblem`` for one that is not as it has to be."""
    try:
        listed = runpy.run_path(path, run_name="tfmac_operations").get("OPERATIONS")
    except (Exception, SystemExit) as error:
        raise WorkProblem(
            "script", f"{path} cannot be run: {type(error).__name__}: {error}"
        ) from error
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise WorkProblem("script", f"{path} has no list OPERATIONS of dictionaries")
    for one in listed:
        _check(path, one)
        yield _entry(one)


def _check(path: str, one: dict[str, Any]) -> None:
    unknown = sorted(set(one) - _KNOWN)
    if unknown:
        raise WorkProblem("script", f"{path}: OPERATIONS knows no {', '.join(unknown)}")
    if not isinstance(one.get("name"), str) or not callable(one.get("function")):
        raise WorkProblem("script", f"{path}: an operation needs a name and a function")


def _entry(one: dict[str, Any]) -> Entry:
    function, inputs = one["function"], one.get("inputs")

    def make(_tools: Any, draw: Draw, shape: Shape) -> Task:
        arrays = _drawn(inputs, one["name"], shape) if inputs else [draw.normal(shape)]
        return Task(arrays, function, terms=int(one.get("terms", 1)))

    return Entry(
        one["name"],
        "",
        make,
        tuple(map(tuple, one.get("shapes", SHAPES))),
        tuple(one.get("dtypes", FLOATS)),
        bool(one.get("gradient", True)),
    )


def _drawn(inputs: Callable[..., Any], name: str, shape: Shape) -> list[Any]:
    random = np.random.default_rng(zlib.crc32(f"{name} {shape}".encode()))
    return [np.asarray(one) for one in inputs(random, shape)]
