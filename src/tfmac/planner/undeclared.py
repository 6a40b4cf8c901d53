"""What TensorFlow releases need and do not declare, so that no resolver can know it."""

import functools
from typing import NamedTuple

from packaging.version import Version


class Rule(NamedTuple):
    """A constraint that holds for TensorFlow releases from ``first`` up to before ``end``."""

    first: str
    end: str
    constraint: str
    cause: str


# Each follows from a cause of the vocabulary, whose page has the measurements and threads.
_RULES = (
    Rule("2.0", "2.12", "numpy<2", "numpy-2-with-numpy-1-binaries"),
    Rule("2.0", "2.12", "protobuf<3.20", "protobuf-generated-code-too-old"),
    *(
        Rule(f"2.{minor}", f"2.{minor + 1}", f"keras==2.{minor}.*", "keras-not-matching-tensorflow")
        for minor in range(6, 16)
    ),
)


@functools.lru_cache(maxsize=256)
def rules_for(tensorflow: str) -> tuple[Rule, ...]:
    """The rules that hold for a TensorFlow release; its metadata may state some of them too."""
    version = Version(tensorflow)
    return tuple(rule for rule in _RULES if Version(rule.first) <= version < Version(rule.end))


def constraints_for(tensorflow: str) -> tuple[str, ...]:
    """The constraints of the rules that hold for a TensorFlow release."""
    return tuple(rule.constraint for rule in rules_for(tensorflow))
