"""The workload of 2-D pooling: the greatest element or the mean of windows of an image, channel by channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tensorlang.errors import LanguageError
from tensorlang.nn.workloads.operation import check_sizes, check_sums
from tensorlang.nn.workloads.windows import WindowOperation, check_geometry

POOLINGS = ("max", "average")
"""What pooling makes of a window."""


@dataclass(frozen=True)
class Pool2d(WindowOperation):
    """The maximum or the mean of each (r, s) window of an (n, h, w, c) image, giving (n, p, q, c).

    Pairs are (vertical, horizontal). Padding takes no part in a maximum. A mean is over the elements inside the image,
    or, with ``count_padding=True``, over all of the window, padding being 0.
    """

    op: ClassVar[str] = "pool2d"

    n: int
    h: int
    w: int
    c: int
    r: int
    s: int
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)
    kind: str = "max"
    count_padding: bool = False
    dtype: str = "float32"

    def __post_init__(self) -> None:
        check_sizes(self, "n", "h", "w", "c", "r", "s")
        element = check_sums(self)
        if self.kind not in POOLINGS:
            raise LanguageError(f"Pool2d: there is no kind {self.kind!r}.", legal=" | ".join(POOLINGS))
        if self.kind == "average" and not element.is_float:
            raise LanguageError(f"Pool2d: means are for floats, but got dtype {element}.")
        if self.kind == "max" and self.count_padding:
            raise LanguageError("Pool2d: count_padding is for kind='average', but got kind='max'.")
        check_geometry(self)
        if self.padding[0] >= self.r or self.padding[1] >= self.s:
            raise LanguageError(
                f"{self}: windows may not lie in the padding alone.", rule="padding < window, in both directions"
            )

    @classmethod
    def global_average(cls, n: int, h: int, w: int, c: int, *, dtype: str = "float32") -> Pool2d:
        """The mean of each channel over the whole image, as networks take it before their last layer."""
        return cls(n, h, w, c, h, w, kind="average", dtype=dtype)

    @property
    def k(self) -> int:
        """Number of output channels."""
        return self.c

    @property
    def macs(self) -> int:
        """Half the additions or comparisons, those on padding included: two operations make a multiply-accumulate."""
        return -(-self.n * self.p * self.q * self.c * self.r * self.s // 2)

    def __str__(self) -> str:
        counted = " counted" if self.count_padding else ""
        return f"{self.kind}_pool2d {self.n}x{self.h}x{self.w}x{self.c}, {self.window_text}{counted}"
