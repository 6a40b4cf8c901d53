"""Exchanging two folders in one step that nothing can come between.

Linux has ``renameat2`` with ``RENAME_EXCHANGE`` (renameat2(2)), macOS ``renamex_np`` with
``RENAME_SWAP`` (rename(2)). Neither is in Python's standard library.
"""

import ctypes
import errno
import os
import sys

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
_RENAME_SWAP = 2
_NOT_SUPPORTED = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM}


def exchange(one: str, other: str) -> bool:
    """Let two paths of a file system trade places; False where that cannot be done in one step.

    Raise ``OSError`` where it is possible and was refused.
    """
    first, second = os.fsencode(one), os.fsencode(other)
    try:
        library = ctypes.CDLL(None, use_errno=True)
        if sys.platform == "darwin":
            status = library.renamex_np(first, second, ctypes.c_uint(_RENAME_SWAP))
        else:
            status = library.renameat2(
                _AT_FDCWD, first, _AT_FDCWD, second, ctypes.c_uint(_RENAME_EXCHANGE)
            )
    except (AttributeError, OSError):
        return False  # a C library without it
    if status == 0:
        return True
    number = ctypes.get_errno()
    if number in _NOT_SUPPORTED:
        return False
    raise OSError(number, os.strerror(number), one)
