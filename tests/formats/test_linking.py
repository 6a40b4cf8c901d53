from pathlib import Path
from typing import Optional

import pytest

from builders import elf, macho
from builders.elf import Definition, Need
from builders.macho import WEAK, Bind, Reexport
from tfmac.formats.linking import MixedFormats, bind, predicted_message
from tfmac.formats.native import ArchitectureNotFound, Image, open_image
from tfmac.formats.reading import InvalidBinary
from tfmac.observe.installed_images import InstalledImages, TensorFlowNotFound, bind_plugin
from tfmac.schema.binary import BinaryFormat, Binding, MissingSymbol
from tfmac.schema.platform import Architecture

INTERNAL = "@rpath/_pywrap_tensorflow_internal.so"
MAIN = "/site/tensorflow/python/_pywrap_tensorflow_internal.so"
CORE = "/site/tensorflow/libtensorflow_cc.2.dylib"
PLUGIN = "/site/tensorflow-plugins/libplugin.dylib"


class Table:
    """Images by path, as bytes."""

    def __init__(self, files: "dict[str, bytes]", architecture: Architecture) -> None:
        self._files = files
        self._architecture = architecture

    def find(self, path: str) -> Optional[Image]:
        data = self._files.get(path)
        return None if data is None else open_image(data, self._architecture)


def tensorflow() -> "dict[str, bytes]":
    """Write the shape of TensorFlow 2.16: a shell over a core that is found by rpath."""
    core = macho.image(
        identity="@rpath/libtensorflow_cc.2.dylib",
        links=["/usr/lib/libobjc.A.dylib"],
        exports={b"_TF_Core": None, b"_TF_Renamed": None},
    )
    shell = macho.image(
        identity=INTERNAL,
        links=["@rpath/libtensorflow_cc.2.dylib"],
        rpaths=["@loader_path/nowhere", "@loader_path/.."],
        exports={
            b"_shell": None,
            b"_moved": Reexport(1, b"_TF_Renamed"),
            b"_lost": Reexport(1, b"_absent"),
        },
    )
    return {MAIN: shell, CORE: core}


def bind_macho(plugin: bytes, **more: bytes) -> Binding:
    files = {**tensorflow(), PLUGIN: plugin}
    files.update({f"/site/{name}.dylib": data for name, data in more.items()})
    return bind(extension=PLUGIN, main=MAIN, images=Table(files, Architecture.ARM64))


def plugin(*binds: Bind, links: "tuple[str | tuple[str, int], ...]" = (INTERNAL,)) -> bytes:
    return macho.image(links=links, rpaths=["@loader_path/.."], binds=binds)


def test_dependency_by_install_name() -> None:
    """A link is satisfied by the loaded image that has it as its install name."""
    binding = bind_macho(plugin(Bind(b"_shell", 1)))

    assert binding.loads
    assert binding.examined == 1
    assert binding.loaded == (INTERNAL, "@rpath/libtensorflow_cc.2.dylib")
    assert predicted_message(binding, PLUGIN) is None


def test_file_of_the_right_name_with_another_identity() -> None:
    """A loaded file of the right name does not help when its install name is another."""
    files = tensorflow()
    files[MAIN] = macho.image(identity="bazel-out/other.dylib", exports={b"_shell": None})
    files[PLUGIN] = plugin(Bind(b"_shell", 1))

    binding = bind(extension=PLUGIN, main=MAIN, images=Table(files, Architecture.ARM64))

    assert binding.missing_libraries == (INTERNAL,)
    assert binding.missing_symbols == (MissingSymbol(name="_shell", library=INTERNAL),)
    assert predicted_message(binding, PLUGIN) == (
        f"dlopen({PLUGIN}, 0x0006): Library not loaded: {INTERNAL}\n  Referenced from: {PLUGIN}"
    )


def test_two_level_name_has_to_be_in_its_library() -> None:
    """A two-level import is not satisfied by another loaded image."""
    binding = bind_macho(plugin(Bind(b"_TF_Core", 1)))

    assert binding.missing_symbols == (MissingSymbol(name="_TF_Core", library=INTERNAL),)
    assert predicted_message(binding, PLUGIN) == (
        f"dlopen({PLUGIN}, 0x0006): Symbol not found: _TF_Core\n"
        f"  Referenced from: {PLUGIN}\n  Expected in: {INTERNAL}"
    )


def test_flat_name_in_any_visible_image() -> None:
    """A flat import may be anywhere but in TensorFlow's own image, which was opened locally."""
    binding = bind_macho(plugin(Bind(b"_TF_Core", -2), Bind(b"_shell", -2)))

    assert binding.missing_symbols == (MissingSymbol(name="_shell", library=None),)
    assert predicted_message(binding, PLUGIN) == (
        f"dlopen({PLUGIN}, 0x0006): symbol not found in flat namespace '_shell'"
    )


def test_image_without_two_level_names() -> None:
    """An image built without two-level names looks everything up flat."""
    data = macho.image(links=[INTERNAL], binds=[Bind(b"_TF_Core", 1)], flags=0)

    assert bind_macho(data).loads


def test_renamed_export_is_followed() -> None:
    """A re-exported name is satisfied only when its target is."""
    binding = bind_macho(plugin(Bind(b"_moved", 1), Bind(b"_lost", 1)))

    assert [symbol.name for symbol in binding.missing_symbols] == ["_lost"]


def test_reexported_library_is_searched() -> None:
    """Names of a re-exported library count as the library's own, cycles included."""
    first = macho.image(
        identity="@rpath/first.dylib",
        links=[("@rpath/second.dylib", macho.REEXPORT)],
        rpaths=["@loader_path"],
    )
    second = macho.image(
        identity="@rpath/second.dylib",
        links=[("@rpath/first.dylib", macho.REEXPORT)],
        exports={b"_deep": None},
    )
    data = plugin(Bind(b"_deep", 1), Bind(b"_none", 1), links=("@rpath/first.dylib",))

    binding = bind_macho(data, first=first, second=second)

    assert binding.missing_symbols == (MissingSymbol(name="_none", library="@rpath/first.dylib"),)


def test_system_libraries_need_no_list() -> None:
    """Names bound to /usr/lib and /System, to the interpreter and to libobjc are present."""
    data = plugin(
        Bind(b"_malloc", 1),
        Bind(b"_MTLCopyAllDevices", 2),
        Bind(b"_objc_msgSend", -2),
        Bind(b"_PyErr_Occurred", -2),
        Bind(b"_main", -1),
        links=("/usr/lib/libSystem.B.dylib", "/System/Library/Frameworks/Metal"),
    )

    assert bind_macho(data).loads


def test_coalesced_names() -> None:
    """A weakly coalesced name may be anywhere; operators new and delete are libc++'s."""
    binds = [Bind(b"_TF_Core", -3), Bind(b"__ZdaPv", -3), Bind(b"__ZN1xE", -3)]
    data = macho.image(links=["/usr/lib/libc++.1.dylib"], binds=binds, chained_layout=1)

    assert bind_macho(data).missing_symbols == (MissingSymbol(name="__ZN1xE", library=None),)


def test_weak_imports_and_libraries_may_be_missing() -> None:
    """Weak imports, and a weakly linked library with its names, may be missing."""
    data = plugin(
        Bind(b"_none", 1, weak=True), Bind(b"_gone", 2), links=(INTERNAL, ("@rpath/x.dylib", WEAK))
    )

    assert bind_macho(data).loads


def test_own_names() -> None:
    """An import from the image itself has to be among its own exports."""
    data = macho.image(
        identity="me", binds=[Bind(b"_own", 0), Bind(b"_no", 0)], exports={b"_own": None}
    )

    assert bind_macho(data).missing_symbols == (MissingSymbol(name="_no", library="me"),)


def test_ordinal_without_a_library() -> None:
    """An ordinal beyond the load commands leaves its name unresolved."""
    assert not bind_macho(plugin(Bind(b"_x", 9))).loads


def test_missing_libraries_in_load_command_order() -> None:
    """Missing libraries keep their order, those of found dependencies after the plug-in's."""
    helper = macho.image(identity="@rpath/helper.dylib", links=["@rpath/z.dylib"])
    data = plugin(links=("@rpath/helper.dylib", "@rpath/b.dylib", "/opt/a.dylib"))

    binding = bind_macho(data, helper=helper)

    assert binding.missing_libraries == ("@rpath/b.dylib", "/opt/a.dylib", "@rpath/z.dylib")


def test_extension_that_is_loaded_already() -> None:
    """An image of TensorFlow's own closure has nothing left to bind."""
    binding = bind(extension=CORE, main=MAIN, images=Table(tensorflow(), Architecture.ARM64))

    assert binding.loads


LINUX_MAIN = "/site/tensorflow/python/_pywrap_tensorflow_internal.so"
OPS = "/site/text/ops.so"
FRAMEWORK = (Definition(b"TF_Core"),)


def bind_elf(ops: bytes, framework: "tuple[Definition, ...]" = FRAMEWORK, **more: bytes) -> Binding:
    files = {
        LINUX_MAIN: elf.image(
            soname="_pywrap_tensorflow_internal.so",
            needed=["libtensorflow_framework.so.2"],
            runpath="$ORIGIN/nowhere:${ORIGIN}/..",
            defines=[Definition(b"TF_Shell")],
        ),
        "/site/tensorflow/libtensorflow_framework.so.2": elf.image(
            soname="libtensorflow_framework.so.2", needed=["libc.so.6"], defines=framework
        ),
        OPS: ops,
    }
    files.update({f"/site/text/{name}.so": data for name, data in more.items()})
    return bind(extension=OPS, main=LINUX_MAIN, images=Table(files, Architecture.X86_64))


def test_elf_dependency_by_soname() -> None:
    """A needed library is satisfied by the loaded object of that SONAME."""
    data = elf.image(needed=["libtensorflow_framework.so.2"], needs=[Need(b"TF_Core")])
    binding = bind_elf(data)

    assert binding.loads
    assert binding.format is BinaryFormat.ELF
    assert binding.loaded == ("_pywrap_tensorflow_internal.so", "libtensorflow_framework.so.2")


def test_elf_name_outside_the_closure() -> None:
    """A loaded object that the extension does not need is invisible to it."""
    data = elf.image(needed=["libtensorflow_framework.so.2"], needs=[Need(b"TF_Shell")])
    binding = bind_elf(data)

    assert binding.missing_symbols == (MissingSymbol(name="TF_Shell", library=None),)
    assert predicted_message(binding, OPS) == f"{OPS}: undefined symbol: TF_Shell"


def test_elf_missing_library() -> None:
    """A needed library that is nowhere, and not the system's, comes first."""
    data = elf.image(needed=["libm.so.6", "libcudart.so.12"], needs=[Need(b"_ZTFx")])
    binding = bind_elf(data)

    assert binding.missing_libraries == ("libcudart.so.12",)
    assert predicted_message(binding, OPS) == (
        "libcudart.so.12: cannot open shared object file: No such file or directory"
    )


@pytest.mark.parametrize(("rpath", "runpath"), [("$ORIGIN", None), (None, "$ORIGIN")])
def test_elf_search_path(rpath: "str | None", runpath: "str | None") -> None:
    """A library beside the extension is found by RPATH or RUNPATH, with what it needs."""
    helper = elf.image(soname="helper.so", defines=[Definition(b"HELP_me")], needs=[Need(b"_Zx")])
    data = elf.image(needed=["helper.so"], rpath=rpath, runpath=runpath, needs=[Need(b"HELP_me")])

    binding = bind_elf(data, helper=helper)

    assert [symbol.name for symbol in binding.missing_symbols] == ["_Zx"]


def test_elf_versions() -> None:
    """A versioned import has to be found in its version where the provider has versions."""
    needs = [
        Need(b"f", library=b"libtensorflow_framework.so.2", version=version)
        for version in (b"V1", b"V9")
    ]
    data = elf.image(needed=["libtensorflow_framework.so.2"], needs=needs)

    binding = bind_elf(data, framework=(Definition(b"f", b"V1"),))

    assert binding.missing_symbols == (MissingSymbol(name="f", library=None, version="V9"),)
    assert predicted_message(binding, OPS) == f"{OPS}: undefined symbol: f, version V9"


def test_elf_system_names() -> None:
    """Versioned names of glibc and plain C names are the system's; weak ones may be missing."""
    needs = [
        Need(b"memcpy", library=b"libc.so.6", version=b"GLIBC_2.14"),
        Need(b"nan"),
        Need(b"PyErr_Occurred"),
        Need(b"_ZTx", weak=True),
    ]

    assert bind_elf(elf.image(needs=needs)).loads


@pytest.mark.parametrize(
    "name",
    [b"sincosf", b"clock_gettime", b"__cxa_throw_bad_array_new_length", b"_Unwind_Resume"],
)
def test_elf_plain_name_of_the_system(name: bytes) -> None:
    """A name as the C library and the compiler's run times spell theirs is there."""
    assert bind_elf(elf.image(needs=[Need(name)])).loads


@pytest.mark.parametrize(
    "name",
    [
        b"__cudaUnregisterFatBinary",
        b"cudaGetDevice",
        b"AddByteSplit",
        b"av_frame_alloc",
        b"scc_info_TensorProto_tensorflow_2fcore_2fframework_2ftensor_2eproto",
    ],
)
def test_elf_plain_name_of_another_library(name: bytes) -> None:
    """A plain name of CUDA or of another library has to be found, as a C++ name has."""
    binding = bind_elf(elf.image(needs=[Need(name)]))

    assert [symbol.name for symbol in binding.missing_symbols] == [name.decode()]


@pytest.mark.parametrize(
    "name",
    [
        b"_ZdlPvm",
        b"_ZSt24__throw_out_of_range_fmtPKcz",
        b"_ZTVSt12future_error",
        b"_ZNKSt8__detail20_Prime_rehash_policy11_M_next_bktEm",
        b"_ZNSt6thread15_M_start_threadESt10unique_ptrINS_6_StateESt14default_deleteIS1_EEPFvvE",
        b"_ZNSt14basic_ifstreamIcSt11char_traitsIcEE4openEPKcSt13_Ios_Openmode",
        b"_ZTIPKc",
        b"_ZTv0_n24_NSt7__cxx1119basic_ostringstreamIcSt11char_traitsIcESaIcEED0Ev",
        b"_ZSt7getlineIcSt11char_traitsIcESaIcEERSt13basic_istreamIT_T0_E",
        b"_ZNKSs4findEcm",
    ],
)
def test_elf_name_of_the_standard_library(name: bytes) -> None:
    """libstdc++ satisfies its own names without a version, for those that need it."""
    with_it = bind_elf(elf.image(needed=["libstdc++.so.6"], needs=[Need(name)]))
    without = bind_elf(elf.image(needs=[Need(name)]))

    assert with_it.loads
    assert [symbol.name for symbol in without.missing_symbols] == [name.decode()]


@pytest.mark.parametrize(
    "name",
    [
        b"_ZNSt6vectorIN4absl6StatusESaIS1_EE9push_backEOS1_",
        b"_ZNSt99x",  # ends within its own name
        b"_ZSt4swapI6StatusEvRT_S2_",
        b"_ZN4absl6StatusC1Ev",
    ],
)
def test_elf_standard_template_of_foreign_types(name: bytes) -> None:
    """What libstdc++ cannot have, because it is made for another library's types, is missing."""
    assert not bind_elf(elf.image(needed=["libstdc++.so.6"], needs=[Need(name)])).loads


def test_mixed_formats() -> None:
    """An extension of another system is an error of its own."""
    files = {**tensorflow(), OPS: elf.image(machine=elf.AARCH64)}

    with pytest.raises(MixedFormats, match="different operating systems"):
        bind(extension=OPS, main=MAIN, images=Table(files, Architecture.ARM64))


def test_absent_extension() -> None:
    """An extension that the provider does not have is an error."""
    with pytest.raises(FileNotFoundError):
        bind(extension=OPS, main=MAIN, images=Table(tensorflow(), Architecture.ARM64))


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Write an installed tree with a plug-in that loads."""
    files = {**tensorflow(), PLUGIN: plugin(Bind(b"_shell", 1))}
    for name, data in files.items():
        path = tmp_path / Path(name).relative_to("/site")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return tmp_path


def test_installed_plugin(site: Path) -> None:
    """A plug-in of an installed tree is bound in one call."""
    file = site / "tensorflow-plugins" / "libplugin.dylib"

    assert bind_plugin(file, site, Architecture.ARM64).loads


def test_tree_without_tensorflow(tmp_path: Path) -> None:
    """A tree without TensorFlow's library is a LookupError that names the library."""
    with pytest.raises(TensorFlowNotFound, match="_pywrap_tensorflow_internal"):
        bind_plugin(tmp_path / "x.dylib", tmp_path, Architecture.ARM64)


def test_plugin_for_another_processor(site: Path) -> None:
    """A plug-in without code for the processor is a LookupError that names what it has."""
    file = site / "tensorflow-plugins" / "libplugin.dylib"

    with pytest.raises(ArchitectureNotFound, match="arm64 only"):
        bind_plugin(file, site, Architecture.X86_64)


def test_damaged_file_is_named(site: Path) -> None:
    """The error for a damaged library names its file."""
    core = site / "tensorflow" / "libtensorflow_cc.2.dylib"
    core.write_bytes(core.read_bytes()[:100])

    with pytest.raises(InvalidBinary) as caught:
        bind_plugin(site / "tensorflow-plugins" / "libplugin.dylib", site, Architecture.ARM64)

    assert caught.value.path == str(core)


def test_library_for_another_processor_counts_as_absent(site: Path) -> None:
    """A dependency without code for the processor is passed over, and a folder is no library."""
    core = site / "tensorflow" / "libtensorflow_cc.2.dylib"
    core.write_bytes(macho.image(cpu=macho.X86_64))
    images = InstalledImages(Architecture.ARM64)

    assert images.find(str(core)) is None
    assert images.find(str(site)) is None
    assert images.find(str(site / "absent")) is None
