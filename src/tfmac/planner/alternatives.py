"""The other stacks that meet a wish, ranked by the knowledge: nothing of them is resolved."""

from collections.abc import Iterator

from tfmac.knowledge.stack_notes import notes
from tfmac.planner.stacks import STACKS, Candidate, candidates
from tfmac.planner.wishes import meets_all, tests_of
from tfmac.schema.plans import Alternative, Rationale, StackKind, Wish


def alternatives(wish: Wish, chosen: StackKind) -> tuple[Alternative, ...]:
    """Give the best candidate of each other stack that meets all wishes, the better first."""
    tests = [test for test in tests_of(wish) if not test.wish.startswith("--stack ")]
    best: dict[StackKind, Candidate] = {}
    for one in candidates(wish, frozenset(STACKS) - {chosen}):
        if one.stack not in best and meets_all(one, tests):
            best[one.stack] = one
    return tuple(
        Alternative(stack=one.stack, title=one.title, gpu=one.gpu, reasons=tuple(_reasons(one)))
        for one in best.values()
    )


def _reasons(candidate: Candidate) -> Iterator[Rationale]:
    """Say what is known of a stack; what stands against this very pair goes first."""
    for doubt in candidate.doubts:
        yield Rationale(statement=doubt, source="tfmac cause metal-plugin-loads-but-unsafe")
    yield from stack_rationale(candidate.stack)


def stack_rationale(stack: StackKind) -> tuple[Rationale, ...]:
    """Give what there is to know about a stack whatever its versions."""
    return tuple(
        Rationale(statement=one.statement, source=", ".join(source.name for source in one.sources))
        for one in notes(stack)
    )
