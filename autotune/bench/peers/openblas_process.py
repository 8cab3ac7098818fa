"""NumPy's matrix product as an implementation: the BLAS that its wheel carries, which is OpenBLAS."""

from __future__ import annotations

import numpy as np

from autotune.bench.case import empty_aligned, make_arrays
from autotune.bench.peers.coverage import require_plain_gemm
from autotune.bench.serve import Facts, OpenLayer, serve
from tensorlang.nn import Workload, workload_from_data


class NumpyBlas:
    """``numpy.matmul`` with as many threads as OPENBLAS_NUM_THREADS says; it packs both operands inside each call."""

    def __init__(self, threads: int) -> None:
        self._name = _blas_name()

    def open(self, workload: Workload, schedule: str | None) -> OpenLayer:
        """Bind the operands and the output."""
        work = require_plain_gemm(workload, "openblas")
        arrays = make_arrays(work)
        a, b, out = arrays["a"], arrays["b"], empty_aligned((work.m, work.n))
        return OpenLayer(lambda: np.matmul(a, b, out=out), lambda: out, f"NumPy {np.__version__} with {self._name}")

    def facts(self) -> Facts:
        """Nothing that belongs to no layer."""
        return {}


def _blas_name() -> str:
    """Name and version of NumPy's BLAS: a NumPy from elsewhere may have another one."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return f"{blas['name']} {blas['version']}"


if __name__ == "__main__":
    serve(NumpyBlas, workload_from_data)
