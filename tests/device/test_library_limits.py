"""``device.limits()``: what GPUs of a Mac cannot do, each with its source."""

import pytest

from tfmac import device
from tfmac.knowledge import device_limits


def what(gpu: str, version: str) -> "set[str]":
    return {limit.what for limit in device.limits(gpu, version)}


def test_every_limit_says_all_and_where_it_is_known() -> None:
    for limit in device.limits():
        assert all((limit.what, limit.applies_to, limit.effect, limit.source)), limit
        assert limit.source.startswith(("https://", "tensorflow_metal-")), limit


def test_the_usual_ones_are_there() -> None:
    metal = what("tensorflow-metal", "1.2.0")
    assert {"float64", "complex64", "int32", "XLA", "operation Svd", "operation Cumsum"} <= metal
    assert not {"operation MatMul", "operation Conv2D", "operation TopKV2", "float16"} & metal
    assert "float64" in what("torch-mps", "2.9.0")
    assert {"float64", "complex numbers"} <= what("jax-metal", "0.1.1")


def test_a_limit_ends_with_its_last_release() -> None:
    assert "operation GatherNd" in what("tensorflow-metal", "0.4.0")
    assert "operation GatherNd" not in what("tensorflow-metal", "0.5.0")
    assert "bfloat16" in what("jax-metal", "0.0.6")
    assert "bfloat16" not in what("jax-metal", "0.0.7")


def test_an_unknown_gpu_is_refused() -> None:
    with pytest.raises(ValueError, match="tensorflow-metal"):
        device.limits("cuda")


def test_the_library_and_the_program_read_the_same_records() -> None:
    computed, reported = device_limits.computed(), device_limits.reported()
    records = (*reported.limits, *computed.missing_types, *computed.missing_kernels)
    assert len(device.limits()) == len(records)
