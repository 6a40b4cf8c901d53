"""What constraints allow, held against every pair that was judged."""

from typing import NamedTuple

import pytest
from msgspec.structs import replace
from packaging.requirements import Requirement

from builders.wishes import unnamed
from planner.test_emit import MAC, METAL
from tfmac.knowledge import extension_abi, releases
from tfmac.planner.emit.bounds import NAMES, bounds
from tfmac.planner.undeclared import rules_for
from tfmac.schema.abi import AbiVerdict
from tfmac.schema.plans import Pin, Plan
from tfmac.schema.platform import Target

PLUGIN = "tensorflow-metal"


class Pair(NamedTuple):
    """A TensorFlow with its name, and a plug-in or none."""

    name: str
    tensorflow: str
    plugin: "str | None"


def planned() -> "list[Pair]":
    """Every set that the planner may choose for an ARM Mac."""
    found = {
        Pair(one.core.name, one.core.version, one.plugin.version if one.plugin else None)
        for one in unnamed(Target.parse("macos-15-arm64"))
    }
    return sorted(found, key=str)


def plan_of(pair: Pair) -> Plan:
    pins = [Pin(name=pair.name, version=pair.tensorflow)]
    if pair.plugin:
        pins.append(Pin(name=PLUGIN, version=pair.plugin))
    requirements = tuple(map(str, pins))
    if carrier(pair):
        pins.append(Pin(name="tensorflow-macos", version=pair.tensorflow))
    return replace(METAL, pins=tuple(pins), requirements=requirements)


def carrier(pair: Pair) -> "str | None":
    """What an empty shell pulls in."""
    return extension_abi.verdict(PLUGIN, "1.2.0", pair.name, pair.tensorflow).carrier


def allowed(plan: Plan) -> "dict[str, list[str]]":
    """The releases of plug-in and TensorFlow within the bounds of a plan, on an ARM Mac."""
    stated = [Requirement(bound.requirement) for bound in bounds(plan)]
    here = [one for one in stated if one.marker is None or one.marker.evaluate(MAC)]
    return {
        name: [
            version
            for version in releases.versions(name, yanked=True)
            if all(one.specifier.contains(version) for one in here if one.name == name)
        ]
        for name in (PLUGIN, *NAMES)
    }


@pytest.mark.parametrize("pair", planned(), ids=lambda pair: "-".join(map(str, pair)))
def test_every_pair_within_the_bounds_loads(pair: Pair) -> None:
    """Whatever a resolver takes is sound or the plan's own; and the plan's own is allowed."""
    plan = plan_of(pair)
    found = allowed(plan)
    plugins = found[PLUGIN]
    taken = {(name, version) for name in NAMES for version in found[name]}

    own = {(pair.name, pair.tensorflow)}
    own |= {("tensorflow-macos", pair.tensorflow)} if carrier(pair) else set()
    assert own <= taken
    if pair.plugin is not None:
        assert plugins == [pair.plugin]
    assert len(plugins) <= 1
    for plugin in plugins:
        for name, version in taken - own:
            verdict = extension_abi.verdict(PLUGIN, plugin, name, version).verdict
            assert verdict is AbiVerdict.LOADS, (plugin, name, version)
            assert rules_for(version) == rules_for(pair.tensorflow)


def test_what_nobody_declares_is_bound() -> None:
    """TensorFlow 2.11 came before NumPy 2 and says nothing of it, on any system."""
    plan = plan_of(Pair("tensorflow-macos", "2.11.0", "0.7.1"))
    stated = [bound.requirement for bound in bounds(plan)]
    assert stated[-3:] == ["numpy<2", "protobuf<3.20", "keras==2.11.*"]
    assert "tensorflow-macos==2.11.0" in stated
    assert bounds(plan)[-3].source == "tfmac cause numpy-2-with-numpy-1-binaries"


def test_the_bounds_of_a_mac_say_nothing_elsewhere() -> None:
    """On Linux TensorFlow stays free: every bound of the pair has a marker."""
    linux = {"sys_platform": "linux", "platform_machine": "x86_64"}
    for bound in bounds(METAL):
        marker = Requirement(bound.requirement).marker
        assert marker is not None
        assert not marker.evaluate(linux)
        assert bound.comment.endswith(": tfmac cause tensorflow-too-new-for-metal")


def test_no_plug_in_is_allowed_where_none_loads() -> None:
    """Who adds the plug-in to the newest TensorFlow is told no by the resolver."""
    plan = plan_of(Pair("tensorflow", "2.21.0", None))
    assert allowed(plan)[PLUGIN] == []


def test_an_extension_of_the_users_is_bound() -> None:
    """tensorflow-io declares no TensorFlow at all; it is bound where it was asked for."""
    pins = (
        Pin(name="tensorflow", version="2.17.1"),
        Pin(name=PLUGIN, version="1.2.0"),
        Pin(name="tensorflow-io", version="0.37.1"),
    )
    pulled_in = replace(METAL, pins=pins, requirements=("tensorflow==2.17.1",))
    wished = replace(pulled_in, requirements=(*pulled_in.requirements, "tensorflow-io"))
    assert "2.18.1" in allowed(pulled_in)["tensorflow"]
    assert allowed(wished)["tensorflow"] == ["2.17.1", "2.17.0", "2.16.1"]
    assert any("tensorflow_io-0.37.1" in bound.source for bound in bounds(wished))


def test_a_package_that_hides_its_needs_is_bound_to_what_was_seen_to_work() -> None:
    """tensorflow-probability takes any TensorFlow, and does not say that it needs tf-keras."""
    pins = (
        Pin(name="tensorflow", version="2.18.1"),
        Pin(name="tensorflow-probability", version="0.25.0"),
        Pin(name="tf-keras", version="2.18.0"),
    )
    wished = replace(METAL, pins=pins, requirements=("tensorflow", "tensorflow-probability"))
    stated = [one.requirement for one in bounds(wished)]
    assert stated[-3:] == [
        "tensorflow-probability==0.25.0",
        "tensorflow==2.18.*",
        "tf-keras==2.18.*",
    ]
    assert "seen to work beside tensorflow 2.18.1" in bounds(wished)[-3].comment
    pulled_in = replace(wished, requirements=("tensorflow",))
    assert not any("probability" in one.requirement for one in bounds(pulled_in))


def test_a_package_that_hides_nothing_is_not_bound() -> None:
    """keras-tuner works with what it declares wherever it was used."""
    pins = (Pin(name="tensorflow", version="2.21.0"), Pin(name="keras-tuner", version="1.4.8"))
    plan = replace(METAL, pins=pins, requirements=("tensorflow", "keras-tuner"))
    assert not any("tuner" in one.requirement for one in bounds(plan))


def test_a_pair_that_something_stands_against_is_said_to_be_one() -> None:
    """The plan's own stays allowed, and the comment tells it from the others."""
    plan = plan_of(Pair("tensorflow", "2.19.0", "1.2.0"))
    assert "2.19.0" in allowed(plan)["tensorflow"]
    assert any("2.19.0, which the plan has all the same" in one.reason for one in bounds(plan))


def test_a_plan_without_tensorflow_has_no_bounds() -> None:
    """There is nothing to say then."""
    assert bounds(replace(METAL, pins=())) == ()
