"""Verifies a migration: both files are run on the same inputs, each where it belongs."""

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Callable, Optional, Union

import msgspec

from tfmac.migration.environments import Making, NoEnvironment, environment_for, nearest_first
from tfmac.migration.verify_answers import Answer, Comparison, Outputs, compared, filled_in, worded
from tfmac.migration.verify_comparison import (
    Tolerance,
    tolerance_for,
)
from tfmac.migration.verify_inputs import (
    DRAWS,
    TRIED_SIZES,
    InputDescription,
    Sizes,
    draw,
)
from tfmac.migration.verify_layers import (
    Search,
    Side,
    first_difference,
    read_arrays,
    write_arrays,
)
from tfmac.migration.verify_process import Died, FrameworkProcess, Refused
from tfmac.migration.verify_readers import candidates, missing_code, reader_of_keras
from tfmac.models.configuration import named_in
from tfmac.models.loadability.readers import parse_reader
from tfmac.observe.model_files import read_model
from tfmac.observe.model_paths import checkpoint_prefix
from tfmac.schema.migration import MigratedModel, Verified
from tfmac.schema.model_content import Content

PathLike = Union[str, "os.PathLike[str]"]
EnvironmentFor = Callable[[str], str]
TIME_LIMIT = 300.0
"""For each thing that a framework is asked to do with one model."""
_MOST_PROCESSES = 3
"""That are kept for originals, and as many for new files."""
_MOST_READERS = 4
_OLD, _NEW = "old", "new"


class Original(msgspec.Struct, frozen=True, kw_only=True):
    """An original file, and what is needed to run it."""

    path: str
    architecture: Optional[str] = None
    """The JSON or the whole model for a file that has weights alone."""
    custom: tuple[str, ...] = ()
    """Code of the user's own, as ``module:Class``."""
    folder: Optional[str] = None
    """Where that code is looked for."""
    sources: Mapping[str, str] = {}
    """The location of a layer in it by that in the new file, where they are not the same."""


class _Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """A model that a process has loaded."""

    process: FrameworkProcess
    reader: str
    types: tuple[str, ...]
    described: tuple[InputDescription, ...]


class _Inputs(msgspec.Struct, frozen=True, kw_only=True):
    """What is drawn for both models."""

    described: tuple[InputDescription, ...]
    sizes: Sizes


def verify(
    source: PathLike,
    migrated: MigratedModel,
    *,
    architecture: Optional[PathLike] = None,
    custom: Sequence[str] = (),
    folder: Optional[str] = None,
    sources: Optional[Mapping[str, str]] = None,
    making: Optional[Making] = None,
) -> MigratedModel:
    """Verify one migrated file; see ``Verifier``, which keeps its processes for many.

    To run an original is to run the code that is in it, Lambda layers included: in a process with
    a time limit, and only where this was asked for.
    """
    original = Original(
        path=os.fspath(source),
        architecture=None if architecture is None else os.fspath(architecture),
        custom=tuple(custom),
        folder=folder,
        sources=sources or {},
    )
    with Verifier(making) as verifier:
        return verifier.verify(original, migrated)


class Verifier:
    """Runs originals and new files, in as few processes as there are releases.

    ``environment`` gives the interpreter for a reader, and may raise ``NoEnvironment``; by default
    one is made below the user's cache as ``making`` allows.
    """

    def __init__(
        self,
        making: Optional[Making] = None,
        *,
        environment: Optional[EnvironmentFor] = None,
        time_limit: float = TIME_LIMIT,
    ) -> None:
        self._making = making or Making()
        self._environment = environment
        self._time_limit = time_limit
        self._processes: dict[tuple[str, str], FrameworkProcess] = {}
        self._scratch = tempfile.TemporaryDirectory(prefix="tfmac-verify-")

    def __enter__(self) -> "Verifier":  # noqa: PYI034 - Python 3.9 has no Self
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all processes."""
        for process in self._processes.values():
            process.close()
        self._processes.clear()
        self._scratch.cleanup()

    def verify(self, original: Original, migrated: MigratedModel) -> MigratedModel:
        """Run both files on the same inputs, and fill in how far they agree.

        Whatever a framework does, hanging and dying included, becomes ``not_verified``.
        """
        if not migrated.migrated or migrated.output is None or migrated.keras is None:
            return migrated
        reader = reader_of_keras(migrated.keras)
        try:
            new = self._new(reader, migrated.output, original)
            migrated = msgspec.structs.replace(migrated, new_ran_in=reader)
            return self._against_original(original, migrated, new)
        except Answer as answer:
            return msgspec.structs.replace(
                migrated, verified=answer.verified, not_verified=answer.reason
            )

    def _against_original(
        self, original: Original, migrated: MigratedModel, new: _Loaded
    ) -> MigratedModel:
        if not new.described:
            raise Answer(Verified.NOT_RUN, "the new model does not say what inputs it takes")
        old = self._old(original)
        migrated = msgspec.structs.replace(migrated, original_ran_in=old.reader)
        try:
            return self._compared(original, migrated, new, old)
        except Died as death:
            raise Answer(Verified.NO, f"the process that ran the models {death}") from death
        except Refused as error:
            raise Answer(Verified.NO, f"the models could not be compared: {error}") from error

    def _new(self, reader: str, path: str, original: Original) -> _Loaded:
        """Load the new file as its user will: no argument, no code but what was supplied."""
        request = {**_code_of(original), "compile": True}
        try:
            return self._loaded(_NEW, reader, {**request, "path": os.path.abspath(path)})
        except NoEnvironment as error:
            raise Answer(Verified.NOT_RUN, str(error)) from error
        except Died as death:
            reason = f"the process that loaded the new file in {reader} {death}"
            raise Answer(Verified.NO, reason) from death
        except Refused as error:
            reason = f"the new file does not load in {reader}: {error}"
            raise Answer(Verified.NO, reason) from error

    def _old(self, original: Original) -> _Loaded:
        """Load the original in its writer, else in the nearest release that loads it right."""
        contents = _contents(original)
        request = {
            # Keras calls a checkpoint by its prefix.
            "path": os.path.abspath(checkpoint_prefix(original.path) or original.path),
            "architecture": original.architecture and os.path.abspath(original.architecture),
            **_code_of(original),
            "unsafe": True,
        }
        reasons: list[str] = []
        tried = False
        for reader in self._readers(original, contents):
            code = None if original.custom else missing_code(contents, reader)
            if code is not None:
                reason = f"the original needs code that is not in it ({code}); give --custom"
                raise Answer(Verified.NOT_RUN, reason)
            try:
                return self._loaded(_OLD, reader, request)
            except NoEnvironment as error:
                reasons.append(str(error))
            except Refused as error:
                tried = True
                reasons.append(f"{reader}: {error}")
        verified = Verified.NO if tried else Verified.NOT_RUN
        reason = "; ".join(reasons) or "no release is known that loads the original as it was"
        raise Answer(verified, f"the original was not run: {reason}")

    def _readers(self, original: Original, contents: Sequence[Content]) -> list[str]:
        known = candidates(contents, custom=bool(original.custom))
        if self._environment is not None:
            return list(known)
        # Its writer goes before what is at hand already.
        writer, others = known[:1], known[1:]
        return [*writer, *nearest_first(others, self._making)][:_MOST_READERS]

    def _loaded(self, side: str, reader: str, request: dict[str, Any]) -> _Loaded:
        process = self._process(side, reader)
        answer = process.load(request, time_limit=self._time_limit)
        return _Loaded(
            process=process,
            reader=reader,
            types=tuple(answer.get("computes_in", ())),
            described=msgspec.convert(answer.get("inputs", ()), tuple[InputDescription, ...]),
        )

    def _process(self, side: str, reader: str) -> FrameworkProcess:
        """Give the process of a reader; those that were used longest ago make room.

        Originals and new files have their own: one process holds one model.
        """
        process = self._processes.pop((side, reader), None)
        if process is None:
            interpreter = (
                environment_for(reader, self._making)
                if self._environment is None
                else self._environment(reader)
            )
            process = FrameworkProcess(interpreter, parse_reader(reader)[-1])
        self._processes[side, reader] = process
        of_side = [one for one in self._processes if one[0] == side]
        for oldest in of_side[:-_MOST_PROCESSES]:
            self._processes.pop(oldest).close()
        return process

    def _compared(
        self, original: Original, migrated: MigratedModel, new: _Loaded, old: _Loaded
    ) -> MigratedModel:
        inputs = self._inputs(new, old)
        found = [self._on_draw(kind, inputs, new, old) for kind in DRAWS]
        filled = filled_in(migrated, found)
        wrong = next((one for one in found if not one.within), None)
        if wrong is None:
            return filled
        drawn = self._written(inputs, wrong.kind)
        for one, name in ((old, "the original"), (new, "the new model")):
            if not self._repeats(one, inputs, drawn, wrong.tolerance):
                raise Answer(Verified.NO, f"{name} gives something else each time it is run")
        search = Search(
            old=Side(process=old.process, name=_OLD),
            new=Side(process=new.process, name=_NEW),
            sources=original.sources,
            tolerance=wrong.tolerance,
            folder=self._scratch.name,
            time_limit=self._time_limit,
        )
        return msgspec.structs.replace(
            filled, not_verified=worded(wrong), first_difference=first_difference(search, drawn)
        )

    def _on_draw(self, kind: str, inputs: _Inputs, new: _Loaded, old: _Loaded) -> Comparison:
        drawn = self._written(inputs, kind)
        left, right = self._run(old, inputs, drawn), self._run(new, inputs, drawn)
        tolerance = tolerance_for((*new.types, *old.types, *left.types, *right.types))
        return compared(left, right, tolerance, kind)

    def _repeats(
        self,
        model: _Loaded,
        inputs: _Inputs,
        drawn: str,
        tolerance: Tolerance,
    ) -> bool:
        first, second = (self._run(model, inputs, drawn) for _ in range(2))
        return compared(first, second, tolerance, "").within

    def _inputs(self, new: _Loaded, old: _Loaded) -> _Inputs:
        """Find inputs that both models take: as the new one describes them, else the original."""
        said: Optional[Refused] = None
        for inputs in _possible_inputs(new, old):
            path = self._written(inputs, DRAWS[0])
            try:
                self._run(new, inputs, path)
                self._run(old, inputs, path)
            except Died:
                raise
            except Refused as error:
                said = said or error
                continue
            return inputs
        raise Answer(Verified.NO, f"no inputs were found that both models take: {said}")

    def _written(self, inputs: _Inputs, kind: str) -> str:
        path = os.path.join(self._scratch.name, f"inputs-{kind}.npz")
        write_arrays(path, list(draw(inputs.described, inputs.sizes, kind)))
        return path

    def _run(self, model: _Loaded, inputs: _Inputs, drawn: str) -> Outputs:
        path = os.path.join(self._scratch.name, "outputs.npz")
        request = {
            "do": "run",
            "inputs": drawn,
            "outputs": path,
            "names": [one.name for one in inputs.described],
        }
        answer = model.process.ask(request, time_limit=self._time_limit)
        return Outputs(
            names=tuple(answer["outputs"]),
            types=tuple(answer["types"]),
            arrays=tuple(read_arrays(path)),
        )


def _code_of(original: Original) -> dict[str, Any]:
    """Name the user's code: where it is, and the names that the original has it under."""
    named = [
        name
        for content in (_contents(original) if original.custom else ())
        for one in named_in(content.configuration)
        for name in (one.class_name, one.registered_name)
        if name is not None and ">" in name
    ]
    return {"custom": original.custom, "folder": original.folder, "registered": sorted({*named})}


def _contents(original: Original) -> tuple[Content, ...]:
    paths = [original.path, *([original.architecture] if original.architecture else [])]
    return tuple(read_model(one) for one in paths)


def _possible_inputs(new: _Loaded, old: _Loaded) -> Iterator[_Inputs]:
    """Give the inputs to be tried: of one size where a model leaves nothing open but its batch."""
    descriptions = [new.described]
    if len(old.described) == len(new.described):
        # The new one may take more than the original does.
        shaped = (
            msgspec.structs.replace(one, shape=other.shape)
            for one, other in zip(new.described, old.described)
        )
        descriptions.append(tuple(shaped))
    for described in dict.fromkeys(descriptions):
        is_open = any(size is None for one in described for size in one.shape[1:])
        for sizes in TRIED_SIZES if is_open else TRIED_SIZES[:1]:
            yield _Inputs(described=described, sizes=sizes)
