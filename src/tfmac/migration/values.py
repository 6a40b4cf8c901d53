"""The arrays of a model file, opened by its format: what is read is in ``Content.tensors``."""

import os
import stat
import zipfile
from collections.abc import Iterator
from typing import IO, Any, Optional, Protocol

from tfmac.formats.byte_ranges import whole
from tfmac.formats.keras_archive import WEIGHTS
from tfmac.formats.model_reading import Problems
from tfmac.formats.tensor_bundle import Entry, read_entries
from tfmac.formats.tensor_values import (
    BundleValues,
    DamagedValues,
    Described,
    Hdf5Values,
    Located,
    UnreadableValues,
    stored_member,
)
from tfmac.formats.tensorflow_types import type_name
from tfmac.formats.zip_members import InvalidZip, ZipMembers
from tfmac.observe.model_paths import checkpoint_prefix, saved_model_folder
from tfmac.schema.model_content import Content, ModelFormat

__all__ = ["DamagedValues", "UnreadableValues", "Values", "open_archive", "open_values"]

WEIGHTS_ENDING = ".weights.h5"


class Values(Protocol):
    """The values of stored arrays by their paths."""

    def has(self, path: str) -> bool:
        """Whether there is an array of this path."""

    def described(self, path: str) -> Described:
        """Give the type and the shape of an array."""

    def blocks(self, path: str) -> Iterator[bytes]:
        """Give the values, a few megabytes at a time."""

    def close(self) -> None:
        """Let go of the files."""


def open_values(content: Content, path: str) -> Values:
    """Open the values of a file that was read. Raises ``UnreadableValues`` and ``OSError``."""
    if content.format is ModelFormat.SAVED_MODEL:
        folder = saved_model_folder(path)
        return _bundle(os.path.join(folder or path, "variables", "variables"))
    if content.format is ModelFormat.CHECKPOINT:
        return _bundle(checkpoint_prefix(path) or path)
    stream = open_regular(path)
    try:
        if content.format is ModelFormat.KERAS_ARCHIVE:
            return _Several(_members(stream), stream)
        return _Several([Hdf5Values(stream, 0, whole(stream).size)], stream)
    except BaseException:
        stream.close()
        raise


def open_regular(path: str) -> IO[bytes]:
    """Open a file for reading; a pipe does not hang, and is refused."""
    opened = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    if not stat.S_ISREG(os.fstat(opened).st_mode):
        os.close(opened)
        raise UnreadableValues("it is not a regular file")
    return os.fdopen(opened, "rb", buffering=0)


def open_archive(stream: IO[bytes]) -> Values:
    """Open the weights in a zip; the stream stays the caller's."""
    return _Several(_members(stream))


def _members(stream: IO[bytes]) -> list[Values]:
    """Open the weights of an archive, be they in one member or in several."""
    members = ZipMembers(whole(stream))
    names = [one for one in members.names if one.endswith(WEIGHTS_ENDING)]
    if WEIGHTS in names:
        names = [WEIGHTS]
    return [_member(stream, members, one) for one in names]


def _member(stream: IO[bytes], members: ZipMembers, name: str) -> Values:
    try:
        place = stored_member(stream, name)
        if place is None:
            inner = members.open(name)
            opened: Any = inner
            return Hdf5Values(opened, 0, inner.size)
    except (InvalidZip, zipfile.BadZipFile) as error:
        raise UnreadableValues(f"{name} cannot be read: {error}") from error
    return Hdf5Values(stream, *place)


class _Several:
    """Arrays that lie in several files, each in one of them."""

    def __init__(self, parts: list[Values], stream: Optional[IO[bytes]] = None) -> None:
        self._parts = parts
        self._stream = stream

    def has(self, path: str) -> bool:
        return any(one.has(path) for one in self._parts)

    def described(self, path: str) -> Described:
        return self._part(path).described(path)

    def blocks(self, path: str) -> Iterator[bytes]:
        return self._part(path).blocks(path)

    def close(self) -> None:
        for one in self._parts:
            one.close()
        if self._stream is not None:
            self._stream.close()

    def _part(self, path: str) -> Values:
        found: Optional[Values] = next((one for one in self._parts if one.has(path)), None)
        if found is None:
            raise UnreadableValues(f"there is no array {path}")
        return found


def _bundle(prefix: str) -> Values:
    folder, name = os.path.split(prefix)
    problems = Problems()
    index = f"{name}.index"
    size = os.stat(os.path.join(folder, index)).st_size

    def opened(member: str) -> IO[bytes]:
        return open_regular(os.path.join(folder, member))

    entries, shards = read_entries(opened, {index: size}, name, problems)
    streams = [opened(f"{name}.data-{number:05d}-of-{shards:05d}") for number in range(shards)]
    return BundleValues(streams, {one.key: _located(one) for one in entries if not one.sliced})


def _located(entry: Entry) -> Located:
    return Located(
        stream=entry.shard,
        offset=entry.offset,
        size=entry.size,
        described=Described(type_name(entry.type), entry.shape),
        checksum=entry.checksum,
    )
