"""The process that reads model files: a line of JSON for each path, a line of JSON for each answer.

HDF5's C library meets hostile bytes here, so that it is this process which dies of them. It may
not write files nor take more memory and time than it is given. macOS does not hold every
process to its limits of memory: there the time is what bounds it.
"""

import os
import resource
import sys
import traceback
from typing import BinaryIO

import msgspec

from tfmac.formats.json_text import sound
from tfmac.observe.limits import lower
from tfmac.observe.model_messages import Reply, Request
from tfmac.observe.model_opening import open_model

# Address space beyond the memory that may be written: the libraries themselves.
_LIBRARIES = 1 << 30
_SPARE_SECONDS = 5
_MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024
_PEAK_LINE = "VmHWM:"


def serve(memory_limit: int) -> None:
    """Answer requests until there are no more."""
    requests, replies = _own_pipes()
    _limit(memory_limit)
    for line in requests:
        request = msgspec.json.decode(line, type=Request)
        _limit_time(request.time_limit)
        replies.write(_encoded(_answer(os.fsdecode(request.path))) + b"\n")
        replies.flush()


def _own_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Keep the pipes for this protocol: what a library writes goes nowhere."""
    requests, replies = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    return os.fdopen(requests, "rb"), os.fdopen(replies, "wb")


def _limit(memory: int) -> None:
    lower(resource.RLIMIT_CORE, 0)
    lower(resource.RLIMIT_FSIZE, 0)
    lower(resource.RLIMIT_DATA, memory)
    lower(resource.RLIMIT_AS, memory + _LIBRARIES)


def _limit_time(seconds: float) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = int(used.ru_utime + used.ru_stime + seconds) + _SPARE_SECONDS
    lower(resource.RLIMIT_CPU, until)


def _answer(path: str) -> Reply:
    try:
        return Reply(content=open_model(path), peak=_peak())
    except MemoryError:
        return Reply(out_of_memory=True, peak=_peak())
    except Exception as error:  # noqa: BLE001 - one bad file must not keep the others from being read
        if _is_of_library(error):
            return Reply(missing=f"{type(error).__name__}: {error}", peak=_peak())
        return Reply(crash=traceback.format_exc(), peak=_peak())


def _is_of_library(error: Exception) -> bool:
    """Whether the library for HDF5 could not be imported: it is missing, or broken.

    A module that raises while it is imported is taken out of ``sys.modules`` again.
    """
    if isinstance(error, ImportError):
        return not (error.name or "").startswith("tfmac")
    if "h5py" in sys.modules:
        return False
    steps = traceback.extract_tb(error.__traceback__)
    return any(step.name == "_find_and_load" for step in steps)


def _peak() -> int:
    # Linux's own figure first: the other one begins with what the parent had at the start.
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as status:
            found = next((line for line in status if line.startswith(_PEAK_LINE)), "")
        return int(found.split()[1]) << 10
    except (OSError, ValueError, IndexError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _MAXRSS_UNIT


def _encoded(reply: Reply) -> bytes:
    try:
        return msgspec.json.encode(reply)
    except MemoryError:
        return msgspec.json.encode(Reply(out_of_memory=True, peak=_peak()))
    except (ValueError, OverflowError):
        # Half a character, a byte that is no UTF-8 or a number of hundred digits, in some name.
        return msgspec.json.encode(sound(msgspec.to_builtins(reply)))
