"""What a C header says about structs: their fields in order, and the functions that take them.

A plug-in and TensorFlow hand each other C structs, and each finds a field at the place that its
own header gave it. The text of the headers therefore tells whether the two agree; version macros
do not, they never changed. Only what such headers use is understood: structs with plain, array and
function-pointer fields. Headers are hostile input: reading takes linear time and raises nothing but
``InvalidHeader``.
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple, Optional

_LARGEST = 4 * 1024 * 1024  # characters; the largest known header has a fortieth of it
_DEEPEST = 64

# Comments, strings and preprocessor lines (with their continuations) carry no declarations.
_IGNORED = re.compile(
    r"//[^\n]*|/\*.*?(?:\*/|\Z)|^[ \t]*\#(?:[^\n\\]|\\.|\\\n)*", re.DOTALL | re.MULTILINE
)
_TOKEN = re.compile(
    r"\"(?:[^\"\\\n]|\\.)*\"?|'(?:[^'\\\n]|\\.)*'?|[A-Za-z_]\w*|\d[\w.]*|\.\.\.|\S", re.DOTALL
)
_NAME = re.compile(r"[A-Za-z_]\w*")
_KEYWORDS = frozenset({"const", "volatile", "struct", "enum", "union", "unsigned", "signed"})
_PAIRS = {"(": ")", "[": "]", "{": "}"}


class InvalidHeader(ValueError):
    """A header that cannot be read: too large, or its brackets do not close."""


class Field(NamedTuple):
    """One member of a struct."""

    name: str
    type: str
    """Its declaration without the name, normalised; a function pointer's has its parameters."""


Fields = tuple[Field, ...]


class Header(NamedTuple):
    """What was declared."""

    structs: Mapping[str, Fields]
    functions: Mapping[str, frozenset[str]]
    """For each declared function the names in its parameters, types among them."""


def read_header(text: str) -> Header:
    """Read the structs and functions that a header declares."""
    if len(text) > _LARGEST:
        raise InvalidHeader(f"a header of {len(text)} characters")
    tokens = _TOKEN.findall(_IGNORED.sub(" ", text))
    structs: dict[str, Fields] = {}
    functions: dict[str, frozenset[str]] = {}
    for statement in _statements(_inside_language_block(tokens)):
        declared = _struct(statement)
        if declared is not None:
            structs[declared[0]] = declared[1]
            continue
        called = _function(statement)
        if called is not None:
            functions[called[0]] = called[1]
    return Header(structs, functions)


def merged(headers: Iterable[Header]) -> Header:
    """Put the declarations of several headers together."""
    structs: dict[str, Fields] = {}
    functions: dict[str, frozenset[str]] = {}
    for header in headers:
        structs.update(header.structs)
        functions.update(header.functions)
    return Header(structs, functions)


def exchanged(header: Header, functions: Iterable[str]) -> tuple[str, ...]:
    """Name the structs that pass through these functions, directly or as fields of others."""
    pending = [name for function in functions for name in header.functions.get(function, ())]
    found: set[str] = set()
    while pending:
        name = pending.pop()
        fields = header.structs.get(name)
        if fields is None or name in found:
            continue
        found.add(name)
        pending += [word for field in fields for word in _NAME.findall(field.type)]
    return tuple(sorted(found))


def _inside_language_block(tokens: list[str]) -> list[str]:
    """Drop the opening of ``extern "C" {``, which C++ readers see; its end is ignored later."""
    kept: list[str] = []
    at = 0
    while at < len(tokens):
        if tokens[at] == "extern" and tokens[at + 1 : at + 3] == ['"C"', "{"]:
            at += 3
            continue
        kept.append(tokens[at])
        at += 1
    return kept


def _statements(tokens: list[str]) -> list[list[str]]:
    """Split at the semicolons, and after the bodies, of the outermost level."""
    found: list[list[str]] = []
    current: list[str] = []
    depth: list[str] = []
    for token in tokens:
        if not depth and token == "}":  # noqa: S105 - the end of a language block
            continue
        current.append(token)
        if token in _PAIRS:
            depth.append(_PAIRS[token])
            if len(depth) > _DEEPEST:
                raise InvalidHeader("brackets nest too deep")
        elif token in _PAIRS.values():
            if not depth or depth.pop() != token:
                raise InvalidHeader("brackets do not match")
            if token == "}" and not depth and _is_function_body(current):  # noqa: S105
                current = []
        elif token == ";" and not depth:  # noqa: S105 - the end of a declaration
            found.append(current[:-1])
            current = []
    if depth:
        raise InvalidHeader("a bracket does not close")
    return found


def _is_function_body(statement: list[str]) -> bool:
    """Whether what ended with a brace needs no semicolon: parameters stand before the brace."""
    return "(" in statement[: statement.index("{")]


def _struct(statement: list[str]) -> Optional[tuple[str, Fields]]:
    """Read ``typedef struct A {...} A`` and ``struct A {...}``."""
    if "struct" not in statement[:2] or "{" not in statement:
        return None
    opening = statement.index("{")
    closing = len(statement) - 1 - statement[::-1].index("}")
    before = statement[statement.index("struct") + 1 : opening]
    after = statement[closing + 1 :]
    name = after[-1] if after and statement[0] == "typedef" else (before[-1] if before else "")
    if not _NAME.fullmatch(name):
        return None
    fields = (_field(tokens) for tokens in _statements(statement[opening + 1 : closing]))
    return name, tuple(field for field in fields if field is not None)


def _field(tokens: list[str]) -> Optional[Field]:
    """Tell a field's name and type apart."""
    at = _function_pointer(tokens)
    if at is None:
        ends = (index for index, word in enumerate(tokens) if word in {"[", ":", "="})
        end = next(ends, len(tokens))
        names = [index for index in range(end) if _NAME.fullmatch(tokens[index])]
        at = names[-1] if names else None
    if at is None:
        return None
    return Field(tokens[at], " ".join((*tokens[:at], *_without_names(tokens[at + 1 :]))))


def _function_pointer(tokens: list[str]) -> Optional[int]:
    """Find the name in ``type (*name)(parameters)``."""
    for index in range(len(tokens) - 2):
        if tokens[index : index + 2] == ["(", "*"] and _NAME.fullmatch(tokens[index + 2]):
            return index + 2
    return None


def _without_names(tokens: list[str]) -> list[str]:
    """Leave the names of parameters out: they may change without changing what is called.

    A name counts as a parameter's when a type stands before it and a comma or bracket after it.
    """
    kept = []
    for index, token in enumerate(tokens):
        follows = tokens[index + 1] if index + 1 < len(tokens) else ""
        before = tokens[index - 1] if index else ""
        named = _NAME.fullmatch(token) and follows in {",", ")"}
        typed = before == "*" or (_NAME.fullmatch(before) and before not in _KEYWORDS)
        if not (named and typed):
            kept.append(token)
    return kept


def _function(statement: list[str]) -> Optional[tuple[str, frozenset[str]]]:
    """Read ``type name(parameters)``."""
    if "(" not in statement or "{" in statement or statement[0] == "typedef":
        return None
    opening = statement.index("(")
    if opening == 0 or not _NAME.fullmatch(statement[opening - 1]):
        return None
    words = (token for token in statement[opening + 1 :] if _NAME.fullmatch(token))
    return statement[opening - 1], frozenset(words)
