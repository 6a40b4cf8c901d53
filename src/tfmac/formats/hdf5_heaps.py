"""Heaps of HDF5 looked at before the library does: damaged ones lead it round for ever.

A global heap is a header and objects one behind the other, each with its size ("Disk Format: Level
1E"): HDF5 2.0 takes steps as long as the sizes say, of 0 bytes too. A local heap keeps its free
blocks as a list ("Level 1D"), which the library follows, and copies, as long as it goes on.
"""

from tfmac.formats.byte_ranges import Range, Writable

_GLOBAL = b"GCOL"
_LOCAL = b"HEAP"
_UNIT = 8  # objects are padded to so many bytes
_FIXED = 8  # signature, version and what is reserved; or an object's index and references
_MOST_BYTES = 1 << 26
_MOST_FREE_BLOCKS = 10_000
_LAST = 1  # no block can begin there: it ends the list


class DamagedHeap(OSError):
    """A heap whose parts do not fit together."""


class HeapGuard(Range):
    """A range that refuses to give out the beginning of a damaged heap.

    ``length_size`` and ``address_size`` are how many bytes the file's lengths and addresses have,
    ``base`` is where its addresses begin; the superblock says it.
    """

    length_size = 8
    address_size = 8
    base = 0

    def readinto(self, buffer: Writable) -> int:
        """Fill a buffer as far as there are bytes; raise ``DamagedHeap``."""
        start = self.tell()
        count = super().readinto(buffer)
        magic = bytes(buffer[:4])
        if magic in {_GLOBAL, _LOCAL}:
            (self._check_objects if magic == _GLOBAL else self._check_free)(start)
            self.seek(start + count)
        return count

    def _check_objects(self, start: int) -> None:
        """Look whether the objects of a global heap fill it."""
        size = self._number(start + _FIXED, self.length_size)
        if size > min(_MOST_BYTES, self.size - start):
            raise DamagedHeap("a heap is larger than the file")
        header = _padded(_FIXED + self.length_size)
        place = header
        while place + header <= size:
            index = self._number(start + place, 2)
            length = self._number(start + place + _FIXED, self.length_size)
            step = header + _padded(length) if index else length
            if not header <= step <= size - place:
                raise DamagedHeap("a heap's objects do not fit into it")
            place += step

    def _check_free(self, start: int) -> None:
        """Look whether the list of a local heap's free blocks ends."""
        place = start + _FIXED
        size, block = (self._number(place + n * self.length_size, self.length_size) for n in (0, 1))
        data = self.base + self._number(place + 2 * self.length_size, self.address_size)
        for _ in range(_MOST_FREE_BLOCKS):
            # The library itself refuses a block that is not inside.
            if block == _LAST or block >= size:
                return
            block = self._number(data + block, self.length_size)
        raise DamagedHeap("a heap's list of free blocks does not end")

    def _number(self, place: int, size: int) -> int:
        self.seek(place)
        return int.from_bytes(self.read(size), "little")


def _padded(size: int) -> int:
    return -(-size // _UNIT) * _UNIT
