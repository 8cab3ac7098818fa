"""Why a schedule of a workload is as fast as it is: its kernel analysed, its time and the machine's peaks measured."""

from __future__ import annotations

from autotune.contest import ROUNDS
from autotune.measure.limits import Limits
from autotune.measure.measurer import Candidate, Measurer, Peaks
from schedules import Found
from tensorlang.errors import TuningError
from tensorlang.inspection import Measured
from tensorlang.runtime.compile import compile as compile_kernel
from tensorlang.runtime.kernel import Kernel

_LABEL = "schedule"


def compile_found(found: Found) -> Kernel:
    """Return the kernel of what a lookup found."""
    layer = found.layer
    return compile_kernel(layer.output, found.schedule, shape=layer.shape, inputs=layer.inputs)


def measure_found(found: Found, threads: int, measurer: Measurer) -> Measured:
    """Check and time what a lookup found, between two measurements of the machine's peaks, of which the better count.

    Raises
    ------
    TuningError
        If the kernel or the peaks cannot be measured.
    """
    workload = found.layer.workload
    candidate = Candidate(workload.to_json(), found.schedule.to_json(), threads, Limits.for_macs(workload.macs))
    before = measurer.peaks(threads)
    comparison = measurer.compare({_LABEL: candidate}, ROUNDS)
    peaks = Peaks.best_of(before, measurer.peaks(threads))
    if _LABEL not in comparison.samples_s:
        failure = comparison.failures[_LABEL]
        raise TuningError(f"{workload} cannot be timed: {failure.outcome}: {failure.detail}.")
    if peaks is None:
        raise TuningError("The peaks of this machine could not be measured.", hint="autotune doctor says more")
    return Measured(min(comparison.samples_s[_LABEL]), peaks.fma_gflops, peaks.read_gbs)
