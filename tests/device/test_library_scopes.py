"""``device.scope()`` and ``device.hide_gpu()``, above a framework that writes down its orders."""

import threading

import pytest

from builders.device_stand_in import CPU, CUDA, stand_in
from tfmac import device
from tfmac.device.frameworks import Device

SECOND = Device("GPU:1", "gpu", "gpu", "NVIDIA A100")


@pytest.mark.parametrize(
    ("name", "device_name"),
    [("auto", "GPU:0"), ("gpu", "GPU:0"), ("cpu", "CPU:0"), ("GPU:1", "GPU:1"), ("gpu:1", "GPU:1")],
)
def test_a_block_runs_in_the_scope_of_its_framework(
    monkeypatch: pytest.MonkeyPatch, name: str, device_name: str
) -> None:
    used = stand_in(monkeypatch, CUDA, SECOND, CPU)
    with device.scope(name) as entered:
        assert used.log == [f"enter {device_name}"]

    assert entered.name == device_name
    assert used.log == [f"enter {device_name}", f"leave {device_name}"]


def test_scopes_nest_and_one_may_be_entered_again(monkeypatch: pytest.MonkeyPatch) -> None:
    used = stand_in(monkeypatch, CUDA, CPU)
    outer = device.scope("gpu")
    with outer, device.scope("cpu"), outer:
        pass

    assert [line.split()[1] for line in used.log] == [
        *("GPU:0", "CPU:0", "GPU:0"),
        *("GPU:0", "CPU:0", "GPU:0"),
    ]


def test_what_the_block_raises_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    used = stand_in(monkeypatch, CUDA, CPU)
    with pytest.raises(KeyError), device.scope("gpu"):
        raise KeyError("mine")

    assert used.log == ["enter GPU:0", "leave GPU:0"]


def test_threads_share_a_scope_and_leave_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    used = stand_in(monkeypatch, CUDA, CPU)
    shared = device.scope("gpu")
    inside, go_on = threading.Event(), threading.Event()

    def work() -> None:
        with shared:
            inside.set()
            go_on.wait(30)

    other = threading.Thread(target=work)
    with shared:
        other.start()
        assert inside.wait(30)
    assert used.log.count("leave GPU:0") == 1
    go_on.set()
    other.join(30)
    assert used.log.count("leave GPU:0") == 2


def test_a_device_that_is_not_there_is_told_with_those_that_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stand_in(monkeypatch, CPU)
    with pytest.raises(device.NoSuchDevice, match="there are: CPU:0"), device.scope("gpu"):
        pass


def test_a_hidden_gpu_is_not_scoped_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    used = stand_in(monkeypatch, CUDA, CPU)
    with device.scope("auto") as before:
        pass
    device.hide_gpu()
    with device.scope("auto") as after:
        pass

    assert (before.name, after.name, len(used.log)) == ("GPU:0", "CPU:0", 4)


def test_hiding_too_late_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, CUDA, CPU).too_late = "the GPU was used before"
    with pytest.raises(device.DeviceProblem, match="the GPU was used before"):
        device.hide_gpu()
