"""The probe: imports what computes and uses it, in the interpreter that is being diagnosed.

It is run as a file by that interpreter, so it needs nothing but the standard library and is valid
Python 3.8. It appends one JSON object per line to RESULT_FILE and flushes: one before it enters a
stage, one with what the stage saw. Whatever kills the process, the last line names the stage.
It prints nothing to standard output and leaves no files behind, byte code included.

What is different from framework to framework lies in the files beside this one: their
``framework`` gives an object as ``Framework`` describes it.
"""

from __future__ import annotations

import sys

# The folder of this file is the first place that imports are looked for: nothing may come from it.
if not sys.flags.isolated:
    del sys.path[0]
sys.dont_write_bytecode = True

import argparse  # noqa: E402
import faulthandler  # noqa: E402
import importlib  # noqa: E402
import importlib.metadata  # noqa: E402
import importlib.util  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import platform  # noqa: E402
import re  # noqa: E402
import signal  # noqa: E402
import tempfile  # noqa: E402
import time  # noqa: E402
import traceback  # noqa: E402
from typing import Any, Callable, Iterator, Protocol  # noqa: E402, UP035 (3.8: the old names)

FACTORS = ([[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]])
PRODUCT = [[19.0, 22.0], [43.0, 50.0]]
TRACEBACK_LIMIT = 6000
LINE_LIMIT = 600
PACKAGES = ("keras", "tf-keras", "numpy", "protobuf", "h5py", "ml-dtypes")
# Files beside this one: loaded by path, since the folder is not on the import path.
MODEL = "probe_model_script.py"
FRAMEWORKS = {
    "tensorflow": "probe_tensorflow_script.py",
    "torch": "probe_keras_script.py",
    "jax": "probe_keras_script.py",
}


class Framework(Protocol):
    """What the probe asks of the framework that computes; an object of a sibling answers it.

    ``name`` is the module's, ``mark`` an attribute that only the real one has. ``packages`` are
    named in the result, and so is all that ``requiring`` of them require.
    """

    name: str
    mark: str
    packages: tuple[str, ...]
    requiring: tuple[str, ...]
    # Variables that would let a computation run elsewhere, taken away for the proof.
    withheld: dict[str, str]

    def said_versions(self) -> dict[str, object]:
        """Return what imported modules say their versions are; None where one does not."""

    def devices(self) -> list[Any]:
        """Return the devices."""

    def describe(self, device: Any) -> dict[str, str]:  # noqa: ANN401
        """Return the ``name`` and the ``kind`` of a device."""

    def details(self, device: Any) -> dict[str, object]:  # noqa: ANN401
        """Return what else is told about a device."""

    def places(self) -> list[dict[str, str]]:
        """Return where to place the product, as ``requested`` and ``kind``: a GPU, then the CPU."""

    def product(self, requested: str, factors: Any) -> tuple[Any, str]:  # noqa: ANN401
        """Multiply on a device: the rows of the result, and where it lives."""

    def where(self, requested: str, factors: Any) -> dict[str, object]:  # noqa: ANN401
        """Return what else shows where a product is computed."""

    def leave_places(self) -> None:
        """Undo what ``places`` has changed."""

    def keras(self) -> Any:  # noqa: ANN401
        """Import the Keras that computes with this framework; raise when it is another one."""

    def keras_version(self) -> str | None:
        """Return the version of that Keras."""

    def seed(self, number: int) -> None:
        """Make the pseudo-random numbers repeatable."""

    def tensor(self, array: Any) -> Any:  # noqa: ANN401
        """Return an array as a tensor of the framework."""

    def device_of(self, tensor: Any) -> str | None:  # noqa: ANN401
        """Return the device of a tensor, None for what is no tensor."""


def sibling(file: str) -> Any:  # noqa: ANN401
    """Load a file beside this one, by its path."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), file)
    spec = importlib.util.spec_from_file_location("tfmac_" + file[: -len(".py")], path)
    if spec is None or spec.loader is None:
        raise ImportError("this interpreter cannot load " + path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Journal:
    """The result file: every line is on its way to the disk before the next step is taken."""

    def __init__(self, path: str) -> None:
        self._file = open(path, "a", encoding="utf-8")  # noqa: SIM115 (open until the end)

    def write(self, stage: str, event: str, **values: object) -> None:
        """Append one line about a stage."""
        self._file.write(json.dumps({"stage": stage, "event": event, **values}) + "\n")
        self._file.flush()


def last_line(error: BaseException) -> str:
    """Return an exception as the last line of its traceback, in bounds."""
    lines = "".join(traceback.format_exception_only(type(error), error)).strip().splitlines()
    text = " ".join(line.strip() for line in lines if line.strip())
    return text if len(text) <= LINE_LIMIT else text[:LINE_LIMIT] + " …"


def traceback_end(error: BaseException) -> str:
    """Return the end of an exception's traceback, in bounds."""
    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    return text[-TRACEBACK_LIMIT:]


def start_stage() -> dict[str, object]:
    """Say which interpreter this is."""
    return {"python": platform.python_version(), "executable": sys.executable}


def installed_version(name: str) -> str | None:
    """Return the version of an installed distribution by its metadata, None without one."""
    try:
        return importlib.metadata.version(name)
    except Exception:  # noqa: BLE001 (damaged metadata raises what it likes)
        return None


def required_names(name: str) -> Iterator[str]:
    """Yield the names that an installed distribution's Requires-Dist asks for, extras left out."""
    try:
        lines = importlib.metadata.requires(name) or []
    except Exception:  # noqa: BLE001
        return
    for line in lines:
        requirement, _, marker = line.partition(";")
        match = re.match(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)", requirement)
        if match and "extra" not in marker:
            yield re.sub(r"[-_.]+", "-", match.group(1)).lower()


def package_versions(computing: Framework) -> dict[str, str]:
    """Return the versions of the packages that matter and of all that some of them require."""
    names = [*computing.packages, *PACKAGES]
    for name in computing.requiring:
        names.extend(required_names(name))
    versions = ((name, installed_version(name)) for name in dict.fromkeys(names))
    return {name: version for name, version in versions if version is not None}


def imported_versions(computing: Framework) -> dict[str, str]:
    """Return the versions by metadata, corrected by what the imported modules say themselves."""
    versions = {"python": platform.python_version(), **package_versions(computing)}
    numpy = getattr(sys.modules.get("numpy"), "__version__", None)
    said = {**computing.said_versions(), "numpy": numpy}
    versions.update({name: str(version) for name, version in said.items() if version is not None})
    return versions


def import_stage(computing: Framework) -> dict[str, object]:
    """Import the framework and say how long that took and what is there."""
    started = time.monotonic()
    module = importlib.import_module(computing.name)
    seconds = time.monotonic() - started
    # A folder of the name without __init__.py imports as an empty namespace package.
    if not hasattr(module, computing.mark):
        where = getattr(module, "__file__", None) or list(getattr(module, "__path__", []))
        raise ImportError(
            f"the module named {computing.name} has no {computing.mark}: it came from {where}"
        )
    return {
        "seconds": round(seconds, 3),
        "versions": imported_versions(computing),
        "withheld": computing.withheld,
    }


def device_details(computing: Framework, device: Any) -> dict[str, str]:  # noqa: ANN401
    """Return what the framework tells about a device; nothing when it refuses."""
    try:
        details = computing.details(device)
    except Exception as error:  # noqa: BLE001
        return {"error": last_line(error)}
    return {str(key): str(value) for key, value in details.items()}


def devices_stage(computing: Framework) -> dict[str, object]:
    """List the devices that the framework sees."""
    return {
        "devices": [
            {**computing.describe(device), "details": device_details(computing, device)}
            for device in computing.devices()
        ]
    }


def placement(computing: Framework, place: dict[str, str]) -> dict[str, object]:
    """Place the product on one device; a refusal is an answer, not a failure."""
    answer: dict[str, object] = {**place}
    try:
        rows, device = computing.product(place["requested"], FACTORS)
        value = [[float(number) for number in row] for row in rows]
    except Exception as error:  # noqa: BLE001
        answer["error"] = last_line(error)
        return answer
    answer.update({"value": value, "correct": value == PRODUCT, "result_device": device})
    try:
        answer.update(computing.where(place["requested"], FACTORS))
    except Exception as error:  # noqa: BLE001
        answer["error"] = "the trace failed: " + last_line(error)
    return answer


def placement_stage(computing: Framework, journal: Journal) -> dict[str, object]:
    """Place the product on the first GPU, if one is listed, and on the CPU.

    Each device is announced before it is tried: a GPU that kills the process is known by name.
    """
    places = computing.places()
    try:
        for place in places:
            journal.write("placement", "trying", **place)
            journal.write("placement", "placed", **placement(computing, place))
    finally:
        computing.leave_places()
    return {}


def keras_stage(computing: Framework) -> dict[str, object]:
    """Fit, save and load a small model."""
    result: dict[str, object] = sibling(MODEL).keras_stage(computing)
    return result


def keep_keras_home(folder: str) -> None:
    """Send the settings file that Keras writes on its first import to a folder of our own.

    Only where the user has none: an existing file chooses the backend and is to be honoured.
    """
    home = os.environ.get("KERAS_HOME") or os.path.expanduser(os.path.join("~", ".keras"))
    if not os.path.exists(os.path.join(home, "keras.json")):
        os.environ["KERAS_HOME"] = folder


def run_stages(journal: Journal, computing: Framework, stop_after: str) -> bool:
    """Take the stages in order; return whether the last one wished for was reached."""
    stages: dict[str, Callable[[], dict[str, object]]] = {
        "start": start_stage,
        "import": lambda: import_stage(computing),
        "devices": lambda: devices_stage(computing),
        "placement": lambda: placement_stage(computing, journal),
        "keras": lambda: keras_stage(computing),
    }
    for stage, run in stages.items():
        journal.write(stage, "enter")
        try:
            result = run()
        except Exception as error:  # noqa: BLE001 (every exception is what we came to see)
            journal.write(
                stage,
                "exception",
                type=type(error).__name__,
                line=last_line(error),
                traceback=traceback_end(error),
            )
            return False
        journal.write(stage, "result", **result)
        if stage == stop_after:
            break
    journal.write("done", "enter")
    return True


def listen_for_signals() -> None:
    """Have the interpreter write all stacks to standard error when it dies or is asked to."""
    faulthandler.enable()
    faulthandler.register(signal.SIGUSR1, all_threads=True)


def main() -> int:
    """Run the probe; the exit status says whether it came to its end."""
    parser = argparse.ArgumentParser(description="Import what computes and use it.")
    parser.add_argument("result_file")
    parser.add_argument(
        "--stop-after", choices=["import", "devices", "placement", "keras"], default="keras"
    )
    parser.add_argument("--core", choices=sorted(FRAMEWORKS), default="tensorflow")
    parser.add_argument("--path-entry", help="put this folder first on the import path")
    options = parser.parse_args()
    listen_for_signals()
    if options.path_entry is not None:
        sys.path.insert(0, options.path_entry)
    with tempfile.TemporaryDirectory(prefix="tfmac-keras-") as folder:
        keep_keras_home(folder)
        journal = Journal(options.result_file)
        computing = sibling(FRAMEWORKS[options.core]).framework(options.core)
        return 0 if run_stages(journal, computing, options.stop_after) else 1


if __name__ == "__main__":
    sys.exit(main())
