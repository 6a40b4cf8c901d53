"""A program that stands for conda, mamba and micromamba.

It takes the command that is documented for all three, records it, and makes an environment out of
the interpreter and the pip that run the tests.
"""

import json
import sys
from pathlib import Path

_PROGRAM = """#!{python}
import json, os, pip, sys, venv
arguments = sys.argv[1:]
prefix = arguments[arguments.index("--prefix") + 1]
records = os.path.join(prefix, "conda-meta")
with open({log!r}, "w") as file:
    json.dump([arguments, dict(os.environ)], file)
if not os.path.isfile(os.path.join(records, "history")):
    sys.exit("no environment there")  # as all three say to an install
if "fail" in os.environ.get("STAND_IN", ""):
    print("resolving")
    sys.exit("CondaHTTPError: HTTP 000 CONNECTION FAILED" if "offline" in os.environ["STAND_IN"]
             else "PackagesNotFoundError: python=3.9")
venv.create(prefix)
packages = os.path.join(prefix, "lib", "python%d.%d" % sys.version_info[:2], "site-packages")
os.symlink(os.path.dirname(pip.__file__), os.path.join(packages, "pip"))
with open(os.path.join(packages, "no-virtual-environment.pth"), "w") as file:
    file.write("import sys; sys.base_prefix = sys.prefix\\n")  # what is conda's counts as none
with open(os.path.join(records, "history"), "a") as file:
    file.write("==> made <==\\n")
with open(os.path.join(records, "python.json"), "w") as file:
    json.dump({{"name": "python", "files": ["bin/python", "lib64", "pyvenv.cfg"]}}, file)
"""


class CondaProgram:
    """A program of the conda family in a folder."""

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / name
        self._log = folder / f"{name}.json"
        self.path.write_text(_PROGRAM.format(python=sys.executable, log=str(self._log)))
        self.path.chmod(0o755)

    def asked(self) -> "tuple[list[str], dict[str, str]]":
        """Return the arguments and variables that it was last run with."""
        arguments, variables = json.loads(self._log.read_text())
        return arguments, variables
