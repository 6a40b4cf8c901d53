"""The functions of Lambda layers: read as far as they can be without making any of them."""

import binascii
from collections.abc import Iterator, Sequence
from typing import Any, Optional

from tfmac.formats.marshal_code import MAX_BYTES, Code, InvalidMarshal, read_code
from tfmac.knowledge import byte_code
from tfmac.models.configuration import Json, Named
from tfmac.schema.models import LambdaKind, LambdaLayer

_MOST_NAMES = 200
_LONGEST = 300
# Everything of a Lambda layer that may be a function.
_FUNCTIONS = ("function", "output_shape", "mask")


def lambdas_in(named: Sequence[Named]) -> Iterator[tuple[LambdaLayer, Optional[Code]]]:
    """Give the functions that a configuration brings, with the code that could be read."""
    for one in named:
        if one.class_name == "__lambda__":
            # Keras 3, in whatever layer: the code stands in a part of its own.
            yield _from_code(one.location, _config(one.entry).get("code"))
        elif one.class_name == "Lambda":
            yield from _of_layer(one)


def _config(entry: Json) -> Json:
    config = entry.get("config")
    return config if isinstance(config, dict) else {}


def _of_layer(layer: Named) -> Iterator[tuple[LambdaLayer, Optional[Code]]]:
    config = _config(layer.entry)
    for key in _FUNCTIONS:
        function, kind = config.get(key), config.get(f"{key}_type")
        if key == "function" or kind in {"lambda", "function"}:
            found = _function(layer.location, function, config.get("module"))
            if found is not None:
                yield found


def _function(
    layer: str, function: object, module: object
) -> Optional[tuple[LambdaLayer, Optional[Code]]]:
    if isinstance(function, list):  # Keras 1 and 2: code, defaults, closure
        return _from_code(layer, function[0] if function else None)
    if isinstance(function, str):
        prefix = f"{module}." if isinstance(module, str) else ""
        return _named(layer, prefix + function)
    if isinstance(function, dict) and function.get("class_name") != "__lambda__":
        name, place = function.get("config"), function.get("module")
        if isinstance(name, str):
            return _named(layer, f"{place}.{name}" if isinstance(place, str) else name)
        return LambdaLayer(layer=layer, kind=LambdaKind.UNKNOWN), None
    return None


def _named(layer: str, name: str) -> tuple[LambdaLayer, None]:
    return LambdaLayer(layer=layer, kind=LambdaKind.NAMED, function=name[:_LONGEST]), None


def _from_code(layer: str, text: object) -> tuple[LambdaLayer, Optional[Code]]:
    if not isinstance(text, str):
        return LambdaLayer(layer=layer, kind=LambdaKind.UNKNOWN), None
    try:
        code = read_code(decoded(text))
    except InvalidMarshal as error:
        return _unreadable(layer, str(error)), None
    taken = byte_code.globals_of(code)
    names: dict[str, None] = {}
    for function in code.functions():
        names.update(dict.fromkeys(function.names))
    around = () if taken is None else taken
    return (
        LambdaLayer(
            layer=layer,
            kind=LambdaKind.BYTE_CODE,
            function=code.name[:_LONGEST],
            pythons=byte_code.pythons(code),
            # Where the instructions are unknown, any name may be one from around.
            globals=_limited(tuple(names) if taken is None else around),
            attributes=_limited([one for one in names if taken is not None and one not in around]),
            captured=_limited(code.captured),
            source_file=code.file[:_LONGEST],
        ),
        code,
    )


def _limited(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(one[:_LONGEST] for one in names[:_MOST_NAMES])


def _unreadable(layer: str, reason: str) -> LambdaLayer:
    return LambdaLayer(layer=layer, kind=LambdaKind.BYTE_CODE, unreadable=reason)


def decoded(text: str) -> bytes:
    """Undo the writer's encoding: base64, or in Keras before 2.0.9 bytes as escaped characters."""
    if len(text) > 2 * MAX_BYTES:
        raise InvalidMarshal(f"{len(text)} characters of byte code are more than a layer has")
    try:
        data = binascii.a2b_base64(text.encode("ascii"))
    except (ValueError, UnicodeEncodeError):
        data = b""
    if data[:1] in {b"c", b"\xe3"}:
        return data
    try:
        return text.encode("raw_unicode_escape")
    except UnicodeEncodeError as error:
        raise InvalidMarshal("it is neither base64 nor bytes as characters") from error


def names_of(code: Code) -> Iterator[Any]:
    """Give every name in a function and those inside it."""
    for function in code.functions():
        yield from function.names
