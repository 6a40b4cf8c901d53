"""The pure parts of the proof of the loader's rules; nothing is loaded and nothing fetched."""

import os
from pathlib import Path
from typing import Optional

import msgspec
import pytest
from tools.prove_linking import plan, rendering, scores
from tools.prove_linking.__main__ import main
from tools.prove_linking.declared import admits
from tools.prove_linking.judging import Release
from tools.prove_linking.records import (
    Attempt,
    End,
    Journal,
    Judged,
    LibraryVerdict,
    Loaded,
    Sealed,
    digest,
)
from tools.prove_linking.scores import Outcome, Pair
from tools.prove_linking.trees import beside

from builders import elf

REFUSED = "ops.so: undefined symbol: _ZN1xE"
NOT_FOUND = f"NotFoundError: {REFUSED}"


Answer = Optional[bool]


def verdict(loads: Answer, path: str = "ops.so", *, named: bool = True) -> LibraryVerdict:
    message = REFUSED if loads is False else None
    return LibraryVerdict(path=path, named=named, loads=loads, message=message)


def judged(*libraries: LibraryVerdict, tensorflow: str = "2.0", **more: object) -> Judged:
    made = Judged(
        engine="e",
        tensorflow=tensorflow,
        release="ext==1",
        libraries=libraries or (verdict(loads=True),),
        declared=True,
    )
    return msgspec.structs.replace(made, **more)


DONE = Attempt(target="ops.so", end=End.DONE)
BY_LOADER = Attempt(target="ops.so", end=End.RAISED, message=NOT_FOUND, immediate=REFUSED)
TWICE = Attempt(target="ops.so", end=End.RAISED, message="AlreadyExistsError: Op is registered")
IMPORTED = Attempt(target="ext", end=End.DONE)


def loaded(
    *libraries: Attempt, imported: Attempt = IMPORTED, tensorflow: str = "2.0", **more: object
) -> Loaded:
    made = Loaded(
        tensorflow=tensorflow,
        release="ext==1",
        at="2026-01-02",
        machine="here",
        libraries=libraries or (DONE,),
        imported=imported,
    )
    return msgspec.structs.replace(made, **more)


def sealed(tensorflow: str = "2.0", engine: str = "e") -> Sealed:
    return Sealed(engine=engine, tensorflow=tensorflow, at="2026-01-01", releases=1, sha256="0")


class TestOutcomes:
    @pytest.mark.parametrize(
        ("attempt", "outcome"),
        [
            (DONE, Outcome.LOADS),
            (BY_LOADER, Outcome.CANNOT_LOAD),
            (TWICE, Outcome.OTHER),
            (Attempt(target="x", end=End.KILLED, status=11), Outcome.CRASH),
            (Attempt(target="x", end=End.TIMEOUT), Outcome.TIMEOUT),
        ],
    )
    def test_a_library(self, attempt: Attempt, outcome: Outcome) -> None:
        assert scores.library_outcome(attempt) is outcome

    @pytest.mark.parametrize(
        ("message", "outcome"),
        [
            (NOT_FOUND, Outcome.CANNOT_LOAD),
            ("ImportError: libx.so: cannot open shared object file: No", Outcome.CANNOT_LOAD),
            ("OSError\nOSError: /lib/x.so: version `V1' not found", Outcome.CANNOT_LOAD),
            ("ModuleNotFoundError: No module named 'six'", Outcome.OTHER),
            ("ValueError: the value of undefined symbol is wrong", Outcome.OTHER),
        ],
    )
    def test_an_import(self, message: str, outcome: Outcome) -> None:
        attempt = Attempt(target="ext", end=End.RAISED, message=message)
        assert scores.import_outcome(attempt) is outcome

    def test_a_package_is_what_its_opened_libraries_are(self) -> None:
        helper = verdict(loads=False, path="helper.so", named=False)
        refused = msgspec.structs.replace(BY_LOADER, target="helper.so")
        record = judged(verdict(loads=True), helper)

        assert scores.package_verdict(record.libraries) is True
        assert scores.package_outcome(record, loaded(DONE, refused)) is Outcome.LOADS
        assert scores.package_outcome(record, loaded(BY_LOADER)) is Outcome.CANNOT_LOAD

    def test_a_package_that_the_loader_stops_at_its_import(self) -> None:
        imported = msgspec.structs.replace(BY_LOADER, target="ext")
        assert scores.package_outcome(judged(), loaded(imported=imported)) is Outcome.CANNOT_LOAD

    def test_a_package_with_a_library_that_fails_otherwise_is_open(self) -> None:
        assert scores.package_outcome(judged(), loaded(TWICE)) is Outcome.OTHER

    @pytest.mark.parametrize(
        ("imported", "outcome"),
        [
            (Attempt(target="ext", end=End.KILLED, status=6), Outcome.CRASH),
            (Attempt(target="ext", end=End.RAISED, message="No module named 'six'"), Outcome.LOADS),
        ],
    )
    def test_what_else_an_import_can_do(self, imported: Attempt, outcome: Outcome) -> None:
        assert scores.package_outcome(judged(), loaded(imported=imported)) is outcome

    @pytest.mark.parametrize(
        ("answers", "package"),
        [((True, False), False), ((True, None), None), ((None, False), False), ((), None)],
    )
    def test_package_verdicts(self, answers: tuple[Answer, ...], package: Answer) -> None:
        assert scores.package_verdict([verdict(each) for each in answers]) is package


class TestScores:
    def test_counts(self) -> None:
        made = [
            Pair(tensorflow="2", release="r", subject="s", loads=loads, outcome=outcome)
            for loads, outcome in (
                (False, Outcome.CANNOT_LOAD),
                (False, Outcome.CANNOT_LOAD),
                (False, Outcome.LOADS),
                (True, Outcome.CANNOT_LOAD),
                (None, Outcome.CANNOT_LOAD),
                (True, Outcome.LOADS),
                (True, Outcome.CRASH),
            )
        ]
        total = scores.score(made)

        assert (total.pairs, total.apart) == (6, 1)
        assert total.precision == pytest.approx(2 / 3)
        assert total.recall == pytest.approx(1 / 2)
        assert [pair.disagrees for pair in made] == [False, False, True, True, False, False, False]

    def test_no_pairs_have_no_score(self) -> None:
        total = scores.score([])
        assert (total.precision, total.recall) == (None, None)


class TestDeclared:
    @pytest.mark.parametrize(
        ("requires", "admitted"),
        [
            (["tensorflow<2.16,>=2.15", "numpy"], True),
            (["tensorflow==2.14.*"], False),
            (["tensorflow (<2.16); extra == 'tensorflow'"], True),
            (["tensorflow-cpu~=2.14.0; extra == 'tensorflow-cpu'"], False),
            (["tensorflow==2.15.1; extra == 'tests'"], None),
            (["tensorflow==2.15.1", "tensorflow-cpu<2; extra == 'tensorflow_cpu'"], True),
            (
                ["tensorflow-macos<2; platform_machine == 'arm64' and sys_platform == 'darwin'"],
                None,
            ),
            (["numpy", "not a requirement !"], None),
        ],
    )
    def test_what_decides(self, requires: list[str], admitted: Answer) -> None:
        assert admits(requires, "2.15.1") is admitted


class TestJournal:
    def test_goes_on_where_it_stopped(self, tmp_path: Path) -> None:
        path = tmp_path / "journal.jsonl"
        journal = Journal(str(path))
        journal.write(judged())
        journal.write(sealed())
        with path.open("ab") as file:
            file.write(b'{"record":"loaded","tensor')

        again = Journal(str(path))
        again.write(loaded())

        last = Journal(str(path))
        assert last.judged("e", "2.0") == {"ext==1": judged()}
        assert last.judged("other", "2.0") == {}
        assert last.loaded("2.0") == {"ext==1": loaded()}

    def test_verdicts_count_as_earlier_only_if_they_were(self, tmp_path: Path) -> None:
        journal = Journal(str(tmp_path / "journal.jsonl"))
        for record in (sealed(), loaded(), sealed(engine="new"), sealed("2.1", "new")):
            journal.write(record)

        assert journal.judged_first("e", "2.0")
        assert not journal.judged_first("new", "2.0")
        assert journal.judged_first("new", "2.1")
        assert not journal.judged_first("e", "2.1")

    def test_the_hash_is_of_the_verdicts(self) -> None:
        other = judged(verdict(loads=False))
        assert digest([judged()]) == digest([judged()]) != digest([other])


class TestRelease:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        files = {
            "ext/__init__.py": b"from ext import _module\nload('_ops.so')\nimport plain\n",
            "ext/_ops.so": elf.image(),
            "ext/_module.cpython-310-x86_64-linux-gnu.so": elf.image(
                defines=[elf.Definition(b"PyInit__module")]
            ),
            "ext/plain.so": elf.image(),  # a word of a source, but no module
            "ext/helper.so.1": elf.image(),
            "ext-1.dist-info/METADATA": b"Name: ext\nVersion: 1\nRequires-Dist: tensorflow<3\n",
        }
        record = "".join(f"{name},,\n" for name in files)
        for name, content in {**files, "ext-1.dist-info/RECORD": record.encode()}.items():
            path = tmp_path / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        return tmp_path

    def test_which_libraries_the_package_opens(self, folder: Path) -> None:
        release = Release(str(folder), "ext")

        assert len(release.libraries) == 4
        assert {os.path.basename(path).partition(".")[0] for path in release.named} == {
            "_module",
            "_ops",
        }
        assert release.metadata.requires == ("tensorflow<3",)
        assert len(Release(str(folder), "ext", apart=("_ops",)).named) == 1
        with pytest.raises(LookupError, match="has no other"):
            Release(str(folder), "other")

    def test_beside_leaves_a_tree_as_it_was(self, folder: Path, tmp_path: Path) -> None:
        tree = tmp_path / "tree"
        tree.mkdir()
        (tree / "ext-1.dist-info").mkdir()
        (tree / "ext-1.dist-info" / "METADATA").write_text("mine")
        release = folder / "ext"

        with beside(str(release.parent / "ext-1.dist-info"), str(tree / "ext-1.dist-info")):
            assert sorted(os.listdir(tree / "ext-1.dist-info")) == ["METADATA", "RECORD"]
        with beside(str(release), str(tree / "ext")):
            pass

        assert os.listdir(tree) == ["ext-1.dist-info"]
        assert (tree / "ext-1.dist-info" / "METADATA").read_text() == "mine"


PLAN = plan.Plan(
    extensions=(plan.Extension(name="ext", module="ext", releases=("1",)),),
    tensorflows=(plan.TensorFlow(version="2.10"), plan.TensorFlow(version="2.9", held_out=True)),
)


class TestReport:
    @pytest.fixture
    def journal(self, tmp_path: Path) -> Journal:
        journal = Journal(str(tmp_path / "journal.jsonl"))
        journal.write(judged(tensorflow="2.9", declared=None))
        journal.write(sealed("2.9"))
        journal.write(loaded(BY_LOADER, tensorflow="2.9"))
        refusing = judged(verdict(loads=False), tensorflow="2.10")
        journal.write(refusing)
        journal.write(sealed("2.10"))
        journal.write(loaded(BY_LOADER, tensorflow="2.10"))
        return journal

    def test_shows_verdicts_outcomes_and_disagreements(self, journal: Journal) -> None:
        text = rendering.report(journal, PLAN, "e")

        assert "| release | 2.9* | 2.10 |" in text
        assert "| ext 1 | **L/C** m | C/C m |" in text
        assert "| packages | 2 | 2 | 1 | 0.5000 | 0 | 1 | 0 |" in text
        assert "| packages, held out | 1 | 1 | none | 0.0000 | 0 | 1 | 0 |" in text
        assert "Predicted messages that equal the loader's: 1 of 2." in text
        assert f"- ext==1 beside 2.9, ops.so: said loads; cannot-load {REFUSED}" in text
        assert "Without an outcome: 0." in text

    def test_other_rules_have_no_verdicts_here(self, journal: Journal) -> None:
        assert "0 pairs: 0 releases" in rendering.report(journal, PLAN, "other")

    def test_a_near_miss_is_not_rounded_up(self) -> None:
        made = Pair(
            tensorflow="2", release="r", subject="s", loads=False, outcome=Outcome.CANNOT_LOAD
        )
        missed = msgspec.structs.replace(made, loads=True)
        assert "| 0.9999 |" in rendering._score_row("x", [*[made] * 99_999, missed])

    def test_pairs_without_an_outcome_are_listed(self, journal: Journal) -> None:
        journal.write(loaded(TWICE, tensorflow="2.10"))
        text = rendering.report(journal, PLAN, "e")

        assert "- ext==1 beside 2.10, ops.so: other: AlreadyExistsError: Op is registered" in text
        assert "| ext 1 | **L/C** m | C/o |" in text


class TestPlan:
    def test_it_has_what_the_proof_needs(self) -> None:
        releases, tensorflows = plan.PLAN.releases(), plan.PLAN.tensorflows
        assert len(releases) >= 15
        assert len({extension.name for extension, _ in releases}) >= 6
        assert len(tensorflows) >= 8
        assert sum(each.held_out for each in tensorflows) == 3

    def test_a_part_of_it(self) -> None:
        part = plan.PLAN.only(["2.16.2"], ["tensorflow-text==2.16.1"])
        assert [plan.requirement(*each) for each in part.releases()] == ["tensorflow-text==2.16.1"]
        assert [each.version for each in part.tensorflows] == ["2.16.2"]

    def test_the_report_alone_runs_nothing(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["--work", str(tmp_path / "work"), "--report"]) == 0
        assert "0 pairs" in capsys.readouterr().out
