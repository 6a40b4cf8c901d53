"""What a file is, by its first bytes: models, and what is saved under a model's name by mistake."""

import re
import struct
from typing import Optional

import msgspec

from tfmac.formats.byte_ranges import Range
from tfmac.formats.pickles import looks_like_pickle, unpacked
from tfmac.formats.zip_members import MAGIC as ZIP_MAGIC
from tfmac.schema.model_content import ModelFormat

# How much of a file is looked at; a page's title may stand behind its styles.
BEGINNING = 1 << 14
HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
_EMPTY_ZIP = b"PK\x05\x06"
# The format allows a block of the user's before it, of 512 bytes or a power of two times that.
_FIRST_USER_BLOCK = 512
_LAST_USER_BLOCK = 1 << 20
_LFS = re.compile(
    rb"version https://git-lfs[^\n]*\n(?:ext-[^\n]*\n)*oid (\S{1,100})\nsize (\d{1,20})"
)
_TITLE = re.compile(r"<title[^>]*>(.{0,200}?)</title>", re.IGNORECASE | re.DOTALL)
_PAGE = re.compile(rb"<!doctype html|<html|<head|<body|<!--.{0,4000}?<html", re.IGNORECASE)
_ERROR_CODE = re.compile(r"<Error>.{0,200}?<Code>(\w{1,60})</Code>", re.DOTALL)
_UTF8_MARK = b"\xef\xbb\xbf"
_SPACE = b" \t\r\n"
# Formats that are no model of ours: they are named, so that nobody has to guess.
_OTHERS = (
    (b"\x93NUMPY", "a NumPy array"),
    (b"GGUF", "a GGUF model"),
    (b"\x89PNG", "a PNG image"),
    (b"%PDF", "a PDF"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"\xca\xfe\xba\xbe", "a program"),
    (b"\x7fELF", "a program"),
)
_TABLE_MAGIC = bytes.fromhex("57fb808b247547db")  # ends the tables that checkpoints are made of


class Recognition(msgspec.Struct, frozen=True, kw_only=True):
    """A format with what else the beginning says.

    ``start`` is where the HDF5 begins, ``packing`` how the whole file is compressed.
    """

    format: ModelFormat
    hint: str = ""
    packing: str = ""
    start: int = 0


def recognise(stream: Range) -> Recognition:
    """Name a file by its bytes; a zip is an archive of Keras's until its members say otherwise."""
    stream.seek(0)
    beginning = stream.read(BEGINNING)
    stream.seek(0)
    if not beginning:
        return Recognition(format=ModelFormat.EMPTY)
    return (
        _by_magic(beginning)
        or _by_text(beginning)
        or _by_user_block(stream)
        or _by_structure(beginning)
        or _packed(stream)
        or _pickle(beginning, stream)
        or _by_end(stream)
        or Recognition(format=ModelFormat.UNKNOWN, hint=_other(beginning))
    )


def _by_magic(beginning: bytes) -> Optional[Recognition]:
    if beginning.startswith(HDF5_MAGIC):
        return Recognition(format=ModelFormat.OTHER_HDF5)
    if beginning.startswith((ZIP_MAGIC, _EMPTY_ZIP)):
        return Recognition(format=ModelFormat.KERAS_ARCHIVE)
    if beginning[4:8] == b"TFL3":
        return Recognition(format=ModelFormat.TFLITE)
    return None


def _by_text(beginning: bytes) -> Optional[Recognition]:
    text = beginning[3:] if beginning.startswith(_UTF8_MARK) else beginning
    text = text.lstrip(_SPACE)
    if match := _LFS.match(text):
        hint = f"{match[1].decode('latin-1')}, {match[2].decode('latin-1')} bytes"
        return Recognition(format=ModelFormat.GIT_LFS_POINTER, hint=hint)
    if text.startswith(b"version https://git-lfs"):
        return Recognition(format=ModelFormat.GIT_LFS_POINTER)
    if _PAGE.match(text) or text.startswith(b"<?xml"):
        return Recognition(format=ModelFormat.HTML_PAGE, hint=_title(text))
    if text.startswith((b"{", b'"{')) and b'\\"class_name\\"' in text[:400]:
        return Recognition(format=ModelFormat.KERAS_JSON, hint="JSON inside a JSON string")
    if text.startswith(b"{") and b'"' in text[:200]:
        return Recognition(format=ModelFormat.KERAS_JSON)
    return None


def _title(page: bytes) -> str:
    text = page.decode("utf-8", "replace")
    match = _TITLE.search(text) or _ERROR_CODE.search(text)
    return " ".join(match[1].split()) if match else ""


def _by_user_block(stream: Range) -> Optional[Recognition]:
    start = _FIRST_USER_BLOCK
    while start <= min(_LAST_USER_BLOCK, stream.size - len(HDF5_MAGIC)):
        stream.seek(start)
        if stream.read(len(HDF5_MAGIC)) == HDF5_MAGIC:
            hint = f"begins with {start} bytes that are not HDF5"
            return Recognition(format=ModelFormat.OTHER_HDF5, hint=hint, start=start)
        start *= 2
    stream.seek(0)
    return None


def _by_structure(beginning: bytes) -> Optional[Recognition]:
    from tfmac.formats.frozen_graph import looks_like_graph  # noqa: PLC0415 - rarely asked

    if _is_onnx(beginning):
        return Recognition(format=ModelFormat.ONNX)
    if looks_like_graph(beginning):
        return Recognition(format=ModelFormat.FROZEN_GRAPH)
    return None


def _is_onnx(beginning: bytes) -> bool:
    """Whether it begins as a ModelProto: the version, then a name, a graph or an opset."""
    if len(beginning) < 8 or beginning[0] != 0x08 or not 3 <= beginning[1] <= 30:
        return False
    tag, size = beginning[2], beginning[3]
    if tag in {0x12, 0x1A, 0x22}:  # producer_name, producer_version, domain: short texts
        name = beginning[4 : 4 + size]
        return size < 0x80 and all(0x20 <= byte < 0x7F for byte in name)
    return tag in {0x3A, 0x42}  # graph, opset_import


def _packed(stream: Range) -> Optional[Recognition]:
    found = unpacked(stream, most=BEGINNING)
    stream.seek(0)
    if found is None:
        return None
    kind, beginning = found
    if beginning[:1] == b"\x80" and beginning[1:2] <= b"\x05":
        return Recognition(format=ModelFormat.PICKLE, hint=kind, packing=kind)
    inner = (_by_magic(beginning) or _by_text(beginning)) if beginning else None
    inside = f" of {inner.format.value}" if inner else ""
    return Recognition(
        format=ModelFormat.UNKNOWN, hint=f"{kind}{inside}: it has to be unpacked", packing=kind
    )


def _pickle(beginning: bytes, stream: Range) -> Optional[Recognition]:
    if not looks_like_pickle(beginning, stream):
        return None
    hint = "joblib" if b"joblib.numpy_pickle" in beginning else ""
    return Recognition(format=ModelFormat.PICKLE, hint=hint)


def _by_end(stream: Range) -> Optional[Recognition]:
    stream.seek(max(0, stream.size - len(_TABLE_MAGIC)))
    end = stream.read(len(_TABLE_MAGIC))
    stream.seek(0)
    return Recognition(format=ModelFormat.CHECKPOINT) if end == _TABLE_MAGIC else None


def _other(beginning: bytes) -> str:
    for magic, name in _OTHERS:
        if beginning.startswith(magic):
            return name
    if len(beginning) > 16 and beginning[8:10] == b'{"':
        size = struct.unpack("<Q", beginning[:8])[0]
        if 8 <= size < 1 << 28:
            return "safetensors"
    if beginning[257:262] == b"ustar":
        return "a tar archive: it has to be unpacked"
    if not beginning.strip(b"\0"):
        return "nothing but zero bytes: a download that was not finished"
    return ""
