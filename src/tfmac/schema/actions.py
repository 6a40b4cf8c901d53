"""Changes to a machine as data: described first, carried out by one executor."""

from typing import Optional, Union

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


class ExchangePins(msgspec.Struct, frozen=True, kw_only=True, tag_field="action", tag="exchange"):
    """Remove some distributions from an environment and install others, nothing else.

    ``again`` are those to install even where that version is there already, because files of it
    are missing or are another one's. ``python`` is the environment's interpreter, None for that in
    its ``bin``.
    """

    environment: str
    pins: tuple[Pin, ...]
    removed: tuple[str, ...] = ()
    again: tuple[str, ...] = ()
    python: Optional[str] = None


BuildAction = Union[CreateEnvironment, InstallPins]
"""What makes an environment anew."""

Action = Union[CreateEnvironment, InstallPins, ExchangePins]
