"""Reads TOML on every Python: with the standard library from 3.11 on, else with tomli."""

import sys
from typing import Any

import pytest


def read_toml(text: str) -> "dict[str, Any]":
    """Read a document; skip the test where no reader is installed."""
    module = "tomllib" if sys.version_info >= (3, 11) else "tomli"
    found: dict[str, Any] = pytest.importorskip(module, reason="no reader of TOML").loads(text)
    return found
