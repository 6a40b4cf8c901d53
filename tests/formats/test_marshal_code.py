"""Code objects are read out of marshalled bytes, and never made."""

import base64
import marshal
import random
import struct
import sys
from typing import Any

import pytest

from tfmac.formats.marshal_code import MAX_BYTES, Code, InvalidMarshal, read_code

a: Any = None
# What CPython 3.13 made of ``lambda t: t * 2.0 + 1.0``.
OF_3_13 = base64.b64decode(
    "4wEAAAAAAAAAAAAAAAIAAAATAAAA8xIAAACVAFUAUwEtBQAAUwItAAAAJAApA07nAAAAAAAAAEDn"
    "AAAAAAAA8D+pACkB2gF0cwEAAAAg2gRhLnB52gg8bGFtYmRhPtoIPGxhbWJkYT4vAQAAcwwAAACA"
    "AJgxmHOZN6BTmj3zAAAAAA=="
)


def of(function: Any) -> Code:
    return read_code(marshal.dumps(function.__code__))


def test_the_fields_are_those_of_the_function() -> None:
    """Names, constants, variables, file and line are as Python has them."""

    def function(x: Any, y: Any = 3) -> Any:
        inner = [one for one in x if one > 2.5]
        return a.b(inner, y, "text", b"bytes", None, True, 1 << 40, 2j, ("t", ("u",)), ...)

    python, code = function.__code__, of(function)

    assert code.names == python.co_names
    assert code.name == "function"
    assert code.file == python.co_filename
    assert code.first_line == python.co_firstlineno
    assert code.instructions == python.co_code
    assert set(python.co_varnames) <= set(code.variables)
    assert code.captured == python.co_freevars
    assert {2.5, "text", b"bytes"} <= {one for one in code.everything() if _is_hashable(one)}
    assert {"t", "u"} <= set(code.texts())


def _is_hashable(value: Any) -> bool:
    return isinstance(value, (int, float, str, bytes))


def test_captured_variables() -> None:
    """They are the free ones, not the function's own that others capture."""
    outside = 1

    def function(x: Any) -> Any:
        def inner() -> Any:
            return x + outside

        return inner

    assert of(function).captured == ("outside",)
    assert [one.name for one in of(function).functions()][:1] == ["function"]
    assert "inner" in {one.name for one in of(function).functions()}


@pytest.mark.parametrize("version", [2, 3, 4] if sys.version_info >= (3, 4) else [])
def test_every_version_of_the_format(version: int) -> None:
    """With and without references and short texts."""
    code = read_code(marshal.dumps((lambda x: x.shape).__code__, version))

    assert code.names == ("shape",)


def test_slices_of_python_3_14() -> None:
    """Among the constants there are slices, as three values."""
    number = struct.pack("<Bd", ord("g") | 0x80, 2.0)
    aslice = b"\xba" + b"i\x01\x00\x00\x00" + b"NN"
    assert OF_3_13.count(number) == 1

    code = read_code(OF_3_13.replace(number, aslice))

    assert code.constants == (None, (1, None, None), 1.0)
    with pytest.raises(InvalidMarshal):
        read_code(OF_3_13.replace(number, aslice[:-2]))


def test_code_of_python_2() -> None:
    """Fewer fields, and texts that come again by their number."""
    text = b"t\x01\x00\x00\x00x"
    fields = (
        b"c" + struct.pack("<4i", 1, 1, 2, 67) + b"s\x04\x00\x00\x00|\x00\x00S"
        b"(\x01\x00\x00\x00N(\x00\x00\x00\x00(\x01\x00\x00\x00" + text + b"(\x00\x00\x00\x00"
        b"(\x00\x00\x00\x00s\x04\x00\x00\x00m.pyR\x00\x00\x00\x00\x07\x00\x00\x00t\x00\x00\x00\x00"
    )
    code = read_code(fields)

    assert (code.layout, code.variables, code.file, code.name) == ("2", ("x",), "m.py", "x")
    assert code.first_line == 7


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "does not begin as a code object"),
        (marshal.dumps((1, 2)), "does not begin as a code object"),
        (b"c", "ends at byte 1"),
        (b"c" + b"\0" * (MAX_BYTES + 1), "more than a layer has"),
        (b"c" + struct.pack("<4i", 1, 1, 2, 67), "ends at byte 17"),
        (b"c" + b"\0" * 20 + b"s\0\0\0\0" + b"(" * 200, "do not fit"),
        (b"c" + b"\0" * 20 + b")\xff" * 100, "part"),
        (b"c" + b"\0" * 20 + b"{" * 100, "part"),
        (b"c" + b"\0" * 20 + b"r\xff\xff\xff\x7f" * 20, "part"),
    ],
)
def test_damaged_bytes(data: bytes, reason: str) -> None:
    """The reason is said; nothing else is raised."""
    with pytest.raises(InvalidMarshal, match=reason):
        read_code(data)


def test_bytes_after_the_code_are_refused() -> None:
    """A layout fits to the last byte, or it is not the right one."""
    with pytest.raises(InvalidMarshal):
        read_code(marshal.dumps((lambda: 0).__code__) + b"N")


def test_deep_nesting_ends() -> None:
    """Depth is bounded before Python's own recursion is."""
    with pytest.raises(InvalidMarshal, match="nested too deeply"):
        read_code(b"c" + b"\0" * 20 + b")\x01" * 5000 + b"N")


def test_parts_that_refer_to_one_another_are_met_once() -> None:
    """Tuples that hold the one before them twice are not written out."""
    constants: Any = ("x",)
    for _ in range(16):
        constants = (constants, constants)
    code = (lambda: 0).__code__.replace(co_consts=constants)

    read = read_code(marshal.dumps(code))

    assert len(list(read.everything())) < 200
    assert read.texts() == ("x",)


def test_changed_bytes_raise_nothing_else() -> None:
    """Any bytes end in a code object or in the one error."""
    draw = random.Random(5)  # noqa: S311 - no secret
    sound = marshal.dumps((lambda x: [a.b(one, "text") for one in x]).__code__)
    for _ in range(3000):
        data = bytearray(sound)
        for _ in range(draw.randint(1, 6)):
            data[draw.randrange(len(data))] = draw.randrange(256)
        try:
            read = read_code(bytes(data))
        except InvalidMarshal:
            continue
        assert isinstance(read, Code)
