"""The JSON form, which other programs read, and the table made of it."""

from __future__ import annotations

import json
from io import StringIO

from rich.console import Console

from autotune.bench.case import Case
from autotune.bench.document import Document, make_document
from autotune.bench.implementations import DEFAULT, PEERS, TUNED, Implementation
from autotune.bench.result import Comparison, Failure, Timed
from autotune.bench.table import print_comparison
from tensorlang.nn import Gemm

_GEMM = Gemm(m=1, n=500, k=1000)
_CASES = {name: Case(name, _GEMM, f"autotune bench net --layers {name}") for name in ("a", "b")}
_FACTS = {"fma_peak_gflops": 100.0, "call_overhead_us": 3.0}


def _timed(implementation: Implementation, case: str, threads: int, time_s: float) -> Timed:
    return Timed(_CASES[case], threads, implementation, (time_s, time_s), "as told")


def _comparison() -> Comparison:
    timed = []
    for threads in (1, 2):
        for case, peer_s in (("a", 0.004), ("b", 0.001)):
            times = ((DEFAULT, 0.004), (TUNED, 0.002), (PEERS[0], peer_s * threads))
            timed += [_timed(implementation, case, threads, time_s) for implementation, time_s in times]
    failure = Failure(_CASES["a"], 2, TUNED, "[reason]")
    return Comparison(tuple(timed), (failure,), (0.2, 0.1, 0.4), {1: _FACTS, 2: {"fma_peak_gflops": 200.0}})


def _document() -> Document:
    document: Document = json.loads(json.dumps(make_document(_comparison()), allow_nan=False))
    return document


def test_a_case() -> None:
    assert _document()["cases"][1] == {
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
    }
    assert [case["schedule"] for case in _document()["cases"][:3]] == ["default", "tuned", None]


def test_the_summary_is_of_the_tuned_schedules_over_all_threads() -> None:
    summary = _document()["summary"]
    assert round(summary["geomean_vs"]["onnxruntime"], 9) == round((2 * 0.5 * 4 * 1) ** 0.25, 9)
    assert summary["geomean_vs_best"] == summary["geomean_vs"]["onnxruntime"]
    assert summary["worst"] == {"case": "b", "ratio": 0.5, "threads": 1, "peer": "onnxruntime"}
    assert summary["fma_peak_gflops"] == 200.0
    assert summary["fma_peak_gflops_by_threads"] == {"1": 100.0, "2": 200.0}
    assert summary["call_overhead_us"] == 3.0
    assert summary["build_s"] == {"median": 0.2, "max": 0.4}


def test_schedules_and_numbers_of_threads_have_figures_of_their_own() -> None:
    found = _document()["summary"]["by_schedule"]
    means = {
        kind: {n: round(group["geomean_vs"]["onnxruntime"], 6) for n, group in found[kind]["by_threads"].items()}
        for kind in ("default", "tuned")
    }
    assert means == {"default": {"1": 0.5, "2": 1.0}, "tuned": {"1": 1.0, "2": 2.0}}


def test_a_failure_is_listed() -> None:
    assert _document()["failures"] == [
        {"case": "a", "threads": 2, "implementation": "tensorlang", "schedule": "tuned", "reason": "[reason]"}
    ]


def test_nothing_measured_is_null_not_an_error() -> None:
    summary = make_document(Comparison((), ()))["summary"]
    assert (summary["geomean_vs"], summary["geomean_vs_best"], summary["worst"]) == ({}, None, None)


def test_the_table_shows_times_ratios_and_failures() -> None:
    text = StringIO()
    comparison = _comparison()
    print_comparison(Console(file=text, width=140), comparison, make_document(comparison))
    lines = text.getvalue().splitlines()
    row = next(line for line in lines if line.startswith("a "))
    assert row.split() == ["a", "4.000", "2.000", "4.000", "0", "0", "1.00", "2.00", "0"]
    assert "threads: 1, 2 distinct layers" in lines
    assert "tuned, threads 2: geometric mean 2.000 of onnxruntime's speed; worst 1.00 (b)" in lines
    assert "lowering and compilation: median 0.20 s, longest 0.40 s" in lines
    assert "failed: a, threads 2, tensorlang tuned: [reason]" in lines


def test_one_number_of_threads_has_one_line_of_summary_a_schedule() -> None:
    both = _comparison()
    one = Comparison(tuple(t for t in both.timed if t.threads == 1), (), (), {1: _FACTS})
    text = StringIO()
    print_comparison(Console(file=text, width=140), one, make_document(one))
    lines = [line for line in text.getvalue().splitlines() if "geometric mean" in line]
    assert [line.split(":")[0] for line in lines] == ["default, threads 1", "tuned, threads 1"]
