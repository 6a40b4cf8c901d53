"""Questions to the table of which GPU plug-in loads into which TensorFlow on ARM Macs.

The verdicts were computed from the published wheels by the loader's own rules. A pair that is not
in the table is unknown, never good.
"""

from typing import Optional

from tfmac.knowledge import releases, store
from tfmac.schema.knowledge import AbiVerdict, PluginPair, PluginTable, Strength
from tfmac.schema.platform import Architecture, OperatingSystem, Target

_MAC = Target(system=OperatingSystem.MACOS, architecture=Architecture.ARM64)


def plugins() -> tuple[str, ...]:
    """Name the plug-ins that there is a table of."""
    return store.names("plugin_abi")


def verdict(
    plugin: str, plugin_version: str, tensorflow_name: str, tensorflow_version: str
) -> PluginPair:
    """Judge one plug-in release beside one TensorFlow release, named as they are installed.

    An empty shell (``tensorflow`` 2.13.0 on ARM Macs) is judged by the distribution that it pulls
    in; that one is the pair's ``carrier``.
    """
    plugin_key = f"{plugin}=={plugin_version}"
    tensorflow_key = f"{tensorflow_name}=={tensorflow_version}"
    found = _pairs(plugin).get((plugin_key, tensorflow_key))
    if found is None:
        # Other spellings of a version (2.19 for 2.19.0) are rare: installed ones are exact.
        known = releases.release(plugin, plugin_version)
        core = releases.release(tensorflow_name, tensorflow_version)
        if known is not None and core is not None:
            key = (f"{plugin}=={known.version}", f"{tensorflow_name}=={core.version}")
            found = _pairs(plugin).get(key)
    return found or PluginPair(
        plugin=plugin_key,
        tensorflow=tensorflow_key,
        verdict=AbiVerdict.UNKNOWN,
        strength=Strength.STATIC,
        reasons=(_why_unknown(plugin, plugin_version, tensorflow_key),),
    )


def pairs(plugin: str) -> tuple[PluginPair, ...]:
    """List all judged pairs of a plug-in, oldest plug-in release first."""
    return tuple(_pairs(plugin).values())


def pairs_that_load(
    plugin: str,
    *,
    plugin_version: Optional[str] = None,
    tensorflow_name: Optional[str] = None,
    tensorflow_version: Optional[str] = None,
    python: Optional[str] = None,
) -> tuple[PluginPair, ...]:
    """List the pairs that load, newest TensorFlow first, then newest plug-in.

    Each argument narrows the list; ``python`` is a minor such as ``3.11`` that has to have wheels
    of both.
    """
    from packaging.version import Version  # noqa: PLC0415

    def age(pair: PluginPair) -> tuple[Version, Version, str]:
        name, _, version = pair.tensorflow.partition("==")
        return (Version(version), Version(pair.plugin.partition("==")[2]), name)

    fitting = [
        pair
        for pair in _pairs(plugin).values()
        if pair.verdict is AbiVerdict.LOADS
        and plugin_version in {None, pair.plugin.partition("==")[2]}
        and tensorflow_name in {None, pair.tensorflow.partition("==")[0]}
        and tensorflow_version in {None, pair.tensorflow.partition("==")[2]}
        and (python is None or python in pair.common_python)
    ]
    return tuple(sorted(fitting, key=age, reverse=True))


@store.remembered
def _pairs(plugin: str) -> dict[tuple[str, str], PluginPair]:
    table = store.find(f"plugin_abi/{plugin}.json", PluginTable)
    return {(pair.plugin, pair.tensorflow): pair for pair in table.pairs} if table else {}


def _why_unknown(plugin: str, version: str, tensorflow: str) -> str:
    if _pairs(plugin):
        return f"{plugin} {version} beside {tensorflow} is not among the pairs that were judged"
    release = releases.release(plugin, version)
    if release is None:
        return f"nothing is known of {plugin} {version}"
    pins = ", ".join(releases.requirements(release, _MAC)) or "nothing"
    if not release.wheels:
        return (
            f"{plugin} {version} is built when it is installed, so there is no library to judge; "
            f"it declares that it needs {pins}"
        )
    return f"the libraries of {plugin} {version} were not judged; it declares that it needs {pins}"
