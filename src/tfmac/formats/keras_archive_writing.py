"""Writing of the zip under ``.keras``: stored members, and the weights as HDF5 in place.

The same input gives the same bytes: no clock is read, and nothing depends on the order of a set.
Members are stored, so that the readers of Keras read the weights in place. Layout and numbers
are those of PKWARE's APPNOTE 6.3; zip64 where a size needs it.
"""

import importlib
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import IO, Any, Callable, Optional

import msgspec

from tfmac.formats.keras_archive import WEIGHTS
from tfmac.formats.tensor_values import BLOCK, Described, item_size

_OF_THE_MODEL = "vars"
# ``whence`` of seek: os.SEEK_CUR, os.SEEK_END.
_FROM_HERE, _FROM_END = 1, 2
_LONGEST_MEMBER = (1 << 31) - 1
# The first date that a zip can have.
_FIRST_DATE = (1980, 1, 1, 0, 0, 0)


class NewArray(msgspec.Struct, frozen=True, kw_only=True):
    """An array to be written: its place in the HDF5 file, and what gives its values."""

    path: str
    described: Described
    blocks: Callable[[], Iterable[bytes]]


class NotAsDescribed(ValueError):
    """An array that gave another number of bytes than its description has."""


def write_weights(file: IO[bytes], start: int, arrays: Sequence[NewArray]) -> None:
    """Write an HDF5 file from ``start`` to the end of an open file.

    The library lays the file out and allocates; the values are then written where it said.
    """
    places: list[tuple[int, NewArray]] = []
    view = _Written(file, start)
    h5py: Any = importlib.import_module("h5py")
    # The oldest layout that the library writes: every reader of Keras has one for it.
    with h5py.File(view, "w", libver="earliest") as weights:
        # Keras 3.0 to 3.5 do not read a file without it.
        weights.create_group(_OF_THE_MODEL)
        for one in arrays:
            dataset = _made(h5py, weights, one)
            if one.described.bytes:
                places.append((int(dataset.id.get_offset()), one))
    for offset, one in places:
        _fill(file, start + offset, one)


def _made(h5py: Any, weights: Any, array: NewArray) -> Any:  # noqa: ANN401 - h5py has no types
    creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    creation.set_layout(h5py.h5d.CONTIGUOUS)
    creation.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    creation.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    creation.set_obj_track_times(False)
    links = h5py.h5p.create(h5py.h5p.LINK_CREATE)
    links.set_create_intermediate_group(True)
    numpy: Any = importlib.import_module("numpy")
    name = array.described.dtype
    is_foreign = item_size(name) and not hasattr(numpy, name) and name != "bool"
    dtype = numpy.dtype(f"V{item_size(name)}" if is_foreign else name)
    space = (
        h5py.h5s.create_simple(array.described.shape)
        if array.described.shape
        else (h5py.h5s.create(h5py.h5s.SCALAR))
    )
    made = h5py.h5d.create(
        weights.id,
        array.path.encode(),
        h5py.h5t.py_create(dtype, logical=True),
        space,
        dcpl=creation,
        lcpl=links,
    )
    dataset = h5py.Dataset(made)
    if is_foreign:
        # Keras tells these types by the name beside them.
        dataset.attrs["dtype"] = name
    return dataset


def _fill(file: IO[bytes], place: int, array: NewArray) -> None:
    file.seek(place)
    left = array.described.bytes
    for block in array.blocks():
        left -= len(block)
        if left < 0:
            break
        file.write(block)
    if left:
        raise NotAsDescribed(f"{array.path} has {array.described.bytes - left} bytes of values")


class _Written:
    """The rest of a file as a file of its own, for the library to write into."""

    def __init__(self, file: IO[bytes], start: int) -> None:
        self._file = file
        self._start = start
        self._place = 0

    def seek(self, place: int, whence: int = 0) -> int:
        if whence == _FROM_END:
            place += self._file.seek(0, _FROM_END) - self._start
        elif whence == _FROM_HERE:
            place += self._place
        self._place = place
        return place

    def tell(self) -> int:
        return self._place

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401
        self._file.seek(self._start + self._place)
        data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        self._place += len(data)
        return len(data)

    def read(self, size: int = -1) -> bytes:
        self._file.seek(self._start + self._place)
        data = self._file.read(size)
        self._place += len(data)
        return data

    def write(self, data: Any) -> int:  # noqa: ANN401
        self._file.seek(self._start + self._place)
        self._file.write(data)
        self._place += len(data)
        return len(data)

    def truncate(self, size: Optional[int] = None) -> int:
        size = self._place if size is None else size
        self._file.truncate(self._start + size)
        return size

    def flush(self) -> None:
        self._file.flush()


def write_archive(
    file: IO[bytes], members: Mapping[str, bytes], weights: Sequence[NewArray]
) -> None:
    """Write a whole archive into an empty file that can be read and written.

    ``members`` are the small ones by their names, in the order in which they are written.
    """
    # The module writes the directory; the largest member is put between its others.
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            archive.writestr(_entry(name), content)
        size = sum(one.described.bytes for one in weights)
        entry = _entry(WEIGHTS)
        entry.CRC = entry.file_size = entry.compress_size = 0
        entry.header_offset = archive.start_dir
        # Known before the size is: the structure of the file takes a small part of it.
        is_long = size + size // 8 + len(weights) * 4096 > _LONGEST_MEMBER
        start = entry.header_offset + len(entry.FileHeader(zip64=is_long))
        file.seek(entry.header_offset)
        file.write(bytes(start - entry.header_offset))
        write_weights(file, start, weights)
        end = file.seek(0, _FROM_END)
        entry.file_size = entry.compress_size = end - start
        entry.CRC = _checksum(file, start, end)
        file.seek(entry.header_offset)
        file.write(entry.FileHeader(zip64=is_long))
        archive.filelist.append(entry)
        archive.NameToInfo[entry.filename] = entry
        archive.start_dir = end


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _FIRST_DATE)
    entry.compress_type = zipfile.ZIP_STORED
    # Made on Unix, a file that its owner may write and all may read: not what this machine is.
    entry.create_system = 3
    entry.external_attr = 0o100644 << 16
    return entry


def _checksum(file: IO[bytes], start: int, end: int) -> int:
    value = 0
    file.seek(start)
    while start < end:
        data = file.read(min(BLOCK, end - start))
        value = zlib.crc32(data, value)
        start += len(data)
    return value
