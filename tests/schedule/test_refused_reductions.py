"""Must-fail tests of the directives on reductions, and of loops whose iterations meet: whole error texts."""

from __future__ import annotations

from tensorlang.dtypes import float32
from tensorlang.lang.func import Func
from tensorlang.lang.input import Input
from tensorlang.lang.var import RDom, vars
from tensorlang.schedule import Schedule

from .programs import gemm, histogram, refusal


def scan() -> Func:
    """``f[k] = f[k - 1] + x[k]`` for k >= 1."""
    x = Input("x", (16,), float32)
    (i,) = vars("i")
    k = RDom("k", (1, 15))
    f = Func("f")
    f[i] = x[i]
    f[k] = f[k - 1] + x[k]
    return f


def test_parallel_reduction() -> None:
    s = Schedule(gemm().c)
    assert refusal(lambda: s["C", 1].parallel(RDom("k", 32))) == (
        's[C.update()].parallel("k"): '
        "k is a reduction loop, and two of its iterations may touch the same element of C.\n"
        '  asked       s[C.update()].parallel("k")    HERE\n'
        "  rule        a parallel or vectorized reduction loop is proven free of races (an index on the left is affine "
        "in it, and the update reads its own Func only there), or its update is associative and said to be atomic\n"
        '  legal here  loops over pure Vars: i, j | atomic().parallel("k") | rfactor(("k", "u"), "C_parts")'
    )


def test_vectorized_reduction() -> None:
    s = Schedule(gemm().c)
    assert refusal(lambda: s["C", 1].vectorize("k", 8)) == (
        's[C.update()].vectorize("k", 8): '
        "k is a reduction loop, and two of its iterations may touch the same element of C.\n"
        '  asked       s[C.update()].vectorize("k", 8)    HERE\n'
        "  rule        a parallel or vectorized reduction loop is proven free of races (an index on the left is affine "
        "in it, and the update reads its own Func only there), or its update is associative and said to be atomic\n"
        '  legal here  loops over pure Vars: i, j | atomic().vectorize("k", 8) | rfactor(("k", "u"), "C_parts")'
    )


def test_parallel_scan() -> None:
    f = scan()
    s = Schedule(f)
    assert refusal(lambda: s[f.update()].parallel("k")) == (
        's[f.update()].parallel("k"): '
        "k is a reduction loop, and two of its iterations may touch the same element of f.\n"
        '  asked       s[f.update()].parallel("k")    HERE\n'
        "  rule        a parallel or vectorized reduction loop is proven free of races (an index on the left is affine "
        "in it, and the update reads its own Func only there), or its update is associative and said to be atomic\n"
        "  hint        the update is not proven associative: f at the indices on the left is not an operand of its "
        "outermost operator; allow_race_conditions() promises that races do no harm"
    )


def test_atomic_scan() -> None:
    f = scan()
    s = Schedule(f)
    assert refusal(lambda: s[f.update()].atomic()) == (
        "s[f.update()].atomic(): the update is not proven associative: "
        "f at the indices on the left is not an operand of its outermost operator.\n"
        "  asked       s[f.update()].atomic()    HERE\n"
        "  rule        an atomic update accumulates: f = f op e, with op one of + - * min max and or & | ^, and an e "
        "that does not read f\n"
        "  legal here  allow_race_conditions(), if races do no harm"
    )


def test_atomic_pure_definition() -> None:
    s = Schedule(gemm().c)
    assert refusal(lambda: s["C"].atomic()) == (
        "s[C].atomic(): C is a pure definition, and no two of its iterations write one element.\n"
        "  asked       s[C].atomic()    HERE\n"
        "  rule        atomic is said of an update\n"
        "  legal here  s[C.update()].atomic()"
    )


def test_races_of_a_pure_definition() -> None:
    s = Schedule(gemm().c)
    assert refusal(lambda: s["C"].allow_race_conditions()) == (
        "s[C].allow_race_conditions(): C is a pure definition, and no two of its iterations write one element.\n"
        "  asked       s[C].allow_race_conditions()    HERE\n"
        "  rule        allow_race_conditions is said of an update\n"
        "  legal here  s[C.update()].allow_race_conditions()"
    )


def test_rfactor_of_a_pure_definition() -> None:
    s = Schedule(gemm().c)
    assert refusal(lambda: s["C"].rfactor(("i", "u"), "parts")) == (
        's[C].rfactor([("i", "u")], "parts"): C is a pure definition, which reduces nothing.\n'
        '  asked       s[C].rfactor([("i", "u")], "parts")    HERE\n'
        "  rule        rfactor takes an update apart\n"
        '  legal here  s[C.update()].rfactor([("i", "u")], "parts")'
    )


def test_rfactor_of_a_loop_over_a_pure_var() -> None:
    s = Schedule(gemm().c)
    s["C", 1].split("k", "ko", "ki", 8)
    assert refusal(lambda: s["C", 1].rfactor([("ko", "u"), ("j", "v")], "parts")) == (
        's[C.update()].rfactor([("ko", "u"), ("j", "v")], "parts"): j is a loop over a pure Var of C.update().\n'
        '  asked       s[C.update()].rfactor([("ko", "u"), ("j", "v")], "parts")    HERE\n'
        "  rule        rfactor preserves reduction loops; those over pure Vars stay as they are\n"
        "  legal here  reduction loops of C.update(), outermost first: ko, ki"
    )


def test_rfactor_of_a_loop_that_is_not_there() -> None:
    s = Schedule(gemm().c)
    assert refusal(lambda: s["C", 1].rfactor(("ko", "u"), "parts")) == (
        's[C.update()].rfactor([("ko", "u")], "parts"): C.update() has no loop ko.\n'
        '  asked       s[C.update()].rfactor([("ko", "u")], "parts")    HERE\n'
        "  rule        a directive names loops that exist when it is given\n"
        "  legal here  loops of C.update(), outermost first: i, j, k"
    )


def test_rfactor_of_an_update_that_is_not_associative() -> None:
    count = histogram()
    s = Schedule(count)
    assert refusal(lambda: s[count.update()].rfactor(("r", "u"), "parts")) == (
        's[count.update()].rfactor([("r", "u")], "parts"): the update is not proven associative: '
        "count at the indices on the left is not an operand of its outermost operator.\n"
        '  asked       s[count.update()].rfactor([("r", "u")], "parts")    HERE\n'
        "  rule        rfactor takes updates f = f op e, with op one of + - * min max and or & | ^, and an e that does "
        "not read f"
    )


def test_rfactor_into_a_func_that_exists() -> None:
    s = Schedule(gemm().c)
    assert refusal(lambda: s["C", 1].rfactor(("k", "u"), "A")) == (
        's[C.update()].rfactor([("k", "u")], "A"): the name A is already used.\n'
        '  asked       s[C.update()].rfactor([("k", "u")], "A")    HERE\n'
        "  rule        the Func of partial results takes a name that no Func or Input has\n"
        "  legal here  names other than A, B, C"
    )


def test_rfactor_with_a_var_that_exists() -> None:
    s = Schedule(gemm().c)
    assert refusal(lambda: s["C", 1].rfactor(("k", "i"), "parts")) == (
        's[C.update()].rfactor([("k", "i")], "parts"): the name i is already used in C.update().\n'
        '  asked       s[C.update()].rfactor([("k", "i")], "parts")    HERE\n'
        "  rule        a Var that rfactor makes has the name of its loop, or one that no loop, Var or dimension has\n"
        "  legal here  names other than i, j"
    )


def test_rfactor_of_a_loop_with_the_name_of_a_var() -> None:
    x, (i, k) = Input("x", (16,), float32), (*vars("i"), RDom("k", 16))
    f = Func("f")
    f[i] = 0.0
    f[k // 4] += x[k]
    s = Schedule(f)
    s[f.update()].split("k", "ko", "i", 4)
    assert refusal(lambda: s[f.update()].rfactor(("ko", "u"), "parts")) == (
        's[f.update()].rfactor([("ko", "u")], "parts"): the reduction loop i has the name of a Var of f.\n'
        '  asked       s[f.update()].rfactor([("ko", "u")], "parts")    HERE\n'
        "  rule        the merge has loops over all Vars of the Func, and over the preserved loops\n"
        "  legal here  loops named other than i\n"
        '  hint        rename("i", ...) first'
    )


def test_rfactor_without_pairs() -> None:
    s = Schedule(gemm().c)
    assert refusal(lambda: s["C", 1].rfactor("k", "parts")) == (  # type: ignore[arg-type]
        "'k' is not a list of pairs.\n"
        "  asked       HERE\n"
        "  rule        rfactor takes a pair of a reduction loop and a new Var, or a list of such pairs\n"
        '  legal here  rfactor(("ko", "u"), name) | rfactor([("ko", "u"), ("r", "v")], name)'
    )


def test_rfactor_of_one_loop_twice() -> None:
    s = Schedule(gemm().c)
    assert refusal(lambda: s["C", 1].rfactor([("k", "u"), ("k", "v")], "parts")) == (
        "s[C.update()].rfactor((('k', 'u'), ('k', 'v')), \"parts\"): "
        "preserved must be a list of pairs of distinct loops and distinct names, but got (('k', 'u'), ('k', 'v')).\n"
        "  asked       s[C.update()].rfactor((('k', 'u'), ('k', 'v')), \"parts\")    HERE\n"
        "  rule        preserved is a list of pairs of distinct loops and distinct names"
    )


def test_loop_that_rfactor_took_away() -> None:
    s = Schedule(gemm().c)
    s["C", 1].split("k", "ko", "ki", 8).rfactor(("ko", "u"), "parts")
    assert refusal(lambda: s["C", 1].unroll("ki")) == (
        's[C.update()].unroll("ki"): C.update() has no loop ki; '
        's[C.update()].rfactor([("ko", "u")], "parts") replaced it.\n'
        '  asked       s[C.update()].unroll("ki")    HERE\n'
        "  rule        a directive names loops that exist when it is given\n"
        "  legal here  loops of C.update(), outermost first: i, j, ko"
    )
