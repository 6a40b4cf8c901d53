"""Plans that were made elsewhere, taken to a machine."""

import pytest
from msgspec.structs import replace

from tfmac.planner.transfer import PlanForOtherMachine, taken_to
from tfmac.schema.plans import InterpreterChoice, Pin, Plan, StackKind
from tfmac.schema.platform import Target

PLAN = Plan(
    target=Target.parse("macos-14-arm64"),
    python="3.12",
    stack=StackKind.TENSORFLOW_METAL,
    gpu=True,
    requirements=("tensorflow==2.19.1",),
    pins=(Pin(name="tensorflow", version="2.19.1"),),
    rationale=(),
)


def interpreters(*versions: str) -> "tuple[InterpreterChoice, ...]":
    return tuple(
        InterpreterChoice(path=f"/opt/python{one}", version=one, origin="PATH") for one in versions
    )


def taken(planned: str, machine: str, *versions: str, needed: bool = True) -> Plan:
    plan = replace(PLAN, target=Target.parse(planned))
    return taken_to(plan, Target.parse(machine), interpreters(*versions), needs_interpreter=needed)


@pytest.mark.parametrize(
    ("planned", "machine"),
    [
        ("macos-14-arm64", "macos-14-arm64"),
        ("macos-14-arm64", "macos-15-arm64"),
        ("macos-14-arm64", "macos-26.1-arm64"),
        ("macos-14.2-arm64", "macos-14.2.1-arm64"),
        ("macos-14.2.1-arm64", "macos-14.2-arm64"),
        ("macos-14-arm64", "macos-14.0-arm64"),
        ("macos-14.0-arm64", "macos-14-arm64"),
        ("macos-12-x86_64", "macos-13-x86_64"),
        ("linux-x86_64", "linux-x86_64"),
        ("linux-aarch64", "linux-arm64"),
    ],
)
def test_it_holds_for_its_own_machine_and_newer_systems(planned: str, machine: str) -> None:
    """A wheel for a macOS is one for all newer ones; its patch number does not matter."""
    plan = taken(planned, machine, "3.12.4")

    assert plan.target == Target.parse(planned)
    assert plan.pins == PLAN.pins
    assert plan.interpreter == interpreters("3.12.4")[0]


@pytest.mark.parametrize(
    ("planned", "machine"),
    [
        ("macos-15-arm64", "macos-14-arm64"),
        ("macos-14.2-arm64", "macos-14.1-arm64"),
        ("macos-26-arm64", "macos-15.7-arm64"),
        ("macos-14-arm64", "macos-14-x86_64"),
        ("macos-14-arm64", "linux-aarch64"),
        ("linux-x86_64", "linux-aarch64"),
        ("linux-x86_64", "macos-14-x86_64"),
    ],
)
def test_another_machine_is_refused(planned: str, machine: str) -> None:
    """Both are named; that a Python would be there changes nothing."""
    words = f"for {Target.parse(planned)}, and this machine is {Target.parse(machine)}"
    for needed in (True, False):
        with pytest.raises(PlanForOtherMachine, match=words):
            taken(planned, machine, "3.12.4", needed=needed)


def test_the_first_interpreter_of_its_python_is_taken() -> None:
    """They come with the newest first; none of another Python will do."""
    plan = taken("macos-14-arm64", "macos-15-arm64", "3.13.1", "3.12.9", "3.12.4")
    assert plan.interpreter is not None
    assert plan.interpreter.version == "3.12.9"


@pytest.mark.parametrize("versions", [(), ("3.1.2",), ("3.13.0", "3.11.9")])
def test_a_python_that_is_not_there(versions: "tuple[str, ...]") -> None:
    """It is refused with what would help, unless something else brings the Python."""
    with pytest.raises(PlanForOtherMachine, match=r"for Python 3\.12.*--download-python"):
        taken("macos-14-arm64", "macos-15-arm64", *versions)
    plan = taken("macos-14-arm64", "macos-15-arm64", *versions, needed=False)
    assert plan.interpreter is None


def test_the_interpreter_of_the_machine_that_it_was_made_on_is_forgotten() -> None:
    """A path of somebody else's is never run."""
    foreign = replace(PLAN, interpreter=interpreters("3.12.0")[0])
    machine = Target.parse("macos-14-arm64")
    plan = taken_to(foreign, machine, (), needs_interpreter=False)
    assert plan.interpreter is None
    own = InterpreterChoice(path="/own/python", version="3.12.1", origin="PATH")
    assert taken_to(foreign, machine, (own,), needs_interpreter=True).interpreter == own
