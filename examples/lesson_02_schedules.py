"""Lesson 2: how to compute it. Split, tile, reorder, vectorize, unroll, parallel; schedules are data."""

import numpy as np

import tensorlang as tl

A = tl.Input("A", (96, 64), tl.float32)
B = tl.Input("B", (64, 128), tl.float32)
i, j = tl.vars("i j")
k = tl.RDom("k", 64)
C = tl.Func("C")
C[i, j] += A[i, k] * B[k, j]

# A Schedule belongs to an output. s[C] is the pure definition (here: set to 0), s[C.update()] the first update.
s = tl.Schedule(C)
s[C.update()].split("i", "io", "ii", 8)
print(tl.loop_nest(C, s))  # i == io * 8 + ii

# A register tile: 8 x 32 results are held in vector registers while k runs. Both halves of a split are loops like any
# other, and can be reordered, vectorized, unrolled, or run in parallel.
s = tl.Schedule(C)
update = s[C.update()].tile("i", "j", "io", "jo", "ii", "ji", 8, 32)
update.reorder("io", "jo", k, "ii", "ji").vectorize("ji", 16).unroll("ji").unroll("ii").parallel("io")
print(tl.loop_nest(C, s))

# The schedule never changes what is computed (but for the rounding of reordered sums).
rng = np.random.default_rng(0)
a = rng.standard_normal((96, 64), dtype=np.float32)
b = rng.standard_normal((64, 128), dtype=np.float32)
np.testing.assert_allclose(tl.compile(C, s)(a, b), a @ b, rtol=1e-5, atol=1e-4)

# A schedule is data: it compares, prints as the Python that builds it, and goes through JSON. Reading executes nothing.
assert tl.Schedule.from_json(s.to_json(), C) == s
print(s.source())

# A directive is checked when it is given. The error says which rule failed, and what is legal instead.
try:
    s[C.update()].vectorize("row")
except tl.ScheduleError as error:
    print(error)
