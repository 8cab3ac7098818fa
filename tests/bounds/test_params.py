"""Params in indices: regions move with them, storage holds any value within their limits, and limits are asked for."""

from __future__ import annotations

import pytest

import tensorlang as tl
from tensorlang.dtypes import DType
from tensorlang.errors import BoundsError
from tensorlang.validation import check_kernel

i, j = tl.vars("i j")


def shifted(n: tl.Param) -> tuple[tl.Func, tl.Func]:
    x = tl.Input("x", (40,), tl.int32)
    g, out = tl.Func("g"), tl.Func("out")
    g[i] = x[i + n] * 3
    out[i] = g[i] + g[i + n]
    return g, out


def test_the_shape_left_out_is_what_fits_for_every_value() -> None:
    _, out = shifted(tl.Param("n", tl.int32, min=0, max=6))
    assert tl.compile(out, cache=False).outputs[0].shape == (28,)
    _, out = shifted(tl.Param("n", tl.int8, min=0))
    with pytest.raises(BoundsError, match="out cannot be computed at the origin"):
        tl.compile(out)


def test_loops_and_storage_follow_the_param() -> None:
    g, out = shifted(tl.Param("n", tl.int64, min=0, max=6))
    s = tl.Schedule(out)
    s[g].compute_root()
    assert tl.loop_nest(out, s) == (
        "store g[34] in heap:\n  for i in 0..(n + 28):\n    g[i] = ...\n  for i in 0..28:\n    out[i] = ..."
    )


@pytest.mark.parametrize("dtype", [tl.int8, tl.int32, tl.uint32, tl.int64], ids=str)
def test_schedules_agree_for_values_within_the_limits(dtype: DType) -> None:
    g, out = shifted(tl.Param("n", dtype, min=2, max=6))
    for number in range(5):
        s = tl.Schedule(out)
        if number:
            s[out].split("i", "io", "ii", 8).vectorize("ii", 4)
        if number == 1:
            s[g].compute_root().vectorize("i", 8)
        elif number == 2:
            s[g].compute_root().vectorize("i", 8, "guard_with_if").parallel("i")
        elif number == 3:
            s[g].compute_at(out, "io").vectorize("i", 4, "round_up")
        elif number == 4:
            s[out].parallel("io")
            s[g].compute_at(out, "io").unroll("i", 3, "predicate")
        result = check_kernel(tl.compile(out, s, shape=(20,), cache=False), seeds=(0, 1, 2), threads=2)
        assert result.ok, f"{result.reason}\n{s.source()}"


def test_a_var_and_a_dimension_may_have_the_name_of_a_param() -> None:
    x, n, total = tl.Input("x", (9, 12), tl.int32), tl.Param("i", tl.int32, min=0, max=3), tl.Func("total")
    i, k = tl.Var("i"), tl.RDom("k", 9)
    total[i] += x[k, i + n] * n
    s = tl.Schedule(total)
    s[total.update()].reorder("k", "i").vectorize("i", 4)
    assert check_kernel(tl.compile(total, s, cache=False), seeds=(0, 1, 2)).ok


def test_a_domain_up_to_a_param() -> None:
    x, n, total = tl.Input("x", (9, 12), tl.int32), tl.Param("n", tl.int32, min=0, max=9), tl.Func("total")
    k = tl.RDom("k", 12)
    k.where(k < n + i)
    total[i] += x[i, k]
    for factor in (1, 4, 5):
        s = tl.Schedule(total)
        s[total.update()].split("k", "ko", "ki", factor).unroll("ki")
        assert check_kernel(tl.compile(total, s, shape=(9,), cache=False), seeds=(0, 1, 2)).ok


def test_a_place_that_a_param_names_is_written() -> None:
    x, n, f = tl.Input("x", (9,), tl.int32), tl.Param("n", tl.int32, min=0, max=8), tl.Func("f")
    f[i] = x[i]
    f[n] = f[n] * 10 + n
    assert check_kernel(tl.compile(f, shape=(9,), cache=False), seeds=(0, 1, 2)).ok


def test_a_param_without_limits_has_no_region() -> None:
    _, out = shifted(tl.Param("n", tl.int32, min=0))
    with pytest.raises(BoundsError) as caught:
        tl.compile(out, shape=(8,))
    assert str(caught.value) == (
        "the region of x in axis 0 is unbounded above.\n"
        "  rule        a Param takes part in indices by its limits\n"
        "  hint        give Param n min= and max=, or clamp it: tl.clamp(n, low, high)"
    )


def test_a_param_without_limits_leaves_storage_without_a_size() -> None:
    n, g, out = tl.Param("n", tl.int32, min=0), tl.Func("g"), tl.Func("out")
    g[i] = i * 2
    out[i] = g[i] + g[i + n]
    s = tl.Schedule(out)
    s[g].compute_root()
    with pytest.raises(BoundsError) as caught:
        tl.compile(out, s, shape=(8,))
    assert str(caught.value) == (
        "the storage of g has no constant bound in dimension i.\n"
        "  rule        every buffer has a constant size\n"
        '  hint        give Param n min= and max=, or bound it: s[g].bound("i", min, extent)'
    )


def test_a_region_that_only_starts_at_a_param_needs_no_limits() -> None:
    n, g, out = tl.Param("n", tl.int64), tl.Func("g"), tl.Func("out")
    g[i] = i * 2
    out[i] = g[i + n] - g[i + n + 1]
    s = tl.Schedule(out)
    s[g].compute_root().vectorize("i", 4)
    kernel = tl.compile(out, s, shape=(8,), cache=False)
    assert kernel(10**12).tolist() == [-2] * 8


def test_a_clamped_param_needs_no_limits() -> None:
    x, n, f = tl.Input("x", (9,), tl.int32), tl.Param("n", tl.int32), tl.Func("f")
    f[i] = x[i + tl.clamp(n, 0, 3)]
    kernel = tl.compile(f, cache=False)
    assert kernel.outputs[0].shape == (6,)
    assert check_kernel(kernel, seeds=(0, 1)).ok
