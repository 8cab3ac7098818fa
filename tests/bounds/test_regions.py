"""Regions that loop nests read and write: strides, dilation, clamps, fused loops, tails, data-dependent indices."""

from __future__ import annotations

import pytest

from tensorlang.bounds.regions import Region, infer_needs, infer_reads, infer_writes, to_ranges
from tensorlang.bounds.surroundings import Box, Domain
from tensorlang.dtypes import DType, float32, int8, int32, int64, uint8
from tensorlang.ir.expr import Binary, BinaryOp, Call, Cast, Expr, Variable, index
from tensorlang.ir.printer import format_expr
from tensorlang.ir.stmt import For, LoopKind, Provide, Stmt
from tensorlang.symbolic.facts import Facts, Limits
from tensorlang.symbolic.intervals import Interval
from tests.ir.parse import parse_expr, parse_stmt

AROUND = Facts({"o": Limits(0, 3)})


def tree(text: str) -> Stmt:
    return parse_stmt(text, flat=False)


def show(box: Box) -> str:
    """``[lo, hi] [lo, hi]``, both inclusive."""
    ends = [["?" if end is None else format_expr(end) for end in (side.lo, side.hi)] for side in box]
    return " ".join(f"[{lo}, {hi}]" for lo, hi in ends)


def read(text: str, name: str = "x", domains: dict[str, Domain] | None = None) -> Region:
    region = infer_reads(tree(text), name, domains or {}, AROUND)
    assert region is not None
    return region


@pytest.mark.parametrize(
    ("args", "box"),
    [
        ("i", "[0, 7]"),
        ("i * 2 + r", "[0, 16]"),  # stride 2
        ("i + r * 3", "[0, 13]"),  # dilation 3
        ("i * 2 + r * 3 - 1", "[-1, 19]"),  # both, with padding 1
        ("7 - i", "[0, 7]"),
        ("-i", "[-7, 0]"),
        ("i - i", "[0, 0]"),
        ("i // 2, i % 2", "[0, 3] [0, 1]"),
        ("i % 3", "[0, 2]"),
        ("min(i + r, 5)", "[0, 5]"),
        ("max(i - 2, 0)", "[0, 5]"),
        ("max(min(i + r - 1, 6), 0)", "[0, 6]"),  # a clamped border
        ("select(i < 4, i, r - 2)", "[-2, 3]"),
        ("o * 8 + i", "[o * 8, o * 8 + 7]"),
        ("min(o * 8, 20) + i, o", "[min(o * 8, 20), min(o * 8, 20) + 7] [o, o]"),
        ("(o * 8 + i) // 8", "[o, o]"),  # a fused loop taken apart again
        ("(o * 8 + i) % 8", "[0, 7]"),
        ("n", "[n, n]"),
    ],
)
def test_read(args: str, box: str) -> None:
    region = read(f"for i in serial(8):\n for r in serial(3):\n  f[i, r] = x[{args}]")
    assert show(region.required) == show(region.touched) == box


def test_all_reads_are_in_one_box() -> None:
    text = """
    for i in serial(4):
        f[i] = x[i, 2] * x[i + 1, 0]
    for j in serial(9):
        if x[j, 5] < 0.0:
            g[j] = 1.0
    """
    assert show(read(text).required) == "[0, 8] [0, 5]"


def test_a_fused_loop_reads_the_box_of_both() -> None:
    region = read("for t in serial(24):\n f[t] = x[t // 6, t % 6]")
    assert show(region.required) == "[0, 3] [0, 5]"


def test_an_index_within_an_index_is_a_read_too() -> None:
    text = "for i in serial(4):\n f[i] = x[select(at[i + 1] < 0.0, 0, 1)]"
    assert show(read(text, "at").required) == "[1, 4]"
    assert show(read(text, "x").required) == "[0, 1]"


def test_an_inner_loop_whose_extent_varies() -> None:
    region = read("for i in serial(4):\n for j in serial(i + 1):\n  f[i, j] = x[j]")
    assert show(region.required) == "[0, 3]"


def test_what_is_not_read_or_written_has_no_region() -> None:
    stmt = tree("for i in serial(4):\n f[i] = x[i]")
    assert infer_reads(stmt, "f", {}, AROUND) is None
    assert infer_writes(stmt, "x", {}, AROUND) is None


def test_written() -> None:
    stmt = tree("for i in serial(4):\n f[i + 2, 9] = f[i, 0]")
    written = infer_writes(stmt, "f", {}, AROUND)
    assert written is not None and show(written.required) == "[2, 5] [9, 9]"


LET = "for t in serial(3):\n for i in serial(4):\n  at = t * 4 + i\n  f[at] = x[at + 1]"


def test_a_rounded_tail_touches_more_than_it_requires() -> None:
    region = read(LET, domains={"at": Domain(index(0), index(10), exact_reads=False, exact_writes=False)})
    assert show(region.required) == "[1, 10]"
    assert show(region.touched) == "[1, 12]"


def test_an_exact_tail_touches_what_it_requires() -> None:
    region = read(LET, domains={"at": Domain(index(0), index(10), exact_reads=True, exact_writes=True)})
    assert show(region.required) == show(region.touched) == "[1, 10]"


def test_a_domain_around_a_tile() -> None:
    domains = {"at": Domain(parse_expr("o * 4"), index(3), exact_reads=False, exact_writes=False)}
    region = read("for i in serial(4):\n at = o * 4 + i\n f[at] = x[at]", domains=domains)
    assert show(region.required) == "[o * 4, o * 4 + 2]"
    assert show(region.touched) == "[o * 4, o * 4 + 3]"


def test_ranges_of_a_box() -> None:
    box = (
        Interval(Variable("o"), parse_expr("o + 3")),
        Interval(index(2), index(2)),
        Interval(index(0), parse_expr("o - 1")),
    )
    assert [(format_expr(r.min), format_expr(r.extent)) for r in to_ranges(box, AROUND)] == [
        ("o", "4"),
        ("2", "1"),
        ("0", "o"),
    ]


def data_index(kind: DType) -> Expr:
    return Cast(int64, Call("at", (Variable("i"),), kind))


@pytest.mark.parametrize(
    ("at", "box"),
    [
        (data_index(int32), "[?, ?]"),
        (data_index(uint8), "[0, 255]"),
        (Binary(BinaryOp.ADD, data_index(int8), index(128)), "[0, 255]"),
        (Binary(BinaryOp.MAX, data_index(int32), index(0)), "[0, ?]"),
        (Binary(BinaryOp.MAX, Binary(BinaryOp.MIN, data_index(int32), index(7)), index(0)), "[0, 7]"),
        (Binary(BinaryOp.MOD, data_index(int32), index(10)), "[0, 9]"),
    ],
)
def test_an_index_that_depends_on_data_is_bounded_by_its_type_or_a_clamp(at: Expr, box: str) -> None:
    body = Provide("f", (Variable("i"),), (Call("x", (at,), float32),))
    region = infer_reads(For("i", index(4), LoopKind.SERIAL, body), "x", {}, AROUND)
    assert region is not None and show(region.required) == box


@pytest.mark.parametrize(
    ("condition", "box"),
    [
        ("i + r < 8", "[0, 7]"),
        ("i < 4", "[0, 5]"),
        ("r <= i and i <= 5", "[0, 7]"),
        ("i == 3", "[3, 5]"),
        ("i < 2 or i > 6", "[0, 9]"),
        ("i < 0", "[0, -1]"),  # nowhere
        ("y[i] < 0.5", "[0, 9]"),  # depends on data
        ("o <= i", "[o, 9]"),
    ],
)
def test_a_condition_narrows_what_is_read_under_it(condition: str, box: str) -> None:
    region = read(f"for i in serial(8):\n for r in serial(3):\n  if {condition}:\n   f[i, r] = x[i + r]")
    assert show(region.required) == show(region.touched) == box


def test_the_other_side_of_a_condition() -> None:
    text = "for i in serial(8):\n if i < 3:\n  f[i] = y[i]\n else:\n  f[i] = x[i]"
    assert show(read(text, "y").required) == "[0, 2]"
    assert show(read(text).required) == "[3, 7]"


def test_what_a_condition_itself_reads_is_read_wherever_it_stands() -> None:
    text = "for i in serial(8):\n if i < 3:\n  if x[i + 1] < 0.5:\n   f[i] = y[i]"
    assert show(read(text).required) == "[1, 3]"


def test_a_dead_read_leaves_the_box_of_the_others() -> None:
    text = "for i in serial(8):\n if i > 9:\n  f[i] = x[i + 40]\n f[i] = x[i]"
    assert show(read(text).required) == "[0, 7]"


def test_nothing_is_read_in_a_loop_without_iterations() -> None:
    assert show(read("for i in serial(4):\n for r in serial(0):\n  f[i] = x[i + 5]").required) == "[0, -1]"


def test_a_triangle() -> None:
    region = read("for i in serial(8):\n for j in serial(i + 1):\n  f[i, j] = x[i - j, i + j]")
    assert show(region.required) == "[0, 7] [0, 14]"


def test_terms_of_one_loop_are_not_independent() -> None:
    region = read("for i in serial(8):\n f[i] = x[i - 2*(i//2), (i // 3)*3 + i % 3, min(i, 7 - i)]")
    assert show(region.required) == "[0, 1] [0, 7] [0, 3]"


def test_lets_of_one_loop_are_not_independent() -> None:
    text = "for t in serial(24):\n a = t // 6\n b = t % 6\n f[a, b] = x[a * 6 + b, b - t]"
    assert show(read(text).required) == "[0, 23] [-18, 0]"


def test_the_guard_of_an_inner_split_bounds_its_tile() -> None:
    text = "for a in serial(2):\n for b in serial(4):\n  if a * 4 + b < 6:\n   at = o * 6 + a * 4 + b\n   f[at] = x[at]"
    assert show(read(text).required) == "[o * 6, o * 6 + 5]"


def needs(text: str) -> str:
    found = infer_needs(tree(text), "x", {}, AROUND)
    return "nothing" if found is None else format_expr(found)


def test_where_a_read_happens_at_all() -> None:
    assert needs("for i in serial(8):\n f[i] = x[i]") == "nothing"
    assert needs("for i in serial(8):\n if i + o < 2:\n  f[i] = x[i]") == "-o + 1 >= 0"
    assert needs("for i in serial(8):\n if o < 2:\n  f[i] = x[i] + x[i + 1]") == "-o + 1 >= 0"


def test_where_one_of_several_reads_happens() -> None:
    text = "for i in serial(8):\n if {}:\n  f[i] = x[i]\n if o < 2:\n  f[i] = x[i + 1]"
    assert needs(text.format("o < 1")) == "nothing"
    assert needs(text.format("o < 2 and i < o")) == "-o + 1 >= 0"
