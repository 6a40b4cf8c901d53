"""Loads files in this release: plainly, then in other ways until one works; one JSON line a file.

``python -m tools.model_matrix.reader_script JOB``; JOB is a JSON file. It runs inside every
release: standard library and the release alone, valid Python 3.7.
"""

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Generator
from typing import Any, Callable

from tools.model_matrix import framework_script, pool_script
from tools.model_matrix.feature_builders_script import builders, custom_objects
from tools.model_matrix.framework_script import Builder, Framework, Missing, Model, numpy

Way = Callable[[Builder, str], Any]


class Reader:
    """One release that loads the files of others."""

    def __init__(self, framework: Framework, folder: str) -> None:
        self._framework = framework
        self._folder = folder

    def steps(
        self, builder: Builder, kind: str, path: str
    ) -> Generator[Callable[[], Any], Any, None]:
        """Try the ways to load one file, each in a child of its own."""
        attempts = []
        for name, way in self._ways(kind):
            outcome = yield functools.partial(self._attempt, way, builder, path)
            given = outcome.get("given")
            error = {key: outcome.get(key) for key in ("exc", "message")}
            attempts.append({"way": name, "difference": given, **error})
            if given is not None:
                break
        pool_script.say(path=path, attempts=attempts)

    def _attempt(self, way: Way, builder: Builder, path: str) -> float:
        """Load, run, and give the largest difference; -1 where outputs cannot be compared."""
        run = way(builder, os.path.join(self._folder, path))
        stem = os.path.join(self._folder, path.partition("/")[0], builder.name)
        outputs = framework_script.flat(run(_arrays(f"{stem}_in.npz")))
        return _difference(outputs, _arrays(f"{stem}_out.npz"))

    def _ways(self, kind: str) -> list[tuple[str, Way]]:
        if kind.startswith("weights"):
            return [("plain", self._weights()), ("by_name", self._weights(by_name=True))]
        if kind == "tf_ckpt":
            names = ("model", "root")
            others = [(f"tf.train.Checkpoint({one}=m)", self._checkpoint(one)) for one in names]
            return [("plain", self._weights()), *others]
        if kind == "json":
            return [
                ("plain", self._json()),
                ("custom_objects", self._json(with_objects=True)),
                ("enable_unsafe_deserialization", self._json(with_objects=True, unsafe=True)),
            ]
        ways = [
            ("plain", self._whole()),
            ("compile=False", self._whole(compile=False)),
            ("custom_objects,compile=False", self._whole(with_objects=True, compile=False)),
            ("safe_mode=False,compile=False", self._whole(safe_mode=False, compile=False)),
            (
                "custom_objects,safe_mode=False,compile=False",
                self._whole(with_objects=True, safe_mode=False, compile=False),
            ),
        ]
        if kind == "savedmodel":
            ways = [*ways[:3], ("tf.saved_model.load", self._saved_model)]
            ways.append(("TFSMLayer", self._saved_model_layer))
        return ways

    def _built(self, builder: Builder) -> Model:
        """Build what weights go into; without it nothing can be said of the file."""
        try:
            return framework_script.build(self._framework, builder)
        except Exception as error:
            raise Missing(f"cannot build the model: {error}") from error

    def _running(self, builder: Builder, model: Model) -> Callable[[Any], Any]:
        return lambda given: framework_script.predict(self._framework, builder, model, given)

    def _whole(self, *, with_objects: bool = False, **options: object) -> Way:
        def way(builder: Builder, path: str) -> Any:  # noqa: ANN401 - what runs the model
            more = {"custom_objects": custom_objects(self._framework)} if with_objects else {}
            model = self._framework.keras.models.load_model(path, **more, **options)
            return self._running(builder, model)

        return way

    def _json(self, *, with_objects: bool = False, unsafe: bool = False) -> Way:
        def way(builder: Builder, path: str) -> Any:  # noqa: ANN401 - what runs the model
            more = {"custom_objects": custom_objects(self._framework)} if with_objects else {}
            if unsafe:
                self._framework.keras.config.enable_unsafe_deserialization()
            with open(path) as stream:
                text = stream.read()
            model = self._framework.keras.models.model_from_json(text, **more)
            if builder.subclassed:
                self._running(builder, model)(framework_script.arrays(builder))
            run = self._running(builder, model)
            try:
                model.set_weights(_arrays(path[: -len(".json")] + "_w.npz"))
            except Exception:  # noqa: BLE001 - the configuration was read; it makes other weights
                return lambda given: run(given)[:0]
            for layer in model.layers:
                if type(layer).__name__ == "Normalization" and hasattr(layer, "finalize_state"):
                    layer.finalize_state()  # as loading from a file does
            return run

        return way

    def _weights(self, **options: object) -> Way:
        def way(builder: Builder, path: str) -> Any:  # noqa: ANN401 - what runs the model
            model = self._built(builder)
            model.load_weights(path, **options)
            return self._running(builder, model)

        return way

    def _checkpoint(self, name: str) -> Way:
        def way(builder: Builder, path: str) -> Any:  # noqa: ANN401 - what runs the model
            model = self._built(builder)
            status = self._tensorflow().train.Checkpoint(**{name: model}).restore(path)
            # Under "model" it is what Keras 3 writes; "root" is the last resort, which never fails.
            if name == "model":
                status.assert_nontrivial_match()
            else:
                status.expect_partial()
            return self._running(builder, model)

        return way

    def _saved_model(self, builder: Builder, path: str) -> Any:  # noqa: ANN401 - what runs it
        tensorflow = self._tensorflow()
        loaded = tensorflow.saved_model.load(path)
        signature = loaded.signatures["serving_default"]
        _, named = signature.structured_input_signature
        names = sorted(named)

        def run(given: list[Any]) -> Any:  # noqa: ANN401 - tensors
            fed = framework_script.fed(self._framework, builder, given)
            listed = fed if isinstance(fed, list) else [fed]
            tensors = [
                tensorflow.cast(tensorflow.convert_to_tensor(one), named[name].dtype)
                if builder.inputs[place].dtype != "string"
                else one
                for place, (name, one) in enumerate(zip(names, listed))
            ]
            return signature(**dict(zip(names, tensors)))

        return run

    def _saved_model_layer(self, builder: Builder, path: str) -> Any:  # noqa: ANN401 - what runs it
        if not hasattr(self._framework.layers, "TFSMLayer"):
            raise Missing("this release has no TFSMLayer")
        layer = self._framework.layers.TFSMLayer(path, call_endpoint="serving_default")
        return lambda given: layer(framework_script.fed(self._framework, builder, given))

    def _tensorflow(self) -> Any:  # noqa: ANN401 - a module
        if self._framework.tensorflow is None:
            raise Missing("needs TensorFlow")
        return self._framework.tensorflow


def _arrays(path: str) -> list[Any]:
    with numpy.load(path) as stored:
        return [stored[name] for name in sorted(stored.files)]


def _difference(outputs: list[Any], wanted: list[Any]) -> float:
    if [one.shape for one in outputs] != [one.shape for one in wanted]:
        return -1.0
    pairs = zip(outputs, wanted)
    differences = [
        abs(one.astype("float64") - other.astype("float64")).max() if one.size else 0.0
        for one, other in pairs
    ]
    largest = float(max(differences))
    return largest if numpy.isfinite(largest) else -1.0


def main() -> None:
    """Load the files of a job."""
    with open(sys.argv[1]) as stream:
        job = json.load(stream)
    reader = Reader(Framework(job["package"], job["keras"], job["backend"]), job["folder"])
    known = builders()
    tasks = (reader.steps(known[one["model"]], one["format"], one["path"]) for one in job["files"])
    pool_script.run(tasks, job["workers"], job["seconds"])


if __name__ == "__main__":
    main()
