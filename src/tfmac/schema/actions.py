"""Changes to a machine as data: described first, carried out by one executor."""

from typing import Union

import msgspec

from tfmac.schema.plans import Pin


class CreateEnvironment(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="action", tag="create"
):
    """Make an empty virtual environment at ``path`` on an interpreter.

    ``python`` is a path, or a minor version such as ``3.12`` when ``download`` lets uv fetch it.
    """

    path: str
    python: str
    download: bool = False


class InstallPins(msgspec.Struct, frozen=True, kw_only=True, tag_field="action", tag="install"):
    """Install exactly these distributions, and nothing else, into an environment."""

    environment: str
    pins: tuple[Pin, ...]


Action = Union[CreateEnvironment, InstallPins]
