"""Where the script that shows a departure may be written: over no file of the user's."""

from __future__ import annotations

import os

# In the first lines of each such script: ``device.parity.reproduction_text`` writes it.
MARK = "Written by tfmac parity."
_FIRST_CHARACTERS = 4096


class WouldOverwrite(Exception):
    """A file stands where the script or its numbers would go, and is not known to be ours."""


def refuse_overwriting(script: str) -> None:
    """Raise ``WouldOverwrite`` unless script and numbers (``.npz``) are new or an earlier run's."""
    if not script.endswith(".py"):
        raise WouldOverwrite(f"{script} does not end in .py, as the script that is written has to")
    numbers = os.path.splitext(script)[0] + ".npz"
    if os.path.lexists(script):
        if _is_ours(script):
            return
        raise WouldOverwrite(f"{script} exists, and tfmac parity did not write it")
    if os.path.lexists(numbers):
        raise WouldOverwrite(f"{numbers} exists: the numbers for {script} would replace it")


def _is_ours(script: str) -> bool:
    try:
        with open(script, encoding="utf-8", errors="replace") as file:
            return MARK in file.read(_FIRST_CHARACTERS)
    except OSError:
        return False
