"""What the child does for ``tfmac parity``: the request in, events out."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

from .. import keras_models
from ..frameworks import Device, Framework, NoSuchDevice, framework, named_device
from ..journal import Journal
from ..subjects.inputs import Inputs, given_inputs, made_inputs, script_inputs
from ..subjects.sides import Side
from ..subjects.subject import Subject, same_weights
from ..subjects.trees import Recorded, mapped
from .comparing import Comparison, Outcome, Tell
from .findings import Compared
from .pairs import Pair
from .reproduction import NoReproduction, write_reproduction


def run(request: dict[str, Any], journal: Journal) -> None:
    """Compare a model on two devices."""
    journal.stage("start")
    if request.get("backend"):
        os.environ["KERAS_BACKEND"] = request["backend"]
    used = framework(request.get("backend"))
    if request.get("logical_cpus"):
        used.split_cpu(int(request["logical_cpus"]))
    reference_device = named_device(used, request.get("reference") or "CPU:0")
    tested_device = named_device(used, request.get("device") or "gpu")
    if reference_device == tested_device and not request.get("same_device"):
        raise NoSuchDevice(f"{tested_device.name} cannot be compared with itself")
    keras = keras_models.keras_of_process(used)
    journal.write(
        "devices",
        framework=used.name,
        version=used.version(),
        keras=str(getattr(keras, "__version__", "")),
        python=".".join(str(part) for part in sys.version_info[:3]),
        reference={"name": reference_device.name, "described": reference_device.described},
        tested={"name": tested_device.name, "described": tested_device.described},
    )
    journal.stage("model")
    subject = Subject(used, request["model"], request.get("name"))
    compared = _prepared(subject, reference_device, tested_device, request.get("inputs"))
    _tell_model(journal, compared.pair.reference)
    for one in compared.sets:
        journal.write("inputs", name=one.name, arrays=_shapes(one.tree))
    steps = int(request.get("steps", 3))
    outcome = Comparison(compared.pair, compared.sets, steps, journal.write).run()
    culprit = outcome.culprit
    if culprit is not None and request.get("minimal"):
        _reproduce(request, journal, culprit, compared.pair, subject)
    journal.write(
        "verdict",
        verdict=outcome.verdict,
        culprit=None if culprit is None else culprit.event(),
    )


def _reproduce(
    request: dict[str, Any], journal: Journal, culprit: Compared, pair: Pair, subject: Subject
) -> None:
    """Write the script that shows the departure; where that cannot be, say why."""
    path = str(request["minimal"])
    try:
        write_reproduction(path, culprit, pair, subject, int(request.get("logical_cpus") or 0))
    except (NoReproduction, OSError) as error:
        journal.write("untested", what="a script that shows it", stage="", why=str(error))
    else:
        journal.write("reproduction", path=path)


class _Prepared(NamedTuple):
    pair: Pair
    sets: list[Inputs]


def compare_script(  # noqa: PLR0917
    used: Framework, devices: Sequence[Device], path: str, name: str, steps: int, tell: Tell
) -> Outcome:
    """Compare a model of a script on two devices of this process."""
    compared = _prepared(Subject(used, path, name), devices[0], devices[1], None)
    return Comparison(compared.pair, compared.sets, steps, tell).run()


def _prepared(
    subject: Subject, reference_device: Device, tested_device: Device, inputs: str | None
) -> _Prepared:
    """Make both copies with the same weights, and the inputs."""
    reference, tested = subject.side(reference_device), subject.side(tested_device)
    sets = _inputs(inputs, reference)
    _built(reference, tested, sets)
    same_weights(reference, tested)
    return _Prepared(Pair(reference, tested, subject.name or ""), sets)


def _inputs(path: str | None, reference: Side) -> list[Inputs]:
    if path:
        return given_inputs(path, reference)
    if reference.extras.get("inputs") is not None:
        return script_inputs(reference.extras["inputs"], reference)
    return made_inputs(reference)


def _built(reference: Side, tested: Side, sets: Sequence[Inputs]) -> None:
    """Call both once where a model has its weights only then."""
    for side in (reference, tested):
        if keras_models.input_structure(side.model) is not None:
            continue
        try:
            with side.inside():
                side.call(side.laid(sets[0].tree), training=False)
        except Exception:
            if side is reference:
                raise
            # A kernel may be missing; what is asked for here is only that weights are made.
            with side.framework.scope(side.device):
                side.call(side.laid(sets[0].tree), training=False)
        side.refresh()


def _tell_model(journal: Journal, side: Side) -> None:
    weights = keras_models.variables(side.model)
    journal.write(
        "model",
        name=str(side.model.name),
        kind=type(side.model).__name__,
        layers=len(side.places) - 1,
        parameters=sum(int(one.array.size) for one in _values(side, weights)),
        precision=keras_models.lowest_precision(side.model),
    )


def _values(side: Side, weights: list[Any]) -> list[Recorded]:
    return [Recorded(side.framework.array(weight), "") for weight in weights]


def _shapes(tree: Any) -> list[str]:
    found: list[str] = []

    def note(leaf: Any) -> None:
        if isinstance(leaf, Recorded):
            shape = ", ".join(str(size) for size in leaf.array.shape)
            found.append(f"({shape}) {leaf.dtype}")

    mapped(note, tree)
    return found
