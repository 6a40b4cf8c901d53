import json
from pathlib import Path
from typing import Any

import pytest

from builders.framework_stand_in import stand_in
from tfmac.migration.environments import NoEnvironment
from tfmac.migration.verify import Original, Verifier
from tfmac.schema.migration import MigratedModel, Verified

_NEW = "keras==3.15.1"
_OLD = "keras==3.0.5"
_SAME = {"first": 2.0, "last": 3.0}
_CONFIGURATION = {"class_name": "Sequential", "keras_version": "3.0.5", "config": {"layers": []}}


class Both:
    """An original and its new file, and the environments in which they are run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.interpreters: dict[str, str] = {}
        self.source = folder / "model.json"
        self.source.write_text(json.dumps(_CONFIGURATION), encoding="utf-8")
        self.output = folder / "new.keras"
        self.output.touch()

    def runs(self, release: str, **behaviour: Any) -> None:
        behaviour.setdefault("layers", _SAME)
        self.interpreters[release] = stand_in(self.folder / release, **behaviour)

    def environment(self, reader: str) -> str:
        for release, interpreter in self.interpreters.items():
            if reader.endswith(release):
                return interpreter
        raise NoEnvironment(f"{reader} cannot be had")

    def verified(self, **options: Any) -> MigratedModel:
        migrated = MigratedModel(
            source=str(self.source), output=str(self.output), keras="3.15.1", migrated=True
        )
        original = Original(path=str(self.output), **options)
        with Verifier(environment=self.environment, time_limit=5.0) as verifier:
            return verifier.verify(original, migrated)


@pytest.fixture
def both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Both:
    """Two files whose writers are stand-ins: what they hold is not read."""
    monkeypatch.setattr("tfmac.migration.verify.candidates", lambda *_, **__: (_OLD,))
    monkeypatch.setattr("tfmac.migration.verify_process.START_SECONDS", 20.0)
    return Both(tmp_path)


def test_models_that_compute_the_same_are_verified(both: Both) -> None:
    """The answer says where both ran, and how far each output was from the other."""
    both.runs(_OLD)
    both.runs(_NEW)

    model = both.verified()

    assert (model.verified, model.not_verified) == (Verified.YES, None)
    assert model.original_ran_in == _OLD
    assert str(model.new_ran_in).endswith(_NEW)
    assert (model.max_abs, model.max_rel) == (0.0, 0.0)
    assert [(one.output, one.within) for one in model.outputs] == [("answer", True)]


def test_a_difference_within_the_tolerance_is_reported_and_verified(both: Both) -> None:
    both.runs(_OLD)
    both.runs(_NEW, layers={"first": 2.0, "last": 3.000001})

    model = both.verified()

    assert model.verified is Verified.YES
    assert 0 < (model.max_abs or 0) < 1e-4


def test_the_first_layer_that_differs_is_named(both: Both) -> None:
    """Later layers differ, too, because of it."""
    both.runs(_OLD, layers={"zeroth": 1.0, **_SAME})
    both.runs(_NEW, layers={"zeroth": 1.0, "first": 2.1, "last": 3.0})

    model = both.verified()

    assert model.verified is Verified.NO
    assert model.first_difference == "first"
    assert "answer differs" in str(model.not_verified)
    assert (model.max_abs or 0) > 0.1


def test_layers_that_were_renamed_are_compared_with_their_sources(both: Both) -> None:
    both.runs(_OLD, layers={"a/b": 2.0, "last": 3.0})
    both.runs(_NEW, layers={"a_b": 2.5, "last": 3.0})

    model = both.verified(sources={"a_b": "a/b"})

    assert model.first_difference == "a_b"


@pytest.mark.parametrize("side", [_OLD, _NEW])
def test_sizes_that_are_left_open_are_tried_until_both_models_take_one(
    both: Both, side: str
) -> None:
    for one in (_OLD, _NEW):
        both.runs(one, shape=(None, None), refused_length=7 if one == side else -1)

    model = both.verified()

    assert model.verified is Verified.YES


def test_an_original_that_takes_less_than_its_new_file_says_what_is_drawn(both: Both) -> None:
    both.runs(_OLD, shape=(None, 4), ranks=(2,))
    both.runs(_NEW, shape=(None, None, 4))

    model = both.verified()

    assert model.verified is Verified.YES


def test_a_model_that_gives_something_else_each_time_is_not_verified(both: Both) -> None:
    both.runs(_OLD, layers={"first": "random"})
    both.runs(_NEW, layers={"first": "random"})

    model = both.verified()

    assert model.verified is Verified.NO
    assert "each time" in str(model.not_verified)


@pytest.mark.parametrize(
    "end",
    [("killed", "SIGKILL"), ("hang", "did not answer"), ("refuse", "Unknown layer: Yours")],
)
@pytest.mark.parametrize("when", ["on_load", "on_run"])
@pytest.mark.parametrize("side", [_OLD, _NEW])
def test_however_a_framework_fails_it_is_a_reason(
    both: Both, monkeypatch: pytest.MonkeyPatch, side: str, when: str, end: "tuple[str, str]"
) -> None:
    """A crash, a hang or an exception of either side never ends the migration."""
    ends, said = end
    monkeypatch.setattr("tfmac.migration.verify_process.START_SECONDS", 0.0)
    for one in (_OLD, _NEW):
        both.runs(one, **({when: ends} if one == side else {}))

    model = both.verified()

    assert model.verified is Verified.NO
    assert said in str(model.not_verified)


@pytest.mark.parametrize("missing", [_OLD, _NEW])
def test_without_an_environment_nothing_was_run(both: Both, missing: str) -> None:
    both.runs(_NEW if missing == _OLD else _OLD)

    model = both.verified()

    assert model.verified is Verified.NOT_RUN
    assert "cannot be had" in str(model.not_verified)


def test_what_was_not_migrated_is_not_run(both: Both) -> None:
    model = MigratedModel(source="a.h5", migrated=False)
    with Verifier(environment=both.environment) as verifier:
        assert verifier.verify(Original(path="a.h5"), model) == model
