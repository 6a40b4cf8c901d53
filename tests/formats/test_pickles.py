import bz2
import collections
import gzip
import lzma
import pickle
import zlib
from typing import Any, Callable

import pytest

from builders import keras_files as build
from tfmac.formats.byte_ranges import held
from tfmac.formats.pickles import PickleContent, looks_like_pickle, read_pickle, unpacked


def read(data: bytes) -> PickleContent:
    return read_pickle(held(data))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_what_a_pickle_calls_is_found_in_every_protocol(protocol: int) -> None:
    content = read(build.harmful_pickle(protocol))

    assert "posix.system" in content.imports
    assert content.complete
    assert content.protocol == (protocol if protocol >= 2 else 0)
    assert content.fault == ""


def test_a_name_that_is_taken_from_the_memo_is_found() -> None:
    """The second object repeats the module by its number in the memo."""
    data = pickle.dumps([collections.OrderedDict(), collections.Counter()], protocol=4)

    assert set(read(data).imports) == {"collections.OrderedDict", "collections.Counter"}


def test_a_name_that_is_duplicated_on_the_stack_is_found() -> None:
    """By hand: ``posix`` twice by DUP, one of them taken away, then ``system``."""
    data = b"\x80\x04\x8c\x05posix20\x8c\x06system\x93\x8c\x02ls\x85R."

    assert read(data).imports == ("posix.system",)


def test_a_name_that_cannot_be_followed_is_still_told() -> None:
    data = b"\x80\x04\x8c\x05posixK\x01\x93."

    assert read(data).imports == ("posix.?",)


def test_an_extension_is_told() -> None:
    assert read(b"\x80\x02\x82\x07.").imports == ("copyreg.extension 7",)


def test_several_pickles_one_behind_the_other_are_read() -> None:
    data = pickle.dumps(1) + build.harmful_pickle()

    assert "posix.system" in read(data).imports


def test_what_follows_a_pickle_may_be_anything() -> None:
    """Joblib writes the bytes of arrays there."""
    content = read(build.harmful_pickle() + b"\xff\xfe")

    assert content.complete
    assert "is no opcode" in content.fault
    assert "posix.system" in content.imports


@pytest.mark.parametrize(
    "data",
    [
        b"\x80\x04",
        b"\x80\x04\x8e" + b"\xff" * 8,
        b"\x80\x02X\xff\xff\xff\x7fabc",
        b"\x80\x02c" + b"x" * 300,
        b"\x80\x02(((((((u",
        b"L" + b"9" * 6000 + b"L\n.",
        b"\x80\x02h\x05\x85R",
    ],
    ids=["short", "long-bytes", "long-text", "no-line-end", "marks", "number", "memo"],
)
def test_damaged_pickles_have_a_fault(data: bytes) -> None:
    content = read(data)

    assert not content.complete
    assert content.fault


def test_a_long_argument_is_stepped_over() -> None:
    data = pickle.dumps([bytes(3_000_000), collections.OrderedDict()], protocol=4)

    assert read(data).imports == ("collections.OrderedDict",)


def test_more_opcodes_than_are_read_end_the_reading() -> None:
    content = read_pickle(held(pickle.dumps(list(range(500)))), most=100)

    assert content.fault.startswith("more opcodes than are read")


@pytest.mark.parametrize(
    ("kind", "pack"),
    [
        ("gzip", gzip.compress),
        ("zlib", zlib.compress),
        ("bzip2", bz2.compress),
        ("xz", lzma.compress),
    ],
)
def test_packings_are_named_and_opened_within_limits(
    kind: str, pack: Callable[[bytes], bytes]
) -> None:
    data = b"abc" * 1_000_000

    assert unpacked(held(pack(data))) == (kind, data)
    assert unpacked(held(pack(data)), most=1000) == (kind, data[:1000])
    assert unpacked(held(pack(data)[:40] + b"\0" * 100)) is not None


def test_what_is_not_packed_is_left() -> None:
    assert unpacked(held(b"plain")) is None


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        *((build.harmful_pickle(protocol), True) for protocol in range(6)),
        (b"(a text in brackets.)", False),
        (b"chapter 1\nof a book.", False),
        (b"I am a text.", False),
        (b"\x80\x09.", False),
        (b"N.", False),
    ],
)
def test_pickles_are_told_from_texts(data: bytes, expected: bool) -> None:  # noqa: FBT001
    stream: Any = held(data)

    assert looks_like_pickle(data[:100], stream) is expected
