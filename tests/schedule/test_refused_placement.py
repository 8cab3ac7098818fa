"""Must-fail tests of placement, storage, wrapping and bounds: whole error texts."""

from __future__ import annotations

from tensorlang.errors import TensorlangError
from tensorlang.schedule import Schedule

from .programs import blur, conv, gemm, refusal


def only_problem(schedule: Schedule) -> str:
    """The text of the one problem that a whole schedule has."""
    (problem,) = schedule.check()
    return _at_here(problem)


def _at_here(problem: TensorlangError) -> str:
    return str(problem).replace(problem.where, "HERE")


def test_inline_of_a_func_with_updates() -> None:
    s = Schedule(conv().out)
    assert refusal(lambda: s["conv"].compute_inline()) == (
        "s[conv].compute_inline(): conv has an update definition.\n"
        "  asked       s[conv].compute_inline()    HERE\n"
        "  rule        a Func with updates is not inlined, as it needs storage to accumulate in\n"
        "  legal here  compute_root() | compute_at(consumer, loop)"
    )


def test_placed_twice() -> None:
    s = Schedule(conv().out)
    s["conv"].compute_at("out", "q")
    assert refusal(lambda: s["conv"].compute_root()) == (
        's[conv].compute_root(): conv is already placed, by s[conv].compute_at(out, "q").\n'
        "  asked       s[conv].compute_root()    HERE\n"
        "  rule        a Func is placed once\n"
        "  hint        keep one of the two"
    )


def test_placement_of_an_update() -> None:
    c = conv()
    s = Schedule(c.out)
    assert refusal(lambda: s[c.conv.update()].compute_at(c.out, "q")) == (
        's[conv.update()].compute_at(out, "q"): compute_at is said of the Func conv, not of one of its updates.\n'
        '  asked       s[conv.update()].compute_at(out, "q")    HERE\n'
        "  rule        placement, storage and bounds belong to a Func\n"
        '  legal here  s[conv].compute_at(out, "q")'
    )


def test_computed_where_it_is_not_used() -> None:
    c = conv()
    s = Schedule(c.out)
    assert refusal(lambda: s[c.padded].compute_at(c.conv, "p")) == (
        's[padded].compute_at(conv, "p"): conv does not use padded.\n'
        '  asked       s[padded].compute_at(conv, "p")    HERE\n'
        "  rule        a Func is computed at a loop of a stage that uses it, directly or through others\n"
        "  legal here  loops of conv.update(), out"
    )


def test_computed_at_an_unknown_loop() -> None:
    s = Schedule(conv().out)
    assert refusal(lambda: s["conv"].compute_at("out", "qo")) == (
        's[conv].compute_at(out, "qo"): out has no loop qo.\n'
        '  asked       s[conv].compute_at(out, "qo")    HERE\n'
        "  rule        a directive names loops that exist when it is given\n"
        "  legal here  loops of out, outermost first: n, p, q, k"
    )


def test_loop_of_a_compute_at_that_was_split_later() -> None:
    s = Schedule(conv().out)
    s["conv"].compute_at("out", "q")
    s["out"].split("q", "qo", "qi", 4)
    assert only_problem(s) == (
        's[conv].compute_at(out, "q"): q is no loop of out any more; s[out].split("q", "qo", "qi", 4) replaced it.\n'
        '  asked       s[conv].compute_at(out, "q")    HERE\n'
        "  rule        the loop of a compute_at, store_at or hoist_storage is there once all directives are given\n"
        "  legal here  loops of out, outermost first: n, p, qo, qi, k"
    )


def test_initialisation_from_an_input_that_changes() -> None:
    c = conv()
    s = Schedule(c.out)
    s.in_(c.padded, c.conv, "copy")
    assert refusal(lambda: s["copy"].compute_at_init()) == (
        "s[copy].compute_at_init(): copy depends on x, which may differ from call to call.\n"
        "  asked       s[copy].compute_at_init()    HERE\n"
        "  rule        a Func computed at initialisation depends on constant Inputs only\n"
        "  hint        tl.Input('x', ..., constant=True), if it is a weight"
    )


def test_directive_for_a_func_that_is_inlined_by_default() -> None:
    s = Schedule(blur().f)
    s["g"].vectorize("j", 8)
    assert only_problem(s) == (
        's[g].vectorize("j", 8): '
        "g is inlined, which is the default of Funcs without updates, so it has no loops and no storage.\n"
        '  asked       s[g].vectorize("j", 8)    HERE\n'
        "  rule        a directive is never silently ignored\n"
        "  legal here  s[g].compute_root() | s[g].compute_at(consumer, loop)"
    )


def test_storage_of_a_func_that_is_inlined_by_request() -> None:
    s = Schedule(blur().f)
    s["g"].store_in("stack").compute_inline()
    assert only_problem(s) == (
        's[g].store_in("stack"): g is inlined, by s[g].compute_inline(), so it has no loops and no storage.\n'
        '  asked       s[g].store_in("stack")    HERE\n'
        "  rule        a directive is never silently ignored\n"
        "  hint        leave that out, and say compute_root() or compute_at(consumer, loop)"
    )


def test_copy_that_is_not_placed() -> None:
    g = gemm()
    s = Schedule(g.c)
    s.in_(g.b, g.c, "packed").reorder_storage("j", "k")
    assert only_problem(s) == (
        's.in_(B, C, "packed"): packed is inlined, so that nothing is copied.\n'
        '  asked       s.in_(B, C, "packed")    HERE\n'
        "  rule        the copy that in_ makes is computed somewhere\n"
        "  legal here  s[packed].compute_root() | s[packed].compute_at(consumer, loop) | s[packed].compute_at_init()"
    )


def test_registers_at_root() -> None:
    s = Schedule(blur().f)
    s["g"].compute_root().store_in("register")
    assert only_problem(s) == (
        's[g].store_in("register"): g is computed at root.\n'
        '  asked       s[g].store_in("register")    HERE\n'
        "  rule        registers hold what is computed inside a loop of a consumer\n"
        '  legal here  compute_at(consumer, loop) | store_in("heap") | store_in("stack")'
    )


def test_stack_for_what_outlives_the_call() -> None:
    g = gemm()
    s = Schedule(g.c)
    s.in_(g.b, g.c, "packed").compute_at_init().store_in("stack")
    assert only_problem(s) == (
        's[packed].store_in("stack"): packed is computed at initialisation and outlives the call.\n'
        '  asked       s[packed].store_in("stack")    HERE\n'
        "  rule        what compute_at_init computes is kept in the kernel's state, on the heap\n"
        '  legal here  store_in("heap")'
    )


def test_memory_chosen_twice() -> None:
    s = Schedule(blur().f)
    s["g"].compute_root().store_in("stack")
    assert refusal(lambda: s["g"].store_in("heap")) == (
        's[g].store_in("heap"): the memory of g is already chosen, by s[g].store_in("stack").\n'
        '  asked       s[g].store_in("heap")    HERE\n'
        "  rule        the memory of a Func is chosen once\n"
        "  hint        keep one of the two"
    )


def test_unknown_memory() -> None:
    s = Schedule()
    assert refusal(lambda: s["g"].store_in("gpu")) == (
        's[g].store_in("gpu"): memory must be one of heap, stack, register, but got "gpu".\n'
        '  asked       s[g].store_in("gpu")    HERE\n'
        "  rule        memory is one of heap, stack, register"
    )


def test_unknown_storage_dimension() -> None:
    s = Schedule(blur().f)
    s["g"].compute_root()
    assert refusal(lambda: s["g"].reorder_storage("j", "k")) == (
        's[g].reorder_storage("j", "k"): g has no storage dimension k.\n'
        '  asked       s[g].reorder_storage("j", "k")    HERE\n'
        "  rule        a directive names storage dimensions that exist when it is given\n"
        "  legal here  storage dimensions of g, outermost first: i, j"
    )


def test_storage_name_taken() -> None:
    s = Schedule(blur().f)
    assert refusal(lambda: s["g"].split_storage("j", "i", "ji", 8)) == (
        's[g].split_storage("j", "i", "ji", 8): the name i is already used in the storage of g.\n'
        '  asked       s[g].split_storage("j", "i", "ji", 8)    HERE\n'
        "  rule        names are unique among the storage dimensions of a Func\n"
        "  legal here  names other than i"
    )


def test_storage_factor_that_does_not_divide() -> None:
    s = Schedule(blur().f)
    s["g"].split_storage("j", "jo", "ji", 32)
    assert refusal(lambda: s["g"].split_storage("ji", "jm", "ji", 12)) == (
        's[g].split_storage("ji", "jm", "ji", 12): ji has extent 32, which 12 does not divide.\n'
        '  asked       s[g].split_storage("ji", "jm", "ji", 12)    HERE\n'
        "  rule        the factor divides the extent of a storage dimension that a split made\n"
        "  legal here  factors 1, 2, 4, 8, 16, 32"
    )


def test_aligned_dimension() -> None:
    s = Schedule(blur().f)
    s["g"].align_storage("j", 16)
    assert refusal(lambda: s["g"].align_storage("j", 8)) == (
        's[g].align_storage("j", 8): j is already aligned to 16.\n'
        '  asked       s[g].align_storage("j", 8)    HERE\n'
        "  rule        a storage dimension is aligned once\n"
        "  hint        keep one of the two"
    )
    assert refusal(lambda: s["g"].split_storage("j", "jo", "ji", 8)) == (
        's[g].split_storage("j", "jo", "ji", 8): j is aligned to 16.\n'
        '  asked       s[g].split_storage("j", "jo", "ji", 8)    HERE\n'
        "  rule        a storage dimension is split first, then aligned\n"
        "  hint        align one of the halves after the split"
    )


def test_copy_of_what_is_not_read() -> None:
    c = conv()
    s = Schedule(c.out)
    assert refusal(lambda: s.in_(c.w, c.out, "packed")) == (
        's.in_(w, out, "packed"): out does not read w.\n'
        '  asked       s.in_(w, out, "packed")    HERE\n'
        "  rule        in_ takes a Func or an Input that the consumer reads directly\n"
        "  legal here  out reads conv"
    )


def test_copy_for_an_unknown_consumer() -> None:
    s = Schedule(gemm().c)
    assert refusal(lambda: s.in_("B", "D", "packed")) == (
        's.in_(B, D, "packed"): there is no Func D.\n'
        '  asked       s.in_(B, D, "packed")    HERE\n'
        "  rule        the consumer is a Func of the algorithm\n"
        "  legal here  Funcs: C"
    )


def test_copy_for_one_update_only() -> None:
    g = gemm()
    s = Schedule(g.c)
    assert refusal(lambda: s.in_(g.b, g.c.update(), "packed")).endswith(  # type: ignore[arg-type]
        "  rule        in_ copies a Func or an Input for all definitions of a Func\n  hint        give the Func: C"
    )


def test_name_of_a_copy() -> None:
    g = gemm()
    s = Schedule(g.c)
    assert refusal(lambda: s.in_(g.b, g.c, "A")) == (
        's.in_(B, C, "A"): the name A is already used.\n'
        '  asked       s.in_(B, C, "A")    HERE\n'
        "  rule        the copy takes a name that no Func or Input has\n"
        "  legal here  names other than A, B, C"
    )
    assert refusal(lambda: Schedule().in_("B", "C", "no.dots")) == (
        's.in_(B, C, "no.dots"): stage must be a name made of letters, digits and _, but got "no.dots".\n'
        '  asked       s.in_(B, C, "no.dots")    HERE\n'
        "  rule        stage is a name made of letters, digits and _"
    )


def test_bound_of_an_unknown_var() -> None:
    s = Schedule(gemm().c)
    assert refusal(lambda: s["C"].bound("k", 0, 32)) == (
        's[C].bound("k", 0, 32): C has no Var k.\n'
        '  asked       s[C].bound("k", 0, 32)    HERE\n'
        "  rule        a directive about a region names a Var of the pure definition\n"
        "  legal here  Vars of C: i, j"
    )


def test_bound_twice() -> None:
    s = Schedule(gemm().c)
    s["C"].bound("i", 0, 64)
    assert refusal(lambda: s["C"].bound("i", 0, 32)) == (
        's[C].bound("i", 0, 32): i is already bound in C, to [0, 64).\n'
        '  asked       s[C].bound("i", 0, 32)    HERE\n'
        "  rule        a Var is bound once\n"
        "  hint        keep one of the two"
    )


def test_check_returns_every_problem() -> None:
    b = blur()
    s = Schedule()
    s["g"].vectorize("j", 8)
    s["f"].unroll("nothing").parallel("i")
    s["h"].compute_root()
    assert [problem.asked for problem in s.check(b.f)] == [
        's[f].unroll("nothing")',
        "s[h].compute_root()",
        's[g].vectorize("j", 8)',
    ]
    assert refusal(lambda: s.check()) == (
        "the schedule is bound to no output, so its names mean nothing yet.\n"
        "  asked       s.check()    HERE\n"
        "  legal here  s.check(output) | s.bind(output)"
    )
