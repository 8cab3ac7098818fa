"""The oracle against NumPy: layers, orders of updates, boxes of producers, data-dependent indices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tensorlang as tl
from tensorlang.errors import BoundsError, LanguageError
from tensorlang.lang.build import build_algorithm
from tensorlang.reference import evaluate

i, j = tl.vars("i j")
RNG = np.random.default_rng(0)
Array = np.ndarray[Any, np.dtype[Any]]


def run(output: tl.Func, shape: tuple[int, ...], **arrays: Array) -> Array:
    result = evaluate(build_algorithm(output), {output.name: shape}, arrays)[output.name]
    assert result.shape == shape and result.flags.c_contiguous
    return result


def whole(*shape: int) -> Array:
    """Small whole numbers as float32: sums of products are exact in any order."""
    return RNG.integers(-4, 5, shape).astype(np.float32)


def test_matmul_is_einsum() -> None:
    a, b = whole(7, 11), whole(11, 5)
    k, c = tl.RDom("k", 11), tl.Func("C")
    c[i, j] += tl.Input("a", (7, 11), tl.float32)[i, k] * tl.Input("b", (11, 5), tl.float32)[k, j]
    np.testing.assert_array_equal(run(c, (7, 5), a=a, b=b), np.einsum("ik,kj->ij", a, b))


def test_sum_rounds_at_each_step_in_order_of_the_domain() -> None:
    x = RNG.normal(size=100).astype(np.float32)
    total = tl.Func("total")
    total[()] += tl.Input("x", (100,), tl.float32)[tl.RDom("k", 100)]
    wanted = np.float32(0)
    for value in x:
        wanted += value
    assert run(total, (), x=x) == wanted


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize("groups", [1, 2])
def test_convolution_is_einsum(stride: int, dilation: int, groups: int) -> None:
    h, c, k, r = 9, 4, 6, 3
    data, weights = whole(2, h, h, c), whole(r, r, c // groups, k)
    x, w = tl.Input("x", data.shape, tl.float32), tl.Input("w", weights.shape, tl.float32)
    n, p, q, o = tl.vars("n p q o")
    dy, dx, ci = tl.RDom("dy dx ci", r, r, c // groups)
    padded, conv = tl.constant_exterior(x, 0, (0, 1, 1, 0)), tl.Func("conv")
    channel = (o // (k // groups)) * (c // groups) + ci
    conv[n, p, q, o] += padded[n, p * stride + dy * dilation, q * stride + dx * dilation, channel] * w[dy, dx, ci, o]
    reach = dilation * (r - 1) + 1
    window = np.lib.stride_tricks.sliding_window_view(
        np.pad(data, [(0, 0), (1, 1), (1, 1), (0, 0)]), (reach, reach), axis=(1, 2)
    )[:, ::stride, ::stride, :, ::dilation, ::dilation]
    wanted = np.concatenate(
        [
            np.einsum("npqcrs,rsck->npqk", part, kernel)
            for part, kernel in zip(np.split(window, groups, 3), np.split(weights, groups, 3), strict=True)
        ],
        axis=3,
    )
    np.testing.assert_array_equal(run(conv, wanted.shape, x=data, w=weights), wanted)


def test_transpose_diagonal_and_reversal() -> None:
    x = whole(5, 5)
    source = tl.Input("x", x.shape, tl.float32)
    for index, wanted in (
        ((j, i), x.T),
        ((i, i), np.diag(x)[:, None].repeat(5, 1)),
        ((4 - i, j), x[::-1]),
        ((i, 2), x[:, 2:3].repeat(5, 1)),
        (((i + j) % 5, j), x[(np.arange(5)[:, None] + np.arange(5)) % 5, np.arange(5)]),
    ):
        f = tl.Func("f")
        f[i, j] = source[index]
        np.testing.assert_array_equal(run(f, (5, 5), x=x), wanted)


def test_producers_cover_every_reader() -> None:
    x = RNG.integers(0, 100, 20)
    f, left, right, out = (tl.Func(name) for name in ("f", "left", "right", "out"))
    f[i] = tl.Input("x", (20,), tl.int64)[i + 4] * 3
    left[i] = f[i - 2] + f[i]
    right[i] = f[2 * i + 1]
    out[i] = left[i - 2] + right[i]
    wanted = [3 * (x[i] + x[i + 2] + x[2 * i + 5]) for i in range(6)]
    np.testing.assert_array_equal(run(out, (6,), x=x), wanted)


def test_scan_reads_what_earlier_points_wrote() -> None:
    x, k = RNG.integers(0, 9, (4, 10)), tl.RDom("k", (1, 9))
    scan = tl.Func("scan")
    scan[i, j] = tl.Input("x", (4, 10), tl.int64)[i, j]
    scan[i, k] += scan[i, k - 1]
    np.testing.assert_array_equal(run(scan, (4, 10), x=x), x.cumsum(1))


def test_last_dimension_of_the_domain_runs_fastest() -> None:
    r, s = tl.RDom("r s", 2, 3)
    f = tl.Func("f")
    f[i] = 0
    f[i] = f[i] * 10 + r * 3 + s
    assert run(f, (1,))[0] == 12345


def test_update_reads_what_stood_there_before_its_point() -> None:
    k, f = tl.RDom("k", 2), tl.Func("f")
    f[i] = i
    f[k] = f[1 - k]
    np.testing.assert_array_equal(run(f, (3,)), [1, 1, 2])


def test_update_of_one_row() -> None:
    f = tl.Func("f")
    f[i, j] = 0
    f[2, j] = j
    f[i, 1] += 10
    np.testing.assert_array_equal(run(f, (3, 3)), [[0, 10, 0], [0, 10, 0], [0, 11, 2]])


def test_update_outside_of_the_output_is_computed_and_cut_off() -> None:
    f = tl.Func("f")
    f[i] = 1
    f[tl.RDom("k", (3, 4))] = 2
    np.testing.assert_array_equal(run(f, (5,)), [1, 1, 1, 2, 2])


def test_update_on_a_diagonal() -> None:
    f = tl.Func("f")
    f[i, j] = 0
    f[i, i + 1] = 7
    np.testing.assert_array_equal(run(f, (3, 3)), [[0, 7, 0], [0, 0, 7], [0, 0, 0]])


def test_histogram() -> None:
    x = RNG.integers(0, 6, 50).astype(np.uint8)
    count = tl.Func("count")
    count[tl.Input("x", (50,), tl.uint8)[tl.RDom("k", 50)]] += 1
    np.testing.assert_array_equal(run(count, (6,), x=x), np.bincount(x, minlength=6))


def test_gather_through_a_func() -> None:
    x, place = whole(9), RNG.integers(0, 5, 7)
    index, out = tl.Func("index"), tl.Func("out")
    index[i] = tl.Input("place", (7,), tl.int64)[i] + 3
    out[i] = tl.Input("x", (9,), tl.float32)[index[i + 1]]
    np.testing.assert_array_equal(run(out, (6,), x=x, place=place), x[place[1:] + 3])


def test_both_sides_of_a_select_are_read() -> None:
    f = tl.Func("f")
    f[i] = tl.select(i < 4, tl.Input("x", (4,), tl.float32)[i], 0.0)
    with pytest.raises(BoundsError) as caught:
        run(f, (5,), x=whole(4))
    assert str(caught.value) == (
        "dimension 0 of x is read over [0, 5), outside [0, 4).\n"
        "  asked       x[i]\n"
        "  rule        an Input is read inside its shape, also where a select takes the other side\n"
        "  hint        clamp the index, or use a boundary condition"
    )


def test_data_that_leads_outside() -> None:
    f = tl.Func("f")
    f[i] = tl.Input("x", (4,), tl.float32)[tl.Input("n", (2,), tl.int64)[i]]
    with pytest.raises(BoundsError, match=r"dimension 0 of x is read over \[-1, 3\), outside \[0, 4\)\."):
        run(f, (2,), x=whole(4), n=np.array([2, -1]))


def test_region_without_end() -> None:
    f = tl.Func("f")
    f[i, j] = 0
    f[i, 2 * i + 2] = 1
    f[2 * j + 2, j] = 1
    with pytest.raises(BoundsError) as caught:
        run(f, (2, 2))
    assert str(caught.value) == (
        "the updates of f need an ever larger box of it.\n"
        "  rule        the places that an update reads and writes are bounded\n"
        "  hint        clamp the indices of the self references"
    )


def test_index_that_depends_on_the_func_itself() -> None:
    f = tl.Func("f")
    f[i] = i
    f[f[tl.RDom("k", 2)]] = 0
    with pytest.raises(BoundsError) as caught:
        run(f, (2,))
    assert str(caught.value) == (
        "an index in an update of f depends on a value of f itself.\n"
        "  asked       f[k]\n"
        "  rule        the places that an update reads and writes are known before it runs"
    )


def test_arguments_are_checked() -> None:
    f = tl.Func("f")
    f[i] = tl.Input("x", (4,), tl.float32)[i]
    algorithm = build_algorithm(f)
    for shapes, arrays, text in (
        ({"f": (4,)}, {}, "no array was given for Input x.\n  rule        x is float32 of shape (4,)"),
        (
            {"f": (4,)},
            {"x": np.zeros(4)},
            "the array for x is float64 of shape (4,).\n  rule        x is float32 of shape (4,)",
        ),
        ({}, {"x": whole(4)}, "no shape was given for output f.\n  rule        it takes 1 extents of at least 0"),
        (
            {"f": (4, 4)},
            {"x": whole(4)},
            "shape (4, 4) was given for output f.\n  rule        it takes 1 extents of at least 0",
        ),
    ):
        with pytest.raises(LanguageError) as caught:
            evaluate(algorithm, shapes, arrays)
        assert str(caught.value) == text


def test_several_outputs() -> None:
    f, g = tl.Func("f"), tl.Func("g")
    f[i] = i * 2
    g[i] = f[i + 3]
    values = evaluate(build_algorithm([f, g]), {"f": (2,), "g": (3,)}, {})
    np.testing.assert_array_equal(values["f"], [0, 2])
    np.testing.assert_array_equal(values["g"], [6, 8, 10])


def test_params_are_arrays_of_no_dimension() -> None:
    x, n, gain = tl.Input("x", (6,), tl.int32), tl.Param("n", tl.int32, min=0, max=2), tl.Param("gain", tl.float32)
    i, f = tl.Var("i"), tl.Func("f")
    f[i] = x[i + n] * gain
    arrays = {"x": np.arange(6, dtype=np.int32), "n": np.array(2, np.int32), "gain": np.array(0.5, np.float32)}
    answer = evaluate(build_algorithm(f), {"f": (4,)}, arrays)["f"]
    assert answer.dtype == np.float64 and answer.tolist() == [1.0, 1.5, 2.0, 2.5]
    with pytest.raises(BoundsError, match=r"dimension 0 of x is read over \[2, 7\)"):
        evaluate(build_algorithm(f), {"f": (5,)}, arrays)


def run_tuple(output: tl.Func, shape: tuple[int, ...], **arrays: Array) -> tuple[Array, ...]:
    result = evaluate(build_algorithm(output), {output.name: shape}, arrays)
    assert list(result) == [f"{output.name}.{n}" for n in range(len(result))]
    return tuple(result.values())


def test_all_values_of_a_tuple_are_taken_before_any_is_stored() -> None:
    x, f, k = tl.Input("x", (4, 6), tl.float32), tl.Func("f"), tl.RDom("k", 3)
    f[i, j] = (x[i, j], -x[i, j])
    f[i, j] = (f[i, j][1], f[i, j][0])
    f[i, 2 * k] = (f[i, 2 * k][1], f[i, 2 * k][0] + f[i, 2 * k + 1][0])
    data = whole(4, 6)
    a, b = -data, data.copy()
    for column in (0, 2, 4):
        a[:, column], b[:, column] = b[:, column].copy(), a[:, column] + a[:, column + 1]
    for ours, wanted in zip(run_tuple(f, (4, 6), x=data), (a, b), strict=True):
        np.testing.assert_array_equal(ours, wanted)


def test_an_update_of_one_element_leaves_the_others() -> None:
    x, f, k = tl.Input("x", (5,), tl.int32), tl.Func("f"), tl.RDom("k", 5)
    f[i] = (x[i], i)
    f[x[k] % 5][1] += 10
    data = np.array([7, 3, 3, -1, 0], np.int32)
    first, second = run_tuple(f, (5,), x=data)
    np.testing.assert_array_equal(first, data)
    np.testing.assert_array_equal(second, np.arange(5) + 10 * np.bincount(data % 5, minlength=5))


@pytest.mark.parametrize(("place", "wanted"), [(tl.argmax, np.argmax), (tl.argmin, np.argmin)], ids=["max", "min"])
def test_places_are_numpys_where_values_tie_or_are_nan(place: Any, wanted: Any) -> None:
    data = RNG.integers(-2, 3, (60, 7)).astype(np.float32)
    data[:20][RNG.random((20, 7)) < 0.3] = np.nan
    data[20:40][RNG.random((20, 7)) < 0.8] = np.inf
    data[40:][RNG.random((20, 7)) < 0.8] = -np.inf
    data[-1] = np.inf
    data[-2] = -np.inf
    out = tl.Func("out")
    out[i] = place(tl.Input("x", (60, 7), tl.float32)[i, tl.RDom("k", 7)])
    places, values = run_tuple(out, (60,), x=data)
    np.testing.assert_array_equal(places, wanted(data, axis=1))
    np.testing.assert_array_equal(values, np.take_along_axis(data, places[:, None], 1)[:, 0])


def test_a_place_over_no_point_is_the_first_and_the_identity() -> None:
    out, k = tl.Func("out"), tl.RDom("k", (2, 5))
    k.where(k > 10)
    out[i] = tl.argmin(tl.Input("x", (3, 7), tl.float32)[i, k])
    places, values = run_tuple(out, (3,), x=whole(3, 7))
    assert places.tolist() == [2, 2, 2] and values.tolist() == [np.inf] * 3


def test_an_index_may_be_an_element_that_depends_on_data() -> None:
    x, k = tl.Input("x", (4, 6), tl.float32), tl.RDom("k", 6)
    table, out = tl.Func("table"), tl.Func("out")
    table[i] = (i * 2, tl.cast(tl.uint8, i + 1))
    out[i] = table[tl.argmax(x[i, k])[0]][1] + table[tl.argmin(x[i, k])[0]][0]
    data = whole(4, 6)
    np.testing.assert_array_equal(run(out, (4,), x=data), data.argmax(1) + 1 + data.argmin(1) * 2)
