"""``device.best()``: the GPU, unless it is known to be wrong for the work at hand."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from builders.device_stand_in import (
    CPU,
    CUDA,
    LSTM,
    METAL,
    Conv1D,
    Dense,
    Functional,
    stand_in,
)
from tfmac import device
from tfmac.device import limitations, local_knowledge
from tfmac.device.local_knowledge import Entry
from tfmac.device.workloads import dtype_name, operation_key


@pytest.fixture(autouse=True)
def data_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing of the user's own is read or written."""
    monkeypatch.setenv(local_knowledge.FOLDER_VARIABLE, str(tmp_path / "data"))
    limitations.installed_version.cache_clear()
    yield
    limitations.installed_version.cache_clear()


def measured(operation: str, verdict: str, dtype: str = "float32", where: str = "") -> None:
    entry = Entry(
        framework="torch",
        framework_version="2.0",
        device=where or CUDA.described,
        plugin_version="",
        operation=operation,
        dtype=dtype,
        verdict=verdict,
        measured="2026-11-23",
    )
    assert local_knowledge.remember([entry]) is None


def metal(monkeypatch: pytest.MonkeyPatch, folder: Path, version: str) -> None:
    """Let TensorFlow have Metal's GPU through a release of the plug-in that is installed."""
    stand_in(monkeypatch, METAL, CPU, name="tensorflow")
    information = folder / version / f"tensorflow_metal-{version}.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: tensorflow-metal\nVersion: {version}\n", encoding="utf-8"
    )
    monkeypatch.syspath_prepend(information.parent)
    limitations.installed_version.cache_clear()


def test_the_gpu_where_nothing_speaks_against_it(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, CUDA, CPU)
    choice = device.best()

    assert choice.device == "GPU:0"
    assert "NVIDIA A100" in choice.reason
    assert any("torch 2.0" in one for one in choice.rests_on)


def test_the_cpu_where_there_is_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, CPU)
    assert str(device.best()) == "CPU:0: torch sees no GPU here"


@pytest.mark.parametrize("verdict", ["wrong", "not-deterministic", "crashed", "hung"])
def test_what_was_measured_bad_here_goes_to_the_cpu(
    monkeypatch: pytest.MonkeyPatch, verdict: str
) -> None:
    stand_in(monkeypatch, CUDA, CPU)
    measured("Dense", verdict)
    choice = device.best(Functional("model", Dense("first")))

    assert choice.device == "CPU:0"
    assert f"layer 'first' (dense) was measured to be {verdict} in float32" in choice.reason
    assert any("2026-11-23" in one for one in choice.rests_on)


def test_a_later_clean_run_lifts_it(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, CUDA, CPU)
    measured("matmul", "wrong")
    assert device.best("tf.linalg.matmul").device == "CPU:0"
    measured("matmul", "same")
    assert device.best("tf.linalg.matmul").device == "GPU:0"


def test_another_device_another_type_and_other_work_are_not_touched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stand_in(monkeypatch, CUDA, CPU)
    measured("matmul", "wrong", where="NVIDIA T4")
    measured("Dense", "wrong", dtype="float16")

    assert device.best(["matmul", "einsum"]).device == "GPU:0"
    assert device.best(Functional("model", Dense("first"))).device == "GPU:0"
    assert device.best(Functional("model", Dense("first", dtype="float16"))).device == "CPU:0"
    assert device.best(["dense", "float16"]).device == "CPU:0"


def test_a_missing_kernel_alone_keeps_nothing_else_off_the_gpu(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stand_in(monkeypatch, CUDA, CPU)
    measured("svd", "no-kernel")
    mixed, alone = device.best(["svd", "matmul"]), device.best("svd")

    assert mixed.device == "GPU:0"
    assert any("svd" in note for note in mixed.notes)
    assert (alone.device, "leave this to the CPU" in alone.reason) == ("CPU:0", True)


def test_a_damaged_file_is_told_and_left_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stand_in(monkeypatch, CUDA, CPU)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / local_knowledge.FILE).write_text("{half", encoding="utf-8")
    choice = device.best()

    assert choice.device == "GPU:0"
    assert any(local_knowledge.FILE in note for note in choice.notes)


@pytest.mark.parametrize("dtype", ["float64", "complex64"])
def test_types_that_metal_lacks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, dtype: str
) -> None:
    metal(monkeypatch, tmp_path, "1.2.0")
    choice = device.best(dtype)

    assert choice.device == "CPU:0"
    assert dtype in choice.reason
    assert any("tensorflow_metal-1.2.0" in one for one in choice.rests_on)


def test_the_limits_of_metal_say_nothing_of_another_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, CUDA, CPU, name="tensorflow")
    assert device.best(["float64", "svd"]).device == "GPU:0"


def test_a_limit_holds_for_its_releases_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    metal(monkeypatch, tmp_path, "0.7.1")
    assert device.best("float16").device == "CPU:0"
    metal(monkeypatch, tmp_path, "1.0.0")
    assert device.best("float16").device == "GPU:0"


def test_only_convolutions_that_are_wide_enough_are_wrong(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    metal(monkeypatch, tmp_path, "1.1.0")
    wide = Functional("model", Conv1D("wide", filters=65537))
    usual = Functional("model", Conv1D("usual", filters=64))

    assert device.best(wide).device == "CPU:0"
    assert "issues/71577" in "".join(device.best(wide).rests_on)
    assert device.best(usual).device == "GPU:0"


def test_what_was_only_seen_slow_is_a_note(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    metal(monkeypatch, tmp_path, "1.2.0")
    choice = device.best(LSTM("encoder"))

    assert choice.device == "GPU:0"
    assert any("encoder" in note for note in choice.notes)


def test_a_model_that_asks_for_xla_on_metal(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    metal(monkeypatch, tmp_path, "1.2.0")
    model = Functional("model", Dense("first"))
    model.jit_compile = True  # type: ignore[attr-defined]

    assert "XLA" in device.best(model).reason


def test_what_is_no_work_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, CUDA, CPU)
    with pytest.raises(TypeError, match="float is no work"):
        device.best(3.5)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("float64", "float64"),
        ("torch.float64", "float64"),
        ("<dtype: 'float16'>", "float16"),
        ("double", "float64"),
        ("half", "float16"),
        ("mixed_bfloat16", "bfloat16"),
        ("cfloat", "complex64"),
        (float, "float32"),
        ("matmul", None),
        ("floats", None),
    ],
)
def test_types_in_any_writing(value: object, name: "str | None") -> None:
    assert dtype_name(value) == name


def test_names_of_one_operation() -> None:
    names = ("tf.linalg.svd", "Svd", "ops.svd", "svd(batch)", "keras.ops.svd float32 8x8")
    assert {operation_key(name) for name in names} == {"svd"}
