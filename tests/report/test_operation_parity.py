"""The report of ``parity --ops`` as its user sees it, held against files.

``TFMAC_UPDATE_GOLDENS=1 pytest tests/report`` writes the files anew; look at the difference then.
"""

import os
from pathlib import Path
from typing import Any

import click
import msgspec
import pytest

from tfmac.report.operation_parity import render
from tfmac.schema.operation_parity import (
    ComparedDevice,
    Distance,
    OperationCase,
    OperationEnvironment,
    OperationParityReport,
    OperationVerdict,
    RunFailure,
)

GOLDEN = Path(__file__).parent.parent / "data" / "golden" / "operations"
ENVIRONMENT = OperationEnvironment(
    framework="tensorflow",
    framework_version="2.18.1",
    keras_version="3.8.0",
    plugin_version="1.2.0",
    device=ComparedDevice(name="GPU:0", kind="gpu", described="Apple M2"),
    reference=ComparedDevice(name="CPU:0", kind="cpu", described="CPU"),
)


def case(operation: str, dtype: str, shape: str, verdict: str, **more: Any) -> OperationCase:
    variant = more.pop("variant", "")
    name = f"{operation}({variant})" if variant else operation
    return OperationCase(
        name=f"{name} {dtype} {shape}",
        operation=operation,
        variant=variant,
        dtype=dtype,
        shape=shape,
        verdict=OperationVerdict(verdict),
        **more,
    )


def apart(rms: "float | None", element: "float | None", slope: "float | None" = 0.0) -> Distance:
    return Distance(rms=rms, element=element, slope=slope)


SINGLE, HALF = apart(2.2e-5, 1.7e-4, 2.2e-5), apart(2.4e-3, 1.6e-2, 7.3e-4)
SOUND = (
    case("Dense", "float32", "8x32", "within-tolerance", way="gradient",
         distance=apart(3e-7, 8e-7), tolerance=SINGLE),
    case("Dense", "float16", "8x32", "same", way="forward"),
    case("matmul", "float32", "7x13x5", "same", way="forward"),
    case("add", "int32", "64", "same", way="forward", wavers=("compiled",)),
    case("fft", "float32", "16", "not-there", detail="keras.ops has no fft here"),
)  # fmt: skip
UNSOUND = (
    case("Conv2D", "float32", "2x8x8x4", "wrong", way="forward", variant="groups=2",
         distance=apart(1e-2, 7e-3, 1e-2), tolerance=SINGLE, tested_error=apart(1e-2, 7e-3, 1e-2),
         reference_error=apart(3.1e-8, 4e-8)),
    case("Conv2D", "float32", "3x11x7x6", "wrong", way="forward", variant="groups=2",
         distance=apart(None, None, None), tolerance=SINGLE,
         tested_error=apart(None, None, None), reference_error=apart(3.1e-8, 4e-8)),
    case("Conv2D", "float16", "2x8x8x4", "wrong", way="gradient",
         distance=apart(1e-3, 2e-2, 1e-4), tolerance=HALF),
    case("sort", "int32", "64", "wrong", way="compiled",
         detail="3 of 64 values of result 1 differ (int32)"),
    case("scatter", "float32", "64", "not-deterministic", way="forward",
         detail="2 of 2 repeats differ"),
    case("svd", "float32", "8x4", "no-kernel", way="forward",
         detail="NotFoundError: No OpKernel was registered to support Op 'Svd'"),
    case("LSTM", "float32", "2x6x8", "crashed", way="gradient", detail="it was killed by SIGSEGV"),
    case("GRU", "float32", "2x6x8", "hung", way="compiled", detail="no end within 60 s"),
    case("qr", "float32", "8x4", "failed", detail="ValueError: nobody can"),
    case("Dense", "bfloat16", "8x32", "same", way="forward",
         not_judged={"gradient": "ValueError: no gradient"}),
)  # fmt: skip
ALL_SOUND = OperationParityReport(
    schema_version=1,
    tfmac="0.1",
    interpreter="/env/bin/python",
    environment=ENVIRONMENT,
    planned=5,
    cases=SOUND,
    released=("matmul float32",),
    seconds=12.3,
)
REPORTS = {
    "sound": ALL_SOUND,
    "unsound": msgspec.structs.replace(
        ALL_SOUND,
        cases=(*SOUND, *UNSOUND),
        planned=15,
        resumed=4,
        released=(),
        quarantined=("Conv2D float32", "sort int32"),
        knowledge_problem="what was measured here is left out: device.json: Expecting value",
    ),
    "device-gone": msgspec.structs.replace(
        ALL_SOUND,
        planned=2400,
        released=(),
        failure=RunFailure(
            kind="no-such-device",
            text="NoSuchDevice: torch has no device 'gpu' here; there are: CPU:0",
            detail="Traceback (most recent call last):\n  at the end",
        ),
    ),
    "no-framework": OperationParityReport(
        schema_version=1,
        tfmac="0.1",
        interpreter="/env/bin/python",
        failure=RunFailure(kind="no-framework", text="NoFramework: no framework is installed"),
    ),
}


@pytest.mark.parametrize("name", REPORTS)
def test_text(name: str) -> None:
    """The whole text, without colours."""
    text = click.unstyle(render(REPORTS[name], width=100))
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("TFMAC_UPDATE_GOLDENS"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
