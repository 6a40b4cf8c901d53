"""A zip's members, found through its directory and read within limits, in place where stored.

The ``zipfile`` module reads the directory; how large that may be is looked at before. Layout and
flags are those of PKWARE's APPNOTE 6.3.
"""

import stat
import struct
import zipfile
import zlib
from typing import IO, Any, Optional

from tfmac.formats.byte_ranges import Range, held
from tfmac.formats.json_text import readable
from tfmac.schema.model_content import Member, Problem

MAGIC = b"PK\x03\x04"
MOST_MEMBERS = 20_000
MOST_DIRECTORY_BYTES = 1 << 24
MOST_INFLATED = 1 << 26
_END = struct.Struct("<4s4H2LH")  # end of central directory record
_END_64 = struct.Struct("<4sQ2H2L4Q")  # zip64 end of central directory record
_LOCATOR_64 = struct.Struct("<4sLQL")
_LOCAL = struct.Struct("<4s5H3L2H")  # local file header
_END_MAGIC, _END_64_MAGIC, _LOCATOR_MAGIC = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
_LONGEST_COMMENT = 0xFFFF
_ENCRYPTED = 1  # bit 0 of the flags
DAMAGED = "model-file-damaged"


class InvalidZip(ValueError):
    """Bytes that are no readable zip, or a member that is not one to read."""


class ZipMembers:
    """The members of a zip; what is wrong with them is in ``problems``."""

    def __init__(self, stream: Range) -> None:
        self._stream = stream
        self.problems: list[Problem] = []
        self._entries = self._listed()

    def _listed(self) -> dict[str, zipfile.ZipInfo]:
        _check_directory(self._stream)
        readable_stream: Any = self._stream
        try:
            with zipfile.ZipFile(readable_stream) as archive:
                listed = archive.infolist()
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
            raise InvalidZip(str(error)[:200]) from error
        except struct.error as error:
            raise InvalidZip("the directory ends too early") from error
        entries: dict[str, zipfile.ZipInfo] = {}
        for entry in listed:
            name = readable(entry.filename)
            self._look_at(entry, name, twice=name in entries)
            # The last one of a name is the one that Python's readers take.
            entries[name] = entry
        return entries

    def _look_at(self, entry: zipfile.ZipInfo, name: str, *, twice: bool) -> None:
        if twice:
            self.note("the archive has two members of this name", name)
        if _leads_outside(name):
            self.note("a member's name leads out of the archive", name)
        if entry.flag_bits & _ENCRYPTED:
            self.note("is encrypted", name)
        if stat.S_ISLNK(entry.external_attr >> 16):
            self.note("is a symbolic link, which is not followed", name)

    def note(self, statement: str, name: str, cause: Optional[str] = DAMAGED) -> None:
        """Note a problem, unless there are many."""
        if len(self.problems) < 100:
            self.problems.append(Problem(statement=statement, location=name, cause=cause))

    @property
    def names(self) -> tuple[str, ...]:
        """Name the members, each once, in the directory's order."""
        return tuple(self._entries)

    @property
    def members(self) -> tuple[Member, ...]:
        """Describe the members."""
        return tuple(
            Member(
                name=name,
                bytes=min(entry.file_size, (1 << 63) - 1),
                stored=entry.compress_type == zipfile.ZIP_STORED,
            )
            for name, entry in self._entries.items()
        )

    def open(self, name: str, *, most: int = MOST_INFLATED) -> Range:
        """Give a member as a stream: in place when stored, else inflated up to ``most`` bytes.

        Raise ``InvalidZip`` when it is missing, damaged, encrypted or larger.
        """
        entry = self._entries.get(name)
        if entry is None:
            raise InvalidZip("there is no such member")
        if entry.flag_bits & _ENCRYPTED:
            raise InvalidZip("is encrypted")
        start = self._data_start(entry)
        if start + entry.compress_size > self._stream.size:
            raise InvalidZip("lies beyond the end of the archive")
        if entry.compress_type == zipfile.ZIP_STORED:
            return Range(_as_file(self._stream), start, entry.compress_size)
        if entry.compress_type != zipfile.ZIP_DEFLATED:
            raise InvalidZip(f"is compressed by method {entry.compress_type}, which is not read")
        if entry.file_size > most:
            raise InvalidZip(f"is compressed and larger than {most >> 20} MiB, so it is not read")
        packed = Range(_as_file(self._stream), start, entry.compress_size)
        return held(_inflated(packed, most))

    def read(self, name: str, *, most: int = MOST_INFLATED) -> bytes:
        """Read a member whole; raise ``InvalidZip`` when it cannot be read or is larger."""
        member = self.open(name, most=most)
        if member.size > most:
            raise InvalidZip(f"is larger than {most >> 20} MiB")
        return member.read()

    def _data_start(self, entry: zipfile.ZipInfo) -> int:
        self._stream.seek(entry.header_offset)
        header = self._stream.read(_LOCAL.size)
        if len(header) < _LOCAL.size or not header.startswith(MAGIC):
            raise InvalidZip("its own header is missing")
        name_size, extra_size = _LOCAL.unpack(header)[-2:]
        name = self._stream.read(name_size)
        if name != _raw_name(entry):
            raise InvalidZip("its own header has another name than the directory")
        return int(entry.header_offset + _LOCAL.size + name_size + extra_size)


def _raw_name(entry: zipfile.ZipInfo) -> bytes:
    try:
        return entry.orig_filename.encode("utf-8" if entry.flag_bits & 0x800 else "cp437")
    except UnicodeEncodeError:
        return b""


def _as_file(stream: Range) -> IO[bytes]:
    opened: Any = stream
    return opened  # type: ignore[no-any-return]


def _inflated(packed: Range, most: int) -> bytes:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    parts: list[bytes] = []
    left = most
    try:
        while not inflater.eof:
            # Without more to read, the inflater may still hold what it had no room for.
            data = inflater.unconsumed_tail or packed.read(1 << 16)
            part = inflater.decompress(data, min(left + 1, 1 << 20))
            if not data and not part and not inflater.eof:
                raise InvalidZip("its data ends too early")
            parts.append(part)
            left -= len(part)
            if left < 0:
                raise InvalidZip(f"inflates to more than {most >> 20} MiB")
    except zlib.error as error:
        raise InvalidZip(f"its data is damaged: {error}") from error
    return b"".join(parts)


def _leads_outside(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return name.startswith(("/", "\\")) or ".." in parts or ":" in parts[0]


def _check_directory(stream: Range) -> None:
    """Raise ``InvalidZip`` for a directory that is missing, or larger than any model's."""
    tail_size = min(stream.size, _END.size + _LONGEST_COMMENT)
    stream.seek(stream.size - tail_size)
    tail = stream.read(tail_size)
    place = tail.rfind(_END_MAGIC)
    if place < 0 or len(tail) - place < _END.size:
        raise InvalidZip("the directory at its end is missing: the file is incomplete")
    _, _, _, _, count, size, _, _ = _END.unpack_from(tail, place)
    locator = place - _LOCATOR_64.size
    if locator >= 0 and tail.startswith(_LOCATOR_MAGIC, locator):
        count, size = _end_64(stream, _LOCATOR_64.unpack_from(tail, locator)[2])
    if count > MOST_MEMBERS or size > MOST_DIRECTORY_BYTES:
        raise InvalidZip(f"its directory claims {count} members in {size} bytes")


def _end_64(stream: Range, place: int) -> tuple[int, int]:
    stream.seek(min(place, stream.size))
    record = stream.read(_END_64.size)
    if len(record) < _END_64.size or not record.startswith(_END_64_MAGIC):
        raise InvalidZip("its zip64 directory is missing")
    fields = _END_64.unpack(record)
    return int(fields[7]), int(fields[8])
