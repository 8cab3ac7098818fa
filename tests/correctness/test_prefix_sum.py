"""Prefix sums: from the definition, as scans of rows, and as scans of blocks with the sums of the blocks before."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import tensorlang as tl
from tests.correctness.checking import Array, assert_agrees

Directives = Callable[[tl.Schedule, tl.Func], object]

i, j = tl.vars("i j")


def by_hand(x: Array) -> Array:
    return np.cumsum(x, axis=-1, dtype=np.int32)


def from_definition(n: int) -> tl.Func:
    """``out[i] = x[0] + ... + x[i]``."""
    x, k, out = tl.Input("x", (n,), tl.int32), tl.RDom("k", n), tl.Func("out")
    k.where(k <= i)
    out[i] = tl.sum(x[k], dtype=tl.int32, name="upto")
    return out


def all_sums_first(s: tl.Schedule, out: tl.Func) -> None:
    s["upto"].compute_root()
    s["upto", 1].reorder("k", "i").vectorize("i", 8)
    s[out].vectorize("i", 8)


def parallel(s: tl.Schedule, out: tl.Func) -> None:
    s[out].parallel("i", 5)
    s["upto"].compute_at(out, "i").store_in("stack")


def blocks_of_results(s: tl.Schedule, out: tl.Func) -> None:
    s[out].split("i", "io", "ii", 8).parallel("io")
    s["upto"].compute_at(out, "io")
    s["upto", 1].split("k", "ko", "ki", 4).reorder("ko", "i", "ki")


def unrolled_terms(s: tl.Schedule, out: tl.Func) -> None:
    s["upto"].compute_at(out, "i").store_in("stack")
    s["upto", 1].unroll("k", 4)


def blocks_in_vectors(s: tl.Schedule, out: tl.Func) -> None:
    s[out].split("i", "io", "ii", 16, "guard_with_if").vectorize("ii")
    s["upto"].compute_at(out, "io").vectorize("i", 16)
    s["upto", 1].reorder("k", "i").vectorize("i", 16)


DEFINITION: dict[str, Directives] = {
    "as it is written": lambda s, out: None,
    "all sums first": all_sums_first,
    "parallel": parallel,
    "blocks of results": blocks_of_results,
    "unrolled terms": unrolled_terms,
    "blocks in vectors": blocks_in_vectors,
}


@pytest.mark.parametrize("n", [1, 37])
@pytest.mark.parametrize("name", list(DEFINITION))
def test_definition(name: str, n: int) -> None:
    out = from_definition(n)
    s = tl.Schedule(out)
    DEFINITION[name](s, out)
    assert_agrees(out, s, by_hand, shape=(n,))


def scan_of_rows(n: int, m: int) -> tl.Func:
    """Each row starts as it is, then takes what stands before; an RDom from 1 on."""
    x, k, scan = tl.Input("x", (n, m), tl.int32), tl.RDom("k", (1, m - 1)), tl.Func("scan")
    scan[i, j] = x[i, j]
    scan[i, k] = scan[i, k] + scan[i, k - 1]
    return scan


def scan_in_vectors(s: tl.Schedule, scan: tl.Func) -> None:
    s[scan].vectorize("j", 8)
    s[scan.update()].reorder("k", "i").vectorize("i", 8)


SCAN: dict[str, Directives] = {
    "as it is written": lambda s, scan: None,
    "all rows at each step": lambda s, scan: s[scan.update()].reorder("k", "i"),
    "rows in vectors": scan_in_vectors,
    "parallel rows": lambda s, scan: s[scan.update()].parallel("i"),
    "unrolled steps": lambda s, scan: s[scan.update()].unroll("k", 4),
    "steps in blocks": lambda s, scan: (
        s[scan.update()].split("k", "ko", "ki", 8).split("i", "io", "ii", 2).reorder("io", "ko", "ii", "ki")
    ),
}


@pytest.mark.parametrize("shape", [(1, 1), (11, 29)])
@pytest.mark.parametrize("name", list(SCAN))
def test_scan_of_rows(name: str, shape: tuple[int, int]) -> None:
    scan = scan_of_rows(*shape)
    s = tl.Schedule(scan)
    SCAN[name](s, scan)
    assert_agrees(scan, s, by_hand, shape=shape)


SIZE = 8


def scan_of_blocks(n: int) -> tl.Func:
    """Scans within blocks, whose last elements sum up to what the blocks after them start from."""
    x, k, b = tl.Input("x", (n,), tl.int32), tl.RDom("k", (1, SIZE - 1)), tl.RDom("b", -(-n // SIZE))
    block, within, before, out = tl.Func("block"), tl.Func("within"), tl.Func("before"), tl.Func("out")
    block[i, j] = tl.select(i * SIZE + j < n, x[tl.min(i * SIZE + j, n - 1)], 0)
    within[i, j] = block[i, j]
    within[i, k] = within[i, k] + within[i, k - 1]
    b.where(b < i)
    before[i] += within[b, SIZE - 1]
    out[i] = before[i // SIZE] + within[i // SIZE, i % SIZE]
    return out


def parallel_blocks(s: tl.Schedule, out: tl.Func) -> None:
    s["within"].compute_root().parallel("i")
    s["within", 1].parallel("i")
    s["before"].compute_root()
    s[out].split("i", "io", "ii", SIZE).parallel("io")


def blocks_at_once(s: tl.Schedule, out: tl.Func) -> None:
    s["within"].compute_root()
    s["within", 1].reorder("k", "i").vectorize("i", 4)
    s["before"].compute_root()
    s["before", 1].reorder("b", "i").vectorize("i", 4)
    s[out].vectorize("i", 8)


def per_block(s: tl.Schedule, out: tl.Func) -> None:
    s[out].split("i", "io", "ii", SIZE, "guard_with_if").unroll("ii")
    s["within"].compute_root().unroll("j")
    s["before"].compute_at(out, "io").store_in("stack")


BLOCKS: dict[str, Directives] = {
    "as it is written": lambda s, out: None,
    "in three steps": lambda s, out: (s["within"].compute_root(), s["before"].compute_root()),
    "parallel blocks": parallel_blocks,
    "blocks at once": blocks_at_once,
    "per block": per_block,
}


@pytest.mark.parametrize("n", [1, 61])
@pytest.mark.parametrize("name", list(BLOCKS))
def test_scan_of_blocks(name: str, n: int) -> None:
    out = scan_of_blocks(n)
    s = tl.Schedule(out)
    BLOCKS[name](s, out)
    assert_agrees(out, s, by_hand, shape=(n,))
