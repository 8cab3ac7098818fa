"""The parent's side of a comparison: one implementation's process, started, asked and ended."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from autotune.bench.case import Array
from autotune.bench.implementations import Implementation
from autotune.bench.placement import pinned_to, thread_environment
from autotune.measure.process import ChildProcess
from autotune.measure.protocol import ChannelClosed, ChannelGarbage, ChannelTimeout, Message
from tensorlang.errors import TuningError

_ANSWER_LIMIT_S = 300.0
_GRACE_S = 5.0
_CACHE_VARIABLE = "TENSORLANG_CACHE_DIR"


class Worker:
    """A process that computes layers with one implementation; use it in a ``with``.

    Parameters
    ----------
    implementation : Implementation
    threads : int
        Threads it computes with.
    cpus : tuple of int
        CPUs it may use, from `choose_cpus`.
    folder : Path
        Where it may leave answers and compiled kernels; exists as long as the worker.
    """

    def __init__(self, implementation: Implementation, threads: int, cpus: tuple[int, ...], folder: Path) -> None:
        self.implementation = implementation
        self._threads = threads
        self._cpus = cpus
        self._environment = {**thread_environment(threads), _CACHE_VARIABLE: str(folder / "cache")}
        self._answer_file = folder / f"{implementation.label.replace(' ', '-')}-{threads}.npy"
        self._child: ChildProcess | None = None

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *raised: object) -> None:
        self._end()

    def open(self, workload: Mapping[str, Any]) -> tuple[Message, Array]:
        """Make a layer ready, given as data; return what there is to know about it, and the answer it computes.

        Raises
        ------
        TuningError
            If the layer cannot be computed; the worker can be asked for another one.
        """
        schedule = self.implementation.schedule
        reply = self._ask({"do": "open", "workload": workload, "schedule": schedule, "answer": str(self._answer_file)})
        return reply, np.load(self._answer_file, allow_pickle=False)

    def turn(self) -> float:
        """The least time of a call in one turn [s]; raises TuningError if the process fails."""
        return float(self._ask({"do": "turn"})["call_s"])

    def facts(self) -> dict[str, float]:
        """Figures that belong to no layer; raises TuningError if the process fails."""
        return {name: float(value) for name, value in self._ask({"do": "facts"}).items()}

    def _ask(self, message: Message) -> dict[str, Any]:
        child = self._running()
        try:
            child.channel.send(message)
            answer = child.channel.receive(_ANSWER_LIMIT_S)
        except (ChannelClosed, ChannelGarbage, ChannelTimeout) as reason:
            raise self._failure(reason) from reason
        if "error" in answer:
            raise TuningError(answer["error"])
        reply: dict[str, Any] = answer["reply"]
        return reply

    def _running(self) -> ChildProcess:
        """The process, started if it is not there (any more)."""
        if self._child is None:
            command = [sys.executable, "-m", self.implementation.module, str(self._threads)]
            with pinned_to(self._cpus):
                self._child = ChildProcess(command, self._environment)
            try:
                self._child.channel.receive(_ANSWER_LIMIT_S)
            except (ChannelClosed, ChannelGarbage, ChannelTimeout) as reason:
                raise self._failure(reason) from reason
        return self._child

    def _failure(self, reason: Exception) -> TuningError:
        """End the process, and say what became of it."""
        child, self._child = self._child, None
        assert child is not None
        if isinstance(reason, ChannelClosed):
            child.wait(_GRACE_S)  # it is ending by itself, with an exit code of its own
        code = child.kill()
        came = "no answer in time" if isinstance(reason, ChannelTimeout) else f"exit code {code}"
        words = child.last_words
        last_line = words.rpartition("\n")[2]
        return TuningError(f"the process failed ({came}): {last_line or 'it printed nothing'}", details=words)

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.kill()
