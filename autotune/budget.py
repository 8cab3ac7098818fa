"""The wall-clock budget, and which layer the next share of it goes to."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic

_SHORTEST_TURN_S = 4.0
_LONGEST_TURN_S = 60.0
_TURNS_PER_LAYER = 2.0
_LEAST_ROOM, _MOST_ROOM = 0.05, 0.5


class Budget:
    """A stretch of wall-clock time that began when this was made."""

    def __init__(self, total_s: float) -> None:
        self.total_s = total_s
        self._begin = monotonic()

    @property
    def elapsed_s(self) -> float:
        """Time since it began [s]."""
        return monotonic() - self._begin

    @property
    def left_s(self) -> float:
        """Time left [s]; 0 when it is spent."""
        return max(0.0, self.total_s - self.elapsed_s)

    def turn_s(self, layers: int) -> float:
        """Length of one layer's turn [s]: short enough that each of `layers` gets some, long enough to find any."""
        return min(max(self.total_s / (_TURNS_PER_LAYER * layers), _SHORTEST_TURN_S), _LONGEST_TURN_S)


@dataclass(frozen=True)
class Prospect:
    """What is known of a layer when its next turn is considered.

    Attributes
    ----------
    count : int
        Times the layer occurs.
    macs : int
        Multiply-accumulates of one occurrence.
    best_s : float
        Best time so far [s].
    turns : int
        Turns it has had.
    barren : int
        Turns since one last found something better.
    """

    count: int
    macs: int
    best_s: float
    turns: int
    barren: int

    @property
    def macs_per_s(self) -> float:
        """Speed so far [MAC/s]."""
        return self.macs / self.best_s


def expected_gain_s(prospect: Prospect, best_macs_per_s: float) -> float:
    """Time per pass over the network that another turn for this layer may save [s].

    The layer's share of the network's time, times what is left between it and the fastest layer found so far (at most
    half: not every layer can be as fast; at least a twentieth: none is known to be perfect), times a chance that
    falls with every turn, and faster with turns that found nothing.

    References
    ----------
    The weighting follows Ansor's task scheduler (Zheng et al., OSDI 2020, section 6).
    """
    share_s = prospect.count * prospect.best_s
    room = min(max(1 - prospect.macs_per_s / best_macs_per_s, _LEAST_ROOM), _MOST_ROOM)
    return share_s * room / ((1 + prospect.turns) * (1 + prospect.barren))
