"""Which workloads each peer computes, said without loading any of them."""

from __future__ import annotations

from tensorlang.errors import TuningError
from tensorlang.nn import Conv2d, FusedWorkload, Gemm, Workload


def is_float32(workload: Workload) -> bool:
    """Every layer of float32: libraries with layers compute the epilogues too."""
    return workload.dtype == "float32"


def is_plain_gemm(workload: Workload) -> bool:
    """A product of float32 matrices alone, which is what BLAS has: no bias and no activation."""
    return is_float32(workload) and isinstance(workload, Gemm) and workload.epilogue == "none"


def is_simple_layer(workload: Workload) -> bool:
    """A product or a convolution in float32 with bias and ReLU or clip at most: what is written out for PyTorch."""
    if not isinstance(workload, FusedWorkload):
        return False
    return is_float32(workload) and not workload.residual and workload.activation is None


def is_halide_layer(workload: Workload) -> bool:
    """Of those, a product or a convolution of one group: what Halide's applications and tests have schedules for."""
    return is_simple_layer(workload) and (
        isinstance(workload, Gemm) or (isinstance(workload, Conv2d) and workload.groups == 1)
    )


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


def require_simple_layer(workload: Workload, library: str) -> FusedWorkload:
    """Return `workload` as what it is if `is_simple_layer` says so.

    Raises
    ------
    TuningError
        If it is something else.
    """
    if isinstance(workload, FusedWorkload) and is_simple_layer(workload):
        return workload
    raise TuningError(
        f"{library} is not asked for {workload} ({workload.dtype}, epilogue: {workload.epilogue}).",
        rule="it is asked for float32 products and convolutions, with bias and ReLU or clip at most",
    )


def require_halide_layer(workload: Workload) -> Gemm | Conv2d:
    """Return `workload` as what it is if `is_halide_layer` says so.

    Raises
    ------
    TuningError
        If it is something else.
    """
    if isinstance(workload, Gemm | Conv2d) and is_halide_layer(workload):
        return workload
    raise TuningError(
        f"halide does not compute {workload} ({workload.dtype}).",
        rule="its schedules are of float32 products and of convolutions of one group",
    )
