"""Writes the models of this release in every format that it has: one JSON line a file.

``python -m tools.model_matrix.writer_script JOB``; JOB is a JSON file. It runs inside every
release: standard library and the release alone, valid Python 3.7.
"""

from __future__ import annotations

import glob
import json
import os
import sys
from collections.abc import Generator
from typing import Any, Callable

from tools.model_matrix import framework_script, pool_script
from tools.model_matrix.feature_builders_script import builders
from tools.model_matrix.framework_script import Builder, Framework, Missing, Model, numpy

# By the names of the corpus's formats. What lies under a name is looked at after the writing.
_FILES = {
    "h5": "{}.h5",
    "keras": "{}.keras",
    "keras(hdf5)": "{}_hdf5.keras",
    "savedmodel": "{}.savedmodel",
    "weights_legacy_h5": "{}_weights.h5",
    "weights_h5": "{}.weights.h5",
    "tf_ckpt": "{}_ckpt/ckpt",
    "json": "{}.json",
}
FORMATS = tuple(_FILES)
_ZIP = b"PK"
_ZIP_BY_NAME = (2, 13)
_ZIP_AT_ALL = (2, 12)


class Writer:
    """The models of one release, going into one folder."""

    def __init__(self, framework: Framework, folder: str) -> None:
        self._framework = framework
        self._folder = folder

    def steps(self, builder: Builder) -> Generator[Callable[[], Any], Any, None]:
        """Write one model: the work of one child."""
        outcome = yield lambda: self._write_all(builder)
        given = outcome.get("given")
        if given is None:
            reason = f"{outcome['exc']}: {outcome['message']}"
            given = [{"format": one, "reason": reason} for one in FORMATS]
        pool_script.say(model=builder.name, half=builder.half, files=given)

    def _write_all(self, builder: Builder) -> list[dict[str, Any]]:
        framework = self._framework
        model = framework_script.build(framework, builder)
        framework_script.fill(builder, model)
        framework_script.train(framework, builder, model)
        framework_script.fill(builder, model)
        given = framework_script.arrays(builder)
        self._save_arrays(builder.name, "in", given)
        outputs = framework_script.predict(framework, builder, model, given)
        self._save_arrays(builder.name, "out", outputs)
        self._save_arrays(builder.name, "w", self._plain(model.get_weights()))
        return [self._write(builder.name, model, kind) for kind in FORMATS]

    def _save_arrays(self, name: str, what: str, arrays: list[Any]) -> None:
        named = {f"array_{place:03}": array for place, array in enumerate(arrays)}
        numpy.savez(os.path.join(self._folder, f"{name}_{what}.npz"), **named)

    def _plain(self, weights: list[Any]) -> list[Any]:
        """Leave out what cannot be kept without a pickle."""
        return [one for one in weights if getattr(one, "dtype", None) is not None]

    def _write(self, name: str, model: Model, kind: str) -> dict[str, Any]:
        relative = _FILES[kind].format(name)
        path = os.path.join(self._folder, relative)
        try:
            getattr(self, "_write_" + kind.replace("(", "_").rstrip(")"))(model, path)
        except Missing as error:
            return {"format": kind, "reason": str(error)}
        except Exception as error:  # noqa: BLE001 - whatever a release raises is the reason
            return {"format": kind, "reason": f"{type(error).__name__}: {str(error)[:300]}"}
        if not glob.glob(glob.escape(path) + "*"):
            return {"format": kind, "reason": "nothing was written"}
        if kind == "keras":
            kind = _kind_of_keras(path)
        return {"format": kind, "file": relative}

    def _write_h5(self, model: Model, path: str) -> None:
        model.save(path)

    def _write_keras(self, model: Model, path: str) -> None:
        if _ZIP_AT_ALL <= self._framework.version < _ZIP_BY_NAME:
            model.save(path, save_format="keras_v3")
        else:
            model.save(path)

    def _write_keras_hdf5(self, model: Model, path: str) -> None:
        if not _ZIP_AT_ALL <= self._framework.version < _ZIP_BY_NAME:
            raise Missing("a file of that name is written once, see keras")
        model.save(path)

    def _write_savedmodel(self, model: Model, path: str) -> None:
        if self._framework.tensorflow is None:
            raise Missing("needs TensorFlow")
        if self._framework.is_third:
            model.export(path, verbose=False)
        else:
            model.save(path, save_format="tf")

    def _write_weights_legacy_h5(self, model: Model, path: str) -> None:
        if self._framework.is_third:
            raise Missing("Keras 3 writes its own layout only")
        model.save_weights(path)

    def _write_weights_h5(self, model: Model, path: str) -> None:
        if self._framework.version < _ZIP_AT_ALL:
            raise Missing("this release writes the legacy layout under any name")
        model.save_weights(path)

    def _write_tf_ckpt(self, model: Model, path: str) -> None:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if self._framework.tensorflow is None:
            raise Missing("needs TensorFlow")
        if self._framework.is_third:
            self._framework.tensorflow.train.Checkpoint(model=model).write(path)
        else:
            model.save_weights(path, save_format="tf")

    def _write_json(self, model: Model, path: str) -> None:
        text = model.to_json()
        with open(path, "w") as stream:
            stream.write(text)


def _kind_of_keras(path: str) -> str:
    """Say what lies under the name: some releases write HDF5, others the zip."""
    with open(path, "rb") as stream:
        return "keras" if stream.read(2) == _ZIP else "keras(hdf5)"


def main() -> None:
    """Write the models of a job."""
    with open(sys.argv[1]) as stream:
        job = json.load(stream)
    framework = Framework(job["package"], job["keras"], job["backend"])
    writer = Writer(framework, job["folder"])
    known = builders()
    names = known if job["models"] is None else job["models"]
    tasks = (writer.steps(known[name]) for name in names if name not in job["done"])
    pool_script.run(tasks, job["workers"], job["seconds"])


if __name__ == "__main__":
    main()
