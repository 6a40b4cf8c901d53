"""The process that migrates one file: a line of JSON in, a line of JSON out.

HDF5's C library meets hostile bytes here, so that it is this process which dies of them. It may
not take more memory and time than it is given. macOS does not hold every process to its limits
of memory: there the time is what bounds it.
"""

import errno
import os
import resource
import sys
import traceback

import msgspec

from tfmac.formats.json_text import sound
from tfmac.migration.messages import Reply, Request
from tfmac.observe.limits import lower

# Address space beyond the memory that may be written: the libraries themselves.
_LIBRARIES = 1 << 30
_LIBRARY_NAMES = ("h5py", "numpy")


def serve(memory_limit: int, time_limit: int) -> None:
    """Answer one request."""
    requests, replies = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    for kind, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_DATA, memory_limit),
        (resource.RLIMIT_AS, memory_limit + _LIBRARIES),
        (resource.RLIMIT_CPU, time_limit),
    ):
        lower(kind, most)
    with os.fdopen(requests, "rb") as stream:
        request = msgspec.json.decode(stream.read(), type=Request)
    with os.fdopen(replies, "wb") as stream:
        stream.write(_encoded(_answer(request)))


def _answer(request: Request) -> Reply:
    try:
        from tfmac.migration.carrying_out import carry_out  # noqa: PLC0415 - within the limits

        return carry_out(request)
    except ImportError as error:
        if (error.name or "").partition(".")[0] in _LIBRARY_NAMES or "numpy" in str(error):
            return Reply(missing=str(error))
        return Reply(crash=traceback.format_exc())
    except FileExistsError as error:
        return Reply(exists=str(error.filename2 or error.filename))
    except OSError as error:
        return _of_system(error)
    except Exception:  # noqa: BLE001 - the caller is told, whatever it is
        return Reply(crash=traceback.format_exc())


def _of_system(error: OSError) -> Reply:
    """Tell what the system refused: h5py has texts of its own for a full disk."""
    number = error.errno
    if number is None and "No space left" in str(error):
        number = errno.ENOSPC
    if number in {
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EFBIG,
        errno.EROFS,
        errno.EACCES,
        errno.ENOENT,
        errno.ENOTDIR,
        errno.EPERM,
        errno.EIO,
    }:
        return Reply(unwritable=os.strerror(number))
    return Reply(crash=traceback.format_exc())


def _encoded(reply: Reply) -> bytes:
    try:
        return msgspec.json.encode(reply)
    except (ValueError, OverflowError):
        # Half a character, a byte that is no UTF-8 or a number of hundred digits, in some name.
        return msgspec.json.encode(sound(msgspec.to_builtins(reply)))


if __name__ == "__main__":
    serve(int(sys.argv[1]), int(sys.argv[2]))
