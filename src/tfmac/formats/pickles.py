"""What a pickle would import and call, by its opcodes. Nothing is ever unpickled.

``pickletools`` has the table of opcodes: each one's argument and what it does to the stack. The
stack is followed with texts alone on it, so that a name that is put together there is found too.
"""

import pickletools
import zlib
from collections.abc import Iterator
from typing import Any, Callable, Optional

import msgspec

from tfmac.formats.byte_ranges import Range
from tfmac.formats.json_text import readable

MOST_OPCODES = 5_000_000
MOST_IMPORTS = 2000
MOST_UNPACKED = 1 << 26
_LONGEST_TEXT = 1 << 16
_MOST_STACK = 1_000_000
# What an import that is not found by name is called.
UNKNOWN_NAME = "?"
_OPERATIONS: dict[bytes, Any] = {one.code.encode("latin-1"): one for one in pickletools.opcodes}
_TEXTS = frozenset(
    {"UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "STRING", "BINSTRING"}
    | {"SHORT_BINSTRING"}
)
_GETS = frozenset({"GET", "BINGET", "LONG_BINGET"})
_PUTS = frozenset({"PUT", "BINPUT", "LONG_BINPUT"})
_EXTENSIONS = frozenset({"EXT1", "EXT2", "EXT4"})
# How many bytes of length stand before a long argument.
_LENGTHS = {
    pickletools.TAKEN_FROM_ARGUMENT4: 4,
    pickletools.TAKEN_FROM_ARGUMENT4U: 4,
    pickletools.TAKEN_FROM_ARGUMENT8U: 8,
}


class PickleContent(msgspec.Struct, frozen=True, kw_only=True):
    """What the opcodes say; ``fault`` tells where the reading ended early."""

    imports: tuple[str, ...] = ()
    protocol: int = 0
    complete: bool = False
    """A whole pickle was read to its end."""
    opcodes: int = 0
    fault: str = ""


def read_pickle(stream: Range, *, most: int = MOST_OPCODES) -> PickleContent:
    """Read the opcodes of the pickles that a stream begins with."""
    return _Machine(stream, most).content()


def unpacked(stream: Range, *, most: int = MOST_UNPACKED) -> Optional[tuple[str, bytes]]:
    """Give how a stream is compressed and what it is up to ``most`` bytes, or None."""
    beginning = stream.read(6)
    stream.seek(0)
    for kind, magic, opened in _PACKINGS:
        if beginning.startswith(magic):
            try:
                return kind, b"".join(_inflate(stream, opened(), most))
            except Exception as error:
                if isinstance(error, MemoryError):
                    raise
                return kind, b""
    return None


def _gzip() -> Any:  # noqa: ANN401 - an object that inflates
    return zlib.decompressobj(16 + zlib.MAX_WBITS)


def _bzip2() -> Any:  # noqa: ANN401
    import bz2  # noqa: PLC0415 - some builds of Python lack it

    return bz2.BZ2Decompressor()


def _xz() -> Any:  # noqa: ANN401
    import lzma  # noqa: PLC0415

    # The limit bounds the dictionary that the header asks for.
    return lzma.LZMADecompressor(memlimit=1 << 26)


_PACKINGS: tuple[tuple[str, tuple[bytes, ...], Callable[[], Any]], ...] = (
    ("gzip", (b"\x1f\x8b",), _gzip),
    ("zlib", (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda"), zlib.decompressobj),
    ("bzip2", (b"BZh",), _bzip2),
    ("xz", (b"\xfd7zXZ\x00",), _xz),
)


def _inflate(stream: Range, inflater: Any, most: int) -> Iterator[bytes]:  # noqa: ANN401
    while most > 0 and not inflater.eof:
        data = getattr(inflater, "unconsumed_tail", b"")
        if not data and getattr(inflater, "needs_input", True):
            data = stream.read(1 << 16)
        part = inflater.decompress(data, min(most, 1 << 20))
        if not data and not part:
            # It ends too early: what came until here is looked at.
            return
        most -= len(part)
        yield part


class _Machine:
    """Follows the opcodes: a stack of texts, None for every other value, and marks."""

    def __init__(self, stream: Range, most: int) -> None:
        self._stream = stream
        # ``pickletools`` names a file's type; all that it needs is reading.
        self._file: Any = stream
        self._left = most
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}
        self._imports: dict[str, None] = {}
        self._protocol = 0

    def content(self) -> PickleContent:
        complete, fault, most = False, "", self._left
        try:
            while self._one_pickle():
                complete = True
        except (ValueError, IndexError, UnicodeError, EOFError, OSError) as error:
            # What follows a whole pickle may be anything: joblib puts arrays there.
            fault = f"{str(error) or type(error).__name__} (at byte {self._stream.tell()})"[:200]
        return PickleContent(
            imports=tuple(self._imports),
            protocol=self._protocol,
            complete=complete,
            opcodes=most - self._left,
            fault=readable(fault),
        )

    def _one_pickle(self) -> bool:
        """Read up to a STOP; False at the end of the stream."""
        self._stack.clear()
        self._memo.clear()
        first = True
        while True:
            code = self._stream.read(1)
            if not code:
                if first:
                    return False
                raise EOFError("it ends too early")
            first = False
            self._left -= 1
            if self._left < 0:
                raise ValueError("more opcodes than are read")
            operation = _OPERATIONS.get(code)
            if operation is None:
                raise ValueError(f"byte {code!r} is no opcode")
            argument = self._argument(operation)
            if operation.name == "STOP":
                return True
            self._do(operation, argument)

    def _argument(self, operation: Any) -> Any:  # noqa: ANN401
        kind = operation.arg
        if kind is None:
            return None
        size = _LENGTHS.get(kind.n)
        if size is not None:
            length = int.from_bytes(self._stream.read(size), "little")
            if length > self._stream.size - self._stream.tell():
                raise ValueError("an argument is longer than the file")
            if length > _LONGEST_TEXT:
                self._stream.seek(length, 1)
                return None
            self._stream.seek(-size, 1)
        return kind.reader(self._file)

    def _do(self, operation: Any, argument: Any) -> None:  # noqa: ANN401
        name = operation.name
        if name == "PROTO":
            self._protocol = argument
        elif name in _PUTS or name == "MEMOIZE":
            number = len(self._memo) if name == "MEMOIZE" else argument
            self._memo[number] = self._stack[-1] if self._stack else None
        elif name in _GETS:
            self._stack.append(self._memo.get(argument))
        elif name in {"GLOBAL", "INST"}:
            self._import(*argument.partition(" ")[::2])
            self._effect(operation, None)
        elif name == "STACK_GLOBAL":
            module, attribute = (*self._stack[-2:], None, None)[:2]
            self._import(module, attribute)
            self._effect(operation, None)
        elif name in _EXTENSIONS:
            self._import("copyreg", f"extension {argument}")
            self._effect(operation, None)
        elif name == "DUP":
            self._stack.append(self._stack[-1] if self._stack else None)
        else:
            self._effect(operation, argument if name in _TEXTS else None)
        if len(self._stack) > _MOST_STACK or len(self._memo) > _MOST_STACK:
            raise ValueError("its stack is deeper than is followed")

    def _import(self, module: Optional[str], attribute: Optional[str]) -> None:
        if len(self._imports) < MOST_IMPORTS:
            named = f"{module or UNKNOWN_NAME}.{attribute or UNKNOWN_NAME}"
            self._imports[readable(named[:300])] = None

    def _effect(self, operation: Any, value: Optional[str]) -> None:  # noqa: ANN401
        """Take from the stack and put on it what the table says."""
        before = operation.stack_before
        if pickletools.markobject in before:
            while self._stack and self._stack.pop() is not pickletools.markobject:
                pass
            before = before[: before.index(pickletools.markobject)]
        for _ in before:
            if self._stack:
                self._stack.pop()
        for one in operation.stack_after:
            mark = one is pickletools.markobject
            self._stack.append(pickletools.markobject if mark else value)


def looks_like_pickle(beginning: bytes, stream: Range) -> bool:
    """Whether a file is a pickle: by its protocol, else because all of it is opcodes."""
    if beginning[:1] == b"\x80" and len(beginning) > 2 and beginning[1] <= 5:
        return beginning[2:3] in _OPERATIONS
    if beginning[:1] not in _OPERATIONS or stream.size > MOST_UNPACKED:
        return False
    stream.seek(stream.size - 1)
    last = stream.read(1)
    stream.seek(0)
    if last != b".":
        return False
    # Protocols 0 and 1 have no mark of their own, and are text for the most part.
    found = read_pickle(stream, most=100_000)
    stream.seek(0)
    return found.complete and not found.fault and found.opcodes > 3
