"""Reads code objects out of marshalled bytes, without making any of them.

Python's own ``marshal`` is never used: it makes code objects, and damaged bytes can crash it. The
format is described in CPython's ``Python/marshal.c``: a letter for the type, its highest bit for
"will be referred to", then the value.
"""

import enum
import struct
from collections.abc import Iterator
from typing import Optional, Union

import msgspec

MAX_BYTES = 1 << 20
_MAX_DEPTH = 40
_MAX_OBJECTS = 50_000
_WILL_BE_REFERRED_TO = 0x80


class InvalidMarshal(ValueError):
    """Bytes that are no marshalled code object, or one beyond the limits."""


class Other(enum.Enum):
    """A constant that is none of the kinds that are read."""

    ELLIPSIS = "ellipsis"
    UNKNOWN = "unknown"


class Code(msgspec.Struct, frozen=True, kw_only=True):
    """A function's code as it was stored."""

    layout: str
    """Which Pythons arrange their fields so: ``2``, ``3.0-3.7``, ``3.8-3.10`` or ``3.11-``."""
    instructions: bytes
    constants: "tuple[Value, ...]"
    names: tuple[str, ...]
    variables: tuple[str, ...]
    """Arguments and local variables; from 3.11 on with the captured ones."""
    captured: tuple[str, ...]
    """The variables of an enclosing function."""
    file: str
    name: str
    first_line: int
    lines: bytes
    """Which instruction comes from which line; from 3.10 on arranged in another way."""
    arguments: int = 0
    """How many of the variables are arguments that can be given by position."""
    keyword_arguments: int = 0
    """How many after these are arguments that are given by name alone."""
    flags: int = 0
    """Bit 2 for an argument that takes all that is left, bit 3 for one that takes all names."""

    def everything(self) -> "Iterator[Value]":
        """Give this code and all its constants at any depth, each object once.

        Parts can refer to one another so that writing them all out would never end.
        """
        seen: set[int] = set()
        waiting: list[Value] = [self]
        while waiting:
            one = waiting.pop()
            if id(one) in seen:
                continue
            seen.add(id(one))
            yield one
            if isinstance(one, Code):
                waiting.extend(reversed(one.constants))
            elif isinstance(one, tuple):
                waiting.extend(reversed(one))

    def functions(self) -> "tuple[Code, ...]":
        """Give this code and that of the functions defined in it, at any depth."""
        return tuple(one for one in self.everything() if isinstance(one, Code))

    def texts(self) -> tuple[str, ...]:
        """Give the text constants, those of the functions inside too."""
        return tuple(one for one in self.everything() if isinstance(one, str))


Value = Union[None, bool, int, float, str, bytes, Other, Code, tuple["Value", ...]]
"""What a constant may be. Numbers of other kinds are not read: nothing asks for them."""

# The fields of a code object in the order of CPython's writer; ``i`` is a plain integer, ``o`` an
# object of its own.
_LAYOUTS = {
    "3.11-": (
        *("argcount:i", "posonly:i", "kwonly:i", "stacksize:i", "flags:i"),
        *("code:o", "consts:o", "names:o", "variables:o", "kinds:o", "file:o", "name:o"),
        *("qualname:o", "first_line:i", "lines:o", "exceptions:o"),
    ),
    "3.8-3.10": (
        *("argcount:i", "posonly:i", "kwonly:i", "nlocals:i", "stacksize:i", "flags:i"),
        *("code:o", "consts:o", "names:o", "variables:o", "free:o", "cell:o"),
        *("file:o", "name:o", "first_line:i", "lines:o"),
    ),
    "3.0-3.7": (
        *("argcount:i", "kwonly:i", "nlocals:i", "stacksize:i", "flags:i"),
        *("code:o", "consts:o", "names:o", "variables:o", "free:o", "cell:o"),
        *("file:o", "name:o", "first_line:i", "lines:o"),
    ),
    "2": (
        *("argcount:i", "nlocals:i", "stacksize:i", "flags:i"),
        *("code:o", "consts:o", "names:o", "variables:o", "free:o", "cell:o"),
        *("file:o", "name:o", "first_line:i", "lines:o"),
    ),
}
# The kinds of a variable from Python 3.11 on (Include/internal/pycore_code.h): CO_FAST_FREE.
_CAPTURED = 0x80


def read_code(data: bytes) -> Code:
    """Read one code object. Raises ``InvalidMarshal``.

    The layouts differ in how many numbers stand before the instructions, and no number says which
    it is: the one that fits to the last byte is taken.
    """
    if len(data) > MAX_BYTES:
        raise InvalidMarshal(f"{len(data)} bytes of byte code are more than a layer has")
    if not data or data[0] & ~_WILL_BE_REFERRED_TO != ord("c"):
        raise InvalidMarshal("it does not begin as a code object")
    reasons = []
    for layout in _LAYOUTS:
        reader = _Reader(data, layout)
        try:
            code = reader.value()
        except InvalidMarshal as error:
            reasons.append(str(error))
            continue
        if isinstance(code, Code) and reader.position == len(data):
            return code
    raise InvalidMarshal(reasons[0] if reasons else "bytes follow the code object")


class _Reader:
    """Reads marshalled values from bytes, for one layout of code objects."""

    def __init__(self, data: bytes, layout: str) -> None:
        self._data = data
        self._layout = layout
        self.position = 0
        self._references: list[Value] = []
        self._interned: list[str] = []
        self._depth = 0
        self._left = _MAX_OBJECTS

    def value(self) -> Value:
        """Read the next value."""
        self._left -= 1
        if self._left < 0 or self._depth >= _MAX_DEPTH:
            raise InvalidMarshal("it is nested too deeply or has too many parts")
        self._depth += 1
        try:
            letter = self._take(1)[0]
            return self._typed(chr(letter & 0x7F), referred=bool(letter & _WILL_BE_REFERRED_TO))
        finally:
            self._depth -= 1

    def _typed(self, kind: str, *, referred: bool) -> Value:
        if kind == "r":
            return self._referred(self._number())
        # A container takes its number before its parts, though it is made after them.
        slot = len(self._references)
        if referred:
            self._references.append(None)
        read = self._container(kind) if kind in _CONTAINERS else self._plain(kind)
        if referred:
            self._references[slot] = read
        return read

    def _referred(self, number: int) -> Value:
        if not 0 <= number < len(self._references):
            raise InvalidMarshal(f"it refers to a part {number} that it does not have")
        return self._references[number]

    def _container(self, kind: str) -> Value:
        if kind == "c":
            return self._code()
        if kind == "{":
            raise InvalidMarshal("a dictionary is no part of a code object")
        if kind == _SLICE:
            return tuple(self.value() for _ in range(3))
        size = self._take(1)[0] if kind == ")" else self._number()
        # Each part takes at least one byte: what claims more is refused before it is read.
        if not 0 <= size <= len(self._data) - self.position:
            raise InvalidMarshal(f"{size} parts do not fit into it")
        return tuple(self.value() for _ in range(size))

    def _plain(self, kind: str) -> Value:
        if kind in _SINGLE:
            return _SINGLE[kind]
        if kind in _FIXED:
            return self._fixed(kind)
        if kind in _TEXTS:
            return self._text(kind)
        if kind == "R":
            return self._again(self._number())
        if kind == "l":
            self._take(2 * abs(self._number()))
            return Other.UNKNOWN
        if kind in "fx":
            for _ in range(1 if kind == "f" else 2):
                self._take(self._take(1)[0])
            return Other.UNKNOWN
        raise InvalidMarshal(f"{kind!r} is no type of a part")

    def _fixed(self, kind: str) -> Value:
        size, layout = _FIXED[kind]
        raw = self._take(size)
        if layout is None:
            return Other.UNKNOWN
        (number,) = struct.unpack(layout, raw)
        return number if isinstance(number, (int, float)) else Other.UNKNOWN

    def _text(self, kind: str) -> Value:
        short, decoded = _TEXTS[kind]
        raw = self._take(self._take(1)[0] if short else self._number())
        if decoded is None:
            return raw
        text = raw.decode(decoded, "backslashreplace")
        if kind == "t" and self._layout == "2":
            self._interned.append(text)
        return text

    def _again(self, number: int) -> str:
        """Give a text of Python 2 that was written before."""
        if not 0 <= number < len(self._interned):
            raise InvalidMarshal(f"it refers to a text {number} that it does not have")
        return self._interned[number]

    def _code(self) -> Code:
        fields: dict[str, Value] = {}
        for field in _LAYOUTS[self._layout]:
            name, _, kind = field.partition(":")
            fields[name] = self._number() if kind == "i" else self.value()
        variables, captured = _variables(fields)
        first_line = fields["first_line"]
        return Code(
            layout=self._layout,
            instructions=_bytes_of(fields["code"]),
            constants=_tuple_of(fields["consts"]),
            names=_texts_of(fields["names"]),
            variables=variables,
            captured=captured,
            file=_text_of(fields["file"]),
            name=_text_of(fields["name"]),
            first_line=first_line if isinstance(first_line, int) else 0,
            lines=_bytes_of(fields["lines"]),
            arguments=_number_of(fields["argcount"]),
            keyword_arguments=_number_of(fields.get("kwonly", 0)),
            flags=_number_of(fields["flags"]),
        )

    def _number(self) -> int:
        return int(struct.unpack("<i", self._take(4))[0])

    def _take(self, size: int) -> bytes:
        end = self.position + size
        if size < 0 or end > len(self._data):
            raise InvalidMarshal(f"it ends at byte {len(self._data)}, in the middle of a part")
        raw = self._data[self.position : end]
        self.position = end
        return raw


_SLICE = ":"
"""A constant ``[start:stop:step]``, which marshal has from version 5 on, that is Python 3.14."""
_CONTAINERS = f"()[<>{{c{_SLICE}"
# None, an unknown one, StopIteration, the ellipsis, false and true.
_SINGLE: dict[str, Value] = {
    "N": None,
    "F": False,
    "T": True,
    "0": Other.UNKNOWN,
    "S": Other.UNKNOWN,
    ".": Other.ELLIPSIS,
}
# Numbers of a fixed size; the two halves of a complex one are passed over.
_FIXED: dict[str, tuple[int, Optional[str]]] = {
    "i": (4, "<i"),
    "I": (8, "<q"),
    "g": (8, "<d"),
    "y": (16, None),
}
# Texts: whether their size takes one byte, and their encoding (None: bytes).
_TEXTS: dict[str, tuple[bool, Optional[str]]] = {
    "s": (False, None),
    "t": (False, "utf-8"),
    "u": (False, "utf-8"),
    "a": (False, "ascii"),
    "A": (False, "ascii"),
    "z": (True, "ascii"),
    "Z": (True, "ascii"),
}


def _variables(fields: dict[str, Value]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give the variables of a code object, and which of them are captured."""
    variables = _texts_of(fields["variables"])
    if "kinds" not in fields:
        return variables, _texts_of(fields["free"])
    kinds = _bytes_of(fields["kinds"])
    if len(kinds) != len(variables):
        raise InvalidMarshal("its variables and their kinds are not as many")
    return variables, tuple(one for one, kind in zip(variables, kinds) if kind & _CAPTURED)


def _number_of(value: Value) -> int:
    return value if isinstance(value, int) else 0


def _bytes_of(value: Value) -> bytes:
    if isinstance(value, str):  # Python 2 writes short bytes as texts that may come again
        return value.encode("utf-8")
    if not isinstance(value, bytes):
        raise InvalidMarshal("bytes are missing where its layout has some")
    return value


def _tuple_of(value: Value) -> "tuple[Value, ...]":
    if not isinstance(value, tuple):
        raise InvalidMarshal("a tuple is missing where its layout has one")
    return value


def _text_of(value: Value) -> str:
    if isinstance(value, bytes):  # a text of Python 2
        return value.decode("utf-8", "backslashreplace")
    if not isinstance(value, str):
        raise InvalidMarshal("a text is missing where its layout has one")
    return value


def _texts_of(value: Value) -> tuple[str, ...]:
    return tuple(_text_of(one) for one in _tuple_of(value))
