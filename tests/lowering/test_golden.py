"""Whole printed modules of small programs: what lowering makes is reviewed as text."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tensorlang.bounds.shapes import infer_output_shapes
from tensorlang.ir.printer import format_module
from tensorlang.lang.build import build_algorithm
from tensorlang.lowering import lower
from tensorlang.schedule.resolve import resolve
from tests.lowering import programs

PROGRAMS: dict[str, Callable[[], programs.Program]] = {
    "matmul": programs.matmul,
    "blur_shift_inwards": lambda: programs.blur("shift_inwards"),
    "blur_guard_with_if": lambda: programs.blur("guard_with_if"),
    "guarded_sum": programs.guarded_sum,
    "padded_rows": programs.padded_rows,
    "packed_weights": programs.packed_weights,
    "column_argmax": programs.column_argmax,
    "triangular_sum": programs.triangular_sum,
    "triangular_product": programs.triangular_product,
}

SHAPES = {"padded_rows": {"out": (6, 16)}, "triangular_product": {"c": (19, 32)}}


@pytest.mark.parametrize("name", list(PROGRAMS))
def test_lowered(name: str, golden: Callable[[str], None]) -> None:
    output, schedule = PROGRAMS[name]()
    algorithm = build_algorithm(output)
    module = lower(resolve(algorithm, schedule), infer_output_shapes(algorithm, SHAPES.get(name)))
    golden(format_module(module) + "\n")
