"""Libraries in ``tensorflow-plugins/`` and how they would be loaded."""

from pathlib import Path

import pytest

from builders import macho, trees
from tfmac.observe.distributions import read_distributions
from tfmac.observe.plugins import read_plugins
from tfmac.schema.fact import Found, Unknown
from tfmac.schema.facts import Plugin
from tfmac.schema.platform import Architecture

ARM = Architecture.ARM64


def read(*sites: Path, architecture: Architecture = ARM) -> "tuple[Plugin, ...]":
    folders = tuple(map(str, sites))
    return read_plugins(folders, read_distributions(folders)[0], architecture)


def reason(plugin: Plugin) -> str:
    """Say why the binding is unknown."""
    assert isinstance(plugin.binding, Unknown)
    return plugin.binding.reason


def test_an_owned_plugin_that_loads(tmp_path: Path) -> None:
    """A plug-in is described by its owner, its slices and a binding without gaps."""
    trees.tensorflow(tmp_path)
    trees.metal(tmp_path)

    (plugin,) = read(tmp_path)

    assert plugin.distribution == "tensorflow-metal"
    assert (plugin.architectures, plugin.minimum_macos) == ((ARM,), "12.0")
    assert isinstance(plugin.binding, Found)
    assert plugin.binding.value.loads
    assert plugin.message is None


def test_a_plugin_with_a_missing_name_says_what_the_loader_would(tmp_path: Path) -> None:
    """The names that TensorFlow lacks are listed, and the message begins as dlopen's does."""
    trees.tensorflow(tmp_path)
    trees.metal(tmp_path, "1.2.0", b"_TF_Old", b"_TF_Gone")

    (plugin,) = read(tmp_path)

    assert isinstance(plugin.binding, Found)
    assert [one.name for one in plugin.binding.value.missing_symbols] == ["_TF_Gone"]
    assert plugin.message is not None
    assert plugin.message.startswith("dlopen(")
    assert "_TF_Gone" in plugin.message


def test_a_plugin_that_nothing_lists_is_left_over(tmp_path: Path) -> None:
    """TensorFlow opens a library whose distribution is gone; it has no owner."""
    trees.tensorflow(tmp_path)
    trees.write(tmp_path / trees.PLUGIN_FILE, trees.plugin_library(b"_TF_Old"))

    assert [one.distribution for one in read(tmp_path)] == [None]


def test_a_longer_name_in_a_record_is_no_owner(tmp_path: Path) -> None:
    """Only the very path in RECORD makes an owner, not one that begins like it."""
    trees.distribution(tmp_path, "other", "1", {f"{trees.PLUGIN_FILE}.dSYM/Info.plist": "x"})
    trees.write(tmp_path / trees.PLUGIN_FILE, trees.plugin_library())

    assert [one.distribution for one in read(tmp_path)] == [None]


def test_an_owner_in_another_folder_is_no_owner(tmp_path: Path) -> None:
    """A left-over in the environment does not belong to the base's plug-in."""
    trees.metal(tmp_path / "base")
    trees.write(tmp_path / "own" / trees.PLUGIN_FILE, trees.plugin_library())

    owners = [one.distribution for one in read(tmp_path / "own", tmp_path / "base")]
    assert owners == [None, "tensorflow-metal"]


@pytest.mark.parametrize("length", [0, 3, 20, 60])
def test_a_truncated_plugin_is_unknown_with_the_offset(tmp_path: Path, length: int) -> None:
    """A damaged library is never judged; the reason names the file and the byte."""
    trees.tensorflow(tmp_path)
    trees.write(tmp_path / trees.PLUGIN_FILE, trees.plugin_library(b"_TF_Old")[:length])

    (plugin,) = read(tmp_path)

    assert str(tmp_path / trees.PLUGIN_FILE) in reason(plugin)
    assert "at byte" in reason(plugin)


def test_a_plugin_without_its_tables_is_unknown_with_the_offset(tmp_path: Path) -> None:
    """A library whose header is whole and whose imports are cut off is described, not judged."""
    trees.tensorflow(tmp_path)
    trees.write(tmp_path / trees.PLUGIN_FILE, trees.plugin_library(b"_TF_Old")[:200])

    (plugin,) = read(tmp_path)

    assert plugin.architectures == (ARM,)
    assert "at byte" in reason(plugin)


def test_a_damaged_tensorflow_makes_the_binding_unknown(tmp_path: Path) -> None:
    """The reason names TensorFlow's file, not the plug-in's."""
    trees.tensorflow(tmp_path)
    trees.metal(tmp_path)
    library = tmp_path / "tensorflow/python/_pywrap_tensorflow_internal.so"
    library.write_bytes(library.read_bytes()[:40])

    (plugin,) = read(tmp_path)

    assert plugin.architectures == (ARM,)
    assert reason(plugin).startswith(str(library))
    assert "at byte" in reason(plugin)


def test_without_tensorflow_the_binding_is_unknown(tmp_path: Path) -> None:
    """A plug-in alone cannot be bound to anything."""
    trees.metal(tmp_path)

    (plugin,) = read(tmp_path)

    assert "no tensorflow/python/_pywrap_tensorflow_internal.so" in reason(plugin)


def test_a_plugin_for_another_processor_is_unknown(tmp_path: Path) -> None:
    """Where the process runs as another architecture, what the library holds is named."""
    trees.tensorflow(tmp_path)
    trees.metal(tmp_path)

    (plugin,) = read(tmp_path, architecture=Architecture.X86_64)

    assert reason(plugin) == "code for arm64 only, not x86_64"
    assert plugin.minimum_macos is None


def test_a_tensorflow_for_another_system_makes_the_binding_unknown(tmp_path: Path) -> None:
    """A Mac's plug-in beside a Linux TensorFlow is a reason, not a crash."""
    trees.distribution(
        tmp_path,
        "tensorflow",
        "2.19.1",
        {"tensorflow/python/_pywrap_tensorflow_internal.so": trees.linux_library()},
    )
    library = macho.image(cpu=macho.X86_64)
    trees.write(tmp_path / trees.PLUGIN_FILE, library)

    (plugin,) = read(tmp_path, architecture=Architecture.X86_64)

    assert "different operating systems" in reason(plugin)


@pytest.mark.parametrize(
    ("name", "content", "opened"),
    [
        ("a.dylib", macho.image(), True),
        ("a.so", macho.image(), False),
        ("a.so", trees.linux_library(), True),
        ("a.so.2", trees.linux_library(), True),
        ("a.dylib", trees.linux_library(), False),
        ("README.txt", b"text", False),
    ],
    ids=["mac", "mac-so", "linux", "linux-version", "linux-dylib", "text"],
)
def test_tensorflow_opens_files_by_the_names_of_their_system(
    tmp_path: Path,
    name: str,
    content: bytes,
    opened: bool,  # noqa: FBT001
) -> None:
    """On macOS TensorFlow opens what ends in ``.dylib`` alone, on Linux ``.so`` and versions."""
    trees.write(tmp_path / "tensorflow-plugins" / name, content)

    assert bool(read(tmp_path)) is opened
