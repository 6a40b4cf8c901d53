import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders.elf import AARCH64, Definition, Need, image
from tfmac.formats.elf import ElfImage, ElfImport, read_image, read_machine
from tfmac.formats.elf_symbols import Provision
from tfmac.formats.reading import InvalidBinary

NAMES = st.binary(min_size=1, max_size=12).map(lambda raw: raw.replace(b"\0", b"."))
SAMPLE = image(
    soname="libsample.so.2",
    needed=["libother.so.1", "libc.so.6"],
    runpath="$ORIGIN/..:/opt/lib",
    defines=[Definition(b"plain"), Definition(b"versioned", b"SAMPLE_1"), Definition(b"more")],
    needs=[
        Need(b"first"),
        Need(b"maybe", weak=True),
        Need(b"memcpy", library=b"libc.so.6", version=b"GLIBC_2.14"),
    ],
)


def everything(data: bytes) -> ElfImage:
    """Ask every public question about a file."""
    found = read_image(data)
    found.imports()
    for name in (b"plain", b"versioned", b"missing", b""):
        found.export(name)
        found.provides(name, b"SAMPLE_1")
    return found


def test_dynamic_section() -> None:
    """Name, links and search paths come from the dynamic section, without section headers."""
    found = read_image(SAMPLE)

    assert found.identity == "libsample.so.2"
    assert found.links == ("libother.so.1", "libc.so.6")
    assert (found.rpaths, found.runpaths) == ((), ("$ORIGIN/..", "/opt/lib"))
    assert found.machine == "x86_64"


def test_imports_in_relocation_order() -> None:
    """Imports are the undefined names that relocations need, with binding and version."""
    assert read_image(SAMPLE).imports() == (
        ElfImport(b"first", weak=False),
        ElfImport(b"maybe", weak=True),
        ElfImport(b"memcpy", weak=False, version=b"GLIBC_2.14", version_library=b"libc.so.6"),
    )


@pytest.mark.parametrize("style", ["gnu", "sysv"])
@given(st.sets(NAMES, max_size=30), st.sets(NAMES, max_size=30), st.sets(NAMES, max_size=5))
def test_hash_round_trip(style: str, held: set[bytes], asked: set[bytes], need: set[bytes]) -> None:
    """Exactly the defined names are found through either hash table."""
    data = image(
        defines=[Definition(name) for name in sorted(held)],
        needs=[Need(name) for name in sorted(need - held)],
        hash_style=style,
    )
    found = read_image(data)

    assert {name for name in held | asked | need if found.export(name)} == held


def test_versions_have_to_match() -> None:
    """A versioned request needs that version; a plain definition satisfies any request."""
    found = read_image(SAMPLE)

    assert found.provides(b"versioned", b"SAMPLE_1")
    assert not found.provides(b"versioned", b"SAMPLE_2")
    assert found.provides(b"versioned")
    assert found.provides(b"plain", b"SAMPLE_2")
    assert isinstance(found.export(b"versioned"), Provision)


def test_several_versions_of_a_name() -> None:
    """A name may be defined once for each version."""
    found = read_image(image(defines=[Definition(b"f", b"V1"), Definition(b"f", b"V2")]))

    answers = [found.provides(b"f", version) for version in (b"V1", b"V2", b"V3")]
    assert answers == [True, True, False]


def test_machine_from_the_first_bytes() -> None:
    """Twenty bytes tell the processor."""
    assert read_machine(image(machine=AARCH64)[:20]) == "aarch64"


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "ends too early"),
        (b"not an ELF file at all", "not an ELF"),
        (b"\x7fELF\x01\x01" + bytes(60), "only 64-bit"),
        (b"\x7fELF\x02\x02" + bytes(60), "only 64-bit"),
        (SAMPLE[:70], "ends too early"),
    ],
    ids=["empty", "text", "32-bit", "big-endian", "truncated"],
)
def test_damage_is_named(data: bytes, problem: str) -> None:
    """A damaged file is one error that says what, where and what was being read."""
    with pytest.raises(InvalidBinary, match=problem) as caught:
        read_image(data)

    assert caught.value.reading


def test_address_outside_every_segment() -> None:
    """A table whose address is in no segment is an error."""
    place = SAMPLE.index(struct.pack("<Q", 6), 64 + 2 * 56)  # DT_SYMTAB
    data = SAMPLE[: place + 8] + struct.pack("<Q", 1 << 40) + SAMPLE[place + 16 :]

    with pytest.raises(InvalidBinary, match="in no segment"):
        read_image(data).imports()


def test_hash_chain_cycle_ends() -> None:
    """A hash chain that leads back to itself is an error, not a hang."""
    data = image(defines=[Definition(b"a")], hash_style="sysv")
    table = struct.pack("<5I", 1, 2, 1, 0, 0)
    assert table in data
    looping = data.replace(table, struct.pack("<5I", 1, 2, 1, 0, 1))

    with pytest.raises(InvalidBinary, match="endless chain"):
        read_image(looping).export(b"b")


@settings(max_examples=300)
@given(st.integers(0, len(SAMPLE) - 1), st.integers(0, 255), st.integers(0, 255))
def test_mutations_never_escape(place: int, first: int, second: int) -> None:
    """A changed file is read or raises InvalidBinary, nothing else."""
    data = bytearray(SAMPLE)
    data[place : place + 2] = bytes((first, second))
    try:
        everything(bytes(data))
    except InvalidBinary as error:
        assert str(error)  # noqa: PT017 - either outcome is right


@given(st.integers(0, len(SAMPLE)))
def test_truncations_never_escape(length: int) -> None:
    """A file that ends early is read or raises InvalidBinary, nothing else."""
    try:
        everything(SAMPLE[:length])
    except InvalidBinary as error:
        assert str(error)  # noqa: PT017 - either outcome is right
