"""What the measuring child can do: measure a candidate, compare several, measure the machine's peaks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from math import inf
from time import perf_counter

from autotune.measure.delay import waiting_s
from autotune.measure.outcome import Outcome, Phase
from autotune.measure.protocol import Message
from autotune.measure.subjects import Subject, subject_of
from autotune.measure.timed_arrays import SEED, Place, make_timed_arrays
from autotune.measure.worker import Enter, Job
from tensorlang.errors import BoundsError, LanguageError, ScheduleError, TargetError
from tensorlang.runtime.buffers import Argument
from tensorlang.runtime.kernel import Kernel
from tensorlang.runtime.peaks import measure_fma_peak_gflops, measure_read_bandwidth_gbs
from tensorlang.runtime.timing import find_batch, time_batch, time_callable
from tensorlang.validation import CheckResult, Values, check_kernel, check_outputs
from tensorlang.validation.oracle import expected_outputs

_SEARCH_BATCH_S = 0.001
_SEARCH_S = 0.1  # for all batches of a candidate, between the fewest and the most
_FEWEST_BATCHES, _MOST_BATCHES = 6, 40
_BATCH_S = 0.002  # in a comparison
_BATCHES_PER_ROUND = 5
_PROBES = 3
_HOPELESS = 2.0  # times slower than the incumbent: more samples would not change the verdict

_NOT_LEGAL = (ScheduleError, BoundsError, LanguageError, TargetError)


def _check(
    subject: Subject, kernel: Kernel, seeds: Sequence[int], threads: int, enter: Enter, about: str
) -> CheckResult:
    """Compare with the oracle, whose answers are computed in a phase of its own the first time."""
    enter(Phase.ORACLE, about)
    shapes = {item.name: subject.shapes[item.name] for item in kernel.outputs}
    for seed, values in product(seeds, Values):
        expected_outputs(subject.algorithm, shapes, values, seed)
    enter(Phase.CHECK, about)
    for item in kernel.outputs:
        if item.shape != shapes[item.name]:
            reason = f"{item.name} has shape {item.shape}, expected {shapes[item.name]}"
            return CheckResult(False, inf, inf, tuple(seeds), reason)
    return check_kernel(kernel, seeds=seeds, threads=threads)


class _Run:
    """A kernel with its weights prepared: what is timed."""

    def __init__(self, kernel: Kernel, threads: int, weights: Mapping[str, Argument]) -> None:
        self._kernel = kernel
        self._threads = threads
        self._state = kernel.prepare(**weights)

    def bind(self, place: Place) -> Callable[[], object]:
        """The kernel on the arrays of a place, as a function of no arguments."""
        return self._kernel.bare(**place.data, out=place.out, state=self._state, threads=self._threads)

    def find_fault(self, place: Place) -> str:
        """How one more call is wrong: answers may go bad from call to call. "" if it is right."""
        place.spoil()
        self.bind(place)()
        reason = check_outputs(self._kernel, place.outputs, Values.FLOATS, SEED).reason
        return f"after timing, {reason}" if reason else ""


def measure(request: Message, enter: Enter) -> Message:
    """Compile, check and time one schedule; see `autotune.measure.measurer.Candidate`."""
    enter(Phase.COMPILE)
    subject = subject_of(request["workload"])
    try:
        kernel = subject.compile(request["schedule"])
    except _NOT_LEGAL as reason:
        return {"outcome": Outcome.ILLEGAL, "detail": reason.message, "phase": Phase.COMPILE}
    found = {"build_s": kernel.lowering_s + kernel.compile_s}
    result = _check(subject, kernel, request["seeds"], request["threads"], enter, "")
    found |= {"max_abs_error": result.max_abs_error, "max_rel_error": result.max_rel_error}
    if not result.ok:
        return {"outcome": Outcome.WRONG_ANSWER, "detail": result.reason, "phase": Phase.CHECK, **found}
    enter(Phase.TIME)
    arrays = make_timed_arrays(subject, kernel.outputs)
    run = _Run(kernel, request["threads"], arrays.weights)
    samples, dropped = _time(run, arrays.places, request["incumbent_s"])
    if fault := run.find_fault(arrays.places[0]):
        return {"outcome": Outcome.WRONG_ANSWER, "detail": fault, "phase": Phase.TIME, **found}
    return {"outcome": Outcome.OK, "samples_s": samples, "dropped": dropped, "phase": Phase.TIME, **found}


def _time(run: _Run, places: Sequence[Place], incumbent_s: float | None) -> tuple[list[float], bool]:
    """Samples [s], and whether a short probe was enough to drop the candidate."""
    calls = [run.bind(place) for place in places]
    calls[0]()
    if incumbent_s is not None:
        probes = []
        for _ in range(_PROBES):
            probes.append(time_batch(calls[0], 1))
            if probes[-1] < _HOPELESS * incumbent_s:
                break
        else:
            return probes, True
    return _time_in_turns(calls), False


def _time_in_turns(calls: Sequence[Callable[[], object]]) -> list[float]:
    """The least time of each of several calls [s], in batches that take turns.

    A neighbour on the same core slows all that runs for some milliseconds: the batches of one call are further apart.
    """
    size = find_batch(calls[0], _SEARCH_BATCH_S)
    least_s = [inf] * len(calls)
    begin = perf_counter()
    for turn in range(1, 1 + _MOST_BATCHES // len(calls)):
        for number, call in enumerate(calls):
            call()  # what the others left in the caches
            least_s[number] = min(least_s[number], time_batch(call, size) / size)
        is_late = (perf_counter() - begin) * (turn + 1) / turn > _SEARCH_S
        if is_late and turn * len(calls) >= _FEWEST_BATCHES:
            break
    return least_s


def compare(request: Message, enter: Enter) -> Message:
    """Time several schedules in interleaved rounds, each round starting with another; all are checked before.

    In a round all use the same arrays, in the next those of another place.
    """
    subject = subject_of(request["workload"])
    threads = request["threads"]
    runs, arrays = {}, None
    for label, schedule in request["schedules"].items():
        enter(Phase.COMPILE, label)
        kernel = subject.compile(schedule)
        result = _check(subject, kernel, request["seeds"], threads, enter, label)
        if not result.ok:
            return {"outcome": Outcome.WRONG_ANSWER, "detail": result.reason, "about": label}
        arrays = arrays or make_timed_arrays(subject, kernel.outputs)
        runs[label] = _Run(kernel, threads, arrays.weights)
    assert arrays is not None, "nothing is compared with nothing"
    samples: dict[str, list[float]] = {label: [] for label in runs}
    labels = list(runs)
    begin, waited_s = perf_counter(), waiting_s()
    for number in range(request["rounds"]):
        at, place = number % len(labels), arrays.places[number % len(arrays.places)]
        for label in labels[at:] + labels[:at]:
            enter(Phase.TIME, label)
            timing = time_callable(runs[label].bind(place), min_batch_s=_BATCH_S, repeats=_BATCHES_PER_ROUND)
            samples[label].append(timing.minimum_s)
    share = (waiting_s() - waited_s) / (threads * (perf_counter() - begin))
    for label, run in runs.items():
        if fault := run.find_fault(arrays.places[0]):
            return {"outcome": Outcome.WRONG_ANSWER, "detail": fault, "about": label}
    return {"outcome": Outcome.OK, "samples_s": samples, "waiting_share": share}


def peaks(request: Message, enter: Enter) -> Message:
    """Measure what the machine can do at best."""
    enter(Phase.TIME)
    return {
        "outcome": Outcome.OK,
        "fma_gflops": measure_fma_peak_gflops(request["threads"]),
        "read_gbs": measure_read_bandwidth_gbs(request["threads"]),
    }


JOBS: Mapping[str, Job] = {"measure": measure, "compare": compare, "peaks": peaks}
