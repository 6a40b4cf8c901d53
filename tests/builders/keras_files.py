"""Small model files as Keras and its users write them, and as they should not be.

The layouts are those of real files of Keras 1 to 3; h5py and zipfile write them here.
"""

import gzip
import importlib
import io
import json
import pickle
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Optional

# Neither has types that mypy reads everywhere.
h5py: Any = importlib.import_module("h5py")
numpy: Any = importlib.import_module("numpy")

SEQUENTIAL: dict[str, Any] = {
    "class_name": "Sequential",
    "config": {
        "name": "small",
        "layers": [
            {"class_name": "Dense", "config": {"name": "first", "units": 3}},
            {"class_name": "Dropout", "config": {"name": "none", "rate": 0.5}},
            {"class_name": "Dense", "config": {"name": "last", "units": 2}},
        ],
    },
}
TRAINING = {"loss": "mse", "optimizer_config": {"class_name": "Adam", "config": {}}}
# Each layer with its arrays in the writer's order, which is not that of the alphabet.
LAYERS: dict[str, dict[str, tuple[int, ...]]] = {
    "first": {"first/kernel:0": (4, 3), "first/bias:0": (3,)},
    "none": {},
    "last": {"last/kernel:0": (3, 2), "last/bias:0": (2,)},
}
OPTIMIZER = {"Adam/iterations:0": (), "Adam/first/kernel/m:0": (4, 3)}


def write_texts(owner: Any, name: str, texts: Sequence[str], *, old: bool = True) -> None:
    """Write a list of texts as h5py 2 gave it to Keras, or as h5py 3 does."""
    if old:
        owner.attrs[name] = [text.encode() for text in texts]
    else:
        kind = h5py.string_dtype()
        owner.attrs.create(name, numpy.array(list(texts), dtype=kind), dtype=kind)


def write_layers(
    group: Any,
    layers: Mapping[str, Mapping[str, tuple[int, ...]]] = LAYERS,
    *,
    old: bool = True,
    chunks: int = 0,
) -> None:
    """Write weights by layers; with ``chunks`` the list of layers is cut into as many pieces."""
    names = list(layers)
    if chunks:
        for number in range(chunks):
            write_texts(group, f"layer_names{number}", names[number::chunks], old=old)
    else:
        write_texts(group, "layer_names", names, old=old)
    for layer, weights in layers.items():
        inner = group.create_group(layer)
        if weights:
            write_texts(inner, "weight_names", list(weights), old=old)
        else:
            inner.attrs["weight_names"] = []
        for name, shape in weights.items():
            inner.create_dataset(name, data=numpy.ones(shape, "float32"))


def write_whole(path: Path, *, old: bool = True, training: bool = True) -> Path:
    """Write a whole model as Keras 2 does."""
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = b"2.2.4" if old else "2.15.0"
        file.attrs["backend"] = b"tensorflow" if old else "tensorflow"
        text = json.dumps(SEQUENTIAL)
        file.attrs["model_config"] = text.encode() if old else text
        weights = file.create_group("model_weights")
        weights.attrs["keras_version"] = "2.15.0"
        write_layers(weights, old=old)
        if training:
            file.attrs["training_config"] = json.dumps(TRAINING)
            group = file.create_group("optimizer_weights")
            write_texts(group, "weight_names", list(OPTIMIZER), old=old)
            for name, shape in OPTIMIZER.items():
                group.create_dataset(name, data=numpy.zeros(shape, "float32"))
    return path


def write_weights(path: Path, *, old: bool = True, chunks: int = 0) -> Path:
    """Write the weights alone, by layers."""
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = "2.9.0"
        write_layers(file, old=old, chunks=chunks)
    return path


def write_owners(path: "Path | io.BytesIO", top: str = "layers") -> None:
    """Write weights by the objects that own them; ``top`` differs between releases."""
    with h5py.File(path, "w") as file:
        for number in range(12):
            place = f"dense_{number}" if number else "dense"
            owner = file.create_group(f"{top}/{place}/vars")
            owner.attrs["name"] = f"fc{number}"
            owner.create_dataset("0", data=numpy.ones((2, number + 1), "float32"))
            owner.create_dataset("1", data=numpy.ones(number + 1, "float32"))
        seed = file.create_group(f"{top}/dropout/seed_generator/vars")
        seed.create_dataset("0", data=numpy.zeros(2, "uint32"))
        file.create_group("optimizer/vars").create_dataset("0", data=numpy.int64(3))
        file.create_group("metrics/mean/vars").create_dataset("0", data=numpy.float32(0))
        file.create_group("vars")


def owners() -> bytes:
    """Give the bytes of weights by owners."""
    packed = io.BytesIO()
    write_owners(packed)
    return packed.getvalue()


def archive_members() -> dict[str, bytes]:
    """Give the members of an archive as Keras 3 writes them."""
    configuration = {**SEQUENTIAL, "module": "keras", "compile_config": TRAINING}
    metadata = {"keras_version": "3.8.0", "date_saved": "2025-01-01@00:00:00"}
    return {
        "metadata.json": json.dumps(metadata).encode(),
        "config.json": json.dumps(configuration).encode(),
        "model.weights.h5": owners(),
    }


def pack(members: Mapping[str, bytes], *, deflated: bool = False) -> bytes:
    """Give a zip of the members."""
    packed = io.BytesIO()
    kind = zipfile.ZIP_DEFLATED if deflated else zipfile.ZIP_STORED
    with zipfile.ZipFile(packed, "w", kind) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return packed.getvalue()


def repeated_text(count: int, size: int) -> bytes:
    """Give a file whose list of layers is one large text, referred to by every element."""
    packed = io.BytesIO()
    with h5py.File(packed, "w") as file:
        # The large one gets a heap of its own, the second of the file.
        write_texts(file, "layer_names", [*["y"] * (count - 1), "x" * size], old=False)
    data = bytearray(packed.getvalue())
    heap = struct.pack("<Q", data.index(b"GCOL", data.index(b"GCOL") + 1))
    last = data.index(struct.pack("<L", size) + heap)
    large = data[last : last + 16]
    for place in range(last - 16 * (count - 1), last, 16):
        data[place : place + 16] = large
    return bytes(data)


def pointer(size: int = 123456) -> bytes:
    """Give the pointer of Git LFS that stands for a file."""
    return (
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{'ab' * 32}\nsize {size}\n"
    ).encode()


class Harmful:
    """What would call ``posix.system`` when it is unpickled."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        """Name the call."""
        return (_system(), ("echo never",))


def _system() -> Any:
    import os

    return os.system


def harmful_pickle(protocol: int = 2) -> bytes:
    """Give a pickle that would run a command."""
    return pickle.dumps({"model": Harmful(), "name": "x"}, protocol=protocol)


def onnx() -> bytes:
    """Give the beginning of an ONNX model."""
    return b"\x08\x08\x12\x07pytorch\x1a\x052.1.0:\x10" + bytes(16)


def various() -> dict[str, bytes]:
    """Give small files of every kind by a name, to begin mutations with."""
    whole = io.BytesIO()
    with h5py.File(whole, "w") as file:
        file.attrs["model_config"] = json.dumps(SEQUENTIAL)
        write_layers(file.create_group("model_weights"))
    return {
        "whole.h5": whole.getvalue(),
        "small.weights.h5": owners(),
        "small.keras": pack(archive_members()),
        "packed.keras": pack(archive_members(), deflated=True),
        "small.json": json.dumps({**SEQUENTIAL, "keras_version": "2.4.0"}).encode(),
        "small.pkl": harmful_pickle(),
        "text.pkl": harmful_pickle(0),
        "packed.pkl": gzip.compress(harmful_pickle(4)),
        "packed.joblib": zlib.compress(harmful_pickle(3)),
        "small.tflite": struct.pack("<I", 24) + b"TFL3" + bytes(40),
        "small.onnx": onnx(),
        "page.h5": b"<!DOCTYPE html><html><head><title>Not  found</title></head></html>",
        "pointer.h5": pointer(),
    }


def write_bytes(folder: Path, name: str, data: Optional[bytes]) -> Path:
    """Write one file; None makes an empty one."""
    path = folder / name
    path.write_bytes(data or b"")
    return path
