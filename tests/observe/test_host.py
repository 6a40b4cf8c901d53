"""Hosts from what macOS answers; the answers for four Macs lie in ``tests/data/hosts``.

They are written by hand in the form that ``sysctl`` has, not yet recorded on Macs. It prints
``name: value`` for each name that it knows and complains of the others on standard error, so the
Intel Mac's file simply lacks the names that only M-series Macs have.
"""

from pathlib import Path
from typing import NamedTuple

import pytest

from tfmac.observe.host import (
    host_from_sysctl,
    host_of_target,
    observe_host,
    target_of_host,
)
from tfmac.schema.fact import Found, Unknown
from tfmac.schema.platform import Architecture, OperatingSystem, Target

HOSTS = Path(__file__).parent.parent / "data/hosts"


class Mac(NamedTuple):
    """A Mac: its file, what ``uname -m`` says there, and what it is."""

    file: str
    machine: str
    target: str
    chip: str
    gigabytes: int
    translated: bool = False


MACS = [
    Mac("m1-macos-12", "arm64", "macos-12.6.3-arm64", "Apple M1", 16),
    Mac("m3-macos-15", "arm64", "macos-15.1.1-arm64", "Apple M3 Pro", 36),
    Mac(
        "intel-macos-13",
        "x86_64",
        "macos-13.6.7-x86_64",
        "Intel(R) Core(TM) i7-9750H CPU @ 2.60GHz",
        32,
    ),
    Mac("rosetta-m1-macos-12", "x86_64", "macos-12.6.3-arm64", "Apple M1", 16, translated=True),
]


@pytest.mark.parametrize("mac", MACS, ids=[mac.file for mac in MACS])
def test_a_mac_is_recognised(mac: Mac) -> None:
    """Chip, version, memory and translation are the Mac's own, whatever the shell pretends."""
    answer = (HOSTS / f"{mac.file}.txt").read_text()

    host = host_from_sysctl(answer, machine=mac.machine)

    assert isinstance(host.chip, Found)
    assert host.chip.value == mac.chip
    assert isinstance(host.memory, Found)
    assert host.memory.value == mac.gigabytes << 30
    assert isinstance(host.translated, Found)
    assert host.translated.value is mac.translated
    assert str(target_of_host(host)) == mac.target


def test_what_sysctl_did_not_answer_is_unknown_with_its_name() -> None:
    """Without an answer only what uname says is known, and each gap names what was asked."""
    host = host_from_sysctl("", machine="arm64")

    assert host.version == Unknown(reason="sysctl did not answer kern.osproductversion")
    assert host.chip == Unknown(reason="sysctl did not answer machdep.cpu.brand_string")
    assert host.memory == Unknown(reason="sysctl did not answer hw.memsize")
    assert target_of_host(host) == Target(
        system=OperatingSystem.MACOS, architecture=Architecture.ARM64
    )


def test_an_answer_that_is_no_number_is_unknown() -> None:
    """Memory is a number or it is not known."""
    host = host_from_sysctl("hw.memsize: much\n", machine="arm64")

    assert host.memory == Unknown(reason="sysctl hw.memsize answered 'much'")


def test_a_target_says_only_what_it_says() -> None:
    """Of a machine that was only named the chip and memory are unknown, with that reason."""
    target = Target.parse("macos-14-arm64")

    host = host_of_target(target)

    assert target_of_host(host) == target
    assert host.chip == Unknown(reason="macos-14-arm64 does not say")
    assert host.nvidia_driver == Unknown(reason="macos-14-arm64 does not say")


def test_a_linux_target_has_no_version() -> None:
    """The C library's version of a named Linux machine is unknown, and targets leave it out."""
    host = host_of_target(Target.parse("linux-aarch64"))

    assert isinstance(host.version, Unknown)
    assert str(target_of_host(host)) == "linux-aarch64"


def test_this_machine_is_one_that_plans_can_be_made_for() -> None:
    """The machine that runs the tests has a system and an architecture."""
    assert target_of_host(observe_host()) is not None
