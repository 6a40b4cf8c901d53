"""Questions to the release lists, asked of real ones where they are settled history."""

from pathlib import Path

import msgspec
import pytest
from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from knowledge.conftest import Write
from tfmac.knowledge import releases, store
from tfmac.schema.knowledge import PackageReleases, Release, Source, Variant, Wheel
from tfmac.schema.platform import Target

MAC_14 = Target.parse("macos-14-arm64")
MAC_11 = Target.parse("macos-11-arm64")
INTEL_MAC = Target.parse("macos-13-x86_64")
LINUX = Target.parse("linux-x86_64")
LINUX_ARM = Target.parse("linux-aarch64")

LISTED = releases.packages()


def made(*tags: str, requires_python: "str | None" = None) -> Release:
    return Release(
        version="1.0",
        date="2024-01-01",
        source=Source(name="made-1.0.whl", sha256="0" * 64),
        requires_python=requires_python,
        wheels=tuple(Wheel(tags=each, size=index) for index, each in enumerate(tags)),
    )


def real(name: str, version: str) -> Release:
    found = releases.release(name, version)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("tags", "target", "expected"),
    [
        ("cp312-cp312-macosx_12_0_arm64", MAC_14, ("3.12",)),
        ("cp312-cp312-macosx_12_0_arm64", MAC_11, ()),
        ("cp312-cp312-macosx_12_0_arm64", INTEL_MAC, ()),
        ("cp312-cp312-macosx_10_9_universal2", MAC_14, ("3.12",)),
        ("cp312-cp312-macosx_10_9_universal2", INTEL_MAC, ("3.12",)),
        ("cp37-cp37m-macosx_10_9_x86_64", INTEL_MAC, ("3.7",)),
        ("cp313-abi3-macosx_11_0_arm64", MAC_14, ("3.13", "3.14", "3.15")),
        ("cp313-cp313t-macosx_11_0_arm64", MAC_14, ()),
        ("cp39-none-macosx_11_0_arm64", MAC_14, ("3.9",)),
        ("py3-none-macosx_11_0_arm64", MAC_14, releases.PYTHONS),
        ("py2.py3-none-any", LINUX_ARM, releases.PYTHONS),
        ("py2-none-any", LINUX_ARM, ()),
        ("cp310.cp311-cp310.cp311-manylinux_2_17_x86_64", LINUX, ("3.10", "3.11")),
        ("cp310-cp310-manylinux_2_17_aarch64.manylinux2014_aarch64", LINUX_ARM, ("3.10",)),
        ("cp310-cp310-manylinux_2_17_aarch64.manylinux2014_aarch64", LINUX, ()),
        ("cp310-cp310-win_amd64", LINUX, ()),
        ("cp399-cp399-macosx_12_0_arm64", MAC_14, ("3.99",)),
    ],
)
def test_tags_decide_the_pythons(tags: str, target: Target, expected: "tuple[str, ...]") -> None:
    """A wheel's tags say for which machine and which Pythons it is."""
    assert releases.supported_pythons(made(tags), target) == expected


def test_requires_python_narrows_open_ended_wheels() -> None:
    """A wheel that fits any Python is only for those that Requires-Python allows."""
    release = made("py3-none-any", requires_python=">=3.11,!=3.13.*")

    assert releases.supported_pythons(release, MAC_14) == ("3.11", "3.12", "3.14", "3.15")
    assert not releases.has_wheel(release, MAC_14, "3.10")


def test_requires_python_within_a_minor() -> None:
    """A minor is allowed when some of its releases are; a full version is taken at its word."""
    release = made("py3-none-any", requires_python=">=3.9.2")

    assert releases.has_wheel(release, MAC_14, "3.9")
    assert not releases.has_wheel(release, MAC_14, "3.9.1")
    assert releases.has_wheel(release, MAC_14, "3.9.18")


def test_unreadable_requires_python_is_ignored() -> None:
    """As installers do, a specifier that cannot be read forbids nothing."""
    assert releases.has_wheel(made("py3-none-any", requires_python="three"), MAC_14, "3.9")


def test_free_threaded_python_has_its_own_wheels() -> None:
    """A free-threaded Python takes neither ordinary nor stable-ABI wheels."""
    release = made(
        "cp313-cp313-macosx_11_0_arm64",
        "cp313-cp313t-macosx_11_0_arm64",
        "cp38-abi3-macosx_11_0_arm64",
    )

    found = releases.wheel_for(release, MAC_14, "3.13t")

    assert found is not None
    assert found.tags == "cp313-cp313t-macosx_11_0_arm64"
    assert not releases.has_wheel(release, MAC_14, "3.14t")


def test_installers_choice_among_several_wheels() -> None:
    """The exact ABI goes before the stable one, and the newest macOS before older ones."""
    release = made(
        "py3-none-any",
        "cp38-abi3-macosx_13_0_arm64",
        "cp312-cp312-macosx_11_0_arm64",
        "cp312-cp312-macosx_14_0_arm64",
        "cp312-cp312-macosx_15_0_arm64",
        "cp310-abi3-macosx_11_0_arm64",
    )

    assert releases.wheel_size(release, MAC_14, "3.12") == 3
    assert releases.wheel_size(release, MAC_11, "3.12") == 2
    assert releases.wheel_size(release, MAC_14, "3.11") == 5
    assert releases.wheel_size(release, LINUX, "3.11") == 0
    assert releases.wheel_size(made("cp39-cp39-win_amd64"), LINUX, "3.9") is None


def test_minimum_macos_is_the_oldest_tag() -> None:
    """The oldest macOS of any fitting wheel counts, even above the target's own."""
    release = made(
        "cp312-cp312-macosx_14_0_arm64",
        "cp312-cp312-macosx_12_3_arm64",
        "cp311-cp311-macosx_11_0_arm64",
    )

    assert releases.minimum_macos(release, MAC_11, "3.12") == "12.3"
    assert releases.minimum_macos(release, MAC_11, "3.13") is None
    assert releases.minimum_macos(release, LINUX, "3.12") is None
    assert releases.minimum_macos(made("py3-none-any"), MAC_14, "3.12") is None
    old = made("py3-none-any", requires_python="<3.9")
    assert releases.minimum_macos(old, MAC_14, "3.12") is None


def test_malformed_python_is_refused() -> None:
    """A Python that is no version is the caller's mistake."""
    with pytest.raises(ValueError, match="write it as"):
        releases.has_wheel(made("py3-none-any"), MAC_14, "three")


def test_shell_for_arm_macs_has_its_own_requirements() -> None:
    """TensorFlow 2.14.0 requires tensorflow-macos on ARM Macs and its packages on Linux."""
    release = real("tensorflow", "2.14.0")

    mac = {Requirement(text).name for text in releases.requirements(release, MAC_14)}
    linux = {Requirement(text).name for text in releases.requirements(release, LINUX)}

    assert "tensorflow-macos" in mac
    assert "keras" not in mac
    assert {"keras", "numpy", "ml-dtypes"} <= linux
    assert "arm64" in releases.source(release, MAC_14).name
    assert "manylinux" in releases.source(release, LINUX).name


def test_variant_of_a_platform(write: Write) -> None:
    """A platform that a variant names gets that variant's word, every other the release's."""
    variant = Variant(
        platforms=("linux-x86_64",),
        source=Source(name="linux.whl", sha256="1" * 64),
        requires_python=">=3.10",
        requires=("b",),
    )
    release = msgspec.structs.replace(made("py3-none-any"), requires=("a",), variants=(variant,))
    write(
        "releases/made-up.json",
        PackageReleases(schema_version=1, name="made-up", releases=(release,)),
    )

    found = real("Made_Up", "1.0")

    assert releases.requirements(found, LINUX) == ("b",)
    assert releases.requires_python(found, LINUX) == ">=3.10"
    assert releases.requirements(found, MAC_14) == ("a",)
    assert releases.source(found, INTEL_MAC).name == "made-1.0.whl"
    assert not releases.has_wheel(found, LINUX, "3.9")
    assert releases.has_wheel(found, MAC_14, "3.9")


def test_history_of_tensorflow_on_macs() -> None:
    """Settled facts: ARM Macs from 2.13 on, Intel Macs until 2.16.2, Python 3.13 with 2.20."""
    assert releases.supported_pythons(real("tensorflow", "2.12.0"), MAC_14) == ()
    assert releases.supported_pythons(real("tensorflow", "2.20.0"), MAC_14)[-1] == "3.13"
    assert releases.supported_pythons(real("tensorflow", "2.16.2"), INTEL_MAC)[-1] == "3.12"
    assert releases.supported_pythons(real("tensorflow", "2.17.0"), INTEL_MAC) == ()
    assert releases.minimum_macos(real("tensorflow", "2.18.0"), MAC_14, "3.12") == "12.0"
    size = releases.wheel_size(real("tensorflow", "2.13.0"), MAC_14, "3.11")
    assert size is not None
    assert size < 10_000


def test_versions_newest_first() -> None:
    """Versions come newest first, without pre-releases and yanked ones unless asked for."""
    everything = releases.versions("tensorflow", prereleases=True, yanked=True)
    final = releases.versions("tensorflow")

    assert [*everything] == sorted(everything, key=Version, reverse=True)
    assert "2.20.0rc0" in everything
    assert "2.20.0rc0" not in final
    assert "2.19.1" in final
    assert "2.4.0" not in releases.versions("numpy")
    assert "2.4.0" in releases.versions("numpy", yanked=True)


def test_release_by_any_spelling() -> None:
    """A release is found under every spelling of its name and version."""
    assert releases.release("tf_keras", "2.16") == releases.release("tf-keras", "2.16.0")
    assert releases.release("tensorflow", "2.16") is None
    assert releases.release("tensorflow", "not a version") is None


def test_unknown_package() -> None:
    """Of a package that is not listed nothing is known; that is no error."""
    assert releases.package("no-such-package") is None
    assert releases.release("no-such-package", "2.0") is None
    assert releases.versions("no-such-package") == ()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b'{"schema_version":1,"name":"made"', "damaged"),
        (b"<html>", "damaged"),
        (b'{"schema_version":1,"name":3,"releases":[]}', "damaged"),
        (b'{"schema_version":2,"name":"made","releases":[]}', "schema version 2"),
    ],
    ids=["half", "html", "wrong type", "newer"],
)
def test_damaged_file_is_named(write: Write, content: bytes, problem: str) -> None:
    """A damaged data file stops with its name and what is wrong."""
    empty = PackageReleases(schema_version=1, name="made", releases=())
    write("releases/made.json", empty).write_bytes(content)

    with pytest.raises(store.KnowledgeError, match=problem) as caught:
        releases.package("made")

    assert "releases/made.json" in str(caught.value)


def test_missing_file_is_named(write: Write, tmp_path: Path) -> None:
    """A data file that has to be there is named when it is not."""
    del write
    with pytest.raises(store.KnowledgeError, match=r"releases/made\.json is missing"):
        store.load("releases/made.json", PackageReleases)

    (tmp_path / "folder.json").mkdir()
    with pytest.raises(store.KnowledgeError, match="cannot be read"):
        store.load("folder.json", PackageReleases)
    assert store.names("nowhere") == ()


@pytest.mark.parametrize("name", LISTED)
def test_data_has_provenance_and_order(name: str) -> None:
    """Every release has a digest of its source, every version parses, oldest first."""
    record = releases.package(name)

    assert record is not None
    assert record.name == name
    final = {str(version) for version in map(Version, releases.versions(name, yanked=True))}
    parsed = [Version(release.version) for release in record.releases]
    assert parsed == sorted(set(parsed))
    assert final == {str(version) for version in parsed if not version.is_prerelease}
    for release in record.releases:
        assert release.wheels or release.sdist or release.version not in record.skipped
        for source in (release.source, *(variant.source for variant in release.variants)):
            assert source.sha256 is not None
            assert len(source.sha256) == 64


@pytest.mark.parametrize("name", LISTED)
def test_data_decodes_strictly(name: str) -> None:
    """A list has no field that its type does not know: what is written is what is read."""
    path = Path(store.__file__).parent / "data" / "releases" / f"{name}.json"
    content = path.read_bytes()

    record = msgspec.json.decode(content, type=PackageReleases, strict=True)

    assert msgspec.json.decode(msgspec.json.encode(record)) == msgspec.json.decode(content)
    assert content.endswith(b"\n")


def test_requirements_of_data_parse() -> None:
    """Every requirement of a TensorFlow release since 2.5 can be read."""
    for name in ("tensorflow", "tensorflow-cpu", "tensorflow-macos", "keras", "tf-keras"):
        for version in releases.versions(name):
            for target in (MAC_14, LINUX):
                for text in releases.requirements(real(name, version), target):
                    Requirement(text)


@pytest.mark.parametrize(
    "text",
    [
        ">=3.9",
        ">=3.9.2",
        ">= 3.6, < 3.13",
        "<3.12.4",
        "<=3.11",
        ">3.10",
        "!=3.0.*,!=3.11.*,>=2.7",
        "!=3.11.0",
        ">=3.8,<4",
        "~=3.9",
        "==3.11.*",
        "<3.*",
        "",
    ],
)
def test_requires_python_as_the_standard_says(text: str) -> None:
    """Requires-Python is read as the packaging library reads it, for every micro release."""
    release = made("py3-none-any", requires_python=text)
    try:
        specifier = SpecifierSet(text)
    except InvalidSpecifier:
        specifier = SpecifierSet()

    for minor in range(6, 16):
        for micro in (0, 1, 2, 3, 4, 18):
            python = f"3.{minor}.{micro}"
            assert releases.has_wheel(release, MAC_14, python) is (python in specifier), python


def test_a_macos_version_may_have_three_numbers() -> None:
    """Macs say 15.1.1; a patch number does not change which wheels fit."""
    release = releases.release("tensorflow", "2.19.1")
    assert release is not None
    exact = releases.supported_pythons(release, Target.parse("macos-15.1.1-arm64"))
    assert exact == releases.supported_pythons(release, Target.parse("macos-15-arm64"))
