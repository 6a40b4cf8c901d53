"""The fuzzing of model files finds nothing, and would find something."""

import random
from pathlib import Path

import pytest

from tfmac.observe.model_files import ModelReader
from tools import fuzz_models

NOWHERE = Path("there-is-no-corpus")


@pytest.mark.slow
def test_damaged_files_break_nothing() -> None:
    """The same 3,000 inputs each time, from the builders' files."""
    figures = fuzz_models.fuzz(3000, 7, corpus=NOWHERE)

    assert figures.inputs == 3000
    assert (figures.exceptions, figures.hangs) == (0, 0)
    assert figures.peak <= fuzz_models.MOST_MEMORY
    assert figures.with_problems > 1000


def test_a_seed_gives_the_same_damage_again(tmp_path: Path) -> None:
    seeds = list(fuzz_models.from_builders())
    written = []
    for name in ("first", "second"):
        folder = tmp_path / name
        folder.mkdir()
        path = fuzz_models.write_damaged(seeds[0], seeds, folder, random.Random(3))  # noqa: S311
        written.append(path.read_bytes())

    assert written[0] == written[1] != seeds[0].files[seeds[0].name]


def test_an_exception_is_counted_and_its_file_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ModelReader, "read", _raise)

    figures = fuzz_models.fuzz(2, 7, corpus=NOWHERE, keep=tmp_path / "kept")

    assert (figures.exceptions, figures.sound) == (2, False)
    assert "LookupError: broken" in (tmp_path / "kept" / "0" / "why.txt").read_text()


def _raise(*_: object, **__: object) -> None:
    raise LookupError("broken")
