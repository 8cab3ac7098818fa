"""Tuning a network on every kind of machine that a cluster has, each kind with studies and records of its own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from threading import Lock
from time import monotonic

from optuna.storages import RDBStorage

from autotune.budget import Budget
from autotune.cluster.address import ClusterAddress
from autotune.cluster.client import open_client
from autotune.cluster.listening import SharedListener
from autotune.cluster.machine import Kind
from autotune.cluster.measurer import ClusterMeasurer
from autotune.cluster.pool import MachinePool
from autotune.contest import Contest
from autotune.events import Listener
from autotune.measure.measurer import Peaks
from autotune.networks import Network
from autotune.problem import LayerProblem, layer_problem
from autotune.recording import is_worth_recording, make_record
from autotune.results import NetworkResult
from autotune.stopping import StopRequest
from autotune.storage import open_storage, storage_errors
from autotune.toolchain import find_toolchain
from autotune.tuner import Tuner
from schedules import Database
from tensorlang.errors import TuningError

_FIRST_WORKER_S = 120.0
_ANSWER_S = 10.0
_POLL_S = 0.5
_MOST_KINDS = 64


@dataclass(frozen=True)
class KindResult:
    """What was found for one kind of machines, `machines` of which were there when its tuning ended."""

    kind: Kind
    machines: int
    result: NetworkResult


def tune_on_cluster(
    network: Network,
    address: ClusterAddress,
    *,
    budget_s: float,
    threads: int | None,
    seed: int,
    storage_url: str | None,
    listener: Listener,
    notify: Callable[[str], None],
) -> tuple[KindResult, ...]:
    """Tune the layers of a network for each kind of machine there is, and keep what wins in the user's database.

    Parameters
    ----------
    network : Network
    address : ClusterAddress
    budget_s : float
        Wall-clock time to spend, from when the first worker is there [s].
    threads : int or None
        Threads that kernels run with; by default all cores of each machine.
    seed : int
        Of the samplers.
    storage_url : str or None
        Where studies are kept; see `autotune.storage.open_storage`. The controller alone opens it.
    listener : Listener
    notify : callable
        Told in words which workers and kinds of machines are left out, and why.

    Raises
    ------
    TuningError
        If the cluster cannot be reached or has no fit worker, the storage cannot be used, or no kind could be tuned.
    DatabaseError
        If the user's database cannot be written to; said before anything is measured.
    """
    database = Database.user()
    database.check_writable()
    storage = open_storage(storage_url)
    with (
        open_client(address) as client,
        MachinePool(client, find_toolchain(), notify) as pool,
        StopRequest() as stop,
    ):
        _await_worker(pool, stop, address)
        run = _Run(network, threads, seed, storage, database, pool, stop, Budget(budget_s), listener, notify)
        return run.tune_all()


def _await_worker(pool: MachinePool, stop: StopRequest, address: ClusterAddress) -> None:
    """Wait for the first worker, and then for what other workers that are there answer."""
    begin = monotonic()
    while not (pool.kinds() and (pool.is_settled or monotonic() - begin > _ANSWER_S)) and not stop.requested:
        if monotonic() - begin > _FIRST_WORKER_S:
            raise TuningError(
                f"No fit worker joined {address.text} within {_FIRST_WORKER_S:.0f} s.",
                hint="start one on each machine with `dask worker ADDRESS --nthreads 1`, then tune again",
            )
        pool.wait(_POLL_S)


class _Run:
    """One run over all kinds of machines; each kind has a tuner in a thread of its own."""

    def __init__(
        self,
        network: Network,
        threads: int | None,
        seed: int,
        storage: RDBStorage,
        database: Database,
        pool: MachinePool,
        stop: StopRequest,
        budget: Budget,
        listener: Listener,
        notify: Callable[[str], None],
    ) -> None:
        self._network = network
        self._threads = threads
        self._seed = seed
        self._storage = storage
        self._database = database
        self._pool = pool
        self._stop = stop
        self._budget = budget
        self._listener = SharedListener(listener)
        self._notify = notify
        self._keeping = Lock()
        self._considered: dict[Kind, Future[KindResult] | None] = {}

    def tune_all(self) -> tuple[KindResult, ...]:
        """Tune for each kind until the budget is spent; a kind that joins later is tuned for what is left of it."""
        with ThreadPoolExecutor(_MOST_KINDS, thread_name_prefix="kind") as executor:
            try:
                self._consider_kinds(executor)
                while unfinished := [future for future in self._futures() if not future.done()]:
                    wait(unfinished, _POLL_S, FIRST_COMPLETED)
                    self._consider_kinds(executor)
            except BaseException:  # KeyboardInterrupt above all: the threads give up what they wait for
                self._pool.close()
                raise
        return self._results()

    def _futures(self) -> list[Future[KindResult]]:
        return [future for future in self._considered.values() if future is not None]

    def _consider_kinds(self, executor: ThreadPoolExecutor) -> None:
        for kind in self._pool.kinds():
            if kind not in self._considered:
                reason = self._why_left_out(kind)
                self._considered[kind] = None if reason else executor.submit(self._tune, kind)
                if reason:
                    self._notify(f"machines of kind {kind} are left out: {reason}")

    def _why_left_out(self, kind: Kind) -> str:
        if self._threads and self._threads > kind.hardware.cores:
            return f"they cannot run {self._threads} threads at once"
        tuned = [other for other, future in self._considered.items() if future is not None]
        if any(other.hardware == kind.hardware for other in tuned):
            return "others with the same hardware are set up differently, and their times would be mixed up"
        return ""

    def _results(self) -> tuple[KindResult, ...]:
        """What each kind brought; why one brought nothing is said, and raised if none brought anything."""
        failures = [reason for future in self._futures() if (reason := future.exception()) is not None]
        results = tuple(future.result() for future in self._futures() if future.exception() is None)
        if not results:
            raise failures[0] if failures else TuningError("No kind of machine of the cluster could be tuned for.")
        for reason in failures:
            if not isinstance(reason, TuningError):
                raise reason
            self._notify(reason.message)
        return results

    def _tune(self, kind: Kind) -> KindResult:
        threads = self._threads or kind.hardware.cores
        hardware = kind.with_threads(threads)
        measurer = ClusterMeasurer(self._pool, kind, lambda: self._stop.requested)
        budget = self._budget
        peaks = measurer.peaks(threads)
        tuner = Tuner(
            self._network,
            [layer_problem(layer, kind.target, hardware) for layer in self._network.layers],
            self._storage,
            measurer,
            self._keeper(kind, threads),
            budget,
            self._stop,
            self._listener.of_kind(lambda: str(kind) if len(self._futures()) > 1 else ""),
            self._seed,
            lanes=lambda: self._pool.count(kind),
        )
        with storage_errors(self._storage.url):
            layers = tuner.run()
        if not self._stop.requested:
            peaks = Peaks.best_of(peaks, measurer.peaks(threads))
        machines = self._pool.count(kind)
        result = NetworkResult(
            self._network.name, threads, peaks, layers, budget.elapsed_s, interrupted=self._stop.requested
        )
        return KindResult(kind, machines, result)

    def _keeper(self, kind: Kind, threads: int) -> Callable[[LayerProblem, Contest], None]:
        def keep(problem: LayerProblem, contest: Contest) -> None:
            if is_worth_recording(problem, contest):
                facts = self._pool.facts(kind)
                record = make_record(problem, contest, kind.with_threads(threads), kind.toolchain, facts)
                with self._keeping:
                    self._database.append(record)

        return keep
