"""Storage that a window slides over is used again: the bytes that a kernel touches are those that were predicted."""

from __future__ import annotations

import numpy as np
import pytest

import tensorlang as tl
from tensorlang.validation import check_kernel
from tests.lowering.evaluated import touched_bytes

i, j = tl.vars("i j")
ROWS, COLUMNS = 24, 64


def blur() -> tuple[tl.Func, tl.Func]:
    """f, which needs three rows of g; 22 x 64 float32."""
    x = tl.Input("x", (ROWS, COLUMNS), tl.float32)
    f, g = tl.Func("f"), tl.Func("g")
    g[i, j] = x[i, j] * 3.0
    f[i, j] = g[i, j] + g[i + 1, j] + g[i + 2, j]
    return f, g


def random_image() -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    return np.random.default_rng(1).random((ROWS, COLUMNS), dtype=np.float32)


def heading(f: tl.Func, s: tl.Schedule) -> str:
    lines = [line.strip() for line in tl.loop_nest(f, s).splitlines()]
    return next(line for line in lines if line.startswith("store g"))


@pytest.mark.parametrize(
    ("place", "rows"),
    [
        (lambda s, f, g: s[g].compute_root(), ROWS),
        (lambda s, f, g: s[g].compute_at(f, "i"), 3),
        (lambda s, f, g: s[g].compute_at(f, "i").store_root(), 3),
        (lambda s, f, g: s[g].compute_at(f, "i").store_root().fold_storage("i", 3), 3),
        (lambda s, f, g: s[g].compute_at(f, "i").store_root().fold_storage("i", 4), 4),
        (lambda s, f, g: s[g].compute_at(f, "i").store_root().fold_storage("i", 99), ROWS),
        (lambda s, f, g: s[g].compute_at(f, "j").store_root(), 3),
    ],
)
def test_bytes_are_those_of_the_rows_in_use(place, rows: int) -> None:  # type: ignore[no-untyped-def]
    f, g = blur()
    s = tl.Schedule(f)
    place(s, f, g)
    kernel = tl.compile(f, s)
    assert kernel.scratch_bytes() == rows * COLUMNS * 4
    assert touched_bytes(kernel, random_image()) == rows * COLUMNS * 4
    assert check_kernel(kernel).ok


def test_a_chain_holds_three_rows_of_each() -> None:
    x = tl.Input("x", (ROWS, COLUMNS), tl.float32)
    f, g, h = tl.Func("f"), tl.Func("g"), tl.Func("h")
    h[i, j] = x[i, j] * 3.0
    g[i, j] = h[i, j] + h[i + 1, j] + h[i + 2, j]
    f[i, j] = g[i, j] + g[i + 1, j] + g[i + 2, j]
    s = tl.Schedule(f)
    for func in (g, h):
        s[func].compute_at(f, "i").store_root().vectorize("j", 8)
    kernel = tl.compile(f, s)
    assert kernel.scratch_bytes() == touched_bytes(kernel, random_image()) == 2 * 3 * COLUMNS * 4
    assert check_kernel(kernel).ok


def test_storage_on_the_stack_is_scratch_too() -> None:
    f, g = blur()
    s = tl.Schedule(f)
    s[g].compute_at(f, "i").store_root().store_in("stack")
    kernel = tl.compile(f, s)
    assert (kernel.workspace_bytes, kernel.scratch_bytes()) == (0, 3 * COLUMNS * 4)


def test_each_worker_has_a_window_of_its_own() -> None:
    f, g = blur()
    s = tl.Schedule(f)
    s[f].split("i", "io", "ii", 4).parallel("io")
    s[g].compute_at(f, "ii").store_at(f, "io")
    kernel = tl.compile(f, s)
    assert kernel.scratch_bytes(threads=1) == 3 * COLUMNS * 4
    assert kernel.scratch_bytes(threads=2) == 2 * 3 * COLUMNS * 4
    assert check_kernel(kernel, threads=2).ok


def test_rows_stay_dense_where_they_are_folded() -> None:
    f, g = blur()
    s = tl.Schedule(f)
    s[f].vectorize("j", 16)
    s[g].compute_at(f, "i").store_root().vectorize("j", 16)
    kernel = tl.compile(f, s)
    assert "gather" not in kernel.llvm()
    assert check_kernel(kernel).ok


def test_split_storage_is_folded_before_it_is_split() -> None:
    f, g = blur()
    s = tl.Schedule(f)
    s[g].compute_at(f, "i").store_root().split_storage("j", "jo", "ji", 16).reorder_storage("jo", "i", "ji")
    assert heading(f, s) == "store g[4, 3, 16] in heap (slides over i; i is folded to 3):"
    assert check_kernel(tl.compile(f, s)).ok


def test_lanes_keep_a_dimension_from_being_folded() -> None:
    f, g = tl.Func("f"), tl.Func("g")
    g[i, j] = i + j
    f[i, j] = g[i, j] + g[i, j + 1]
    s = tl.Schedule(f)
    s[f].vectorize("j", 8)
    s[g].compute_at(f, "j").store_at(f, "i").vectorize("j", 8)
    lines = tl.loop_nest(f, s, shape=(4, 32)).splitlines()
    assert lines[1] == "  store g[1, 33] in heap (slides over j; j is not folded: lanes lie along it):"


def test_a_tail_that_rounds_up_counts_as_use() -> None:
    f, g = tl.Func("f"), tl.Func("g")
    g[i, j] = i * 7 + j
    f[i, j] = g[i, j] + g[i + 1, j] + g[i + 2, j]
    s = tl.Schedule(f)
    s[g].compute_at(f, "i").store_root().split("i", "io", "ii", 4, tail="round_up")
    kernel = tl.compile(f, s, shape=(16, 8))
    assert tl.loop_nest(f, s, shape=(16, 8)).startswith("store g[6, 8] in heap (slides over i; i is folded to 6):")
    assert check_kernel(kernel).ok


def test_values_that_wait_for_an_outer_loop_are_not_folded_away() -> None:
    f, g = tl.Func("f"), tl.Func("g")
    g[i, j] = i * 7 + j
    f[i, j] = g[i, j] + g[i + 1, j] + g[i, j + 2]
    s = tl.Schedule(f)
    s[g].compute_at(f, "j").store_root()
    text = tl.loop_nest(f, s, shape=(8, 16)).splitlines()[0]
    assert text == "store g[2, 18] in heap (slides over i; slides over j; i is folded to 2):"
    assert check_kernel(tl.compile(f, s, shape=(8, 16))).ok


def test_a_fold_that_goes_backward() -> None:
    f, g = tl.Func("f"), tl.Func("g")
    g[i, j] = i * 7 + j
    f[i, j] = g[20 - i, j] + g[21 - i, j]
    s = tl.Schedule(f)
    s[g].compute_at(f, "i").store_root().fold_storage("i", 4, fold_forward=False)
    assert tl.loop_nest(f, s, shape=(8, 16)).startswith("store g[4, 16] in heap (slides over i; i is folded to 4):")
    assert check_kernel(tl.compile(f, s, shape=(8, 16))).ok
