"""Releases as a file states them."""

import re
from typing import Optional

from tfmac.models.loadability.readers import Release

_NUMBERS = re.compile(r"(\d{1,4})\.(\d{1,4})")


def minor_of(text: str) -> Optional[Release]:
    """Give the minor release of a version; None for what is not one."""
    found = _NUMBERS.match(text)
    return (int(found[1]), int(found[2])) if found else None
