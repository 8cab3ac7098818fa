"""Loads of register storage lose their mask where the storage has all their lanes."""

from __future__ import annotations

import pytest

from tensorlang.lowering.unmask_registers import unmask_registers
from tests.ir.parse import assert_printed, parse_stmt


def _body(memory: str, at: str) -> str:
    return (
        f"with {memory}('acc', 16):\n for i in serial(4):\n"
        f"  out[ramp(0, 1, 8), ramp(i, 1, 8) < 9] = acc[{at}, ramp(i, 1, 8) < 9] + x[ramp(0, 1, 8), ramp(i, 1, 8) < 9]"
    )


@pytest.mark.parametrize("at", ["ramp(0, 1, 8)", "ramp(8, 1, 8)"])
def test_unmasked(at: str) -> None:
    assert_printed(
        unmask_registers(parse_stmt(_body("register", at))),
        f"""
        allocate acc: float32[16] in register
        for i in 0..4:
          out{{ramp(0, 1, 8) if ramp(i, 1, 8) < 9}} = acc{{{at}}} + x{{ramp(0, 1, 8) if ramp(i, 1, 8) < 9}}
        """,
    )


@pytest.mark.parametrize(
    ("memory", "at"),
    [
        ("heap", "ramp(0, 1, 8)"),
        ("stack", "ramp(0, 1, 8)"),
        ("register", "ramp(9, 1, 8)"),  # the last lane is past the end
        ("register", "ramp(-1, 1, 8)"),
        ("register", "ramp(i, 1, 8)"),
        ("register", "ramp(0, 2, 8)"),
        ("register", "ramp(0, 1, 8) // 2"),
    ],
)
def test_stays_masked(memory: str, at: str) -> None:
    stmt = parse_stmt(_body(memory, at))
    assert unmask_registers(stmt) == stmt


def test_stores_stay_masked_and_names_end_with_their_storage() -> None:
    stmt = parse_stmt(
        """
        with register("acc", 8):
            acc[ramp(0, 1, 8), ramp(0, 1, 8) < 5] = 1.0
        out[ramp(0, 1, 8)] = acc[ramp(0, 1, 8), ramp(0, 1, 8) < 5]
        """
    )
    assert unmask_registers(stmt) == stmt
