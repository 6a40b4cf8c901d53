"""What the loader would make of an extension beside the images that are loaded before it.

Pure over opened images: files come from an injected ``Images``. The rules stand in
``linking_macho`` (dyld) and ``linking_elf`` (glibc); this module chooses between them and words
the message that a user would see.
"""

from typing import Optional, Protocol

from tfmac.formats import linking_elf, linking_macho
from tfmac.formats.elf import ElfImage
from tfmac.formats.macho import MachImage
from tfmac.formats.native import Image
from tfmac.schema.binary import BinaryFormat, Binding, MissingSymbol

FRAMEWORK_MODE = "0x0006"
"""RTLD_NOW | RTLD_LOCAL, the mode in which TensorFlow opens libraries, as dyld prints it."""


class Images(Protocol):
    """Where the loader finds files: a tree on disk, a wheel, a table in a test."""

    def find(self, path: str) -> Optional[Image]:
        """Open the image at a normalised path, for the processor in question; None if absent."""
        ...


class MixedFormats(ValueError):
    """An extension and the program that should load it are for different systems."""


def bind(*, extension: str, main: str, images: Images) -> Binding:
    """Compute what stays missing when ``extension`` is opened after ``main`` was loaded.

    Both are paths that ``images`` knows; ``main`` stands for itself and everything that it links
    to. Raise ``FileNotFoundError`` when one of them is absent, ``MixedFormats`` when one is
    Mach-O and the other ELF, and pass on ``InvalidBinary``.
    """
    subject, base = _required(images, extension), _required(images, main)
    if isinstance(subject, MachImage) and isinstance(base, MachImage):
        return linking_macho.bind((extension, subject), (main, base), images.find)
    if isinstance(subject, ElfImage) and isinstance(base, ElfImage):
        return linking_elf.bind((extension, subject), (main, base), images.find)
    raise MixedFormats(f"{extension} and {main} are for different operating systems")


def _required(images: Images, path: str) -> Image:
    image = images.find(path)
    if image is None:
        raise FileNotFoundError(path)
    return image


def predicted_message(
    binding: Binding, plugin_path: str, *, mode: str = FRAMEWORK_MODE
) -> Optional[str]:
    """Word the failure as the loader does, or None when the library loads.

    A missing library comes first, else the first missing name in bind order. For Mach-O it is
    dyld's text of macOS 13 and later without the parts that differ between machines: image
    UUIDs, the list of tried paths, and the folder of the library after ``Expected in``. For ELF
    it is glibc's. ``mode`` is that of the call, as dyld prints it.
    """
    if binding.loads:
        return None
    if binding.format is BinaryFormat.ELF:
        return _glibc_message(binding, plugin_path)
    opened = f"dlopen({plugin_path}, {mode})"
    referenced = f"\n  Referenced from: {plugin_path}"
    if binding.missing_libraries:
        return f"{opened}: Library not loaded: {binding.missing_libraries[0]}{referenced}"
    first = binding.missing_symbols[0]
    if first.library is None:
        return f"{opened}: symbol not found in flat namespace '{first.name}'"
    return f"{opened}: Symbol not found: {first.name}{referenced}\n  Expected in: {first.library}"


def _glibc_message(binding: Binding, plugin_path: str) -> str:
    if binding.missing_libraries:
        library = binding.missing_libraries[0]
        return f"{library}: cannot open shared object file: No such file or directory"
    first: MissingSymbol = binding.missing_symbols[0]
    version = f", version {first.version}" if first.version else ""
    return f"{plugin_path}: undefined symbol: {first.name}{version}"
