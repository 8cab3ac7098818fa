"""Verifying records: which are due, what is said of those that fail, and timing some again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from autotune.measure.local import LocalMeasurer
from autotune.measure.measurer import Candidate, Comparison, Peaks
from autotune.measure.outcome import Measurement, Outcome
from autotune.toolchain import find_toolchain
from autotune.verification import (
    PARTS,
    Verdict,
    due,
    read_verified,
    retime,
    sample_to_retime,
    verify,
    write_verified,
)
from schedules import Check, Hardware, Record, Timing, find_family
from tensorlang.codegen import host_target
from tensorlang.errors import DatabaseError
from tensorlang.nn import Gemm, build
from tensorlang.schedule import Schedule
from tensorlang.validation import algorithm_hash


def make_record(size: int = 16, *, threads: int = 1, gain: int = 2, plain: bool = False) -> Record:
    """A record of this very machine; with `plain`, its schedule is not the default but plain loops."""
    workload, target = Gemm(size, 16, 16), host_target()
    family, layer = find_family(workload), build(workload)
    knobs = family.default(workload, target, threads)
    return Record(
        workload=workload,
        algorithm_hash=algorithm_hash(layer.algorithm()),
        hardware=Hardware.here(threads),
        toolchain=find_toolchain(),
        family=family.name,
        knobs=knobs,
        schedule=Schedule() if plain else family.schedule(layer, knobs, target, threads),
        timing=Timing((1000,), (1000 * gain,), "m"),
        check=Check("tensorlang.reference", (0,), 0.0, 0.0),
        provenance={},
    )


@dataclass
class Answer:
    """A measurer with one answer to everything."""

    outcome: Outcome = Outcome.OK
    ratio: float = 2.0

    def measure(self, candidate: Candidate) -> Measurement:
        return Measurement(self.outcome, samples_s=(1.0,), detail="told to")

    def compare(self, contenders: Mapping[str, Candidate], rounds: int) -> Comparison:
        if self.outcome is not Outcome.OK:
            return Comparison({}, {label: Measurement(self.outcome) for label in contenders})
        return Comparison({"default": (self.ratio,) * rounds, "record": (1.0,) * rounds}, {})

    def peaks(self, threads: int) -> Peaks | None:
        return None

    def close(self) -> None:
        pass


def test_records_are_verified_by_running_their_kernels() -> None:
    broken = replace(
        make_record(),
        schedule=Schedule.from_json(make_record().schedule.to_json().replace('"stage": "out"', '"stage": "no"')),
    )
    with LocalMeasurer() as measurer:
        right, plain, wrong = (verify(r, measurer) for r in (make_record(), make_record(plain=True), broken))
    assert right.verdict is plain.verdict is Verdict.RIGHT
    assert wrong.verdict is Verdict.FAILED and wrong.detail.startswith("illegal: ")


@pytest.mark.parametrize(
    ("outcome", "verdict", "detail"),
    [
        (Outcome.OK, Verdict.RIGHT, ""),
        (Outcome.WRONG_ANSWER, Verdict.FAILED, "wrong_answer: told to"),
        (Outcome.CRASH, Verdict.FAILED, "crash: told to"),
        (Outcome.INFRA, Verdict.UNKNOWN, "told to"),
    ],
)
def test_verdict_follows_the_outcome(outcome: Outcome, verdict: Verdict, detail: str) -> None:
    found = verify(make_record(), Answer(outcome))
    assert (found.verdict, found.detail) == (verdict, detail)


def test_record_of_an_earlier_algorithm_fails() -> None:
    found = verify(replace(make_record(), algorithm_hash="another"), Answer())
    assert found.verdict is Verdict.FAILED and found.detail.startswith("of an earlier form of the algorithm")


def test_record_of_a_cpu_with_other_instructions_is_lowered_only() -> None:
    elsewhere = replace(make_record(), hardware=replace(Hardware.here(64), isa=("sve2",)))
    assert verify(elsewhere, Answer(Outcome.CRASH)).verdict is Verdict.LOWERED
    broken = Schedule.from_json(elsewhere.schedule.to_json().replace('"stage": "out"', '"stage": "no"'))
    found = verify(replace(elsewhere, schedule=broken), Answer())
    assert found.verdict is Verdict.FAILED and found.detail.startswith("it does not lower: ")


def test_every_record_is_due_once_in_a_rotation_and_new_ones_at_once() -> None:
    records = [make_record(size) for size in range(1, 41)]
    known = frozenset(r.digest for r in records[1:])
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(PARTS)]
    turns = [due(records, known, day) for day in days]
    assert all(records[0] in turn for turn in turns)
    for record in records[1:]:
        assert sum(record in turn for turn in turns) == 1
    assert due(records, frozenset(), days[0]) == records


def test_list_of_what_passed_is_read_back_and_may_be_missing(tmp_path: Path) -> None:
    assert read_verified(tmp_path) == frozenset()
    records = [make_record(1), make_record(2)]
    path = write_verified(tmp_path, records)
    assert read_verified(tmp_path) == {r.digest for r in records}
    path.write_bytes(b"\xff")
    with pytest.raises(DatabaseError) as caught:
        read_verified(tmp_path)
    assert caught.value.hint == "delete it: all records are verified then"


def test_timing_again_gives_the_gain_of_today() -> None:
    assert retime(make_record(plain=True), Answer(ratio=1.5)).gain == 1.5
    assert retime(make_record(), Answer(ratio=1.5)).gain == 1.0  # it is the default
    failed = retime(make_record(plain=True), Answer(Outcome.CRASH))
    assert failed.gain is None and failed.detail == "default: crash; record: crash"


def test_sample_to_time_is_of_this_machine_and_spread_over_all() -> None:
    here = [make_record(size) for size in range(1, 31)]
    other = replace(make_record(), hardware=replace(Hardware.here(1), cores=999))
    sample = sample_to_retime([*here, other], 5)
    assert len(sample) == 5 and other not in sample and sample == sample_to_retime([other, *reversed(here)], 5)
    assert sample_to_retime(here, 0) == [] and len(sample_to_retime(here[:2], 5)) == 2
