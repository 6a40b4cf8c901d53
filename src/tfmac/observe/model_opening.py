"""Opens what a path names and reads it, in the process that is there for this.

Nothing is followed but the path that was given: no link inside a folder, no name inside a file.
"""

import os
from typing import IO, Any, Callable, Optional

import msgspec

from tfmac.formats.byte_ranges import Range, held, whole
from tfmac.formats.json_text import MOST_BYTES, InvalidJson
from tfmac.formats.model_recognition import Recognition, recognise
from tfmac.observe.model_beside import architecture_beside, with_shards
from tfmac.observe.model_members import FolderMembers, open_regular
from tfmac.observe.model_paths import archive_folder, checkpoint_prefix, saved_model_folder
from tfmac.schema.model_content import Content, ModelFormat, Problem

_DAMAGED = "model-file-damaged"
_WEIGHTS_ALONE = frozenset({ModelFormat.KERAS_HDF5_WEIGHTS, ModelFormat.KERAS_WEIGHTS})
# What is no model, said of a file that was given as one.
_NO_MODEL = {
    ModelFormat.GIT_LFS_POINTER: (
        "is a pointer of Git LFS; the model itself was not fetched",
        "git-lfs-pointer",
    ),
    ModelFormat.HTML_PAGE: (
        "is a web page or a server's answer, saved in the place of a model",
        "not-a-keras-model-file",
    ),
    ModelFormat.EMPTY: ("is empty", _DAMAGED),
    ModelFormat.UNKNOWN: ("is in no format of models that is known", "not-a-keras-model-file"),
}


def open_model(path: str) -> Content:
    """Read the model that a path names; what cannot be read becomes a problem."""
    try:
        return _opened(path)
    except OSError as error:
        return _failed(path, f"cannot be read: {error.strerror or error}")


def _opened(path: str) -> Content:
    folder = saved_model_folder(path)
    if folder is not None:
        return _read_saved_model(folder, path)
    prefix = checkpoint_prefix(path)
    if prefix is not None:
        return _read_checkpoint(prefix, path)
    if archive_folder(path):
        return _read_unpacked(path)
    if os.path.isdir(path):
        return _failed(path, "is a folder that is no model itself")
    # Buffered: pickles and protobuf are read in small steps.
    with os.fdopen(open_regular(path), "rb") as stream:
        return _read_file(stream, path)


def _failed(path: str, statement: str, cause: Optional[str] = None) -> Content:
    problem = Problem(statement=statement, cause=cause)
    return Content(path=path, format=ModelFormat.UNKNOWN, bytes=0, problems=(problem,))


# -- one file


def _read_file(stream: IO[bytes], path: str) -> Content:
    source = whole(stream)
    found = recognise(source)
    reader = _READERS.get(found.format, _read_named)
    content = reader(source, found, path)
    if content.format in _WEIGHTS_ALONE:
        content = msgspec.structs.replace(content, beside=architecture_beside(path))
    return content if content.hint else msgspec.structs.replace(content, hint=found.hint)


def _read_hdf5(source: Range, _found: Recognition, path: str) -> Content:
    from tfmac.formats.keras_hdf5 import read_keras_hdf5  # noqa: PLC0415 - only what is needed

    return read_keras_hdf5(source, path=path)


def _read_archive(source: Range, _found: Recognition, path: str) -> Content:
    from tfmac.formats.keras_archive import read_keras_archive  # noqa: PLC0415

    return read_keras_archive(source, path=path)


def _read_graph(source: Range, _found: Recognition, path: str) -> Content:
    from tfmac.formats.frozen_graph import read_frozen_graph  # noqa: PLC0415

    stream: Any = source
    return read_frozen_graph(stream, source.size, path)


def _read_tflite(source: Range, _found: Recognition, path: str) -> Content:
    from tfmac.formats.tflite import read_tflite  # noqa: PLC0415

    stream: Any = source
    return read_tflite(stream, source.size, path)


def _read_pickle(source: Range, found: Recognition, path: str) -> Content:
    from tfmac.formats.pickles import read_pickle, unpacked  # noqa: PLC0415

    inner = unpacked(source) if found.packing else None
    content = read_pickle(held(inner[1]) if inner else source)
    hints = (f"protocol {content.protocol}", found.hint)
    statement = f"its opcodes are not followed to the end: {content.fault}"
    # What comes behind a whole pickle is no damage.
    cause = None if content.complete else _DAMAGED
    return Content(
        path=path,
        format=ModelFormat.PICKLE,
        bytes=source.size,
        imports=content.imports,
        hint=", ".join(hint for hint in hints if hint),
        problems=(Problem(statement=statement, cause=cause),) if content.fault else (),
    )


def _read_json(source: Range, found: Recognition, path: str) -> Content:
    from tfmac.formats.keras_archive import read_shard_index  # noqa: PLC0415
    from tfmac.formats.keras_json import read_architecture  # noqa: PLC0415

    unknown = Content(path=path, format=ModelFormat.UNKNOWN, bytes=source.size, hint="JSON")
    text = source.read(MOST_BYTES + 1)
    try:
        architecture = read_architecture(text, path=path)
    except InvalidJson as error:
        problem = Problem(statement=f"cannot be read: {error}", cause=_DAMAGED)
        return msgspec.structs.replace(unknown, problems=(problem,))
    if architecture is not None:
        return msgspec.structs.replace(architecture, hint=found.hint)
    index = read_shard_index(text, path=path)
    return _named_wrongly(unknown) if index is None else with_shards(index, path)


def _read_named(source: Range, found: Recognition, path: str) -> Content:
    return _named_wrongly(
        Content(path=path, format=found.format, bytes=source.size, hint=found.hint)
    )


def _named_wrongly(content: Content) -> Content:
    """Add the problem of a file that is no model."""
    if content.format not in _NO_MODEL:
        return content
    statement, cause = _NO_MODEL[content.format]
    problem = Problem(statement=statement, cause=cause)
    return msgspec.structs.replace(content, problems=(*content.problems, problem))


_READERS: dict[ModelFormat, Callable[[Range, Recognition, str], Content]] = {
    ModelFormat.OTHER_HDF5: _read_hdf5,
    ModelFormat.KERAS_ARCHIVE: _read_archive,
    ModelFormat.FROZEN_GRAPH: _read_graph,
    ModelFormat.TFLITE: _read_tflite,
    ModelFormat.PICKLE: _read_pickle,
    ModelFormat.KERAS_JSON: _read_json,
}


# -- folders


def _read_saved_model(folder: str, path: str) -> Content:
    from tfmac.formats.saved_model import read_saved_model  # noqa: PLC0415

    members = FolderMembers(folder)
    content = read_saved_model(members.open, members.names, path)
    return msgspec.structs.replace(content, problems=(*content.problems, *members.problems))


def _read_unpacked(path: str) -> Content:
    from tfmac.formats.keras_archive import read_keras_folder  # noqa: PLC0415

    members = FolderMembers(path)
    content = read_keras_folder(members, path=path)
    return msgspec.structs.replace(content, problems=(*content.problems, *members.problems))


def _read_checkpoint(prefix: str, path: str) -> Content:
    from tfmac.formats.tensor_bundle import read_checkpoint  # noqa: PLC0415

    name = os.path.basename(prefix)
    members = FolderMembers(os.path.dirname(prefix) or ".", depth=0)
    content = read_checkpoint(members.open, members.names, name, path)
    own = tuple(one for one in members.problems if one.location.startswith(f"{name}."))
    return msgspec.structs.replace(content, problems=(*content.problems, *own))
