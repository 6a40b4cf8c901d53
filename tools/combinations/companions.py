"""What a package needs beside itself that an environment lacks."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

TENSORFLOW = "tensorflow"


def companions(
    work: Path, interpreter: Path, baseline: Mapping[str, str], packages: Mapping[str, str]
) -> dict[str, str]:
    """Resolve what some packages need, the environment's own packages held as they are.

    What they declare about those is overridden: to disregard it is what is measured.
    """
    held = {**baseline, **packages}
    if f"{TENSORFLOW}-cpu" in baseline:
        held[TENSORFLOW] = baseline[f"{TENSORFLOW}-cpu"]
    overrides = work / "overrides.txt"
    overrides.write_text("".join(f"{name}=={held[name]}\n" for name in sorted(held)))
    command = ["uv", "pip", "compile", "--quiet", "--no-header", "--no-annotate"]
    command += ["--python", str(interpreter), "--overrides", str(overrides), "-"]
    done = subprocess.run(
        command,
        input="".join(f"{name}=={version}\n" for name, version in packages.items()),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    if done.returncode:
        raise OSError(done.stderr.strip() or f"uv exited with {done.returncode}")
    return added(done.stdout, {*held, TENSORFLOW})


def added(resolved: str, known: "set[str]") -> dict[str, str]:
    """Read pins, one a line, and leave out the packages that are known."""
    pins = (line.split(";")[0].strip() for line in resolved.splitlines())
    pairs = (pin.split("==") for pin in pins if "==" in pin)
    return {name: version for name, version in pairs if name not in known}
