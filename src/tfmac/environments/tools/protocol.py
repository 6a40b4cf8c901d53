"""What a tool has to do that makes environments, and what all of them share."""

import os
from collections.abc import Sequence
from typing import Optional, Protocol

from tfmac.schema.actions import BuildPins, CreateEnvironment, InstallPins
from tfmac.schema.plans import Pin


class EnvironmentTool(Protocol):
    """Makes an environment and installs into it; raises ``EnvironmentChangeFailed``.

    ``held`` are files that its programs keep open as long as they work.
    """

    @property
    def movable(self) -> bool:
        """Whether what it makes can be made ready to lie elsewhere (``settle``).

        What is not has to be made where it will be, in an empty folder.
        """
        ...

    def create(self, action: CreateEnvironment, held: Sequence[int]) -> None:
        """Make an empty environment in a folder that is empty or absent."""
        ...

    def install(self, action: InstallPins, held: Sequence[int]) -> None:
        """Install exactly the pins."""
        ...

    def build(self, action: BuildPins, held: Sequence[int]) -> None:
        """Build the pins from their sources against what is installed, and install them.

        What they need to be built is installed already. Nothing that was built before is used: it
        may hold the path and the versions of another environment.
        """
        ...

    def settle(self, environment: str, directory: str) -> None:
        """Make an environment ready to be moved to a directory."""
        ...

    def cache_folder(self) -> Optional[str]:
        """Return where it keeps what it downloads, None where that is not known."""
        ...


def interpreter_of(environment: str) -> str:
    """Return the path of a virtual environment's interpreter."""
    return os.path.join(environment, "bin", "python")


def named(pins: Sequence[Pin]) -> str:
    """Name pins in a sentence."""
    return ", ".join(map(str, pins))
