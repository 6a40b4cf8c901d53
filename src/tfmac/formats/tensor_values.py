"""The values of stored arrays as blocks of bytes: of HDF5, and of TensorFlow's checkpoints.

An array is never held whole unless its own storage makes that necessary: one chunk of a packed
array, one row of a sliced one. Bytes are given in C order with the low byte first, whatever the
file has; besides that they are those of the file.
"""

import importlib
import math
import struct
import zipfile
from collections.abc import Iterator, Sequence
from typing import IO, Any, Optional

import msgspec

from tfmac.formats.byte_ranges import Range
from tfmac.formats.crc32c import Checksum
from tfmac.formats.hdf5_tree import FAULTS, worded

BLOCK = 4 << 20
"""How many bytes are read at once."""
_UNBOUNDED = 1 << 62
_LONGEST_TEXTS = 1 << 26
_LONGEST_VARINT = 70
_CHECKSUM_BYTES = 4
_LOCAL = struct.Struct("<4s5H3L2H")  # local file header of a zip


class UnreadableValues(ValueError):
    """An array whose values cannot be read as they are described."""


class DamagedValues(UnreadableValues):
    """Values that are not those that were written."""


class Described(msgspec.Struct, frozen=True):
    """The type and the shape of an array, as NumPy names them."""

    dtype: str
    shape: tuple[int, ...]

    @property
    def bytes(self) -> int:
        """How many its values take."""
        return item_size(self.dtype) * math.prod(self.shape)


def item_size(dtype: str) -> int:
    """Give the bytes of one value; ``bfloat16`` is none of NumPy's own."""
    if dtype in {"bfloat16", "float8_e4m3fn", "float8_e5m2"}:
        return 2 if dtype == "bfloat16" else 1
    numpy: Any = importlib.import_module("numpy")
    try:
        return int(numpy.dtype(dtype).itemsize)
    except TypeError as error:
        raise UnreadableValues(f"is of a type that is not read: {dtype}") from error


class Hdf5Values:
    """The arrays of an HDF5 file, which may be a part of a larger file.

    Raises ``UnreadableValues`` when it cannot be opened.
    """

    def __init__(self, stream: IO[bytes], start: int, size: int) -> None:
        self._stream = stream
        self._start = start
        self._size = size
        h5py: Any = importlib.import_module("h5py")
        view: Any = Range(stream, start, size, budget=_UNBOUNDED)
        try:
            self._file = h5py.File(view, "r")
        except FAULTS as error:
            raise UnreadableValues(worded(error)) from error

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def has(self, path: str) -> bool:
        """Whether there is an array of this path."""
        try:
            return hasattr(self._file[path], "shape")
        except FAULTS:
            return False

    def described(self, path: str) -> Described:
        """Give the type and the shape of an array."""
        dataset = self._dataset(path)
        stated = dataset.attrs.get("dtype") if dataset.dtype.kind in "Vu" else None
        name = stated if isinstance(stated, str) else dataset.dtype.name
        return Described(name, tuple(int(one) for one in dataset.shape))

    def blocks(self, path: str) -> Iterator[bytes]:
        """Give the values of an array, a few megabytes at a time."""
        dataset = self._dataset(path)
        try:
            place = self._contiguous(dataset)
            if place is not None:
                yield from _blocks_of(self._stream, self._start + place, dataset.nbytes)
            else:
                yield from _slices(dataset)
        except FAULTS as error:
            raise UnreadableValues(f"{path} cannot be read: {worded(error)}") from error

    def _dataset(self, path: str) -> Any:  # noqa: ANN401 - h5py has no types
        try:
            dataset = self._file[path]
        except FAULTS as error:
            raise UnreadableValues(f"{path} cannot be opened: {worded(error)}") from error
        # What a file names elsewhere is not read: the reading of its structure says so.
        if not hasattr(dataset, "id") or dataset.is_virtual or dataset.external:
            raise UnreadableValues(f"{path} has its values elsewhere")
        return dataset

    def _contiguous(self, dataset: Any) -> Optional[int]:  # noqa: ANN401
        """Give the place of values that lie in one piece, with the low byte first."""
        if dataset.chunks is not None or not dataset.nbytes or not _is_low_first(dataset.dtype):
            return None
        offset = dataset.id.get_offset()
        if offset is None or offset + dataset.nbytes > self._size:
            return None
        return int(offset)


def _is_low_first(dtype: Any) -> bool:  # noqa: ANN401
    numpy: Any = importlib.import_module("numpy")
    return dtype.kind in "fiubc" and dtype == numpy.dtype(dtype.str.replace(">", "<"))


def _slices(dataset: Any) -> Iterator[bytes]:  # noqa: ANN401
    """Read through the library, along the first axis, as many rows as fit into a block."""
    if not dataset.shape:
        yield _low_first(dataset[()])
        return
    if 0 in dataset.shape:
        return
    row = max(1, dataset.nbytes // dataset.shape[0])
    rows = max(1, BLOCK // row)
    if dataset.chunks is not None:
        # Whole chunks: each is unpacked once.
        rows = max(dataset.chunks[0], rows - rows % dataset.chunks[0])
    for start in range(0, dataset.shape[0], rows):
        yield _low_first(dataset[start : start + rows])


def _low_first(values: Any) -> bytes:  # noqa: ANN401
    numpy: Any = importlib.import_module("numpy")
    array = numpy.asarray(values)
    if array.dtype.kind not in "fiubcV":
        raise UnreadableValues(f"is of a type that is not read: {array.dtype}")
    if array.dtype.byteorder == ">":
        array = array.astype(array.dtype.newbyteorder("<"))
    return bytes(numpy.ascontiguousarray(array).tobytes())


def _blocks_of(stream: IO[bytes], start: int, size: int) -> Iterator[bytes]:
    end = start + size
    while start < end:
        stream.seek(start)
        data = stream.read(min(BLOCK, end - start))
        if not data:
            raise DamagedValues("the file ends before the values do")
        start += len(data)
        yield data


def stored_member(stream: IO[bytes], name: str) -> Optional[tuple[int, int]]:
    """Give where a member of a zip lies in it; None where it is packed."""
    with zipfile.ZipFile(stream) as archive:
        entry = archive.getinfo(name)
    if entry.compress_type != zipfile.ZIP_STORED:
        return None
    stream.seek(entry.header_offset)
    header = stream.read(_LOCAL.size)
    if len(header) < _LOCAL.size:
        raise UnreadableValues(f"{name} has no header")
    name_size, extra_size = _LOCAL.unpack(header)[-2:]
    return entry.header_offset + _LOCAL.size + name_size + extra_size, entry.compress_size


class Located(msgspec.Struct, frozen=True, kw_only=True):
    """Where the values of an array of a checkpoint lie."""

    stream: int
    """Which of the files of data."""
    offset: int
    size: int
    """In the file: texts take what they are long."""
    described: Described
    checksum: int
    """As TensorFlow masks it; 0 where the entry has none."""


class BundleValues:
    """The arrays of a checkpoint of TensorFlow, by the entries of its index."""

    def __init__(self, streams: Sequence[IO[bytes]], located: "dict[str, Located]") -> None:
        self._streams = streams
        self._located = located
        self._checked: set[str] = set()

    def close(self) -> None:
        """Let go of the files."""
        for one in self._streams:
            one.close()

    def has(self, path: str) -> bool:
        """Whether there is an array of this key."""
        return path in self._located

    def described(self, path: str) -> Described:
        """Give the type and the shape of an array."""
        return self._located[path].described

    def blocks(self, path: str) -> Iterator[bytes]:
        """Give the values of an array, a few megabytes at a time.

        Raises ``DamagedValues`` after the last one where they do not match their checksum.
        """
        one = self._located[path]
        blocks = _blocks_of(self._streams[one.stream], one.offset, one.described.bytes)
        if not one.checksum or path in self._checked:
            yield from blocks
            return
        checksum = Checksum()
        for block in blocks:
            checksum.add(block)
            yield block
        if checksum.masked != one.checksum:
            raise DamagedValues(f"{path} does not match its checksum")
        # Summing takes longer than reading, and the new file is compared with a second reading.
        self._checked.add(path)

    def texts(self, path: str) -> list[bytes]:
        """Read an array of texts: their lengths, four bytes of checksum, the texts themselves."""
        one = self._located[path]
        count = math.prod(one.described.shape)
        if one.size > _LONGEST_TEXTS or count > one.size:
            raise UnreadableValues(f"{path} has more text than any vocabulary")
        data = b"".join(_blocks_of(self._streams[one.stream], one.offset, one.size))
        lengths, place = [], 0
        for _ in range(count):
            length, place = _varint(data, place)
            lengths.append(length)
        place += _CHECKSUM_BYTES
        if place + sum(lengths) != len(data):
            raise UnreadableValues(f"the lengths of the texts of {path} do not agree")
        texts = []
        for length in lengths:
            texts.append(data[place : place + length])
            place += length
        return texts

    def numbers(self, path: str) -> list[int]:
        """Read a short array of whole numbers."""
        described = self._located[path].described
        if described.bytes > _LONGEST_TEXTS or "int" not in described.dtype:
            raise UnreadableValues(f"{path} is no short array of whole numbers")
        data = b"".join(self.blocks(path))
        size = item_size(described.dtype)
        return [
            int.from_bytes(data[place : place + size], "little", signed=True)
            for place in range(0, len(data), size)
        ]


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while place < len(data) and shift < _LONGEST_VARINT:
        byte = data[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
        shift += 7
    raise UnreadableValues("a length that does not end")
