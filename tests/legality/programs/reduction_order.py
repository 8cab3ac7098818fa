"""Reductions whose terms would come in another order."""

from __future__ import annotations

import tensorlang as tl
from tensorlang.schedule.rules import Family
from tests.legality.must_fail import Scheduled, programs_of

must_fail = programs_of(Family.REDUCTION_ORDER)


def _power_series() -> tl.Func:
    """``count[0] = count[0] * 2 + x[r, s]``: neither associative nor free of races."""
    x = tl.Input("x", (8, 4), tl.int64)
    r, s = tl.RDom("r s", 8, 4)
    count = tl.Func("count")
    count[tl.Var("i")] = 0
    count[0] = count[0] * 2 + x[r, s]
    return count


@must_fail(
    "order_of_reductions",
    """\
s[count.update()].reorder("s", "r"): the update may depend on the order of r and s, which would be swapped.
  asked       s[count.update()].reorder("s", "r")    HERE
  rule        reduction loops are swapped only where the update is proven associative and commutative (f = f op e, \
with op one of + - * min max and or & | ^), or free of races
  legal here  any order with r before s""",
)
def reorder_of_a_reduction_that_depends_on_its_order() -> Scheduled:
    s = tl.Schedule()
    s["count.update()"].reorder("s", "r")
    return Scheduled(_power_series(), s, {"count": (1,)})


@must_fail(
    "order_of_reductions",
    """\
s[count.update()].tile("r", "s", "ro", "so", "ri", "si", 4, 2): the update may depend on the order of ri and so, \
which would be swapped.
  asked       s[count.update()].tile("r", "s", "ro", "so", "ri", "si", 4, 2)    HERE
  rule        reduction loops are swapped only where the update is proven associative and commutative (f = f op e, \
with op one of + - * min max and or & | ^), or free of races
  legal here  any order with ri before so""",
)
def tile_of_a_reduction_that_depends_on_its_order() -> Scheduled:
    s = tl.Schedule()
    s["count.update()"].tile("r", "s", "ro", "so", "ri", "si", 4, 2)
    return Scheduled(_power_series(), s, {"count": (1,)})


@must_fail(
    "order_of_reductions",
    """\
s[y.update()].reorder("ri", "ro"): the update may depend on the order of ro and ri, which would be swapped.
  asked       s[y.update()].reorder("ri", "ro")    HERE
  rule        reduction loops are swapped only where the update is proven associative and commutative (f = f op e, \
with op one of + - * min max and or & | ^), or free of races
  legal here  any order with ro before ri""",
)
def halves_of_a_scan_swapped() -> Scheduled:
    x, i = tl.Input("x", (16,), tl.float32), tl.Var("i")
    y, r = tl.Func("y"), tl.RDom("r", (1, 15))
    y[i] = x[i]
    y[r] = y[r - 1] * 0.5 + x[r]
    s = tl.Schedule()
    s["y.update()"].split("r", "ro", "ri", 4).reorder("ri", "ro")
    return Scheduled(y, s, {"y": (16,)})


@must_fail(
    "order_of_reductions",
    """\
s[y.update()].reorder("s", "r"): the update may depend on the order of r and s, which would be swapped.
  asked       s[y.update()].reorder("s", "r")    HERE
  rule        reduction loops are swapped only where the update is proven associative and commutative (f = f op e, \
with op one of + - * min max and or & | ^), or free of races
  legal here  any order with r before s""",
)
def subtraction_from_a_term_swapped() -> Scheduled:
    x, i = tl.Input("x", (4, 6, 8), tl.float32), tl.Var("i")
    y, (r, s_) = tl.Func("y"), tl.RDom("r s", 6, 8)
    y[i] = 0.0
    y[i] = x[i, r, s_] - y[i]
    s = tl.Schedule()
    s["y.update()"].reorder("s", "r")
    return Scheduled(y, s)


@must_fail(
    "strict_order",
    """\
the schedule reorders the reduction of f (k, r), and numerics are strict.
  asked       s[f.update()].reorder("k", "r")    HERE
  rule        under strict numerics the terms of a float reduction are added in the order of the RDom
  hint        keep the reduction loops in the order of the RDom, or compile with numerics="fast\"""",
)
def float_sum_reordered_under_strict_numerics() -> Scheduled:
    x, i = tl.Input("x", (4, 6, 8), tl.float32), tl.Var("i")
    f, (r, k) = tl.Func("f"), tl.RDom("r k", 6, 8)
    f[i] += x[i, r, k]
    s = tl.Schedule()
    s["f.update()"].reorder("k", "r")
    return Scheduled(f, s, numerics="strict")


@must_fail(
    "strict_order",
    """\
the schedule reorders the reduction of f (ro, ko, ri, ki), and numerics are strict.
  asked       s[f.update()].tile("r", "k", "ro", "ko", "ri", "ki", 2, 4)    HERE
  rule        under strict numerics the terms of a float reduction are added in the order of the RDom
  hint        keep the reduction loops in the order of the RDom, or compile with numerics="fast\"""",
)
def float_sum_tiled_under_strict_numerics() -> Scheduled:
    x, i = tl.Input("x", (4, 6, 8), tl.float64), tl.Var("i")
    f, (r, k) = tl.Func("f"), tl.RDom("r k", 6, 8)
    f[i] += x[i, r, k]
    s = tl.Schedule()
    s["f.update()"].tile("r", "k", "ro", "ko", "ri", "ki", 2, 4)
    return Scheduled(f, s, numerics="strict")
