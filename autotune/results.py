"""What tuning or running a network found, layer by layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from autotune.measure.measurer import Peaks
from autotune.networks import NetworkLayer

DEFAULT_KEPT = "default kept"
RECORD_KEPT = "record kept"
NOT_CONFIRMED = "not confirmed"


@dataclass(frozen=True)
class LayerResult:
    """One layer.

    Attributes
    ----------
    layer : NetworkLayer
    default_s : float or None
        Time of one call with the heuristic default [s]; None if it was not measured.
    best_s : float or None
        Time of one call with the schedule chosen [s], from the same run as `default_s`.
    source : str
        Where the chosen schedule came from.
    trials : int
        Schedules measured for the layer, in all runs of its study.
    outcomes : mapping of str to int
        How often each outcome came.
    problem : str
        Why there is no time; empty if there is one.
    doubt : str
        Why what looked best was not confirmed; empty if it was, or nothing looked better.
    """

    layer: NetworkLayer
    default_s: float | None = None
    best_s: float | None = None
    source: str = ""
    trials: int = 0
    outcomes: Mapping[str, int] = field(default_factory=dict)
    problem: str = ""
    doubt: str = ""

    @property
    def speedup(self) -> float | None:
        """Time of the default over that of the schedule chosen."""
        return self.default_s / self.best_s if self.default_s and self.best_s else None

    @property
    def gflops(self) -> float | None:
        """Speed of the schedule chosen, a multiply-accumulate counted as two [GFLOP/s]."""
        return 2e-9 * self.layer.workload.macs / self.best_s if self.best_s else None


@dataclass(frozen=True)
class Projection:
    """What a network takes, by what was known at one moment of its tuning.

    Attributes
    ----------
    elapsed_s : float
        Time since tuning began [s].
    trials : int
        Schedules measured so far, in all runs of the studies.
    default_s, best_s : float
        Time of all occurrences of the layers that were timed, with heuristic defaults and with what is confirmed [s].
    layers : int
        Distinct layers that were timed.
    """

    elapsed_s: float
    trials: int
    default_s: float
    best_s: float
    layers: int


@dataclass(frozen=True)
class NetworkResult:
    """All layers of one run of a command.

    Attributes
    ----------
    network : str
    threads : int
    peaks : Peaks or None
        What the machine was measured to do at best.
    layers : tuple of LayerResult
    elapsed_s : float
        Wall-clock time of the run [s].
    resume : str
        Command that goes on from here; empty if there is nothing to go on with.
    interrupted : bool
        True if the user stopped the run.
    projections : tuple of Projection
        How the time of the network came down.
    """

    network: str
    threads: int
    peaks: Peaks | None
    layers: tuple[LayerResult, ...]
    elapsed_s: float
    resume: str = ""
    interrupted: bool = False
    projections: tuple[Projection, ...] = ()

    @property
    def timed(self) -> tuple[LayerResult, ...]:
        """The layers that have both times."""
        return tuple(x for x in self.layers if x.default_s and x.best_s)

    @property
    def default_s(self) -> float:
        """Time of all occurrences of the timed layers with heuristic defaults [s]."""
        return sum(x.layer.count * (x.default_s or 0) for x in self.timed)

    @property
    def best_s(self) -> float:
        """Time of all occurrences of the timed layers with the schedules chosen [s]."""
        return sum(x.layer.count * (x.best_s or 0) for x in self.timed)

    @property
    def gflops(self) -> float:
        """Speed over all occurrences of the timed layers [GFLOP/s]; 0 if there is none."""
        macs = sum(x.layer.count * x.layer.workload.macs for x in self.timed)
        return 2e-9 * macs / self.best_s if self.timed else 0.0
