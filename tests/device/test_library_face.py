"""``from tfmac import device`` costs nothing and needs nothing; functions tell what is missing."""

import subprocess
import sys

import pytest

from tfmac import device


def ran(program: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )


def test_every_public_name_is_there() -> None:
    for name in device.__all__:
        assert getattr(device, name) is getattr(device, name)
    with pytest.raises(AttributeError, match="nothing"):
        device.nothing  # noqa: B018
    assert dir(device) == device.__all__


def test_the_import_loads_neither_a_framework_nor_numpy_nor_metadata() -> None:
    program = (
        "import sys; import tfmac.device; "
        "print([name for name in sys.modules if name.partition('.')[0] in "
        "('tensorflow', 'keras', 'torch', 'jax', 'numpy') or name == 'importlib.metadata'])"
    )
    assert ran(program).stdout == "[]\n"


@pytest.mark.parametrize("call", ["best()", "scope().__enter__()", "hide_gpu()", "report(print)"])
def test_without_a_framework_it_is_said(call: str) -> None:
    block = "import sys; sys.modules.update(dict.fromkeys(('tensorflow', 'torch', 'jax')))"
    program = f"{block}; from tfmac import device; device.{call}"
    answer = ran(program)

    assert answer.returncode == 1
    assert "NoFramework" in answer.stderr, answer.stderr


def test_the_limits_need_no_framework() -> None:
    assert ran("from tfmac import device; assert device.limits()").returncode == 0
