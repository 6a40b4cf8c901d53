"""Names of devices say how the CPU has to be divided."""

import pytest

from tfmac.measurement.devices import logical_cpus


@pytest.mark.parametrize(
    ("names", "count"),
    [
        ([], 0),
        ([None, "CPU:0"], 0),
        (["gpu", "cpu"], 0),
        (["GPU:3", "CPU:0"], 0),
        (["CPU:1", None], 2),
        (["cpu:0", "cpu:2"], 3),
        (["CPU:x"], 0),
    ],
)
def test_a_second_cpu_divides_the_processor(names: "list[str | None]", count: int) -> None:
    """Only a CPU with a number above 0 asks for logical devices."""
    assert logical_cpus(names) == count
