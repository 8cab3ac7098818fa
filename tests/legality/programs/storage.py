"""Storage that cannot be arranged as asked."""

from __future__ import annotations

import tensorlang as tl
from tensorlang.schedule.rules import Family
from tests.legality.must_fail import Scheduled, programs_of
from tests.schedule.programs import blur, conv, gemm

must_fail = programs_of(Family.STORAGE)


@must_fail(
    "output_is_stored_by_the_caller",
    """\
s[out].store_in("stack"): out is an output.
  asked       s[out].store_in("stack")    HERE
  rule        the storage of an output is the caller's array, C-contiguous""",
)
def memory_of_an_output() -> Scheduled:
    s = tl.Schedule()
    s["out"].store_in("stack")
    return Scheduled(conv().out, s)


@must_fail(
    "output_is_stored_by_the_caller",
    """\
s[out].reorder_storage("k", "n"): out is an output.
  asked       s[out].reorder_storage("k", "n")    HERE
  rule        the storage of an output is the caller's array, C-contiguous""",
)
def storage_order_of_an_output() -> Scheduled:
    s = tl.Schedule()
    s["out"].reorder_storage("k", "n")
    return Scheduled(conv().out, s)


@must_fail(
    "output_is_stored_by_the_caller",
    """\
s[out].split_storage("k", "ko", "ki", 16): out is an output.
  asked       s[out].split_storage("k", "ko", "ki", 16)    HERE
  rule        the storage of an output is the caller's array, C-contiguous""",
)
def storage_panels_of_an_output() -> Scheduled:
    s = tl.Schedule()
    s["out"].split_storage("k", "ko", "ki", 16)
    return Scheduled(conv().out, s)


@must_fail(
    "output_is_stored_by_the_caller",
    """\
s[out].align_storage("k", 16): out is an output.
  asked       s[out].align_storage("k", 16)    HERE
  rule        the storage of an output is the caller's array, C-contiguous""",
)
def padded_rows_of_an_output() -> Scheduled:
    s = tl.Schedule()
    s["out"].align_storage("k", 16)
    return Scheduled(conv().out, s)


@must_fail(
    "memory_chosen_once",
    """\
s[g].store_in("heap"): the memory of g is already chosen, by s[g].store_in("stack").
  asked       s[g].store_in("heap")    HERE
  rule        the memory of a Func is chosen once
  hint        keep one of the two""",
)
def memory_chosen_twice() -> Scheduled:
    s = tl.Schedule()
    s["g"].compute_root().store_in("stack").store_in("heap")
    return Scheduled(blur().f, s)


@must_fail(
    "aligned_dimension_is_not_split",
    """\
s[g].split_storage("j", "jo", "ji", 8): j is aligned to 16.
  asked       s[g].split_storage("j", "jo", "ji", 8)    HERE
  rule        a storage dimension is split first, then aligned
  hint        align one of the halves after the split""",
)
def split_of_an_aligned_dimension() -> Scheduled:
    s = tl.Schedule()
    s["g"].compute_root().align_storage("j", 16).split_storage("j", "jo", "ji", 8)
    return Scheduled(blur().f, s)


@must_fail(
    "storage_factor_divides",
    """\
s[g].split_storage("ji", "jm", "ji", 12): ji has extent 32, which 12 does not divide.
  asked       s[g].split_storage("ji", "jm", "ji", 12)    HERE
  rule        the factor divides the extent of a storage dimension that a split made
  legal here  factors 1, 2, 4, 8, 16, 32""",
)
def storage_factor_that_does_not_divide() -> Scheduled:
    s = tl.Schedule()
    s["g"].compute_root().split_storage("j", "jo", "ji", 32).split_storage("ji", "jm", "ji", 12)
    return Scheduled(blur().f, s)


@must_fail(
    "aligned_once",
    """\
s[g].align_storage("j", 8): j is already aligned to 16.
  asked       s[g].align_storage("j", 8)    HERE
  rule        a storage dimension is aligned once
  hint        keep one of the two""",
)
def aligned_twice() -> Scheduled:
    s = tl.Schedule()
    s["g"].compute_root().align_storage("j", 16).align_storage("j", 8)
    return Scheduled(blur().f, s)


@must_fail(
    "fits_the_stack",
    """\
s[g].store_in("stack"): the storage of g takes 80000 bytes.
  asked       s[g].store_in("stack")    HERE
  rule        a Func takes at most 65536 bytes on the stack or in registers
  legal here  store_in("heap")""",
)
def rows_too_long_for_the_stack() -> Scheduled:
    x, (i, j), f, g = tl.Input("x", (8, 20_000), tl.float32), tl.vars("i j"), tl.Func("f"), tl.Func("g")
    g[i, j] = x[i, j] * 2
    f[i, j] = g[i, j] + 1
    s = tl.Schedule()
    s["g"].compute_at("f", "i").store_in("stack")
    return Scheduled(f, s)


@must_fail(
    "fits_the_stack",
    """\
s[g].store_in("stack"): the storage of g takes 80000 bytes.
  asked       s[g].store_in("stack")    HERE
  rule        a Func takes at most 65536 bytes on the stack or in registers
  legal here  store_in("heap")""",
)
def whole_array_on_the_stack() -> Scheduled:
    x, (i, j), f, g = tl.Input("x", (100, 100), tl.float64), tl.vars("i j"), tl.Func("f"), tl.Func("g")
    g[i, j] = x[i, j] * 2
    f[i, j] = g[i, j] + 1
    s = tl.Schedule()
    s["g"].compute_root().store_in("stack")
    return Scheduled(f, s)


@must_fail(
    "registers_are_indexed_by_constants",
    """\
s[g].store_in("register"): loop j of g runs over g, and is neither unrolled nor vectorized.
  asked       s[g].store_in("register")    HERE
  rule        registers are indexed by constants alone, once loops are unrolled and vectorized
  legal here  store_in("stack")
  hint        s[g].unroll("j")""",
)
def registers_run_over_by_a_serial_loop() -> Scheduled:
    s = tl.Schedule()
    s["g"].compute_at("f", "i").store_in("register")
    return Scheduled(blur().f, s)


@must_fail(
    "registers_are_indexed_by_constants",
    """\
s[g].store_in("register"): loop j of f runs over g, and is neither unrolled nor vectorized.
  asked       s[g].store_in("register")    HERE
  rule        registers are indexed by constants alone, once loops are unrolled and vectorized
  legal here  store_in("stack")
  hint        s[f].unroll("j")""",
)
def registers_read_in_a_serial_loop() -> Scheduled:
    s = tl.Schedule()
    s["g"].compute_at("f", "i").store_in("register").unroll("j")
    return Scheduled(blur().f, s)


@must_fail(
    "registers_are_indexed_by_constants",
    """\
s[conv].store_in("register"): loop k of conv.update() runs over conv, and is neither unrolled nor vectorized.
  asked       s[conv].store_in("register")    HERE
  rule        registers are indexed by constants alone, once loops are unrolled and vectorized
  legal here  store_in("stack")
  hint        s[conv.update()].unroll("k")""",
)
def registers_of_an_update_that_is_not_unrolled() -> Scheduled:
    s = tl.Schedule()
    s["conv"].compute_at("out", "q").store_in("register").vectorize("k", 16).unroll("k")
    s["out"].vectorize("k", 16).unroll("k")
    return Scheduled(conv().out, s)


@must_fail(
    "registers_are_in_a_loop",
    """\
s[g].store_in("register"): g is computed at root.
  asked       s[g].store_in("register")    HERE
  rule        registers hold what is computed inside a loop of a consumer
  legal here  compute_at(consumer, loop) | store_in("heap") | store_in("stack")""",
)
def registers_at_root() -> Scheduled:
    s = tl.Schedule()
    s["g"].compute_root().store_in("register")
    return Scheduled(blur().f, s)


@must_fail(
    "state_is_on_the_heap",
    """\
s[packed].store_in("stack"): packed is computed at initialisation and outlives the call.
  asked       s[packed].store_in("stack")    HERE
  rule        what compute_at_init computes is kept in the kernel's state, on the heap
  legal here  store_in("heap")""",
)
def stack_for_what_outlives_the_call() -> Scheduled:
    s = tl.Schedule()
    s.in_("B", "C", "packed").compute_at_init().store_in("stack")
    return Scheduled(gemm().c, s)
