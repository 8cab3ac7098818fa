"""Which workloads each peer computes, said without loading any of them."""

from __future__ import annotations

from tensorlang.errors import TuningError
from tensorlang.nn import Gemm, Workload


def is_float32(workload: Workload) -> bool:
    """Every layer of float32: libraries with layers compute the epilogues too."""
    return workload.dtype == "float32"


def is_plain_gemm(workload: Workload) -> bool:
    """A product of float32 matrices alone, which is what BLAS has: no bias and no activation."""
    return is_float32(workload) and isinstance(workload, Gemm) and workload.epilogue == "none"


def require_plain_gemm(workload: Workload, library: str) -> Gemm:
    """Return `workload` as what it is if it is a plain product.

    Raises
    ------
    TuningError
        If it is something else.
    """
    if isinstance(workload, Gemm) and is_plain_gemm(workload):
        return workload
    raise TuningError(
        f"{library} does not compute {workload} ({workload.dtype}, epilogue: {workload.epilogue}).",
        rule="BLAS has products of float32 matrices, without bias and activation",
    )
