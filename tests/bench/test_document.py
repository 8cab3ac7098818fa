"""The JSON form, which other programs read, and the table made of it."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from autotune.bench.case import Case
from autotune.bench.document import make_document
from autotune.bench.figures import Document
from autotune.bench.implementations import AGAIN, DEFAULT, PEERS, TUNED, Implementation
from autotune.bench.result import Comparison, Failure, Timed
from autotune.bench.table import print_comparison, summary_lines
from tensorlang.nn import Gemm

_GEMM = Gemm(m=1, n=500, k=1000)
_CASES = {name: Case(name, _GEMM, f"autotune bench net --layers {name}", "net") for name in ("a", "b")}
_FACTS = {"fma_peak_gflops": 1.0, "read_bandwidth_gbs": 2.0, "call_overhead_us": 3.0}
_MEMORY = {"scratch_bytes": 100, "prepared_bytes": 900, "tensor_bytes": 2000, "is_recorded": 1}


def _timed(implementation: Implementation, case: str, threads: int, time_s: float) -> Timed:
    figures = _MEMORY if implementation is TUNED else {}
    return Timed(_CASES[case], threads, implementation, (time_s, time_s), "as told", figures)


def _comparison() -> Comparison:
    timed = []
    for threads in (1, 2):
        for case, peer_s in (("a", 0.004), ("b", 0.001)):
            again_s = 0.0044 if case == "a" else 0.004
            times = ((DEFAULT, 0.004), (TUNED, 0.002), (AGAIN, again_s), (PEERS[0], peer_s * threads))
            timed += [_timed(implementation, case, threads, time_s) for implementation, time_s in times]
    failure = Failure(_CASES["a"], 2, TUNED, "[reason]")
    return Comparison(
        tuple(timed), (failure,), (0.2, 0.1, 0.4), {1: _FACTS, 2: {"fma_peak_gflops": 200.0}}, (0.01, 0.02)
    )


def _document() -> Document:
    document: Document = json.loads(json.dumps(make_document(_comparison()), allow_nan=False))
    return document


def test_a_case() -> None:
    assert _document()["cases"][1] == {
        "case_set": "net",
        "case": "a",
        "threads": 1,
        "implementation": "tensorlang",
        "schedule": "tuned",
        "ms": 2.0,
        "gflops": 0.5,
        "samples_ms": [2.0, 2.0],
        "reproduce": "autotune bench net --layers a --threads 1 --json",
        "workload": {"op": "gemm", "m": 1, "n": 500, "k": 1000, "bias": True, "relu": False, "dtype": "float32"},
        "detail": "as told",
        "share_of_fma_peak": 0.5,
        "share_of_read_bandwidth": pytest.approx(0.5),
        "is_recorded": True,
        "scratch_bytes": 100,
        "prepared_bytes": 900,
        "tensor_bytes": 2000,
        "extra_memory": 0.5,
    }
    assert [case["schedule"] for case in _document()["cases"][:4]] == ["default", "tuned", "again", None]
    assert "share_of_fma_peak" not in _document()["cases"][3]


def test_the_summary_is_of_the_tuned_schedules_over_all_threads() -> None:
    summary = _document()["summary"]
    assert round(summary["geomean_vs"]["onnxruntime"], 9) == round((2 * 0.5 * 4 * 1) ** 0.25, 9)
    assert summary["geomean_vs_best"] == summary["geomean_vs"]["onnxruntime"]
    assert summary["worst"] == {"case": "b", "ratio": 0.5, "threads": 1, "peer": "onnxruntime"}
    assert summary["fma_peak_gflops"] == 200.0
    assert summary["fma_peak_gflops_by_threads"] == {"1": 1.0, "2": 200.0}
    assert summary["read_bandwidth_gbs_by_threads"] == {"1": 2.0, "2": None}
    assert summary["call_overhead_us"] == 3.0
    assert summary["build_s"] == {"median": 0.2, "max": 0.4}
    assert summary["cached_ready_ms"] == {"median": 15.0, "max": 20.0}
    assert summary["default_vs_tuned"] == 0.5


def test_schedules_and_numbers_of_threads_have_figures_of_their_own() -> None:
    found = _document()["summary"]["by_schedule"]
    means = {
        kind: {n: round(group["geomean_vs"]["onnxruntime"], 6) for n, group in found[kind]["by_threads"].items()}
        for kind in ("default", "tuned")
    }
    assert means == {"default": {"1": 0.5, "2": 1.0}, "tuned": {"1": 1.0, "2": 2.0}}


def test_a_failure_is_listed() -> None:
    assert _document()["failures"] == [
        {
            "case_set": "net",
            "case": "a",
            "threads": 2,
            "implementation": "tensorlang",
            "schedule": "tuned",
            "reason": "[reason]",
        }
    ]


def test_nothing_measured_is_null_not_an_error() -> None:
    summary = make_document(Comparison((), ()))["summary"]
    assert (summary["geomean_vs"], summary["geomean_vs_best"], summary["worst"]) == ({}, None, None)


def test_each_case_set_has_figures_of_its_own() -> None:
    both = _comparison()
    other = replace(_CASES["a"], case_set="other")
    timed = [replace(t, case=other) if t.case.name == "b" else t for t in both.timed]
    found = make_document(replace(both, timed=tuple(timed)))["summary"]["by_case_set"]
    means = {name: {n: g["tuned"]["geomean_vs_best"] for n, g in f["by_threads"].items()} for name, f in found.items()}
    assert means == {
        "net": {"1": pytest.approx(2), "2": pytest.approx(4)},
        "other": {"1": pytest.approx(0.5), "2": pytest.approx(1)},
    }
    assert found["net"]["noise"]["median"] == pytest.approx(1.1)
    assert found["other"]["noise"]["median"] == pytest.approx(1)
    assert found["net"]["default_vs_tuned"] == pytest.approx(0.5)


def test_the_table_shows_times_ratios_and_failures() -> None:
    text = StringIO()
    comparison = _comparison()
    print_comparison(Console(file=text, width=140), comparison, make_document(comparison))
    lines = text.getvalue().splitlines()
    row = next(line for line in lines if line.startswith("a "))
    assert row.split() == ["a", "4.000", "2.000", "4.000", "0", "50", "50", "1.00", "2.00", "0", "1.10"]
    assert "net, threads: 1, 2 distinct layers" in lines
    assert "a case alone: autotune bench net --layers CASE --threads 2 --json" in [line.strip() for line in lines]
    assert [line for line in lines if line.startswith("net, threads 2, tuned")] == [
        "net, threads 2, tuned: geometric mean 2.000 of onnxruntime's speed; worst 1.00 (b); "
        "0 % of the FMA peak (geometric mean)"
    ]
    assert "net, threads 1: the default runs at 0.500 of the tuned speed (geometric mean)" in lines
    assert "net, threads 1: A/A median 1.050, quartiles 1.025 to 1.075, extremes 1.000 to 1.100" in lines
    assert "this machine, threads 1: FMA peak 1 GFLOP/s, read bandwidth 2.0 GB/s" in lines
    assert "lowering and compilation: median 0.20 s, longest 0.40 s" in lines
    assert "ready from the cache: median 15 ms, longest 20 ms" in lines
    assert "failed: a, threads 2, tensorlang tuned: [reason]" in lines


def test_several_peers_have_a_fastest_one_in_the_summary() -> None:
    both = _comparison()
    other = Implementation("other", None, "nowhere")
    more = [
        replace(t, implementation=other, samples_s=(0.002, 0.002)) for t in both.timed if t.implementation is DEFAULT
    ]
    comparison = replace(both, timed=(*both.timed, *more))
    lines = list(summary_lines(make_document(comparison)["summary"]))
    assert lines[1] == (
        "net, threads 1, tuned: geometric mean 1.000 of onnxruntime's speed, 1.000 of other's speed, "
        "0.707 of the fastest peer's; worst 0.50 (b); 50 % of the FMA peak (geometric mean); "
        "50 % of the read bandwidth at least"
    )
