"""Which environments the recipes name."""

from pathlib import Path

import msgspec


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """What has to be installed, and the path that stands in the logs for it."""

    python: str
    requirements: tuple[str, ...]
    shown: str


class CannotRun(Exception):
    """No environment could be made, or a step before the error failed."""


def load_environments() -> dict[str, Environment]:
    """Read which environments the recipes can name."""
    path = Path(__file__).with_name("environments.json")
    return msgspec.json.decode(path.read_bytes(), type=dict[str, Environment])
