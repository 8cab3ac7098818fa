"""Lesson 8: what schedules are for. One blur in six orders: what each trades, and what it gains."""

import time
from collections.abc import Callable

import numpy as np

import tensorlang as tl

SIZE = 4096
image = tl.Input("image", (SIZE, SIZE), tl.uint16)
y, x = tl.vars("y x")
blur_x, blur_y = tl.Func("blur_x"), tl.Func("blur_y")
blur_x[y, x] = (image[y, x] + image[y, x + 1] + image[y, x + 2]) // 3
blur_y[y, x] = (blur_x[y, x] + blur_x[y + 1, x] + blur_x[y + 2, x]) // 3


# The order of the two stages is a choice between three goods: parallelism, locality, and no work done twice.
def full_fusion(s: tl.Schedule) -> None:
    """The default. Nothing is stored; but each row of blur_x is computed for each of the three rows that read it."""
    s[blur_x].compute_inline()


def breadth_first(s: tl.Schedule) -> None:
    """Nothing is done twice and every row may run in parallel; but a whole image is written and read back."""
    s[blur_x].compute_root()


def sliding_window(s: tl.Schedule) -> None:
    """Nothing is done twice, and what is stored is read soon; but each row waits for the one before it."""
    s[blur_x].store_root().compute_at(blur_y, "y")


def tiles(s: tl.Schedule) -> None:
    """Tiles stay in the cache and run in parallel; but two rows of each are computed again by the tile below."""
    s[blur_y].tile("y", "x", "yo", "xo", "yi", "xi", 32, 256)
    s[blur_x].compute_at(blur_y, "xo")


def sliding_in_strips(s: tl.Schedule) -> None:
    """A window that slides down each strip of 64 rows: a little work is done twice, and the strips run in parallel."""
    s[blur_y].split("y", "yo", "yi", 64)
    s[blur_x].store_at(blur_y, "yo").compute_at(blur_y, "yi")


# How wide a vector is, is the machine's.
LANES = tl.host_target().lanes(tl.uint16)


def register_tiles(s: tl.Schedule) -> None:
    """Four rows at once: of the six rows of blur_x that they read, none is stored, and two are computed twice."""
    s[blur_y].tile("y", "x", "yo", "xo", "yi", "xi", 4, LANES).reorder("yo", "xo", "xi", "yi").unroll("yi")


# Vectors and threads come on top of the order: the loop that runs in parallel, and how many of its turns are a task.
PARALLEL = {
    breadth_first: ("y", 16),
    full_fusion: ("y", 16),
    tiles: ("yo", 1),
    sliding_in_strips: ("yo", 1),
    register_tiles: ("yo", 8),
}
IN_TILES = (tiles, register_tiles)
INLINED = (full_fusion, register_tiles)


def make_fast(s: tl.Schedule, order: Callable[[tl.Schedule], None]) -> None:
    """Vectors along the rows, and tasks of several rows for the threads where rows do not wait for each other."""
    s[blur_y].vectorize("xi" if order in IN_TILES else "x", LANES)
    if order not in INLINED:
        s[blur_x].vectorize("x", LANES)
    if order in PARALLEL:
        s[blur_y].parallel(*PARALLEL[order])
    if order is breadth_first:
        s[blur_x].parallel("y", 16)


pixels = np.random.default_rng(0).integers(0, 1 << 14, (SIZE, SIZE)).astype(np.uint16)
across = (pixels[:, :-2] + pixels[:, 1:-1] + pixels[:, 2:]) // 3
expected = (across[:-2] + across[1:-1] + across[2:]) // 3
out = np.empty_like(expected)


def measure(s: tl.Schedule) -> tuple[float, int, float, int]:
    """Least time of a call [ms], arithmetic operations, parallelism, and a thread's memory besides the images [B]."""
    kernel = tl.compile(blur_y, s)
    run = kernel.bare(pixels, out=out)
    times = []
    for _ in range(8):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    np.testing.assert_array_equal(out, expected)
    return 1e3 * min(times), tl.count_operations(kernel), tl.parallelism(kernel), kernel.scratch_bytes()


rows: list[tuple[str, float, int, float, int]] = []
for order in (full_fusion, breadth_first, sliding_window, tiles, sliding_in_strips, register_tiles):
    plain, fast = tl.Schedule(blur_y), tl.Schedule(blur_y)
    order(plain)
    order(fast)
    make_fast(fast, order)
    rows.append((order.__name__.replace("_", " "), *measure(plain)))
    rows.append(("  with vectors and threads" if order in PARALLEL else "  with vectors", *measure(fast)))

# The least work is every value once; parallelism is how many threads could be kept busy; and the more scratch there is,
# the longer a value waits in it, in a cache or outside.
least = min(operations for _, _, operations, _, _ in rows)
print(f"{'schedule':<28}{'ms':>8}{'speedup':>9}{'redundant work':>16}{'parallelism':>13}{'scratch [B]':>13}")
for name, ms, operations, parallelism, scratch in rows:
    speedup, redundant = rows[0][1] / ms, operations / least
    print(f"{name:<28}{ms:8.2f}{speedup:9.1f}{redundant:16.2f}{parallelism:13.0f}{scratch:13}")
