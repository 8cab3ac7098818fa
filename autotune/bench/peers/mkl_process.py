"""Intel MKL as an implementation of plain products: its sgemm, and what it has for weights and for vectors."""

from __future__ import annotations

from autotune.bench.case import empty_aligned, make_arrays
from autotune.bench.peers.coverage import require_plain_gemm
from autotune.bench.peers.mkl_library import MklLibrary
from autotune.bench.peers.variants import Variant, keep_fastest
from autotune.bench.serve import Facts, OpenLayer, serve
from tensorlang.nn import Workload, workload_from_data


class Mkl:
    """MKL with `threads` threads; MKL_DYNAMIC stays on, by which it takes fewer where it finds that faster."""

    def __init__(self, threads: int) -> None:
        self._library = MklLibrary(threads)

    def open(self, workload: Workload, schedule: str | None) -> OpenLayer:
        """Bind every routine that computes the product, and keep the fastest one.

        A constant b may be packed beforehand; a single row or column is also a matter of sgemv.
        """
        work = require_plain_gemm(workload, "mkl")
        arrays = make_arrays(work)
        a, b, out = arrays["a"], arrays["b"], empty_aligned((work.m, work.n))
        calls = {"sgemm": self._library.sgemm(a, b, out)}
        if work.constant_b:
            calls["sgemm_compute, b packed"] = self._library.sgemm_packed(a, b, out)
        if 1 in (work.m, work.n):
            calls["sgemv"] = self._library.sgemv(a, b, out)
        calls["sgemm"]()  # by then MKL has chosen its kernels
        variants = [Variant(name, call, lambda: out) for name, call in calls.items()]
        return keep_fastest(variants, self._library.describe())

    def facts(self) -> Facts:
        """Nothing that belongs to no layer."""
        return {}


if __name__ == "__main__":
    serve(Mkl, workload_from_data)
