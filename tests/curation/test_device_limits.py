"""Which kernels and types the releases of a plug-in lack, from what they register."""

from tfmac.curation.device_limits import Operations, Release, compared, encoded
from tfmac.schema.device_limits import MissingKernel, MissingType, PluginRelease
from tfmac.schema.knowledge import Source


def release(version: str, types: "dict[str, int]", *operations: str) -> Release:
    record = PluginRelease(
        version=version,
        sources=(Source(name=f"plugin-{version}.whl", sha256="0"),),
        operations=len(operations),
        types=types,
    )
    return Release(record, frozenset(operations))


TENSORFLOW = Operations(
    tensorflow="2.16.2",
    on_cpu=("MatMul", "Svd", "TopK", "TopKV2", "Reshape", "GatherNd"),
    everywhere=("Reshape",),
)


def test_an_operation_without_a_kernel() -> None:
    """One that every device has, or that has a kernel in a newer form, is not missing."""
    found = compared([release("1.0", {}, "MatMul", "TopKV2", "GatherNd")], [TENSORFLOW])
    assert found.missing_kernels == (MissingKernel(operation="Svd", first="1.0", last="1.0"),)


def test_releases_that_follow_each_other_are_drawn_together() -> None:
    releases = [
        release(version, {}, "MatMul", "TopKV2", "Svd", *more)
        for version, more in (("0.9", ()), ("0.10", ()), ("1.0", ("GatherNd",)), ("1.1", ()))
    ]
    assert compared(releases, [TENSORFLOW]).missing_kernels == (
        MissingKernel(operation="GatherNd", first="0.9", last="0.10"),
        MissingKernel(operation="GatherNd", first="1.1", last="1.1"),
    )


def test_a_type_that_hardly_any_kernel_computes_in() -> None:
    releases = [
        release("0.9", {"float32": 100, "float16": 3, "float64": 1}),
        release("1.0", {"float32": 100, "float16": 60, "float64": 0}),
    ]
    found = {one.dtype: one for one in compared(releases, [TENSORFLOW]).missing_types}

    assert found["float16"] == MissingType(dtype="float16", first="0.9", last="0.9", kernels=3)
    assert found["float64"] == MissingType(dtype="float64", first="0.9", last="1.0", kernels=1)
    assert "float32" not in found


def test_the_file_has_a_record_a_line() -> None:
    written = encoded(compared([release("1.0", {}, "MatMul", "TopKV2", "GatherNd")], [TENSORFLOW]))
    assert b'\n{"operation":"Svd","first":"1.0","last":"1.0"}\n' in written
