"""Plans turned into the actions that make their environments."""

from msgspec.structs import replace

from tfmac.planner.building import building
from tfmac.schema.actions import (
    BuildPins,
    CreateEnvironment,
    InstallPins,
    SetVariables,
)
from tfmac.schema.plans import InterpreterChoice, Pin, Plan, StackKind, Variable
from tfmac.schema.platform import Target

ENV = "/data/env"
TENSORFLOW = Pin(name="tensorflow", version="2.21.0", hashes=("sha256:aa",))
PLUGIN = Pin(name="tensorflow-metal-plugin", version="0.4.1", hashes=("sha256:bb",))
WHEEL = Pin(name="wheel", version="0.45.1")
PLAN = Plan(
    target=Target.parse("macos-14-arm64"),
    python="3.12",
    stack=StackKind.TENSORFLOW_CPU,
    gpu=False,
    requirements=("tensorflow==2.21.0",),
    pins=(TENSORFLOW, WHEEL),
    rationale=(),
    interpreter=InterpreterChoice(path="/opt/python3.12", version="3.12.4", origin="PATH"),
)


def test_an_environment_on_the_interpreter_and_all_pins() -> None:
    """Nothing else is done where nothing else is needed."""
    assert list(building(ENV, PLAN)) == [
        CreateEnvironment(path=ENV, python="/opt/python3.12"),
        InstallPins(environment=ENV, pins=(TENSORFLOW, WHEEL)),
    ]


def test_what_has_no_wheel_is_built_after_all_others_are_there() -> None:
    """It is built against them, so it is in none of the pins that are installed before."""
    plan = replace(PLAN, pins=(PLUGIN, TENSORFLOW, WHEEL), built=("tensorflow-metal-plugin",))

    assert list(building(ENV, plan))[1:] == [
        InstallPins(environment=ENV, pins=(TENSORFLOW, WHEEL)),
        BuildPins(environment=ENV, pins=(PLUGIN,)),
    ]


def test_variables_are_set_last() -> None:
    """No installation would take what it finds set there."""
    variable = Variable(name="TF_USE_LEGACY_KERAS", value="1")
    plan = replace(
        PLAN,
        pins=(PLUGIN, TENSORFLOW),
        built=("tensorflow-metal-plugin",),
        variables=(variable,),
    )

    *before, last = building(ENV, plan)

    assert last == SetVariables(environment=ENV, variables=(variable,))
    assert [type(action) for action in before] == [CreateEnvironment, InstallPins, BuildPins]


def test_a_python_is_fetched_only_where_none_is_named() -> None:
    """The plan's minor is what is asked for then."""
    without = replace(PLAN, interpreter=None)
    for plan, download, expected in (
        (without, True, CreateEnvironment(path=ENV, python="3.12", download=True)),
        (without, False, CreateEnvironment(path=ENV, python="3.12")),
        (PLAN, True, CreateEnvironment(path=ENV, python="/opt/python3.12")),
    ):
        assert next(building(ENV, plan, download=download)) == expected


def test_a_manager_with_a_python_of_its_own_gets_the_version() -> None:
    """It could not use the interpreter that is here."""
    assert next(building(ENV, PLAN, own_python=True)) == CreateEnvironment(path=ENV, python="3.12")
