"""Cases of a stage: what each of them knows, that all give what the oracle does, and calls that none takes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import tensorlang as tl
from tensorlang.errors import LanguageError, ScheduleError
from tensorlang.validation import check_kernel

i, j = tl.vars("i j")
RNG = np.random.default_rng(0)


def stages() -> tuple[tl.Func, tl.Func]:
    """g, shifted by n, and f, which reads it twice and sums over it."""
    x, w = tl.Input("x", (9, 64), tl.float32), tl.Input("w", (3, 40), tl.float32)
    n, scale = tl.Param("n", tl.int32, min=0, max=16), tl.Param("scale", tl.float32, min=-2, max=2)
    flag, k = tl.Param("flag", tl.bool_), tl.RDom("k", 3)
    g, f = tl.Func("g"), tl.Func("f")
    g[i, j] = x[i, j + n] * scale
    f[i, j] = tl.select((n == 4) | flag, g[i, j] + g[i, j + n], g[i, j] - g[i, j + n])
    f[i, j] += w[k, j] * g[i, j] * scale
    return g, f


def plain(s: tl.Schedule) -> None:
    s["f"].specialize("n == 4").vectorize("j", 8)
    s["g"].compute_root().specialize("n == 4").vectorize("j", 8)


def many(s: tl.Schedule) -> None:
    s["f"].split("j", "jo", "ji", 8)
    s["f"].specialize("n == 4").vectorize("ji").unroll("jo")
    s["f"].specialize("n > 8 and flag").parallel("i").vectorize("ji", 4)
    s["f"].specialize("n % 3 == 0 and scale >= 0").reorder("jo", "i", "ji")
    s["f", 1].specialize("scale == 0").parallel("i")
    s["f", 1].specialize("not flag").reorder("k", "i", "j").vectorize("j", 16, tail="shift_inwards_and_blend")
    s["g"].compute_root()


def producer_inside(s: tl.Schedule) -> None:
    """The loop that g is computed at has another extent, and another step, in each case."""
    s["f"].specialize("n == 4").split("j", "jo", "ji", 16).reorder("jo", "i", "ji").vectorize("ji", 8)
    s["f"].specialize("n >= 10").split("j", "jo", "ji", 5, "round_up").reorder("jo", "i", "ji").parallel("jo")
    s["f"].split("j", "jo", "ji", 8).reorder("jo", "i", "ji")
    s["f", 1].split("j", "jo", "ji", 8).reorder("jo", "i", "k", "ji")


def inlined(s: tl.Schedule) -> None:
    s["f"].specialize("flag and n == 4").vectorize("j", 4)
    s["f"].specialize("flag").vectorize("j", 8).parallel("i")


def case_of_an_inner_producer(s: tl.Schedule) -> None:
    s["g"].compute_root().split("j", "jo", "ji", 8)
    s["g"].specialize("n == 16").vectorize("ji")
    s["g"].specialize("n < 3").reorder("jo", "i", "ji").parallel("jo")


@pytest.mark.parametrize("schedule", [plain, many, inlined, case_of_an_inner_producer])
def test_every_case_gives_what_the_oracle_does(schedule: Callable[[tl.Schedule], None]) -> None:
    _, f = stages()
    s = tl.Schedule(f)
    schedule(s)
    assert tl.Schedule.from_json(s.to_json()) == s
    kernel = tl.compile(f, s, cache=False)
    for n, scale, flag in [(0, 0, 0), (4, 1, 0), (4, 0, 1), (9, -1, 1), (9, 2, 0), (16, 2, 1), (3, 1, 0), (2, -0.0, 1)]:
        arrays = {
            "x": RNG.integers(-4, 5, (9, 64)).astype(np.float32),
            "w": RNG.integers(-4, 5, (3, 40)).astype(np.float32),
            "n": np.array(n, np.int32),
            "scale": np.array(scale, np.float32),
            "flag": np.array(bool(flag)),
        }
        result = check_kernel(kernel, arrays=arrays, threads=2)
        assert result.ok, f"n = {n}, scale = {scale}, flag = {flag}: {result.reason}\n{tl.loop_nest(f, s)}"


def windowed() -> tuple[tl.Func, tl.Func]:
    x, n = tl.Input("x", (9, 64), tl.float32), tl.Param("n", tl.int32, min=0, max=16)
    g, f = tl.Func("g"), tl.Func("f")
    g[i, j] = x[i, j + n] * 2
    f[i, j] = g[i, j] + g[i, j + n] + tl.cast(tl.float32, n)
    return g, f


@pytest.mark.parametrize("loop", ["jo", "i", "ji"])
def test_a_producer_is_computed_at_the_loop_of_every_case(loop: str) -> None:
    g, f = windowed()
    s = tl.Schedule(f)
    s[f].specialize("n == 4").split("j", "jo", "ji", 16).reorder("jo", "i", "ji")
    s[f].specialize("n >= 10").split("j", "jo", "ji", 5).reorder("jo", "i", "ji").parallel("jo")
    s[f].split("j", "jo", "ji", 8).reorder("jo", "i", "ji")
    s[g].compute_at(f, loop).vectorize("j", 4)
    s[g].specialize("n <= 12").unroll("i", 2)
    kernel = tl.compile(f, s, cache=False)
    for n in (0, 4, 5, 10, 12, 13, 16):
        arrays = {"x": RNG.integers(-4, 5, (9, 64)).astype(np.float32), "n": np.array(n, np.int32)}
        result = check_kernel(kernel, arrays=arrays, threads=2)
        assert result.ok, f"n = {n}: {result.reason}\n{tl.loop_nest(f, s)}"


def test_cases_of_a_producer_that_slides() -> None:
    x, n = tl.Input("x", (12, 64), tl.float32), tl.Param("n", tl.int32, min=0, max=16)
    g, f = tl.Func("g"), tl.Func("f")
    g[i, j] = x[i, j + n] * 2
    f[i, j] = g[i, j] + g[i + 1, j] - g[i + 2, j]
    s = tl.Schedule(f)
    s[g].store_root().compute_at(f, "i")
    s[g].specialize("n == 8").vectorize("j", 16)
    s[g].specialize("n % 2 == 0").split("i", "io", "ii", 2, "guard_with_if").reorder("j", "io", "ii")
    assert "slides over i" in tl.loop_nest(f, s)
    kernel = tl.compile(f, s, cache=False)
    for n_given in (0, 8, 9):
        arrays = {"x": RNG.integers(-4, 5, (12, 64)).astype(np.float32), "n": np.array(n_given, np.int32)}
        result = check_kernel(kernel, arrays=arrays, threads=2)
        assert result.ok, f"n = {n_given}: {result.reason}\n{tl.loop_nest(f, s)}"


def test_a_loop_that_only_some_cases_have_is_no_place_for_a_producer() -> None:
    g, f = windowed()
    s = tl.Schedule(f)
    s[f].specialize("n == 4").split("j", "jo", "ji", 16)
    s[g].compute_at(f, "j")
    with pytest.raises(ScheduleError, match="g is used in loop ji of f too, which is not inside loop j of f"):
        tl.compile(f, s)


def test_what_equals_a_number_is_that_number_inside_its_case() -> None:
    g, f = windowed()
    s = tl.Schedule(f)
    s[g].compute_root().split("j", "jo", "ji", 9)
    s[f].specialize("n == 0").vectorize("j", 8)
    s[g].specialize("n == 4").vectorize("ji", 9)
    text = tl.lowered_passes(f, s, shape=(9, 32))
    simplified = text[text.index("\nsimplify") : text.index("\npartition_loops")]
    # 36 columns of g for n == 4: tiles of 9 without a tail, and no n in them.
    assert (
        "  if n.param == int32(4):\n"
        "    for g.0.i in 0..9:\n"
        "      for g.0.jo in 0..4:\n"
        "        vectorized g.0.ji.lane in 0..9:\n"
        "          g{g.0.i * 48 + g.0.jo * 9 + g.0.ji.lane} = x{g.0.i * 64 + g.0.jo * 9 + g.0.ji.lane + 4} * 2.0\n"
    ) in simplified
    assert "f{f.0.i * 32 + f.0.j * 8 + f.0.j.lane} = g{f.0.i * 48 + f.0.j * 8 + f.0.j.lane} + " in simplified


def test_a_float_that_equals_zero_keeps_its_sign() -> None:
    scale, f = tl.Param("scale", tl.float32), tl.Func("f")
    f[i] = tl.select(scale == 0, 1 / scale, scale)
    s = tl.Schedule(f)
    s[f].specialize("scale == 0")
    s[f].specialize("scale == 2")
    kernel = tl.compile(f, s, shape=(2,), cache=False)
    assert [kernel(value)[0] for value in (0.0, -0.0, 2.0, 3.0)] == [np.inf, -np.inf, 2.0, 3.0]


def refusing() -> tl.Func:
    n, scale, f = tl.Param("n", tl.int64, default=1), tl.Param("scale", tl.float32), tl.Func("f")
    f[i] = (i + n) * scale
    return f


def test_a_call_that_meets_no_case_is_refused() -> None:
    f = refusing()
    s = tl.Schedule(f)
    s[f].specialize("n % 4 == 1 and scale == 0.1").vectorize("i", 4)
    s[f].specialize("n == 0")
    s[f].specialize_fail("only odd multiples are scheduled")
    kernel = tl.compile(f, s, shape=(8,), cache=False)
    np.testing.assert_array_equal(kernel(5, 0.1), (np.arange(8) + 5) * np.float64(np.float32(0.1)))
    assert kernel(0, 2.0).tolist() == [2.0 * k for k in range(8)]
    assert kernel(scale=np.float32(0.1)).shape == (8,)
    for call in (lambda: kernel(2, 0.5), lambda: kernel.bare(2, 0.5)):
        with pytest.raises(LanguageError) as caught:
            call()
        assert str(caught.value) == (
            "only odd multiples are scheduled: this call has n = 2, scale = 0.5.\n"
            "  rule        the schedule refuses calls that meet the condition of no case, by specialize_fail"
        )


def test_an_initialisation_refuses_too() -> None:
    x, w = tl.Input("x", (8,), tl.float32), tl.Input("w", (8,), tl.float32, constant=True)
    mode, packed, f = tl.Param("mode", tl.int32, constant=True), tl.Func("packed"), tl.Func("f")
    packed[i] = w[i] * mode
    f[i] = x[i] + packed[i]
    s = tl.Schedule(f)
    s[packed].compute_at_init().specialize("mode == 1").vectorize("i", 8)
    s[packed].specialize_fail("no such mode")
    kernel = tl.compile(f, s, cache=False)
    ones = np.ones(8, np.float32)
    assert kernel(ones, state=kernel.prepare(w=ones, mode=1)).tolist() == [2.0] * 8
    assert kernel(x=ones, w=ones, mode=1).tolist() == [2.0] * 8
    for call in (lambda: kernel.prepare(w=ones, mode=2), lambda: kernel(x=ones, w=ones, mode=2)):
        with pytest.raises(LanguageError, match="no such mode: this call has mode = 2"):
            call()


def test_strict_numerics_look_at_every_case() -> None:
    x, n = tl.Input("x", (4, 6, 8), tl.float32), tl.Param("n", tl.float32)
    r, k = tl.RDom("r k", 6, 8)
    f = tl.Func("f")
    f[i] += x[i, r, k] * n
    s = tl.Schedule(f)
    s[f.update()].specialize("n == 1").reorder("k", "r")
    tl.compile(f, s, cache=False)
    with pytest.raises(ScheduleError, match="numerics are strict"):
        tl.compile(f, s, numerics="strict")
