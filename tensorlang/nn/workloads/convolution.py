"""The workloads of 2-D convolutions: dense, grouped and depthwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tensorlang.errors import LanguageError
from tensorlang.nn.workloads.epilogue import FusedOperation, check_epilogue
from tensorlang.nn.workloads.operation import check_sizes, check_sums
from tensorlang.nn.workloads.windows import WindowOperation, check_geometry


@dataclass(frozen=True)
class Conv2d(FusedOperation, WindowOperation):
    """A 2-D convolution of an (n, h, w, c) image with an (r, s, c / groups, k) filter, giving (n, p, q, k).

    Pairs are (vertical, horizontal). Output channel ``k`` reads the ``c / groups`` input channels of its group. What
    follows is as in `FusedOperation`; with another activation, `relu` is False.
    """

    op: ClassVar[str] = "conv2d"

    n: int
    h: int
    w: int
    c: int
    k: int
    r: int
    s: int
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)
    dilation: tuple[int, int] = (1, 1)
    groups: int = 1
    bias: bool = True
    relu: bool = True
    dtype: str = "float32"
    clip: tuple[float, float] | None = None
    residual: bool = False
    activation: str | None = None

    def __post_init__(self) -> None:
        check_sizes(self, "n", "h", "w", "c", "k", "r", "s", "groups")
        check_epilogue(self, check_sums(self))
        check_geometry(self)
        if self.c % self.groups or self.k % self.groups:
            raise LanguageError(f"{self}: groups={self.groups} must divide c={self.c} and k={self.k}.")

    @property
    def macs(self) -> int:
        """Multiply-accumulates, those on padding included."""
        return self.n * self.p * self.q * self.k * self.r * self.s * (self.c // self.groups)

    def __str__(self) -> str:
        groups = f" groups {self.groups}" if self.groups > 1 else ""
        return f"conv2d {self.n}x{self.h}x{self.w}x{self.c} -> {self.k}, {self.window_text}{groups}"


@dataclass(frozen=True)
class DepthwiseConv2d(FusedOperation, WindowOperation):
    """A 2-D convolution of each channel of an (n, h, w, c) image by its own filters, giving (n, p, q, c * multiplier).

    Output channel ``k`` reads input channel ``k // multiplier``. Pairs are (vertical, horizontal). What follows is as
    in `FusedOperation`; with another activation, `relu` is False.
    """

    op: ClassVar[str] = "depthwise_conv2d"

    n: int
    h: int
    w: int
    c: int
    r: int
    s: int
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)
    dilation: tuple[int, int] = (1, 1)
    multiplier: int = 1
    bias: bool = True
    relu: bool = True
    dtype: str = "float32"
    clip: tuple[float, float] | None = None
    residual: bool = False
    activation: str | None = None

    def __post_init__(self) -> None:
        check_sizes(self, "n", "h", "w", "c", "r", "s", "multiplier")
        check_epilogue(self, check_sums(self))
        check_geometry(self)

    @property
    def k(self) -> int:
        """Number of output channels."""
        return self.c * self.multiplier

    @property
    def macs(self) -> int:
        """Multiply-accumulates, those on padding included."""
        return self.n * self.p * self.q * self.k * self.r * self.s

    def __str__(self) -> str:
        multiplier = f" x{self.multiplier}" if self.multiplier > 1 else ""
        return f"depthwise_conv2d {self.n}x{self.h}x{self.w}x{self.c}{multiplier}, {self.window_text}"
