"""Where JAX ran something: its program is run operation by operation, and each result is looked at.

JAX runs a compiled program as a whole on one device. So that single operations can be told apart,
the program that JAX traces is executed here one operation after the other; each result is an array
that says where it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

import jax
import jax.numpy as jnp

from . import keras_calls
from .placement_records import Copied, Placed, Seen, counted_copies, counted_operations

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PROOF = "the results of the traced program, which was run operation by operation"
_INSIDE = ("jit", "pjit", "closed_call", "core_call", "remat", "checkpoint", "custom_jvp_call")
_MOVES = "device_put"
_CALLBACKS = ("pure_callback", "io_callback", "debug_callback")
PYTHON = "CPU:0"
"""Callbacks run in Python, whatever the device of the program is."""


def seen(function: Callable[..., Any], inputs: Sequence[Any]) -> Seen:
    """Run a function once and tell where its operations ran."""
    called = function
    if keras_calls.is_keras(function):

        def called(*given: Any) -> Any:
            return function(*given, training=False)

        called(*inputs)  # makes the variables
    with keras_calls.watched(function, around=jax.named_scope):
        program = jax.make_jaxpr(called)(*inputs)
    run = _Run(outermost=str(getattr(function, "name", "")) if called is not function else "")
    flat = jax.tree_util.tree_leaves(tuple(inputs))
    run.evaluate(program.jaxpr, program.consts, flat, "")
    notes = []
    if not run.operations:
        notes.append("the program has no operation: its result does not depend on the inputs")
    return Seen(
        _place(jnp.zeros(())) or "",
        counted_operations(run.operations),
        counted_copies(run.copies),
        PROOF,
        tuple(notes),
    )


class _Run:
    """Executes the equations of a program and looks at what they give."""

    def __init__(self, outermost: str) -> None:
        self.operations: list[Placed] = []
        self.copies: list[Copied] = []
        self._outermost = outermost

    def evaluate(
        self, program: Any, constants: Sequence[Any], arguments: Sequence[Any], layer: str
    ) -> list[Any]:
        """Execute a program; give its results."""
        values: dict[Any, Any] = dict(zip(program.constvars, constants))
        values.update(zip(program.invars, arguments))

        def read(variable: Any) -> Any:
            # A literal holds its value; telling it by its class would need a private name.
            return variable.val if hasattr(variable, "val") else values[variable]

        for equation in program.eqns:
            given = [read(variable) for variable in equation.invars]
            own = self._layer(equation) or layer
            inner = equation.params.get("jaxpr") or equation.params.get("call_jaxpr")
            if equation.primitive.name in _INSIDE and hasattr(inner, "consts"):
                made = self.evaluate(inner.jaxpr, inner.consts, given, own)
            else:
                made = self._execute(equation, given, own)
            values.update(zip(equation.outvars, made))
        return [read(variable) for variable in program.outvars]

    def _execute(self, equation: Any, given: list[Any], layer: str) -> list[Any]:
        told = equation.primitive.get_bind_params(equation.params)
        # Until JAX 0.10 or so these were functions and parameters, since then parameters alone.
        functions, parameters = told if isinstance(told, tuple) else ((), told)
        made = equation.primitive.bind(*functions, *given, **parameters)
        results = list(made) if equation.primitive.multiple_results else [made]
        name = equation.primitive.name
        place = next((one for one in map(_place, results) if one), "")
        if name in _CALLBACKS:
            place = PYTHON
        held = [(one, _place(one)) for one in given]
        moved = [(one, source) for one, source in held if source and place and source != place]
        for tensor, source in moved:
            self.copies.append(Copied(name, layer, source, place, int(tensor.nbytes)))
        if name != _MOVES:
            self.operations.append(Placed(name, layer, place))
        return results

    def _layer(self, equation: Any) -> str:
        scopes = [part for part in _scopes(equation) if part]
        # Keras opens scopes of the same names itself, so each would be there twice.
        names = [
            name for place, name in enumerate(scopes) if not place or scopes[place - 1] != name
        ]
        return "/".join(names[1:] if names[:1] == [self._outermost] else names)


def _scopes(equation: Any) -> Iterator[str]:
    stack = getattr(equation.source_info, "name_stack", "")
    yield from str(stack).split("/")


def _place(value: Any) -> str:
    """Name the device of an array; empty for what is none, or is spread over several."""
    if not isinstance(value, jax.Array) or isinstance(value, jax.core.Tracer):
        return ""
    places = list(value.devices())
    if len(places) != 1:
        return ""
    device = places[0]
    kind = "CPU" if device.platform == "cpu" else "GPU"
    same = jax.local_devices(backend=device.platform)
    return f"{kind}:{same.index(device)}"
