"""The workload of a matrix product, which is also a fully connected layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tensorlang.nn.workloads.epilogue import FusedOperation, check_epilogue
from tensorlang.nn.workloads.operation import check_sizes, check_sums


@dataclass(frozen=True)
class Gemm(FusedOperation):
    """``out[i, j] = act(sum over k of a[i, k] * b[k, j] + bias[j] + residual[i, j])``, i < m, j < n; b is a weight.

    With ``constant_b=False``, b is an argument of every call like a, and what is made of it is made in the call. What
    follows the sum is as in `FusedOperation`; ReLU6 is ``clip=(0, 6)``.
    """

    op: ClassVar[str] = "gemm"
    optional = FusedOperation.optional | {"constant_b"}

    m: int
    n: int
    k: int
    bias: bool = True
    relu: bool = False
    dtype: str = "float32"
    clip: tuple[float, float] | None = None
    constant_b: bool = True
    residual: bool = False
    activation: str | None = None

    def __post_init__(self) -> None:
        check_sizes(self, "m", "n", "k")
        check_epilogue(self, check_sums(self))

    @property
    def macs(self) -> int:
        """Multiply-accumulates."""
        return self.m * self.n * self.k

    def __str__(self) -> str:
        return f"gemm {self.m}x{self.n}x{self.k}" + ("" if self.constant_b else " of two arguments")
