"""Accumulation becomes loads and stores, unless threads or lanes may meet."""

from __future__ import annotations

import pytest

from tensorlang.dtypes import float16, float32
from tensorlang.ir.expr import BinaryOp, Const, index
from tensorlang.ir.stmt import Accumulate
from tensorlang.lowering.lower_accumulates import lower_accumulates
from tests.ir.parse import assert_printed, parse_stmt


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("out[0] += x[3]", "out{0} = out{0} + x{3}"),
        ("out[0, 1 < 2] *= x[3]", "out{0 if 1 < 2} = out{0 if 1 < 2} * x{3}"),
        ("out[ramp(0, 1, 4)] += x[ramp(4, 1, 4)]", "out{ramp(0, 1, 4)} = out{ramp(0, 1, 4)} + x{ramp(4, 1, 4)}"),
    ],
)
def test_lowered(before: str, after: str) -> None:
    assert_printed(lower_accumulates(parse_stmt(before)), after)


@pytest.mark.parametrize(
    "text", ["atomic(out)[0] += x[3]", "out[n[ramp(0, 1, 4)]] += 1.0", "out[ramp(0, 0, 4)] += 1.0", "out[x4(3)] += 1.0"]
)
def test_kept(text: str) -> None:
    stmt = parse_stmt(text)
    assert lower_accumulates(stmt) == stmt


def test_a_narrow_element_is_widened_and_rounded() -> None:
    stmt = Accumulate("out", index(0), BinaryOp.ADD, Const(1.0, float32), float16)
    assert_printed(lower_accumulates(stmt), "out{0} = float16(float32(out{0}) + 1.0)")
