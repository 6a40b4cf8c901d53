"""The values of a checkpoint: a file whose data changed is not migrated."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from packaging.version import Version

from builders import tensorflow_files as build
from builders.protobuf import message, varint
from tfmac.formats.crc32c import Checksum
from tfmac.migration.files import migrate_file
from tfmac.schema.migration import MigratedModel

_KEY = "layer_with_weights-0/kernel/.ATTRIBUTES/VARIABLE_VALUE"
_MODEL = {
    "class_name": "Sequential",
    "keras_version": "2.9.0",
    "config": {
        "name": "model",
        "layers": [
            {
                "class_name": "Dense",
                "config": {
                    "name": "dense",
                    "units": 3,
                    "use_bias": False,
                    "batch_input_shape": [None, 4],
                },
            }
        ],
    },
}


def _write(folder: Path) -> Path:
    """Write a checkpoint of one layer, with the checksum of its array."""
    values = np.arange(12, dtype="float32").tobytes()
    checksum = Checksum()
    checksum.add(values)
    graph = build.objects(
        build.tracked({"layer_with_weights-0": 1}),
        build.tracked({"kernel": 2}),
        build.tracked({}, key=_KEY, name="dense/kernel"),
    )
    text = varint(len(graph)) + bytes(4) + graph
    header = message((1, 1), (3, message((1, 1))))
    place = (4, len(text))
    entry = message((1, build.FLOAT), (2, build.shape((4, 3))), (3, 0), place, (5, len(values)))
    table = build.table(
        {
            b"": header,
            b"_CHECKPOINTABLE_OBJECT_GRAPH": message(
                (1, build.TEXT), (2, build.shape(())), (3, 0), (4, 0), (5, len(text))
            ),
            # The sum has a fixed length of four bytes: field 6, wire type 5.
            _KEY.encode(): entry + b"\x35" + checksum.masked.to_bytes(4, "little"),
        }
    )
    (folder / "model.ckpt.index").write_bytes(table)
    (folder / "model.ckpt.data-00000-of-00001").write_bytes(text + values)
    (folder / "model.json").write_text(json.dumps(_MODEL))
    return folder / "model.ckpt"


def _migrated(source: Path) -> MigratedModel:
    return migrate_file(
        source,
        source.with_name("new.keras"),
        keras=Version("3.15.1"),
        architecture=source.with_name("model.json"),
    ).model


def test_a_checkpoint_whose_values_match_is_migrated(tmp_path: Path) -> None:
    """What follows shows a changed byte, and nothing else."""
    model = _migrated(_write(tmp_path))

    assert (model.migrated, model.arrays, model.problems) == (True, 1, ())


@pytest.mark.parametrize("place", [-1, -48])
def test_a_changed_byte_is_a_problem_and_nothing_is_written(tmp_path: Path, place: int) -> None:
    """The weights would load, and be others than those that were trained."""
    source = _write(tmp_path)
    data = tmp_path / "model.ckpt.data-00000-of-00001"
    changed = bytearray(data.read_bytes())
    changed[place] ^= 1
    data.write_bytes(changed)

    model = _migrated(source)

    assert not model.migrated
    assert model.problems[-1].cause == "model-file-damaged"
    assert "does not match its checksum" in model.problems[-1].statement
    assert "new.keras" not in os.listdir(tmp_path)
