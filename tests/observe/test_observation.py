"""A whole observation: an environment tree in, facts out, and the facts judged."""

from pathlib import Path
from typing import Optional

import pytest

from builders import macho, trees
from builders.facts import ARM, INTEL, linux, mac
from tfmac.api import diagnose
from tfmac.observe.locate import locate_environment, locate_tree
from tfmac.observe.observation import observe
from tfmac.schema.codec import from_json, to_json
from tfmac.schema.fact import Found, Unknown
from tfmac.schema.facts import Facts, Host, Part, Plugin
from tfmac.schema.platform import Target

EVERYTHING = frozenset(Part)


def observe_tree(
    site: Path,
    *,
    target: Optional[str] = "macos-14-arm64",
    host: Optional[Host] = None,
    parts: "frozenset[Part]" = EVERYTHING,
    python: Optional[str] = None,
) -> Facts:
    """Observe an unpacked tree, on a Linux machine unless another is handed in."""
    return observe(
        locate_tree(str(site), python=python),
        host=host or linux(),
        target=None if target is None else Target.parse(target),
        parts=parts,
        cwd=None,
        variables={"KERAS_BACKEND": "jax"},
    )


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A Mac's tree: TensorFlow with a plug-in that asks for a name that is not there."""
    trees.tensorflow(tmp_path, "2.21.0")
    trees.metal(tmp_path, "1.2.0", b"_TF_Gone")
    trees.write(tmp_path / "~umpy/__init__.py")
    return tmp_path


def plugins_of(facts: Facts) -> "tuple[Plugin, ...]":
    assert isinstance(facts.plugins, Found)
    return facts.plugins.value


def python_of(facts: Facts) -> Optional[str]:
    if isinstance(facts.interpreter, Unknown):
        return None
    version = facts.interpreter.value.version
    return version.value if isinstance(version, Found) else None


def test_a_tree_is_judged_for_another_machine(site: Path) -> None:
    """The target takes the place of the observing machine, in facts and findings."""
    facts = observe_tree(site)

    assert isinstance(facts.host.architecture, Found)
    assert facts.host.architecture.value is ARM
    assert str(facts.target) == "macos-14-arm64"
    assert [one.distribution for one in plugins_of(facts)] == ["tensorflow-metal"]
    causes = {one.cause for one in diagnose(facts).findings}
    assert causes == {"tensorflow-too-new-for-metal", "distribution-metadata-damaged"}


def test_without_a_target_the_observing_machine_is_judged(site: Path) -> None:
    """The host that was handed in stays in the facts."""
    host = mac("15.1")

    assert observe_tree(site, target=None, host=host).host is host


def test_an_intel_tree_for_an_arm_mac_is_told_by_its_libraries(tmp_path: Path) -> None:
    """A tree has no interpreter, so its libraries say as what it would run."""
    library = macho.image(identity=trees.INTERNAL, cpu=macho.X86_64)
    files: dict[str, trees.Content] = {
        "tensorflow/__init__.py": "",
        "tensorflow/python/_pywrap_tensorflow_internal.so": library,
    }
    tags = ["cp311-cp311-macosx_10_15_x86_64"]
    trees.distribution(tmp_path, "tensorflow", "2.16.2", files, tags=tags)

    causes = [one.cause for one in diagnose(observe_tree(tmp_path)).findings]

    assert "x86-python-on-apple-silicon" in causes


def test_a_plugin_is_bound_for_the_architecture_of_the_tree(tmp_path: Path) -> None:
    """Libraries without the target's architecture are bound as what they are."""
    slices = [(macho.X86_64, macho.image(identity=trees.INTERNAL, cpu=macho.X86_64))]
    name = "tensorflow/python/_pywrap_tensorflow_internal.so"
    trees.distribution(tmp_path, "tensorflow", "2.16.2", {name: macho.fat(slices)})
    plugin = macho.image(links=[trees.INTERNAL], cpu=macho.X86_64)
    trees.distribution(tmp_path, "tensorflow-metal", "0.5", {trees.PLUGIN_FILE: plugin})

    (found,) = plugins_of(observe_tree(tmp_path))

    assert found.architectures == (INTEL,)
    assert isinstance(found.binding, Found)


@pytest.mark.parametrize("part", list(Part))
def test_a_part_that_was_not_asked_for_is_unknown(tmp_path: Path, part: Part) -> None:
    """What nobody looked at is unknown with that reason, and all else is known."""
    base = trees.interpreter(tmp_path / "base/bin/python3.12")
    trees.tensorflow(trees.virtual_environment(tmp_path / "env", base))
    facts = observe(
        locate_environment(str(tmp_path / "env"), because="test"),
        host=mac(),
        target=None,
        parts=EVERYTHING - {part},
        cwd=str(tmp_path),
        variables={},
    )

    by_part: dict[Part, object] = {
        Part.FILES: facts.files,
        Part.NATIVE_LIBRARIES: facts.native_libraries,
        Part.PLUGINS: facts.plugins,
        Part.SHADOWING: facts.shadowing,
    }
    unknown = by_part.pop(part)
    assert isinstance(unknown, Unknown)
    assert "not looked at" in unknown.reason
    assert all(isinstance(fact, Found) for fact in by_part.values())


def test_without_a_working_directory_shadowing_is_unknown(site: Path) -> None:
    """A tree is judged without any working directory."""
    assert observe_tree(site).shadowing == Unknown(reason="no working directory was given")


def test_a_working_directory_that_is_gone_is_a_reason(tmp_path: Path) -> None:
    """A part that cannot be read is unknown with the path and the system's words."""
    facts = observe(
        locate_tree(str(tmp_path), python=None),
        host=mac(),
        target=None,
        parts=EVERYTHING,
        cwd="/nowhere/at/all",
        variables={},
    )

    assert facts.shadowing == Unknown(reason="/nowhere/at/all: No such file or directory")


def test_the_python_of_a_tree_is_inferred_from_its_wheels(site: Path) -> None:
    """The CPython tags of installed wheels say the Python; tags for any Python say nothing."""
    trees.distribution(site, "pure", "1")
    trees.distribution(site, "stable", "1", tags=["cp39-abi3-macosx_11_0_arm64"])

    facts = observe_tree(site)

    assert python_of(facts) == "3.12"
    assert isinstance(facts.interpreter, Found)
    assert facts.interpreter.source == "the tags of 2 installed wheels"


def test_what_the_user_says_of_a_tree_counts_more_than_its_wheels(site: Path) -> None:
    """A Python that was named is not inferred."""
    assert python_of(observe_tree(site, python="3.11")) == "3.11"


def test_the_python_of_a_pure_tree_is_unknown(tmp_path: Path) -> None:
    """Without any tagged wheel nothing is inferred."""
    trees.distribution(tmp_path, "pure", "1")

    assert python_of(observe_tree(tmp_path)) is None


def test_variables_of_this_process_say_nothing_of_a_tree(tmp_path: Path) -> None:
    """They are kept for an environment of this machine, those that matter and are set."""
    assert observe_tree(tmp_path).variables == {}

    base = trees.interpreter(tmp_path / "base/bin/python3.12")
    trees.virtual_environment(tmp_path / "env", base)
    facts = observe(
        locate_environment(str(tmp_path / "env"), because="test"),
        host=mac(),
        target=None,
        parts=frozenset(),
        cwd=None,
        variables={"KERAS_BACKEND": "jax", "PYTHONPATH": "", "HOME": "/Users/jo"},
    )
    assert facts.variables == {"KERAS_BACKEND": "jax"}


def test_facts_survive_being_saved(site: Path) -> None:
    """Facts that are written and read again are equal, and give the same diagnosis in bytes."""
    facts = observe_tree(site)

    again = from_json(to_json(facts).encode(), Facts, name="facts.json")

    assert again == facts
    assert to_json(diagnose(again)) == to_json(diagnose(facts))


def test_a_file_name_in_another_encoding_can_be_saved(tmp_path: Path) -> None:
    """Bytes that are no UTF-8 in a RECORD do not keep the facts from being written."""
    folder = trees.distribution(tmp_path, "old", "1")
    record = (folder / "RECORD").read_bytes()
    (folder / "RECORD").write_bytes(record + b"caf\xe9/__init__.py,,\ncaf\xe9.so,,\n")

    facts = observe_tree(tmp_path)
    again = from_json(to_json(facts).encode(), Facts, name="facts.json")

    assert isinstance(again.distributions, Found)
    assert again.distributions.value[0].provides == ("caf\\xe9", "caf\\xe9.so", "old")
    assert to_json(diagnose(again)) == to_json(diagnose(facts))
