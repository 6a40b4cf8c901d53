"""Follows straight ARM64 code as far as it moves constants about: registers, stack, static data.

A compiler writes a short text into the code itself: as numbers that are put on the stack piece by
piece. Which text a function is called with is seen only by doing the same. Branches are not taken:
a function is read from its first instruction to its first return. What an instruction that is not
known here would give is unknown, never guessed.

Encodings are those of the Arm Architecture Reference Manual, section C4.
"""

from collections.abc import Iterator
from typing import Callable, NamedTuple, Optional

STACK = 1 << 40
"""Where the stack pointer stands at the start; images of plug-ins lie far below."""
_HEAP = 1 << 44
_HEAP_STEP = 1 << 20
_MASK = (1 << 64) - 1
_SP = 31
_RESULT = 0
_CALLER_SAVED = 19  # x0 to x18 do not survive a call
_VECTORS = 32

Value = Optional[int]
ReadStatic = Callable[[int, int], Optional[bytes]]


class Call(NamedTuple):
    """A call: where to, and what the registers and the memory held then."""

    target: int
    registers: tuple[Value, ...]
    read: Callable[[int, int], Optional[bytes]]


class Machine:
    """The registers and the memory that one function's code leaves behind."""

    def __init__(self, read_static: ReadStatic) -> None:
        self._read_static = read_static
        self._general: list[Value] = [None] * _VECTORS
        self._general[_SP] = STACK
        self._vectors: list[Optional[bytes]] = [None] * _VECTORS
        self._written: dict[int, Optional[int]] = {}
        self._blocks = 0

    def calls(self, code: bytes, address: int) -> Iterator[Call]:
        """Follow code that stands at an address, and give every call in it."""
        for offset in range(0, len(code) - 3, 4):
            word = int.from_bytes(code[offset : offset + 4], "little")
            if word & 0xFFFF_FC1F == 0xD65F_0000:  # RET
                return
            here = address + offset
            if word >> 26 == 0b100101:  # BL
                yield self._call(here + 4 * _signed(word & 0x3FF_FFFF, 26))
            elif word & 0xFFFF_FC1F == 0xD63F_0000:  # BLR
                self._after_call()
            elif word >> 26 == 0b000101:  # B: to another function, it is the last call
                target = here + 4 * _signed(word & 0x3FF_FFFF, 26)
                if not address <= target < address + len(code):
                    yield self._call(target)
                    return
            else:
                self._step(word, here)

    def read(self, address: int, size: int) -> Optional[bytes]:
        """Read memory; None where a byte of it is unknown."""
        found = bytearray()
        for place in range(address, address + size):
            if place in self._written:
                byte = self._written[place]
            else:
                static = self._read_static(place, 1)
                byte = static[0] if static else None
            if byte is None:
                return None
            found.append(byte)
        return bytes(found)

    def _call(self, target: int) -> Call:
        call = Call(target, tuple(self._general), self.read)
        self._after_call()
        return call

    def _after_call(self) -> None:
        for number in range(_CALLER_SAVED):
            self._general[number] = None
        self._vectors = [None] * _VECTORS
        # What a call gives may be a new block of memory, into which a long text is copied.
        self._general[_RESULT] = _HEAP + self._blocks * _HEAP_STEP
        self._blocks += 1

    def _step(self, word: int, here: int) -> None:
        group = (word >> 25) & 0xF
        if group in (0b1000, 0b1001):
            self._immediate(word, here)
        elif group & 0b0101 == 0b0100:
            self._load_or_store(word, here)
        elif word & 0x7FE0_FFE0 == 0x2A00_03E0:  # MOV of a register
            self._set(word & 31, self._get((word >> 16) & 31), wide=bool(word >> 31))
        elif group & 0b0111 == 0b0101:
            self._set(word & 31, None, wide=True)
        elif group & 0b0111 == 0b0111:
            self._vectors[word & 31] = None

    def _immediate(self, word: int, here: int) -> None:
        kind = (word >> 23) & 0b111
        wide = bool(word >> 31)
        target, source = word & 31, (word >> 5) & 31
        if kind in (0b000, 0b001):  # ADR, ADRP
            offset = _signed(((word >> 5) & 0x7FFFF) << 2 | ((word >> 29) & 3), 21)
            page = here & ~0xFFF if wide else here
            self._general[target] = page + (offset << 12 if wide else offset)
        elif kind == 0b010:  # ADD, SUB
            number = (word >> 10) & 0xFFF
            number <<= 12 if (word >> 22) & 1 else 0
            value = self._general[source]
            signed = -number if (word >> 30) & 1 else number
            result = None if value is None else (value + signed) & _MASK
            if not (word >> 29) & 1:  # those that set flags compare
                self._general[target] = result
        elif kind == 0b100 and (word >> 29) & 3 == 1:  # ORR
            pattern = _bit_pattern((word >> 22) & 1, (word >> 16) & 63, (word >> 10) & 63)
            value = self._get(source)
            self._set(target, None if value is None else value | pattern, wide=wide)
        elif kind == 0b101:  # MOVN, MOVZ, MOVK
            self._move_wide(word, wide=wide)
        else:
            self._set(target, None, wide=wide)

    def _move_wide(self, word: int, *, wide: bool) -> None:
        shift = 16 * ((word >> 21) & 3)
        number = ((word >> 5) & 0xFFFF) << shift
        operation, target = (word >> 29) & 3, word & 31
        if operation == 0b11:
            before = self._get(target)
            value = None if before is None else before & ~(0xFFFF << shift) | number
        else:
            value = number if operation == 0b10 else ~number & _MASK
        self._set(target, value, wide=wide)

    def _load_or_store(self, word: int, here: int) -> None:
        kind = (word >> 27) & 0b111
        if kind == 0b101:
            self._pair(word)
        elif kind == 0b111:
            self._single(word)
        elif kind == 0b011 and not (word >> 24) & 3:
            self._literal(word, here)
        elif not (word >> 26) & 1:
            self._set(word & 31, None, wide=True)
        else:
            self._vectors[word & 31] = None

    def _single(self, word: int) -> None:
        vector = bool((word >> 26) & 1)
        size, operation = word >> 30, (word >> 22) & 3
        scale = (operation >> 1) << 2 | size if vector else size
        base, target = (word >> 5) & 31, word & 31
        load = bool(operation & 1) if vector else operation != 0
        if (word >> 24) & 1:
            address = self._address(base, ((word >> 10) & 0xFFF) << scale)
        elif not (word >> 21) & 1:
            address = self._indexed(base, _signed((word >> 12) & 0x1FF, 9), (word >> 10) & 3)
        else:
            address = None
        extended = not vector and operation > 1
        self._move(address, target, 1 << scale, vector=vector, load=load, known=not extended)

    def _literal(self, word: int, here: int) -> None:
        """Load from a place near the code."""
        vector = bool((word >> 26) & 1)
        kind = word >> 30
        size = (4 << kind) if vector else 4 << (kind & 1)
        address = here + 4 * _signed((word >> 5) & 0x7FFFF, 19)
        known = vector or kind in (0, 1)
        self._move(address, word & 31, size, vector=vector, load=True, known=known)

    def _pair(self, word: int) -> None:
        vector = bool((word >> 26) & 1)
        kind = word >> 30
        size = 4 << kind if vector else (8 if kind == 0b10 else 4)
        way = {0b001: 1, 0b011: 3}.get((word >> 23) & 0b111, 0)
        offset = _signed((word >> 15) & 0x7F, 7) * size
        address = self._indexed((word >> 5) & 31, offset, way)
        load = bool((word >> 22) & 1)
        for number, target in enumerate((word & 31, (word >> 10) & 31)):
            place = None if address is None else address + number * size
            self._move(place, target, size, vector=vector, load=load, known=True)

    def _indexed(self, base: int, offset: int, way: int) -> Value:
        """Give an address; ``way`` 1 changes its register after, 3 before the access."""
        before, after = self._general[base], self._address(base, offset)
        if way in (1, 3):
            self._general[base] = after
        return before if way == 1 else after

    def _address(self, base: int, offset: int) -> Value:
        value = self._general[base]
        return None if value is None else value + offset

    def _move(
        self, address: Value, register: int, size: int, *, vector: bool, load: bool, known: bool
    ) -> None:
        if load:
            found = self.read(address, size) if address is not None and known else None
            if vector:
                self._vectors[register] = found
            else:
                value = None if found is None else int.from_bytes(found, "little")
                self._set(register, value, wide=True)
            return
        if address is None:
            return
        if vector:
            held = self._vectors[register]
        else:
            number = self._get(register)
            held = None if number is None else number.to_bytes(8, "little")
        for offset in range(size):
            byte = held[offset] if held is not None and offset < len(held) else None
            self._written[address + offset] = byte

    def _get(self, number: int) -> Value:
        return 0 if number == _SP else self._general[number]  # 31 is zero, but for addresses

    def _set(self, number: int, value: Value, *, wide: bool) -> None:
        if number != _SP:
            self._general[number] = value if value is None or wide else value & 0xFFFF_FFFF


def _signed(number: int, bits: int) -> int:
    return number - (1 << bits) if number >> (bits - 1) else number


def _bit_pattern(wide: int, rotation: int, length: int) -> int:
    """Give the constant of a logical instruction: a run of ones, rotated and repeated."""
    size = 64 if wide else 1 << ((~length & 0x3F).bit_length() - 1)
    ones = (length & (size - 1)) + 1
    turn = rotation & (size - 1)
    run = (1 << ones) - 1
    element = (run >> turn | run << (size - turn)) & ((1 << size) - 1) if turn else run
    return sum(element << place for place in range(0, 64, size))
