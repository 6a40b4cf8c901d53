"""Plans held against the real uv on the real package index: sixty wishes, drawn at random.

Nothing is installed. What a plan says is asked for again, in other ways, and the wishes are looked
up in its pins.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Union
from urllib.parse import unquote

import pytest
from packaging import tags
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version

from builders.drawn_wishes import TARGETS, conditions, drawn, meeting
from builders.toml import read_toml
from builders.truth import CORES, LOADING, METAL, allows, fitting_tags
from builders.wishes import demands
from tfmac import api
from tfmac.environments.resolver import UvResolver
from tfmac.environments.uv import Uv
from tfmac.knowledge import extension_abi
from tfmac.schema.plans import NoPlan, Plan, StackKind, Wish
from tfmac.schema.platform import Target

pytestmark = pytest.mark.slow

SEED = 20261123
WISHES = 60
"""On all targets together."""
THREADS = 2

# Of these there are sources only, and none needs a compiler: TensorFlow 2.6 requires the first
# three, tensorflow-datasets the last.
_SOURCES = frozenset({"clang 5.0", "termcolor 1.1.0", "wrapt 1.12.1", "promise 2.3"})

Answer = tuple[Wish, Union[Plan, NoPlan]]


@pytest.fixture(scope="module")
def resolver(uv: Uv) -> UvResolver:
    return UvResolver(uv)


@pytest.fixture(scope="module")
def answers(resolver: UvResolver) -> "list[Answer]":
    """The planner's answers, each with its wish."""
    share = WISHES // len(TARGETS)
    wishes = [
        wish for place, target in enumerate(TARGETS) for wish in drawn(SEED + place, share, target)
    ]
    with ThreadPoolExecutor(THREADS) as pool:
        found = pool.map(lambda wish: api.plan(wish, resolver=resolver), wishes)
        return list(zip(wishes, found))


@pytest.fixture(scope="module")
def plans(answers: "list[Answer]") -> "list[tuple[Wish, Plan]]":
    return [(wish, one) for wish, one in answers if isinstance(one, Plan)]


def named(wish: Wish) -> str:
    return f"{wish.target} {' '.join(conditions(wish))}"


def test_the_wishes_are_of_both_kinds(
    answers: "list[Answer]", plans: "list[tuple[Wish, Plan]]", capsys: pytest.CaptureFixture[str]
) -> None:
    """About half of them have a plan; what was checked is told."""
    by_uv = [
        wish
        for wish, one in answers
        if isinstance(one, NoPlan) and one.conflicts[0].cause == "requirement-conflict"
    ]
    pins = sum(len(plan.pins) for _, plan in plans)
    with capsys.disabled():
        print(
            f"\n{len(answers)} wishes: {len(plans)} plans with {pins} pins, each checked with uv; "
            f"{len(answers) - len(plans)} refusals, {len(by_uv)} of them by uv, the others checked "
            "with all combinations"
        )
        for wish in by_uv:
            print(f"refused by uv: {named(wish)}")
    assert WISHES // 4 <= len(plans) <= 3 * WISHES // 4


def test_the_pins_are_a_whole_and_consistent_set(
    plans: "list[tuple[Wish, Plan]]", resolver: UvResolver
) -> None:
    """Asked for the pins and all that they require, uv gives exactly the pins."""

    def resolved(plan: Plan) -> "set[str]":
        pins = [str(pin) for pin in plan.pins]
        return {
            str(pin)
            for pin in resolver.resolve(
                pins, python=plan.python, target=plan.target, prereleases=True
            )
        }

    with ThreadPoolExecutor(THREADS) as pool:
        found = list(pool.map(resolved, [plan for _, plan in plans]))
    for (wish, plan), pins in zip(plans, found):
        assert pins == {str(pin) for pin in plan.pins}, named(wish)


def test_each_pin_has_a_wheel_for_the_machine(
    plans: "list[tuple[Wish, Plan]]", resolver: UvResolver
) -> None:
    """The index has a wheel of each, by the tags of installers, or a source of what is built."""
    with ThreadPoolExecutor(THREADS) as pool:
        files = list(pool.map(resolver.artifacts, [plan for _, plan in plans]))
    wrong = [
        f"{named(wish)}: {name}"
        for (wish, plan), text in zip(plans, files)
        for name in _without_file(plan, text)
    ]
    assert wrong == []


def _without_file(plan: Plan, text: str) -> "Iterator[str]":
    """Name the pins that nothing can be installed of as the plan says."""
    fitting = fitting_tags(plan.target, plan.python)
    for package in read_toml(text)["packages"]:
        pin = f"{package['name']} {package['version']}"
        wheels = package.get("wheels", ())
        if package["name"] in plan.built or pin in _SOURCES:
            if "sdist" not in package:
                yield f"{pin}: no source"
        elif not any(not fitting.isdisjoint(_tags(wheel)) for wheel in wheels):
            yield f"{pin}: no wheel"


def _tags(wheel: "dict[str, str]") -> "frozenset[tags.Tag]":
    name = wheel.get("name") or wheel["url"].rpartition("/")[2]
    return parse_wheel_filename(unquote(name))[3]


def test_native_extensions_load(plans: "list[tuple[Wish, Plan]]") -> None:
    """On ARM Macs the plug-in and each wished extension load into the plan's TensorFlow."""
    for wish, plan in plans:
        core = next((name for name in CORES if plan.version(name)), None)
        if not plan.target.apple_silicon or core is None:
            continue
        wished = {canonicalize_name(Requirement(one.text).name) for one in wish.demands}
        for name in {*wished, METAL} & set(extension_abi.extensions()):
            version = plan.version(name)
            if version is None:
                assert name == METAL, named(wish)
                continue
            beside = plan.version(core)
            assert beside is not None
            pair = extension_abi.verdict(name, version, core, beside, python=plan.python)
            assert pair.verdict in LOADING, (named(wish), pair)


def test_the_pins_meet_the_wishes(plans: "list[tuple[Wish, Plan]]") -> None:
    """Each wish is looked up in the plan's own versions."""
    for wish, plan in plans:
        assert list(_unmet(wish, plan)) == [], named(wish)


def _unmet(wish: Wish, plan: Plan) -> "Iterator[str]":
    tensorflow = plan.version("tensorflow") or plan.version("tensorflow-macos")
    legacy = plan.version("tf-keras") if plan.stack is StackKind.TF_KERAS else None
    keras = [one for one in (plan.version("keras"), legacy) if one is not None]
    if plan.target != wish.target:
        yield "--for"
    if wish.python not in {None, plan.python}:
        yield "--python"
    if wish.gpu not in {None, plan.gpu}:
        yield "--gpu"
    if wish.stack not in {None, plan.stack}:
        yield "--stack"
    if wish.tensorflow and not (tensorflow and allows(wish.tensorflow, tensorflow)):
        yield "--tensorflow"
    if wish.keras and not any(allows(wish.keras, one) for one in keras):
        yield "--keras"
    for demand in wish.demands:
        wanted = Requirement(demand.text)
        found = plan.version(canonicalize_name(wanted.name))
        if found is None or not wanted.specifier.contains(found, prereleases=True):
            yield str(demand)


def test_the_stacks_hold_their_rules(plans: "list[tuple[Wish, Plan]]") -> None:
    """Who is to have the GPU of a Mac has a plug-in for it; Keras 2 is that of the same minor."""
    for wish, plan in plans:
        tensorflow = plan.version("tensorflow") or plan.version("tensorflow-macos")
        if plan.gpu and plan.target.apple_silicon and tensorflow is not None:
            assert plan.version(METAL) or plan.version("tensorflow-metal-plugin"), named(wish)
        if tensorflow is not None and Version(tensorflow) >= Version("2.16"):
            legacy = plan.version("tf-keras")
            minor = ".".join(tensorflow.split(".")[:2])
            assert legacy is None or legacy in SpecifierSet(f"=={minor}.*"), named(wish)


def test_refusals_by_the_knowledge_are_right(answers: "list[Answer]") -> None:
    """Of all combinations that there are none meets the wishes."""
    for wish, answer in answers:
        by_uv = isinstance(answer, NoPlan) and answer.conflicts[0].cause == "requirement-conflict"
        if isinstance(answer, NoPlan) and not by_uv:
            assert next(meeting(wish), None) is None, named(wish)


def test_a_package_that_the_best_set_refuses_gets_another_python(resolver: UvResolver) -> None:
    """The NumPy that numba 0.57 needs is too old for every TensorFlow on Python 3.12."""
    wish = Wish(target=Target.parse("macos-14-arm64"), demands=demands("numba==0.57"))

    plan = api.plan(wish, resolver=resolver)

    assert isinstance(plan, Plan)
    assert plan.python == "3.11"
    assert plan.version("numba") == "0.57.0"
    assert plan.gpu
