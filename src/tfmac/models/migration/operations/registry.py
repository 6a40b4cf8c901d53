"""Which function of TensorFlow or Keras 2 has which recipe."""

# Values are any, and recipes have the arguments that TensorFlow's functions have.
# ruff: noqa: ANN401

import inspect
import re
from typing import Any, Optional

from tfmac.models.migration.operations import (
    backend,
    elementwise,
    filling,
    images,
    indexing,
    joining,
    linear,
    neural,
    reductions,
    shaping,
)
from tfmac.models.migration.operations.building import Builder
from tfmac.models.migration.operations.elementwise import Function
from tfmac.models.migration.operations.values import Inexpressible

_FAMILIES = (elementwise, reductions, shaping, joining, filling, indexing, neural, linear, images)
RECIPES: dict[str, Function] = {
    **{name: one for family in _FAMILIES for name, one in family.FUNCTIONS.items()},
    **backend.FUNCTIONS,
}
ALIASES: dict[str, str] = {
    name: one for family in _FAMILIES for name, one in family.ALIASES.items()
}
# Names of these modules mean the functions that stand at the top as well.
_PREFIXES = ("math.", "linalg.", "manip.", "dtypes.")
_PACKAGE = re.compile(r"(tensorflow|tf)\.(python\.)?")
_KERAS = re.compile(r"((tensorflow\.(python\.)?|tf\.)?(compat\.v[12]\.)?(keras\.))(src\.)?")
_VERSION = re.compile(r"compat\.v([12])\.")


def canonical(name: str) -> tuple[str, bool]:
    """Give the name that recipes have, and whether it is one of TensorFlow 1."""
    found = _KERAS.match(name)
    if found:
        return "keras." + name[found.end() :], False
    name = _PACKAGE.sub("", name, count=1) if _PACKAGE.match(name) else name
    version = _VERSION.match(name)
    if version:
        name = name[version.end() :]
    name = ALIASES.get(name, name)
    for prefix in _PREFIXES:
        if name.startswith(prefix) and name not in RECIPES:
            name = name[len(prefix) :]
    return ALIASES.get(name, name), version is not None and version.group(1) == "1"


def recipe_of(name: str) -> Optional[Function]:
    """Give the recipe of a function; None where there is none."""
    return RECIPES.get(canonical(name)[0])


def apply(b: Builder, name: str, args: "list[Any]", kwargs: "dict[str, Any]") -> Any:
    """Express a call. Raises ``Inexpressible``."""
    found, first_version = canonical(name)
    recipe = RECIPES.get(found)
    if recipe is None:
        raise Inexpressible(f"{name[:80]} has no known counterpart in Keras {b.keras}")
    if found in {"matmul", "tensordot"} and "b" in kwargs:
        # The recipes call the one who builds by that letter.
        kwargs = {("b_" if key == "b" else key): one for key, one in kwargs.items()}
    try:
        bound = inspect.signature(recipe).bind(b, *args, **kwargs)
    except TypeError as error:
        raise Inexpressible(f"{name[:80]} is called in an unknown way: {error}") from error
    before = b.first_version
    b.first_version = before or first_version
    try:
        return recipe(*bound.args, **bound.kwargs)
    except Inexpressible as error:
        raise Inexpressible(f"{name[:80]}: {error}") from error
    finally:
        b.first_version = before
