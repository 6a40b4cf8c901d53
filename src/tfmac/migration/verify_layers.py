"""Finds the first layer whose outputs differ between an original and its new file."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Optional

import msgspec

from tfmac.migration.verify_comparison import Tolerance, compare
from tfmac.migration.verify_process import Died, FrameworkProcess, Refused

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MOST_DEPTH = 8


class LayerCall(msgspec.Struct, frozen=True, kw_only=True):
    """One call of a layer, with the places of its tensors among all that were written."""

    name: str
    call: int
    class_name: str = msgspec.field(name="class")
    model: bool
    given: tuple[int, ...]
    taken: tuple[int, ...]


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """A model that is loaded in a process, and the names of its inputs."""

    process: FrameworkProcess
    name: str
    """``old`` or ``new``: what its files are called."""


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """What a search for the first difference needs to know."""

    old: Side
    new: Side
    sources: Mapping[str, str]
    """The location of a layer in the original by that in the new file; what is missing is equal."""
    tolerance: Tolerance
    folder: str
    time_limit: float


def first_difference(search: Search, inputs: str) -> Optional[str]:
    """Give the location in the new file of the first layer that differs; None where none does.

    ``inputs`` is the file of the inputs on which the models differ.
    """
    try:
        return _inside(search, inputs, (), ())
    except Died:
        raise
    except Refused:
        # Not every model is a graph of layers that can be looked into.
        return None


def _inside(
    search: Search, inputs: str, inside: tuple[str, ...], old_inside: tuple[str, ...]
) -> Optional[str]:
    if len(inside) > _MOST_DEPTH:
        return None
    new, new_arrays = _layers(search, search.new, inputs, inside)
    old, old_arrays = _layers(search, search.old, inputs, old_inside)
    known = {(one.name, one.call): one for one in old}
    for call in new:
        counterpart = known.get((_old_name(search, (*inside, call.name), old_inside), call.call))
        if counterpart is None or _agree(search, call, counterpart, (new_arrays, old_arrays)):
            continue
        if call.model and counterpart.model and call.taken:
            deeper = _written(search, [new_arrays[place] for place in call.taken], len(inside))
            found = _inside_or_none(
                search, deeper, (*inside, call.name), (*old_inside, counterpart.name)
            )
            return found or "/".join((*inside, call.name))
        return "/".join((*inside, call.name))
    return None


def _inside_or_none(
    search: Search, inputs: str, inside: tuple[str, ...], old_inside: tuple[str, ...]
) -> Optional[str]:
    try:
        return _inside(search, inputs, inside, old_inside)
    except Died:
        raise
    except Refused:
        return None


def _old_name(search: Search, place: tuple[str, ...], old_inside: tuple[str, ...]) -> str:
    """Give the name that a layer has in the original; old names may have slashes in them."""
    source = search.sources.get("/".join(place))
    around = "".join(f"{name}/" for name in old_inside)
    if source is None or not source.startswith(around):
        return place[-1]
    return source[len(around) :]


def _agree(
    search: Search,
    new: LayerCall,
    old: LayerCall,
    arrays: tuple[dict[int, Any], dict[int, Any]],
) -> bool:
    if len(new.given) != len(old.given):
        return False
    return all(
        compare(arrays[1][right], arrays[0][left], search.tolerance).within
        for left, right in zip(new.given, old.given)
    )


def _layers(
    search: Search, side: Side, inputs: str, inside: tuple[str, ...]
) -> tuple[tuple[LayerCall, ...], dict[int, "NDArray[np.generic]"]]:
    path = os.path.join(search.folder, f"{side.name}-layers-{len(inside)}.npz")
    answer = side.process.ask(
        {"do": "layers", "inputs": inputs, "outputs": path, "inside": inside},
        time_limit=search.time_limit,
    )
    calls = msgspec.convert(answer["layers"], tuple[LayerCall, ...])
    return calls, dict(enumerate(read_arrays(path))) if calls else {}


def _written(search: Search, arrays: list[Any], depth: int) -> str:
    path = os.path.join(search.folder, f"inside-{depth}.npz")
    write_arrays(path, arrays)
    return path


def write_arrays(path: str, arrays: "list[Any]") -> None:
    """Write arrays in their order."""
    import numpy as np  # noqa: PLC0415 - only where a model is run

    np.savez(path, **{str(place): array for place, array in enumerate(arrays)})


def read_arrays(path: str) -> list["NDArray[np.generic]"]:
    """Read what ``write_arrays``, or a framework, has written."""
    import numpy as np  # noqa: PLC0415

    with np.load(path, allow_pickle=False) as stored:
        return [stored[str(place)] for place in range(len(stored.files))]
