"""Brings what several tuners say, in threads of their own, to one listener, one at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from autotune.budget import Budget
from autotune.contest import Contest
from autotune.events import Listener
from autotune.measure.measurer import Peaks
from autotune.networks import Network, NetworkLayer
from autotune.results import Projection
from autotune.trials import Trial


class SharedListener:
    """What the tuners of all kinds of machines share."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._lock = threading.RLock()
        self._has_started = False
        self._has_stopped = False

    def of_kind(self, name: Callable[[], str]) -> Listener:
        """A listener for the tuner of one kind of machines, which `name` names, "" if it is the only one."""
        return _OfKind(self, name)

    def on_start(self, network: Network, budget: Budget) -> None:
        """Passed on the first time: the network and the budget are the same for all kinds."""
        with self._lock:
            if not self._has_started:
                self._has_started = True
                self._listener.on_start(network, budget)

    def on_stop(self) -> None:
        """Passed on the first time."""
        with self._lock:
            if not self._has_stopped:
                self._has_stopped = True
                self._listener.on_stop()

    def tell(self, say: Callable[[Listener], None]) -> None:
        """Say something when nobody else does."""
        with self._lock:
            say(self._listener)


class _OfKind:
    def __init__(self, shared: SharedListener, name: Callable[[], str]) -> None:
        self._shared = shared
        self._name = name

    def on_peaks(self, peaks: Peaks | None) -> None:
        """Not passed on: shares of the peak would be of another kind's."""

    def on_start(self, network: Network, budget: Budget) -> None:
        self._shared.on_start(network, budget)

    def on_turn(self, layer: NetworkLayer) -> None:
        self._shared.tell(lambda listener: listener.on_turn(self._named(layer)))

    def on_trial(self, layer: NetworkLayer, trial: Trial, best_s: float | None) -> None:
        self._shared.tell(lambda listener: listener.on_trial(self._named(layer), trial, best_s))

    def on_contest(self, layer: NetworkLayer, contest: Contest | None) -> None:
        self._shared.tell(lambda listener: listener.on_contest(self._named(layer), contest))

    def on_projection(self, projection: Projection) -> None:
        """Passed on for the only kind: of several, each has a network time of its own."""
        if not self._name():
            self._shared.tell(lambda listener: listener.on_projection(projection))

    def on_stop(self) -> None:
        self._shared.on_stop()

    def _named(self, layer: NetworkLayer) -> NetworkLayer:
        name = self._name()
        return replace(layer, name=f"{layer.name} on {name}") if name else layer
