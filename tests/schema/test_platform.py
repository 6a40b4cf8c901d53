"""Targets as users write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfmac.schema.platform import Architecture, InvalidTarget, OperatingSystem, Target

ARM, INTEL = Architecture.ARM64, Architecture.X86_64
MACOS, LINUX = OperatingSystem.MACOS, OperatingSystem.LINUX


@pytest.mark.parametrize(
    ("text", "target", "written"),
    [
        ("macos-14-arm64", Target(system=MACOS, architecture=ARM, version="14"), None),
        ("macos-12.6-x86_64", Target(system=MACOS, architecture=INTEL, version="12.6"), None),
        ("linux-x86_64", Target(system=LINUX, architecture=INTEL), None),
        ("linux-aarch64", Target(system=LINUX, architecture=ARM), None),
        ("linux-arm64", Target(system=LINUX, architecture=ARM), "linux-aarch64"),
        (
            " MacOS-26-ARM64\n",
            Target(system=MACOS, architecture=ARM, version="26"),
            "macos-26-arm64",
        ),
    ],
)
def test_a_target_is_read_and_written(text: str, target: Target, written: str) -> None:
    """Every accepted form is written in one form, which is accepted again."""
    assert Target.parse(text) == target
    assert str(target) == (written or text)
    assert Target.parse(str(target)) == target


@pytest.mark.parametrize(
    "text",
    [
        "",
        "macos",
        "macos-14",
        "macos-arm64",
        "macos-9-arm64",
        "macos-14-aarch64",
        "linux-14-x86_64",
        "windows-x86_64",
        "macos-14-arm64-x",
    ],
)
def test_other_texts_are_refused_with_the_forms(text: str) -> None:
    """The message repeats the text and shows how to write a target."""
    with pytest.raises(InvalidTarget, match=r"is not a target: write macos-VERSION-arm64") as error:
        Target.parse(text)
    assert repr(text) in str(error.value)


@given(st.text() | st.from_regex(r"(macos|linux)(-\d+)?-\w+", fullmatch=True))
def test_an_arbitrary_text_is_read_or_refused(text: str) -> None:
    """Nothing but ``InvalidTarget`` is raised, and what is read is stable."""
    try:
        target = Target.parse(text)
    except InvalidTarget:
        return
    assert Target.parse(str(target)) == target


@pytest.mark.parametrize(
    ("text", "expected"),
    [("macos-14-arm64", True), ("macos-14-x86_64", False), ("linux-aarch64", False)],
)
def test_apple_silicon_is_a_mac_with_an_arm_chip(text: str, expected: bool) -> None:  # noqa: FBT001
    """An Intel Mac and an ARM machine with Linux are none."""
    assert Target.parse(text).apple_silicon is expected


@pytest.mark.parametrize(
    ("machine", "architecture"),
    [("aarch64", ARM), ("arm64e", ARM), ("AMD64", INTEL), ("x86_64h", INTEL)],
)
def test_machines_have_one_name(machine: str, architecture: Architecture) -> None:
    """Every system's spelling of a processor is understood."""
    assert Architecture.of(machine) is architecture


def test_an_unknown_machine_is_another_one() -> None:
    """A processor that TensorFlow has no wheels for is no error."""
    assert Architecture.of("riscv64") is Architecture.OTHER
