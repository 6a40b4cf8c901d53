"""All signatures on all recorded logs: the right cause first, near misses and foreign logs not."""

import json
from pathlib import Path

import pytest
from tools.check_signatures import LOGS, PINNED, logs, problem_of, problems_of_records, ranking
from tools.check_signatures import explained as explained_log

from tfmac.explainer.judges import JUDGES
from tfmac.knowledge import failures

CAUSES = failures.causes()
IN_LOGS = [cause for cause in CAUSES if "log" in failures.failure(cause).found_by]


def _name(path: Path) -> str:
    return path.relative_to(LOGS).as_posix()


@pytest.mark.parametrize("path", logs(), ids=_name)
def test_a_log_gets_its_cause(path: Path) -> None:
    """The cause of its folder is first; a near miss does not get it; a foreign log gets none."""
    assert problem_of(path, explained_log(path)) is None


def test_records_are_sound() -> None:
    """Patterns can be read, judges and predicates exist, no field is misspelled."""
    assert list(problems_of_records()) == []


@pytest.mark.parametrize("cause", IN_LOGS)
def test_a_cause_of_logs_is_tried_on_a_log_and_on_a_near_miss(cause: str) -> None:
    """What is said to be found in logs is found in one, and not in one that only looks like it."""
    names = [path.name for path in (LOGS / cause).glob("*.txt")]

    assert [name for name in names if not name.startswith("near-miss-")]
    assert [name for name in names if name.startswith("near-miss-")]


def test_a_judge_names_causes_of_the_vocabulary() -> None:
    """A judge cannot give a cause that nobody can look up."""
    for judge in JUDGES.values():
        assert set(CAUSES) >= judge.causes


def test_the_ranking_is_as_it_was() -> None:
    """What is found in every log, in order, is pinned: a change of it is seen and meant."""
    assert json.loads(PINNED.read_text(encoding="utf-8")) == ranking()


def test_every_log_says_where_it_comes_from() -> None:
    """Each log has its provenance: recorded with a recipe, composed from strings, or a thread."""
    told = json.loads((LOGS / "provenance.json").read_text(encoding="utf-8"))

    assert set(map(_name, logs())) <= set(told)
