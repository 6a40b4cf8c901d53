"""Libraries in ``tensorflow-plugins/``, and how the loader would bind them."""

import os
from collections.abc import Iterable, Iterator
from typing import Optional

from tfmac.formats.distinfo import is_native
from tfmac.formats.linking import MixedFormats, predicted_message
from tfmac.formats.native import ArchitectureNotFound, describe, map_file
from tfmac.formats.reading import InvalidBinary
from tfmac.observe.distributions import Installed
from tfmac.observe.installed_images import TensorFlowNotFound, bind_plugin
from tfmac.schema.binary import BinaryFormat, BinaryImage, Binding
from tfmac.schema.fact import Fact, Found, Unknown
from tfmac.schema.facts import PLUGIN_FOLDER, Plugin
from tfmac.schema.platform import Architecture

_CANNOT_BIND = (TensorFlowNotFound, ArchitectureNotFound, InvalidBinary, MixedFormats, OSError)


def read_plugins(
    site_packages: tuple[str, ...], installed: Iterable[Installed], architecture: Architecture
) -> tuple[Plugin, ...]:
    """Read every library that TensorFlow would open on import.

    TensorFlow takes each file of the folder that is named like a library of the system, whether or
    not a distribution still owns it: ``.dylib`` on macOS, ``.so`` and ``.so.2`` on Linux
    (``tensorflow/python/framework/load_library.py``). A file that cannot be read counts.
    """
    owners = {
        os.path.join(entry.distribution.location, path): entry.distribution.name
        for entry in installed
        for path in entry.files
        if path.startswith(PLUGIN_FOLDER)
    }
    found = (
        _read_plugin(
            folder, name, owners.get(os.path.join(folder, PLUGIN_FOLDER, name)), architecture
        )
        for folder, name in _plugin_files(site_packages)
    )
    return tuple(plugin for plugin in found if plugin is not None)


def _plugin_files(site_packages: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for folder in site_packages:
        plugins = os.path.join(folder, PLUGIN_FOLDER)
        if os.path.isdir(plugins):
            for name in sorted(os.listdir(plugins)):
                if is_native(name):
                    yield folder, name


def _read_plugin(
    folder: str, name: str, owner: Optional[str], architecture: Architecture
) -> Optional[Plugin]:
    path = os.path.join(folder, PLUGIN_FOLDER, name)
    try:
        with open(path, "rb") as file:
            image = describe(path, map_file(file))
    except (InvalidBinary, OSError) as error:
        binding: Fact[Binding] = Unknown(reason=f"{path} cannot be read: {error}")
        return Plugin(
            path=path, distribution=owner, architectures=(), minimum_macos=None, binding=binding
        )
    if name.endswith(".dylib") is not (image.format is BinaryFormat.MACHO):
        return None
    binding = _bind(path, folder, architecture)
    return Plugin(
        path=path,
        distribution=owner,
        architectures=tuple(piece.architecture for piece in image.slices),
        minimum_macos=_minimum_macos(image, architecture),
        binding=binding,
        message=_message(binding, path),
    )


def _bind(path: str, site_packages: str, architecture: Architecture) -> Fact[Binding]:
    try:
        binding = bind_plugin(path, site_packages, architecture)
    except _CANNOT_BIND as error:
        return Unknown(reason=str(error))
    return Found(value=binding, source="the loader's rules over the installed libraries")


def _message(binding: Fact[Binding], path: str) -> Optional[str]:
    if isinstance(binding, Unknown) or binding.value.loads:
        return None
    return predicted_message(binding.value, path)


def _minimum_macos(image: BinaryImage, architecture: Architecture) -> Optional[str]:
    for piece in image.slices:
        if piece.architecture is architecture:
            return piece.minimum_os
    return None
