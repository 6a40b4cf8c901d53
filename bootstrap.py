#!/usr/bin/env python3
"""From a fresh clone to a running tfmac, or to its tests, with plain ``python3`` alone.

    python3 bootstrap.py tfmac ARGUMENTS...   run tfmac, for example: tfmac setup .venv-tf
    python3 bootstrap.py test [ARGUMENTS...]  run the tests; arguments go to pytest
    python3 bootstrap.py check                run the linters and the type checker

Makes a virtual environment beside this file on first use (``.tools/``), with hash-checked pins,
and runs in it. Standard library only; Python 3.9 or later; nothing but the package index is
reached, and no Python is ever downloaded.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
REQUIREMENTS = {"tfmac": ROOT / "requirements.txt", "test": ROOT / "requirements-dev.txt"}


def environment(purpose: str) -> Path:
    """Make the environment for a purpose, or find it made already; give its ``bin`` folder."""
    requirements = REQUIREMENTS[purpose]
    version = "{}.{}".format(*sys.version_info[:2])
    folder = ROOT / ".tools" / f"{purpose}-{version}"
    wanted = fingerprint(requirements)
    stamp = folder / "complete"
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return programs
    shutil.rmtree(folder, ignore_errors=True)
    print(f"making {folder.relative_to(ROOT)} on Python {version} ...", file=sys.stderr)
    venv.create(folder, with_pip=True, symlinks=os.name != "nt")
    python = programs / "python"
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run([*pip, "--require-hashes", "--no-deps", "-r", requirements])
    run([*pip, "--no-deps", "--no-build-isolation", "--editable", ROOT])
    stamp.write_text(wanted, encoding="utf-8")
    return programs


def fingerprint(requirements: Path) -> str:
    """Say what an environment was made from, so that a change makes it anew."""
    digest = hashlib.sha256(requirements.read_bytes())
    digest.update((ROOT / "pyproject.toml").read_bytes())
    return digest.hexdigest() + " " + sys.version


def run(command: "list[object]") -> None:
    """Run a command; end with its exit code when it fails."""
    code = subprocess.call([str(part) for part in command], cwd=ROOT)
    if code:
        sys.exit(code)


def main() -> None:
    """Do what the first argument names."""
    what, arguments = (sys.argv[1:2] or [""])[0], sys.argv[2:]
    if sys.version_info < (3, 9):  # noqa: UP036 - this file is started by any python3
        sys.exit(f"tfmac needs Python 3.9 or later; this is {sys.version.split()[0]}")
    if what == "tfmac":
        programs = environment("tfmac")
        os.execv(programs / "tfmac", [str(programs / "tfmac"), *arguments])  # noqa: S606
    elif what == "test":
        programs = environment("test")
        # A file at a time to each core: tests of a file share environments.
        spread = ["-n", "auto", "--dist", "loadfile"]
        run([programs / "python", "-m", "pytest", *spread, *arguments])
    elif what == "check":
        programs = environment("test")
        run([programs / "ruff", "check", "."])
        run([programs / "ruff", "format", "--check", "."])
        run([programs / "mypy"])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
