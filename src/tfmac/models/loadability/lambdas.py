"""Lambda layers with Python code in them: whose byte code it is. It is never executed."""

import binascii
from collections.abc import Iterator, Mapping
from typing import Any, Optional

from tfmac.formats.marshal_code import Code, InvalidMarshal, read_code
from tfmac.knowledge import byte_code as knowledge
from tfmac.models.loadability.cases import Case, Obstacle, Way
from tfmac.models.loadability.readers import Generation
from tfmac.models.loadability.stored import stored
from tfmac.schema.loadability import Verdict

# How marshal lays out code, which a Python reads in its own way alone.
_OLD, _MIDDLE, _NEW = "3.0-3.7", "3.8-3.10", "3.11-"
# The layouts of the Pythons that a TensorFlow runs on, by the first release for which it holds.
_LAYOUTS = (
    ((0, 0), frozenset({_OLD})),
    ((2, 2), frozenset({_OLD, _MIDDLE})),
    ((2, 12), frozenset({_MIDDLE, _NEW})),
)
_FUNCTIONS = ("function", "output_shape", "mask")
# Between these, Keras 3 hands a mask to a Lambda layer that may not take one.
_MASKED, _UNMASKED = (3, 1), (3, 4)
_PARTS = 3  # code, defaults, closure


def codes(configuration: object) -> Iterator[str]:
    """Give the code of all Lambda layers, as the file has it."""
    for one in stored(configuration):
        if one.name != "Lambda":
            continue
        for key in _FUNCTIONS:
            code = _code(one.arguments.get(key))
            if code is not None:
                yield code


def _code(value: object) -> Optional[str]:
    """Take the code out of what stands for a function: a list in Keras 2, an object in Keras 3."""
    if isinstance(value, list) and len(value) == _PARTS and isinstance(value[0], str):
        return value[0]
    if isinstance(value, Mapping) and value.get("class_name") == "__lambda__":
        config: Any = value.get("config")
        inner = config.get("code", config.get("value")) if isinstance(config, Mapping) else None
        first = inner[0] if isinstance(inner, list) and inner else inner
        return first if isinstance(first, str) else ""
    return None


def pythons(configuration: object) -> tuple[str, ...]:
    """Name the Pythons that may have written the code of the first Lambda layer."""
    code = next((_read(text) for text in codes(configuration)), None)
    return knowledge.pythons(code) if code is not None else ()


def safe_mode(case: Case) -> Iterator[Obstacle]:
    """Whether safe mode keeps a Lambda layer from being made."""
    if any(True for _ in codes(case.content.configuration)):
        yield Obstacle(
            cause="lambda-safe-mode",
            message="Requested the deserialization of a `Lambda` layer whose `function` is a "
            "Python lambda. This carries a potential risk of arbitrary code execution and thus "
            "it is disallowed by default.",
            ways=frozenset({Way.SAFE_MODE}),
        )


def byte_code(case: Case) -> Iterator[Obstacle]:
    """Whether the reader's Python can be one that reads the code of a Lambda layer.

    The same Python reads it; another with the same layout may read it, and may crash.
    """
    layouts = _layouts(case)
    for text in codes(case.content.configuration):
        code = _read(text)
        writers = knowledge.pythons(code) if code is not None else ()
        if case.reader.python in writers and not (_MASKED <= case.keras < _UNMASKED):
            continue
        certain = code is not None and code.layout not in layouts
        yield Obstacle(
            cause="lambda-bytecode-other-python",
            message="bad marshal data (unknown type code)"
            if certain
            else "a Lambda layer holds byte code of Python "
            f"{', '.join(writers) or 'unknown'}; whether the reader's Python reads it is not known",
            verdict=Verdict.FAILS if certain else Verdict.UNKNOWN,
        )


def _read(text: str) -> Optional[Code]:
    try:
        return read_code(binascii.a2b_base64(text.encode("ascii")))
    except (ValueError, InvalidMarshal):
        return None


def _layouts(case: Case) -> frozenset[str]:
    """Name the layouts that the reader's Python may have."""
    if case.reader.python is not None:
        return frozenset({_layout(case.reader.python)})
    tensorflow = case.reader.tensorflow
    if tensorflow is None and case.reader.generation is Generation.TF_KERAS:
        tensorflow = case.keras
    if tensorflow is None:
        return frozenset({_OLD, _MIDDLE, _NEW})
    return next(found for first, found in reversed(_LAYOUTS) if first <= tensorflow)


def _layout(python: str) -> str:
    minor = int(python.split(".")[1]) if "." in python else 0
    if minor < 8:
        return _OLD
    return _MIDDLE if minor < 11 else _NEW
