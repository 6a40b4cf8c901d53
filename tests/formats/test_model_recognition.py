import gzip
import io
import json
import struct
import tarfile
import zlib
from typing import Callable

import pytest

from builders import keras_files as build
from tfmac.formats.byte_ranges import held
from tfmac.formats.model_recognition import recognise
from tfmac.schema.model_content import ModelFormat

GRAPH = (
    b"\x0a\x12\x0a\x05input\x12\x0bPlaceholder"[:1]
    + bytes([20])
    + (b"\x0a\x05input\x12\x0bPlaceholder")
)
TAR = io.BytesIO()
with tarfile.open(fileobj=TAR, mode="w") as _archive:
    _archive.addfile(tarfile.TarInfo("model.h5"))


def kind(data: bytes) -> "tuple[ModelFormat, str]":
    found = recognise(held(data))
    return found.format, found.hint


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", ModelFormat.EMPTY),
        (build.owners(), ModelFormat.OTHER_HDF5),
        (build.pack({"config.json": b"{}"}), ModelFormat.KERAS_ARCHIVE),
        (build.pack({}), ModelFormat.KERAS_ARCHIVE),
        (b"\x1c\0\0\0TFL3" + bytes(40), ModelFormat.TFLITE),
        (build.onnx(), ModelFormat.ONNX),
        (b"\x08\x07\x3a\x80\x01" + bytes(200), ModelFormat.ONNX),
        (b"\x08\x01\x12\x80\x01" + bytes(200), ModelFormat.UNKNOWN),
        (GRAPH, ModelFormat.FROZEN_GRAPH),
        (b"\n\na text that begins with empty lines", ModelFormat.UNKNOWN),
        (build.harmful_pickle(0), ModelFormat.PICKLE),
        (build.harmful_pickle(5), ModelFormat.PICKLE),
        (b' {"class_name": "Model", "config": {}}', ModelFormat.KERAS_JSON),
        (b"\xef\xbb\xbf{}", ModelFormat.UNKNOWN),
        (bytes(100) + bytes.fromhex("57fb808b247547db"), ModelFormat.CHECKPOINT),
        (b"plain text", ModelFormat.UNKNOWN),
        (b"\x80", ModelFormat.UNKNOWN),
    ],
)
def test_files_are_known_by_their_first_bytes(data: bytes, expected: ModelFormat) -> None:
    assert kind(data)[0] is expected


@pytest.mark.parametrize("size", [512, 1024, 4096])
def test_hdf5_may_begin_after_a_block_of_the_users(size: int) -> None:
    found = recognise(held(b"#!/bin/sh\n".ljust(size, b"\0") + build.owners()))

    assert (found.format, found.start) == (ModelFormat.OTHER_HDF5, size)


def test_hdf5_at_another_place_is_none() -> None:
    assert kind(bytes(600) + build.owners())[0] is ModelFormat.UNKNOWN


def test_a_pointer_of_git_lfs_tells_its_object() -> None:
    assert kind(build.pointer(98765)) == (
        ModelFormat.GIT_LFS_POINTER,
        f"sha256:{'ab' * 32}, 98765 bytes",
    )


@pytest.mark.parametrize(
    ("page", "title"),
    [
        (b"\n<!DOCTYPE html><html><head><title>Sign in\n to X</title>", "Sign in to X"),
        (b"<!-- made by --><html><head></head>", ""),
        (
            b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>",
            "AccessDenied",
        ),
    ],
)
def test_a_page_tells_its_title(page: bytes, title: str) -> None:
    assert kind(page) == (ModelFormat.HTML_PAGE, title)


def test_json_inside_a_json_string_is_named() -> None:
    data = json.dumps(json.dumps(build.SEQUENTIAL)).encode()

    assert kind(data) == (ModelFormat.KERAS_JSON, "JSON inside a JSON string")


@pytest.mark.parametrize(("pack", "name"), [(gzip.compress, "gzip"), (zlib.compress, "zlib")])
def test_a_packed_pickle_is_a_pickle_and_other_packed_files_are_named(
    pack: Callable[[bytes], bytes], name: str
) -> None:
    assert kind(pack(build.harmful_pickle(4))) == (ModelFormat.PICKLE, name)
    assert kind(pack(build.owners())) == (
        ModelFormat.UNKNOWN,
        f"{name} of other-hdf5: it has to be unpacked",
    )


@pytest.mark.parametrize(
    ("data", "hint"),
    [
        (bytes(4000), "nothing but zero bytes: a download that was not finished"),
        (struct.pack("<Q", 60) + b'{"weight":{}}' + bytes(60), "safetensors"),
        (b"\x93NUMPY\x01\0", "a NumPy array"),
        (TAR.getvalue(), "a tar archive: it has to be unpacked"),
    ],
)
def test_what_is_no_model_of_keras_is_named(data: bytes, hint: str) -> None:
    assert kind(data) == (ModelFormat.UNKNOWN, hint)
