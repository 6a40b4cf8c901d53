"""What a Python interpreter says about itself when it is asked in a child process."""

from typing import Optional

import msgspec


class InterpreterAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An interpreter's own answer, given without running any code of its environment.

    ``executable`` is the path it was started by, made absolute; ``real_executable`` the file at
    the end of the links. ``prefix`` is the environment's root, ``base_prefix`` the installation
    that it stands on: they differ in a virtual environment.
    """

    executable: str
    real_executable: str
    version: str
    """Full version, for example ``3.12.4``."""
    implementation: str
    """``cpython``, ``pypy`` and so on, as ``sys.implementation.name`` spells it."""
    prefix: str
    base_prefix: str
    machine: str
    """The architecture of the running process, as ``platform.machine()`` spells it."""
    mac_version: str = ""
    """The macOS that the interpreter sees, empty on other systems."""
    platform: str = ""
    """``sysconfig.get_platform()``: on macOS with the oldest system that it was built for."""
    pointer_bits: int = 64
    free_threaded: bool = False
    site_packages: tuple[str, ...] = ()
    """Folders that packages are imported from, in order; the ones that exist."""
    user_site: Optional[str] = None
    """The user's own site-packages, where this interpreter would look there and it exists."""

    @property
    def virtual(self) -> bool:
        """Whether the interpreter belongs to a virtual environment."""
        return self.prefix != self.base_prefix
