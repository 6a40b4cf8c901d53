"""Kernels read out of a plug-in's code: constants that are moved about, and names of templates."""

import struct
from collections.abc import Sequence
from typing import Optional

import pytest

from tfmac.curation.plugin_kernels.registrations import type_of
from tfmac.curation.plugin_kernels.straight_code import STACK, Call, Machine
from tfmac.curation.plugin_kernels.template_types import Unreadable, types_in

CODE = 0x1000
TEXTS = 0x8000
RET = 0xD65F03C0


def mov(register: int, number: int) -> int:
    return 0x52800000 | number << 5 | register


def movk(register: int, number: int) -> int:
    return 0x72A00000 | number << 5 | register


def store(register: int, offset: int, size: int) -> int:
    """``str wN, [sp, #offset]`` of one, two or four bytes."""
    base = {1: 0x39000000, 2: 0x79000000, 4: 0xB9000000}[size]
    return base | (offset // size) << 10 | 31 << 5 | register


def add_sp(register: int, offset: int) -> int:
    return 0x91000000 | offset << 10 | 31 << 5 | register


def call(place: int, target: int) -> int:
    return 0x94000000 | ((target - place) // 4 & 0x3FFFFFF)


def followed(words: Sequence[int], texts: bytes = b"") -> "list[Call]":
    def read(address: int, size: int) -> Optional[bytes]:
        start = address - TEXTS
        return texts[start : start + size] if 0 <= start <= len(texts) - size else None

    code = b"".join(struct.pack("<I", word) for word in words)
    return list(Machine(read).calls(code, CODE))


def test_a_short_text_that_is_written_in_pieces() -> None:
    """``Conv2D`` as a compiler writes it: four bytes, two bytes, and the length at the end."""
    (seen,) = followed(
        [
            mov(8, 6),
            store(8, 23, 1),
            mov(8, 0x6F43),
            movk(8, 0x766E),
            store(8, 0, 4),
            mov(8, 0x4432),
            store(8, 4, 2),
            add_sp(1, 0),
            call(CODE + 32, 0x4000),
            RET,
        ]
    )
    assert (seen.target, seen.registers[1]) == (0x4000, STACK)
    assert (seen.read(STACK, 6), seen.read(STACK + 23, 1)) == (b"Conv2D", b"\x06")


def test_a_text_that_is_copied_from_the_constants() -> None:
    """``adrp``, ``add``, a load of sixteen bytes and its store."""
    page = (TEXTS - CODE) >> 12
    adrp = 0x90000000 | (page & 3) << 29 | page >> 2 << 5 | 8
    add = 0x91000000 | 8 << 5 | 8
    load_vector = 0x3DC00000 | 8 << 5
    store_vector = 0x3D800000 | 31 << 5
    (seen,) = followed(
        [adrp, add, load_vector, store_vector, call(CODE + 16, 0x4000), RET],
        b"DepthwiseConv2dNative",
    )
    assert seen.read(STACK, 16) == b"DepthwiseConv2dN"


def test_what_is_not_known_is_never_guessed() -> None:
    """A register that an unknown instruction or a call changed holds nothing."""
    multiply = 0x1B007C00 | 8  # mul w8, w0, w0
    first, second = followed(
        [
            mov(8, 7),
            multiply,
            store(8, 0, 4),
            mov(1, 9),
            call(CODE + 16, 0x4000),
            call(CODE + 20, 0x4000),
            RET,
        ]
    )
    assert first.read(STACK, 4) is None
    assert (first.registers[1], second.registers[1]) == (9, None)


def test_reading_ends_with_the_return() -> None:
    assert len(followed([call(CODE, 0x4000), RET, call(CODE + 8, 0x4000)])) == 1


@pytest.mark.parametrize(
    ("arguments", "types"),
    [
        ("INS_11MPSConv2DOpIfEEfEEvPKc", ("float32", "float32")),
        ("INS_11MPSConv2DOpIN5Eigen8bfloat16EEES3_EEvPKc", ("bfloat16",)),
        ("INS_24MPSConv2DBackpropInputOpIN5Eigen4halfEEEEEvPKc", ("float16",)),
        ("INS_15TensorScatterOpIfxLNS_13scatter_nd_op8UpdateOpE4EEEEEv", ("float32", "int64")),
        ("INS_14MPSTransposeOpEEEvPKc", ()),
        ("INS_2OpINSt3__17complexIfEEEEEv", ("complex64",)),
    ],
)
def test_the_types_of_a_template(arguments: str, types: "tuple[str, ...]") -> None:
    assert types_in(arguments, 0) == types


@pytest.mark.parametrize("arguments", ["I", "INS_", "I?E", "IN?E"])
def test_a_name_that_is_not_understood_is_refused(arguments: str) -> None:
    with pytest.raises(Unreadable):
        types_in(arguments, 0)


def test_a_kernel_computes_in_its_first_type() -> None:
    symbol = "__ZN12metal_plugin14RegisterKernelINS_10MetalPadOpIfiEEEEvPKcNSt3__1"
    assert type_of(symbol) == "float32"
    assert type_of("__Z20RegisterSliceKernelsPKc") is None
