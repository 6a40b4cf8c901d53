"""Which extension loads into which framework: the tables and the questions to them."""

import re
from pathlib import Path

import msgspec
import pytest
from packaging.version import Version

from tfmac.knowledge import extension_abi, releases, store
from tfmac.schema.abi import (
    AbiVerdict,
    ExtensionTable,
    HeaderTable,
    ReportTable,
    Strength,
)
from tfmac.schema.knowledge import Release
from tfmac.schema.platform import Target

METAL = "tensorflow-metal"
MAC = Target.parse("macos-14-arm64")
LOADING = {AbiVerdict.LOADS, AbiVerdict.LOADS_BUT_UNSAFE}
SHA256 = re.compile(r"[0-9a-f]{64}")


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
    pair = extension_abi.verdict(METAL, plugin, "tensorflow", tensorflow)

    assert (pair.verdict in LOADING) is loads
    assert (pair.verdict is AbiVerdict.CANNOT_LOAD) is not loads
    assert (pair.message is None) is loads
    assert pair.strength is Strength.STATIC


def test_missing_library_is_what_the_user_sees_first() -> None:
    """Beside TensorFlow 2.20 the loader stops at the library that no image is named after."""
    pair = extension_abi.verdict(METAL, "1.2.0", "tensorflow", "2.20.0")

    assert pair.unresolved_libraries == ("@rpath/_pywrap_tensorflow_internal.so",)
    assert pair.message is not None
    assert "Library not loaded: @rpath/_pywrap_tensorflow_internal.so" in pair.message


def test_missing_name_is_in_the_message() -> None:
    """Beside 2.18 plug-in 1.1.0 lacks one logging function; reports stand beside the verdict."""
    pair = extension_abi.verdict(METAL, "1.1.0", "tensorflow", "2.18.0")

    assert pair.message is not None
    assert pair.missing_symbols[0] in pair.message
    assert any(source.name.endswith("/84167") for source in pair.sources)


@pytest.mark.parametrize("version", ["0.5.0", "0.6.0"])
def test_plugins_before_0_7_load_into_tensorflow_2_9(version: str) -> None:
    """Plug-ins take ``operator new`` from the system's C++ library, which is always there."""
    pair = extension_abi.verdict(METAL, version, "tensorflow-macos", "2.9.2")

    assert pair.verdict in LOADING


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
    pair = extension_abi.verdict(METAL, "1.2.0", name, version)

    assert pair.verdict in LOADING
    assert pair.carrier == carrier
    assert any("empty shell" in reason for reason in pair.reasons) is bool(carrier)


@pytest.mark.parametrize("plugin", ["0.1.0", "1.1.0", "1.2.0"])
def test_shell_without_code_is_not_judged(plugin: str) -> None:
    """tensorflow-macos 2.15.1 requires itself: no library, so no verdict of the loader's."""
    pair = extension_abi.verdict(METAL, plugin, "tensorflow-macos", "2.15.1")

    assert pair.verdict is AbiVerdict.UNKNOWN
    assert "brings no library" in pair.reasons[0]
    assert pair.message is None


@pytest.mark.parametrize(
    ("plugin", "version", "tensorflow", "reason"),
    [
        (METAL, "9.9.9", "2.18.0", "not among the pairs"),
        (METAL, "1.2.0", "2.99.0", "not among the pairs"),
        ("tensorflow-metal-plugin", "0.4.1", "2.21.0", "built when it is installed"),
        ("keras", "3.0.0", "2.18.0", "was not judged"),
        ("tensorflow-compression", "2.14.1", "2.14.0", "has no wheel for ARM Macs"),
        ("no-such-plugin", "1.0", "2.18.0", "nothing is known"),
    ],
)
def test_unlisted_pair_is_unknown(plugin: str, version: str, tensorflow: str, reason: str) -> None:
    """What was not judged is unknown and says why; it never passes as loading."""
    pair = extension_abi.verdict(plugin, version, "tensorflow", tensorflow)

    assert pair.verdict is AbiVerdict.UNKNOWN
    assert reason in pair.reasons[0]


def test_declared_pin_of_a_plugin_that_is_built_at_install() -> None:
    """A plug-in without wheels goes by its own pin."""
    pair = extension_abi.verdict("tensorflow-metal-plugin", "0.4.1", "tensorflow", "2.21.0")

    assert "tensorflow==2.21.*" in pair.reasons[0]


def test_other_spelling_of_versions() -> None:
    """1.2 and 1.2.0 are one version."""
    spelled = extension_abi.verdict(METAL, "1.2", "tensorflow", "2.18.0")

    assert spelled == extension_abi.verdict(METAL, "1.2.0", "tensorflow", "2.18.0")


def test_pairs_that_load_are_newest_first_and_narrowed() -> None:
    """The best pair for a Python stands first."""
    best = extension_abi.pairs_that_load(METAL, framework="tensorflow", python="3.12")[0]
    of_shells = extension_abi.pairs_that_load(METAL, framework="tensorflow-macos")
    exact = extension_abi.pairs_that_load(
        METAL, extension_version="1.1.0", framework_version="2.17.0"
    )

    assert (best.extension, best.framework) == ("tensorflow-metal==1.2.0", "tensorflow==2.19.1")
    assert of_shells[0].framework == "tensorflow-macos==2.16.2"
    assert [pair.framework for pair in exact] == ["tensorflow==2.17.0"]
    assert extension_abi.pairs_that_load(METAL, python="3.13") == ()
    assert extension_abi.pairs_that_load("no-such-plugin") == ()


def test_every_mac_release_is_judged() -> None:
    """No final TensorFlow release for ARM Macs since 2.13 and no plug-in is left out."""
    judged = {(pair.extension, pair.framework) for pair in extension_abi.pairs(METAL)}
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
    """The extensions with a table are told, and what each was judged beside."""
    assert set(extension_abi.extensions()) >= {METAL, "jax-metal", "tensorflow-text"}
    assert extension_abi.frameworks(METAL) == ("tensorflow", "tensorflow-macos")
    assert extension_abi.frameworks("jax-metal") == ("jaxlib",)
    assert extension_abi.frameworks("no-such-extension") == ()


def test_builds_of_a_release_are_told_apart() -> None:
    """tensorflow-metal 0.8.0 has another library for Python 3.11; 17 builds in all."""
    builds = store.load(f"{extension_abi.FOLDER}/{METAL}.json", ExtensionTable).builds

    assert len(builds) == 17
    assert [build.pythons for build in builds if build.version == "0.8.0"] == [
        ("3.11",),
        ("3.8", "3.9", "3.10"),
    ]
    whole = extension_abi.verdict(METAL, "0.8.0", "tensorflow-macos", "2.12.0")
    assert whole.common_python == ("3.8", "3.9", "3.10", "3.11")


@pytest.mark.parametrize(
    ("plugin", "tensorflow", "struct"),
    [
        ("0.6.0", "2.9.0", "TP_OptimizerConfigs"),
        ("0.5.0", "2.10.0", "TP_OptimizerConfigs"),
        ("0.2.0", "2.7.0", "SP_StreamExecutor"),
    ],
)
def test_moved_fields_make_a_pair_unsafe(plugin: str, tensorflow: str, struct: str) -> None:
    """TensorFlow 2.7 and 2.10 inserted fields into structs that plug-ins fill."""
    pair = extension_abi.verdict(METAL, plugin, "tensorflow-macos", tensorflow)

    assert pair.verdict is AbiVerdict.LOADS_BUT_UNSAFE
    assert any(struct in reason for reason in pair.unsafe)
    assert set(pair.unsafe) <= set(pair.reasons)
    assert pair.strength is Strength.STATIC


@pytest.mark.parametrize(
    ("plugin", "tensorflow"),
    [("0.3.0", "2.8.0"), ("0.4.0", "2.9.2"), ("0.5.1", "2.9.2"), ("0.7.1", "2.11.0")],
)
def test_appended_fields_do_not(plugin: str, tensorflow: str) -> None:
    """TensorFlow 2.9 appended a field to SP_Platform."""
    pair = extension_abi.verdict(METAL, plugin, "tensorflow-macos", tensorflow)

    assert pair.verdict is AbiVerdict.LOADS


@pytest.mark.parametrize(
    ("plugin", "name", "tensorflow", "thread"),
    [
        ("1.1.0", "tensorflow", "2.16.1", "/71577"),
        ("1.1.0", "tensorflow", "2.14.0", "/92686"),
        ("0.7.0", "tensorflow-macos", "2.11.0", "/1357"),
    ],
)
def test_reported_trouble_makes_a_pair_unsafe(
    plugin: str, name: str, tensorflow: str, thread: str
) -> None:
    """A thread about the very pair, also for a shell of the same code; nothing else changes."""
    pair = extension_abi.verdict(METAL, plugin, name, tensorflow)

    assert pair.verdict is AbiVerdict.LOADS_BUT_UNSAFE
    assert pair.message is None
    assert any(source.name.endswith(thread) for source in pair.sources)
    assert any(reason.startswith("reported: ") for reason in pair.unsafe)


@pytest.mark.parametrize(
    ("plugin", "tensorflow"), [("1.2.0", "2.19.1"), ("1.2.0", "2.18.1"), ("1.1.0", "2.17.1")]
)
def test_pairs_that_nothing_stands_against(plugin: str, tensorflow: str) -> None:
    """What works is not doubted by what is known of other pairs."""
    assert (
        extension_abi.verdict(METAL, plugin, "tensorflow", tensorflow).verdict is AbiVerdict.LOADS
    )


def test_vendor_table_never_improves_a_verdict() -> None:
    """The vendor pairs 1.1.0 with 2.18; by the loader's rules that is wrong."""
    pair = extension_abi.verdict(METAL, "1.1.0", "tensorflow", "2.18.0")

    assert pair.verdict is AbiVerdict.CANNOT_LOAD
    assert "by the loader's rules it is wrong" in pair.reasons[-1]


def test_safe_pairs_come_first_beside_a_framework() -> None:
    """An older plug-in that nothing stands against is better than a newer one with doubts."""
    found = extension_abi.pairs_that_load(METAL, framework="tensorflow", framework_version="2.16.2")

    assert found[0].verdict is AbiVerdict.LOADS
    assert found[0].extension == "tensorflow-metal==1.1.0"
    assert "tensorflow-metal==1.2.0" in {pair.extension for pair in found}


@pytest.mark.parametrize(
    ("extension", "version", "tensorflow", "verdict"),
    [
        ("tensorflow-text", "2.19.0", "2.19.0", AbiVerdict.LOADS),
        ("tensorflow-text", "2.20.1", "2.21.0", AbiVerdict.CANNOT_LOAD),
        ("tensorflow-text", "2.21.0", "2.21.0", AbiVerdict.CANNOT_LOAD),
        ("tensorflow-decision-forests", "1.12.0", "2.19.1", AbiVerdict.LOADS),
        ("tensorflow-decision-forests", "1.11.0", "2.19.1", AbiVerdict.CANNOT_LOAD),
        ("tensorflow-io", "0.37.1", "2.18.0", AbiVerdict.LOADS_BUT_UNSAFE),
        ("tensorflow-addons", "0.23.0", "2.15.1", AbiVerdict.LOADS_BUT_UNSAFE),
    ],
)
def test_other_extensions(
    extension: str, version: str, tensorflow: str, verdict: AbiVerdict
) -> None:
    """The verdict is over the libraries that the package's import opens."""
    assert extension_abi.verdict(extension, version, "tensorflow", tensorflow).verdict is verdict


@pytest.mark.parametrize(
    ("extension", "version", "tensorflow", "seen"),
    [
        (
            "tensorflow-text",
            "2.21.0",
            "2.21.0",
            "symbol not found in flat namespace '_icudt77_dat'",
        ),
        (
            "tensorflow-io",
            "0.37.1",
            "2.18.0",
            (
                "libtensorflow_io.so, 0x0006): symbol not found in flat namespace "
                "'__ZN10tensorflow6tensor6ConcatERKN4absl12lts_202308024SpanIKNS_6TensorEEEPS4_'"
            ),
        ),
    ],
)
def test_messages_that_users_saw(extension: str, version: str, tensorflow: str, seen: str) -> None:
    """Public threads have what was predicted: tensorflow/text 1541, tensorflow/io 2137."""
    pair = extension_abi.verdict(extension, version, "tensorflow", tensorflow)

    assert pair.message is not None
    assert seen in pair.message


def test_what_loading_does_not_show_is_said() -> None:
    """Operations built for another minor, and jaxlib's later wishes; no verdict changes by it."""
    same = extension_abi.verdict("tensorflow-text", "2.18.1", "tensorflow", "2.18.1")
    other = extension_abi.verdict("tensorflow-text", "2.19.0", "tensorflow", "2.18.1")
    plugin = extension_abi.verdict(METAL, "1.1.0", "tensorflow", "2.17.1")
    jax = extension_abi.verdict("jax-metal", "0.1.1", "jaxlib", "0.12.0")

    assert {pair.verdict for pair in (same, other, plugin, jax)} == {AbiVerdict.LOADS}
    assert len(same.reasons) == 1
    assert "built for tensorflow 2.19.0" in other.reasons[1]
    assert not any("C++" in reason for reason in plugin.reasons)
    assert "loading alone" in jax.reasons[1]


@pytest.mark.parametrize("extension", extension_abi.extensions())
def test_data_has_provenance_and_order(extension: str) -> None:
    """Each verdict names the artifacts, with digests, that it was computed from."""
    pairs = extension_abi.pairs(extension)
    keys = [
        (
            Version(pair.extension.partition("==")[2]),
            pair.framework.partition("==")[0],
            Version(pair.framework.partition("==")[2]),
        )
        for pair in pairs
    ]

    assert pairs
    assert keys == sorted(set(keys))
    for pair in pairs:
        artifacts = [source for source in pair.sources if not source.name.startswith("https://")]
        assert len(artifacts) >= 2 + (pair.carrier is not None)
        assert all(source.sha256 and SHA256.fullmatch(source.sha256) for source in artifacts)
        assert pair.reasons
        assert bool(pair.unsafe) is (pair.verdict is AbiVerdict.LOADS_BUT_UNSAFE)
        if pair.verdict in {AbiVerdict.CANNOT_LOAD, AbiVerdict.LOADS}:
            broken = pair.verdict is AbiVerdict.CANNOT_LOAD
            assert broken is bool(pair.message)
            assert broken is bool(pair.unresolved_libraries or pair.missing_symbols)


@pytest.mark.parametrize("extension", extension_abi.extensions())
def test_a_table_fits_together(extension: str) -> None:
    """Every row has a place for every framework, and points to outcomes and names that exist."""
    table = store.load(f"{extension_abi.FOLDER}/{extension}.json", ExtensionTable)

    assert table.skipped == {}
    for build in table.builds:
        assert len(build.outcomes) == len(table.frameworks)
        for framework, place in zip(table.frameworks, build.outcomes):
            assert (place is None) is framework.without_code
            assert place is None or 0 <= place < len(table.outcomes)
    places = {one for outcome in table.outcomes for one in outcome.missing_symbols}
    assert places == set(range(len(table.symbols)))
    assert len(set(table.outcomes)) == len(table.outcomes)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        *(
            (f"{extension_abi.FOLDER}/{name}.json", ExtensionTable)
            for name in extension_abi.extensions()
        ),
        (extension_abi.REPORTS, ReportTable),
        ("header_layouts.json", HeaderTable),
    ],
)
def test_data_decodes_strictly(path: str, kind: "type[msgspec.Struct]") -> None:
    """The files have no field that their types do not know."""
    content = (Path(store.__file__).parent / "data" / path).read_bytes()

    record = msgspec.json.decode(content, type=kind, strict=True)

    assert msgspec.json.decode(msgspec.json.encode(record)) == msgspec.json.decode(content)


def test_reports_are_about_judged_pairs() -> None:
    """Each names a pair of the tables and a public thread; none contradicts the loader's rules."""
    for report in store.load(extension_abi.REPORTS, ReportTable).reports:
        name, _, version = report.extension.partition("==")
        pair = extension_abi.verdict(name, version, *report.framework.split("=="))
        assert report.address.startswith("https://")
        assert any(source.name == report.address for source in pair.sources)
        assert (pair.verdict is AbiVerdict.CANNOT_LOAD) is not report.loads
