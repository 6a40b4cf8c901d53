"""How much disk a plan needs."""

from tfmac.knowledge import releases
from tfmac.schema.plans import Plan

# Measured over the wheels of tensorflow 2.19.1 to 2.21.0: installed files take 3.2 (Linux) to 5.0
# times (macOS) the size of the wheel, which itself lies on the disk while it is unpacked.
_UNPACKED_FACTOR = 6
# The other 30 to 40 distributions of a set took 170 to 190 MB together.
_OTHER_BYTES = 10_000_000


def needed_bytes(plan: Plan) -> int:
    """Estimate the bytes that an installation of a plan takes, on the safe side."""
    total = 0
    for pin in plan.pins:
        release = releases.release(pin.name, pin.version)
        size = releases.wheel_size(release, plan.target, plan.python) if release else None
        total += _OTHER_BYTES if size is None else size * _UNPACKED_FACTOR
    return total
