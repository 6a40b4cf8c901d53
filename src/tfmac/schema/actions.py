"""Changes to a machine as data: described first, carried out by one executor."""

import enum
from typing import Optional, Union

import msgspec

from tfmac.schema.plans import Pin, Variable


class Manager(enum.Enum):
    """What makes an environment and installs into it."""

    UV = "uv"
    VENV = "venv"
    """Python's own venv, and pip."""
    CONDA = "conda"
    """micromamba, mamba or conda for Python; pip for the pins."""


class CreateEnvironment(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="action", tag="create"
):
    """Make an empty environment at ``path`` on an interpreter.

    ``python`` is a path; or a minor version such as ``3.12``, when ``download`` lets uv fetch it or
    conda brings its own.
    """

    path: str
    python: str
    download: bool = False


class InstallPins(msgspec.Struct, frozen=True, kw_only=True, tag_field="action", tag="install"):
    """Install exactly these distributions, and nothing else, into an environment."""

    environment: str
    pins: tuple[Pin, ...]


class BuildPins(msgspec.Struct, frozen=True, kw_only=True, tag_field="action", tag="build"):
    """Build distributions that have no wheel, against what an environment has, and install them."""

    environment: str
    pins: tuple[Pin, ...]


class SetVariables(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="action", tag="set-variables"
):
    """Let every Python program of an environment see variables, where they are not set already."""

    environment: str
    variables: tuple[Variable, ...]


class RegisterKernel(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="action", tag="register-kernel"
):
    """Let Jupyter offer an environment to the user, as a kernel of this name."""

    environment: str
    name: str


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


BuildAction = Union[CreateEnvironment, InstallPins, BuildPins, SetVariables]
"""What makes an environment anew."""

Action = Union[BuildAction, ExchangePins, RegisterKernel]
