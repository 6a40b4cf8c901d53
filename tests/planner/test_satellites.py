"""Wished packages beside TensorFlow by what was seen of them; the resolver takes the newest."""

from collections.abc import Sequence
from typing import Optional, Union

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from builders.wishes import demands
from tfmac.formats.distinfo import normalise
from tfmac.knowledge import releases, satellites, store
from tfmac.planner.choosing import Choice, choose
from tfmac.planner.repair import Broken, wishes
from tfmac.planner.resolver import ResolutionImpossible
from tfmac.planner.resolving import Asking, make_plan
from tfmac.schema.plans import Demand, NoPlan, Pin, Plan, StackKind, Wish
from tfmac.schema.platform import Target

LINUX = Target.parse("linux-x86_64")
MAC = Target.parse("macos-15-arm64")
TARGETS = (LINUX, MAC)


class NewestResolver:
    """Takes the newest recorded release that the requirements and constraints allow.

    What is ``held`` of a package is all that its index has.
    """

    def __init__(self, **held: str) -> None:
        self._held = {name.replace("_", "-"): SpecifierSet(text) for name, text in held.items()}
        self.constraints: list[tuple[str, ...]] = []

    def resolve(
        self, requirements: Sequence[str], *, constraints: Sequence[str] = (), **_: object
    ) -> "tuple[Pin, ...]":
        self.constraints.append(tuple(constraints))
        bounds = [Requirement(text) for text in (*requirements, *constraints)]
        names = dict.fromkeys(normalise(Requirement(text).name) for text in requirements)
        return tuple(Pin(name=name, version=self._newest(name, bounds)) for name in names)

    def _newest(self, name: str, bounds: "Sequence[Requirement]") -> str:
        allowed = self._held.get(name, SpecifierSet())
        for one in bounds:
            allowed &= one.specifier if normalise(one.name) == name else SpecifierSet()
        found = next((one for one in releases.versions(name) if allowed.contains(one)), None)
        if found is None and releases.package(name) is not None:
            raise ResolutionImpossible(f"there is no {name}{allowed}")
        return found or "1.0"

    def artifacts(self, plan: Plan) -> str:
        raise AssertionError(f"nobody asks for the files of {plan}")


def answer(wish: Wish, resolver: Optional[NewestResolver] = None) -> Union[Plan, NoPlan]:
    choice = choose(wish)
    if isinstance(choice, NoPlan):
        return choice
    return make_plan(wish, choice.best, Asking(resolver=resolver or NewestResolver()))


def planned(
    *texts: str,
    target: Target = LINUX,
    tensorflow: Optional[str] = None,
    stack: Optional[StackKind] = None,
    resolver: Optional[NewestResolver] = None,
) -> Plan:
    wish = Wish(target=target, tensorflow=tensorflow, stack=stack, demands=demands(*texts))
    plan = answer(wish, resolver)
    assert isinstance(plan, Plan), plan
    return plan


def minor(plan: Plan) -> str:
    return ".".join((plan.version("tensorflow") or "").split(".")[:2])


def said(plan: Plan) -> str:
    return "\n".join(f"{one.statement} [{one.source}]" for one in plan.rationale)


@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_tensorflow_probability_comes_with_tf_keras(target: Target) -> None:
    """Keras 2 of TensorFlow's minor is a requirement of the plan, which says why."""
    plan = planned("tensorflow-probability", target=target)
    need = f"tf-keras=={minor(plan)}.*"
    assert need in plan.requirements
    assert (plan.version("tf-keras") or "").startswith(minor(plan))
    assert plan.version("tensorflow-probability") == "0.25.0"
    assert f"{need}, which tensorflow-probability==0.25.0 needs and does not declare" in said(plan)
    assert "No module named 'tf_keras'" in said(plan)
    assert "[measured (linux-x86_64, 20" in said(plan)


@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_tensorflow_addons_gets_a_tensorflow_that_it_works_with(target: Target) -> None:
    """Its import fails beside Keras 3, which no metadata says."""
    plan = planned("tensorflow-addons", target=target)
    assert minor(plan) == "2.15"
    assert plan.version("tensorflow-addons") == "0.23.0"
    (forgone,) = (one for one in plan.rejected if "tensorflow-addons" in one.reason)
    newest = planned(target=target).version("tensorflow")
    assert forgone.stack.startswith(f"TensorFlow {newest} ")
    assert forgone.cause == "keras-private-module-moved"
    assert "tensorflow-addons 0.23.0 failed beside TensorFlow" in forgone.reason


def test_nothing_is_forgone_where_the_best_set_is_taken() -> None:
    """What a package needs costs no better TensorFlow."""
    assert planned("tensorflow-probability").rejected == ()


@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_a_new_tensorflow_and_tensorflow_addons_collide(target: Target) -> None:
    """Both wishes are named, with what was seen, its cause, and what is nearest."""
    wish = Wish(target=target, tensorflow="2.21", demands=demands("tensorflow-addons"))
    refused = answer(wish)
    assert isinstance(refused, NoPlan)
    (conflict,) = refused.conflicts
    assert conflict.wishes == ("--tensorflow 2.21", "--with tensorflow-addons")
    assert "beside which tensorflow-addons 0.23.0 was seen to fail" in conflict.reason
    assert "No module named 'keras.src.engine'" in conflict.reason
    assert conflict.cause == "keras-private-module-moved"
    assert refused.nearest is not None


def test_a_package_that_was_seen_to_fail_is_no_plan_whatever_its_version() -> None:
    """An older release that nobody has run is not taken in place of one that fails."""
    for text in ("tensorflow-addons==0.23.0", "tensorflow-addons<0.20"):
        wish = Wish(target=LINUX, tensorflow="2.21", demands=demands(text))
        assert isinstance(answer(wish), NoPlan), text


def test_the_resolver_is_bound_to_a_release_that_works() -> None:
    """The newest tensorflow-probability refuses an older TensorFlow, and declares nothing."""
    resolver = NewestResolver()
    plan = planned("tensorflow-probability", tensorflow="2.16", resolver=resolver)
    assert plan.version("tensorflow-probability") == "0.24.0"
    assert "tensorflow-probability==0.24.0" in resolver.constraints[0]
    assert len(resolver.constraints) == 1
    assert "not tensorflow-probability 0.25.0: beside TensorFlow 2.16.2 it failed" in said(plan)
    assert "tf-keras==2.16.*" in plan.requirements


def test_an_older_release_that_was_wished_is_kept() -> None:
    """What the user asks for is not replaced by the newest that works."""
    plan = planned("tensorflow-probability==0.24.0", tensorflow="2.16")
    assert plan.version("tensorflow-probability") == "0.24.0"
    assert "tensorflow-probability==0.24.0 needs" in said(plan)


def test_what_an_index_makes_the_resolver_take_is_judged_too() -> None:
    """An older release than the newest may need something, too."""
    resolver = NewestResolver(tensorflow_probability="<0.25")
    plan = planned("tensorflow-probability", tensorflow="2.18", resolver=resolver)
    older = plan.version("tensorflow-probability") or ""
    seen = satellites.outcome("tensorflow-probability", older, "2.18.1")
    assert older == "0.24.0"
    assert not isinstance(seen, satellites.Broken)


def test_a_stack_that_has_keras_2_needs_no_other() -> None:
    """Its own tf-keras is the one that is asked for."""
    plan = planned("tensorflow-probability", stack=StackKind.TF_KERAS)
    assert [one for one in plan.requirements if one.startswith("tf-keras")] == ["tf-keras==2.21.0"]
    assert "which tensorflow-probability==0.25.0 needs" in said(plan)


def test_needs_are_asked_for_once() -> None:
    """Two packages that need the same, and a user who knows of it."""
    wished = ("tensorflow-probability", "tensorflow-probability>=0.24", "tf-keras==2.21.*")
    plan = planned(*wished)
    assert plan.requirements.count("tf-keras==2.21.*") == 1


def test_constraints_and_other_machines_packages_need_nothing() -> None:
    """What is not installed is not asked about."""
    texts = demands("tensorflow-probability ; sys_platform == 'win32'")
    bound = Demand(text="tensorflow-probability>=0.1", origin="c.txt:1", constraint=True)
    plan = answer(Wish(target=LINUX, demands=(*texts, bound)))
    assert isinstance(plan, Plan)
    assert not [one for one in plan.requirements if "keras" in one]


def test_a_stack_without_tensorflow_has_nothing_to_do_with_it() -> None:
    """What was seen is of TensorFlow."""
    plan = planned("tensorflow-probability", stack=StackKind.KERAS_TORCH)
    assert not [one for one in plan.requirements if one.startswith("tf-keras")]


@pytest.mark.parametrize("texts", [(), ("something-of-my-own",)])
def test_nothing_is_read_where_no_recorded_package_is_wished(
    texts: "tuple[str, ...]", monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plan without them costs what it did."""
    read: list[str] = []
    find = store.find

    def noted(path: str, kind: "type[object]") -> object:
        read.append(path)
        return find(path, kind)

    store.use()
    monkeypatch.setattr(store, "find", noted)
    planned(*texts)
    assert read
    assert satellites.FILE not in read


def test_a_repair_brings_what_a_package_needs() -> None:
    """An environment with tensorflow-probability of the user's own gets tf-keras, and keeps it."""
    broken = Broken(
        target=LINUX,
        python="3.11",
        installed={"tensorflow": "2.21.0", "tensorflow-probability": "0.25.0"},
        own=("tensorflow-probability",),
        constraints=(),
    )
    first = next(wishes(broken))
    plan = answer(first)
    assert isinstance(choose(first), Choice)
    assert isinstance(plan, Plan)
    assert plan.version("tensorflow") == "2.21.0"
    assert plan.version("tensorflow-probability") == "0.25.0"
    assert plan.version("tf-keras") == "2.21.0"


def test_a_repair_takes_another_tensorflow_where_a_package_fails() -> None:
    """The user's package stays in its version; what it fails beside does not."""
    broken = Broken(
        target=LINUX,
        python="3.11",
        installed={"tensorflow": "2.21.0", "tensorflow-addons": "0.23.0"},
        own=("tensorflow-addons",),
        constraints=(),
    )
    plans = (answer(wish) for wish in wishes(broken))
    plan = next(one for one in plans if isinstance(one, Plan))
    assert (plan.version("tensorflow"), plan.version("tensorflow-addons")) == ("2.15.1", "0.23.0")
