"""The types of numbers among the template arguments of a mangled C++ name.

The grammar is that of the Itanium C++ ABI, section 5.1, as far as template arguments of kernels
use it.
"""

from typing import NamedTuple

_BUILT_IN = {
    "f": "float32",
    "d": "float64",
    "a": "int8",
    "h": "uint8",
    "s": "int16",
    "t": "uint16",
    "i": "int32",
    "j": "uint32",
    "x": "int64",
    "l": "int64",
    "y": "uint64",
    "m": "uint64",
    "b": "bool",
}
_CLASSES = {"half": "float16", "bfloat16": "bfloat16"}
_COMPLEX = {"float32": "complex64", "float64": "complex128"}
_QUALIFIERS = "PRKOV"


class Unreadable(ValueError):
    """A part of a mangled name that is not understood here."""


class _Part(NamedTuple):
    types: tuple[str, ...]
    end: int


def types_in(mangled: str, start: int) -> tuple[str, ...]:
    """Name the types in the template arguments that begin (with an I) at a place of a name."""
    return _arguments(mangled, start).types


def _arguments(mangled: str, place: int) -> _Part:
    place += 1  # I, or J of a pack
    types: list[str] = []
    while mangled[place : place + 1] != "E":
        part = _argument(mangled, place)
        types += part.types
        place = part.end
    return _Part(tuple(types), place + 1)


def _argument(mangled: str, place: int) -> _Part:
    letter = mangled[place : place + 1]
    if not letter:
        raise Unreadable(f"{mangled} ends within its template arguments")
    if letter == "L":  # the value of a parameter that is no type
        return _Part((), _after(mangled, "E", _argument(mangled, place + 1).end))
    if letter == "J":
        return _arguments(mangled, place)
    if letter in _QUALIFIERS:
        return _argument(mangled, place + 1)
    if letter == "N":
        return _nested(mangled, place + 1)
    if letter in "S123456789":
        return _name(mangled, place)
    if letter in _BUILT_IN:
        return _Part((_BUILT_IN[letter],), place + 1)
    raise Unreadable(f"{mangled} has {letter!r} at {place}")


def _nested(mangled: str, place: int) -> _Part:
    types: tuple[str, ...] = ()
    while mangled[place : place + 1] != "E":
        part = _name(mangled, place)
        types += part.types
        place = part.end
    return _Part(types, place + 1)


def _name(mangled: str, place: int) -> _Part:
    """Read a name or a reference to an earlier one, with template arguments of its own."""
    types: tuple[str, ...] = ()
    name = ""
    if mangled.startswith("St", place):
        return _name(mangled, place + 2)
    if mangled.startswith("S", place):
        place = _after(mangled, "_", place)
    else:
        digits = place
        while mangled[place : place + 1].isdigit():
            place += 1
        if digits == place:
            raise Unreadable(f"{mangled} has {mangled[place : place + 1]!r} for a name at {place}")
        length = int(mangled[digits:place])
        name = mangled[place : place + length]
        place += length
    if name in _CLASSES:
        types = (_CLASSES[name],)
    if mangled[place : place + 1] == "I":
        inner = _arguments(mangled, place)
        place = inner.end
        if name == "complex":
            types += tuple(_COMPLEX.get(one, one) for one in inner.types)
        else:
            types += inner.types
    return _Part(types, place)


def _after(mangled: str, letter: str, place: int) -> int:
    found = mangled.find(letter, place)
    if found < 0:
        raise Unreadable(f"{mangled} lacks {letter!r} after {place}")
    return found + 1
