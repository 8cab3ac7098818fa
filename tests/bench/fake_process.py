"""An implementation whose behaviour is told by the name of its schedule, to see what the bench makes of it."""

from __future__ import annotations

import os

import numpy as np

from autotune.bench.serve import Facts, OpenLayer, serve
from tensorlang.errors import TuningError
from tensorlang.nn import Gemm, Workload, workload_from_data


class Fake:
    """Every output is 1, unless the schedule says otherwise."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._asked = 0
        self._crashes = False

    def open(self, workload: Workload, schedule: str | None) -> OpenLayer:
        assert isinstance(workload, Gemm)
        self._crashes = schedule == "crashes-at-facts"
        if schedule == "refuses":
            raise TuningError("no such layer here.")
        if schedule == "crashes":
            print("last words")
            os._exit(3)
        calls = 0

        def call() -> None:
            nonlocal calls
            calls += 1
            if schedule == "crashes-when-timed" and calls > 1:
                os.abort()

        out = np.full((workload.m, workload.n), 2.0 if schedule == "wrong" else 1.0, np.float32)
        figures = {"is_cached": schedule == "again", "ready_s": 0.125}
        return OpenLayer(call, lambda: out, f"{schedule}", lowering_s=0.25, compile_s=0.5, figures=figures)

    def facts(self) -> Facts:
        self._asked += 1
        if self._crashes:
            os._exit(4)
        peak = 5.0 * self._asked * self._threads
        return {"fma_peak_gflops": peak, "cpus": len(os.sched_getaffinity(0)), "call_overhead_us": 2.0 + self._asked}


if __name__ == "__main__":
    serve(Fake, workload_from_data)
