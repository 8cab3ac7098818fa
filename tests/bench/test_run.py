"""A whole comparison with implementations that answer, refuse, crash or compute nonsense."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest

from autotune.bench.case import Case
from autotune.bench.implementations import OURS, Implementation
from autotune.bench.result import Comparison
from autotune.bench.run import run_comparison
from tensorlang.nn import Gemm
from tests.architecture.sources import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the bench pins processes on Linux only")

CASES = [Case("a", Gemm(m=2, n=3, k=4), "", "net"), Case("b", Gemm(m=3, n=3, k=4), "", "net")]
PEER = Implementation("peer", None, "tests.bench.fake_process")


def _run(monkeypatch: pytest.MonkeyPatch, *schedules: str, peer: bool = True) -> Comparison:
    monkeypatch.chdir(ROOT)
    ours = [Implementation(OURS, schedule, "tests.bench.fake_process") for schedule in schedules]
    notes: list[str] = []
    found = run_comparison(CASES, [*ours, *([PEER] if peer else [])], (1,), 2, notes.append)
    assert notes == ["a, 1 thread", "b, 1 thread"]
    return found


def _reasons(found: Comparison) -> list[tuple[str, str, str]]:
    return [(failure.case.name, failure.implementation.label, failure.reason) for failure in found.failures]


def test_every_implementation_is_timed_on_every_case(monkeypatch: pytest.MonkeyPatch) -> None:
    found = _run(monkeypatch, "default", "tuned")
    assert [(t.case.name, t.implementation.label, len(t.samples_s), t.detail) for t in found.timed] == [
        ("a", "tensorlang default", 2, "default"),
        ("a", "tensorlang tuned", 2, "tuned"),
        ("a", "peer", 2, "None"),
        ("b", "tensorlang default", 2, "default"),
        ("b", "tensorlang tuned", 2, "tuned"),
        ("b", "peer", 2, "None"),
    ]
    assert found.failures == ()
    assert found.builds_s == (0.75,) * 4


def test_processes_are_pinned_to_as_many_cpus_as_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _run(monkeypatch, "default").facts[1]["cpus"] == 1.0


def test_the_machine_is_measured_before_and_after_and_the_better_figure_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    facts = _run(monkeypatch, "default").facts[1]
    assert (facts["fma_peak_gflops"], facts["call_overhead_us"]) == (10.0, 3.0)


def test_no_case_is_lost_if_the_machine_cannot_be_measured_again(monkeypatch: pytest.MonkeyPatch) -> None:
    found = _run(monkeypatch, "crashes-at-facts")
    assert found.facts[1]["fma_peak_gflops"] == 5.0
    assert len(found.timed) == 4
    assert found.failures == ()


def test_a_refusal_and_a_wrong_answer_have_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    found = _run(monkeypatch, "refuses", "wrong")
    assert {timed.implementation.label for timed in found.timed} == {"peer"}
    wrong = "wrong answer, compared with peer: largest difference 1, allowed are 4.24e-06"
    assert _reasons(found) == [
        ("a", "tensorlang refuses", "no such layer here."),
        ("a", "tensorlang wrong", wrong),
        ("b", "tensorlang refuses", "no such layer here."),
        ("b", "tensorlang wrong", wrong),
    ]


def test_a_crash_is_named_with_the_last_words_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    found = _run(monkeypatch, "crashes", "default")
    crash = "the process failed (exit code 3): last words"
    assert _reasons(found) == [("a", "tensorlang crashes", crash), ("b", "tensorlang crashes", crash)]
    assert [timed.implementation.label for timed in found.timed] == ["tensorlang default", "peer"] * 2


def test_a_crash_during_the_rounds_spoils_the_case_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    found = _run(monkeypatch, "crashes-when-timed", peer=False)
    assert found.timed == ()
    assert [reason for _, _, reason in _reasons(found)] == [
        "a process failed while it was timed: the process failed (exit code -6): it printed nothing"
    ] * 2


def test_kernels_from_the_cache_are_not_counted_as_built(monkeypatch: pytest.MonkeyPatch) -> None:
    found = _run(monkeypatch, "default", "again")
    assert (found.builds_s, found.loads_s) == ((0.75,) * 2, (0.125,) * 2)
    assert found.timed[0].figures == {"is_cached": False, "ready_s": 0.125}


def test_without_a_peer_our_answers_are_compared_with_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    found = _run(monkeypatch, "default", "wrong", peer=False)
    wrong = "wrong answer, compared with tensorlang default: largest difference 1, allowed are 4.24e-06"
    assert _reasons(found) == [("a", "tensorlang wrong", wrong), ("b", "tensorlang wrong", wrong)]


def test_a_peer_is_not_asked_for_what_it_does_not_compute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    narrow = replace(PEER, computes=lambda workload: workload == CASES[1].workload)
    found = run_comparison(CASES, [narrow], (1,), 1, lambda text: None)
    assert [timed.case.name for timed in found.timed] == ["b"]
    assert found.failures == ()
