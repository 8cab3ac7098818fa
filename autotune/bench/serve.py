"""The child's side of a comparison: opens one layer after another and takes turns when told.

A conversation, each line one message; the parent speaks on the left::

                                          <- {"ready": true}
    {"do": "open", "workload": w,         ->
     "schedule": s, "answer": path}       <- {"reply": {"detail": text, "lowering_s": t, "compile_s": t,
                                                        "figures": {...}}}
    {"do": "turn"}                        ->
                                          <- {"reply": {"call_s": t}}
    {"do": "facts"}                       ->
                                          <- {"reply": {...}}

In place of a reply may come ``{"error": text}``: the layer cannot be computed, and the process goes on.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

import numpy as np

from autotune.bench.case import Array
from autotune.bench.turn import take_turn
from autotune.measure.protocol import Channel, ChannelClosed
from tensorlang.errors import InternalError, TensorlangError

Facts: TypeAlias = Mapping[str, float]
_Workload = TypeVar("_Workload", contravariant=True)


@dataclass(frozen=True)
class OpenLayer:
    """A layer that is ready to be timed.

    Attributes
    ----------
    call : callable
        Computes the layer once, into the same output each time.
    answer : callable
        The output of the last call, in our layout (NHWC, or rows by columns).
    detail : str
        How it is computed: where the schedule came from, which options.
    lowering_s, compile_s : float
        What it took to make [s]; 0 where that has no meaning.
    figures : mapping of str to float
        What else there is to know of this layer, the unit in each name.
    """

    call: Callable[[], object]
    answer: Callable[[], Array]
    detail: str
    lowering_s: float = 0.0
    compile_s: float = 0.0
    figures: Mapping[str, float] = field(default_factory=dict)


class Library(Protocol[_Workload]):
    """An implementation inside its process."""

    def open(self, workload: _Workload, schedule: str | None) -> OpenLayer:
        """Make the layer ready; raises TensorlangError if it cannot be computed."""
        ...

    def facts(self) -> Facts:
        """Figures that belong to no layer."""
        ...


@dataclass
class _Session(Generic[_Workload]):
    """What a process remembers between messages: the layer that is open."""

    library: Library[_Workload]
    decode: Callable[[Any], _Workload]
    layer: OpenLayer | None = field(default=None)

    def answer(self, message: Mapping[str, Any]) -> dict[str, Any]:
        match message["do"]:
            case "open":
                self.layer = self.library.open(self.decode(message["workload"]), message["schedule"])
                self.layer.call()
                np.save(message["answer"], self.layer.answer())
                return {
                    "detail": self.layer.detail,
                    "lowering_s": self.layer.lowering_s,
                    "compile_s": self.layer.compile_s,
                    "figures": dict(self.layer.figures),
                }
            case "turn" if self.layer is not None:
                return {"call_s": take_turn(self.layer.call)}
            case "facts":
                return dict(self.library.facts())
            case other:
                raise InternalError(f"a bench process cannot do {other!r} now.")


def serve(make_library: Callable[[int], Library[_Workload]], decode: Callable[[Any], _Workload]) -> None:
    """Serve the parent that started this process until it hangs up; `decode` makes a workload of a message's data.

    The command line is the number of threads, then the file number of the channel.
    """
    threads, end = int(sys.argv[1]), int(sys.argv[2])
    channel = Channel(socket.socket(fileno=end))
    session = _Session(make_library(threads), decode)
    try:
        channel.send({"ready": True})
        while True:
            message = channel.receive()
            try:
                channel.send({"reply": session.answer(message)})
            except TensorlangError as reason:
                channel.send({"error": str(reason)})
    except ChannelClosed:
        return
