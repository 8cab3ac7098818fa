"""Loops that are taken apart, put together or run in ways that they cannot be."""

from __future__ import annotations

import tensorlang as tl
from tensorlang.schedule.rules import Family
from tests.legality.must_fail import Scheduled, programs_of
from tests.schedule.programs import blur, conv, gemm

must_fail = programs_of(Family.LOOPS)


@must_fail(
    "split_loop_is_not_vectorized",
    """\
s[f].split("j", "jo", "ji", 8): j is a vectorized loop of f.
  asked       s[f].split("j", "jo", "ji", 8)    HERE
  rule        a vectorized loop is not split, as its halves would both be vectorized
  hint        split j first, then vectorize the inner loop""",
)
def split_of_a_vectorized_loop() -> Scheduled:
    s = tl.Schedule()
    s["f"].vectorize("j").split("j", "jo", "ji", 8)
    return Scheduled(blur().f, s)


@must_fail(
    "split_loop_is_not_vectorized",
    """\
s[f].tile("i", "j", "io", "jo", "ii", "ji", 4, 8): j is a vectorized loop of f.
  asked       s[f].tile("i", "j", "io", "jo", "ii", "ji", 4, 8)    HERE
  rule        a vectorized loop is not split, as its halves would both be vectorized
  hint        split j first, then vectorize the inner loop""",
)
def tile_with_a_vectorized_loop() -> Scheduled:
    s = tl.Schedule()
    s["f"].vectorize("j").tile("i", "j", "io", "jo", "ii", "ji", 4, 8)
    return Scheduled(blur().f, s)


@must_fail(
    "tile_takes_two_loops",
    """\
s[f].tile("i", "i", "io", "im", "ii", "in_", 4, 2): i is named twice.
  asked       s[f].tile("i", "i", "io", "im", "ii", "in_", 4, 2)    HERE
  rule        a tile is of two different loops
  hint        split i, and the inner loop again, for tiles within tiles""",
)
def tile_of_one_loop() -> Scheduled:
    s = tl.Schedule()
    s["f"].tile("i", "i", "io", "im", "ii", "in_", 4, 2)
    return Scheduled(blur().f, s)


@must_fail(
    "fused_loops_are_nested",
    """\
s[out].fuse("n", "q", "nq"): q is not directly inside n.
  asked       s[out].fuse("n", "q", "nq")    HERE
  rule        the two loops of a fuse are directly nested, outer first
  legal here  loops of out, outermost first: n, p, q, k
  hint        reorder first""",
)
def fuse_of_loops_with_one_between() -> Scheduled:
    s = tl.Schedule()
    s["out"].fuse("n", "q", "nq")
    return Scheduled(conv().out, s)


@must_fail(
    "fused_loops_are_nested",
    """\
s[f].fuse("j", "i", "ij"): i is not directly inside j.
  asked       s[f].fuse("j", "i", "ij")    HERE
  rule        the two loops of a fuse are directly nested, outer first
  legal here  loops of f, outermost first: i, j
  hint        reorder first""",
)
def fuse_of_the_inner_loop_first() -> Scheduled:
    s = tl.Schedule()
    s["f"].fuse("j", "i", "ij")
    return Scheduled(blur().f, s)


@must_fail(
    "fused_loops_are_nested",
    """\
s[f].fuse("j", "j", "jj"): j is not directly inside j.
  asked       s[f].fuse("j", "j", "jj")    HERE
  rule        the two loops of a fuse are directly nested, outer first
  legal here  loops of f, outermost first: i, j
  hint        reorder first""",
)
def fuse_of_a_loop_with_itself() -> Scheduled:
    s = tl.Schedule()
    s["f"].fuse("j", "j", "jj")
    return Scheduled(blur().f, s)


@must_fail(
    "fused_loops_are_of_one_sort",
    """\
s[C.update()].fuse("j", "k", "jk"): k is a reduction loop and j is not.
  asked       s[C.update()].fuse("j", "k", "jk")    HERE
  rule        a fuse takes two loops over pure Vars, or two over RVars""",
)
def fuse_of_a_pure_loop_with_a_reduction() -> Scheduled:
    s = tl.Schedule()
    s["C.update()"].fuse("j", "k", "jk")
    return Scheduled(gemm().c, s)


@must_fail(
    "fused_loops_are_of_one_sort",
    """\
s[C.update()].fuse("k", "j", "kj"): k is a reduction loop and j is not.
  asked       s[C.update()].fuse("k", "j", "kj")    HERE
  rule        a fuse takes two loops over pure Vars, or two over RVars""",
)
def fuse_of_a_reduction_with_a_pure_loop() -> Scheduled:
    s = tl.Schedule()
    s["C.update()"].reorder("i", "k", "j").fuse("k", "j", "kj")
    return Scheduled(gemm().c, s)


@must_fail(
    "fused_loops_run_alike",
    """\
s[f].fuse("i", "j", "ij"): i is parallel and j is serial.
  asked       s[f].fuse("i", "j", "ij")    HERE
  rule        the two loops of a fuse run in the same way, and are not vectorized
  hint        fuse first, then say how the fused loop runs""",
)
def fuse_of_a_parallel_loop_with_a_serial_one() -> Scheduled:
    s = tl.Schedule()
    s["f"].parallel("i").fuse("i", "j", "ij")
    return Scheduled(blur().f, s)


@must_fail(
    "fused_loops_run_alike",
    """\
s[f].fuse("j", "j.lane", "jj"): j is serial and j.lane is vectorized.
  asked       s[f].fuse("j", "j.lane", "jj")    HERE
  rule        the two loops of a fuse run in the same way, and are not vectorized
  hint        fuse first, then say how the fused loop runs""",
)
def fuse_with_lanes() -> Scheduled:
    s = tl.Schedule()
    s["f"].vectorize("j", 8).fuse("j", "j.lane", "jj")
    return Scheduled(blur().f, s)


@must_fail(
    "fused_loops_run_alike",
    """\
s[f].fuse("ij", "j.unroll", "all"): ij is serial and j.unroll is unrolled.
  asked       s[f].fuse("ij", "j.unroll", "all")    HERE
  rule        the two loops of a fuse run in the same way, and are not vectorized
  hint        fuse first, then say how the fused loop runs""",
)
def fuse_of_a_serial_loop_with_an_unrolled_one() -> Scheduled:
    s = tl.Schedule()
    s["f"].unroll("j", 8).fuse("i", "j", "ij").fuse("ij", "j.unroll", "all")
    return Scheduled(blur().f, s)


@must_fail(
    "runs_in_one_way",
    """\
s[f].parallel("i"): i is already unrolled in f.
  asked       s[f].parallel("i")    HERE
  rule        a loop runs in one way
  hint        serial("i") first""",
)
def parallel_of_an_unrolled_loop() -> Scheduled:
    s = tl.Schedule()
    s["f"].unroll("i").parallel("i")
    return Scheduled(blur().f, s)


@must_fail(
    "runs_in_one_way",
    """\
s[f].parallel("i", 4): i is already unrolled in f.
  asked       s[f].parallel("i", 4)    HERE
  rule        a loop runs in one way
  hint        serial("i") first""",
)
def parallel_tasks_of_an_unrolled_loop() -> Scheduled:
    s = tl.Schedule()
    s["f"].unroll("i").parallel("i", 4)
    return Scheduled(blur().f, s)


@must_fail(
    "runs_in_one_way",
    """\
s[f].vectorize("j"): j is already parallel in f.
  asked       s[f].vectorize("j")    HERE
  rule        a loop runs in one way
  hint        serial("j") first""",
)
def vectorize_of_a_parallel_loop() -> Scheduled:
    s = tl.Schedule()
    s["f"].parallel("j").vectorize("j")
    return Scheduled(blur().f, s)


@must_fail(
    "runs_in_one_way",
    """\
s[f].unroll("j.lane"): j.lane is already vectorized in f.
  asked       s[f].unroll("j.lane")    HERE
  rule        a loop runs in one way
  hint        serial("j.lane") first""",
)
def unroll_of_a_vectorized_loop() -> Scheduled:
    s = tl.Schedule()
    s["f"].vectorize("j", 8).unroll("j.lane")
    return Scheduled(blur().f, s)


@must_fail(
    "runs_in_one_way",
    """\
s[f].unroll("i"): i is already unrolled in f.
  asked       s[f].unroll("i")    HERE
  rule        a loop runs in one way
  hint        say it once""",
)
def unrolled_twice() -> Scheduled:
    s = tl.Schedule()
    s["f"].unroll("i").unroll("i")
    return Scheduled(blur().f, s)


@must_fail(
    "partitioned_loop_repeats",
    """\
s[f].partition("j", "always"): j is vectorized.
  asked       s[f].partition("j", "always")    HERE
  rule        policies of partitioning are for loops that are serial or parallel
  legal here  loops: i""",
)
def partition_of_lanes() -> Scheduled:
    f, (i, j) = tl.Func("f"), tl.vars("i j")
    f[i, j] = i + j
    s = tl.Schedule()
    s["f"].partition("j", "always").vectorize("j")
    return Scheduled(f, s, {"f": (8, 16)})
