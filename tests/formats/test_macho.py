import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders.macho import (
    ARM64,
    ARM64E,
    X86_64,
    Bind,
    Reexport,
    chained,
    fat,
    image,
    symbol_table,
    trie,
    uleb,
)
from tfmac.formats.macho import Export, LinkKind, MachImage, portions, read_images
from tfmac.formats.macho_imports import Import
from tfmac.formats.reading import InvalidBinary

NAMES = st.binary(min_size=1, max_size=12).map(lambda raw: b"_" + raw.replace(b"\0", b"."))
SAMPLE = image(
    identity="@rpath/libsample.dylib",
    links=["/usr/lib/libSystem.B.dylib", ("@rpath/libother.dylib", 0x8000_0018)],
    rpaths=["@loader_path/..", "/opt/lib"],
    exports={b"_one": None, b"_only": None, b"_moved": Reexport(2, b"_there")},
    binds=[Bind(b"_malloc"), Bind(b"_flat", -2), Bind(b"_maybe", 2, weak=True)],
    lazy=[Bind(b"_late", 2), Bind(b"_malloc")],
    weak_binds=[Bind(b"__Znwm")],
    minimum_os=(12, 3, 1),
)


def only(data: bytes) -> MachImage:
    (found,) = read_images(data)
    return found


def everything(data: bytes) -> None:
    """Ask every public question about a file."""
    for found in read_images(data):
        found.imports()
        for name in (b"_one", b"_moved", b"_missing", b""):
            found.export(name)


def test_load_commands() -> None:
    """Identity, links with their kinds, rpaths and the oldest macOS stand in load commands."""
    found = only(SAMPLE)

    assert found.identity == "@rpath/libsample.dylib"
    assert [(link.name, link.kind) for link in found.links] == [
        ("/usr/lib/libSystem.B.dylib", LinkKind.NORMAL),
        ("@rpath/libother.dylib", LinkKind.WEAK),
    ]
    assert found.rpaths == ("@loader_path/..", "/opt/lib")
    assert (found.machine, found.minimum_os) == ("arm64", "12.3.1")


def test_older_version_command() -> None:
    """LC_VERSION_MIN_MACOSX tells the oldest macOS where LC_BUILD_VERSION is missing."""
    plain = image(minimum_os=(10, 9, 0))
    old = plain.replace(struct.pack("<3I", 0x32, 24, 1), struct.pack("<3I", 0x24, 24, 10 << 16))

    assert only(old).minimum_os == "10.0"


def test_imports_in_bind_order() -> None:
    """Imports come bind stream first, then lazy, then weak, and each pair only once."""
    assert only(SAMPLE).imports() == (
        Import(b"_malloc", 1, weak=False),
        Import(b"_flat", -2, weak=False),
        Import(b"_maybe", 2, weak=True),
        Import(b"_late", 2, weak=False),
        Import(b"__Znwm", -3, weak=True),
    )


@pytest.mark.parametrize("layout", [1, 2, 3])
def test_chained_imports(layout: int) -> None:
    """Every imports format of chained fixups gives the same imports."""
    binds = [Bind(b"_a", 1), Bind(b"_b", -2), Bind(b"_c", -1, weak=True), Bind(b"_d", 130)]

    found = only(image(binds=binds, chained_layout=layout, exports={b"_e": None}))

    assert [(i.name, i.ordinal, i.weak) for i in found.imports()] == [
        (bind.name, bind.ordinal, bind.weak) for bind in binds
    ]
    assert found.export(b"_e") == Export()


def test_large_ordinals_in_opcodes() -> None:
    """A sixteenth and later library is named by a LEB128 ordinal."""
    found = only(image(binds=[Bind(b"_far", 300), Bind(b"_own", 0)]))

    assert [i.ordinal for i in found.imports()] == [300, 0]


def test_threaded_opcodes() -> None:
    """The threaded opcodes of arm64e are passed over and their binds are seen."""
    stream = b"\xd0" + uleb(1) + b"\x11\x40_x\0\x90\xd1\0"
    data = image(binds=[Bind(b"_x", 1)])
    place = data.index(b"\x51\x72")
    data = data[:place] + stream + data[place + len(stream) :]

    assert only(data).imports()[0] == Import(b"_x", 1, weak=False)


def test_reexport_in_trie() -> None:
    """A re-export names the library's position and its name there."""
    assert only(SAMPLE).export(b"_moved") == Export(2, b"_there")


def test_reexport_under_its_own_name() -> None:
    """A re-export without a name of its own keeps the name that was asked for."""
    assert only(image(exports={b"_x": Reexport(1)})).export(b"_x") == Export(1, b"_x")


@given(st.sets(NAMES, max_size=40), st.sets(NAMES, max_size=40))
def test_trie_round_trip(held: set[bytes], asked: set[bytes]) -> None:
    """Exactly the names that a trie was built from are found in it."""
    found = only(image(exports=dict.fromkeys(held)))

    assert {name for name in held | asked if found.export(name) is not None} == held


def test_symbol_table_without_trie() -> None:
    """Without a trie the symbol table answers, private externals left out."""
    symbols = symbol_table([b"_open", b"_reopen"], hidden=[b"_secret"])
    found = only(image(symbols=symbols))

    answers = [found.export(name) is not None for name in (b"_open", b"_secret", b"pen")]
    assert answers == [True, False, False]


@pytest.mark.parametrize("wide", [False, True])
def test_universal_files(wide: bool) -> None:  # noqa: FBT001 - a parameter of the table
    """Both universal headers have a 32-bit count, and each slice keeps its own offsets."""
    arm = image(exports={b"_arm": None})
    intel = image(exports={b"_intel": None}, cpu=X86_64)

    first, second = read_images(fat([(ARM64, arm), (X86_64, intel)], wide=wide))

    assert (first.machine, second.machine) == ("arm64", "x86_64")
    assert (first.export(b"_arm"), first.export(b"_intel")) == (Export(), None)
    assert second.export(b"_intel") == Export()


def test_subtypes_are_named() -> None:
    """The arm64e subtype is kept apart from arm64, capability bits are not part of it."""
    data = fat([((ARM64E[0], 0x8000_0002), image(cpu=ARM64E))])

    assert [portion.machine for portion in portions(data)] == ["arm64e"]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "ends too early"),
        (b"MZ\x90\0" + bytes(40), "not a Mach-O"),
        (b"\xce\xfa\xed\xfe" + bytes(40), "32-bit"),
        (b"\xca\xfe\xba\xbe\0\0\0\x34" + bytes(40), "52 architectures"),
        (b"\xcf\xfa\xed\xfe" + struct.pack("<7I", *ARM64, 6, 9, 8, 0, 0) + bytes(8), "9 load"),
        (b"\xcf\xfa\xed\xfe" + struct.pack("<7I", *ARM64, 6, 1, 8, 0, 0) + bytes(8), "0 bytes"),
        (fat([(ARM64, b"")]), "ends too early"),
    ],
    ids=["empty", "windows", "32-bit", "java", "commands", "zero-size", "empty-slice"],
)
def test_damage_is_named(data: bytes, problem: str) -> None:
    """A damaged file is one error that says what, where and what was being read."""
    with pytest.raises(InvalidBinary, match=problem) as caught:
        read_images(data)

    assert caught.value.offset >= 0
    assert caught.value.reading


def with_trie(code: bytes) -> MachImage:
    data = image(exports={b"_padding_padding": None})
    place = data.index(trie({b"_padding_padding": None}))
    return only(data[:place] + code.ljust(len(data) - place, b"\0"))


def test_trie_cycle_ends() -> None:
    """A trie node that leads back to itself ends with the name."""
    assert with_trie(b"\0\x01a\0\0").export(b"a" * 5000) is None


def test_empty_label() -> None:
    """A name that begins others may stand behind an empty label, as older linkers write it."""
    node = b"\0\x02a\0\x0d\0\x11" + b"\x02\0\x40\0" + b"\x02\0\x41\0"
    found = with_trie(b"\0\x01_x\0\x06" + node)

    answers = [found.export(name) is not None for name in (b"_x", b"_xa", b"_xb", b"_")]
    assert answers == [True, True, False, False]


@pytest.mark.parametrize(
    "code",
    [b"\0\x01\0\0", b"\0\x01a\0\xff\xff\xff\x7f", b"\0\x01a\0" + b"\xff" * 11, b"\xff" * 20],
    ids=["empty-label-cycle", "child-outside", "long-number", "long-size"],
)
def test_damaged_trie(code: bytes) -> None:
    """A damaged trie node is an error, not a miss."""
    with pytest.raises(InvalidBinary, match="trie"):
        with_trie(code).export(b"a")


def test_overlapping_import_names_are_bounded() -> None:
    """Names that share one long string cannot take more memory than allowed."""
    count = 3000
    binds = [Bind(b"", 1)] * count
    code = bytearray(chained(binds, 1))
    names = 28 + 4 * count
    for index in range(count):
        struct.pack_into("<I", code, 28 + 4 * index, 1 | index << 9)
    code[names:] = b"n" * 60_000 + b"\0"
    data = image(chained_layout=1)
    head = len(data) - len(chained([], 1))
    data = data[:head] + code
    data = data.replace(
        struct.pack("<4I", 0x8000_0034, 16, head, 29),
        struct.pack("<4I", 0x8000_0034, 16, head, len(code)),
    )

    with pytest.raises(InvalidBinary, match="64 MiB"):
        only(bytes(data)).imports()


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


@given(st.integers(0, len(SAMPLE)), st.sampled_from([None, 1, 2, 3]))
def test_truncations_never_escape(length: int, layout: "int | None") -> None:
    """A file that ends early is read or raises InvalidBinary, nothing else."""
    binds = [Bind(b"_a"), Bind(b"_b", -2)]
    data = SAMPLE if layout is None else image(binds=binds, chained_layout=layout)
    try:
        everything(data[:length])
    except InvalidBinary as error:
        assert str(error)  # noqa: PT017 - either outcome is right
