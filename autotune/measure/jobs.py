"""What the measuring child can do: measure a candidate, compare several, measure the machine's peaks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter

from autotune.measure.outcome import Outcome, Phase
from autotune.measure.protocol import Message
from autotune.measure.worker import Enter, Job
from tensorlang.errors import BoundsError, LanguageError, ScheduleError, TargetError
from tensorlang.nn import Layer, build, workload_from_json
from tensorlang.runtime.compile import compile as compile_kernel
from tensorlang.runtime.kernel import Kernel
from tensorlang.runtime.peaks import measure_fma_peak_gflops, measure_read_bandwidth_gbs
from tensorlang.runtime.timing import time_callable
from tensorlang.schedule import Schedule
from tensorlang.validation import CheckResult, Values, check_kernel, make_inputs
from tensorlang.validation.oracle import expected_outputs

_SAMPLES = 5
_SAMPLE_S = 0.01  # of a search; enough for 100 calls of the smallest layers
_ROUND_S = 0.02  # of a comparison
_TIMING_SEED = 0
_PROBES = 3
_HOPELESS = 2.0  # times slower than the incumbent: more samples would not change the verdict

_NOT_LEGAL = (ScheduleError, BoundsError, LanguageError, TargetError)


@dataclass(frozen=True)
class _Built:
    """A compiled candidate, and one call of it on data of its own."""

    kernel: Kernel
    call: Callable[[], None]

    @property
    def build_s(self) -> float:
        return self.kernel.lowering_s + self.kernel.compile_s


def _compile(layer: Layer, schedule: str) -> Kernel:
    return compile_kernel(
        layer.output, Schedule.from_json(schedule, output=layer.output), shape=layer.shape, inputs=layer.inputs
    )


def _bind(kernel: Kernel, threads: int) -> _Built:
    """Prepare the weights, once, and fix the arguments."""
    arrays = make_inputs(kernel.algorithm, Values.FLOATS, _TIMING_SEED)
    state = kernel.prepare(**{i.name: arrays[i.name] for i in kernel.algorithm.inputs if i.constant})
    return _Built(kernel, kernel.bare(*(arrays[i.name] for i in kernel.inputs), state=state, threads=threads))


def _check(kernel: Kernel, seeds: Sequence[int], threads: int, enter: Enter, about: str = "") -> CheckResult:
    enter(Phase.ORACLE, about)
    shapes = {item.name: item.shape for item in kernel.outputs}
    for seed in seeds:
        for values in Values:
            expected_outputs(kernel.algorithm, shapes, values, seed)
    enter(Phase.CHECK, about)
    return check_kernel(kernel, seeds=seeds, threads=threads)


def measure(request: Message, enter: Enter) -> Message:
    """Compile, check and time one schedule; see `autotune.measure.measurer.Candidate`."""
    enter(Phase.COMPILE)
    layer = build(workload_from_json(request["workload"]))
    try:
        kernel = _compile(layer, request["schedule"])
    except _NOT_LEGAL as reason:
        return {"outcome": Outcome.ILLEGAL, "detail": reason.message, "phase": Phase.COMPILE}
    found = {"build_s": kernel.lowering_s + kernel.compile_s}
    result = _check(kernel, request["seeds"], request["threads"], enter)
    found |= {"max_abs_error": result.max_abs_error, "max_rel_error": result.max_rel_error}
    if not result.ok:
        return {"outcome": Outcome.WRONG_ANSWER, "detail": result.reason, "phase": Phase.CHECK, **found}
    enter(Phase.TIME)
    built = _bind(kernel, request["threads"])
    samples, dropped = _time(built.call, request["incumbent_s"])
    return {"outcome": Outcome.OK, "samples_s": samples, "dropped": dropped, "phase": Phase.TIME, **found}


def _time(call: Callable[[], None], incumbent_s: float | None) -> tuple[list[float], bool]:
    """Samples [s], and whether a short probe was enough to drop the candidate."""
    call()
    if incumbent_s is not None:
        probes = []
        for _ in range(_PROBES):
            begin = perf_counter()
            call()
            probes.append(perf_counter() - begin)
            if probes[-1] < _HOPELESS * incumbent_s:
                break
        else:
            return probes, True
    return list(time_callable(call, min_batch_s=_SAMPLE_S, repeats=_SAMPLES)), False


def compare(request: Message, enter: Enter) -> Message:
    """Time several schedules in interleaved rounds, each round starting with another; all are checked before."""
    layer = build(workload_from_json(request["workload"]))
    threads = request["threads"]
    calls = {}
    for label, schedule in request["schedules"].items():
        enter(Phase.COMPILE, label)
        kernel = _compile(layer, schedule)
        result = _check(kernel, request["seeds"], threads, enter, label)
        if not result.ok:
            return {"outcome": Outcome.WRONG_ANSWER, "detail": result.reason, "about": label}
        calls[label] = _bind(kernel, threads).call
    samples: dict[str, list[float]] = {label: [] for label in calls}
    labels = list(calls)
    for number in range(request["rounds"]):
        at = number % len(labels)
        for label in labels[at:] + labels[:at]:
            enter(Phase.TIME, label)
            samples[label].extend(time_callable(calls[label], min_batch_s=_ROUND_S, repeats=1))
    return {"outcome": Outcome.OK, "samples_s": samples}


def peaks(request: Message, enter: Enter) -> Message:
    """Measure what the machine can do at best."""
    enter(Phase.TIME)
    return {
        "outcome": Outcome.OK,
        "fma_gflops": measure_fma_peak_gflops(request["threads"]),
        "read_gbs": measure_read_bandwidth_gbs(request["threads"]),
    }


JOBS: Mapping[str, Job] = {"measure": measure, "compare": compare, "peaks": peaks}
