# mypy: ignore-errors
# Run by other interpreters, with frameworks that have no types.
"""Runs this interpreter's pip with the answers that a Mac would give it: macOS and processor.

``python install_mac_script.py 12.6/arm64 install tensorflow``. Only the standard library and pip;
valid from Python 3.6 on.
"""

import platform
import subprocess
import sys
import sysconfig
from types import SimpleNamespace

_ASKED_OF_A_CHILD = "mac_ver()"


def main(mac, arguments):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Give pip's exit code."""
    version, machine = mac.split("/")
    _answer(version, machine)
    _answer_markers(machine)
    try:
        from pip._internal.cli.main import main as pip  # noqa: PLC0415 - with the answers in place
    except ImportError:
        from pip._internal import main as pip  # noqa: PLC0415 - before pip 19.3

    return pip(arguments)


def _answer(version, machine):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Give the version and the processor; also where pip asks a child process."""
    platform.system = lambda: "Darwin"
    platform.machine = lambda: machine
    platform.mac_ver = lambda *_: (version, ("", "", ""), machine)
    built_for = "11.0" if machine == "arm64" else "10.9"
    sysconfig.get_platform = lambda: "macosx-{}-{}".format(built_for, machine)  # noqa: UP032
    try:
        import distutils.util  # noqa: PLC0415 - Python 3.12 has none
    except ImportError:
        pass
    else:
        distutils.util.get_platform = sysconfig.get_platform
    run, check_output = subprocess.run, subprocess.check_output

    def asked(function, answer):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        return lambda *a, **k: answer if _ASKED_OF_A_CHILD in str(a) else function(*a, **k)

    subprocess.run = asked(run, SimpleNamespace(stdout=version + "\n"))
    subprocess.check_output = asked(check_output, version + "\n")


def _answer_markers(machine):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Let pip take the requirements that are marked for a Mac."""
    try:
        from pip._vendor.packaging import markers  # noqa: PLC0415
    except ImportError:
        return
    of_this_system = markers.default_environment

    def of_a_mac():  # type: ignore[no-untyped-def]  # noqa: ANN202
        given = of_this_system()
        given.update(sys_platform="darwin", platform_system="Darwin", platform_machine=machine)
        return given

    markers.default_environment = of_a_mac


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
