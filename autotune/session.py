"""Tuning and running a network on this machine, from its name to results: what the commands do but for printing."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from autotune.budget import Budget
from autotune.contest import DEFAULT, ROUNDS, Contest
from autotune.decision import find_disturbance
from autotune.events import Listener
from autotune.machine import describe_machine
from autotune.measure.exclusive import exclusive_measurer
from autotune.measure.limits import Limits
from autotune.measure.measurer import Candidate, Comparison, Measurer, Peaks
from autotune.networks import Network, NetworkLayer
from autotune.problem import LayerProblem, layer_problem
from autotune.recording import is_worth_recording, make_record
from autotune.reproduction import Reproduction, reproduce
from autotune.results import LayerResult, NetworkResult
from autotune.stopping import StopRequest
from autotune.storage import open_storage, storage_errors
from autotune.toolchain import find_toolchain
from autotune.tuner import Tuner
from schedules import Database, Found, Hardware, lookup
from tensorlang.codegen import host_target
from tensorlang.errors import TuningError

_BEST = "best"


def check_threads(threads: int | None) -> int:
    """Return the number of threads to run with: as asked, by default all cores that this process may use.

    Raises
    ------
    TuningError
        If there are not so many cores.
    """
    cores = host_target().cores
    if threads is not None and not 1 <= threads <= cores:
        raise TuningError(f"This machine cannot run {threads} threads at once.", legal=f"1 to {cores} threads")
    return threads or cores


def tune_network(
    network: Network,
    *,
    budget_s: float,
    threads: int,
    seed: int,
    storage_url: str | None,
    listener: Listener,
) -> NetworkResult:
    """Tune the layers of a network and keep what wins in the user's database.

    Parameters
    ----------
    network : Network
    budget_s : float
        Wall-clock time to spend [s].
    threads : int
        Threads that kernels run with, from `check_threads`.
    seed : int
        Of the samplers.
    storage_url : str or None
        Where studies are kept; see `autotune.storage.open_storage`.
    listener : Listener

    Raises
    ------
    TuningError
        If another run is measuring, or the storage cannot be used, or measuring itself fails.
    DatabaseError
        If the user's database cannot be written to; said before anything is measured.
    """
    database = Database.user()
    database.check_writable()
    storage = open_storage(storage_url)
    machine = describe_machine()
    target, hardware = host_target(), Hardware.here(threads)
    stop = StopRequest()
    with exclusive_measurer(stop) as measurer:
        budget = Budget(budget_s)
        peaks = measurer.peaks(threads)
        listener.on_peaks(peaks)
        problems = [layer_problem(layer, target, hardware) for layer in network.layers]
        keep = keeper(database, hardware, machine)
        tuner = Tuner(network, problems, storage, measurer, keep, budget, stop, listener, seed)
        with storage_errors(storage.url):
            layers = tuner.run()
        if not stop.requested:
            peaks = Peaks.best_of(peaks, measurer.peaks(threads))
        return NetworkResult(
            network.name,
            threads,
            peaks,
            layers,
            budget.elapsed_s,
            interrupted=stop.requested,
            projections=tuple(tuner.projections),
        )


def keeper(
    database: Database, hardware: Hardware, machine: Mapping[str, str]
) -> Callable[[LayerProblem, Contest], None]:
    """What writes the winner of a contest into `database`, if it deserves it; `machine` as for `make_record`."""

    def keep(problem: LayerProblem, contest: Contest) -> None:
        if is_worth_recording(problem, contest):
            database.append(make_record(problem, contest, hardware, find_toolchain(), machine))

    return keep


def run_network(network: Network, threads: int, notify: Callable[[NetworkLayer], None]) -> NetworkResult:
    """Time each layer with the best schedule known and with its heuristic default, interleaved.

    Parameters
    ----------
    network : Network
    threads : int
        From `check_threads`.
    notify : callable
        Told each layer before it is timed.

    Raises
    ------
    TuningError
        If another run is measuring.
    """
    spent = Budget(float("inf"))
    with exclusive_measurer() as measurer:
        peaks = measurer.peaks(threads)
        layers = []
        for layer in network.layers:
            notify(layer)
            layers.append(_run_layer(layer, threads, measurer))
        peaks = Peaks.best_of(peaks, measurer.peaks(threads))
    return NetworkResult(network.name, threads, peaks, tuple(layers), spent.elapsed_s)


def _run_layer(layer: NetworkLayer, threads: int, measurer: Measurer) -> LayerResult:
    found = lookup(layer.workload, threads=threads)
    default = lookup(layer.workload, threads=threads, databases=())
    limits = Limits.for_macs(layer.workload.macs)
    contenders = {
        label: Candidate(layer.workload.to_json(), schedule.to_json(), threads, limits)
        for label, schedule in ((DEFAULT, default.schedule), (_BEST, found.schedule))
    }
    if found.schedule == default.schedule:
        del contenders[_BEST]
    comparison = measurer.compare(contenders, ROUNDS)
    times = {label: min(samples) for label, samples in comparison.samples_s.items()}
    failures = "; ".join(f"{label}: {m.outcome}: {m.detail}" for label, m in comparison.failures.items())
    best_s = times.get(_BEST if _BEST in contenders else DEFAULT)
    return LayerResult(
        layer,
        times.get(DEFAULT),
        best_s,
        str(found.rung),
        problem=failures,
        doubt=find_disturbance(comparison.waiting_share),
        reproduction=_reproduction(layer, found, comparison),
    )


def _reproduction(layer: NetworkLayer, found: Found, comparison: Comparison) -> Reproduction | None:
    """Whether the record of just this layer holds; None without one, or if both schedules were not timed."""
    samples_s = comparison.samples_s
    if found.record is None or found.record.workload != layer.workload or not {DEFAULT, _BEST} <= set(samples_s):
        return None
    return reproduce(found.record.timing, samples_s[_BEST], samples_s[DEFAULT], comparison.waiting_share)
