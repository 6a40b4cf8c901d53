"""Lambda layers with Python code in them: whose byte code it is. It is never executed."""

import binascii
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Optional

from tfmac.formats.marshal_code import Code, InvalidMarshal, read_code
from tfmac.knowledge import byte_code as knowledge
from tfmac.models.loadability.cases import Case, Obstacle, Way
from tfmac.models.loadability.pythons import layout_of, reading_pythons
from tfmac.models.loadability.stored import stored
from tfmac.schema.loadability import Verdict

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

    The same Python reads it; another with the same layout may read it, and may crash. Where the
    reader names no Python, all that it runs on have to agree.
    """
    pythons_of_reader = reading_pythons(case.reader)
    for text in codes(case.content.configuration):
        code = _read(text)
        writers = knowledge.pythons(code) if code is not None else ()
        answers = {one: _answer(case, code, writers, one) for one in pythons_of_reader}
        verdicts = set(answers.values()) or {Verdict.UNKNOWN}
        if verdicts == {Verdict.LOADS}:
            continue
        fails = verdicts == {Verdict.FAILS}
        yield Obstacle(
            cause="lambda-bytecode-other-python",
            message="bad marshal data (unknown type code)" if fails else _open(writers, answers),
            verdict=Verdict.FAILS if fails else Verdict.UNKNOWN,
        )


def _answer(case: Case, code: Optional[Code], writers: Sequence[str], python: str) -> Verdict:
    """Tell what one Python makes of a code."""
    if code is None:
        return Verdict.UNKNOWN
    if layout_of(python) != code.layout:
        return Verdict.FAILS
    masked = _MASKED <= case.keras < _UNMASKED
    return Verdict.LOADS if python in writers and not masked else Verdict.UNKNOWN


def _open(writers: Sequence[str], answers: Mapping[str, Verdict]) -> str:
    """Word which Pythons read a code, where they do not agree."""
    whose = f"Python {' or '.join(writers)}" if writers else "no Python that was measured"
    forms = {
        Verdict.LOADS: ("{} reads it", "{} read it"),
        Verdict.FAILS: ("{} does not", "{} do not"),
        Verdict.UNKNOWN: ("it is not known of {}", "it is not known of {}"),
    }
    parts = []
    for verdict, (one, several) in forms.items():
        found = [python for python, answer in answers.items() if answer is verdict]
        if found:
            listed = " and ".join(filter(None, (", ".join(found[:-1]), found[-1])))
            parts.append((one if len(found) == 1 else several).format(listed))
    return (
        f"a Lambda layer holds byte code of {whose}. Of the reader's Pythons "
        f"{'; '.join(parts)}. Name the one that reads: ,python==3.N"
    )


def _read(text: str) -> Optional[Code]:
    try:
        return read_code(binascii.a2b_base64(text.encode("ascii")))
    except (ValueError, InvalidMarshal):
        return None
