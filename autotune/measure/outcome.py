"""What became of a candidate, as data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from statistics import median


class Phase(StrEnum):
    """What a measuring child is doing; each phase has a wall-clock limit of its own."""

    START = "start"
    """Starting the process and importing what it needs."""
    COMPILE = "compile"
    """Checking the schedule, lowering it and compiling the result."""
    ORACLE = "oracle"
    """Computing the right answers; once a workload, kept on disk."""
    CHECK = "check"
    """Comparing the kernel's answers with the oracle's."""
    TIME = "time"
    """Timing."""


class Outcome(StrEnum):
    """How a measurement ended."""

    OK = "ok"
    ILLEGAL = "illegal"
    COMPILE_ERROR = "compile_error"
    COMPILE_TIMEOUT = "compile_timeout"
    RUN_TIMEOUT = "run_timeout"
    CRASH = "crash"
    OUT_OF_MEMORY = "out_of_memory"
    WRONG_ANSWER = "wrong_answer"
    INFRA = "infra"
    """The measuring machinery failed, or was interrupted; says nothing about the candidate."""


@dataclass(frozen=True)
class Measurement:
    """The outcome of one candidate and, if it was timed, its times.

    Attributes
    ----------
    outcome : Outcome
    samples_s : tuple of float
        Time of one call [s], one for each place in memory that its arrays were in; empty unless the outcome is `OK`.
    dropped : bool
        True if timing stopped after a short probe because the candidate is far slower than the incumbent.
    detail : str
        Why, for people; empty for `OK`.
    phase : Phase
        Where it ended.
    elapsed_s : float
        Wall-clock time that the measurement took, all phases and respawns together [s].
    build_s : float
        Lowering and compiling [s]; 0 if it did not get there.
    max_abs_error, max_rel_error : float
        Largest differences from the oracle's answers.
    """

    outcome: Outcome
    samples_s: tuple[float, ...] = ()
    dropped: bool = False
    detail: str = ""
    phase: Phase = Phase.TIME
    elapsed_s: float = 0.0
    build_s: float = 0.0
    max_abs_error: float = 0.0
    max_rel_error: float = 0.0

    @property
    def median_s(self) -> float:
        """Time of a call in a typical place [s]: what candidates are ranked by."""
        return median(self.samples_s)

    @property
    def minimum_s(self) -> float:
        """Time of a call in the best place [s], as contests report it."""
        return min(self.samples_s)
