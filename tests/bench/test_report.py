"""The Markdown section of a case set: whole, for one small comparison."""

from __future__ import annotations

from autotune.bench.case import Case
from autotune.bench.document import make_document
from autotune.bench.implementations import AGAIN, DEFAULT, TUNED, Implementation
from autotune.bench.report import make_sections
from autotune.bench.result import Comparison, Failure, Timed
from tensorlang.nn import Gemm

_ONE, _TWO = Implementation("one", None, "nowhere"), Implementation("two", None, "nowhere")
_CASES = [
    Case(name, Gemm(m=5, n=1000, k=1000), f"autotune bench gemm --rounds 2 --layers {name}", "gemm") for name in "ab"
]
_SETTING = {
    "date": "2026-01-02",
    "cpu": "A CPU",
    "system": "Linux 6, Python 3.11",
    "versions": {"tensorlang": "0.1", "one": "1.5", "mystery": None},
    "hardware": {
        "family": "25",
        "model": "17",
        "cores": 2,
        "vector_bits": 512,
        "l1d_bytes": 32 << 10,
        "l2_bytes": 1 << 20,
        "l3_bytes": 32 << 20,
    },
    "threading_layer": "omp",
    "load_before": 0.25,
}
_MEMORY = {"scratch_bytes": 10, "prepared_bytes": 20, "tensor_bytes": 60}


def _comparison() -> Comparison:
    timed = []
    for case, one_s in zip(_CASES, (0.002, 0.0005), strict=True):
        for implementation, time_s in ((DEFAULT, 0.002), (TUNED, 0.001), (AGAIN, 0.0021), (_ONE, one_s)):
            figures = _MEMORY if implementation.schedule else {}
            timed.append(Timed(case, 1, implementation, (time_s, time_s), "", figures))
    timed.append(Timed(_CASES[0], 1, _TWO, (0.003, 0.003), ""))
    failure = Failure(_CASES[1], 1, _TWO, "wrong answer,\ncompared")
    facts = {1: {"fma_peak_gflops": 20.0, "read_bandwidth_gbs": 30.0}}
    return Comparison(tuple(timed), (failure,), (0.2,), facts, loads_s=(0.01,))


def test_a_section() -> None:
    comparison = _comparison()
    document = {"command": "autotune bench gemm --rounds 2", "setting": _SETTING, **make_document(comparison)}
    sections = make_sections(comparison, document)
    assert list(sections) == ["gemm"]
    assert sections["gemm"].splitlines() == [
        "Products of two matrices that are both arguments, as in BLAS.",
        "",
        "* Command: `autotune bench gemm --rounds 2`",
        "* Date: 2026-01-02, load before it 0.25",
        "* Machine: A CPU, family 25, model 17, 2 cores, vectors of 512 bits, L1D 32 KiB, L2 1024 KiB, L3 32768 KiB; "
        "Linux 6, Python 3.11",
        "* Versions: tensorlang 0.1, one 1.5; kernels launched by omp",
        "* All kernels of that command: lowering and compilation: median 0.20 s, longest 0.20 s",
        "* All kernels of that command: ready from the cache: median 10 ms, longest 10 ms",
        "",
        "|  | threads 1, default | threads 1, tuned |",
        "| --- | ---: | ---: |",
        "| geometric mean of ratios to one | 0.500 | 1.000 |",
        "| geometric mean of ratios to two | 1.500 | 3.000 |",
        "| geometric mean of ratios to the fastest peer | 0.500 | 1.000 |",
        "| the same, a layer at 85 % of the FMA peak counted as at least 1.10 | 0.500 | 1.000 |",
        "| worst case | 0.25 (b, one) | 0.50 (b, one) |",
        "| worst case, counted so | 0.25 (b, one) | 0.50 (b, one) |",
        "| share of the FMA peak [%], geometric mean | 25 | 50 |",
        "| scratch and prepared weights over the layer's tensors, most | 0.50 | 0.50 |",
        "| speed of the default relative to the tuned schedule | 0.500 |  |",
        "| A/A, quartiles over the cases (extremes) | 1.050 to 1.050 (1.050 to 1.050) |  |",
        "| FMA peak [GFLOP/s] | 20.0 |  |",
        "| read bandwidth [GB/s] | 30.0 |  |",
        "",
        "### gemm, threads: 1",
        "",
        "| case | default [ms] | tuned [ms] | GFLOP/s | % of FMA peak | tuned to one | tuned to two | "
        "default to fastest | tuned to fastest | spread [%] | A/A |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        "| a | 2.000 | 1.000 | 10 | 50 | 2.00 | 3.00 | 1.00 | 2.00 | 0 | 1.05 |",
        "| b | 2.000 | 1.000 | 10 | 50 | 0.50 | - | 0.25 | 0.50 | 0 | 1.05 |",
        "",
        "Ratios are the peer's time over ours, the median over the rounds: above 1 is faster than the peer. A/A is the "
        "ratio of the default to itself in a second process. One case alone: "
        "`autotune bench gemm --rounds 2 --layers CASE --threads 1 --json`.",
        "",
        "Without a time:",
        "",
        "* b, threads 1, two: wrong answer, compared",
    ]
