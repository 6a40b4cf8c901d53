"""Whose byte code a function is: held against real code of each Python."""

import base64
import marshal
import sys
from typing import Any

import msgspec
import pytest

from tfmac.formats.marshal_code import Code, read_code
from tfmac.knowledge import byte_code, store
from tfmac.schema.byte_code import ByteCode

RUNNING = f"{sys.version_info[0]}.{sys.version_info[1]}"
a: Any = None
b: Any = None
# ``lambda x: K.dot(x, 2.0)``, compiled under the name ``f`` by each release.
MADE = [
    (
        "3.6",
        (
            "4wEAAAAAAAAAAQAAAAMAAABDAAAAcwwAAAB0AGoBfABkAYMCUwApAk5nAAAAAAAAAEApAtoBS9oD"
            "ZG90KQHaAXipAHIEAAAA2gFm2gg8bGFtYmRhPgEAAABzAAAAAA=="
        ),
    ),
    (
        "3.7",
        (
            "4wEAAAAAAAAAAQAAAAQAAABDAAAAcwwAAAB0AKABfABkAaECUwApAk5nAAAAAAAAAEApAtoBS9oD"
            "ZG90KQHaAXipAHIEAAAA2gFm2gg8bGFtYmRhPgEAAADzAAAAAA=="
        ),
    ),
    (
        "3.8",
        (
            "4wEAAAAAAAAAAAAAAAEAAAAEAAAAQwAAAHMMAAAAdACgAXwAZAGhAlMAKQJOZwAAAAAAAABAKQLa"
            "AUvaA2RvdCkB2gF4qQByBAAAANoBZtoIPGxhbWJkYT4BAAAA8wAAAAA="
        ),
    ),
    (
        "3.9",
        (
            "4wEAAAAAAAAAAAAAAAEAAAAEAAAAQwAAAHMMAAAAdACgAXwAZAGhAlMAKQJOZwAAAAAAAABAKQLa"
            "AUvaA2RvdCkB2gF4qQByBAAAANoBZtoIPGxhbWJkYT4BAAAA8wAAAAA="
        ),
    ),
    (
        "3.10",
        (
            "4wEAAAAAAAAAAAAAAAEAAAAEAAAAQwAAAHMMAAAAdACgAXwAZAGhAlMAKQJOZwAAAAAAAABAKQLa"
            "AUvaA2RvdCkB2gF4qQByBAAAANoBZtoIPGxhbWJkYT4BAAAAcwIAAAAMAA=="
        ),
    ),
    (
        "3.11",
        (
            "4wEAAAAAAAAAAAAAAAQAAAADAAAA8zgAAACXAHQAAAAAAAAAAAAAAKABAAAAAAAAAAAAAAAAAAAA"
            "AAAAAAB8AGQBpgIAAKsCAAAAAAAAAABTACkCTmcAAAAAAAAAQCkC2gFL2gNkb3QpAdoBeHMBAAAA"
            "INoBZvoIPGxhbWJkYT5yBgAAAAEAAABzEgAAAIAAjSGPJYolkAGQM4ktjC2AAPMAAAAA"
        ),
    ),
    (
        "3.12",
        (
            "4wEAAAAAAAAAAAAAAAQAAAADAAAA8y4AAACXAHQAAAAAAAAAAABqAwAAAAAAAAAAAAAAAAAAAAAA"
            "AHwAZAGrAgAAAAAAAFMAKQJOZwAAAAAAAABAKQLaAUvaA2RvdCkB2gF4cwEAAAAg2gFm+gg8bGFt"
            "YmRhPnIGAAAAAQAAAHMQAAAAgACMIY8liSWQAZAziy2AAPMAAAAA"
        ),
    ),
    (
        "3.13",
        (
            "4wEAAAAAAAAAAAAAAAQAAAADAAAA8y4AAACVAFsAAAAAAAAAAABSAwAAAAAAAAAAAAAAAAAAAAAA"
            "AFUAUwE1AgAAAAAAACQAKQJOZwAAAAAAAABAKQLaAUvaA2RvdCkB2gF4cwEAAAAg2gFm2gg8bGFt"
            "YmRhPnIGAAAAAQAAAHMOAAAAgACMIY8liSWQAZAzjC3zAAAAAA=="
        ),
    ),
]


@pytest.mark.parametrize(("python", "text"), MADE)
def test_code_of_each_python(python: str, text: str) -> None:
    """The release that compiled it is among those it may be, and few others are."""
    code = read_code(base64.b64decode(text))
    found = byte_code.pythons(code)

    assert python in found
    assert len(found) <= 2
    assert byte_code.globals_of(code) == ("K",)


def test_code_of_this_python() -> None:
    """A name from around it is told from the attributes of what it names."""
    code = read_code(marshal.dumps((lambda x: a.c(b) + x.d).__code__))

    assert RUNNING in byte_code.pythons(code)
    assert byte_code.globals_of(code) == ("a", "b")


def test_names_of_functions_inside_count() -> None:
    """Whatever runs needs them."""

    def function(x: Any) -> Any:
        def inner() -> Any:
            return a + x

        return inner() + b

    code = read_code(marshal.dumps(function.__code__))

    # ``Any`` is what the inner function is declared with when it is made.
    assert sorted(byte_code.globals_of(code) or ()) == ["Any", "a", "b"]


@pytest.mark.parametrize(
    "instructions", [b"", b"\x00", b"\xff\xff" * 4, b"\x64\xff" * 4, b"\x90\xff" * 9]
)
def test_instructions_of_no_release(instructions: bytes) -> None:
    """What none of the measured ones compiles is unknown."""
    sound = read_code(marshal.dumps((lambda x: a.c(x, b)).__code__))
    code = msgspec.structs.replace(sound, instructions=instructions)

    assert byte_code.pythons(code) == ()
    assert byte_code.globals_of(code) is None


def test_code_of_python_2_is_known_by_its_layout() -> None:
    """Its names are not told apart."""
    code = Code(
        layout="2",
        instructions=b"d\x00\x00S",
        constants=(None,),
        names=("K",),
        variables=(),
        captured=(),
        file="m.py",
        name="f",
        first_line=1,
        lines=b"",
    )

    assert byte_code.pythons(code) == ("2.7",)
    assert byte_code.globals_of(code) is None


def test_every_release_was_asked() -> None:
    """The table names the interpreter of each release, in order."""
    table = store.load(byte_code.FILE, ByteCode)
    releases = [tuple(map(int, one.split("."))) for one in table.releases]

    assert releases == sorted(releases)
    for minor, known in table.releases.items():
        assert known.python.startswith(f"{minor}.")
        assert set(known.names) | set(known.constants) | set(known.free) <= set(known.known)
