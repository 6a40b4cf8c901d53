"""Time the migration of many small files with one worker and with two: throughput and its ratio.

    python bench/migrate_zoo.py [--files 200] [--rounds 3] [--verify]

The files are Keras 2 models in HDF5, written here. With ``--verify`` each is also proved, which
needs the environments of its writer and of the wanted Keras. The two are run in turn, round by
round; what is printed are medians, and nothing is asserted.
"""

import argparse
import json
import statistics
import tempfile
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from tfmac.migration.proving import Settings
from tfmac.migration.zoo import migrate_zoo

# Neither has types that mypy reads everywhere.
h5py: Any = import_module("h5py")
numpy: Any = import_module("numpy")

UNITS = 64
LAYERS = 4


def configuration() -> "dict[str, Any]":
    """The architecture of each file, as Keras 2.9 writes it."""
    layers: list[dict[str, Any]] = [
        {
            "class_name": "InputLayer",
            "config": {"batch_input_shape": [None, UNITS], "dtype": "float32", "name": "input"},
        }
    ]
    layers += [
        {
            "class_name": "Dense",
            "config": {"name": f"dense_{number}", "units": UNITS, "activation": "relu"},
        }
        for number in range(LAYERS)
    ]
    return {"class_name": "Sequential", "config": {"name": "small", "layers": layers}}


def write_model(path: Path, seed: int) -> None:
    """Write one whole model with weights of its own."""
    generator = numpy.random.RandomState(seed)
    names = [f"dense_{number}" for number in range(LAYERS)]
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = "2.9.0"
        file.attrs["backend"] = "tensorflow"
        file.attrs["model_config"] = json.dumps(configuration())
        weights = file.create_group("model_weights")
        weights.attrs["layer_names"] = [name.encode() for name in ["input", *names]]
        weights.create_group("input").attrs["weight_names"] = numpy.array([], dtype="S1")
        for name in names:
            group = weights.create_group(name)
            group.attrs["weight_names"] = [
                f"{name}/{part}:0".encode() for part in ("kernel", "bias")
            ]
            for part, shape in (("kernel", (UNITS, UNITS)), ("bias", (UNITS,))):
                values = generator.standard_normal(shape).astype("float32") * 0.1
                group.create_dataset(f"{name}/{part}:0", data=values)


def seconds(zoo: Path, out: Path, workers: int, settings: Settings) -> float:
    """Wall seconds of one run, the start of its workers included."""
    started = time.monotonic()
    report = migrate_zoo([zoo], out, settings, workers=workers)
    taken = time.monotonic() - started
    failed = [one for one in report.models if not one.migrated]
    if failed:
        raise SystemExit(f"{len(failed)} models were not migrated: {failed[0]}")
    return taken


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--keras", default="3.15.1", help="the release that is migrated to")
    parser.add_argument("--verify", action="store_true")
    options = parser.parse_args()
    settings = Settings(keras=options.keras, verify=options.verify)
    taken: dict[int, list[float]] = {1: [], 2: []}
    with tempfile.TemporaryDirectory() as folder:
        zoo = Path(folder) / "zoo"
        zoo.mkdir()
        for number in range(options.files):
            write_model(zoo / f"{number:04}.h5", number)
        for turn in range(options.rounds):
            for workers, found in taken.items():
                out = Path(folder) / f"out-{turn}-{workers}"
                found.append(seconds(zoo, out, workers, settings))
    for workers, found in taken.items():
        median = statistics.median(found)
        print(f"{workers} worker(s): {median:6.2f} s, {options.files / median:6.1f} files a second")
    ratio = statistics.median(one / two for one, two in zip(taken[1], taken[2]))
    print(f"throughput with two is {ratio:.2f} times that with one")


if __name__ == "__main__":
    main()
