"""What the tuner tells whoever watches it."""

from __future__ import annotations

from typing import Protocol

from autotune.budget import Budget
from autotune.contest import Contest
from autotune.measure.measurer import Peaks
from autotune.networks import Network, NetworkLayer
from autotune.results import Projection
from autotune.trials import Trial


class Listener(Protocol):
    """Called in the tuner's own thread, in the order of the methods below, trials and contests many times."""

    def on_peaks(self, peaks: Peaks | None) -> None:
        """What the machine does at best, measured before anything else; None if that failed."""
        ...

    def on_start(self, network: Network, budget: Budget) -> None:
        """The run begins."""
        ...

    def on_turn(self, layer: NetworkLayer) -> None:
        """Candidates of `layer` are next."""
        ...

    def on_trial(self, layer: NetworkLayer, trial: Trial, best_s: float | None) -> None:
        """A candidate was measured; `best_s` is the best time of the layer since [s]."""
        ...

    def on_contest(self, layer: NetworkLayer, contest: Contest | None) -> None:
        """The best schedules of the layer were timed against its default."""
        ...

    def on_projection(self, projection: Projection) -> None:
        """What the network takes by now: after all defaults were timed, and after every turn."""
        ...

    def on_stop(self) -> None:
        """The user asked to stop; what is in hand is being finished."""
        ...
