"""Lambda layers: their byte code, or the function that they name."""

# Values are any, and recipes have the arguments that TensorFlow's functions have.
# ruff: noqa: ANN401, PLR0917

from collections.abc import Mapping, Sequence
from typing import Any, Optional

from tfmac.formats.marshal_code import Code, InvalidMarshal, read_code
from tfmac.knowledge import byte_code
from tfmac.models.lambdas import decoded
from tfmac.models.migration.network import Call, Layer
from tfmac.models.migration.operations import registry
from tfmac.models.migration.operations.building import Builder
from tfmac.models.migration.operations.elementwise import cast
from tfmac.models.migration.operations.evaluation import evaluated
from tfmac.models.migration.operations.inference import compute_dtype
from tfmac.models.migration.operations.values import (
    FLOATS,
    Inexpressible,
    NoSuchInstruction,
    Tensor,
    is_constant,
)

_TAKES_ALL = 0x04
_TAKES_NAMES = 0x08
_FROM_FILES = ("keras.", "tensorflow.", "tf_keras.")


def expressed(b: Builder, layer: Layer, call: Call) -> Any:
    """Express one call of a Lambda. Raises ``Inexpressible``."""
    config = layer.config
    if config.get("mask") is not None:
        raise Inexpressible("it calculates a mask")
    if set(call.kwargs) - {"training", "name"} or len(call.args) != 1:
        raise Inexpressible("it is called with more than its input")
    arguments = config.get("arguments")
    given = dict(arguments) if isinstance(arguments, Mapping) else {}
    taken = _cast(b, call.args[0], compute_dtype(config, None))
    function = config.get("function")
    if isinstance(function, str):
        return _named(b, function, config.get("module"), taken, given)
    if isinstance(function, Mapping) and function.get("class_name") != "__lambda__":
        return _named(b, function.get("config"), function.get("module"), taken, given)
    return _from_code(b, *_parts(function), taken, given)


def _cast(b: Builder, value: Any, dtype: Optional[str]) -> Any:
    """Give inputs the type of the layer, as tf.keras does with real numbers."""
    if isinstance(value, Tensor):
        if dtype in FLOATS and value.dtype in FLOATS and value.dtype != dtype:
            return cast(b, value, dtype)
        return value
    if isinstance(value, (list, tuple)):
        return [_cast(b, one, dtype) for one in value]
    return value


def _named(b: Builder, name: Any, module: Any, taken: Any, given: dict[str, Any]) -> Any:
    if not isinstance(name, str):
        raise Inexpressible("it does not name its function")
    place = module if isinstance(module, str) else ""
    if not f"{place}.".startswith(_FROM_FILES):
        raise Inexpressible(f"it calls {name[:80]} of {place[:80] or 'an unknown module'}")
    short = "keras.backend" if place.endswith("backend") else None
    short = "keras.activations" if place.endswith("activations") else short
    candidates = [f"{short}.{name}"] if short else [name, f"nn.{name}"]
    found = [one for one in candidates if registry.recipe_of(one) is not None]
    if len(found) != 1:
        raise Inexpressible(f"it calls {name[:80]} of {place[:80]}")
    return registry.apply(b, found[0], [taken], given)


def _parts(function: Any) -> tuple[Any, Any, Any]:
    """Give code, defaults and closure as Keras 2 or Keras 3 stores them."""
    if isinstance(function, Mapping):
        config = function.get("config")
        config = config if isinstance(config, Mapping) else {}
        value = config.get("value")
        if isinstance(value, (list, tuple)) and len(value) == 3:
            return value[0], value[1], value[2]
        return config.get("code"), config.get("defaults"), config.get("closure")
    if isinstance(function, (list, tuple)) and function:
        padded = [*function, None, None]
        return padded[0], padded[1], padded[2]
    raise Inexpressible("it does not hold its function")


def _from_code(
    b: Builder,
    text: Any,
    defaults: Any,
    closure: Any,
    taken: Any,
    given: dict[str, Any],
) -> Any:
    if not isinstance(text, str):
        raise Inexpressible("it does not hold its function")
    try:
        code = read_code(decoded(text))
    except InvalidMarshal as error:
        raise Inexpressible(f"its function cannot be read: {error}") from error
    minors = [one for one in byte_code.pythons(code) if one != "2.7"]
    if not minors:
        raise Inexpressible("its function was compiled by a Python that is not known")
    variables = _variables(code, taken, given, defaults)
    around = _closure(code, closure)
    # Where several releases may have compiled it, all of them have to mean the same.
    before, names = list(b.layers), set(b.taken)
    results: list[tuple[Any, Any]] = []
    refused: Optional[NoSuchInstruction] = None
    for minor in minors:
        b.layers, b.taken = list(before), set(names)
        try:
            result = evaluated(b, code, minor, variables, around)
        except NoSuchInstruction as error:
            refused = error
        else:
            results.append((b.layers, result))
    if refused is not None and not results:
        raise refused
    b.layers = results[0][0]
    if any(one != results[0] for one in results[1:]):
        raise Inexpressible("its function means other things in other releases of Python")
    return results[0][1]


def _variables(code: Code, taken: Any, given: dict[str, Any], defaults: Any) -> dict[str, Any]:
    if code.flags & (_TAKES_ALL | _TAKES_NAMES) or not code.arguments:
        raise Inexpressible("its function takes any number of arguments, or none")
    names = code.variables[: code.arguments]
    by_name = code.variables[code.arguments :][: code.keyword_arguments]
    found: dict[str, Any] = {}
    values = list(defaults) if isinstance(defaults, (list, tuple)) else []
    if len(values) <= len(names):
        for name, value in zip(names[len(names) - len(values) :], values):
            found[name] = _plain(value)
    for name, value in given.items():
        if name not in (*names, *by_name):
            raise Inexpressible(f"it is given {name[:80]}, which its function does not take")
        found[name] = _plain(value)
    if not names or names[0] in given:
        raise Inexpressible("its function does not take its input")
    found[names[0]] = taken
    return found


def _plain(value: Any) -> Any:
    """Give a value that was stored beside a function."""
    if isinstance(value, Mapping):
        kind, inner = value.get("type"), value.get("value")
        if kind == "ndarray" and is_constant(inner):
            return list(inner) if isinstance(inner, (list, tuple)) else inner
        raise Inexpressible("it is given an object")
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value


def _closure(code: Code, closure: Any) -> dict[str, Any]:
    values: Sequence[Any] = closure if isinstance(closure, (list, tuple)) else ()
    if len(values) != len(code.captured):
        return {}
    found = {}
    for name, value in zip(code.captured, values):
        if value is None or isinstance(value, (bool, int, float, str, list, tuple)):
            found[name] = _plain(value)
    return found
