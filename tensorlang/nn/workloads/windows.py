"""Windows that slide over an image: where they fit, and how their geometry is written."""

from __future__ import annotations

from tensorlang.errors import LanguageError
from tensorlang.nn.workloads.operation import Operation


class WindowOperation(Operation):
    """An operation on the (r, s) windows of an (n, h, w, c) image; pairs are (vertical, horizontal)."""

    n: int
    h: int
    w: int
    c: int
    r: int
    s: int
    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int] = (1, 1)

    @property
    def p(self) -> int:
        """Height of the output."""
        return output_extent(self.h, self.r, self.stride[0], self.padding[0], self.dilation[0])

    @property
    def q(self) -> int:
        """Width of the output."""
        return output_extent(self.w, self.s, self.stride[1], self.padding[1], self.dilation[1])

    @property
    def window_text(self) -> str:
        """The window's size, and stride, padding and dilation if they are not plain."""
        parts = [f"{self.r}x{self.s}"]
        for name, plain in (("stride", (1, 1)), ("padding", (0, 0)), ("dilation", (1, 1))):
            pair = getattr(self, name)
            if pair != plain:
                parts.append(f"{name} {pair[0]}" if pair[0] == pair[1] else f"{name} {pair[0]}x{pair[1]}")
        return " ".join(parts)


def output_extent(size: int, filter_size: int, stride: int, padding: int, dilation: int) -> int:
    """Number of places of a dilated filter on a padded axis, `stride` apart; 0 or less if it does not fit."""
    return (size + 2 * padding - dilation * (filter_size - 1) - 1) // stride + 1


def check_geometry(workload: WindowOperation) -> None:
    """Raise LanguageError unless stride, padding and dilation are pairs of integers with which a window fits."""
    for name, least in (("stride", 1), ("padding", 0), ("dilation", 1)):
        pair = getattr(workload, name)
        if not isinstance(pair, tuple) or len(pair) != 2 or any(type(v) is not int or v < least for v in pair):
            kind = type(workload).__name__
            raise LanguageError(f"{kind}: {name} must be a pair of integers >= {least}, but got {pair!r}.")
    if workload.p < 1 or workload.q < 1:
        raise LanguageError(
            f"{workload}: the filter does not fit the padded image (its output would be {workload.p}x{workload.q}).",
            rule="(extent + 2 * padding - dilation * (filter - 1) - 1) // stride + 1 >= 1",
        )
