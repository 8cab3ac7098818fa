"""Must-fail tests of the arguments of rfactor, and of loops that it took away: whole error texts."""

from __future__ import annotations

from tensorlang.schedule import Schedule

from .programs import gemm, refusal


def test_rfactor_of_a_loop_that_is_not_there() -> None:
    s = Schedule(gemm().c)
    assert refusal(lambda: s["C", 1].rfactor(("ko", "u"), "parts")) == (
        's[C.update()].rfactor([("ko", "u")], "parts"): C.update() has no loop ko.\n'
        '  asked       s[C.update()].rfactor([("ko", "u")], "parts")    HERE\n'
        "  rule        a directive names loops that exist when it is given\n"
        "  legal here  loops of C.update(), outermost first: i, j, k"
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
