"""The disk that an installation takes."""

from tfmac.knowledge import releases
from tfmac.planner.space import needed_bytes
from tfmac.schema.plans import Pin, Plan, StackKind
from tfmac.schema.platform import Target

MEGABYTE = 10**6


def needed(*pins: Pin, target: str = "macos-14-arm64") -> int:
    plan = Plan(
        target=Target.parse(target),
        python="3.12",
        stack=StackKind.TENSORFLOW_CPU,
        gpu=False,
        requirements=(),
        pins=pins,
        rationale=(),
        rejected=(),
    )
    return needed_bytes(plan)


def test_nothing_needs_nothing() -> None:
    """An empty plan takes no space."""
    assert needed() == 0


def test_a_known_wheel_counts_unpacked() -> None:
    """An unpacked TensorFlow takes a multiple of its wheel, which differs between machines."""
    pin = Pin(name="tensorflow", version="2.19.1")
    release = releases.release("tensorflow", "2.19.1")
    assert release is not None

    for target in ("macos-14-arm64", "linux-x86_64"):
        size = releases.wheel_size(release, Target.parse(target), "3.12")
        assert size is not None
        # Unpacked it takes up to five times the wheel, which lies beside it meanwhile.
        assert 6 * size <= needed(pin, target=target) < 10 * size


def test_a_distribution_that_is_not_known_still_counts() -> None:
    """A name that the knowledge has no wheels of is taken for one of the usual size."""
    assert MEGABYTE < needed(Pin(name="somebodys-own", version="1")) < 100 * MEGABYTE


def test_every_pin_adds() -> None:
    """The whole is the sum of its parts."""
    keras, own = Pin(name="keras", version="3.8.0"), Pin(name="somebodys-own", version="1")

    assert needed(keras, own) == needed(keras) + needed(own)
