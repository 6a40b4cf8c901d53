"""Reads, translates, places, writes and compares: what the process of a migration does."""

import json
import os
from collections.abc import Iterator, Mapping
from typing import IO, Any, NamedTuple, Optional

import msgspec
from packaging.version import Version

from tfmac.formats.keras_archive import CONFIGURATION, METADATA
from tfmac.formats.keras_archive_writing import NewArray, write_archive
from tfmac.formats.tensor_values import Described
from tfmac.migration.assets import Tables, asset_members, with_tables
from tfmac.migration.messages import Reply, Request
from tfmac.migration.unfinished import UnfinishedFile
from tfmac.migration.values import (
    DamagedValues,
    UnreadableValues,
    Values,
    open_archive,
    open_values,
)
from tfmac.models.migration.placement import PlacedArray, Placement, placed
from tfmac.models.migration.transforms import TRANSFORMS
from tfmac.models.migration.translate import translate
from tfmac.models.migration.translation import Translation
from tfmac.observe.model_opening import open_model
from tfmac.schema.migration import MigratedModel, Untranslated
from tfmac.schema.model_content import Content, ModelFormat, Problem

_DAMAGED = "model-file-damaged"
_DATE = "1980-01-01@00:00:00"
_WITH_WEIGHTS = frozenset(
    {
        ModelFormat.KERAS_HDF5,
        ModelFormat.KERAS_HDF5_WEIGHTS,
        ModelFormat.KERAS_ARCHIVE,
        ModelFormat.KERAS_WEIGHTS,
        ModelFormat.SAVED_MODEL,
        ModelFormat.CHECKPOINT,
    }
)


class NotTheSame(Exception):
    """The new file has other values than the old one: a mistake of ours, or of the disk."""


def carry_out(request: Request) -> Reply:
    """Migrate one file; leave nothing behind unless it is whole and the same."""
    source = os.fsdecode(request.source)
    content = _read(request, source)
    model = MigratedModel(
        source=source,
        format=content.format,
        keras=request.keras,
        migrated=False,
        problems=content.problems,
    )
    refused = _refusal(content)
    if refused is not None:
        model = msgspec.structs.replace(model, problems=(*content.problems, refused))
        return Reply(model=model, before=content.configuration)
    content, tables = with_tables(content, source)
    keras = Version(request.keras)
    translation = translate(content, keras, custom=request.custom)
    placement = placed(content, translation, keras, strip_optimizer=request.strip_optimizer)
    untranslated = (*translation.untranslated, *placement.untranslated)
    model = msgspec.structs.replace(
        model,
        changes=(*translation.changes, *placement.changes),
        untranslated=_each_layer_once(untranslated),
    )
    if not untranslated:
        try:
            model = _written(request, content, _Plan(translation, placement, tables), model)
        except UnreadableValues as error:
            model = msgspec.structs.replace(model, problems=(*model.problems, _unreadable(error)))
    return Reply(
        model=model,
        before=content.configuration,
        after=translation.configuration or None,
        sources=translation.sources,
    )


def _each_layer_once(untranslated: tuple[Untranslated, ...]) -> tuple[Untranslated, ...]:
    """Leave out what follows from a layer that could not be translated itself."""
    found: dict[str, Untranslated] = {}
    for one in untranslated:
        found.setdefault(one.layer, one)
    return tuple(found.values())


def _read(request: Request, source: str) -> Content:
    """Read the file, with the architecture of another one where that is given."""
    content = open_model(source)
    if request.architecture is None:
        return content
    other = open_model(os.fsdecode(request.architecture))
    return msgspec.structs.replace(
        content,
        configuration=other.configuration,
        training=other.training if content.training is None else content.training,
        stated={**other.stated, **content.stated},
        problems=(*content.problems, *other.problems),
    )


def _refusal(content: Content) -> Optional[Problem]:
    """Say why a file cannot be migrated whatever its architecture is."""
    damaged = next((one for one in content.problems if one.cause == _DAMAGED), None)
    if damaged is not None:
        return Problem(statement="is damaged, so it is not migrated", cause=_DAMAGED)
    if content.format not in _WITH_WEIGHTS:
        return Problem(statement="has no weights of a Keras model")
    if content.configuration is None:
        return Problem(
            statement="has weights and no architecture: the JSON, or a model that has the same "
            "architecture, has to be given with it"
        )
    return None


def _unreadable(error: UnreadableValues) -> Problem:
    """Say which array kept a file from being migrated."""
    cause = _DAMAGED if isinstance(error, DamagedValues) else None
    return Problem(statement=f"is not migrated: {error}", cause=cause)


class _Plan(NamedTuple):
    """What is to be written."""

    translation: Translation
    placement: Placement
    tables: Tables


def _written(
    request: Request, content: Content, plan: _Plan, model: MigratedModel
) -> MigratedModel:
    source, output = os.fsdecode(request.source), os.fsdecode(request.output)
    values = open_values(content, source)
    try:
        arrays = [_new(values, one) for one in plan.placement.arrays]
        members = _members(content, plan.translation, request.keras)
        members.update(asset_members(content, source, values, plan.placement.assets, plan.tables))
        if not request.dry_run:
            _write(request, members, arrays, output)
    finally:
        values.close()
    return msgspec.structs.replace(
        model,
        output=None if request.dry_run else output,
        migrated=True,
        arrays=len(arrays),
        bytes=sum(one.described.bytes for one in arrays),
    )


def _write(
    request: Request, members: Mapping[str, bytes], arrays: list[NewArray], output: str
) -> None:
    with UnfinishedFile(output) as file:
        write_archive(file.stream, members, arrays)
        file.stream.flush()
        _compare(file.stream, arrays)
        file.put_in_place(force=request.force)


def _members(content: Content, translation: Translation, keras: str) -> dict[str, bytes]:
    metadata = {"keras_version": keras, "date_saved": content.stated.get("date_saved", _DATE)}
    return {
        METADATA: json.dumps(metadata).encode(),
        CONFIGURATION: json.dumps(translation.configuration).encode(),
    }


# -- values


def _new(values: Values, array: PlacedArray) -> NewArray:
    if array.values is not None:
        return _constant(array)
    source = array.sources[0]
    if not values.has(source):
        raise UnreadableValues(f"there is no array {source}")
    described = values.described(source)
    if array.transform is None:
        return NewArray(path=array.path, described=described, blocks=lambda: values.blocks(source))
    transform = array.transform
    return NewArray(
        path=array.path,
        described=Described(described.dtype, array.shape),
        blocks=lambda: _transformed(values, source, described, transform),
    )


def _constant(array: PlacedArray) -> NewArray:
    import numpy as np  # noqa: PLC0415 - only who moves arrays has it

    made = np.array(array.values, dtype=array.dtype).reshape(array.shape)
    return NewArray(
        path=array.path,
        described=Described(array.dtype, array.shape),
        blocks=lambda: [made.tobytes()],
    )


def _transformed(
    values: Values, source: str, described: Described, transform: str
) -> Iterator[bytes]:
    """Give what a transform makes of an array, which is held whole for it."""
    import numpy as np  # noqa: PLC0415

    data = b"".join(values.blocks(source))
    held: Any = np.frombuffer(data, dtype=described.dtype).reshape(described.shape)
    yield np.ascontiguousarray(TRANSFORMS[transform](held)).tobytes()


# -- the proof


def _compare(stream: IO[bytes], arrays: list[NewArray]) -> None:
    """Open the new file as a reader does, and hold every array against the old one's."""
    written = open_archive(stream)
    try:
        for one in arrays:
            if written.described(one.path) != one.described:
                raise NotTheSame(f"{one.path} is described otherwise in the new file")
            if not _same(iter(one.blocks()), written.blocks(one.path)):
                raise NotTheSame(f"{one.path} has other values in the new file")
    finally:
        written.close()


def _same(one: Iterator[bytes], other: Iterator[bytes]) -> bool:
    """Compare two streams of bytes that are cut differently."""
    left = right = b""
    while True:
        left = left or next(one, b"")
        right = right or next(other, b"")
        size = min(len(left), len(right))
        if not size:
            return not left and not right
        if left[:size] != right[:size]:
            return False
        left, right = left[size:], right[size:]
