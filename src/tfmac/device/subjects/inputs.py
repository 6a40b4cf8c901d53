"""What the model is called with: the user's arrays, or arrays made to fit its inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from .. import keras_models
from ..failures import WorkProblem
from .sides import Side
from .trees import Recorded, leaves, mapped, recorded_of

BATCH = 4
ODD_BATCH = 3
LARGE_BATCH = 33
# For sizes that the model leaves open; the second is odd.
OPEN_SIZES = (16, 13)
OPEN_IMAGE_SIZES = (64, 61)
LARGE = 10.0


class Inputs(NamedTuple):
    """A set of inputs: what it is called in the report, and the arrays as the model takes them."""

    name: str
    tree: Any
    training: bool = True
    """Whether gradients and steps are compared on it too."""


def given_inputs(path: str, side: Side) -> list[Inputs]:
    """Read the arrays of the user's file, by name or in order."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError) as error:
        raise WorkProblem("inputs", f"{path} cannot be read as .npz: {error}") from error
    if not arrays:
        raise WorkProblem("inputs", f"{path} holds no arrays")
    structure = keras_models.input_structure(side.model)
    tree = _arranged(arrays, structure, path)
    if structure is not None:
        _refuse_wrong_shapes(tree, structure, path)
    return _sets_of(tree, "given inputs")


def script_inputs(value: Any, side: Side) -> list[Inputs]:
    """Take what a script calls ``inputs``: arrays or tensors, or a function that returns them."""
    if callable(value) and not side.framework.is_tensor(value) and not hasattr(value, "shape"):
        value = value()

    def taken(leaf: Any) -> Any:
        if side.framework.is_tensor(leaf):
            return _array(side.framework.array(leaf))
        return _array(np.asarray(leaf))

    return _sets_of(mapped(taken, value), "the script's inputs")


def made_inputs(side: Side) -> list[Inputs]:
    """Make arrays that fit: an even batch, an odd one with odd sizes, one of large values."""
    structure = keras_models.input_structure(side.model)
    if structure is None:
        raise WorkProblem(
            "inputs",
            "the model does not say what its inputs are: give them with --inputs FILE.npz, or as "
            "`inputs` in the script",
        )
    highest = keras_models.smallest_vocabulary(side.model)
    specs = leaves(structure)
    sets = [Inputs("batch 4", _made(structure, highest, BATCH, 0, 1.0))]
    if any(size is None for spec in specs for size in spec.shape):
        sets.append(Inputs("batch 3, odd sizes", _made(structure, highest, ODD_BATCH, 1, 1.0)))
        large = _made(structure, highest, LARGE_BATCH, 0, LARGE)
        sets.append(Inputs("batch 33, large values", large, training=False))
    return sets


def _made(structure: Any, highest: int, batch: int, odd: int, scale: float) -> Any:
    source = np.random.RandomState(1234 + odd)

    def make(spec: Any) -> Recorded:
        shape = _shape(spec.shape, batch, odd)
        dtype = keras_models.dtype_name(spec)
        if dtype == "string":
            raise WorkProblem(
                "inputs", "the model takes text, which cannot be made up: give --inputs FILE.npz"
            )
        if dtype == "bool":
            return Recorded(source.uniform(size=shape) < 0.5, dtype)
        if "int" in dtype:
            return Recorded(source.randint(0, highest, size=shape).astype(dtype), dtype)
        values = source.normal(size=shape) * scale
        return Recorded(values.astype("float32" if dtype == "bfloat16" else dtype), dtype)

    return mapped(make, structure)


def _shape(shape: Sequence[Any], batch: int, odd: int) -> list[int]:
    sizes = OPEN_IMAGE_SIZES if len(shape) == 4 else OPEN_SIZES
    first = [] if not shape else [int(shape[0]) if shape[0] is not None else batch]
    return first + [sizes[odd] if size is None else int(size) for size in list(shape)[1:]]


def _array(array: Any) -> Recorded:
    array = np.asarray(array)
    if array.dtype.name == "float64":
        array = array.astype("float32")
    return Recorded(array, "string" if array.dtype.kind in "USO" else array.dtype.name)


def _sets_of(tree: Any, name: str) -> list[Inputs]:
    """Add a second set with an odd number of rows, where all arrays have as many."""
    rows = {one.array.shape[0] if one.array.ndim else 0 for one in recorded_of(tree)}
    sets = [Inputs(name, tree)]
    if len(rows) == 1 and min(rows) >= 2:
        count = min(rows)
        odd = count - 1 if count % 2 == 0 else count - 2
        cut = mapped(
            lambda one: Recorded(one.array[:odd], one.dtype) if isinstance(one, Recorded) else one,
            tree,
        )
        sets.append(Inputs(f"{name}, {odd} rows", cut))
    return sets


def _arranged(arrays: dict[str, Any], structure: Any, path: str) -> Any:
    """Put arrays where the model wants them: by the names of its inputs, else in order."""
    if structure is None:
        found = [_array(one) for one in arrays.values()]
        if len(found) == 1:
            return found[0]
        if all(name.startswith("arr_") for name in arrays):
            return found
        return {name: _array(one) for name, one in arrays.items()}
    specs = leaves(structure)
    if len(specs) != len(arrays):
        raise WorkProblem(
            "inputs", f"{path} holds {len(arrays)} arrays, the model has {len(specs)} inputs"
        )
    names = keras_models.input_names(structure)
    in_order = list(arrays.values())
    if set(names) == set(arrays):
        in_order = [arrays[name] for name in names]
    placed = iter(in_order)

    def place(spec: Any) -> Recorded:
        found = _array(next(placed))
        dtype = keras_models.dtype_name(spec)
        if found.dtype.startswith("int") and dtype.startswith(("int", "uint")):
            return Recorded(found.array.astype(dtype), dtype)
        return found

    return mapped(place, structure)


def _refuse_wrong_shapes(tree: Any, structure: Any, path: str) -> None:
    for found, spec in zip(recorded_of(tree), leaves(structure)):
        wanted = [None if size is None else int(size) for size in spec.shape]
        shape = found.array.shape
        fits = len(shape) == len(wanted) and all(
            size is None or size == there for size, there in zip(wanted, shape)
        )
        if not fits:
            said = ", ".join("any" if size is None else str(size) for size in wanted)
            raise WorkProblem(
                "inputs",
                f"an array in {path} has the shape {tuple(shape)}, and the model's input "
                f"{keras_models.spec_name(spec)!r} takes ({said})",
            )
