"""Runs recipes in children of processes that have imported a release already: ten times faster."""

import json
import subprocess
from pathlib import Path
from typing import Final

from tools.failure_recipes.environments import CannotRun
from tools.failure_recipes.running import Workshop

_WARM: Final = Path(__file__).with_name("warm_script.py")
_KEPT: Final = 3
"""How many releases stay in memory."""
_PACKAGES: Final = ("tensorflow", "keras", "torch", "jax", "tf_keras", "IPython", "pytest")
# Where two Keras generations are installed, the recipe's own import decides which one it gets.
_BOTH: Final = ("tensorflow", "tf_keras", "IPython", "pytest")


class WarmWorkshop(Workshop):
    """A workshop whose environments are imported once."""

    _servers: "dict[tuple[str, tuple[str, ...]], _Server]"

    def _run(
        self, environment: str, folder: Path, how: tuple[str, str], variables: tuple[str, ...]
    ) -> tuple[str, int]:
        if how[0] == "cold":
            return super()._run(environment, folder, how, variables)
        return self._server(environment, variables).run(folder, *how)

    def close(self) -> None:
        """End the processes that hold the imported packages."""
        for one in self._known().values():
            one.close()

    def _server(self, environment: str, variables: tuple[str, ...]) -> "_Server":
        known = self._known()
        key = (environment, variables)
        if key not in known:
            for old in list(known)[:-_KEPT]:
                known.pop(old).close()
            names = _BOTH if environment == "tfk" else _PACKAGES
            command = [str(self._python(environment)), str(_WARM), *names]
            known[key] = _Server(command, self._variables(environment, variables))
        return known[key]

    def _known(self) -> "dict[tuple[str, tuple[str, ...]], _Server]":
        if not hasattr(self, "_servers"):
            self._servers = {}
        return self._servers


class _Server:
    """A process that has imported an environment's packages and runs programs in its children."""

    def __init__(self, command: list[str], variables: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            command,
            env=variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def run(self, folder: Path, runner: str, name: str) -> tuple[str, int]:
        """Give what a program printed, and its wait status."""
        output = folder / "output.txt"
        order = {"folder": str(folder), "runner": runner, "name": name, "output": str(output)}
        if self._process.stdin is None or self._process.stdout is None:
            message = "the process has no pipes"
            raise CannotRun(message)
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            message = f"the process died before {folder.name} ran"
            raise CannotRun(message)
        return output.read_bytes().decode("utf-8", "replace"), int(answer)

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()
