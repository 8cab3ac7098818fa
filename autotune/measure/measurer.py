"""What the tuner asks of a measurer, whether it measures here or elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from autotune.measure.limits import Limits
from autotune.measure.outcome import Measurement
from autotune.measure.protocol import Message

CHECK_SEEDS = (0,)
"""Seeds of the random inputs on which every candidate is compared with the oracle before it is timed."""


@dataclass(frozen=True)
class Candidate:
    """A schedule of a workload or any other program, to be compiled, checked and timed.

    Attributes
    ----------
    workload : str
        What is computed, as `autotune.measure.subjects` reads it: a layer's workload as JSON, or a program.
    schedule : str
        The schedule as JSON.
    threads : int
        Threads the kernel runs with.
    limits : Limits
    incumbent_s : float or None
        Best time so far [s]; a candidate far slower is not timed at length.
    """

    workload: str
    schedule: str
    threads: int
    limits: Limits = field(default_factory=Limits)
    incumbent_s: float | None = None

    def to_message(self) -> Message:
        """The request that a worker understands."""
        return {
            "do": "measure",
            "workload": self.workload,
            "schedule": self.schedule,
            "threads": self.threads,
            "incumbent_s": self.incumbent_s,
            "seeds": CHECK_SEEDS,
        }


@dataclass(frozen=True)
class Comparison:
    """Times of several candidates taken in interleaved rounds.

    Attributes
    ----------
    samples_s : mapping of str to tuple of float
        By label, the time of one call in each round [s]; sample r of every label was taken in round r.
    failures : mapping of str to Measurement
        Labels that could not be timed, and why.
    waiting_share : float
        Share of the time that its threads waited for a CPU which other processes held; 0 if that is not known.
    """

    samples_s: Mapping[str, tuple[float, ...]]
    failures: Mapping[str, Measurement]
    waiting_share: float = 0.0


@dataclass(frozen=True)
class Peaks:
    """What the machine was measured to do at best: fused multiply-adds [GFLOP/s] and reads from memory [GB/s]."""

    fma_gflops: float
    read_gbs: float

    @classmethod
    def best_of(cls, *found: Peaks | None) -> Peaks | None:
        """The best of several measurements of one machine, as disturbances only lower them; None if none succeeded."""
        good = [peaks for peaks in found if peaks is not None]
        if not good:
            return None
        return cls(max(peaks.fma_gflops for peaks in good), max(peaks.read_gbs for peaks in good))


class Measurer(Protocol):
    """Measures one thing at a time. Nothing that a candidate does raises; it becomes an outcome."""

    def measure(self, candidate: Candidate) -> Measurement:
        """Compile, check and time one candidate."""
        ...

    def compare(self, contenders: Mapping[str, Candidate], rounds: int) -> Comparison:
        """Time candidates of one workload against each other, interleaved, in a process that did nothing before."""
        ...

    def peaks(self, threads: int) -> Peaks | None:
        """Measure what the machine can do at best; None if that failed."""
        ...

    def close(self) -> None:
        """Release what measuring needs."""
        ...
