"""Which tensorflow-metal loads into which TensorFlow: the table and the questions to it."""

from pathlib import Path

import msgspec
import pytest
from packaging.version import Version

from tfmac.knowledge import plugin_abi, releases, store
from tfmac.schema.knowledge import AbiVerdict, PluginTable, Release, Strength
from tfmac.schema.platform import Target

METAL = "tensorflow-metal"
MAC = Target.parse("macos-14-arm64")


def released(version: str) -> Release:
    found = releases.release("tensorflow", version)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("plugin", "tensorflow", "loads"),
    [
        ("1.2.0", "2.13.1", True),
        ("1.2.0", "2.16.2", True),
        ("1.2.0", "2.19.1", True),
        ("1.2.0", "2.20.0", False),
        ("1.2.0", "2.21.0", False),
        ("1.1.0", "2.17.1", True),
        ("1.1.0", "2.18.0", False),
        ("1.1.0", "2.19.0", False),
        ("1.0.1", "2.13.0", True),
        ("1.0.0", "2.14.0", False),
        ("1.0.0", "2.17.0", False),
    ],
)
def test_known_pairs(plugin: str, tensorflow: str, loads: bool) -> None:  # noqa: FBT001
    """The pairs that users and the loader's rules agree on."""
    pair = plugin_abi.verdict(METAL, plugin, "tensorflow", tensorflow)

    assert pair.verdict is (AbiVerdict.LOADS if loads else AbiVerdict.CANNOT_LOAD)
    assert (pair.message is None) is loads
    assert pair.strength is Strength.STATIC


def test_missing_library_is_what_the_user_sees_first() -> None:
    """Beside TensorFlow 2.20 the loader stops at the library that no image is named after."""
    pair = plugin_abi.verdict(METAL, "1.2.0", "tensorflow", "2.20.0")

    assert pair.missing_libraries == ("@rpath/_pywrap_tensorflow_internal.so",)
    assert pair.message is not None
    assert "Library not loaded: @rpath/_pywrap_tensorflow_internal.so" in pair.message


def test_missing_name_is_in_the_message() -> None:
    """Beside 2.18 plug-in 1.1.0 lacks one logging function; reports stand beside the verdict."""
    pair = plugin_abi.verdict(METAL, "1.1.0", "tensorflow", "2.18.0")

    assert pair.message is not None
    assert pair.missing_symbols[0] in pair.message
    assert any(source.name.endswith("/84167") for source in pair.sources)


@pytest.mark.parametrize("version", ["0.5.0", "0.6.0"])
def test_plugins_before_0_7_load_into_tensorflow_2_9(version: str) -> None:
    """Plug-ins take ``operator new`` from the system's C++ library, which is always there."""
    pair = plugin_abi.verdict(METAL, version, "tensorflow-macos", "2.9.2")

    assert pair.verdict is AbiVerdict.LOADS


@pytest.mark.parametrize(
    ("name", "version", "carrier"),
    [
        ("tensorflow", "2.13.0", "tensorflow-macos==2.13.0"),
        ("tensorflow", "2.15.0", "tensorflow-macos==2.15.0"),
        ("tensorflow", "2.15.1", None),
        ("tensorflow-macos", "2.16.2", "tensorflow==2.16.2"),
        ("tensorflow-macos", "2.12.0", None),
    ],
)
def test_shells_are_followed(name: str, version: str, carrier: "str | None") -> None:
    """An empty shell is judged by the distribution that it pulls in."""
    pair = plugin_abi.verdict(METAL, "1.2.0", name, version)

    assert pair.verdict is AbiVerdict.LOADS
    assert pair.carrier == carrier


@pytest.mark.parametrize("plugin", ["0.1.0", "1.1.0", "1.2.0"])
def test_shell_without_code_is_not_judged(plugin: str) -> None:
    """tensorflow-macos 2.15.1 requires itself: no library, so no verdict of the loader's."""
    pair = plugin_abi.verdict(METAL, plugin, "tensorflow-macos", "2.15.1")

    assert pair.verdict is AbiVerdict.UNKNOWN
    assert "brings no library" in pair.reasons[0]
    assert pair.message is None


@pytest.mark.parametrize(
    ("plugin", "version", "tensorflow", "reason"),
    [
        (METAL, "9.9.9", "2.18.0", "not among the pairs"),
        (METAL, "1.2.0", "2.99.0", "not among the pairs"),
        ("tensorflow-metal-plugin", "0.4.1", "2.21.0", "built when it is installed"),
        ("keras", "3.0.0", "2.18.0", "were not judged"),
        ("no-such-plugin", "1.0", "2.18.0", "nothing is known"),
    ],
)
def test_unlisted_pair_is_unknown(plugin: str, version: str, tensorflow: str, reason: str) -> None:
    """What was not judged is unknown and says why; it never passes as loading."""
    pair = plugin_abi.verdict(plugin, version, "tensorflow", tensorflow)

    assert pair.verdict is AbiVerdict.UNKNOWN
    assert reason in pair.reasons[0]


def test_declared_pin_of_a_plugin_that_is_built_at_install() -> None:
    """A plug-in without wheels goes by its own pin."""
    pair = plugin_abi.verdict("tensorflow-metal-plugin", "0.4.1", "tensorflow", "2.21.0")

    assert "tensorflow==2.21.*" in pair.reasons[0]


def test_other_spelling_of_versions() -> None:
    """1.2 and 1.2.0 are one version."""
    spelled = plugin_abi.verdict(METAL, "1.2", "tensorflow", "2.18.0")

    assert spelled == plugin_abi.verdict(METAL, "1.2.0", "tensorflow", "2.18.0")


def test_pairs_that_load_are_newest_first_and_narrowed() -> None:
    """The best pair for a Python stands first."""
    best = plugin_abi.pairs_that_load(METAL, tensorflow_name="tensorflow", python="3.12")[0]
    of_shells = plugin_abi.pairs_that_load(METAL, tensorflow_name="tensorflow-macos")
    exact = plugin_abi.pairs_that_load(METAL, plugin_version="1.1.0", tensorflow_version="2.17.0")

    assert (best.plugin, best.tensorflow) == ("tensorflow-metal==1.2.0", "tensorflow==2.19.1")
    assert of_shells[0].tensorflow == "tensorflow-macos==2.16.2"
    assert [pair.tensorflow for pair in exact] == ["tensorflow==2.17.0"]
    assert plugin_abi.pairs_that_load(METAL, python="3.13") == ()
    assert plugin_abi.pairs_that_load("no-such-plugin") == ()


def test_every_mac_release_is_judged() -> None:
    """No final TensorFlow release for ARM Macs since 2.13 and no plug-in is left out."""
    judged = {(pair.plugin, pair.tensorflow) for pair in plugin_abi.pairs(METAL)}
    cores = {
        f"tensorflow=={version}"
        for version in releases.versions("tensorflow")
        if Version(version) >= Version("2.13")
        and releases.supported_pythons(released(version), MAC)
    }

    assert len(cores) >= 16

    for plugin in releases.versions(METAL):
        missing = {core for core in cores if (f"{METAL}=={plugin}", core) not in judged}
        assert missing == set()


def test_tables_are_listed() -> None:
    """The plug-ins with a table are told."""
    assert plugin_abi.plugins() == (METAL,)


def test_data_has_provenance_and_order() -> None:
    """Each verdict names the artifacts, with digests, that it was computed from."""
    pairs = plugin_abi.pairs(METAL)
    keys = [
        (
            Version(pair.plugin.partition("==")[2]),
            pair.tensorflow.partition("==")[0],
            Version(pair.tensorflow.partition("==")[2]),
        )
        for pair in pairs
    ]

    assert keys == sorted(set(keys))
    for pair in pairs:
        artifacts = [source for source in pair.sources if not source.name.startswith("https://")]
        assert len(artifacts) == 2 + (pair.carrier is not None)
        assert all(source.sha256 and len(source.sha256) == 64 for source in artifacts)
        assert pair.reasons
        broken = pair.verdict is AbiVerdict.CANNOT_LOAD
        assert broken is bool(pair.message)
        assert broken is bool(pair.missing_libraries or pair.missing_symbols)


def test_data_decodes_strictly() -> None:
    """The table has no field that its type does not know."""
    path = Path(store.__file__).parent / "data" / "plugin_abi" / f"{METAL}.json"
    content = path.read_bytes()

    record = msgspec.json.decode(content, type=PluginTable, strict=True)

    assert msgspec.json.decode(msgspec.json.encode(record)) == msgspec.json.decode(content)
