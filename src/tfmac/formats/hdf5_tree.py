"""The groups, arrays and texts of an HDF5 file, without reading an array and following a link.

h5py's low-level interface, because the other opens what a soft or external link names. What a
file may say was read from "HDF5 File Format Specification Version 3.0". Every number in it is
the writer's claim: sizes and counts are looked at before anything is read.
"""

import importlib
import math
from collections.abc import Iterator
from typing import IO, Any, Optional

import msgspec

from tfmac.formats.byte_ranges import Range
from tfmac.formats.hdf5_heaps import HeapGuard
from tfmac.formats.json_text import readable
from tfmac.schema.model_content import Problem, Tensor

MOST_OBJECTS = 100_000
MOST_DEPTH = 64
MOST_NAME_BYTES = 1 << 24
MOST_TEXT_BYTES = 1 << 25
MOST_TEXTS = 400_000
MOST_PROBLEMS = 100
_LONGEST_LOCATION = 500
# An array that takes a thousandth of its size in the file is made to fill somebody's memory.
_EXPANSION = 1000
_LARGE = 1 << 28
_LARGEST = (1 << 63) - 1
# What h5py makes of an error in the C library depends on the call.
FAULTS = (
    *(RuntimeError, KeyError, OSError, ValueError, TypeError, AttributeError),
    *(OverflowError, NotImplementedError, IndexError),
)
DAMAGED = "model-file-damaged"


class InvalidHdf5(ValueError):
    """A file that the HDF5 library does not open."""


class _Child(msgspec.Struct, frozen=True, gc=False):
    name: bytes
    kind: int
    address: int


class Hdf5Tree:
    """What lies in an HDF5 file: all of it is read when it is made, but for the texts.

    ``groups`` has every group's path, as text and as the file has it, in the file's order, the
    root as ``""``; ``tensors`` has every array by its path. Raises ``InvalidHdf5`` when there is
    nothing to read.
    """

    def __init__(self, stream: Range) -> None:
        self._h5py: Any = importlib.import_module("h5py")
        self._size = stream.size
        self.groups: dict[str, bytes] = {}
        self.tensors: dict[str, Tensor] = {}
        self.problems: list[Problem] = []
        self._objects = MOST_OBJECTS
        self._names = MOST_NAME_BYTES
        self._texts = MOST_TEXTS
        try:
            guard = HeapGuard(_as_file(stream), 0, stream.size)
            self._file = self._h5py.File(guard, "r")
            creation = self._file.id.get_create_plist()
            guard.address_size, guard.length_size = creation.get_sizes()
            guard.base = creation.get_userblock()
            self._root = self._h5py.h5g.open(self._file.id, b"/")
            self._seen = {self._h5py.h5o.get_info(self._root).addr}
        except FAULTS as error:
            raise InvalidHdf5(worded(error)) from error
        self._walk()

    def close(self) -> None:
        """Let go of the file."""
        try:
            self._file.close()
        except FAULTS as error:
            self.problem(f"cannot be closed: {worded(error)}", "")

    def problem(self, statement: str, location: str, cause: Optional[str] = DAMAGED) -> None:
        """Note a problem, unless there are many."""
        place = readable(location[:_LONGEST_LOCATION])
        problem = Problem(statement=statement, location=place, cause=cause)
        if len(self.problems) < MOST_PROBLEMS and problem not in self.problems:
            self.problems.append(problem)

    def entries(self) -> list[str]:
        """Name what lies at the top."""
        return [one for one in (*self.groups, *self.tensors) if one and "/" not in one]

    # -- the tree

    def _walk(self) -> None:
        # A stack, not a recursion: the depth is the file's choice.
        waiting: list[tuple[str, bytes, Any]] = [("", b"", self._root)]
        while waiting:
            path, raw, group = waiting.pop()
            self.groups[path] = raw
            inner: list[tuple[str, bytes, Any]] = []
            for name, raw_name, child in self._opened(path, raw, group):
                if isinstance(child, self._h5py.h5d.DatasetID):
                    self._add(name, child)
                elif isinstance(child, self._h5py.h5g.GroupID):
                    inner.append((name, raw_name, child))
            waiting += reversed(inner)

    def _opened(
        self,
        path: str,
        raw: bytes,
        group: Any,  # noqa: ANN401
    ) -> Iterator[tuple[str, bytes, Any]]:
        for child in self._listed(path, group):
            name = readable(child.name.decode("utf-8", "surrogateescape"))
            place = f"{path}/{name}" if path else name
            if not self._may_be_opened(child, place):
                continue
            if place.count("/") > MOST_DEPTH:
                self.problem(f"groups are nested deeper than {MOST_DEPTH}", place, None)
                continue
            try:
                opened = self._h5py.h5o.open(group, child.name)
            except FAULTS as error:
                self.problem(f"cannot be opened: {worded(error)}", place)
                continue
            yield place, raw + b"/" + child.name if raw else child.name, opened

    def _listed(self, path: str, group: Any) -> list[_Child]:  # noqa: ANN401
        found: list[_Child] = []

        def note(name: bytes, info: Any) -> Optional[bool]:  # noqa: ANN401
            self._objects -= 1
            self._names -= len(name) + len(path)
            if self._objects < 0 or self._names < 0:
                return True
            found.append(_Child(name, info.type, info.u))
            return None

        try:
            group.links.iterate(note, info=True)
        except FAULTS as error:
            self.problem(f"the group cannot be listed: {worded(error)}", path)
        if self._objects < 0 or self._names < 0:
            self.problem("has more objects than are read", path, None)
        return found

    def _may_be_opened(self, child: _Child, place: str) -> bool:
        """Whether a link is one to an object of this file that was not met before."""
        kinds = self._h5py.h5l
        if child.kind != kinds.TYPE_HARD:
            named = {kinds.TYPE_SOFT: "soft", kinds.TYPE_EXTERNAL: "external"}
            kind = named.get(child.kind, "user-defined")
            self.problem(f"is a {kind} link, which is not followed", place, None)
            return False
        # The library would take such a name for a path, and follow the links on it.
        if b"/" in child.name or child.name in {b".", b""}:
            self.problem("has a name that is no name", place)
            return False
        if child.address in self._seen:
            self.problem("is an object that has another name too", place, None)
            return False
        self._seen.add(child.address)
        if place in self.groups or place in self.tensors:
            self.problem("is the name of two objects", place)
            return False
        return True

    # -- arrays

    def _add(self, path: str, dataset: Any) -> None:  # noqa: ANN401
        try:
            tensor = self._tensor(path, dataset)
        except FAULTS as error:
            self.problem(f"the array cannot be described: {worded(error)}", path)
            return
        if tensor is not None:
            self.tensors[path] = tensor

    def _tensor(self, path: str, dataset: Any) -> Optional[Tensor]:  # noqa: ANN401
        creation = dataset.get_create_plist()
        # Asked first: the library opens a virtual array's sources to tell its shape.
        if creation.get_layout() == self._h5py.h5d.VIRTUAL:
            self.problem("is a virtual array: what it names elsewhere is not read", path, None)
            return None
        if creation.get_external_count():
            self.problem("has its data in another file, which is not read", path, None)
            return None
        shape = tuple(int(length) for length in dataset.shape or ())
        dtype, item = self._kind(dataset)
        size = item * math.prod(shape)
        if size > _LARGEST or any(length > _LARGEST for length in shape):
            self.problem("claims a size that no file has", path)
            return None
        self._check_storage(path, dataset, creation, size)
        return Tensor(path=path, shape=shape, dtype=dtype, bytes=size)

    def _kind(self, dataset: Any) -> tuple[str, int]:  # noqa: ANN401
        kind = dataset.get_type()
        try:
            dtype = kind.dtype
        except FAULTS:
            # NumPy has no name for it.
            return f"hdf5-class-{kind.get_class()}", int(kind.get_size())
        # Keras writes bfloat16 as bytes, and says so beside them.
        stated = self._stated_dtype(dataset) if dtype.kind in "Vu" else None
        return stated or ("string" if dtype.kind in "OS" else readable(dtype.name)), dtype.itemsize

    def _stated_dtype(self, dataset: Any) -> Optional[str]:  # noqa: ANN401
        if not self._h5py.h5a.exists(dataset, b"dtype"):
            return None
        texts = self._read(dataset, b"dtype", "")
        return texts[0] if texts and len(texts[0]) <= 20 else None

    def _check_storage(
        self,
        path: str,
        dataset: Any,  # noqa: ANN401
        creation: Any,  # noqa: ANN401
        size: int,
    ) -> None:
        stored = int(dataset.get_storage_size())
        if creation.get_layout() == self._h5py.h5d.CONTIGUOUS:
            offset = dataset.get_offset()
            if offset is not None and stored and offset + stored > self._size:
                self.problem("lies beyond the end of the file", path)
        if size > _LARGE and stored * _EXPANSION < size:
            self.problem(f"takes {stored} bytes in the file and {size} when it is read", path)

    # -- texts

    def attributes(self, path: str) -> list[str]:
        """Name the attributes of a group."""
        names: list[str] = []

        def note(name: bytes) -> Optional[bool]:
            names.append(name.decode("utf-8", "surrogateescape"))
            return True if len(names) >= MOST_TEXTS else None

        try:
            self._h5py.h5a.iterate(self._at(path), note)
        except FAULTS as error:
            self.problem(f"the attributes cannot be listed: {worded(error)}", path)
        return names

    def has(self, path: str, attribute: str) -> bool:
        """Whether there is an attribute, readable or not."""
        try:
            return bool(self._h5py.h5a.exists(self._at(path), attribute.encode()))
        except FAULTS:
            return False

    def text(self, path: str, attribute: str) -> Optional[str]:
        """Read an attribute that is one text; None when there is none."""
        texts = self.texts(path, attribute)
        return texts[0] if texts else None

    def texts(self, path: str, attribute: str) -> Optional[list[str]]:
        """Read an attribute that is a list of texts; None when there is none or it is another."""
        place = f"{path}@{attribute}"
        try:
            group = self._at(path)
            name = attribute.encode("utf-8", "surrogateescape")
            if not self._h5py.h5a.exists(group, name):
                return None
            return self._read(group, name, place)
        except FAULTS as error:
            self.problem(f"the attribute cannot be read: {worded(error)}", place)
            return None

    def chunked_texts(self, path: str, attribute: str) -> Optional[list[str]]:
        """Read a list of texts that Keras may have cut: ``name``, else ``name0``, ``name1`` ..."""
        texts = self.texts(path, attribute)
        number = 0
        while texts is None or number:
            part = self.texts(path, f"{attribute}{number}")
            if part is None:
                break
            texts = [*(texts or ()), *part]
            number += 1
        return texts

    def _at(self, path: str) -> Any:  # noqa: ANN401
        # Every path comes from the walk, so that there is no link on it but hard ones.
        raw = self.groups[path]
        return self._h5py.h5o.open(self._root, raw) if raw else self._root

    def _read(self, owner: Any, name: bytes, place: str) -> Optional[list[str]]:  # noqa: ANN401
        attribute = self._h5py.h5a.open(owner, name)
        count = attribute.get_space().get_simple_extent_npoints()
        if not count:
            return []
        self._texts -= count
        if self._texts < 0 or attribute.get_storage_size() > MOST_TEXT_BYTES:
            self.problem("is more text than any model has", place)
            return None
        kind = attribute.get_type()
        if kind.get_class() != self._h5py.h5t.STRING:
            return None
        numpy: Any = importlib.import_module("numpy")
        values = numpy.empty(attribute.shape, dtype=attribute.dtype)
        attribute.read(values)
        return [_text(one) for one in values.reshape(-1)]


def _as_file(stream: Range) -> IO[bytes]:
    opened: Any = stream
    return opened  # type: ignore[no-any-return]


def _text(value: Any) -> str:  # noqa: ANN401 - what h5py gives differs by release
    if isinstance(value, bytes):
        return readable(value.decode("utf-8", "surrogateescape"))
    return readable(str(value)) if value else ""


def worded(error: BaseException) -> str:
    """Give the first line of an error of the library."""
    lines = str(error.args[0] if error.args else "").strip().splitlines()
    return readable(lines[0][:200]) if lines else type(error).__name__
