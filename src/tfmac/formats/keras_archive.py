"""The zip under ``.keras``: ``config.json``, ``metadata.json``, the weights, and assets.

Keras 2.12 and later write it stored; others pack it again, so deflated members are read too.
"""

import re
from collections.abc import Iterable
from contextlib import ExitStack
from typing import Any, Optional, Union

import msgspec

from tfmac.formats.byte_ranges import Range
from tfmac.formats.json_text import InvalidJson, read_json
from tfmac.formats.keras_folder import Folder, FolderAsArchive
from tfmac.formats.keras_hdf5 import read_keras_hdf5
from tfmac.formats.zip_members import InvalidZip, ZipMembers
from tfmac.schema.model_content import Content, Member, ModelFormat, Problem, Tensor

FOLDER = "a folder, not packed into an archive"
"""The hint of what ``save(..., zipped=False)`` wrote."""
CONFIGURATION = "config.json"
METADATA = "metadata.json"
WEIGHTS = "model.weights.h5"
ARRAYS = "model.weights.npz"
SHARDS = "model.weights.json"
_ASSETS = "assets/"
_KNOWN = {CONFIGURATION, METADATA, WEIGHTS, ARRAYS, SHARDS}
_DAMAGED = "model-file-damaged"
_SHARD = re.compile(r"[^/\\:]+\.weights\.h5")
_MOST_ARRAYS = 10_000
_LONGEST_HEADER = 1 << 16
_Members = Union[ZipMembers, FolderAsArchive]


def read_keras_archive(stream: Range, *, path: str = "") -> Content:
    """Read a zip: a Keras archive when it has a configuration or Keras's weights."""
    try:
        members = ZipMembers(stream)
    except InvalidZip as error:
        problem = Problem(statement=f"no readable zip: {error}", cause=_DAMAGED)
        return Content(
            path=path, format=ModelFormat.OTHER_ZIP, bytes=stream.size, problems=(problem,)
        )
    if not _KNOWN.intersection(members.names):
        return Content(
            path=path,
            format=ModelFormat.OTHER_ZIP,
            bytes=stream.size,
            members=members.members,
            hint=_other_zip(members.names),
            problems=tuple(members.problems),
        )
    return _read(members, path, stream.size)


def read_keras_folder(folder: Folder, *, path: str = "") -> Content:
    """Read the files of a folder as the archive that they would be packed."""
    with ExitStack() as opened:
        members = FolderAsArchive(folder, opened)
        content = _read(members, path, sum(size for _, size in folder.names))
    return msgspec.structs.replace(content, hint=FOLDER)


def _other_zip(names: tuple[str, ...]) -> str:
    last = [name.rpartition("/")[2] for name in names]
    if "data.pkl" in last or "constants.pkl" in last:
        return "PyTorch"
    if "saved_model.pb" in last:
        return "a SavedModel in a zip: it has to be unpacked"
    if CONFIGURATION in last and METADATA in last:
        return "a Keras archive in a folder of its own: packed by hand"
    if names and all(name.endswith(".npy") for name in names):
        return "NumPy arrays"
    return ""


def _read(members: _Members, path: str, size: int) -> Content:
    configuration = _json(members, CONFIGURATION)
    metadata = _json(members, METADATA)
    training = None
    if isinstance(configuration, dict):
        training = configuration.get("compile_config")
    content = _weights(members, path)
    return msgspec.structs.replace(
        content,
        path=path,
        format=ModelFormat.KERAS_ARCHIVE,
        bytes=size,
        stated={**content.stated, **_texts(metadata)},
        configuration=configuration,
        training=training,
        members=members.members,
        problems=(*members.problems, *content.problems),
    )


def _json(members: _Members, name: str) -> Optional[Any]:  # noqa: ANN401 - any JSON value
    try:
        return read_json(members.read(name))
    except (InvalidZip, InvalidJson) as error:
        members.note(f"cannot be read: {error}", name)
        return None


def _texts(metadata: object) -> dict[str, str]:
    if not isinstance(metadata, dict):
        return {}
    return {
        name: value for name, value in metadata.items() if isinstance(value, str) and len(name) < 99
    }


def _weights(members: _Members, path: str) -> Content:
    """Read the weights in whichever form they are."""
    empty = Content(path=path, format=ModelFormat.KERAS_ARCHIVE, bytes=0)
    if WEIGHTS in members.names:
        return _hdf5(members, WEIGHTS) or empty
    if ARRAYS in members.names:
        members.note("the weights are pickled: a reader that takes them runs code", ARRAYS, None)
        return msgspec.structs.replace(empty, tensors=_arrays(members))
    if SHARDS in members.names:
        return _sharded(members, empty)
    members.note("there are no weights in the archive", WEIGHTS)
    return empty


def _hdf5(members: _Members, name: str) -> Optional[Content]:
    try:
        stream = members.open(name)
    except InvalidZip as error:
        members.note(f"the weights cannot be read: {error}", name)
        return None
    return placed(read_keras_hdf5(stream), name)


def placed(content: Content, name: str) -> Content:
    """Say of each problem in which member or file it is."""
    problems = (
        msgspec.structs.replace(one, location=f"{name}:{one.location}") for one in content.problems
    )
    return msgspec.structs.replace(content, problems=tuple(problems))


def _sharded(members: _Members, empty: Content) -> Content:
    names = [name for name in members.names if _SHARD.fullmatch(name)]
    return joined(empty, [_hdf5(members, name) or empty for name in names])


def joined(content: Content, parts: Iterable[Content]) -> Content:
    """Add the weights that lie in several files."""
    for part in parts:
        content = msgspec.structs.replace(
            content,
            tensors=content.tensors + part.tensors,
            optimizer=content.optimizer + part.optimizer,
            others=content.others + part.others,
            groups=content.groups + part.groups,
            problems=content.problems + part.problems,
        )
    return content


def _arrays(members: _Members) -> tuple[Tensor, ...]:
    """List the arrays of an ``.npz`` by their headers."""
    try:
        inner = ZipMembers(members.open(ARRAYS))
    except InvalidZip as error:
        members.note(f"the weights cannot be read: {error}", ARRAYS)
        return ()
    found = (_array(inner, name) for name in inner.names[:_MOST_ARRAYS])
    return tuple(one for one in found if one is not None)


def _array(members: ZipMembers, name: str) -> Optional[Tensor]:
    try:
        beginning = members.open(name).read(_LONGEST_HEADER)
    except InvalidZip:
        return None
    return described_array(beginning, name.removesuffix(".npy"))


_HEADER = re.compile(rb"'descr': *'([^']{1,20})'.*'shape': *\(([0-9, ]*)\)")


def described_array(beginning: bytes, path: str) -> Optional[Tensor]:
    """Describe the array whose ``.npy`` begins so; None when it is something else."""
    if not beginning.startswith(b"\x93NUMPY"):
        return None
    match = _HEADER.search(beginning[:1024])
    if match is None:
        return None
    kind = match[1].decode("ascii", "replace")
    shape = tuple(int(one) for one in match[2].split(b",") if one.strip().isdigit())
    item = int(kind[2:]) if kind[2:].isdecimal() and len(kind) < 6 else 8
    size = item
    for length in shape:
        size *= length
    if size >= 1 << 63 or any(length >= 1 << 63 for length in shape):
        return None
    return Tensor(path=path, shape=shape, dtype=_dtype(kind), bytes=size)


def _dtype(kind: str) -> str:
    names = {"f": "float", "i": "int", "u": "uint", "c": "complex"}
    letter, item = kind[1:2], kind[2:]
    if letter in names and item.isdecimal() and len(item) < 4:
        return f"{names[letter]}{int(item) * 8}"
    return {"O": "object", "b": "bool"}.get(letter, kind)


def read_shard_index(text: bytes, *, path: str = "") -> Optional[Content]:
    """Read the ``.weights.json`` beside sharded weights; None when it is something else."""
    names = _shards(text)
    if names is None:
        return None
    problems = tuple(
        Problem(statement="names a part that lies elsewhere", location=name, cause=_DAMAGED)
        for name in names
        if not _SHARD.fullmatch(name)
    )
    return Content(
        path=path,
        format=ModelFormat.KERAS_WEIGHTS,
        bytes=len(text),
        hint=f"the index of weights in {len(names)} files: {', '.join(names[:20])}",
        members=tuple(Member(name=name, bytes=0) for name in names if _SHARD.fullmatch(name)),
        problems=problems[:100],
    )


def _shards(text: bytes) -> Optional[list[str]]:
    """Name the files that an index names, each once."""
    try:
        value = read_json(text)
    except InvalidJson:
        return None
    shards = value.get("weight_map") if isinstance(value, dict) else None
    if not isinstance(shards, dict):
        return None
    places = (place if isinstance(place, list) else [place] for place in shards.values())
    return list(dict.fromkeys(name for place in places for name in place if isinstance(name, str)))
