from collections.abc import Callable
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders.protobuf import Value, field, message, varint
from tfmac.formats.protobuf import InvalidMessage, Message, Source, signed

VALUES = st.one_of(st.integers(0, 2**64 - 1), st.binary(max_size=200))
FIELDS = st.lists(st.tuples(st.integers(1, 2**29 - 1), VALUES), max_size=20)


def opened(data: bytes) -> Message:
    return Source(BytesIO(data), len(data)).message()


def plain(found: "tuple[int, int | Message]") -> tuple[int, Value]:
    number, value = found
    return number, value.content(1 << 20) if isinstance(value, Message) else value


@given(FIELDS)
def test_what_is_written_is_read(fields: list[tuple[int, Value]]) -> None:
    """Numbers and values come in the order of the file."""
    assert [plain(found) for found in opened(message(*fields)).fields()] == fields


@given(st.lists(st.tuples(st.integers(1, 15), VALUES), max_size=20), st.integers(1, 15))
def test_the_last_field_of_a_number_counts(fields: list[tuple[int, Value]], wanted: int) -> None:
    """A field that may stand once holds its last value, as protobuf says."""
    texts = [value for number, value in fields if number == wanted and isinstance(value, bytes)]

    found = opened(message(*fields)).last(wanted)

    assert (found.content(1 << 20) if found else None) == (texts[-1] if texts else None)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """What is no message is one error, whatever it is; both ways to read agree on it."""

    def refuses(read: Callable[[], object]) -> bool:
        try:
            read()
        except InvalidMessage:
            return True
        return False

    assert refuses(lambda: list(opened(data).fields())) == refuses(lambda: opened(data).last(1))


def test_a_file_that_is_cut_off() -> None:
    """What lies before the end is given, a text that is not whole is not, and it is said."""
    data = message((1, message((1, "name"), (2, "cut off"))), (2, "after"))
    seen: list[Message] = []

    def walk() -> None:
        for outer in opened(data[:12]).each(1):
            seen.extend(inner for _, inner in outer.messages())

    with pytest.raises(InvalidMessage, match="longer than what holds it"):
        walk()

    name, part = seen
    assert name.text() == "name"
    with pytest.raises(InvalidMessage, match="longer than what holds it"):
        part.text()


def test_a_large_field_is_stepped_over() -> None:
    """The content of a field that nobody asks for is not read."""
    read: list[int] = []

    class Counting(BytesIO):
        def read(self, size: "int | None" = -1, /) -> bytes:
            data = super().read(size)
            read.append(len(data))
            return data

    data = field(1, bytes(50_000_000)) + field(2, "after")
    found = Source(Counting(data), len(data)).message().last(2)

    assert found is not None
    assert found.text() == "after"
    assert sum(read) < 1_000_000


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        pytest.param(b"\x0a\x05abc", "longer than what holds it", id="cut off"),
        pytest.param(b"\x09\x01\x02", "longer than what holds it", id="number cut off"),
        pytest.param(b"\x08" + b"\xff" * 11, "a number without an end", id="number too long"),
        pytest.param(b"\x00\x00", "a field without a number", id="field zero"),
        pytest.param(b"\x0b\x0c", "unknown kind 3", id="group"),
        pytest.param(varint(1 << 40) + b"\0", "a field without a number", id="number too large"),
    ],
)
def test_damage_is_named(data: bytes, problem: str) -> None:
    """Each kind of damage has its own words."""
    with pytest.raises(InvalidMessage, match=problem):
        list(opened(data).fields())


def test_work_is_bounded() -> None:
    """A file of nothing but tiny fields is given up at a limit, not read to its end."""
    with pytest.raises(InvalidMessage, match="too much for one model"):
        for _ in opened(b"\x08\x01" * 2_000_000).fields():
            pass


def test_text_is_bounded() -> None:
    """One name, and all texts of a file together, have limits."""
    whole = opened(field(1, b"x" * 70_000))
    (number, value) = next(whole.messages())

    assert number == 1
    with pytest.raises(InvalidMessage, match="more than 65,536 bytes of text"):
        value.text()
    with pytest.raises(InvalidMessage, match="24 MiB of text"):
        _ = [value.text(70_000) for _ in range(400)]


def test_text_that_is_not_utf8() -> None:
    """A name that is not text is still shown."""
    assert opened(b"a\xff").text() == "a\N{REPLACEMENT CHARACTER}"


def test_negative_numbers() -> None:
    """Signed fields hold the two's complement of 64 bits."""
    assert [signed(value) for _, value in opened(field(1, -1)).fields() if type(value) is int] == [
        -1
    ]
    assert signed(5) == 5
