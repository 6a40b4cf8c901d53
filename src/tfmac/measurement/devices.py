"""Names of devices, before a framework has seen them."""

from collections.abc import Iterable
from typing import Optional


def logical_cpus(names: Iterable[Optional[str]]) -> int:
    """Return into how many devices the CPU has to be divided for these names.

    ``CPU:1`` is the second one. 0 where the CPU stays as it is.
    """
    numbers = [
        name.rpartition(":")[2]
        for name in names
        if name is not None and name.upper().startswith("CPU:")
    ]
    most = max((int(number) for number in numbers if number.isdigit()), default=0)
    return most + 1 if most else 0
