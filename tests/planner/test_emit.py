"""Plans as files for other tools."""

from packaging.requirements import Requirement

from tfmac.planner.emit import requirements_text
from tfmac.schema.plans import Pin, Plan, StackKind
from tfmac.schema.platform import Target


def plan(*pins: Pin) -> Plan:
    return Plan(
        target=Target.parse("macos-14-arm64"),
        python="3.12",
        stack=StackKind.TENSORFLOW_METAL,
        gpu=True,
        requirements=(),
        pins=pins,
        rationale=(),
        rejected=(),
    )


def test_requirements_are_exact_pins_under_what_they_are_for() -> None:
    """The first line says the stack, the machine and the Python; every other is a pin."""
    text = requirements_text(
        plan(Pin(name="keras", version="3.8.0"), Pin(name="h5py", version="3"))
    )

    assert text == (
        "# tensorflow-metal for macos-14-arm64, Python 3.12; made by tfmac plan\n"
        "keras==3.8.0\nh5py==3\n"
    )
    for line in text.splitlines()[1:]:
        assert str(Requirement(line))


def test_hashes_follow_their_pin() -> None:
    """Each hash has a line of its own, continued as pip and uv read it."""
    pin = Pin(name="keras", version="3.8.0", hashes=("sha256:aa", "sha256:bb"))

    assert requirements_text(plan(pin)).partition("\n")[2] == (
        "keras==3.8.0 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n"
    )
