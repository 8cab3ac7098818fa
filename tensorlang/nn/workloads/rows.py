"""The workloads of operations along the last axis: softmax and layer normalisation of the rows of a matrix."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import ClassVar

from tensorlang.dtypes import parse_dtype
from tensorlang.errors import LanguageError
from tensorlang.nn.workloads.operation import Operation, check_sizes


class RowOperation(Operation):
    """An operation on each row of a (rows, n) matrix, which gives a row of the same length.

    Arrays of more dimensions are matrices: all axes but the last together are rows.
    """

    operations: ClassVar[int]
    """Arithmetic operations per element, a function such as exp being one."""

    rows: int
    n: int

    @property
    def macs(self) -> int:
        """Half the operations: two make a multiply-accumulate."""
        return -(-self.operations * self.rows * self.n // 2)


@dataclass(frozen=True)
class Softmax(RowOperation):
    """``out[i, j] = exp(x[i, j] - top_i) / sum over k of exp(x[i, k] - top_i)``, top_i being the largest of row i."""

    op: ClassVar[str] = "softmax"
    operations = 5  # maximum, difference, exp, sum, product

    rows: int
    n: int
    dtype: str = "float32"

    def __post_init__(self) -> None:
        check_sizes(self, "rows", "n")
        _check_floats(self)

    def __str__(self) -> str:
        return f"softmax {self.rows}x{self.n}"


@dataclass(frozen=True)
class LayerNorm(RowOperation):
    """``out[i, j] = (x[i, j] - mean_i) / sqrt(variance_i + epsilon) * scale[j] + shift[j]``.

    The variance is the mean of the squares of ``x[i, j] - mean_i``; scale and shift are weights.
    """

    op: ClassVar[str] = "layer_norm"
    operations = 8  # sum; difference, square, sum; difference, product, scale, shift

    rows: int
    n: int
    epsilon: float = 1e-5
    dtype: str = "float32"

    def __post_init__(self) -> None:
        check_sizes(self, "rows", "n")
        _check_floats(self)
        if type(self.epsilon) not in (int, float) or not isfinite(self.epsilon) or self.epsilon < 0:
            raise LanguageError(f"LayerNorm: epsilon must be a finite number >= 0, but got {self.epsilon!r}.")
        object.__setattr__(self, "epsilon", float(self.epsilon))

    def __str__(self) -> str:
        return f"layer_norm {self.rows}x{self.n}"


def _check_floats(workload: RowOperation) -> None:
    element = parse_dtype(workload.dtype)
    if not element.is_float or element.is_storage_only:
        kind = type(workload).__name__
        raise LanguageError(f"{kind}: dtype must be float32 or float64, but got {element}.")
