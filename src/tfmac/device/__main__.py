"""What ``tfmac parity`` and ``tfmac bench`` start in the user's interpreter.

``PYTHON FOLDER_OF_THIS_FILE VERB REQUEST RESULTS``: the request is a JSON object in a file, the
results are appended to a file (``journal.Journal``). The package is loaded by its path under a
name of its own, so nothing is installed in the user's environment, nothing of tfmac's own
environment is on the import path, and no file is left behind.
"""

from __future__ import annotations

import sys

# The folder of this file is the first place that imports are looked for: nothing may come from it.
if not sys.flags.isolated:
    del sys.path[0]
sys.dont_write_bytecode = True

import faulthandler  # noqa: E402
import importlib  # noqa: E402
import importlib.util  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402

PACKAGE = "tfmac_device"
# The verb on the command line to the module whose ``run(request, journal)`` does it.
VERBS = {
    "parity": "parity.worker",
    "operations": "operations.worker",
    "timing": "timing.worker",
}


def load_package() -> None:
    """Make this folder importable as ``tfmac_device``."""
    folder = os.path.dirname(os.path.abspath(__file__))
    spec = importlib.util.spec_from_file_location(
        PACKAGE, os.path.join(folder, "__init__.py"), submodule_search_locations=[folder]
    )
    if spec is None or spec.loader is None:
        raise ImportError("this interpreter cannot load " + folder)
    package = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = package
    spec.loader.exec_module(package)


def main() -> None:
    """Do one verb; its failures are events of the journal, with their kind."""
    faulthandler.enable()
    verb, request_file, results = sys.argv[1:4]
    load_package()
    journal = importlib.import_module(PACKAGE + ".journal").Journal(results)
    with open(request_file, encoding="utf-8") as file:
        request = json.load(file)
    # As a script of the user's would, a model's script finds the modules of its folder.
    sys.path[:0] = request.get("path_entries", [])
    failures = importlib.import_module(PACKAGE + ".failures")
    with failures.told(journal):
        # First of all, since the rest needs the NumPy that comes with it.
        importlib.import_module(PACKAGE + ".frameworks").framework(request.get("backend"))
        importlib.import_module(PACKAGE + "." + VERBS[verb]).run(request, journal)


if __name__ == "__main__":
    main()
