"""Which kernels start notebooks in another interpreter than the one that was looked at."""

from collections.abc import Iterable
from typing import Optional

import msgspec
import pytest

from builders.facts import distribution, facts, kernel
from tfmac.api import diagnose
from tfmac.schema.codec import from_json, to_json
from tfmac.schema.fact import Found, Unknown
from tfmac.schema.facts import EnvironmentKind, Facts, Kernel, KernelPlace
from tfmac.schema.findings import Confidence, Finding, Outcome, Severity

CAUSE = "runs-in-other-interpreter"
IPYKERNEL = distribution("ipykernel", "6.29.5")
CLIENT = distribution("jupyter-client", "8.6.3")
VARIABLE, USER, ENVIRONMENT, SYSTEM = KernelPlace
OWN, OTHER = "/env/bin/python", "/other/bin/python3.11"


def found(environment: Facts) -> "tuple[Finding, ...]":
    return diagnose(environment, only=[CAUSE]).findings


def outcome(environment: Facts) -> "tuple[Outcome, Optional[str]]":
    (one,) = diagnose(environment, only=[CAUSE]).outcomes
    return one.outcome, one.reason


@pytest.mark.parametrize(
    ("bad", "command"),
    [
        (kernel("python3", OTHER, ENVIRONMENT), "install --sys-prefix --name python3"),
        (
            kernel("python3", OTHER, ENVIRONMENT, exists=False),
            "install --sys-prefix --name python3",
        ),
        (kernel("tf", OTHER, ENVIRONMENT, exists=False), "install --sys-prefix --name tf"),
        (
            kernel("tf", "/env/bin/python3.11", ENVIRONMENT, exists=False),
            "install --sys-prefix --name tf",
        ),
        (kernel("python3", OTHER, USER), "install --user --name tensorflow"),
        (kernel("python3", OTHER, VARIABLE, exists=False), "install --user --name tensorflow"),
        (kernel("python3", "/usr/bin/python3", SYSTEM), "install --user --name tensorflow"),
        (kernel("tf", "/env/bin/python3.11", exists=False), "install --user --name tf"),
        (kernel("a b", "/env/bin/python3.11", exists=False), "install --user --name 'a b'"),
    ],
    ids=range(9),
)
def test_a_kernel_that_starts_another_interpreter_is_found(bad: Kernel, command: str) -> None:
    """Its file is named, and the command that registers this environment."""
    (finding,) = found(facts(IPYKERNEL, kernels=[bad]))

    assert (finding.severity, finding.confidence) == (Severity.WARNING, Confidence.CERTAIN)
    assert finding.subject == bad.path
    assert finding.message.endswith(f"; {OWN} -m ipykernel {command} registers this environment")
    assert finding.evidence[0].location == bad.path
    assert finding.constraints == ()
    assert f"starts {bad.program}" in finding.message
    assert ("which does not exist" in finding.message) is not bad.exists


@pytest.mark.parametrize(
    "kernels",
    [
        [],
        [kernel("python3", OWN, ENVIRONMENT)],
        [kernel("python3", "python", ENVIRONMENT), kernel("other", OTHER), kernel("tf", OWN)],
        [kernel("python3", "python", ENVIRONMENT), kernel("python3", OTHER, hidden=True)],
        [kernel("python3", "python"), kernel("python3", OTHER, ENVIRONMENT, hidden=True)],
        [kernel("other", OTHER, exists=False)],
        [kernel("other", OTHER, ENVIRONMENT)],
        [kernel("ir", "/usr/lib/R/bin/R", ENVIRONMENT), kernel("bash", "/env/bin/bash_kernel")],
        [kernel("ir", "/gone/R", ENVIRONMENT, exists=False)],
        [kernel("python3", "/opt/bin/start-kernel.sh", USER)],
    ],
    ids=range(10),
)
def test_usual_kernels_are_no_findings(kernels: "list[Kernel]") -> None:
    """Kernels for other environments and languages, bare names, and what is hidden."""
    environment = facts(IPYKERNEL, CLIENT, kernels=kernels)

    assert found(environment) == ()
    assert outcome(environment) == (Outcome.RAN, None)


@pytest.mark.parametrize(("distributions", "findings"), [([IPYKERNEL], 1), ([CLIENT], 1), ([], 0)])
def test_the_default_kernel_counts_where_notebooks_are_started(
    distributions: Iterable[object], findings: int
) -> None:
    """Without Jupyter nobody starts a notebook from here."""
    environment = facts(*distributions, kernels=[kernel("python3", OTHER)])  # type: ignore[arg-type]

    assert len(found(environment)) == findings


def test_a_whole_interpreter_that_is_gone_is_another_cause() -> None:
    """A check of its own says so; the kernel's specification is right."""
    gone = Found(value=False, source="it leads nowhere")
    kernels = [kernel("tf", OWN, exists=False)]

    assert found(facts(kernels=kernels, runs=gone)) == ()
    assert len(found(facts(kernels=kernels))) == 1
    copied = [kernel("tf", OTHER, ENVIRONMENT, exists=False)]
    assert len(found(facts(kernels=copied, runs=gone))) == 1


def test_an_unreadable_specification_is_no_finding() -> None:
    """What it starts is not known."""
    damaged = Kernel(
        name="python3", path="/k", place=USER, hidden=False, unreadable="it names no program"
    )

    assert found(facts(IPYKERNEL, kernels=[damaged])) == ()


def test_unknown_kernels_skip_the_check() -> None:
    """Nobody looked, so it does not pass."""
    unknown = msgspec.structs.replace(facts(), kernels=Unknown(reason="not asked"))

    assert outcome(unknown) == (Outcome.SKIPPED, "not asked")


def test_a_tree_has_no_notebooks() -> None:
    """The check does not apply to packages without an environment."""
    environment = facts()
    tree = msgspec.structs.replace(
        environment,
        environment=msgspec.structs.replace(environment.environment, kind=EnvironmentKind.TREE),
    )

    assert outcome(tree)[0] is Outcome.NOT_APPLICABLE


def test_facts_from_before_this_question_can_be_read() -> None:
    """A document without kernels is read; the check is skipped with that reason."""
    document = msgspec.json.decode(to_json(facts()))
    del document["kernels"]

    old = from_json(msgspec.json.encode(document), Facts, name="facts.json")

    assert isinstance(old.kernels, Unknown)
    assert outcome(old) == (Outcome.SKIPPED, "the facts are older than this question")


def test_kernels_survive_being_saved() -> None:
    """Facts that are written and read again are judged alike."""
    environment = facts(IPYKERNEL, kernels=[kernel("python3", OTHER)])

    again = from_json(to_json(environment).encode(), Facts, name="facts.json")

    assert again == environment
    assert found(again) == found(environment)
