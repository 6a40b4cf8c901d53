"""What the names of a Lambda mean: modules that its writer had, and constants in them."""

# Values are any, and recipes have the arguments that TensorFlow's functions have.
# ruff: noqa: ANN401

import math
from typing import Any, Optional

import msgspec

from tfmac.models.migration.operations.values import Inexpressible

_ROOTS = {
    "tf": "tf",
    "tensorflow": "tf",
    "K": "keras.backend",
    "backend": "keras.backend",
    "keras": "keras",
    "activations": "keras.activations",
    "np": "np",
    "numpy": "np",
    "math": "math",
}
_BUILT_IN = frozenset(
    {"abs", "len", "int", "float", "max", "min", "tuple", "list", "bool", "slice"}
)
_TYPES = frozenset(
    {
        *("float16", "bfloat16", "float32", "float64", "double", "half", "bool", "uint8", "uint16"),
        *("int8", "int16", "int32", "int64"),
    }
)
_NUMBERS = {"pi": math.pi, "e": math.e, "inf": math.inf, "Inf": math.inf}


class Names(msgspec.Struct, frozen=True):
    """A name with dots that has not been looked up: a module, or a function of one."""

    path: str

    def attribute(self, name: str) -> "Names":
        """Give a name in it."""
        return Names(f"{self.path}.{name}")


def from_around(name: str) -> Names:
    """Give what a name means that a function takes from around it. Raises ``Inexpressible``."""
    if name in _ROOTS:
        return Names(_ROOTS[name])
    if name in _BUILT_IN:
        return Names(f"builtins.{name}")
    raise Inexpressible(f"it uses {name[:80]}, which the file does not hold")


def imported(module: str) -> Names:
    """Give a module that a function imports itself."""
    root, dot, rest = module.partition(".")
    if root not in {"tensorflow", "keras", "numpy", "math"}:
        raise Inexpressible(f"it imports {module[:80]}")
    return Names(_ROOTS[root] + dot + rest)


def constant_of(names: Names) -> Optional[Any]:
    """Give the constant that a name means, a type as its name; None where it means none."""
    root, _, last = names.path.rpartition(".")
    if last in _TYPES and root in {"tf", "np", "tf.dtypes"}:
        return last
    if last in _NUMBERS and root in {"np", "math"}:
        return _NUMBERS[last]
    if root.endswith("ResizeMethod"):
        return last.lower()
    return None


def is_new_axis(names: Names) -> bool:
    """Whether a name means that an axis is added."""
    return names.path in {"tf.newaxis", "np.newaxis"}
