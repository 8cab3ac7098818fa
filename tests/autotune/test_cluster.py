"""A cluster measures one candidate at a time on a machine, only on machines of the kind meant, and outlives workers."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import optuna
import pytest
from distributed import Client, LocalCluster
from optuna.trial import TrialState

from autotune.budget import Budget
from autotune.cluster import worker
from autotune.cluster.address import parse_cluster
from autotune.cluster.machine import Kind
from autotune.cluster.measurer import ClusterMeasurer
from autotune.cluster.pool import MachinePool
from autotune.cluster.session import tune_on_cluster
from autotune.measure.measurer import Candidate
from autotune.measure.outcome import Measurement, Outcome
from autotune.networks import NetworkLayer, find_network
from autotune.storage import default_storage_url
from autotune.toolchain import find_toolchain
from autotune.trials import ATTRIBUTE, Trial
from schedules import Database
from tests.architecture.sources import ROOT
from tests.autotune.cluster_fakes import MACHINES, Pretend, kind_of
from tests.autotune.cluster_fakes import OTHER as OTHER_MACHINE
from tests.autotune.fakes import Silence
from tests.autotune.test_shared_study import opened

COMMON, OTHER = kind_of("a"), kind_of("c")


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("homes")


@pytest.fixture(scope="module")
def client(homes: Path) -> Iterator[Client]:
    with (
        LocalCluster(
            n_workers=len(MACHINES),
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            memory_limit=0,
            silence_logs=logging.CRITICAL,
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        client.register_plugin(Pretend(homes))
        yield client


@pytest.fixture
def pool(client: Client) -> Iterator[MachinePool]:
    with MachinePool(client, find_toolchain(), pytest.fail) as pool:
        await_machines(pool)
        yield pool


@pytest.fixture
def log(homes: Path) -> Iterator[Path]:
    path = homes / "log.jsonl"
    path.unlink(missing_ok=True)
    yield path


def await_machines(pool: MachinePool) -> None:
    deadline = monotonic() + 60
    while (pool.count(COMMON), pool.count(OTHER), len(pool.workers())) != (2, 1, len(MACHINES)):
        assert monotonic() < deadline
        sleep(0.05)


def read(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]


def schedule(**told: object) -> str:
    return json.dumps(told)


def make_measurer(pool: MachinePool, kind: Kind = COMMON) -> ClusterMeasurer:
    return ClusterMeasurer(pool, kind, lambda: False)


def intervals(log: Path) -> dict[str, list[tuple[float, float]]]:
    """When each machine measured."""
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    begun: dict[str, float] = {}
    for line in read(log):
        machine = line["machine"]
        if line["event"] == "begin":
            assert machine not in begun, f"two candidates at once on {machine}"
            begun[machine] = line["at"]
        else:
            found[machine].append((begun.pop(machine), line["at"]))
    return found


def measure_at_once(measurer: ClusterMeasurer, count: int) -> list[Measurement]:
    with ThreadPoolExecutor(count) as executor:
        candidates = [Candidate(f"w{i}", schedule(i=i, sleep_s=0.2), 1) for i in range(count)]
        return list(executor.map(measurer.measure, candidates))


def test_machines_measure_at_once_and_each_one_thing_at_a_time(pool: MachinePool, log: Path) -> None:
    found = measure_at_once(make_measurer(pool), 6)
    assert [measurement.outcome for measurement in found] == [Outcome.OK] * 6
    by_machine = intervals(log)
    assert by_machine.keys() == {"a", "b"}, "what is meant for one kind was measured by another, or one stood idle"
    assert sum(map(len, by_machine.values())) == 6
    (a, b) = by_machine["a"], by_machine["b"]
    assert any(begin < end_b and begin_b < end for begin, end in a for begin_b, end_b in b), "one after another"


def test_other_kind_measures_for_itself(pool: MachinePool, log: Path) -> None:
    measure_at_once(make_measurer(pool, OTHER), 2)
    assert intervals(log).keys() == {"c"}


def test_two_workers_of_a_machine_wait_for_each_other(pool: MachinePool, client: Client, log: Path) -> None:
    """Whoever asks them: here two controllers that do not know of each other."""
    first, second = (address for address, machine in pool.workers().items() if machine == "a")
    jobs = [
        client.submit(worker.measure, Candidate("w", schedule(i=i, sleep_s=0.3), 1), workers=[address], pure=False)
        for i, address in enumerate((first, second))
    ]
    assert [job.result().outcome for job in jobs] == [Outcome.OK] * 2
    (times,) = intervals(log).values()
    assert all(end <= begin for (_, end), (begin, _) in pairwise(sorted(times)))


def test_child_runs_as_it_does_without_dask(pool: MachinePool, log: Path) -> None:
    """Dask's nanny tells its workers to use one thread."""
    measure_at_once(make_measurer(pool), 1)
    assert read(log)[0]["threads"] is None


def test_workload_stays_with_its_machine(pool: MachinePool, log: Path) -> None:
    measurer = make_measurer(pool)
    for i in range(4):
        measurer.measure(Candidate("w", schedule(i=i), 1))
    assert len(intervals(log)) == 1


def test_candidate_of_a_worker_that_dies_is_measured_by_another(pool: MachinePool, log: Path, tmp_path: Path) -> None:
    (tmp_path / "once").touch()
    found = make_measurer(pool).measure(Candidate("w", schedule(kill=str(tmp_path)), 1))
    assert found.outcome is Outcome.OK
    begun = [line["machine"] for line in read(log) if line["event"] == "begin"]
    assert len(begun) == 2
    assert begun[0] != begun[1], "the machine that failed is left alone"
    await_machines(pool)  # the worker comes back


def test_candidate_whose_workers_always_die_is_given_up(pool: MachinePool, log: Path, tmp_path: Path) -> None:
    for i in range(9):
        (tmp_path / str(i)).touch()
    found = make_measurer(pool).measure(Candidate("w", schedule(kill=str(tmp_path)), 1))
    assert found.outcome is Outcome.INFRA
    assert found.detail.endswith("has gone")
    assert len(read(log)) == 3
    await_machines(pool)
    assert make_measurer(pool).measure(Candidate("w", schedule(), 1)).outcome is Outcome.OK


class ResultThatIsGone:
    """A job that is done, but whose worker died with the result: whoever waits for it without limit waits for ever."""

    status = "finished"

    def add_done_callback(self, call: Callable[[object], None]) -> None:
        call(self)

    def result(self, timeout: float | None = None) -> object:
        assert timeout is not None
        raise TimeoutError


def test_result_that_died_with_its_worker_is_asked_for_again(
    pool: MachinePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def submit(*arguments: object, workers: list[str], **options: object) -> ResultThatIsGone:
        asked.extend(workers)
        return ResultThatIsGone()

    with monkeypatch.context() as context:
        context.setattr(pool.client, "submit", submit)
        found = make_measurer(pool).measure(Candidate("w", schedule(), 1))
    assert (found.outcome, found.detail) == (Outcome.INFRA, "the worker was lost with its result")
    assert len(asked) == 3


def test_measurement_that_is_given_up_frees_its_machine(pool: MachinePool) -> None:
    begin = monotonic()
    measurer = ClusterMeasurer(pool, OTHER, lambda: monotonic() > begin + 0.5)
    found = measurer.measure(Candidate("w", schedule(sleep_s=60), 1))
    assert (found.outcome, found.detail) == (Outcome.INFRA, "interrupted")
    assert make_measurer(pool, OTHER).measure(Candidate("w", schedule(), 1)).outcome is Outcome.OK
    assert monotonic() - begin < 30


def test_comparison_is_of_one_machine_and_a_kind_that_is_not_there_is_said(
    pool: MachinePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    contenders = {label: Candidate("w", schedule(label=label), 1) for label in ("default", "trial 1")}
    found = make_measurer(pool).compare(contenders, 4)
    assert {label: len(samples) for label, samples in found.samples_s.items()} == {"default": 4, "trial 1": 4}
    monkeypatch.setattr("autotune.cluster.pool._ABSENCE_S", 0.3)
    absent = Kind(COMMON.hardware, COMMON.target, OTHER.toolchain.__class__("x", "x", "x", "x"))
    failed = make_measurer(pool, absent).compare(contenders, 4)
    assert failed.samples_s == {}
    assert {m.detail for m in failed.failures.values()} == {f"no machine of kind {absent} is there"}


class StopsAfter(Silence):
    """Asks the run to stop, as Ctrl-C does, once both kinds have so many trials of each of two layers."""

    def __init__(self, trials: int) -> None:
        self.trials = trials
        self.counts: Counter[str] = Counter()

    def on_trial(self, layer: NetworkLayer, trial: Trial, best_s: float | None) -> None:
        self.counts[layer.name] += 1
        if len(self.counts) == 4 and min(self.counts.values()) == self.trials or self.counts.total() == 200:
            self.trials = -1
            os.kill(os.getpid(), signal.SIGINT)


def start_controller(client: Client, home: Path) -> subprocess.Popen[str]:
    """The command, tuning two layers for as long as it may."""
    command = ["tune", "alexnet", "--layers", "fc6,fc7", "--threads", "1", "--cluster", client.scheduler.address]
    return subprocess.Popen(
        [sys.executable, "-c", "from autotune.cli import main; main()", *command],
        env={**os.environ, "PYTHONPATH": str(ROOT), "TENSORLANG_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def await_lines(log: Path, count: int) -> None:
    deadline = monotonic() + 120
    while not log.exists() or len(read(log)) < count:
        assert monotonic() < deadline
        sleep(0.05)


def test_network_is_tuned_for_each_kind_by_a_second_controller_after_the_first_was_killed(
    pool: MachinePool, client: Client, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    controller = start_controller(client, tmp_path)
    await_lines(log, 6)
    controller.kill()
    controller.communicate()

    monkeypatch.setenv("TENSORLANG_HOME", str(tmp_path))
    monkeypatch.setattr(Budget, "turn_s", lambda *_: 1.5)
    address = parse_cluster(client.scheduler.address)
    assert address is not None
    found = tune_on_cluster(
        find_network("alexnet", 1).select(("fc6", "fc7")),
        address,
        budget_s=300.0,
        threads=1,
        seed=0,
        storage_url=None,
        listener=StopsAfter(3),
        notify=pytest.fail,
    )
    assert {item.kind: item.machines for item in found} == {COMMON: 2, OTHER: 1}
    assert all(layer.trials >= 3 and layer.default_s for item in found for layer in item.result.layers)
    assert all(set(layer.outcomes) == {"ok"} for item in found for layer in item.result.layers)
    records = Database.user().load().records
    assert {record.hardware.model for record in records} == {"common", "other"}
    assert all((record.provenance["cpu"] == OTHER_MACHINE) is (record.hardware.model == "other") for record in records)

    with opened(default_storage_url()) as storage:
        names = optuna.get_all_study_names(storage)
        assert len(names) == 4, "each layer and kind of machine has a study of its own"
        trials = {name: optuna.load_study(study_name=name, storage=storage).trials for name in names}
    measured = Counter(
        (name, trial.user_attrs[ATTRIBUTE]["digest"])
        for name in names
        for trial in trials[name]
        if ATTRIBUTE in trial.user_attrs and trial.state is TrialState.COMPLETE
    )
    assert max(measured.values()) == 1
    assert {trial.state for name in names for trial in trials[name]} <= {*TrialState} - {TrialState.RUNNING}
    begun = sum(line["event"] == "begin" for line in read(log))
    in_hand = 2 * len(MACHINES)  # when the first controller was killed, and when the second one was stopped
    assert len(measured) <= begun <= len(measured) + in_hand, "more was measured again than was in hand"


def test_worker_with_another_code_generator_is_not_used(client: Client) -> None:
    said: list[str] = []
    ours = find_toolchain().__class__("other", "0.1", "0.2", "omp")
    with MachinePool(client, ours, said.append) as pool:
        deadline = monotonic() + 60
        while len(said) < len(MACHINES):
            assert monotonic() < deadline
            sleep(0.05)
        assert pool.kinds() == ()
    theirs = COMMON.toolchain.codegen_epoch
    assert all(text.endswith(f"it has tensorlang's code generator {theirs}, the controller other") for text in said)
