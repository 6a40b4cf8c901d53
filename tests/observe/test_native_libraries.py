"""The architectures of native libraries, by their first bytes."""

from pathlib import Path

from builders import elf, macho, trees
from tfmac.observe.distributions import read_distributions
from tfmac.observe.native_libraries import read_native_libraries
from tfmac.schema.facts import NativeLibraries
from tfmac.schema.platform import Architecture

ARM, INTEL = Architecture.ARM64, Architecture.X86_64
ARM_IMAGE, INTEL_IMAGE = macho.image(), macho.image(cpu=macho.X86_64)
UNIVERSAL = macho.fat([(macho.X86_64, INTEL_IMAGE), (macho.ARM64, ARM_IMAGE)])


def read(site: Path) -> "tuple[NativeLibraries, ...]":
    return read_native_libraries(read_distributions((str(site),))[0])


def test_libraries_are_grouped_by_what_they_hold(tmp_path: Path) -> None:
    """Each distribution has one group for each set of architectures, with an example."""
    files = {"a/one.so": ARM_IMAGE, "a/two.dylib": ARM_IMAGE, "a/wide.so": UNIVERSAL}
    trees.distribution(tmp_path, "a", "1", files)
    trees.distribution(tmp_path, "b", "1", {"b.so": INTEL_IMAGE})

    assert read(tmp_path) == (
        NativeLibraries(distribution="a", architectures=(ARM,), count=2, example="a/one.so"),
        NativeLibraries(distribution="a", architectures=(INTEL, ARM), count=1, example="a/wide.so"),
        NativeLibraries(distribution="b", architectures=(INTEL,), count=1, example="b.so"),
    )


def test_linux_libraries_are_read_too(tmp_path: Path) -> None:
    """An ELF library counts under the same names of architectures."""
    files = {"a.so": elf.image(), "liba.so.2": elf.image(machine=elf.AARCH64)}
    trees.distribution(tmp_path, "a", "1", files)

    assert {(one.architectures, one.example) for one in read(tmp_path)} == {
        ((INTEL,), "a.so"),
        ((ARM,), "liba.so.2"),
    }


def test_what_is_no_native_code_is_not_counted(tmp_path: Path) -> None:
    """A linker script, an empty file, a truncated header and a missing file have none."""
    files: dict[str, trees.Content] = {
        "a.so": "INPUT(-lb)",
        "b.so": "",
        "c.so": ARM_IMAGE[:6],
        "d.so": ARM_IMAGE,
    }
    trees.distribution(tmp_path, "a", "1", files)
    (tmp_path / "d.so").unlink()

    assert read(tmp_path) == ()


def test_files_that_no_record_lists_are_not_read(tmp_path: Path) -> None:
    """Only what a distribution owns is attributed to it."""
    trees.distribution(tmp_path, "a", "1")
    trees.write(tmp_path / "a/stray.so", ARM_IMAGE)

    assert read(tmp_path) == ()
