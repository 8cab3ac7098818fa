"""Curves as a picture: an SVG file, and a line of text."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import log2

from autotune.comparison.curves import Curve

_WIDTH, _HEIGHT, _MARGIN = 720, 420, 60
_COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#888888")
_BLOCKS = "▁▂▃▄▅▆▇█"
_LINE_STEP = 20


def sparkline(values: Sequence[float], least: float) -> str:
    """One block for each value, the lowest for `least` or less, the highest for 1."""
    span = max(1 - least, 1e-9)
    places = (round((value - least) / span * (len(_BLOCKS) - 1)) for value in values)
    return "".join(_BLOCKS[min(max(place, 0), len(_BLOCKS) - 1)] for place in places)


def to_svg(curves: Sequence[Curve], title: str) -> str:
    """Return a plot of the curves: candidates from left to right, their number doubling; speed from bottom to top."""
    counts = sorted({count for curve in curves for count in curve.share})
    least = min((share for curve in curves for share in curve.share.values()), default=0.0)
    bottom = min(least, 0.99) - 0.02
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" font-family="sans-serif">',
        '<rect width="100%" height="100%" fill="white"/>',
        _text(_WIDTH / 2, _MARGIN / 2, title, "middle"),
        _text(_WIDTH / 2, _HEIGHT - 12, "candidates", "middle"),
    ]
    for count in counts:
        lines.append(_text(_x(count, counts), _HEIGHT - _MARGIN + 20, str(count), "middle"))
    for percent in _ticks(bottom):
        y = _y(percent / 100, bottom)
        lines.append(f'<path d="M{_MARGIN} {y:.1f}H{_WIDTH - _MARGIN}" stroke="#ddd"/>')
        lines.append(_text(_MARGIN - 6, y + 4, f"{percent} %", "end"))
    for number, curve in enumerate(curves):
        color = _COLORS[number % len(_COLORS)]
        points = " ".join(f"{_x(count, counts):.1f},{_y(share, bottom):.1f}" for count, share in curve.share.items())
        lines.append(f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="2"/>')
        lines.append(
            _text(_WIDTH - _MARGIN - 150, _HEIGHT - _MARGIN - _LINE_STEP * (number + 1), curve.name, "start", color)
        )
    return "\n".join([*lines, "</svg>", ""])


def _ticks(bottom: float) -> range:
    """Percentages to mark: about ten of them, multiples of 1, 2, 5 or 10."""
    step = next(step for step in (1, 2, 5, 10) if 100 * (1 - bottom) / step <= 11 or step == 10)
    first = -int(-100 * bottom // step) * step
    return range(max(first, 0), 101, step)


def _x(count: int, counts: Sequence[int]) -> float:
    return _MARGIN + (_WIDTH - 2 * _MARGIN) * log2(count) / max(log2(counts[-1]), 1.0)


def _y(share: float, bottom: float) -> float:
    return _MARGIN + (_HEIGHT - 2 * _MARGIN) * (1 - share) / (1 - bottom)


def _text(x: float, y: float, text: str, anchor: str, color: str = "black") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="13" text-anchor="{anchor}" fill="{color}">{escape(text)}</text>'
