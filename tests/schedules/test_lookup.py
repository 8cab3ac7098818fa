"""Lookup: each rung of the ladder answers when the ones above do not, and says so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from schedules import SUPERSEDES, Database, Found, Hardware, Record, Rung, best, find_family, lookup, neighbours
from schedules.nearness import is_transferable
from tensorlang.errors import TuningError
from tensorlang.nn import Conv2d, Gemm, Workload
from tensorlang.schedule import resolve
from tests.schedules.examples import AVX2, AVX512, WORKLOADS, hardware, record

CONV = Conv2d(1, 56, 56, 64, 64, 3, 3, padding=(1, 1))
HERE = hardware()


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path)


def _look(workload: Workload, *databases: Database, on: Hardware = HERE) -> Found:
    return lookup(workload, threads=2, hardware=on, target=AVX512, databases=databases)


def _record(best_ns: int = 50, **changes: int | str) -> Record:
    return replace(record(CONV, best_ns=best_ns), hardware=replace(HERE, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("workload", WORKLOADS, ids=str)
def test_without_records_the_heuristic_answers(workload: Workload, database: Database) -> None:
    found = _look(workload, database)
    assert (found.rung, found.record) == (Rung.HEURISTIC, None)
    assert found.explanation == f"heuristic: the default of the {found.family} family; no record fits"
    resolve(found.layer.algorithm(), found.schedule)


def test_rungs_in_order(database: Database) -> None:
    database.append(_record(best_ns=10, model="another", l2_bytes=1))
    assert _look(CONV, database).rung is Rung.SAME_ISA
    database.append(_record(best_ns=20, model="another"))
    assert _look(CONV, database).rung is Rung.SAME_ISA_AND_CACHES
    database.append(_record(best_ns=30))
    found = _look(CONV, database)
    assert found.rung is Rung.EXACT_MACHINE
    assert found.record is not None and found.record.timing.samples_ns == (33, 30)
    where = HERE.class_name
    assert found.explanation == (
        f"exact machine: tuned on {where}, 2 threads, 3.33 times the speed of the default there"
    )
    assert found.schedule == found.record.schedule


def test_another_isa_does_not_answer(database: Database) -> None:
    database.append(record(CONV, on=hardware(target=AVX2)))
    assert _look(CONV, database).rung is Rung.HEURISTIC


def test_ranking_is_by_gain_over_the_baseline_and_the_latest_wins_ties(database: Database) -> None:
    slow, fast = _record(best_ns=50), _record(best_ns=25)
    later = replace(fast, provenance={"made_by": "a later run"})
    for item in (fast, slow, later):
        database.append(item)
    assert _look(CONV, database).record == later


def test_a_schedule_for_another_number_of_threads_does_not_answer(database: Database) -> None:
    database.append(_record(best_ns=10, threads=1))
    assert _look(CONV, database).rung is Rung.HEURISTIC
    database.append(_record(best_ns=90, threads=2))
    found = _look(CONV, database)
    assert found.record is not None and found.record.hardware.threads == 2


def test_users_records_override_shipped_ones_on_a_rung(tmp_path: Path) -> None:
    user, shipped = Database(tmp_path / "user"), Database(tmp_path / "shipped")
    user.append(_record(best_ns=80))
    shipped.append(_record(best_ns=10))
    found = _look(CONV, user, shipped)
    assert found.record is not None and found.record.timing.samples_ns[1] == 80


def test_record_of_another_algorithm_is_stale(database: Database) -> None:
    database.append(replace(_record(), algorithm_hash="0" * 64))
    assert _look(CONV, database).rung is not Rung.EXACT_MACHINE


NEAR = Conv2d(1, 56, 56, 64, 128, 3, 3, padding=(1, 1))


def test_nearest_shape_takes_the_knobs_of_the_nearest_record(database: Database) -> None:
    far = Conv2d(1, 28, 28, 64, 64, 3, 3, padding=(1, 1))
    knobs = {**find_family(NEAR).default(NEAR, AVX512, 2), "unroll_c": 2}
    database.append(record(far))
    database.append(replace(record(NEAR), knobs=knobs))
    found = _look(CONV, database)
    assert found.rung is Rung.NEAREST_SHAPE
    assert found.knobs == knobs
    assert found.explanation == (
        f"nearest shape: the knobs of {NEAR}, tuned on {HERE.class_name}, 2 threads, "
        "2.00 times the speed of the default there"
    )
    resolve(found.layer.algorithm(), found.schedule)


@pytest.mark.parametrize(
    "unfit",
    [
        record(NEAR, best_ns=100),  # a default that was not beaten
        record(NEAR, best_ns=95),  # or hardly
        record(NEAR, on=hardware(threads=1)),
        record(replace(NEAR, k=512)),  # three doublings away
        replace(record(NEAR), algorithm_hash="0" * 64),
    ],
    ids=["unbeaten default", "small gain", "other threads", "too far", "stale"],
)
def test_record_that_is_likely_worse_than_the_heuristic_is_not_transferred(unfit: Record, database: Database) -> None:
    database.append(unfit)
    assert _look(CONV, database).rung is Rung.HEURISTIC


def test_record_further_away_answers_where_the_nearest_is_unfit(database: Database) -> None:
    further = replace(CONV, k=256)
    database.append(record(NEAR, best_ns=100))
    database.append(record(further))
    found = _look(CONV, database)
    assert found.record is not None and found.record.workload == further


def test_knobs_illegal_here_are_passed_over(database: Database) -> None:
    wide = Conv2d(1, 8, 12, 64, 64, 3, 3, padding=(1, 1))
    assert is_transferable(record(wide), replace(wide, w=3), 2)
    database.append(record(wide))
    assert _look(replace(wide, w=3), database).rung is Rung.HEURISTIC


def test_neighbours_are_of_other_shapes_however_far(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TENSORLANG_HOME", str(tmp_path))
    assert neighbours(CONV, hardware=HERE, target=AVX512) == ()
    far = record(replace(CONV, k=1024), best_ns=100)
    Database.user().append(far)
    Database.user().append(record(CONV))
    assert neighbours(CONV, hardware=HERE, target=AVX512) == (far.knobs,)


def test_defaults_find_this_machine() -> None:
    found = best(WORKLOADS[1])
    assert found.layer.workload == WORKLOADS[1]
    resolve(found.layer.algorithm(), found.schedule)


def test_record_that_a_later_one_replaced_does_not_answer(database: Database) -> None:
    fast, honest = _record(best_ns=10), _record(best_ns=80)
    database.append(fast)
    database.append(replace(honest, provenance={SUPERSEDES: fast.digest}))
    found = _look(CONV, database)
    assert found.record is not None and found.record.timing == honest.timing


def test_found_is_one_line(database: Database) -> None:
    text = repr(_look(Gemm(8, 8, 8), database))
    assert text.startswith("Found(gemm 8x8x8: gemm(tile_rows=")
    assert text.endswith("heuristic: the default of the gemm family; no record fits)")
    assert "\n" not in text


def test_name_of_a_layer_is_no_workload() -> None:
    with pytest.raises(TuningError) as caught:
        lookup("resnet50:conv1")  # type: ignore[arg-type]
    assert str(caught.value) == (
        "A workload is looked up, but got 'resnet50:conv1'.\n"
        "  legal here  Gemm(...) | Conv2d(...) | DepthwiseConv2d(...) | Pool2d(...) | Softmax(...) | LayerNorm(...)\n"
        '  hint        autotune.networks.find_network("resnet50").select(["conv1"]).layers[0].workload'
    )


def test_record_of_a_default_that_stayed_says_so(database: Database) -> None:
    database.append(_record(best_ns=100))
    where = HERE.class_name
    assert _look(CONV, database).explanation == (
        f"exact machine: tuned on {where}, 2 threads, where nothing beat the default"
    )
