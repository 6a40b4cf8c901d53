"""The tables of what GPUs of a Mac cannot do; ``tfmac.device`` reads the same files by itself."""

from tfmac.knowledge import store
from tfmac.schema.device_limits import DeviceLimits, ReportedDeviceLimits

FILE = "device_limits.json"
"""Read out of the published plug-ins."""
REPORTED = "reported_device_limits.json"
"""Written by hand, from public documents and threads."""


def computed() -> DeviceLimits:
    """Give what was read out of the plug-ins."""
    return store.load(FILE, DeviceLimits)


def reported() -> ReportedDeviceLimits:
    """Give what documents and threads tell."""
    return store.load(REPORTED, ReportedDeviceLimits)
