"""Filling a database: a record for every layer, whatever happens on the way, and nothing done twice."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from optuna.storages import BaseStorage, InMemoryStorage

from autotune.catalogue import distinct_layers
from autotune.filling import filler as filler_module
from autotune.filling.filler import Filler
from autotune.filling.report import FillingLog, summarise, to_lines
from autotune.filling.tasks import Settled, Task, make_tasks
from autotune.measure.measurer import Candidate, Comparison, Peaks
from autotune.measure.outcome import Measurement, Outcome
from autotune.networks import Network, NetworkLayer, find_network, network_names
from autotune.problem import LayerProblem, layer_problem
from autotune.search import DEFAULT_SAMPLER
from autotune.stopping import StopRequest
from schedules import Database, Hardware, Record, Rung, lookup
from schedules.space import Knob, Space
from tensorlang.codegen import host_target
from tensorlang.errors import TuningError
from tensorlang.nn import Conv2d, DepthwiseConv2d, Gemm

from .fakes import ok

GEMM, CONV = NetworkLayer("g", Gemm(64, 64, 64), 3), NetworkLayer("c", Conv2d(1, 8, 8, 16, 16, 1, 1), 1)
TASKS = make_tasks((GEMM, CONV), [Hardware.here(1)])
CANDIDATES = 4


def time_of(schedule: str) -> float:
    """Some time of each schedule, always the same [s]."""
    return 1e-3 * (1 + hashlib.sha256(schedule.encode()).digest()[0] / 256)


@dataclass
class Machine:
    """A measurer whose kernels take the time that their schedule's hash says, or all the same."""

    time_of: Callable[[str], float] = time_of
    outcome: Callable[[str], Outcome] = lambda schedule: Outcome.OK
    after_each: Callable[[], None] = lambda: None
    waiting_shares: list[float] = field(default_factory=list)
    measured: list[str] = field(default_factory=list)

    def measure(self, candidate: Candidate) -> Measurement:
        self.measured.append(candidate.schedule)
        self.after_each()
        outcome = self.outcome(candidate.schedule)
        return ok(self.time_of(candidate.schedule)) if outcome is Outcome.OK else Measurement(outcome, detail="told to")

    def compare(self, contenders: Mapping[str, Candidate], rounds: int) -> Comparison:
        samples = {label: (self.time_of(c.schedule),) * rounds for label, c in contenders.items()}
        return Comparison(samples, {}, self.waiting_shares.pop(0) if self.waiting_shares else 0.0)

    def peaks(self, threads: int) -> Peaks | None:
        return None

    def close(self) -> None:
        pass


@dataclass
class Bench:
    """A database that is filled again and again."""

    database: Database
    storage: BaseStorage = field(default_factory=InMemoryStorage)
    lines: list[str] = field(default_factory=list)

    def filler(self, machine: Machine, stop: StopRequest | None = None, candidates: int = CANDIDATES) -> Filler:
        return Filler(
            self.database,
            (),
            host_target(),
            self.storage,
            machine,
            stop or StopRequest(),
            FillingLog(self.lines.append),
            candidates=candidates,
            seed=0,
            machine={"cpu": "some"},
        )

    @property
    def records(self) -> tuple[Record, ...]:
        return self.database.load().records

    @property
    def said(self) -> list[str]:
        """The lines without their times."""
        return [line[20:] for line in self.lines]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(Database(tmp_path))


def test_every_layer_gets_a_record_with_its_candidates_behind_it(bench: Bench) -> None:
    bench.filler(Machine()).run(TASKS)
    assert {r.workload for r in bench.records} == {GEMM.workload, CONV.workload}
    for record in bench.records:
        assert record.search is not None and record.search.checked == record.search.tried == CANDIDATES
        assert not record.search.exhausted and record.search.sampler == DEFAULT_SAMPLER
        assert (record.provenance["tool"], record.provenance["cpu"]) == ("autotune db fill", "some")
        found = lookup(record.workload, threads=1, databases=[bench.database])
        assert found.rung is Rung.EXACT_MACHINE and found.record == record


def test_default_that_nothing_beats_is_a_record_too(bench: Bench) -> None:
    bench.filler(Machine(time_of=lambda _: 1e-3)).run(TASKS)
    assert [r.timing.speedup for r in bench.records] == [1.0, 1.0]
    assert bench.said[1].startswith("1/2 g (gemm 64x64x64), 1 thread: default kept, 1.000 ms; 4 of 4 candidates right")


def test_same_command_passes_over_what_is_there(bench: Bench) -> None:
    bench.filler(Machine()).run(TASKS[:1])
    again = Machine()
    bench.filler(again).run(TASKS)
    assert len(bench.records) == 2 and len(again.measured) == CANDIDATES
    idle = Machine()
    bench.filler(idle).run(TASKS)
    assert idle.measured == [] and bench.said[-1] == "2 records wanted: 2 are there, 0 to make"


def test_run_that_was_stopped_goes_on_and_measures_nothing_twice(bench: Bench) -> None:
    stop = StopRequest()

    def stop_after_six() -> None:
        stop.requested = len(first.measured) == 6

    first = Machine(after_each=stop_after_six)
    bench.filler(first, stop).run(TASKS)
    assert len(bench.records) == 1 and "put off" not in "".join(bench.said)
    second = Machine()
    bench.filler(second).run(TASKS)
    assert len(bench.records) == 2
    assert len(first.measured) + len(second.measured) == 2 * CANDIDATES
    assert not set(first.measured) & set(second.measured)


def test_rounds_on_a_busy_machine_leave_no_record_and_come_again(bench: Bench) -> None:
    machine = Machine(waiting_shares=[0.5, 0.5])
    bench.filler(machine).run(TASKS)
    assert [r.workload for r in bench.records] == [CONV.workload, GEMM.workload]
    assert len(machine.measured) == 2 * CANDIDATES
    assert bench.said[1] == "put off: g (gemm 64x64x64), 1 thread: waited 50 % of the time for busy CPUs"
    assert bench.said[3] == "once more for the 1 that were put off"


def test_machine_that_stays_busy_ends_the_run_without_records(bench: Bench) -> None:
    filler = bench.filler(Machine(waiting_shares=[0.5] * 100))
    filler.run(TASKS)
    assert bench.records == () and filler.settled(TASKS) == {}


def test_small_space_is_exhausted_and_the_record_says_so(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def with_three_points(*arguments: Any) -> LayerProblem:
        problem = layer_problem(*arguments)
        first = problem.space.knobs[0]
        choices = (*(c for c in first.choices if c != problem.default[first.name]), problem.default[first.name])[-3:]
        others = (Knob(knob.name, (problem.default[knob.name],)) for knob in problem.space.knobs[1:])
        return replace(problem, space=Space((Knob(first.name, choices), *others)), starts=(), is_legal=lambda _: True)

    monkeypatch.setattr(filler_module, "layer_problem", with_three_points)
    bench.filler(Machine()).run(TASKS[:1])
    (record,) = bench.records
    assert record.search is not None and record.search.exhausted
    assert record.search.checked == 3 < CANDIDATES
    assert "3 of 3 candidates right, all there are" in bench.said[-1]
    assert bench.filler(Machine()).settled(TASKS[:1]) == {TASKS[0]: record}


def test_wrong_candidates_do_not_count(bench: Bench) -> None:
    seen: list[str] = []

    def every_second_is_wrong(schedule: str) -> Outcome:
        seen.append(schedule)
        return Outcome.OK if len(seen) % 2 else Outcome.WRONG_ANSWER

    bench.filler(Machine(outcome=every_second_is_wrong)).run(TASKS[:1])
    (record,) = bench.records
    assert record.search is not None and (record.search.checked, record.search.tried) == (CANDIDATES, 7)


def test_layer_whose_candidates_are_all_wrong_is_put_off_not_tried_for_ever(bench: Bench) -> None:
    machine = Machine(outcome=lambda _: Outcome.WRONG_ANSWER)
    bench.filler(machine, candidates=1).run(TASKS[:1])
    assert bench.records == ()
    assert len(machine.measured) == 4 + 2  # the default gets another chance each time that the layer comes again
    assert bench.said[1].endswith("1 thread: only 0 of 4 candidates were right")


def test_measuring_that_fails_for_one_layer_after_another_ends_the_run(bench: Bench) -> None:
    tasks = make_tasks([replace(GEMM, workload=Gemm(64, 64, 16 * n)) for n in (1, 2, 3, 4)], [Hardware.here(1)])
    machine = Machine(outcome=lambda _: Outcome.INFRA)
    with pytest.raises(TuningError) as caught:
        bench.filler(machine).run(tasks)
    assert caught.value.message == "Measuring failed 3 layers in a row: told to."
    assert len(machine.measured) == 9


def test_record_without_enough_candidates_or_of_another_default_does_not_settle(bench: Bench) -> None:
    bench.filler(Machine()).run(TASKS[:1])
    (record,) = bench.records
    assert record.search is not None

    def settles(other: Record, candidates: int = CANDIDATES) -> bool:
        return Settled([other], host_target(), candidates).find(TASKS[0]) is not None

    assert settles(record) and not settles(record, CANDIDATES + 1)
    assert not settles(replace(record, search=None))
    assert not settles(replace(record, search=replace(record.search, default="0" * 16)))
    assert not settles(replace(record, algorithm_hash="another"))
    assert not settles(replace(record, hardware=Hardware.here(2)))
    assert settles(replace(record, search=replace(record.search, exhausted=True)), CANDIDATES + 1)


def test_record_known_before_that_wins_again_is_replaced_by_one_that_says_how_it_was_found(bench: Bench) -> None:
    problem = layer_problem(GEMM, host_target(), TASKS[0].hardware)
    default = problem.make_schedule(problem.default)

    def slow_default(schedule: str) -> float:
        return 5e-3 if schedule == default else time_of(schedule)

    bench.filler(Machine(slow_default)).run(TASKS[:1])
    (known,) = bench.records
    (path,) = bench.database.directory.glob("*.jsonl")
    path.write_text(replace(known, search=None).to_json() + "\n")
    bench.storage = InMemoryStorage()
    bench.filler(Machine(slow_default)).run(TASKS[:1])
    old, new = bench.records
    assert new.provenance["supersedes"] == old.digest
    assert new.search is not None and new.timing.speedup >= old.timing.speedup
    assert lookup(GEMM.workload, threads=1, databases=[bench.database]).record == new


def test_summary_counts_records_and_how_the_defaults_did(bench: Bench) -> None:
    filler = bench.filler(Machine(time_of=lambda _: 1e-3))
    filler.run(TASKS)
    settled = filler.settled(TASKS)
    kept = settled[TASKS[0]]
    faster = replace(kept, timing=replace(kept.timing, samples_ns=(500_000,), baseline_samples_ns=(1_000_000,)))
    summary = summarise({TASKS[0]: kept, TASKS[1]: faster}, 3)
    assert summary == {
        "wanted": 3,
        "records": 2,
        "threads": {
            "1": {
                "records": 2,
                "defaults_kept": 1,
                "defaults_near": 1,
                "gain": pytest.approx(2**0.5),
                "greatest_gain": 2.0,
            }
        },
    }
    assert to_lines(summary) == [
        "2 of 3 records",
        "1 thread: 2 records, 1 of them keep the default, 1 are at most 1.15x as fast; "
        "gain 1.414x (geometric mean), at most 2.00x",
    ]
    assert summarise({}, 3) == {"wanted": 3, "records": 0, "threads": {}}


def test_layers_of_several_networks_are_one_list_with_those_used_most_first() -> None:
    shared, big, small = Gemm(8, 8, 8), Gemm(64, 64, 64), Gemm(4, 4, 4)
    one = Network("one", (NetworkLayer("a", small, 1), NetworkLayer("b", shared, 2)))
    two = Network("two", (NetworkLayer("c", shared, 1), NetworkLayer("d", big, 1)))
    assert distinct_layers((one, two)) == (
        NetworkLayer("one:b", shared, 3),
        NetworkLayer("two:d", big, 1),
        NetworkLayer("one:a", small, 1),
    )


def test_all_networks_make_a_database_of_more_than_250_records() -> None:
    layers = distinct_layers([find_network(name) for name in network_names()])
    tasks = make_tasks(layers, [Hardware.here(threads) for threads in (1, 2)])
    assert len(tasks) == len(set(tasks)) == 334
    assert all(isinstance(task.layer.workload, Conv2d | DepthwiseConv2d | Gemm) for task in tasks)
    assert str(Task(layers[0], Hardware.here(2))).endswith(", 2 threads")
