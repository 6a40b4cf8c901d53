"""Exit codes of every command; documented in docs/exit-codes.md."""

import enum


class ExitCode(enum.IntEnum):
    """How a command ended."""

    DONE = 0
    ANSWER_IS_NO = 1
    USAGE = 2
    NOTHING_TO_INSPECT = 3
    COULD_NOT_FINISH = 4
    APPLIED_BUT_UNPROVED = 5
