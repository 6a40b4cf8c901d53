"""How far the outputs of two models are from each other."""

from collections.abc import Iterable, Sequence
from sys import float_info
from typing import TYPE_CHECKING, Optional

import msgspec

from tfmac.schema.migration import OutputDifference

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

ABSOLUTE = 1e-4
RELATIVE = 1e-5
REDUCED = 5e-3
"""Absolute and relative, where a model computes in half precision, bfloat16 or 8 bits."""
FAR = float_info.max
"""Stands for a distance that is none: JSON has no infinity."""
_REDUCED_TYPES = ("float16", "bfloat16", "int8", "int4", "float8")


class Tolerance(msgspec.Struct, frozen=True, kw_only=True):
    """What counts as equal: either bound is enough."""

    absolute: float = ABSOLUTE
    relative: float = RELATIVE


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """How far two arrays are apart. ``reason`` says what cannot be expressed as a number."""

    max_abs: float
    max_rel: float
    within: bool
    reason: Optional[str] = None


def tolerance_for(types: Iterable[str]) -> Tolerance:
    """Give the tolerance for models that compute in some types, as their Keras names them."""
    reduced = any(one.startswith(_REDUCED_TYPES) or "float16" in one for one in types)
    return Tolerance(absolute=REDUCED, relative=REDUCED) if reduced else Tolerance()


def compare(old: "ArrayLike", new: "ArrayLike", tolerance: Tolerance) -> Difference:
    """Compare two arrays, value by value: not-a-number has to be in the same places."""
    import numpy as np  # noqa: PLC0415 - only where a model was run

    old, new = np.asarray(old), np.asarray(new)
    reason = _unlike(old, new)
    if reason is not None:
        return Difference(max_abs=FAR, max_rel=FAR, within=False, reason=reason)
    if old.dtype.kind in "US":
        differ = bool((old.astype("U") != new.astype("U")).any())
        far = FAR if differ else 0.0
        reason = "the texts differ" if differ else None
        return Difference(max_abs=far, max_rel=far, within=not differ, reason=reason)
    return _numbers_compared(old, new, tolerance)


def _unlike(old: "NDArray[np.generic]", new: "NDArray[np.generic]") -> Optional[str]:
    """Say what makes two arrays no pair."""
    if old.shape != new.shape:
        return f"the shape is {new.shape} instead of {old.shape}"
    if _kind(old) != _kind(new):
        return f"the type is {new.dtype} instead of {old.dtype}"
    return None


def _kind(array: "NDArray[np.generic]") -> str:
    """Name the type as far as it has to agree: whole numbers of any width are equal or not."""
    kind = array.dtype.kind
    if kind in "iu":
        return "integer"
    return "text" if kind in "US" else str(array.dtype)


def _numbers_compared(
    old: "NDArray[np.generic]", new: "NDArray[np.generic]", tolerance: Tolerance
) -> Difference:
    import numpy as np  # noqa: PLC0415

    if old.dtype.kind in "iub":
        old, new = old.astype("float64"), new.astype("float64")
        tolerance = Tolerance(absolute=0.0, relative=0.0)
    wide = "complex128" if old.dtype.kind == "c" else "float64"
    left, right = old.astype(wide), new.astype(wide)
    missing = np.isnan(left) != np.isnan(right)
    if missing.any():
        return Difference(
            max_abs=FAR,
            max_rel=FAR,
            within=False,
            reason=f"{int(missing.sum())} values are not a number in one of them only",
        )
    with np.errstate(all="ignore"):
        distance = np.where(left == right, 0.0, np.abs(left - right))
        # Where both are not a number there is no distance.
        distance = np.where(np.isnan(left), 0.0, distance)
        scale = np.maximum(np.abs(left), np.abs(right))
        share = np.where(distance == 0.0, 0.0, distance / scale)
    within = (distance <= tolerance.absolute) | (share <= tolerance.relative)
    return Difference(
        max_abs=_written(distance),
        max_rel=_written(share),
        within=bool(within.all()),
    )


def _written(values: "NDArray[np.generic]") -> float:
    """Give the largest of some distances, which infinite outputs make infinite."""
    import numpy as np  # noqa: PLC0415

    return float(np.nan_to_num(values, nan=FAR, posinf=FAR).max(initial=0.0))


def worst(name: str, found: Sequence[Difference]) -> OutputDifference:
    """Draw the comparisons of one output on several inputs together."""
    return OutputDifference(
        output=name,
        max_abs=max((one.max_abs for one in found), default=0.0),
        max_rel=max((one.max_rel for one in found), default=0.0),
        within=all(one.within for one in found),
    )
