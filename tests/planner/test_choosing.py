"""What is chosen for which machine and Pythons, by the shipped knowledge."""

from typing import NamedTuple, Optional

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from builders.wishes import of_every_stack
from tfmac.knowledge import extension_abi, releases
from tfmac.planner.choosing import Choice, choose
from tfmac.planner.resolving import rejected
from tfmac.planner.stacks import Candidate, candidates, offered
from tfmac.schema.abi import AbiVerdict
from tfmac.schema.plans import InterpreterChoice, NoPlan, StackKind, Wish
from tfmac.schema.platform import Target

METAL_BEST = ("2.19.1", "1.2.0")


def interpreters(*versions: str) -> "list[InterpreterChoice]":
    return [
        InterpreterChoice(path=f"/opt/python{version}", version=version, origin="PATH")
        for version in versions
    ]


def wish(
    target: str,
    *,
    python: Optional[str] = None,
    gpu: Optional[bool] = None,
    tensorflow: Optional[str] = None,
    keras: Optional[str] = None,
) -> Wish:
    return Wish(
        target=Target.parse(target), python=python, gpu=gpu, tensorflow=tensorflow, keras=keras
    )


def chosen(one: Wish, *versions: str) -> Choice:
    choice = choose(one, interpreters(*versions))
    assert isinstance(choice, Choice)
    return choice


def refused(one: Wish) -> NoPlan:
    answer = choose(one)
    assert isinstance(answer, NoPlan)
    return answer


class Expected(NamedTuple):
    """The best for a machine: stack, TensorFlow, plug-in, and on which Python."""

    stack: StackKind
    tensorflow: str
    plugin: Optional[str]
    python: str


METAL, CPU, CUDA = (
    StackKind.TENSORFLOW_METAL,
    StackKind.TENSORFLOW_CPU,
    StackKind.TENSORFLOW_CUDA,
)
CHOICES = [
    (wish("macos-15-arm64"), (), Expected(METAL, *METAL_BEST, "3.12")),
    (wish("macos-12-arm64"), (), Expected(METAL, *METAL_BEST, "3.12")),
    (wish("macos-15-arm64"), ("3.11.9",), Expected(METAL, *METAL_BEST, "3.11")),
    (wish("macos-15-arm64"), ("3.13.1", "3.11.9"), Expected(METAL, *METAL_BEST, "3.11")),
    (wish("macos-15-arm64", gpu=False), (), Expected(CPU, "2.21.0", None, "3.13")),
    (wish("macos-15-arm64", python="3.13"), (), Expected(CPU, "2.21.0", None, "3.13")),
    (wish("macos-15-arm64", python="3.13.1"), (), Expected(CPU, "2.21.0", None, "3.13")),
    (wish("macos-15-arm64", keras="<3"), (), Expected(METAL, "2.15.1", "1.2.0", "3.11")),
    (wish("macos-15-arm64", tensorflow="2.18"), (), Expected(METAL, "2.18.1", "1.2.0", "3.12")),
    (wish("macos-11-arm64"), (), Expected(CPU, "2.9.2", None, "3.10")),
    (
        wish("macos-15-arm64", keras="<3", tensorflow="2.18"),
        (),
        Expected(StackKind.TF_KERAS, "2.18.1", "1.2.0", "3.12"),
    ),
    (
        wish("macos-15-arm64", gpu=True, python="3.13"),
        (),
        Expected(StackKind.TENSORFLOW_METAL_PLUGIN, "2.21.0", "0.4.1", "3.13"),
    ),
    (wish("macos-13-x86_64"), (), Expected(CPU, "2.16.2", None, "3.12")),
    (wish("macos-13-x86_64"), ("3.11.4",), Expected(CPU, "2.16.2", None, "3.11")),
    (wish("linux-x86_64"), (), Expected(CPU, "2.21.0", None, "3.13")),
    (wish("linux-x86_64", gpu=True), (), Expected(CUDA, "2.21.0", None, "3.13")),
    (wish("linux-aarch64"), ("3.10.2",), Expected(CPU, "2.21.0", None, "3.10")),
]


def _title(case: "tuple[Wish, tuple[str, ...], Expected]") -> str:
    one, versions, _ = case
    said = (one.python, one.gpu, one.tensorflow, one.keras, *versions)
    return f"{one.target}-{'-'.join(map(str, said))}"


@pytest.mark.parametrize(("one", "versions", "expected"), CHOICES, ids=map(_title, CHOICES))
def test_the_best_for_a_machine(one: Wish, versions: "tuple[str, ...]", expected: Expected) -> None:
    """The GPU counts most, then the newest TensorFlow, then a Python that is there."""
    best = chosen(one, *versions).best

    plugin = best.plugin.version if best.plugin else None
    assert Expected(best.stack, best.core.version, plugin, best.python) == expected


def test_a_mac_with_homebrews_newest_pythons_needs_another() -> None:
    """With 3.13 and 3.14 only, the best needs 3.12, and the loss without it is named."""
    choice = chosen(wish("macos-15-arm64"), "3.14.0", "3.13.1")

    assert choice.best.python == "3.12"
    assert choice.needs_python
    assert choice.interpreter is not None
    assert choice.interpreter.version == "3.13.1"
    assert choice.loss == (
        "TensorFlow 2.21.0 on Python 3.13 instead of "
        "TensorFlow 2.19.1 + tensorflow-metal 1.2.0 on Python 3.12, so no GPU"
    )


def test_an_existing_python_that_serves_as_well_is_taken() -> None:
    """An older Python for which the same set exists costs nothing, so none is fetched."""
    choice = chosen(wish("macos-15-arm64"), "3.11.9")

    assert not choice.needs_python
    assert choice.loss is None
    assert choice.interpreter == interpreters("3.11.9")[0]


def test_a_loss_of_the_release_alone_is_no_loss_of_the_gpu() -> None:
    """A Python for an older pair loses the newer one and keeps the GPU."""
    choice = chosen(wish("macos-15-arm64"), "3.8.20")

    assert choice.needs_python
    assert choice.loss is not None
    assert "tensorflow-metal" in choice.loss.partition(" instead of ")[0]
    assert "no GPU" not in choice.loss


def test_no_fitting_python_is_no_loss() -> None:
    """Where none of the Pythons fits anything there is nothing to compare with."""
    choice = chosen(wish("macos-15-arm64"), "3.14.0")

    assert (choice.existing, choice.interpreter, choice.loss) == (None, None, None)
    assert choice.needs_python


def test_the_newest_patch_of_a_python_is_taken() -> None:
    """Of two interpreters of one minor the first of the list counts."""
    assert (
        chosen(wish("macos-15-arm64"), "3.12.9", "3.12.1").interpreter
        == (interpreters("3.12.9")[0])
    )


def test_a_gpu_on_a_python_without_a_plugin_is_no_plan() -> None:
    """The two wishes that collide are named, what each allows, and the nearest set."""
    answer = refused(wish("macos-14-arm64", gpu=True, python="3.13", tensorflow=">=2.10"))

    (conflict,) = answer.conflicts
    assert conflict.wishes == ("--gpu", "--python 3.13")
    assert conflict.cause == "tensorflow-metal-no-wheel"
    assert conflict.reason == (
        "no set meets all of these: "
        "with --python 3.13 there is at best TensorFlow 2.21.0 on Python 3.13; "
        "with --gpu there is at best TensorFlow 2.19.1 + tensorflow-metal 1.2.0 on Python 3.12"
    )
    assert answer.nearest == (
        "without --python 3.13: TensorFlow 2.19.1 + tensorflow-metal 1.2.0 on Python 3.12"
    )


@pytest.mark.parametrize(
    ("one", "wishes", "cause"),
    [
        (
            wish("macos-14-arm64", gpu=True, tensorflow=">=2.20"),
            ("--gpu", "--tensorflow >=2.20"),
            "tensorflow-too-new-for-metal",
        ),
        (wish("macos-15-arm64", python="3.14"), ("--python 3.14",), "no-wheel-for-python"),
        (
            wish("macos-15-arm64", python="3.9", tensorflow="2.21"),
            ("--python 3.9", "--tensorflow 2.21"),
            "no-wheel-for-python",
        ),
        (wish("macos-13-x86_64", tensorflow=">2.16.2"), ("--tensorflow >2.16.2",), None),
        (wish("macos-13-x86_64", gpu=True, python="3.11"), ("--gpu",), None),
        (wish("macos-11-arm64", gpu=True), ("--gpu",), None),
        (wish("linux-aarch64", gpu=True), ("--gpu",), None),
        (
            wish("macos-15-arm64", tensorflow="2.21", keras="2.15"),
            ("--tensorflow 2.21", "--keras 2.15"),
            None,
        ),
    ],
)
def test_the_smallest_set_of_colliding_wishes_is_named(
    one: Wish, wishes: "tuple[str, ...]", cause: Optional[str]
) -> None:
    """Wishes that have no part in a collision are not blamed."""
    answer = refused(one)

    assert [conflict.wishes for conflict in answer.conflicts] == [wishes]
    assert answer.conflicts[0].cause == cause
    assert answer.nearest is not None
    assert answer.nearest.startswith("without ")


def test_a_wish_that_nothing_meets_is_refused_with_what_there_is() -> None:
    """The range of releases and Pythons of the machine stands in the reason."""
    (conflict,) = refused(wish("macos-13-x86_64", tensorflow="2.21")).conflicts

    assert conflict.reason.startswith("nothing for macos-13-x86_64 meets --tensorflow 2.21; ")
    assert "to 2.16.2 on Python" in conflict.reason


@pytest.mark.parametrize(
    ("target", "stack", "needed"),
    [
        ("macos-14-arm64", StackKind.TENSORFLOW_METAL_PLUGIN, "macOS 15"),
        ("linux-x86_64", StackKind.TENSORFLOW_METAL, "Apple silicon"),
        ("macos-13-x86_64", StackKind.TENSORFLOW_MACOS_METAL, "Apple silicon"),
        ("macos-15-arm64", StackKind.TENSORFLOW_CUDA, "Linux on x86-64"),
    ],
)
def test_a_stack_that_a_machine_cannot_have_is_refused_with_what_it_needs(
    target: str, stack: StackKind, needed: str
) -> None:
    """That there are such TensorFlows says nothing about the stack."""
    (conflict,) = refused(Wish(target=Target.parse(target), stack=stack)).conflicts

    assert conflict.wishes == (f"--stack {stack.value}",)
    assert needed in conflict.reason


def test_a_machine_that_no_wheel_runs_on_has_no_plan() -> None:
    """A Mac older than every wheel is named by its target."""
    (conflict,) = refused(wish("macos-10-arm64")).conflicts

    assert conflict.wishes == ("--for macos-10-arm64",)


def test_the_newest_pair_stands_among_the_rejected() -> None:
    """On a Mac the reader is told why the newest TensorFlow with the newest plug-in was left."""
    one = wish("macos-15-arm64")

    causes = {each.stack: each.cause for each in rejected(one, chosen(one).best)}

    assert causes == {
        "TensorFlow 2.21.0 + tensorflow-metal 1.2.0": "tensorflow-too-new-for-metal",
    }


def test_a_choice_without_a_gpu_says_why() -> None:
    """Where no pair fits the other wishes, the plug-in stands among the rejected with its cause."""
    one = wish("macos-15-arm64", python="3.13")

    causes = [each.cause for each in rejected(one, chosen(one).best)]

    assert causes == ["tensorflow-too-new-for-metal", "tensorflow-metal-no-wheel"]


def test_a_gpu_that_was_not_wished_is_not_argued_about() -> None:
    """With ``--no-gpu`` the one reason is the user's own wish."""
    one = wish("macos-15-arm64", gpu=False)

    assert [each.reason for each in rejected(one, chosen(one).best)] == ["--no-gpu was asked for"]


def test_every_reason_has_a_source() -> None:
    """Each candidate of a Mac says which wheels and which verdict it rests on."""
    for one in of_every_stack(Target.parse("macos-15-arm64")):
        assert one.rationale
        assert all(reason.statement and reason.source for reason in one.rationale)


TARGETS = st.sampled_from(
    ["macos-11-arm64", "macos-12-arm64", "macos-15-arm64", "macos-13-x86_64", "linux-x86_64"]
)
VERSIONS = st.sampled_from(["2.5", "2.9.2", "2.12", "2.13", "2.15.1", "2.16.2", "2.19", "2.21"])
SPECIFIERS = st.one_of(
    st.builds("{}{}".format, st.sampled_from(["<", "<=", ">=", ">", "!="]), VERSIONS),
    VERSIONS.map("=={}.*".format),
    st.builds(">={},<{}".format, VERSIONS, VERSIONS),
)
COMMUNITY = "tensorflow-metal-plugin"
WISHES = st.builds(
    Wish,
    target=TARGETS.map(Target.parse),
    python=st.none() | st.sampled_from(["3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14"]),
    gpu=st.none() | st.booleans(),
    tensorflow=st.none() | SPECIFIERS,
)


def _meets(one: Wish, candidate: Candidate) -> bool:
    """Hold a candidate against a wish, without the planner's own tests."""
    return (
        one.python in {None, candidate.python}
        and one.gpu in {None, candidate.gpu}
        and (
            one.tensorflow is None
            or SpecifierSet(one.tensorflow).contains(candidate.core.version, prereleases=True)
        )
    )


@settings(max_examples=60, deadline=None)
@example(Wish(target=Target.parse("macos-15-arm64"), gpu=True, tensorflow="==2.21.*"), [])
@given(WISHES, st.lists(st.sampled_from(["3.14.0", "3.13.1", "3.11.9", "3.9.6"]), unique=True))
def test_an_answer_meets_every_wish_or_nothing_does(one: Wish, versions: "list[str]") -> None:
    """A choice meets the wishes, loads and has wheels; no plan means that nothing would."""
    answer = choose(one, interpreters(*versions))

    if isinstance(answer, NoPlan):
        known = candidates(one, offered(one))
        assert not any(_meets(one, candidate) for candidate in known)
        return
    for candidate in filter(None, (answer.best, answer.existing)):
        assert _meets(one, candidate)
        _assert_installable_and_loading(candidate, one.target)
    assert answer.existing is None or answer.existing.rank <= answer.best.rank


def _assert_installable_and_loading(candidate: Candidate, target: Target) -> None:
    compiled = candidate.stack is StackKind.TENSORFLOW_METAL_PLUGIN
    for requirement in candidate.requirements:
        name, pinned, version = requirement.replace("[and-cuda]", "").partition("==")
        if compiled and (not pinned or name == COMMUNITY):
            # The community's plug-in is built against the TensorFlow beside it, with these tools.
            continue
        release = releases.release(name, version)
        assert release is not None
        assert releases.has_wheel(release, target, candidate.python)
    if candidate.plugin is not None and not compiled:
        name = candidate.requirements[0].partition("==")[0]
        pair = extension_abi.verdict(
            candidate.plugin.name, candidate.plugin.version, name, candidate.core.version
        )
        assert pair.verdict in {AbiVerdict.LOADS, AbiVerdict.LOADS_BUT_UNSAFE}
        assert pair.unsafe == candidate.doubts


@settings(max_examples=40, deadline=None)
@given(WISHES)
def test_a_refusal_blames_a_set_that_really_collides(one: Wish) -> None:
    """The named wishes cannot be met together, and each smaller set of them can."""
    answer = choose(one)
    if not isinstance(answer, NoPlan):
        return
    blamed = answer.conflicts[0].wishes
    assert not _possible(one, blamed)
    for left_out in blamed:
        assert _possible(one, [text for text in blamed if text != left_out])


def _possible(one: Wish, texts: "tuple[str, ...] | list[str]") -> bool:
    options = {text.partition(" ")[0] for text in texts}
    part = Wish(
        target=one.target,
        python=one.python if "--python" in options else None,
        gpu=one.gpu if options & {"--gpu", "--no-gpu"} else None,
        tensorflow=one.tensorflow if "--tensorflow" in options else None,
    )
    return any(_meets(part, each) for each in candidates(part, offered(part)))
