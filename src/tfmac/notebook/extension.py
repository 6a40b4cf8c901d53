"""The IPython extension.

IPython is the user's own; nothing of it is imported here, so that ``%load_ext tfmac`` needs what
the notebook has already.
"""

import shlex
import subprocess
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Optional

from tfmac.notebook.blocks import explanation_of

# IPython's InteractiveShell.
Shell = Any
_ENVIRONMENT_OPTIONS = ("--python", "--env", "--facts", "--site-packages")
_OF_AN_ENVIRONMENT = frozenset({"doctor", "versions", "facts", "fix", "explain"})


def load(shell: Shell) -> None:
    """Explain uncaught exceptions, and offer ``%tfmac``."""
    shell.set_custom_exc((Exception,), show_explained)
    shell.register_magic_function(run_command, magic_kind="line", magic_name="tfmac")


def unload(shell: Shell) -> None:
    """Leave exceptions as they were."""
    shell.set_custom_exc((), None)


def show_explained(
    shell: Shell,
    kind: type[BaseException],
    error: BaseException,
    trace: Optional[TracebackType],
    tb_offset: Optional[int] = None,
) -> None:
    """Show a traceback as IPython does, and under it what it means, where that is known."""
    shell.showtraceback((kind, error, trace), tb_offset=tb_offset)
    text = explanation_of(error)
    if text is not None:
        sys.stderr.write(f"\n{text}")


def run_command(line: str) -> None:
    """Run ``tfmac LINE``: ``%tfmac doctor`` looks at this notebook's own environment."""
    command = [sys.executable, "-m", "tfmac", *own_arguments(shlex.split(line))]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        # A kernel shows what its own sys.stdout gets.
        for said in process.stdout or ():
            sys.stdout.write(said.decode("utf-8", "replace"))


def own_arguments(arguments: Sequence[str]) -> list[str]:
    """Let commands that look at an environment look at the one of this notebook."""
    if not arguments:
        return ["--help"]
    command, *rest = arguments
    named = any(one.split("=")[0] in _ENVIRONMENT_OPTIONS for one in rest)
    if command in _OF_AN_ENVIRONMENT and not named:
        return [command, "--python", sys.executable, *rest]
    return [command, *rest]
