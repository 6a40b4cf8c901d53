"""Where TensorFlow ran something: from the graphs that its executors were given, and eager results.

A function is cut into one graph for each device, after all optimisations; what is in a graph runs
on its device. TensorFlow hands these graphs out on request (``export_run_metadata``). An operation
outside functions leaves its result on the device that it ran on. Neither has a public name in all
releases from 2.9 to 2.21, so both are looked up where they have been all that time.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Callable

import tensorflow as tf
from tensorflow.python.eager import context
from tensorflow.python.framework import op_callbacks

from . import keras_calls
from .placement_records import Copied, Placed, Seen, counted_copies, counted_operations

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PROOF = (
    "the graphs that TensorFlow gave to each device's executor, and the results of single "
    "operations"
)
# What a graph has for its own sake: arguments, results, and the two ends of a copy.
_FRAME = frozenset(
    (
        *("_Arg", "_DeviceArg", "_Retval", "_DeviceRetval"),
        *("_Send", "_Recv", "_HostSend", "_HostRecv"),
        *("NoOp", "Placeholder", "_EagerConst", "Const", "_HostConst", "HostConst"),
        *("Enter", "Exit", "Merge", "Switch", "LoopCond", "NextIteration"),
    )
)
_COPIES = ("_Send", "_HostSend")
_CALLS = ("PartitionedCall", "StatefulPartitionedCall")
_COMPILED = ("XlaLaunch", "XlaLaunchV2", "_XlaRun", "_XlaCompile")
_INTEGERS = (3, 9)  # DT_INT32, DT_INT64 of types.proto


def seen(function: Callable[..., Any], inputs: Sequence[Any]) -> Seen:
    """Run a function once and tell where its operations ran."""
    watch = _Watch()
    run = context.context()
    model = keras_calls.is_keras(function)
    called = tf.function(lambda *given: function(*given, training=False)) if model else function
    asked = _short(tf.zeros(()).device)
    with keras_calls.watched(function), _called_back(watch):
        if model:
            # The first call makes variables and the graph; what it does besides is not the work.
            called(*inputs)
            watch.eager.clear()
            watch.copied.clear()
        # A function that ran before has its graphs given out only when they are made again.
        run.clear_kernel_cache()
        run.enable_run_metadata()
        try:
            run.export_run_metadata()  # graphs of what ran before
            called(*inputs)
            metadata = run.export_run_metadata()
        finally:
            run.disable_run_metadata()
    functions = [list(one.partition_graphs) for one in metadata.function_graphs]
    graphs = [graph for each in functions if not _of_one_operation(each) for graph in each]
    nodes = [node for graph in graphs for node in graph.node]
    operations = [*watch.eager, *(_placed(node, watch.layers) for node in nodes if _real(node))]
    copies = [*watch.copied, *(_copied(node, watch.layers) for node in nodes if _crosses(node))]
    return Seen(
        asked,
        counted_operations(operations),
        counted_copies(copies),
        PROOF,
        _notes(nodes, watch, found=bool(graphs)),
    )


class _Watch:
    """Hears of every operation: eager ones when they ran, those of a graph when it is made."""

    def __init__(self) -> None:
        self.eager: list[Placed] = []
        self.copied: list[Copied] = []
        self.layers: dict[str, str] = {}
        self.functions = 0

    def __call__(  # noqa: PLR0917 (TensorFlow gives these)
        self,
        op_type: Any,
        inputs: Sequence[Any],
        attrs: Any,  # noqa: ARG002
        outputs: Sequence[Any],
        op_name: Any = None,
        graph: Any = None,
    ) -> None:
        """Note an operation; None lets its results be as they are."""
        kind = _text(op_type)
        layer = keras_calls.layer_path()
        if graph is not None:
            if op_name is not None and layer:
                self._name(_text(op_name), layer)
            return
        if kind.startswith("__inference_") or kind in _CALLS:
            self.functions += 1
            return
        if kind in _FRAME:
            return
        # What has no result, such as an assignment, runs where its variable is.
        device = next((_short(one.device) for one in (*outputs, *inputs) if _eager(one)), "")
        on_shapes = bool(outputs) and all(one.dtype in (tf.int32, tf.int64) for one in outputs)
        self.eager.append(Placed(kind, layer, device, on_shapes))
        for one in inputs:
            held = _short(getattr(one, "backing_device", "") or "") if _eager(one) else ""
            moved = held and held != device and one.dtype not in (tf.int32, tf.resource)
            if moved and one.dtype != tf.variant:
                self.copied.append(Copied(kind, layer, held, device, _size(one)))

    def _name(self, name: str, layer: str) -> None:
        """Keep which layer makes an operation of a graph, and whose the scope around it is."""
        self.layers[name] = layer
        scope = name.rpartition("/")[0]
        if scope:
            # Of two layers in one scope it is the outer one's.
            self.layers[scope] = min(self.layers.get(scope, layer), layer, key=len)


@contextlib.contextmanager
def _called_back(watch: _Watch) -> Iterator[None]:
    op_callbacks.add_op_callback(watch)
    try:
        yield
    finally:
        op_callbacks.remove_op_callback(watch)


def _of_one_operation(graphs: Sequence[Any]) -> bool:
    """Tell the graphs that an eager operation was run through; its node has its plain name."""
    real = [
        node
        for graph in graphs
        for node in graph.node
        if node.op not in _FRAME or node.op in ("_EagerConst", "NoOp")
    ]
    return len(real) <= 1 and all(node.name == node.op for node in real)


def _real(node: Any) -> bool:
    return node.op not in _FRAME


def _crosses(node: Any) -> bool:
    attributes = node.attr
    return node.op in _COPIES and attributes["send_device"].s != attributes["recv_device"].s


def _placed(node: Any, layers: Mapping[str, str]) -> Placed:
    types = {
        value.type for name, value in node.attr.items() if name in ("T", "out_type", "dtype")
    } - {0}
    on_shapes = bool(types) and all(one in _INTEGERS for one in types)
    return Placed(node.op, _layer_of(node.name, layers), _short(node.device), on_shapes)


def _copied(node: Any, layers: Mapping[str, str]) -> Copied:
    attributes = node.attr
    source = str(node.input[0]).partition(":")[0] if node.input else node.name
    return Copied(
        source.rpartition("/")[2],
        _layer_of(source, layers),
        _short(attributes["send_device"].s.decode()),
        _short(attributes["recv_device"].s.decode()),
    )


def _layer_of(name: str, layers: Mapping[str, str]) -> str:
    """Find the layer that made a node.

    Nodes of called functions have the call's name before; what optimisations add lies in the
    scope of what it belongs to.
    """
    parts = name.split("/")
    for end in range(len(parts), 0, -1):
        for start in range(end):
            found = layers.get("/".join(parts[start:end]))
            if found is not None:
                return found
    return ""


def _notes(nodes: Sequence[Any], watch: _Watch, *, found: bool) -> tuple[str, ...]:
    notes = [
        f"{node.op} of {_layer_of(node.name, watch.layers) or node.name} ran as one function on "
        f"{_short(node.device)}; what is in it is not told"
        for node in nodes
        if node.op in _CALLS
    ]
    if any(node.op in _COMPILED for node in nodes):
        notes.append("XLA compiled a part of this into one operation; what is in it is not told")
    if watch.functions and not found:
        notes.append(
            f"{watch.functions} compiled functions ran whose graphs TensorFlow did not give out "
            "(XLA does that)"
        )
    return tuple(notes)


def _eager(value: Any) -> bool:
    return hasattr(value, "backing_device")


def _size(tensor: Any) -> int | None:
    count = tensor.shape.num_elements()
    return None if count is None else int(count) * int(tensor.dtype.size)


def _short(device: str) -> str:
    return ":".join(device.rsplit(":", 2)[-2:]) if ":" in device else ""


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
