"""What keeps a process that parses somebody's files within bounds."""

import resource
from typing import Optional

LIBRARY_VARIABLES: dict[str, Optional[str]] = {
    # Nothing is computed: threads would only take memory.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    # A file names its filters, which are libraries; none is loaded.
    "HDF5_PLUGIN_PRELOAD": "::",
    "HDF5_PLUGIN_PATH": None,
}
"""How the libraries that read HDF5 are started; None takes a variable away."""


def lower(kind: int, value: int) -> None:
    """Lower a limit of this process, one of ``resource.RLIMIT_*``, as far as it may be lowered."""
    _, most = resource.getrlimit(kind)
    soft = value if most == resource.RLIM_INFINITY else min(value, most)
    try:
        resource.setrlimit(kind, (soft, most))
    except (OSError, ValueError):
        # A system that does not have this limit is left without it.
        return
