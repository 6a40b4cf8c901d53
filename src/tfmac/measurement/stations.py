"""A child that times one framework on one device, told block by block when it is its turn."""

import json
import re
from typing import Any, Optional, Union

import msgspec

from tfmac.measurement.children import Child, Event
from tfmac.schema.bench import Configuration, NotTimed

START_SECONDS = 300.0
BLOCK_SECONDS = 120.0
NOT_TRIED = "not-tried"
_DETAIL_CHARACTERS = 2000
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
# After these a process is not to be trusted with another point.
_SPOILT = {"out-of-memory", "device-lost"}

Answer = Union[Event, NotTimed]


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """What all stations of a run share."""

    interpreter: str
    request: dict[str, Any]
    folder: Optional[str] = None


class Station:
    """One configuration; its process is started when it is needed, and again when it has died."""

    def __init__(self, setting: Setting, backend: str, asked: str) -> None:
        self._setting = setting
        self._child: Optional[Child] = None
        self._given_up: Optional[NotTimed] = None
        self.configuration = Configuration(backend=backend, asked=asked, device=asked)

    def start(self, patience: float) -> Optional[NotTimed]:
        """Start the process if none is there; return why that fails, once and for all."""
        if self._child is not None or self._given_up is not None:
            return self._given_up
        backend, asked = self.configuration.backend, self.configuration.asked
        request = {
            **self._setting.request,
            "backend": backend,
            "device": asked,
            # What the CPU does is timed without a GPU in the process, and without its memory.
            "hide_gpus": asked.upper().startswith("CPU"),
        }
        self._child = Child(
            self._setting.interpreter,
            "timing",
            request,
            variables={"KERAS_BACKEND": backend},
            working_directory=self._setting.folder,
            told=True,
        )
        answer = self._answer("ready", patience)
        if isinstance(answer, NotTimed):
            self._drop()
            self._given_up = answer
            if not self.configuration.version:
                self._change(failure=answer)
            return answer
        self._change(
            device=answer["device"],
            described=answer["described"],
            version=answer["version"],
            keras=answer["keras"],
        )
        return None

    @property
    def hopeless(self) -> bool:
        """Whether it cannot be started."""
        return self._given_up is not None

    def ask(self, expected: str, patience: float, **order: Any) -> Answer:  # noqa: ANN401
        """Give an order and wait for its answer, the event ``expected``."""
        if self._child is None:
            return NotTimed(kind="crashed", error="its process had ended before")
        self._child.tell(json.dumps(order))
        answer = self._answer(expected, patience)
        if isinstance(answer, NotTimed) and answer.kind in _SPOILT:
            self._drop()
        return answer

    def end(self) -> None:
        """End the process, if there is one."""
        self._drop()

    def _answer(self, expected: str, patience: float) -> Answer:
        child = self._child
        assert child is not None  # noqa: S101 (asked only of one that was started)
        # Each order has one answer, after which the child is silent: nothing that follows is lost.
        for event in child.events(patience=patience):
            if event["event"] == expected:
                return event
            if event["event"] == "failed":
                return _failure(event)
        death = child.death or "it ended without an answer"
        answer = NotTimed(
            kind="hung" if "nothing came" in death else "crashed",
            error=death + _guess(death),
            detail=child.errors[-_DETAIL_CHARACTERS:],
        )
        self._drop()
        return answer

    def _drop(self) -> None:
        if self._child is not None:
            self._child.finish()
        self._child = None

    def _change(self, **fields: Any) -> None:  # noqa: ANN401
        self.configuration = msgspec.structs.replace(self.configuration, **fields)


def _failure(event: Event) -> NotTimed:
    return NotTimed(
        kind=str(event.get("kind", "error")),
        error=_plain(event.get("error", "")),
        detail=_plain(event.get("traceback", ""))[-_DETAIL_CHARACTERS:],
    )


def _plain(text: object) -> str:
    """Take the colours out in which Keras words its errors."""
    return _COLOURS.sub("", str(text))


def _guess(death: str) -> str:
    return "; a system ends processes so when its memory is full" if "SIGKILL" in death else ""
