"""Whose an ELF name without a version is, judged by its spelling: the base system's or not.

glibc, libstdc++ and libgcc give all their names versions, and so does what was linked against them.
Wheels still have plain references to them, where a linker did not see the library. No list of the
system's names is needed: those of other libraries that TensorFlow's extensions use (TensorFlow,
Abseil, protobuf, CUDA, FFmpeg) are spelled in other ways. zlib's short names are not told apart,
but nothing uses it without one of its names that have capitals.

C++: the Itanium ABI's mangling. libstdc++ holds what lies in ``std`` and is no template, and the
templates of its strings, streams and facets; any other instance is made by its users.
"""

import re

CXX_LIBRARY = "libstdc++.so.6"

_C_NAME = re.compile(
    rb"_?Py|_Unwind_|_IO_"  # the interpreter, libgcc, glibc's streams
    rb"|__[a-z0-9_]+$"  # reserved for the compiler and the C library; CUDA's have capitals
    rb"|[a-z][a-z0-9]*(_r)?$"
    rb"|(pthread|posix|clock|sem|sched|timer|timerfd|epoll|inotify|inet|aio|mq|shm)_[a-z0-9_]+$"
)
_CXX_ALLOCATION = re.compile(rb"_Z(?:n[wa]|d[la])[^L]")  # operators new and delete
_CXX_FUNDAMENTAL = re.compile(rb"_ZT[IS](PK?)?[a-z]$")  # type information
_CXX_STANDARD = re.compile(
    rb"_Z(?:T[VTIS]|GV|Tv0_n\d+_|Thn\d+_)?(?P<nested>N[VrK]*)?S(?P<kind>[tsiod])"
)
_LENGTH = re.compile(rb"\d+")
_ABI_NAMESPACE = b"N10__cxxabiv1"
_MADE_TEMPLATES = (
    b"basic_",
    b"char_traits",
    b"allocator",
    b"ctype",
    b"codecvt",
    b"num_",
    b"money_",
)
_CHARACTERS = (b"Ic", b"Iw")


def is_system_name(name: bytes, *, with_cxx: bool) -> bool:
    """Whether a plain name is one of the base system's, among which libstdc++ may be or not."""
    if name.startswith(b"_Z"):
        return with_cxx and _is_cxx_library_name(name)
    return _C_NAME.match(name) is not None


def _is_cxx_library_name(name: bytes) -> bool:
    if _CXX_ALLOCATION.match(name) or _CXX_FUNDAMENTAL.match(name) or _ABI_NAMESPACE in name[:20]:
        return True
    start = _CXX_STANDARD.match(name)
    if start is None:
        return False
    if start["kind"] != b"t":  # abbreviations of strings and streams of char
        return True
    return _is_made_there(name, start.end(), nested=start["nested"] is not None)


def _is_made_there(name: bytes, place: int, *, nested: bool) -> bool:
    """Follow the parts of a name in ``std`` to the first that is a template, or to its end."""
    part = b""
    length = _LENGTH.match(name, place)
    while length is not None:
        end = length.end() + int(length[0])
        if end > len(name):
            return False
        part, place = name[length.end() : end], end
        length = _LENGTH.match(name, place) if nested else None
    if name[place : place + 1] != b"I":
        return True
    return part.startswith(_MADE_TEMPLATES) or name[place : place + 2] in _CHARACTERS
