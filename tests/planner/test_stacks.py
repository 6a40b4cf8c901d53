"""The stacks: what each is made of, which are offered, and how they are ranked."""

from collections.abc import Sequence
from typing import Any

import pytest

from builders.wishes import demands
from planner.test_plans import TableResolver
from tfmac.planner.alternatives import alternatives
from tfmac.planner.choosing import Choice, choose
from tfmac.planner.profiles import with_profile
from tfmac.planner.resolving import Asking, make_plan
from tfmac.planner.stacks import Candidate, offered
from tfmac.schema.plans import NoPlan, Pin, Plan, Preference, StackKind, Wish
from tfmac.schema.platform import Target

MAC = Target.parse("macos-15-arm64")
LINUX = Target.parse("linux-x86_64")


def best(wish: Wish) -> Candidate:
    answer = choose(wish)
    assert isinstance(answer, Choice), answer
    return answer.best


def named(stack: StackKind, target: Target = MAC) -> Candidate:
    return best(Wish(target=target, stack=stack))


def test_the_communitys_plugin_is_for_one_minor_and_a_new_macos() -> None:
    """It is built against the TensorFlow that it asks for, from macOS 15 on."""
    one = named(StackKind.TENSORFLOW_METAL_PLUGIN)
    assert one.tensorflow is not None
    assert one.tensorflow.startswith("2.21.")
    assert one.built == ("tensorflow-metal-plugin",)
    assert any(text.startswith("setuptools") for text in one.requirements)
    old = Wish(target=Target.parse("macos-14-arm64"), stack=StackKind.TENSORFLOW_METAL_PLUGIN)
    assert isinstance(choose(old), NoPlan)


def test_keras_2_on_a_new_tensorflow() -> None:
    """tf-keras is of TensorFlow's own minor, and the switch is set."""
    one = named(StackKind.TF_KERAS)
    assert one.keras is not None
    assert one.tensorflow is not None
    assert one.keras.version.split(".")[:2] == one.tensorflow.split(".")[:2]
    assert [str(each) for each in one.variables] == ["TF_USE_LEGACY_KERAS=1"]


@pytest.mark.parametrize(
    ("stack", "name", "gpu"),
    [(StackKind.KERAS_TORCH, "torch", True), (StackKind.KERAS_JAX, "jax", False)],
)
def test_keras_without_tensorflow(stack: StackKind, name: str, *, gpu: bool) -> None:
    """The backend is asked for by its version and named in the variable that Keras reads."""
    one = named(stack)
    assert (one.core.name, one.tensorflow, one.gpu) == (name, None, gpu)
    assert [str(each) for each in one.variables] == [f"KERAS_BACKEND={name}"]
    assert one.requirements[0] == "keras>=3"
    assert one.python in {"3.12", "3.13", "3.14"}


def test_the_classic_recipe() -> None:
    """Python 3.9, the newest tensorflow-macos with code of its own, a sound plug-in, Keras 2."""
    one = best(with_profile(Wish(target=MAC), "classic"))
    assert str(one.core) == "tensorflow-macos==2.15.0"
    assert (one.python, str(one.plugin), one.doubts) == ("3.9", "tensorflow-metal==1.2.0", ())
    assert "keras==2.15.*" in one.constraints
    own = best(with_profile(Wish(target=MAC, python="3.10"), "classic"))
    assert own.python == "3.10"


def test_what_has_to_be_named_is_offered_only_then() -> None:
    """Gigabytes and compilers are for who wants the GPU, other frameworks for who names them."""
    assert StackKind.TENSORFLOW_CUDA not in offered(Wish(target=LINUX))
    assert StackKind.TENSORFLOW_CUDA in offered(Wish(target=LINUX, gpu=True))
    assert StackKind.TENSORFLOW_METAL_PLUGIN not in offered(Wish(target=MAC))
    assert StackKind.KERAS_TORCH not in offered(Wish(target=MAC, gpu=True))
    assert StackKind.KERAS_TORCH in offered(Wish(target=MAC, stack=StackKind.KERAS_TORCH))


def test_the_other_stacks_are_ranked_and_not_resolved() -> None:
    """Each stack that meets the wishes is there once, the GPU first, none of them resolved."""
    wish = Wish(target=MAC)
    found = alternatives(wish, best(wish).stack)

    assert not any(one.resolved for one in found)
    kinds = [one.stack for one in found]
    assert len(kinds) == len(set(kinds))
    assert StackKind.TENSORFLOW_METAL not in kinds
    assert [one.gpu for one in found] == sorted((one.gpu for one in found), reverse=True)
    plugin = next(one for one in found if one.stack is StackKind.TENSORFLOW_METAL_PLUGIN)
    said = " ".join(reason.statement for reason in plugin.reasons)
    assert "two steps" in said
    assert "training" in said
    assert "speed" in said
    assert all(reason.source for one in found for reason in one.reasons)


def test_alternatives_meet_the_wishes() -> None:
    """What a wish rules out is not offered as another way."""
    wish = Wish(target=MAC, python="3.9", tensorflow="<2.16", demands=demands("keras<3"))
    kinds = {one.stack for one in alternatives(wish, best(wish).stack)}
    assert kinds == {StackKind.TENSORFLOW_MACOS_METAL, StackKind.TENSORFLOW_CPU}


class NewestBreaks(TableResolver):
    """Takes a NumPy that breaks this TensorFlow, until it is told not to."""

    def resolve(self, requirements: Sequence[str], **options: Any) -> "tuple[Pin, ...]":
        pins = super().resolve(requirements, **options)
        held = any(text.startswith("numpy<=") for text in options["constraints"])
        return (*pins, Pin(name="numpy", version="1.26.4" if held else "2.3.0"))


def test_what_is_known_to_break_is_not_planned() -> None:
    """The resolver is asked once more, and the plan says why."""
    wish = Wish(target=MAC, tensorflow="2.15")
    plan = make_plan(wish, best(wish), Asking(resolver=NewestBreaks()))

    assert isinstance(plan, Plan)
    assert plan.version("numpy") == "1.26.4"
    assert any("broke TensorFlow 2.15" in one.statement for one in plan.rationale)


def test_a_proven_plan_stays_within_what_was_run() -> None:
    """Each package that was run has an upper bound; the plan says where it comes from."""
    wish = Wish(target=MAC, tensorflow="2.15", preference=Preference.PROVEN)
    resolver = TableResolver()
    plan = make_plan(wish, best(wish), Asking(resolver=resolver))

    assert isinstance(plan, Plan)
    bounds = [text for text in resolver.asked[0].constraints if "<=" in text]
    assert any(text.startswith("h5py<=") for text in bounds)
    assert len(bounds) > 20
    assert any("were seen to work" in one.statement for one in plan.rationale)
    newest = TableResolver()
    make_plan(Wish(target=MAC, tensorflow="2.15"), best(wish), Asking(resolver=newest))
    assert not any("h5py" in text for text in newest.asked[0].constraints)
