"""Storage levels, hoisted allocations and folds that cannot be as asked."""

from __future__ import annotations

import tensorlang as tl
from tensorlang.schedule.rules import Family
from tests.legality.must_fail import Scheduled, programs_of

must_fail = programs_of(Family.STORAGE)


def _stencil(step: int = 1, start: int = 0) -> tuple[tl.Func, tl.Schedule]:
    """f, which needs two rows of g, from `start` on by `step`; g is computed at the rows of f."""
    f, g, (i, j) = tl.Func("f"), tl.Func("g"), tl.vars("i j")
    g[i, j] = i + j
    f[i, j] = g[start + step * i, j] + g[start + step * i + 1, j]
    s = tl.Schedule()
    s["g"].compute_at("f", "i")
    return f, s


def _scheduled(f: tl.Func, s: tl.Schedule) -> Scheduled:
    return Scheduled(f, s, {"f": (16, 64)})


@must_fail(
    "output_is_stored_by_the_caller",
    """\
s[f].store_root(): f is an output.
  asked       s[f].store_root()    HERE
  rule        the storage of an output is the caller's array, C-contiguous""",
)
def storage_level_of_an_output() -> Scheduled:
    f, s = _stencil()
    s["f"].store_root()
    return _scheduled(f, s)


@must_fail(
    "level_of_a_user",
    """\
s[g].store_at(g, "i"): g does not use g.
  asked       s[g].store_at(g, "i")    HERE
  rule        storage is placed at a loop of a stage that uses the Func, directly or through others
  legal here  loops of f""",
)
def storage_at_a_loop_of_a_stage_without_a_use() -> Scheduled:
    f, s = _stencil()
    s["g"].store_at("g", "i")
    return _scheduled(f, s)


@must_fail(
    "level_of_a_user",
    """\
s[g].hoist_storage(g, "i"): g does not use g.
  asked       s[g].hoist_storage(g, "i")    HERE
  rule        storage is placed at a loop of a stage that uses the Func, directly or through others
  legal here  loops of f""",
)
def allocation_at_a_loop_of_a_stage_without_a_use() -> Scheduled:
    f, s = _stencil()
    s["g"].hoist_storage("g", "i")
    return _scheduled(f, s)


@must_fail(
    "storage_level_chosen_once",
    """\
s[g].store_root(): the storage level of g is already chosen, by s[g].store_at(f, "i").
  asked       s[g].store_root()    HERE
  rule        the storage level of a Func is chosen once
  hint        keep one of the two""",
)
def storage_level_chosen_twice() -> Scheduled:
    f, s = _stencil()
    s["g"].store_at("f", "i").store_root()
    return _scheduled(f, s)


@must_fail(
    "allocation_placed_once",
    """\
s[g].hoist_storage_root(): the allocation of g is already placed, by s[g].hoist_storage(f, "i").
  asked       s[g].hoist_storage_root()    HERE
  rule        the allocation of a Func is placed once
  hint        keep one of the two""",
)
def allocation_placed_twice() -> Scheduled:
    f, s = _stencil()
    s["g"].hoist_storage("f", "i").hoist_storage_root()
    return _scheduled(f, s)


@must_fail(
    "stored_apart_is_computed_at_a_loop",
    """\
s[g].store_root(): g is inlined, so it has no storage.
  asked       s[g].store_root()    HERE
  rule        a Func that is stored or allocated apart from its computation is computed at a loop of a consumer
  legal here  s[g].compute_at(consumer, loop)""",
)
def storage_level_of_an_inlined_func() -> Scheduled:
    f, g, (i, j) = tl.Func("f"), tl.Func("g"), tl.vars("i j")
    g[i, j] = i + j
    f[i, j] = g[i, j] + 1
    s = tl.Schedule()
    s["g"].store_root()
    return _scheduled(f, s)


@must_fail(
    "stored_apart_is_computed_at_a_loop",
    """\
s[g].store_root(): g is computed at root, and stored there.
  asked       s[g].store_root()    HERE
  rule        a Func that is stored or allocated apart from its computation is computed at a loop of a consumer
  legal here  s[g].compute_at(consumer, loop)""",
)
def storage_level_of_a_func_at_root() -> Scheduled:
    f, g, (i, j) = tl.Func("f"), tl.Func("g"), tl.vars("i j")
    g[i, j] = i + j
    f[i, j] = g[i, j] + 1
    s = tl.Schedule()
    s["g"].compute_root().store_root()
    return _scheduled(f, s)


@must_fail(
    "stored_apart_is_computed_at_a_loop",
    """\
s[g].hoist_storage(f, "i"): g is computed, by default, in the innermost loop around its uses, and stored there.
  asked       s[g].hoist_storage(f, "i")    HERE
  rule        a Func that is stored or allocated apart from its computation is computed at a loop of a consumer
  legal here  s[g].compute_at(consumer, loop)""",
)
def hoisted_allocation_of_a_func_computed_by_default() -> Scheduled:
    f, g, (i, j) = tl.Func("f"), tl.Func("g"), tl.vars("i j")
    g[i, j] += i + j
    f[i, j] = g[i, j] + 1
    s = tl.Schedule()
    s["g"].hoist_storage("f", "i")
    return _scheduled(f, s)


@must_fail(
    "storage_encloses",
    """\
s[g].store_at(f, "j"): loop j of f is not around the computation of g.
  asked       s[g].store_at(f, "j")    HERE
  rule        the storage of a Func is placed at a loop around its computation, or at that of its computation
  legal here  store_root() | store_at(f, "i")""",
)
def storage_inside_the_computation() -> Scheduled:
    f, s = _stencil()
    s["g"].store_at("f", "j")
    return _scheduled(f, s)


@must_fail(
    "between_is_serial",
    """\
s[g].store_root(): loop i of f, between the storage of g and its computation, is parallel.
  asked       s[g].store_root()    HERE
  rule        no parallel loop lies between the storage of a Func and its computation
  legal here  store_at(f, "i")
  hint        use store_at(f, "i"): each iteration of i then has storage of its own""",
)
def storage_outside_a_parallel_loop() -> Scheduled:
    f, s = _stencil()
    s["g"].store_root()
    s["f"].parallel("i")
    return _scheduled(f, s)


@must_fail(
    "allocation_encloses",
    """\
s[g].hoist_storage(f, "i"): loop i of f is not around the storage of g.
  asked       s[g].hoist_storage(f, "i")    HERE
  rule        the allocation of a Func is placed at a loop around its storage, or at that of its storage
  legal here  hoist_storage_root()""",
)
def allocation_inside_the_storage() -> Scheduled:
    f, s = _stencil()
    s["g"].store_root().hoist_storage("f", "i")
    return _scheduled(f, s)


@must_fail(
    "fold_names_a_var",
    """\
s[g].fold_storage("k", 4): g has no Var k.
  asked       s[g].fold_storage("k", 4)    HERE
  rule        fold_storage names a Var of the pure definition
  legal here  Vars of g: i, j""",
)
def fold_of_a_dimension_that_there_is_not() -> Scheduled:
    f, s = _stencil()
    s["g"].store_root().fold_storage("k", 4)
    return _scheduled(f, s)


@must_fail(
    "folded_once",
    """\
s[g].fold_storage("i", 8): i is already folded, by s[g].fold_storage("i", 4).
  asked       s[g].fold_storage("i", 8)    HERE
  rule        a dimension is folded once
  hint        keep one of the two""",
)
def dimension_folded_twice() -> Scheduled:
    f, s = _stencil()
    s["g"].store_root().fold_storage("i", 4).fold_storage("i", 8)
    return _scheduled(f, s)


@must_fail(
    "fold_has_loops",
    """\
s[g].fold_storage("i", 4): g is stored where it is computed.
  asked       s[g].fold_storage("i", 4)    HERE
  rule        storage is folded over the loops between its level and that of the computation
  legal here  s[g].store_at(consumer, loop) | s[g].store_root()""",
)
def fold_of_storage_that_is_made_in_every_iteration() -> Scheduled:
    f, s = _stencil()
    s["g"].fold_storage("i", 4)
    return _scheduled(f, s)


@must_fail(
    "fold_fits",
    """\
s[g].fold_storage("i", 1): 2 coordinates of g in i are in use at a time.
  asked       s[g].fold_storage("i", 1)    HERE
  rule        storage is folded to at least as many coordinates as are in use at a time
  legal here  fold_storage("i", factor) with a factor of at least 2""",
)
def fold_to_fewer_rows_than_are_in_use() -> Scheduled:
    f, s = _stencil()
    s["g"].store_root().fold_storage("i", 1)
    return _scheduled(f, s)


@must_fail(
    "fold_fits",
    """\
s[g].fold_storage("j", 8): 64 coordinates of g in j are in use at a time.
  asked       s[g].fold_storage("j", 8)    HERE
  rule        storage is folded to at least as many coordinates as are in use at a time
  legal here  fold_storage("j", factor) with a factor of at least 64""",
)
def fold_of_a_dimension_that_no_loop_moves() -> Scheduled:
    f, s = _stencil()
    s["g"].store_root().fold_storage("j", 8)
    return _scheduled(f, s)


@must_fail(
    "fold_moves",
    """\
s[g].fold_storage("i", 4): over loop i of f, what is in use of g moves down in i.
  asked       s[g].fold_storage("i", 4)    HERE
  rule        storage is folded along a dimension whose coordinates in use move the way that fold_forward says
  hint        fold_storage("i", 4, fold_forward=False)""",
)
def fold_forward_of_rows_that_come_backward() -> Scheduled:
    f, s = _stencil(step=-1, start=20)
    s["g"].store_root().fold_storage("i", 4)
    return _scheduled(f, s)


@must_fail(
    "fold_moves",
    """\
s[g].fold_storage("i", 4, fold_forward=False): over loop i of f, what is in use of g moves up in i.
  asked       s[g].fold_storage("i", 4, fold_forward=False)    HERE
  rule        storage is folded along a dimension whose coordinates in use move the way that fold_forward says
  hint        fold_storage("i", 4)""",
)
def fold_backward_of_rows_that_come_forward() -> Scheduled:
    f, s = _stencil()
    s["g"].store_root().fold_storage("i", 4, fold_forward=False)
    return _scheduled(f, s)


@must_fail(
    "fold_moves",
    """\
s[g].fold_storage("i", 4): over loop i of f, what is in use of g does not move one way in i.
  asked       s[g].fold_storage("i", 4)    HERE
  rule        storage is folded along a dimension whose coordinates in use move the way that fold_forward says
  hint        leave i unfolded""",
)
def fold_of_rows_that_come_in_no_order() -> Scheduled:
    f, g, (i, j) = tl.Func("f"), tl.Func("g"), tl.vars("i j")
    g[i, j] = i + j
    f[i, j] = g[i * 5 % 16, j] + 1
    s = tl.Schedule()
    s["g"].compute_at("f", "i").store_root().fold_storage("i", 4)
    return _scheduled(f, s)


@must_fail(
    "fold_has_no_lanes",
    """\
s[g].fold_storage("j", 16): a vectorized loop runs along j of g.
  asked       s[g].fold_storage("j", 16)    HERE
  rule        the lanes of a vector do not lie along a folded dimension, so that they stay next to each other in memory
  hint        leave j unfolded, or vectorize another dimension""",
)
def fold_along_the_lanes_of_a_vector() -> Scheduled:
    f, g, (i, j) = tl.Func("f"), tl.Func("g"), tl.vars("i j")
    g[i, j] = i + j
    f[i, j] = g[i, j] + g[i, j + 1]
    s = tl.Schedule()
    s["g"].compute_at("f", "j").store_at("f", "i").vectorize("j", 8).fold_storage("j", 16)
    s["f"].vectorize("j", 8)
    return _scheduled(f, s)


def _in_cases() -> tuple[tl.Func, tl.Schedule]:
    """f, the rows of which need two rows of g, with a case."""
    f, g, (i, j) = tl.Func("f"), tl.Func("g"), tl.vars("i j")
    g[i, j] = i + j
    f[i, j] = g[i, j] + g[i + 1, j] + tl.Param("n", tl.int64)
    s = tl.Schedule()
    s["f"].specialize("n == 0").vectorize("j", 8)
    s["g"].compute_at("f", "i")
    return f, s


@must_fail(
    "kept_over_one_nest",
    """\
s[g].store_root(): f has cases, and g is computed in the loops of each.
  asked       s[g].store_root()    HERE
  rule        storage that outlives the loop of its computation is for one such loop, not one in each case of a stage
  hint        leave out s[g].store_root()""",
)
def storage_kept_over_the_loops_of_cases() -> Scheduled:
    f, s = _in_cases()
    s["g"].store_root()
    return _scheduled(f, s)


@must_fail(
    "kept_over_one_nest",
    """\
s[g].hoist_storage_root(): f has cases, and g is computed in the loops of each.
  asked       s[g].hoist_storage_root()    HERE
  rule        storage that outlives the loop of its computation is for one such loop, not one in each case of a stage
  hint        leave out s[g].hoist_storage_root()""",
)
def allocation_hoisted_out_of_cases() -> Scheduled:
    f, s = _in_cases()
    s["g"].hoist_storage_root()
    return _scheduled(f, s)
