"""Every action of a repair is told in words, in the order in which it would be carried out."""

from tfmac.report.repair import render_actions
from tfmac.schema.actions import (
    Action,
    BuildPins,
    CreateEnvironment,
    ExchangePins,
    InstallPins,
    RegisterKernel,
    SetVariables,
)
from tfmac.schema.codec import SCHEMA_VERSION
from tfmac.schema.plans import Pin, Variable
from tfmac.schema.repairs import RepairMode, RepairOutcome, RepairReport

PLACE = "/Users/jane/ml/.venv"
CREATE = CreateEnvironment(path=PLACE, python="/usr/bin/python3.12")
INSTALL = InstallPins(environment=PLACE, pins=(Pin(name="tensorflow", version="2.18.1"),))
BUILD = BuildPins(environment=PLACE, pins=(Pin(name="tensorflow-metal-plugin", version="0.2"),))
VARIABLES = SetVariables(
    environment=PLACE, variables=(Variable(name="KERAS_BACKEND", value="torch"),)
)
PROOF = "use it: import TensorFlow, place a product, fit, save and load a small model"


def told(*actions: Action) -> "list[str]":
    report = RepairReport(
        schema_version=SCHEMA_VERSION,
        tfmac="1",
        environment=PLACE,
        mode=RepairMode.SIDE_BY_SIDE,
        outcome=RepairOutcome.PLANNED,
        causes=(),
        python="3.12",
        actions=actions,
    )
    return render_actions(report).splitlines()


def test_a_new_environment_beside_the_old_one() -> None:
    """It is used after all else is done, and takes the place last."""
    assert told(CREATE, INSTALL, VARIABLES) == [
        f"make an environment for {PLACE} beside it, on /usr/bin/python3.12",
        "install into it, and nothing else:",
        "  tensorflow==2.18.1",
        "set for every Python program there, where it is not set already:",
        "  KERAS_BACKEND=torch",
        PROOF,
        f"let it take the place of {PLACE}, which is kept for tfmac undo",
    ]


def test_a_new_environment_in_the_place_of_the_old_one() -> None:
    """What is built there cannot be moved, so nothing is said to be made beside it."""
    assert told(CREATE, INSTALL, BUILD) == [
        f"set {PLACE} aside, and make an environment in its place, on /usr/bin/python3.12",
        "install into it, and nothing else:",
        "  tensorflow==2.18.1",
        "build against what is installed there, and install:",
        "  tensorflow-metal-plugin==0.2",
        PROOF,
        f"keep what was set aside of {PLACE} for tfmac undo",
    ]


def test_a_kernel() -> None:
    """The name is the one that Jupyter shows the environment by."""
    action = RegisterKernel(environment=PLACE, name="tf-metal")
    assert told(action) == [f"let Jupyter offer {PLACE} as the kernel tf-metal"]


def test_an_exchange() -> None:
    """What is removed comes first; what is installed again says so."""
    pins = (Pin(name="numpy", version="2.0"), Pin(name="scipy", version="1.1"))
    action = ExchangePins(environment=PLACE, pins=pins, removed=("keras",), again=("scipy",))
    assert told(action) == [
        f"remove from {PLACE}: keras",
        f"install into {PLACE}, and nothing else:",
        "  numpy==2.0",
        "  scipy==1.1 (again)",
    ]
