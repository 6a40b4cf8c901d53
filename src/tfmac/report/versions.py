"""Versions as text that can be pasted into a bug report."""

from tfmac.report import layout
from tfmac.schema.reports import Versions


def render(versions: Versions) -> str:
    """One line for each thing, conflicts beside it."""
    rows = [
        ("tfmac", versions.tfmac, ""),
        ("machine", versions.machine, ""),
        ("environment", versions.environment, ""),
    ]
    rows += [
        (one.name, one.version or _without(one.name), "; ".join(one.conflicts))
        for one in versions.versions
    ]
    return "\n".join(layout.table(rows, indent=0)) + "\n"


def _without(name: str) -> str:
    """What no version means: there is always a Python, whether it is known or not."""
    return "unknown" if name == "Python" else "not installed"
