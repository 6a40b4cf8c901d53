"""How much memory this process has held."""

from __future__ import annotations

import resource
import sys


def peak_resident_bytes() -> int:
    """Return the most memory that the process has held so far; it never falls."""
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Bytes on macOS, kibibytes elsewhere.
    return int(used) if sys.platform == "darwin" else int(used) * 1024
