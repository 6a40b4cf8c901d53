import io
from pathlib import Path

import pytest

from builders import elf, macho
from tfmac.formats.native import (
    HEADER_BYTES,
    ArchitectureNotFound,
    architectures,
    describe,
    map_file,
    open_image,
    open_images,
)
from tfmac.formats.reading import InvalidBinary
from tfmac.schema.binary import BinaryFormat
from tfmac.schema.platform import Architecture

BOTH = macho.fat([(macho.ARM64, macho.image()), (macho.X86_64, macho.image(cpu=macho.X86_64))])


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (BOTH, (Architecture.ARM64, Architecture.X86_64)),
        (macho.image(cpu=macho.ARM64E), (Architecture.ARM64,)),
        (macho.image(cpu=(7, 3)), (Architecture.OTHER,)),
        (b"\xce\xfa\xed\xfe\x07\0\0\0\x03\0\0\0", (Architecture.OTHER,)),
        (elf.image(machine=elf.AARCH64), (Architecture.ARM64,)),
        (elf.image(), (Architecture.X86_64,)),
        (b"\xca\xfe\xba\xbe\0\0\0\x41", ()),
        (b"INPUT(libc.so.6)", ()),
        (b"", ()),
    ],
    ids=["fat", "arm64e", "other", "32-bit", "arm-elf", "elf", "java", "text", "empty"],
)
def test_architectures_from_the_header(data: bytes, expected: "tuple[Architecture, ...]") -> None:
    """The first bytes alone tell the processors; what is not native has none."""
    assert architectures(data[:HEADER_BYTES]) == expected


def test_native_header_that_ends_early() -> None:
    """A native file that ends within its header is damaged, not foreign."""
    with pytest.raises(InvalidBinary, match="ends too early"):
        architectures(b"\x7fELF\x02\x01")


def test_one_slice_is_opened() -> None:
    """The slice for the processor is opened though another one is damaged."""
    damaged = macho.fat([(macho.ARM64, macho.image(identity="a")), (macho.X86_64, b"rubbish")])

    assert open_image(damaged, Architecture.ARM64).identity == "a"


@pytest.mark.parametrize("data", [macho.image(), elf.image(machine=elf.AARCH64)])
def test_absent_architecture_names_what_there_is(data: bytes) -> None:
    """A file without the processor's code says which code it has."""
    with pytest.raises(ArchitectureNotFound, match=r"code for (arm64|aarch64) only, not x86_64"):
        open_image(data, Architecture.X86_64)


def test_foreign_file() -> None:
    """A file of neither format is an error."""
    with pytest.raises(InvalidBinary, match="neither Mach-O nor ELF"):
        open_images(b"MZ\x90\0")


def test_any_buffer() -> None:
    """Bytes, bytearrays and memory views are read alike."""
    for raw in (BOTH, bytearray(BOTH), memoryview(BOTH)):
        assert len(open_images(raw)) == 2


def test_description_of_mach_o() -> None:
    """A universal file is described slice by slice."""
    record = describe("lib.dylib", BOTH)

    assert (record.path, record.format) == ("lib.dylib", BinaryFormat.MACHO)
    assert [(s.machine, s.minimum_os) for s in record.slices] == [
        ("arm64", "12.0"),
        ("x86_64", "12.0"),
    ]


def test_description_of_elf() -> None:
    """An ELF file is one slice whose RUNPATH replaces its RPATH."""
    data = elf.image(soname="lib.so.1", needed=["libc.so.6"], rpath="/a", runpath="/b")
    (found,) = describe("lib.so", data).slices

    assert (found.identity, found.links, found.rpaths) == ("lib.so.1", ("libc.so.6",), ("/b",))
    assert found.minimum_os is None


def test_mapped_file_outlives_its_stream(tmp_path: Path) -> None:
    """A mapping stays readable after the stream is closed, and an empty file is no bytes."""
    path = tmp_path / "lib.dylib"
    path.write_bytes(BOTH)
    empty = tmp_path / "empty"
    empty.touch()

    with path.open("rb") as stream, empty.open("rb") as nothing:
        mapped, blank = map_file(stream), map_file(nothing)

    assert len(open_images(mapped)) == 2
    assert blank == b""


def test_error_names_file_and_place() -> None:
    """The text of an error has the file, the structure and the byte."""
    with pytest.raises(InvalidBinary) as caught:
        open_images(io.BytesIO(b"rubbish").read())
    caught.value.path = "lib.dylib"

    assert str(caught.value) == (
        "lib.dylib: neither Mach-O nor ELF (reading magic number at byte 0)"
    )
