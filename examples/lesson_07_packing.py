"""Lesson 7: packing. Weights copied once, into the order in which the inner loops read them."""

import numpy as np

import tensorlang as tl

# constant=True marks weights: an array that is the same in many calls.
x = tl.Input("x", (24, 64), tl.float32)
w = tl.Input("w", (64, 96), tl.float32, constant=True)
i, j = tl.vars("i j")
k = tl.RDom("k", 64)
y = tl.Func("y")
y[i, j] += x[i, k] * w[k, j]

s = tl.Schedule(y)
# The loops: 6 rows by 16 columns of y in registers while k runs. They read 16 columns of w, row after row; a step of 96
# elements in memory each time.
s[y.update()].tile("i", "j", "io", "jo", "ii", "ji", 6, 16)
s[y.update()].reorder("io", "jo", k, "ii", "ji").vectorize("ji").unroll("ii")

# s.in_(producer, consumer, name) makes a Func that copies the producer, and has the consumer read the copy. It is
# scheduled like any other: computed once at initialisation, and stored in panels of 16 columns. Element [k, j] is at
# [j // 16, k, j % 16]: what the loop over k reads is contiguous.
packed = s.in_(w, y, "packed").compute_at_init()
packed.split_storage("j", "panel", "column", 16).reorder_storage("panel", "k", "column")
print(tl.loop_nest(y, s))

kernel = tl.compile(y, s)
rng = np.random.default_rng(0)
weights = rng.standard_normal((64, 96), dtype=np.float32)

# `prepare` runs the initialisation. The state holds the packed copy, and stands for w in the calls.
state = kernel.prepare(w=weights)
assert kernel.state_bytes == weights.nbytes
for _ in range(3):
    rows = rng.standard_normal((24, 64), dtype=np.float32)
    np.testing.assert_allclose(kernel(rows, state=state), rows @ weights, rtol=1e-4, atol=1e-4)

# Without a state the kernel still answers, but packs anew in every call.
assert np.array_equal(kernel(rows, weights), kernel(rows, state=state))

# What the processor does not fetch ahead by itself can be asked for: at each step of k, the row of the panel that is
# read 8 steps later. `partition` takes the question whether there is such a row out of the loop.
s[y.update()].prefetch("packed", k, k, 8).partition(k, "always")
kernel = tl.compile(y, s)
np.testing.assert_allclose(kernel(rows, state=kernel.prepare(w=weights)), rows @ weights, rtol=1e-4, atol=1e-4)

# Only what depends on constant Inputs alone can be computed once.
s = tl.Schedule(y)
try:
    s.in_(x, y, "packed_x").compute_at_init()
except tl.ScheduleError as error:
    print(error)
