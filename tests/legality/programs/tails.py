"""Tails that would change what is computed, or leave an array."""

from __future__ import annotations

import tensorlang as tl
from tensorlang.schedule.rules import Family
from tests.legality.must_fail import Scheduled, programs_of
from tests.schedule.programs import blur, gemm

must_fail = programs_of(Family.TAILS)


@must_fail(
    "reduction_tail",
    """\
s[C.update()].split("k", "ko", "ki", 7, tail="round_up"): k is a reduction loop, and round_up would run iterations \
that the RDom does not have.
  asked       s[C.update()].split("k", "ko", "ki", 7, tail="round_up")    HERE
  rule        reduction loops accept only the tails guard_with_if, predicate and auto
  legal here  tail="guard_with_if" | tail="predicate" | tail="auto\"""",
)
def reduction_rounded_up() -> Scheduled:
    s = tl.Schedule()
    s["C.update()"].split("k", "ko", "ki", 7, tail="round_up")
    return Scheduled(gemm().c, s)


@must_fail(
    "reduction_tail",
    """\
s[C.update()].unroll("k", 7, tail="shift_inwards"): k is a reduction loop, and shift_inwards would run iterations \
that the RDom does not have.
  asked       s[C.update()].unroll("k", 7, tail="shift_inwards")    HERE
  rule        reduction loops accept only the tails guard_with_if, predicate and auto
  legal here  tail="guard_with_if" | tail="predicate" | tail="auto\"""",
)
def reduction_shifted_inwards() -> Scheduled:
    s = tl.Schedule()
    s["C.update()"].unroll("k", 7, tail="shift_inwards")
    return Scheduled(gemm().c, s)


@must_fail(
    "reduction_tail",
    """\
s[C.update()].split("k", "ko", "ki", 7, tail="round_up_and_blend"): k is a reduction loop, and round_up_and_blend \
would run iterations that the RDom does not have.
  asked       s[C.update()].split("k", "ko", "ki", 7, tail="round_up_and_blend")    HERE
  rule        reduction loops accept only the tails guard_with_if, predicate and auto
  legal here  tail="guard_with_if" | tail="predicate" | tail="auto\"""",
)
def reduction_blended() -> Scheduled:
    s = tl.Schedule()
    s["C.update()"].split("k", "ko", "ki", 7, tail="round_up_and_blend")
    return Scheduled(gemm().c, s)


@must_fail(
    "reduction_tail",
    """\
s[C.update()].split("k", "ko", "ki", 7, tail="predicate_loads"): k is a reduction loop, and predicate_loads would \
run iterations that the RDom does not have.
  asked       s[C.update()].split("k", "ko", "ki", 7, tail="predicate_loads")    HERE
  rule        reduction loops accept only the tails guard_with_if, predicate and auto
  legal here  tail="guard_with_if" | tail="predicate" | tail="auto\"""",
)
def reduction_that_loads_zeros() -> Scheduled:
    s = tl.Schedule()
    s["C.update()"].split("k", "ko", "ki", 7, tail="predicate_loads")
    return Scheduled(gemm().c, s)


@must_fail(
    "reduction_tail",
    """\
s[C.update()].tile("j", "k", "jo", "ko", "ji", "ki", 16, 7, tail="round_up"): k is a reduction loop, and round_up \
would run iterations that the RDom does not have.
  asked       s[C.update()].tile("j", "k", "jo", "ko", "ji", "ki", 16, 7, tail="round_up")    HERE
  rule        reduction loops accept only the tails guard_with_if, predicate and auto
  legal here  tail="guard_with_if" | tail="predicate" | tail="auto\"""",
)
def tile_of_a_pure_loop_and_a_reduction_rounded_up() -> Scheduled:
    s = tl.Schedule()
    s["C.update()"].tile("j", "k", "jo", "ko", "ji", "ki", 16, 7, tail="round_up")
    return Scheduled(gemm().c, s)


@must_fail(
    "shift_in_update",
    """\
s[C.update()].vectorize("j", 7, tail="shift_inwards"): C.update() is an update, and shift_inwards would update some \
points twice.
  asked       s[C.update()].vectorize("j", 7, tail="shift_inwards")    HERE
  rule        shift_inwards is legal for pure definitions
  legal here  tail="guard_with_if" | tail="predicate" | tail="auto"
  hint        tail="shift_inwards_and_blend" keeps full tiles, where there is a whole one""",
)
def update_shifted_inwards() -> Scheduled:
    s = tl.Schedule()
    s["C.update()"].vectorize("j", 7, tail="shift_inwards")
    return Scheduled(gemm().c, s)


@must_fail(
    "repeated_updates",
    """\
s[C.update()].split("ii", "im", "in_", 8, tail="round_up"): ii descends from the inner loop of a split, and \
round_up would update some points twice.
  asked       s[C.update()].split("ii", "im", "in_", 8, tail="round_up")    HERE
  rule        in an update, round_up is legal for loops that do not descend from the inner loop of a split, or that \
the factor divides
  legal here  tail="guard_with_if" | tail="predicate" | tail="auto"
  hint        tail="shift_inwards_and_blend" keeps full tiles, where there is a whole one""",
)
def inner_loop_of_an_update_rounded_up() -> Scheduled:
    s = tl.Schedule()
    s["C.update()"].split("i", "io", "ii", 12, tail="guard_with_if").split("ii", "im", "in_", 8, tail="round_up")
    return Scheduled(gemm().c, s)


@must_fail(
    "repeated_zeros",
    """\
s[f].split("ii", "im", "in_", 4, tail="predicate_loads"): ii descends from the inner loop of a split, and \
predicate_loads would overwrite points of the next tile with values made of zeros.
  asked       s[f].split("ii", "im", "in_", 4, tail="predicate_loads")    HERE
  rule        predicate_loads is legal for loops that do not descend from the inner loop of a split, nor from the \
outer loop of one that shifts inwards, or that the factor divides
  legal here  tail="guard_with_if" | tail="predicate" | tail="auto\"""",
)
def inner_loop_that_loads_zeros() -> Scheduled:
    s = tl.Schedule()
    s["f"].split("i", "io", "ii", 6, tail="guard_with_if").split("ii", "im", "in_", 4, tail="predicate_loads")
    return Scheduled(blur().f, s)


@must_fail(
    "blend_races",
    """\
s[f].split("i", "io", "ii", 5, tail="shift_inwards_and_blend"): io is parallel, and a tile that blends would store \
old values over what another thread stored.
  asked       s[f].split("i", "io", "ii", 5, tail="shift_inwards_and_blend")    HERE
  rule        neither the dimension of a tail that blends nor a reduction runs in parallel
  legal here  tail="guard_with_if" | tail="predicate" | tail="auto"
  hint        or serial("io")""",
)
def blend_of_a_parallel_loop() -> Scheduled:
    s = tl.Schedule()
    s["f"].split("i", "io", "ii", 5, tail="shift_inwards_and_blend").parallel("io")
    return Scheduled(blur().f, s)


@must_fail(
    "blend_races",
    """\
s[f].split("i", "io", "ii", 5, tail="round_up_and_blend"): io is parallel, and a tile that blends would store old \
values over what another thread stored.
  asked       s[f].split("i", "io", "ii", 5, tail="round_up_and_blend")    HERE
  rule        neither the dimension of a tail that blends nor a reduction runs in parallel
  legal here  tail="guard_with_if" | tail="predicate" | tail="auto"
  hint        or serial("io") and serial("ii")""",
)
def blend_of_a_loop_that_is_parallel_before() -> Scheduled:
    s = tl.Schedule()
    s["f"].parallel("i").split("i", "io", "ii", 5, tail="round_up_and_blend")
    return Scheduled(blur().f, s)


@must_fail(
    "shifted_tile_fits",
    """\
tail shift_inwards of the split of j in f is not legal: its extent is 16, the factor 50.
  asked       s[f].split("j", "jo", "ji", 50, tail="shift_inwards")    HERE
  rule        a tail that shifts inwards needs an extent of at least the factor
  legal here  tail="guard_with_if" | tail="predicate" | tail="auto"
  hint        use a factor that divides 16, or tail="auto\"""",
)
def tile_larger_than_the_output() -> Scheduled:
    s = tl.Schedule()
    s["f"].split("j", "jo", "ji", 50, tail="shift_inwards")
    return Scheduled(blur().f, s)


@must_fail(
    "shifted_tile_fits",
    """\
tail shift_inwards_and_blend of the split of j in C.update() is not legal: its extent is 48, the factor 64.
  asked       s[C.update()].vectorize("j", 64, tail="shift_inwards_and_blend")    HERE
  rule        a tail that shifts inwards needs an extent of at least the factor
  legal here  tail="guard_with_if" | tail="predicate" | tail="auto"
  hint        use a factor that divides 48, or tail="auto\"""",
)
def lanes_of_a_short_update_blended() -> Scheduled:
    s = tl.Schedule()
    s["C.update()"].vectorize("j", 64, tail="shift_inwards_and_blend")
    return Scheduled(gemm().c, s)


@must_fail(
    "shifted_tile_fits",
    """\
tail shift_inwards of the split of j in f is not legal: its extent is at least 0, the factor 2.
  asked       s[f].vectorize("j", 2, tail="shift_inwards")    HERE
  rule        a tail that shifts inwards needs an extent of at least the factor
  legal here  tail="guard_with_if" | tail="predicate" | tail="auto"
  hint        use tail="auto\"""",
)
def tile_of_a_region_that_may_be_empty() -> Scheduled:
    x = tl.Input("x", (17, 24), tl.float32)
    i, j = tl.vars("i j")
    f, g, h = tl.Func("f"), tl.Func("g"), tl.Func("h")
    f[i, j] = x[i, j] * 2
    g[i, j] = f[i, j] + f[i, j + 1]
    h[i, j] = g[i, j] - 1
    s = tl.Schedule()
    s["h"].split("j", "jo", "ji", 8, "guard_with_if").reorder("jo", "i", "ji")
    s["g"].compute_at("h", "jo").split("j", "jo", "ji", 3, "guard_with_if").reorder("jo", "i", "ji")
    s["f"].compute_at("g", "jo").vectorize("j", 2, "shift_inwards")
    return Scheduled(h, s, {"h": (13, 17)})


@must_fail(
    "touched_is_inside",
    """\
a round_up tail makes C be written at j = 0 .. 49, outside [0, 48).
  asked       s[C].split("j", "jo", "ji", 10, tail="round_up")    HERE
  rule        a tail that goes on past the end is legal where all arrays can hold the points that it reads and \
writes there
  legal here  tail="guard_with_if" | tail="predicate" | tail="auto"
  hint        change the tail of the split that makes the tiles of C""",
)
def rounded_up_past_an_output() -> Scheduled:
    s = tl.Schedule()
    s["C"].split("j", "jo", "ji", 10, tail="round_up")
    return Scheduled(gemm().c, s)


@must_fail(
    "touched_is_inside",
    """\
a round_up tail makes x be read at axis 1 = 0 .. 23, outside [0, 17).
  asked       s[g].vectorize("j", 8, tail="round_up")    HERE
  rule        a tail that goes on past the end is legal where all arrays can hold the points that it reads and \
writes there
  legal here  tail="guard_with_if" | tail="predicate" | tail="auto"
  hint        change the tail of the split that makes the tiles of x""",
)
def rounded_up_past_an_input() -> Scheduled:
    s = tl.Schedule()
    s["g"].compute_root().vectorize("j", 8, tail="round_up")
    return Scheduled(blur().f, s)


@must_fail(
    "touched_is_inside",
    """\
a predicate_stores tail makes x be read at axis 1 = 0 .. 20, outside [0, 17).
  asked       s[f].split("j", "jo", "ji", 5, tail="predicate_stores")    HERE
  rule        a tail that goes on past the end is legal where all arrays can hold the points that it reads and \
writes there
  legal here  tail="guard_with_if" | tail="predicate" | tail="auto"
  hint        change the tail of the split that makes the tiles of x""",
)
def loads_past_an_input_of_an_inlined_func() -> Scheduled:
    s = tl.Schedule()
    s["f"].split("j", "jo", "ji", 5, tail="predicate_stores")
    return Scheduled(blur().f, s)


@must_fail(
    "touched_is_inside",
    """\
a predicate_loads tail makes f be written at j = 0 .. 19, outside [0, 16).
  asked       s[f].split("j", "jo", "ji", 5, tail="predicate_loads")    HERE
  rule        a tail that goes on past the end is legal where all arrays can hold the points that it reads and \
writes there
  legal here  tail="guard_with_if" | tail="predicate" | tail="auto"
  hint        change the tail of the split that makes the tiles of f""",
)
def zeros_stored_past_an_output() -> Scheduled:
    s = tl.Schedule()
    s["f"].split("j", "jo", "ji", 5, tail="predicate_loads")
    return Scheduled(blur().f, s)


@must_fail(
    "touched_is_inside",
    """\
a round_up_and_blend tail makes B be read at axis 1 = 0 .. 63, outside [0, 48).
  asked       s[C.update()].vectorize("j", 32, tail="round_up_and_blend")    HERE
  rule        a tail that goes on past the end is legal where all arrays can hold the points that it reads and \
writes there
  legal here  tail="guard_with_if" | tail="predicate" | tail="auto"
  hint        change the tail of the split that makes the tiles of B""",
)
def blended_past_an_output() -> Scheduled:
    s = tl.Schedule()
    s["C.update()"].vectorize("j", 32, tail="round_up_and_blend")
    return Scheduled(gemm().c, s)


@must_fail(
    "shifted_tile_fits",
    """\
tail shift_inwards of the split of i in f.case(0) is not legal: its extent is 6, the factor 8.
  asked       s[f.case(0)].split("i", "io", "ii", 8, tail="shift_inwards")    HERE
  rule        a tail that shifts inwards needs an extent of at least the factor
  legal here  tail="guard_with_if" | tail="predicate" | tail="auto"
  hint        use a factor that divides 6, or tail="auto\"""",
)
def shifted_tile_of_a_case() -> Scheduled:
    f, i = tl.Func("f"), tl.Var("i")
    f[i] = i * tl.Param("n", tl.int64)
    s = tl.Schedule()
    s["f"].specialize("n == 1").split("i", "io", "ii", 8, tail="shift_inwards")
    return Scheduled(f, s, {"f": (6,)})


@must_fail(
    "blend_lanes",
    """\
s[f].split("i", "io", "ii", 5, tail="shift_inwards_and_blend"): i2.lane is vectorized and goes over several tiles, \
and one would store old values over what another stored.
  asked       s[f].split("i", "io", "ii", 5, tail="shift_inwards_and_blend")    HERE
  rule        lanes lie inside one tile of a tail that blends, as two tiles may have points in common
  legal here  tail="guard_with_if" | tail="predicate" | tail="auto"
  hint        or vectorize a loop that descends from ii alone""",
)
def lanes_in_two_tiles_of_a_blend() -> Scheduled:
    s = tl.Schedule()
    s["f"].split("i", "io", "ii", 5, tail="shift_inwards_and_blend").fuse("io", "ii", "i2").vectorize("i2", 4)
    return Scheduled(blur().f, s)


@must_fail(
    "repeated_zeros",
    """\
s[f].split("io", "io1", "io2", 4, tail="predicate_loads"): io descends from the outer loop of a split that shifts \
inwards, and predicate_loads would overwrite its last tile with values made of zeros.
  asked       s[f].split("io", "io1", "io2", 4, tail="predicate_loads")    HERE
  rule        predicate_loads is legal for loops that do not descend from the inner loop of a split, nor from the \
outer loop of one that shifts inwards, or that the factor divides
  legal here  tail="guard_with_if" | tail="predicate" | tail="auto\"""",
)
def zeros_in_the_tile_that_slides_back() -> Scheduled:
    s = tl.Schedule()
    s["f"].split("i", "io", "ii", 5, tail="shift_inwards").split("io", "io1", "io2", 4, tail="predicate_loads")
    return Scheduled(blur().f, s)


@must_fail(
    "blend_lanes",
    """\
s[f].split("ii", "i2", "i3", 4, tail="round_up_and_blend"): io.lane is vectorized and goes over several tiles, \
and one would store old values over what another stored.
  asked       s[f].split("ii", "i2", "i3", 4, tail="round_up_and_blend")    HERE
  rule        lanes lie inside one tile of a tail that blends, as two tiles may have points in common
  legal here  tail="guard_with_if" | tail="predicate" | tail="auto"
  hint        or vectorize a loop that descends from i3 alone""",
)
def lanes_in_tiles_that_are_rounded_up() -> Scheduled:
    s = tl.Schedule()
    s["f"].split("i", "io", "ii", 6, tail="guard_with_if").split("ii", "i2", "i3", 4, tail="round_up_and_blend")
    s["f"].vectorize("io", 2)
    return Scheduled(blur().f, s)


@must_fail(
    "repeated_blends",
    """\
s[f].vectorize("io", 4, tail="round_up_and_blend"): io descends from the outer loop of a split that shifts inwards, \
and round_up_and_blend would store old values over its last tile.
  asked       s[f].vectorize("io", 4, tail="round_up_and_blend")    HERE
  rule        round_up_and_blend is legal for loops that do not descend from the outer loop of a split that shifts \
inwards, or that the factor divides
  legal here  tail="guard_with_if" | tail="predicate" | tail="auto\"""",
)
def old_values_over_the_tile_that_slides_back() -> Scheduled:
    s = tl.Schedule()
    s["f"].split("i", "io", "ii", 5, tail="shift_inwards").vectorize("io", 4, tail="round_up_and_blend")
    return Scheduled(blur().f, s)
