"""Any native library: which format, which processors, and the image for one of them."""

import mmap
from typing import IO, Union

from tfmac.formats import elf, macho
from tfmac.formats.reading import Buffer, InvalidBinary, RawBuffer, as_buffer
from tfmac.schema.binary import BinaryFormat, BinaryImage, Slice
from tfmac.schema.platform import Architecture

Image = Union[macho.MachImage, elf.ElfImage]

# As many leading bytes as ``architectures`` ever needs: a universal header with its slices.
HEADER_BYTES = 2048


class ArchitectureNotFound(LookupError):
    """A native library has no image for the processor that is asked for."""


def architectures(header: bytes) -> tuple[Architecture, ...]:
    """List the processors a file has code for, from its first ``HEADER_BYTES`` bytes alone.

    A file that is not a native library gives an empty tuple; a native one that ends within its
    header raises ``InvalidBinary``.
    """
    if header.startswith(elf.MAGIC):
        return (Architecture.of(elf.read_machine(header)),)
    if not macho.is_macho(header[:4]) or _is_java_class(header):
        return ()
    return tuple(Architecture.of(portion.machine) for portion in macho.portions(header))


def _is_java_class(header: bytes) -> bool:
    count = int.from_bytes(header[4:8], "big")
    return header.startswith(macho.FAT_MAGIC) and count > macho.MOST_SLICES


def map_file(stream: IO[bytes]) -> Buffer:
    """Map an open file read-only; the mapping outlives the stream. An empty file is ``b""``."""
    try:
        return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    except ValueError:  # an empty file cannot be mapped
        return b""


def open_images(raw: RawBuffer) -> tuple[Image, ...]:
    """Open every image of a native library, in file order; raise ``InvalidBinary``."""
    buffer = as_buffer(raw)
    if buffer[:4] == elf.MAGIC:
        return (elf.read_image(buffer),)
    if not macho.is_macho(buffer[:4]):
        raise InvalidBinary("neither Mach-O nor ELF", offset=0, reading="magic number")
    return macho.read_images(buffer)


def open_image(raw: RawBuffer, architecture: Architecture) -> Image:
    """Open the image for one processor, reading no other.

    Raise ``ArchitectureNotFound`` naming what the file has instead, or ``InvalidBinary``.
    """
    buffer = as_buffer(raw)
    if not macho.is_macho(buffer[:4]):
        image = open_images(buffer)[0]
        if Architecture.of(image.machine) is architecture:
            return image
        raise ArchitectureNotFound(f"code for {image.machine} only, not {architecture.value}")
    found = macho.portions(buffer)
    for portion in found:
        if Architecture.of(portion.machine) is architecture:
            return macho.read_image(buffer, portion)
    machines = ", ".join(portion.machine for portion in found)
    raise ArchitectureNotFound(f"code for {machines} only, not {architecture.value}")


def describe(path: str, raw: RawBuffer) -> BinaryImage:
    """Summarise a native library as the schema's record; raise ``InvalidBinary``."""
    images = open_images(raw)
    kind = BinaryFormat.ELF if isinstance(images[0], elf.ElfImage) else BinaryFormat.MACHO
    return BinaryImage(path=path, format=kind, slices=tuple(_slice(image) for image in images))


def _slice(image: Image) -> Slice:
    if isinstance(image, elf.ElfImage):
        minimum_os, links = None, image.links
        rpaths = image.runpaths or image.rpaths
    else:
        minimum_os, links = image.minimum_os, tuple(link.name for link in image.links)
        rpaths = image.rpaths
    return Slice(
        architecture=Architecture.of(image.machine),
        machine=image.machine,
        identity=image.identity,
        minimum_os=minimum_os,
        links=links,
        rpaths=rpaths,
    )
